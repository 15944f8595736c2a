"""Minute closes are read once at the start, and nothing waits for them (governor spec 14)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from decimal import Decimal

import pytest

from engine.core.clock import ManualClock
from engine.grid.market_history import TRY_AGAIN_S, learn_closes
from engine.grid.ports import Close
from engine.grid.volatility import MinuteCloses
from tests.engine.grid.faulty_exchange import CALM, FaultyExchange

DAY_S = 86_400.0


class DeafExchange(FaultyExchange):
    """Does not tell closes the first times that it is asked."""

    def __init__(self, deaf: int) -> None:
        super().__init__("flat", 1, "42", "1000", CALM)
        self.deaf = deaf
        self.asked: list[float] = []

    async def closes(self, since_s: float) -> Sequence[Close]:
        self.asked.append(since_s)
        if len(self.asked) <= self.deaf:
            raise TimeoutError("no answer")
        return [Close(since_s + 60.0 * at, Decimal("0.1") + Decimal(at % 2) / 1000) for at in range(1440)]


async def test_closes_of_the_last_day_are_read_again_until_they_came_and_the_failure_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    exchange, closes, clock = DeafExchange(2), MinuteCloses(), ManualClock(10 * DAY_S)
    with caplog.at_level(logging.WARNING):
        reading = asyncio.create_task(learn_closes(exchange, clock, closes))
        for _ in range(2):
            await asyncio.sleep(0)
            assert closes.volatility(clock.now()) is None
            await asyncio.sleep(0)
            clock.advance(TRY_AGAIN_S)
        await reading
    assert exchange.asked == [9 * DAY_S, 9 * DAY_S + TRY_AGAIN_S, 9 * DAY_S + 2 * TRY_AGAIN_S]
    assert closes.volatility(clock.now()) is not None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
