"""What the end of a session does with orders that rest is an option, and what stays is said with its numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.core.messages import Event
from engine.desk.desk import Desk
from engine.desk.messages import NothingRests
from engine.desk.options import AtEnd
from engine.desk.sentences.english import english
from engine.grid.messages import OrderCancelled, OrderPlaced
from engine.grid.slot import Role
from engine.paper.exchange import Exchange
from tests.engine.desk.running_desk import acquired, exchange_in_process, grid

Until = Callable[..., Awaitable[None]]


def roles(desk: Desk) -> Counter[Role]:
    told = grid(desk)
    return Counter() if told is None else Counter(order.role for slot in told.slots for order in slot.orders)


def told_to_stay(caplog: pytest.LogCaptureFixture) -> tuple[int, int]:
    """How many entries and exits the session said that it leaves."""
    found = re.search(r"Orders stay at the exchange .*: (\d+) entries and (\d+) exits\. The next start", caplog.text)
    assert found is not None
    return int(found[1]), int(found[2])


async def ended(folder: Path, at_end: AtEnd, until: Until) -> tuple[Exchange, list[Event]]:
    """The exchange after a session with entries and exits on the book has ended, and what was told as it ended."""
    async with exchange_in_process() as (exchange, world), acquired(folder, world=world) as place:
        place.environment = {"EVENKEEL_DESK_AT_END": at_end.value}
        async with place.session() as desk:
            await until(lambda: roles(desk)[Role.EXIT] > 0 and roles(desk)[Role.ENTRY] > 0, within_s=40)
            told = desk.bus.read(OrderPlaced, OrderCancelled)
        return exchange, told.drain()


async def test_orders_are_left_unless_the_option_says_otherwise(
    tmp_path: Path, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    exchange, _ = await ended(tmp_path / "p", AtEnd.LEAVE, until)
    assert exchange.world.book.open
    entries, exits = told_to_stay(caplog)
    assert entries > 0
    assert exits > 0


async def test_entries_leave_the_book_and_exits_stay(
    tmp_path: Path, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    exchange, _ = await ended(tmp_path / "p", AtEnd.CANCEL_ENTRIES, until)
    entries, exits = told_to_stay(caplog)
    assert entries == 0
    assert 0 < len(exchange.world.book.open) <= exits  # the market goes on after the session


async def test_all_orders_leave_the_book_and_none_is_placed_again(
    tmp_path: Path, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    exchange, events = await ended(tmp_path / "p", AtEnd.CANCEL_ALL, until)
    assert not exchange.world.book.open
    first = next(index for index, event in enumerate(events) if isinstance(event, OrderCancelled))
    assert not any(isinstance(event, OrderPlaced) for event in events[first:])
    assert english(NothingRests()) in [record.getMessage() for record in caplog.records]


async def test_the_next_start_uses_the_slots_again(tmp_path: Path, until: Until) -> None:
    async with exchange_in_process() as (_, world), acquired(tmp_path / "p", world=world) as place:
        place.environment = {"EVENKEEL_DESK_AT_END": "cancel_entries"}
        for _ in range(2):
            async with place.session() as desk:
                await until(lambda: roles(desk)[Role.ENTRY] > 0, within_s=20)
