"""Time as the engines see it: wall time, paper time that runs faster, and time that a test moves by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since the Unix epoch, and a way to wait for them to pass."""

    def now(self) -> float:
        """Wall-clock seconds of the world this clock belongs to; may jump when the world's clock is set."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait until this clock has advanced by `seconds`; zero or less yields once."""
        ...


class WallClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class ScaledClock:
    """Paper time: starts at `epoch_s` and runs `speed` times faster than the machine.

    It counts from a reading of the system-wide monotonic clock, so that two processes given the same three numbers
    agree on the time, and nobody who sets the machine's clock can move it.
    """

    def __init__(self, epoch_s: float, speed: float = 1.0, origin_monotonic_s: float | None = None) -> None:
        if not speed > 0:
            raise ValueError(f"paper time needs a speed above 0, got {speed!r}")
        self.epoch_s = epoch_s
        self.speed = speed
        self.origin_monotonic_s = time.monotonic() if origin_monotonic_s is None else origin_monotonic_s

    def now(self) -> float:
        return self.epoch_s + (time.monotonic() - self.origin_monotonic_s) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self.speed)


class ManualClock:
    """A clock that stands still until it is moved; waiters wake in the order of their deadlines."""

    def __init__(self, now_s: float = 0.0) -> None:
        self._now_s = now_s
        self._order = itertools.count()
        self._waiters: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now_s

    def set(self, now_s: float) -> None:
        """Jump, backwards too; wakes whoever is due."""
        self._now_s = now_s
        while self._waiters and self._waiters[0][0] <= now_s:
            _, _, waiter = heapq.heappop(self._waiters)
            if not waiter.done():
                waiter.set_result(None)

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`."""
        self.set(self._now_s + seconds)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, (self._now_s + seconds, next(self._order), waiter))
        await waiter
