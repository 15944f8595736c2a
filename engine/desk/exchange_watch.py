"""Tells when the process of the paper exchange ends by itself. The grid holds by then, for nobody answers it."""

from __future__ import annotations

import asyncio
import logging

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.tasks import TaskFailure, Tasks
from engine.desk.messages import DeskNote, PaperExchangeEnded
from engine.paper.launch import PaperExchange

LOOK_EVERY_S = 0.25

_log = logging.getLogger(__name__)


class ExchangeWatch:
    """Looks at the process until it has ended or `close` is called. kept: whether its world outlives it."""

    def __init__(self, exchange: PaperExchange, bus: Bus, clock: Clock, *, kept: bool) -> None:
        self._exchange = exchange
        self._bus = bus
        self._clock = clock
        self._kept = kept
        self._tasks = Tasks("paper exchange", self._failed)

    def start(self) -> None:
        """Look from now on."""
        self._tasks.start(self._look(), name="watch")

    async def close(self) -> None:
        """Look no longer; the exchange may be stopped then."""
        await self._tasks.close()

    async def _look(self) -> None:
        while (code := self._exchange.exit_code) is None:  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(LOOK_EVERY_S)
        goes_on = "goes on with the same world" if self._kept else "begins a fresh world"
        _log.error(
            "the paper exchange has ended by itself (exit code %d), so nothing can be read or placed; "
            "end this session, and the next start %s. It said: %s",
            code,
            goes_on,
            self._exchange.stderr or "nothing",
        )
        reason = PaperExchangeEnded(code, self._kept)
        self._bus.emit(DeskNote(at_s=self._clock.now(), reason=reason, grave=True))

    def _failed(self, failure: TaskFailure) -> None:
        _log.error("the paper exchange is watched no longer: %r", failure.error, exc_info=failure.error)
