"""Another program on the same API key, over real sockets: its nonces are stepped over, and it is told of."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from engine.core.gate import Rejection
from engine.core.modes import Mode
from engine.core.secrets import Secret
from engine.grid.ports import AccountTrouble, CancelOrder, KeyUsedElsewhere, StreamBack
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from engine.venue.kraken import KrakenVenue
from engine.venue.nonces import NoncesInMemory
from engine.venue.options import OrdersBy, VenueOptions
from engine.venue.rates import Tier
from tests.engine.venue.conftest import SECRET, World, opened

HOUR_S = 3600.0
OPTIONS = VenueOptions(tier=Tier.PRO, orders_by=OrdersBy.REST)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with opened(OPTIONS, tier="pro") as one:
        yield one


@asynccontextmanager
async def another_program(world: World, ahead_s: float = 0.0) -> AsyncIterator[KrakenVenue]:
    """One whose nonces are `ahead_s` ahead of the clock, as those of a program are that reserved hours."""
    store = NoncesInMemory()
    store.high_water = time.time_ns() // 1_000 + int(ahead_s * 1e6)
    keys = Keys(Secret("paper-key"), Secret(SECRET))
    venue = await KrakenVenue.connect(Mode.PAPER, loopback(world.exchange.port), keys, OPTIONS, world.clock, store)
    try:
        yield venue
    finally:
        await venue.close()


@pytest.mark.parametrize("ahead_s", [0.5, 30, 3 * HOUR_S, 50 * HOUR_S])
async def test_orders_cancels_and_readings_go_through_at_once_whoever_passed_their_nonce(world, ahead_s):
    await world.venue.balances()
    orders = [world.order(), world.order()]
    for number, order in enumerate(orders):
        async with another_program(world, (number + 1) * ahead_s) as other:
            await other.balances()
        await world.venue.place(order)
    async with another_program(world, 3 * ahead_s) as other:
        await other.balances()
    await world.venue.cancel(CancelOrder(orders[0].client_id))
    async with another_program(world, 4 * ahead_s) as other:
        await other.balances()
    assert [order.client_id for order in await world.venue.open_orders()] == [orders[1].client_id]


async def test_that_another_program_uses_the_key_is_told_once(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    for number in range(2):
        async with another_program(world, (number + 1) * HOUR_S) as other:
            await other.balances()
        await world.venue.balances()
    trouble = await next_of(stream, AccountTrouble)
    assert trouble.reason == KeyUsedElsewhere("EAPI:Invalid nonce on BalanceEx")
    await world.advance(61)
    async with another_program(world, 3 * HOUR_S) as other:
        await other.balances()
    await world.venue.balances()
    again = await next_of(stream, AccountTrouble)
    assert again.at_s >= trouble.at_s + 60


async def test_an_earlier_life_whose_journal_was_lost_is_not_taken_for_another_program(world, next_of):
    async with another_program(world, 3 * HOUR_S) as earlier:
        await earlier.balances()
    await world.venue.balances()
    assert not world.venue.notices._told


async def test_a_session_that_looks_at_the_key_and_ends_leaves_the_running_one_alone(world):
    await world.venue.balances()
    async with another_program(world) as other:
        await other.permissions()
    await world.venue.balances()
    assert not world.venue.notices._told


async def test_nonces_out_of_reach_need_a_person(world):
    await world.venue.balances()
    world.exchange.world.keys.keys["paper-key"].nonce = time.time_ns()
    with pytest.raises(Rejection) as refused:
        await world.venue.place(world.order())
    assert refused.value.reason.advice == "person"


async def test_a_cancel_by_rest_passes_a_reading_that_is_on_its_way_and_the_reading_is_asked_again(world):
    order = world.order()
    await world.venue.place(order)
    world.fault_next("delay-request@BalanceEx:1s")
    reading = asyncio.create_task(world.venue.balances())
    while "BalanceEx" not in world.requests:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await world.venue.cancel(CancelOrder(order.client_id))
    assert not reading.done()
    assert await reading
    assert world.requests["BalanceEx"] == 2
    assert not world.venue.notices._told
