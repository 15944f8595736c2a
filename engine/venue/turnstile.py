"""Lets private requests go one after the other, the urgent ones first.

Kraken refuses a nonce below one that it has seen, and two requests on two connections may overtake one another. So a
request leaves when the one before it was answered, or has been on its way for `arrival_s`: by then it has arrived or
never will. Without that bound a lost answer would hold up a cancel for the whole timeout.

Nothing urgent waits for a reading: it passes by one that is on its way. A reading that is overtaken so is refused and
did nothing; it is asked again when its turn comes.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from enum import IntEnum

ARRIVAL_S = 1.0


class Urgency(IntEnum):
    """Who goes first."""

    CANCEL = 0
    ORDER = 1
    READ = 2


class Turn:
    """A place in the turnstile, to be left when the answer came."""

    __slots__ = ("_left", "_timer", "_turnstile", "urgency")

    def __init__(self, turnstile: Turnstile, urgency: Urgency, arrival_s: float) -> None:
        self.urgency = urgency
        self._turnstile = turnstile
        self._left = False
        self._timer = asyncio.get_running_loop().call_later(arrival_s, self.leave)

    @property
    def was_left(self) -> bool:
        """Whether another request may be on its way too."""
        return self._left

    def leave(self) -> None:
        """Let the next one go; leaving twice does nothing."""
        if self.be_passed():
            self._turnstile._next()

    def be_passed(self) -> bool:
        """Whoever passes by has the turn from now on. False when it was left before."""
        passed, self._left = not self._left, True
        self._timer.cancel()
        return passed


class Turnstile:
    """One request at a time until it has arrived."""

    def __init__(self, arrival_s: float = ARRIVAL_S) -> None:
        self._arrival_s = arrival_s
        self._taken = False
        self._latest: Turn | None = None
        self._order = itertools.count()
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []

    async def enter(self, urgency: Urgency) -> Turn:
        """Wait for the turn; at once when nobody else is on the way, or a reading is that may be passed."""
        if self._taken and not self._passes(urgency):
            waiter = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (urgency, next(self._order), waiter))
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self._next()
                raise
        self._taken = True
        self._latest = Turn(self, urgency, self._arrival_s)
        return self._latest

    def _passes(self, urgency: Urgency) -> bool:
        latest = self._latest
        return urgency < Urgency.READ and latest is not None and latest.urgency is Urgency.READ and latest.be_passed()

    def _next(self) -> None:
        while self._waiting:
            _, _, waiter = heapq.heappop(self._waiting)
            if not waiter.done():
                waiter.set_result(None)
                return
        self._taken = False
