"""Numbers that only rise: Kraken refuses a private request whose nonce is not above the key's last one.

They must rise over restarts and over a clock that is set back, so a high-water mark is stored. It is stored ahead of
use, a block at a time: within a block a request needs no write, and after a crash the next run starts above the block.
A block is short, and what is left of it is given back in the end, so that other programs on the key, and this one
after its journal was lost, are not held up by numbers that nobody used.

Where a number is refused all the same, somebody was above it: `step_over` goes above them, by the clock first and then
by growing steps, for nobody tells how far ahead they are.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

BLOCK_US = 10_000_000
"""Ten seconds of microseconds."""

MARGIN_US = 2_000_000
"""The next block is reserved when less than this is left."""

STEPS_S = (0, 1, 10, 60, 600, 3_600, 6 * 3_600, 24 * 3_600, 7 * 24 * 3_600, 30 * 24 * 3_600)
"""How far ahead a refused request is tried again, one step after the other: less than NEAR_S above the last number that
was taken, more above the clock. A program that reserved hours at each start may be days ahead; one that counts in
nanoseconds is out of reach, and a person has to make another key."""

NEAR_S = 3_600


class NonceStore(Protocol):
    """Keeps one whole number per API key."""

    async def load(self) -> int | None:
        """The last number stored, or None when there never was one."""
        ...

    async def store(self, high_water: int) -> None:
        """Make `high_water` durable before returning."""
        ...


class NonceNotReserved(RuntimeError):
    """A nonce was asked for without a reserved block; the request was not sent."""


class NoncesInMemory:
    """For keys that live as long as the process, as those of the paper exchange do."""

    def __init__(self) -> None:
        self.high_water: int | None = None

    async def load(self) -> int | None:
        return self.high_water

    async def store(self, high_water: int) -> None:
        self.high_water = high_water


def _microseconds() -> int:
    return time.time_ns() // 1_000


class Nonces:
    """Microseconds since the epoch, or one above the last number where the clock is behind it."""

    def __init__(self, store: NonceStore, now_us: Callable[[], int] = _microseconds) -> None:
        self._store = store
        self._now_us = now_us
        self._lock = asyncio.Lock()
        self._loaded = False
        self._last = 0
        self._taken = 0
        self._reserved = 0

    async def ready(self) -> None:
        """Make sure that the next numbers are reserved; waits for the store once in a while."""
        if self._loaded and self._wanted() + MARGIN_US <= self._reserved:
            return
        async with self._lock:
            if not self._loaded:
                self._last = await self._store.load() or 0
                self._loaded = True
            wanted = self._wanted()
            if wanted + MARGIN_US > self._reserved:
                await self._store.store(wanted + BLOCK_US)
                self._reserved = wanted + BLOCK_US

    def next(self) -> int:
        """The next number: the clock, or less of it where the block ends before.

        Raises NonceNotReserved when `ready` was not awaited before.
        """
        if self._last >= self._reserved:
            raise NonceNotReserved(f"nonce {self._last + 1} is above the stored mark {self._reserved}; await ready()")
        self._last = min(self._wanted(), self._reserved)
        return self._last

    def was_taken(self) -> None:
        """Kraken took the number that was drawn last, or one a moment before it."""
        self._taken = self._last

    def step_over(self, step: int) -> bool:
        """Go above whoever used the key, by `STEPS_S[step]`. False when there is no such step.

        Whoever stays a little ahead of us is passed by a little each time: counted from the clock alone, each meeting
        would take one more of the steps, until none is left.
        """
        if step >= len(STEPS_S):
            return False
        now_us = self._now_us()
        from_us = max(now_us, self._taken) if STEPS_S[step] < NEAR_S else now_us
        self._last = max(self._last, from_us + STEPS_S[step] * 1_000_000)
        return True

    async def give_back(self) -> None:
        """Nothing more is sent: what was reserved and not used may be used by whoever comes next."""
        async with self._lock:
            if self._loaded and self._last < self._reserved:
                await self._store.store(self._last)
                self._reserved = self._last

    def _wanted(self) -> int:
        return max(self._now_us(), self._last + 1)
