"""Nonces rise over restarts, crashes and clock jumps (governor spec 20)."""

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.venue.nonces import BLOCK_US, MARGIN_US, STEPS_S, NonceNotReserved, Nonces, NoncesInMemory

jumps = st.lists(st.tuples(st.integers(-(10**14), 10**14), st.booleans()), max_size=40)


@given(jumps)
def test_nonces_rise_whatever_the_clock_does_and_however_often_the_program_dies(history):
    async def live() -> list[int]:
        store, now_us, drawn = NoncesInMemory(), [10**15], []
        nonces = Nonces(store, lambda: now_us[0])
        for jump_us, dies in history:
            now_us[0] = max(0, now_us[0] + jump_us)
            if dies:
                nonces = Nonces(store, lambda: now_us[0])
            await nonces.ready()
            drawn += [nonces.next(), nonces.next()]
        return drawn

    drawn = asyncio.run(live())
    assert all(before < after for before, after in itertools.pairwise(drawn))


async def test_a_block_is_stored_before_any_of_it_is_used_and_once_for_many():
    store, now_us = NoncesInMemory(), [10**15]
    nonces = Nonces(store, lambda: now_us[0])
    with pytest.raises(NonceNotReserved):
        nonces.next()
    await nonces.ready()
    stored = store.high_water
    assert stored == 10**15 + BLOCK_US
    for _ in range(1000):
        await nonces.ready()
        assert nonces.next() <= stored
    assert store.high_water == stored


async def test_the_next_block_is_stored_before_the_last_one_runs_out():
    store, now_us = NoncesInMemory(), [10**15]
    nonces = Nonces(store, lambda: now_us[0])
    await nonces.ready()
    now_us[0] += BLOCK_US - MARGIN_US + 1
    await nonces.ready()
    assert store.high_water == now_us[0] + BLOCK_US


async def test_a_number_is_never_above_what_is_stored_however_long_a_request_waited_for_its_turn():
    store, now_us = NoncesInMemory(), [10**15]
    nonces = Nonces(store, lambda: now_us[0])
    await nonces.ready()
    now_us[0] += 10 * BLOCK_US
    assert nonces.next() == store.high_water
    with pytest.raises(NonceNotReserved):
        nonces.next()


async def test_what_was_not_used_is_given_back():
    store = NoncesInMemory()
    nonces = Nonces(store, lambda: 10**15)
    await nonces.ready()
    last = nonces.next()
    await nonces.give_back()
    assert store.high_water == last
    next_run = Nonces(store, lambda: 10**15)
    await next_run.ready()
    assert next_run.next() == last + 1


async def test_nothing_is_given_back_where_nothing_was_reserved():
    store = NoncesInMemory()
    store.high_water = 7
    await Nonces(store).give_back()
    assert store.high_water == 7


async def test_after_giving_back_nothing_leaves_without_a_new_block():
    nonces = Nonces(NoncesInMemory(), lambda: 10**15)
    await nonces.ready()
    nonces.next()
    await nonces.give_back()
    with pytest.raises(NonceNotReserved):
        nonces.next()


async def test_stepping_over_goes_above_the_clock_further_each_time_and_ends():
    store, now_us = NoncesInMemory(), 10**15
    nonces = Nonces(store, lambda: now_us)
    drawn = []
    for step in range(len(STEPS_S)):
        assert nonces.step_over(step)
        await nonces.ready()
        drawn.append(nonces.next())
        assert drawn[-1] >= now_us + STEPS_S[step] * 1_000_000
        assert drawn[-1] <= store.high_water
    assert drawn == sorted(set(drawn))
    assert not nonces.step_over(len(STEPS_S))


async def test_a_program_that_is_always_a_little_ahead_drives_nobody_away():
    nonces = Nonces(NoncesInMemory(), lambda: 1_000_000_000)
    theirs = 1_000_000_000
    for _ in range(200):
        theirs += 5_000_000
        for step in range(len(STEPS_S)):
            await nonces.ready()
            if nonces.next() > theirs:
                break
            assert nonces.step_over(step)
        nonces.was_taken()
        await nonces.ready()
        ours = nonces.next()
        assert theirs < ours < theirs + 20_000_000
        theirs = ours


async def test_requests_at_the_same_time_store_one_block():
    class SlowStore(NoncesInMemory):
        stores = 0

        async def store(self, high_water: int) -> None:
            self.stores += 1
            await asyncio.sleep(0)
            await super().store(high_water)

    store = SlowStore()
    nonces = Nonces(store)
    await asyncio.gather(*(nonces.ready() for _ in range(20)))
    assert store.stores == 1


async def test_a_store_that_fails_lets_no_nonce_out():
    class BrokenStore(NoncesInMemory):
        async def store(self, high_water: int) -> None:
            raise OSError("disk full")

    nonces = Nonces(BrokenStore())
    with pytest.raises(OSError, match="disk full"):
        await nonces.ready()
    with pytest.raises(NonceNotReserved):
        nonces.next()
