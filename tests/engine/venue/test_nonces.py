"""Nonces rise over restarts, crashes and clock jumps (governor spec 20)."""

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.venue.nonces import BLOCK_US, MARGIN_US, NonceNotReserved, Nonces, NoncesInMemory

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
