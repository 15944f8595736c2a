"""What an end of the session does with the orders that rest: leaves them, or takes entries or all of them off the book.

It says in the end what stays at the exchange, with numbers; an order that nobody speaks of is one that surprises.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from engine.core.bus import Bus
from engine.core.gate import Gate, Intent
from engine.core.messages import Reason
from engine.core.modes import Exposure
from engine.desk.messages import NothingRests, OrdersStay, SessionEnds
from engine.desk.options import AtEnd
from engine.desk.sentences.english import english
from engine.grid.books import ENGINE
from engine.grid.engine import GridEngine
from engine.grid.messages import GridSnapshot
from engine.grid.slot import Role

END_WITHIN_S = 10.0
ASK_AGAIN_S = 0.5
"""An order that was on its way when the first cancels left is there at the next look."""

_log = logging.getLogger(__name__)


class Ending:
    """One for a session. grid: the engine that runs now, if one does."""

    def __init__(
        self, bus: Bus, gate: Gate, at_end: Callable[[], AtEnd], grid: Callable[[], GridEngine | None]
    ) -> None:
        self._bus = bus
        self._at_end = at_end
        self._grid = grid
        self._begun: AtEnd | None = None
        gate.guard("ending", self._holds)

    async def carry_out(self) -> None:
        """Take off the book what the option says, while the engines still run; gives up after a while, or in error."""
        self._begun = self._at_end()
        if self._begun is AtEnd.LEAVE:
            return
        try:
            async with asyncio.timeout(END_WITHIN_S):
                while self._unwanted(self._roles()):
                    await self._take_off()
                    await asyncio.sleep(ASK_AGAIN_S)
        except TimeoutError:
            _log.warning("not every order could be taken off the book within %g s", END_WITHIN_S)
        except Exception:
            _log.exception("orders could not be taken off the book; the session ends all the same")

    def stays(self) -> Reason:
        """What is on the book now."""
        roles = self._roles()
        entries = sum(role is Role.ENTRY for role in roles)
        return OrdersStay(entries, len(roles) - entries) if roles else NothingRests()

    def tell(self, stays: Reason) -> None:
        """Say at the very end what stays. A cancel that was not answered in time may still have been carried out."""
        _log.info("%s", english(stays))

    async def _take_off(self) -> None:
        grid = self._grid()
        if grid is None:
            return
        if self._begun is AtEnd.CANCEL_ALL:
            await grid.stop_orders()
        else:
            grid.enter_nothing_more()

    def _unwanted(self, roles: Iterable[Role]) -> bool:
        return any(self._begun is AtEnd.CANCEL_ALL or role is Role.ENTRY for role in roles)

    def _roles(self) -> list[Role]:
        """Of the orders on the book: as the grid has them now, or as it told last where it does not run."""
        grid = self._grid()
        if grid is not None and grid.orders is not None:
            return [order.role for order in grid.orders]
        told = self._bus.latest(GridSnapshot)
        return [] if told is None else [order.role for slot in told.slots for order in slot.orders]

    def _holds(self, intent: Intent) -> Reason | None:
        """Nothing is placed again while all is taken off."""
        places = intent.engine == ENGINE and intent.exposure in (Exposure.OPENS, Exposure.CLOSES)
        return SessionEnds() if self._begun is AtEnd.CANCEL_ALL and places else None
