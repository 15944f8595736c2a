"""Kraken's rate counters, remembered over restarts: a program that crashes time and again must pass no limit either.

What is remembered is ahead of what was spent, so that it is written once in a while and not once a request, and so
that what was spent just before a crash is in it already (governor spec 20).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engine.venue.rates import SHARE, Counter, Limit

TRADING_COUNTER, CALL_COUNTER = "trading", "calls"
AHEAD = {TRADING_COUNTER: 8.0, CALL_COUNTER: 2.0}
"""What is remembered on top: about what can be spent while a write is on its way to the disk."""


class CounterMemory(Protocol):
    """Keeps where each counter stood."""

    async def load(self) -> Mapping[str, Counter]:
        """The counters as last stored, by name; none on the first start."""
        ...

    def store(self, name: str, counter: Counter) -> None:
        """Make this durable soon; must not wait."""
        ...


class CountersInMemory:
    """For an exchange that lives as long as the process."""

    def __init__(self) -> None:
        self.counters: dict[str, Counter] = {}

    async def load(self) -> Mapping[str, Counter]:
        return dict(self.counters)

    def store(self, name: str, counter: Counter) -> None:
        self.counters[name] = counter


class KeptCounter:
    """One counter against its limit, told to a memory as it rises. Times are seconds of the exchange's clock."""

    def __init__(
        self, name: str, limit: Limit, memory: CounterMemory, stood: Mapping[str, Counter], now_s: float
    ) -> None:
        """stood: what the memory has loaded. A mark from a clock that ran ahead counts as made now."""
        self._name = name
        self._limit = limit
        self._memory = memory
        before = stood.get(name, Counter())
        self._spent = self._kept = Counter(min(before.value, limit.threshold), min(before.at_s, now_s))

    def level(self, now_s: float) -> float:
        return self._spent.level(self._limit, now_s)

    def allows(self, cost: float, now_s: float) -> bool:
        """Whether `cost` may be spent without passing our share of the threshold."""
        return self._spent.allows(self._limit, cost, now_s)

    def wait_s(self, cost: float, now_s: float) -> float:
        """Seconds until `cost` may be spent."""
        return self._spent.wait_s(self._limit, cost, now_s, SHARE)

    def spend(self, cost: float, now_s: float) -> None:
        """Count `cost`, whatever the limit says."""
        if cost:
            self._set(self._spent.spent(self._limit, cost, now_s), now_s)

    def exhaust(self, now_s: float) -> None:
        """Kraken says that the limit is reached, whatever we have counted."""
        self._set(Counter(self._limit.threshold, now_s), now_s)

    def _set(self, counter: Counter, now_s: float) -> None:
        self._spent = counter
        if counter.value > self._kept.level(self._limit, now_s):
            self._kept = Counter(counter.value + AHEAD[self._name], now_s)
            self._memory.store(self._name, self._kept)
