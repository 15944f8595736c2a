"""Watches what the exchange asks of orders and what time it has: both are read again every minute, when asked, and
while in doubt.

Nothing here decides: what was read arrives at the decider like anything else (grid spec 12 and 19).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from engine.core.clock import Clock
from engine.core.gate import NoAnswer, Rejection
from engine.grid.arrivals import Arrival, ClockRead, PricesRead, RulesRead
from engine.grid.decider import Decider
from engine.grid.holds import CLOCK_TOLERANCE_S
from engine.grid.ports import Exchange

READ_EVERY_S = 50.0
"""A clock goes wrong and a rule changes at any moment, and in a quiet market nothing would be refused for it within a
minute. The rules of one pair are one public question.
"""

AGAIN_S = 30.0
"""While the market takes no orders, the clock is off, or a reading failed."""

PRICES_EVERY_S = 300.0
LOOK_S = 1.0
_log = logging.getLogger(__name__)


class ExchangeWatch:
    """`run` until cancelled."""

    def __init__(self, exchange: Exchange, clock: Clock, decider: Decider, arrive: Callable[[Arrival], None]) -> None:
        self._exchange = exchange
        self._clock = clock
        self._decider = decider
        self._arrive = arrive
        self._rules_due_s = self._clock_due_s = self._prices_due_s = clock.now()
        self._asked = asyncio.Event()

    def take_wishes(self) -> None:
        """Read at once what the decider wants to be read."""
        decider, now_s = self._decider, self._clock.now()
        if decider.wants_rules:
            decider.wants_rules = False
            self._rules_due_s = now_s
            self._asked.set()
        if decider.wants_clock:
            decider.wants_clock = False
            self._clock_due_s = now_s
            self._asked.set()

    async def run(self) -> None:
        """Read what is due, then wait for the next time or for a wish."""
        while True:
            await self._read_due()
            due_s = min(self._rules_due_s, self._clock_due_s, self._prices_due_s)
            self._asked.clear()
            waiting = asyncio.ensure_future(self._asked.wait())
            sleeping = asyncio.ensure_future(self._clock.sleep(max(LOOK_S, due_s - self._clock.now())))
            try:
                await asyncio.wait((waiting, sleeping), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for waiter in (waiting, sleeping):
                    waiter.cancel()
                await asyncio.gather(waiting, sleeping, return_exceptions=True)

    async def _read_due(self) -> None:
        now_s = self._clock.now()
        if self._rules_due_s <= now_s:
            closed = await self._tried("the pair's rules", self._read_rules)
            self._rules_due_s = self._clock.now() + (AGAIN_S if closed else READ_EVERY_S)
        if self._clock_due_s <= now_s:
            off = await self._tried("the exchange's clock", self._read_clock)
            self._clock_due_s = self._clock.now() + (AGAIN_S if off else READ_EVERY_S)
        if self._prices_due_s <= now_s:
            await self._tried("prices of other assets", self._read_prices)
            self._prices_due_s = self._clock.now() + PRICES_EVERY_S

    async def _tried(self, what: str, read: Callable[[], Awaitable[bool]]) -> bool:
        """Whether it is to be read again soon."""
        try:
            return await read()
        except (Rejection, NoAnswer) as error:
            _log.warning("%s could not be read, trying again: %s", what, error)
            return True

    async def _read_clock(self) -> bool:
        ahead_s = await self._exchange.clock_ahead_s()
        self._arrive(ClockRead(ahead_s))
        return abs(ahead_s) > CLOCK_TOLERANCE_S

    async def _read_rules(self) -> bool:
        rules = await self._exchange.rules()
        self._arrive(RulesRead(rules))
        return not rules.status.takes_orders

    async def _read_prices(self) -> bool:
        assets = self._decider.account.picture.assets
        if assets:
            prices = await self._exchange.prices(assets)
            self._arrive(PricesRead(tuple(prices.items())))
        return False
