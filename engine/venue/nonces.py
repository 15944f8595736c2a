"""Numbers that only rise: Kraken refuses a private request whose nonce is not above the key's last one.

They must rise over restarts and over a clock that is set back, so a high-water mark is stored. It is stored ahead of
use, a block at a time: within a block a request needs no write, and after a crash the next run starts above the block.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

BLOCK_US = 3_600_000_000
"""An hour of microseconds: one write an hour."""

MARGIN_US = 60_000_000
"""The next block is reserved when less than this is left."""


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
        self._reserved = 0

    async def ready(self) -> None:
        """Make sure that the next numbers are reserved; waits for the store about once an hour."""
        if self._loaded and self._candidate() + MARGIN_US <= self._reserved:
            return
        async with self._lock:
            if not self._loaded:
                self._last = await self._store.load() or 0
                self._loaded = True
            candidate = self._candidate()
            if candidate + MARGIN_US > self._reserved:
                await self._store.store(candidate + BLOCK_US)
                self._reserved = candidate + BLOCK_US

    def next(self) -> int:
        """The next number. Raises NonceNotReserved when `ready` was not awaited before."""
        candidate = self._candidate()
        if candidate > self._reserved:
            raise NonceNotReserved(f"nonce {candidate} is above the stored mark {self._reserved}; await ready() first")
        self._last = candidate
        return candidate

    def _candidate(self) -> int:
        return max(self._now_us(), self._last + 1)
