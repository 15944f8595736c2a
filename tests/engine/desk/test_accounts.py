"""An account is an account, whatever key opens it (cases: a rotated key loses nothing; a lost machine's orders)."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.clock import ScaledClock
from engine.core.journal import Batch, Journal, Memory
from engine.core.modes import Mode, Stop
from engine.core.secrets import Secret
from engine.core.troubles import TakeWay, TroublesSnapshot
from engine.desk import accounts
from engine.desk.accounts import recognised
from engine.desk.desk import Desk
from engine.desk.worlds import World, account_of, kraken_world
from engine.grid.ports import OrderFate, Side, VenueOrder
from engine.grid.troubles import EarlierOrders
from engine.paper.config import ApiKey, PaperConfig
from engine.paper.exchange import Exchange
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from tests.engine.desk.running_desk import Place, acquired, grid

Until = Callable[..., Awaitable[None]]
FIRST, SECOND = (
    ApiKey(name, base64.b64encode(bytes([seed]) * 64).decode()) for name, seed in (("first-key", 1), ("second-key", 2))
)


@asynccontextmanager
async def exchange_of_two_keys() -> AsyncIterator[Exchange]:
    """One account, two keys."""
    clock = ScaledClock(time.time(), 1.0)
    exchange = Exchange(PaperConfig(keys=(FIRST, SECOND), seed=4, epoch_s=clock.epoch_s), clock)
    await exchange.start()
    running = asyncio.create_task(exchange.run(), name="exchange")
    try:
        yield exchange
    finally:
        exchange.stopping.set()
        await running
        await exchange.close()


def world_of(exchange: Exchange, key: ApiKey) -> World:
    account = account_of(Secret(key.key))
    keys = Keys(Secret(key.key), Secret(key.secret))
    name = kraken_world(Mode.LIVE, account)
    return World(name, f"l{account}", exchange.clock, loopback(exchange.port), keys, None, account=account)


def resting(desk: Desk, count: int) -> Callable[[], bool]:
    return lambda: (seen := grid(desk)) is not None and seen.open_orders == count


async def traded_with(place: Place, exchange: Exchange, key: ApiKey, until: Until) -> int:
    """A LIVE session that leaves its orders on the book; returns how many."""
    place.world = world_of(exchange, key)
    async with place.session(live_confirmed=True) as desk:
        await until(
            lambda: len(exchange.world.book.open) >= 10 and resting(desk, len(exchange.world.book.open))(),
            within_s=30,
        )
    return len(exchange.world.book.open)


async def test_a_rotated_key_finds_the_orders_of_the_former_one_and_stop_takes_them_off(
    tmp_path: Path, until: Until
) -> None:
    async with exchange_of_two_keys() as exchange, acquired(tmp_path / "p", Mode.LIVE) as place:
        left = await traded_with(place, exchange, FIRST, until)
        made = exchange.world.book.orders_made
        place.world = world_of(exchange, SECOND)
        async with place.session(live_confirmed=True) as desk:
            await until(resting(desk, left), within_s=30)
            assert exchange.world.book.orders_made == made
            await desk.bus.ask(Stop(where="test"))
            await until(lambda: not exchange.world.book.open, within_s=15)


async def test_a_fresh_profile_lists_the_orders_of_a_lost_machine_and_takes_them_off(
    tmp_path: Path, until: Until
) -> None:
    """The grid of the lost machine used to halt here, or its nonces shut everybody out."""
    async with exchange_of_two_keys() as exchange:
        async with acquired(tmp_path / "lost", Mode.LIVE) as place:
            left = await traded_with(place, exchange, FIRST, until)
        theirs = set(exchange.world.book.open)
        async with (
            acquired(tmp_path / "fresh", Mode.LIVE, world_of(exchange, FIRST)) as place,
            place.session(live_confirmed=True) as desk,
        ):
            await until(lambda: first_reason(desk) == EarlierOrders(left), within_s=45)
            await desk.bus.ask(TakeWay(verb="cancel", target="earlier", where="test"))
            await until(lambda: not theirs & set(exchange.world.book.open), within_s=15)
            await until(lambda: first_reason(desk) is None, within_s=15)


async def test_a_fresh_profile_takes_over_the_orders_of_a_lost_machine(tmp_path: Path, until: Until) -> None:
    async with exchange_of_two_keys() as exchange:
        async with acquired(tmp_path / "lost", Mode.LIVE) as place:
            await traded_with(place, exchange, FIRST, until)
        theirs = set(exchange.world.book.open)
        async with (
            acquired(tmp_path / "fresh", Mode.LIVE, world_of(exchange, FIRST)) as place,
            place.session(live_confirmed=True) as desk,
        ):
            await until(lambda: isinstance(first_reason(desk), EarlierOrders), within_s=45)
            await desk.bus.ask(TakeWay(verb="adopt", target="earlier", where="test"))
            await until(lambda: first_reason(desk) is None, within_s=15)
            await desk.bus.ask(Stop(where="test"))
            await until(lambda: not theirs & set(exchange.world.book.open), within_s=15)


def first_reason(desk: Desk) -> object:
    snapshot = desk.bus.latest(TroublesSnapshot, "grid")
    return snapshot.troubles[0].reason if snapshot is not None and snapshot.troubles else None


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite", "live:kraken:old")
    await asyncio.to_thread(journal.open)
    yield journal
    await asyncio.to_thread(journal.close)


ORDER = VenueOrder("e7k2m9xq031abcde"[:16], "O", Side.BUY, *([1] * 3), OrderFate.OPEN, 0.0)  # type: ignore[arg-type]


async def recognise(journal: Journal, key: str, number: str, *orders: VenueOrder) -> str:
    async def rest() -> tuple[VenueOrder, ...]:
        return orders

    return await recognised(journal, key, number, lambda account: f"live:kraken:{account}", rest, 1.0)


async def test_an_account_is_recognised_by_its_number_under_another_key(journal: Journal) -> None:
    first = await recognise(journal, "key1", "AA00 1")
    assert await recognise(journal, "key2", "AA00 1") == first
    assert await recognise(journal, "key3", "AA00 2") != first


async def test_a_key_leads_to_its_account_though_kraken_names_no_number(journal: Journal) -> None:
    first = await recognise(journal, "key1", "AA00 1")
    assert await recognise(journal, "key1", "") == first


async def test_what_rests_tells_the_account_where_kraken_names_none(journal: Journal) -> None:
    await journal.commit(Batch(remember=(Memory("grid", "life", "life-7k2m9xq", 1.0),)))
    ours = replace(ORDER, client_id="e7k2m9xq03c0001f")
    assert await recognise(journal, "key2", "", ours) == "old"
    assert await recognise(journal, "key3", "", replace(ours, client_id="e7k2m9xr03c0001f")) == "key3"


async def test_a_journal_that_was_kept_by_key_goes_on_under_that_key(journal: Journal) -> None:
    await journal.commit(Batch(remember=(Memory("grid", "last_read_s", 1.0, 1.0),)))
    assert await recognise(journal, "old", "AA00 9") == "old"
    assert await recognise(journal, "another", "AA00 9") == "old"
    assert accounts.number_name("AA00 9") != "old"
