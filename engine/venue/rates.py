"""Kraken's two rate counters, kept by ourselves because ccxt counts neither (governor spec 20).

The *trading counter* is one per pair: adding, amending and cancelling raise it, the younger the order the more; it
falls at a rate that depends on the account's tier (docs.kraken.com, "Spot trading limits"). The *call counter* is one
per API key and is raised by every other private call ("Spot REST rate limits"). Both are pure: a `Counter` is what is
remembered, and each function takes the time in seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class Tier(Enum):
    """The verification tier of the account, on which Kraken's limits depend."""

    STARTER = "starter"
    INTERMEDIATE = "intermediate"
    PRO = "pro"


@dataclass(frozen=True, slots=True)
class Limit:
    """A counter may rise to `threshold` and falls by `decay_per_s`."""

    threshold: float
    decay_per_s: float


TRADING = {
    Tier.STARTER: Limit(60, 1.0),
    Tier.INTERMEDIATE: Limit(125, 2.34),
    Tier.PRO: Limit(180, 3.75),
}
CALLS = {
    Tier.STARTER: Limit(15, 0.33),
    Tier.INTERMEDIATE: Limit(20, 0.5),
    Tier.PRO: Limit(20, 1.0),
}
OPEN_ORDERS = {Tier.STARTER: 60, Tier.INTERMEDIATE: 80, Tier.PRO: 225}

SHARE = 0.8
"""The part of a threshold that we allow ourselves (governor spec 20)."""

ADD_COST = 1.0
_AMEND_PENALTIES = ((5.0, 3.0), (10.0, 2.0), (15.0, 1.0))
_CANCEL_PENALTIES = ((5.0, 8.0), (10.0, 6.0), (15.0, 5.0), (45.0, 4.0), (90.0, 2.0), (300.0, 1.0))
OLDEST_PENALTY_S = 300.0
"""From this age on an order is cancelled and amended without a penalty."""

_CALL_COSTS = {
    "TradesHistory": 2.0,
    "Ledgers": 2.0,
    "QueryLedgers": 2.0,
    "AddOrder": 0.0,
    "AmendOrder": 0.0,
    "CancelOrder": 0.0,
    "CancelOrderBatch": 0.0,
}


def call_cost(path: str) -> float:
    """What a private call costs on the call counter; what the trading counter counts is free here."""
    return _CALL_COSTS.get(path, 1.0)


def amend_cost(age_s: float) -> float:
    """What amending an order costs that was created or last amended `age_s` seconds ago."""
    return 1.0 + _penalty(_AMEND_PENALTIES, age_s)


def cancel_cost(age_s: float) -> float:
    """What cancelling an order costs that was created or last amended `age_s` seconds ago."""
    return _penalty(_CANCEL_PENALTIES, age_s)


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter that stood at `value` at `at_s`."""

    value: float = 0.0
    at_s: float = -math.inf

    def level(self, limit: Limit, now_s: float) -> float:
        """Where it stands at `now_s`. A clock that was set back lets nothing decay."""
        if self.value <= 0:
            return 0.0
        return max(0.0, self.value - max(0.0, now_s - self.at_s) * limit.decay_per_s)

    def allows(self, limit: Limit, cost: float, now_s: float, share: float = SHARE) -> bool:
        """Whether `cost` may be spent without passing `share` of the threshold."""
        return self.level(limit, now_s) + cost <= limit.threshold * share

    def wait_s(self, limit: Limit, cost: float, now_s: float, share: float = SHARE) -> float:
        """Seconds until `cost` may be spent: 0 when it may now, infinite when it is more than the share itself."""
        room = limit.threshold * share
        if cost > room:
            return math.inf
        return max(0.0, (self.level(limit, now_s) + cost - room) / limit.decay_per_s)

    def spent(self, limit: Limit, cost: float, now_s: float) -> Counter:
        """The counter after `cost` was spent at `now_s`."""
        return Counter(self.level(limit, now_s) + cost, max(now_s, self.at_s))


def _penalty(steps: tuple[tuple[float, float], ...], age_s: float) -> float:
    return next((penalty for below_s, penalty in steps if age_s < below_s), 0.0)
