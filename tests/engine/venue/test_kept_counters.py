"""A program that restarts at once, again and again, passes none of Kraken's limits (governor spec 20)."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.gate import Rejection
from engine.core.modes import Mode
from engine.core.secrets import Secret
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from engine.venue.kept_counters import CALL_COUNTER, TRADING_COUNTER, CountersInMemory, KeptCounter
from engine.venue.kraken import KrakenVenue
from engine.venue.nonces import NoncesInMemory
from engine.venue.options import VenueOptions
from engine.venue.rates import CALLS, TRADING, Counter, Tier

CALL_LIMIT, TRADING_LIMIT = CALLS[Tier.STARTER], TRADING[Tier.STARTER]
SPENDINGS = st.lists(st.tuples(st.floats(0, 60), st.sampled_from([1.0, 2.0, 4.0, 8.0])), max_size=60)


@given(SPENDINGS)
def test_what_is_remembered_is_never_below_what_was_spent(spendings):
    memory = CountersInMemory()
    counter, now_s = KeptCounter(TRADING_COUNTER, TRADING_LIMIT, memory, {}, 0.0), 0.0
    for passed_s, cost in spendings:
        now_s += passed_s
        counter.spend(cost, now_s)
        remembered = memory.counters[TRADING_COUNTER]
        for later_s in (now_s, now_s + 10, now_s + 1000):
            assert remembered.level(TRADING_LIMIT, later_s) >= counter.level(later_s) - 1e-9


def test_it_is_written_once_in_a_while():
    writes = []
    memory = CountersInMemory()
    memory.store = lambda name, counter: writes.append(counter)
    counter = KeptCounter(TRADING_COUNTER, TRADING_LIMIT, memory, {}, 0.0)
    for second in range(48):
        counter.spend(1.0, second / 100)
    assert 1 <= len(writes) <= 8


def test_a_mark_of_a_clock_that_ran_ahead_decays_from_now_on():
    stood = {CALL_COUNTER: Counter(15.0, 1_000_000.0)}
    counter = KeptCounter(CALL_COUNTER, CALL_LIMIT, CountersInMemory(), stood, 1000.0)
    assert counter.level(1000.0) == 15.0
    assert counter.level(1100.0) == 0.0


def test_a_mark_above_the_threshold_counts_as_the_threshold():
    stood = {CALL_COUNTER: Counter(1e9, 0.0)}
    counter = KeptCounter(CALL_COUNTER, CALL_LIMIT, CountersInMemory(), stood, 0.0)
    assert counter.wait_s(1.0, 0.0) < 60


async def another_run(world, memory):
    """A program that has just been started on the same account."""
    key = next(iter(world.exchange.world.keys.keys.values())).api_key
    nonces = NoncesInMemory()
    nonces.high_water = world.exchange.world.keys.keys[key.key].nonce
    return await KrakenVenue.connect(
        Mode.PAPER,
        loopback(world.exchange.port),
        Keys(Secret(key.key), Secret(key.secret)),
        VenueOptions(tier=Tier.STARTER, request_timeout_s=3),
        world.clock,
        nonces,
        memory,
    )


async def read_once(world, memory):
    """What each start reads of the account, and no more; the clock goes on while it waits."""
    venue = await another_run(world, memory)
    try:
        for read in (venue.permissions, venue.balances, venue.open_orders, lambda: venue.fills_since(0.0)):
            reading = asyncio.ensure_future(read())
            while not reading.done():
                await world.advance(0.5)
                await asyncio.sleep(0.01)
            await reading
    finally:
        await venue.close()


async def crash_loop(world, *memories):
    """One short run after the other, each with a memory."""
    for memory in memories:
        await read_once(world, memory)


async def test_a_crash_loop_stays_below_the_call_limit(open_world):
    async with open_world(tier="starter") as world:
        await crash_loop(world, *[CountersInMemory()] * 4)
        assert world.requests["BalanceEx"] == 4


async def test_without_a_memory_the_same_crash_loop_passes_the_call_limit(open_world):
    """What the memory is for: the fault is real, and this exchange counts as Kraken does."""
    async with open_world(tier="starter") as world:
        with pytest.raises(Rejection) as refused:
            await crash_loop(world, *[CountersInMemory() for _ in range(4)])
        assert "Rate limit exceeded" in refused.value.reason.words


async def test_a_run_that_has_spent_its_share_leaves_the_next_run_none(open_world):
    async with open_world(tier="starter") as world:
        memory = CountersInMemory()
        first = await another_run(world, memory)
        for _ in range(48):
            await first.place(world.order(quantity="13", price="0.05"))
        await first.close()
        second = await another_run(world, memory)
        with pytest.raises(Rejection) as refused:
            await second.place(world.order(quantity="13", price="0.05"))
        await second.close()
        assert refused.value.reason.advice == "retry"
        assert world.requests["AddOrder"] == 48
