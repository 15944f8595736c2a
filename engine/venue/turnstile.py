"""Lets private requests go one after the other, the urgent ones first.

Kraken refuses a nonce below one that it has seen, and two requests on two connections may overtake one another. So a
request leaves when the one before it was answered, or has been on its way for `arrival_s`: by then it has arrived or
never will. Without that bound a lost answer would hold up a cancel for the whole timeout.
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

    __slots__ = ("_left", "_timer", "_turnstile")

    def __init__(self, turnstile: Turnstile, arrival_s: float) -> None:
        self._turnstile = turnstile
        self._left = False
        self._timer = asyncio.get_running_loop().call_later(arrival_s, self.leave)

    @property
    def was_left(self) -> bool:
        """Whether another request may be on its way too."""
        return self._left

    def leave(self) -> None:
        """Let the next one go; leaving twice does nothing."""
        if not self._left:
            self._left = True
            self._timer.cancel()
            self._turnstile._next()


class Turnstile:
    """One request at a time until it has arrived."""

    def __init__(self, arrival_s: float = ARRIVAL_S) -> None:
        self._arrival_s = arrival_s
        self._taken = False
        self._order = itertools.count()
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []

    async def enter(self, urgency: Urgency) -> Turn:
        """Wait for the turn; at once when nobody else is on the way."""
        if self._taken:
            waiter = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (urgency, next(self._order), waiter))
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self._next()
                raise
        self._taken = True
        return Turn(self, self._arrival_s)

    def _next(self) -> None:
        while self._waiting:
            _, _, waiter = heapq.heappop(self._waiting)
            if not waiter.done():
                waiter.set_result(None)
                return
        self._taken = False
