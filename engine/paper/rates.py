"""Kraken's two counters: calls per key, and transactions per account and pair.

Source: Kraken "Spot REST rate limits" (counter up to 15 or 20; history calls count 2, orders 0, others 1) and "Spot
Trading Limits" (add +1; amend +1 and up to +3 by the order's age; cancel up to +8; a batch of cancels what its orders
would cost one by one). All time is paper time. Kraken does not say whether a cancel is refused at the threshold; it is
here, a batch whole or not at all, while `CancelAll` and the dead man's switch never are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.paper import errors
from engine.paper.config import Tier
from engine.paper.errors import KrakenError

CALL_LIMIT: dict[Tier, tuple[float, float]] = {"starter": (15, 0.33), "intermediate": (20, 0.5), "pro": (20, 1.0)}
TRADING_LIMIT: dict[Tier, tuple[float, float]] = {"starter": (60, 1.0), "intermediate": (125, 2.34), "pro": (180, 3.75)}
CALL_COST = {
    "AddOrder": 0,
    "AmendOrder": 0,
    "CancelOrder": 0,
    "CancelOrderBatch": 0,
    "TradesHistory": 2,
    "QueryTrades": 2,
}
AGE_LIMITS_S = (5, 10, 15, 45, 90, 300)
AMEND_BY_AGE = (3, 2, 1, 0, 0, 0)
CANCEL_BY_AGE = (8, 6, 5, 4, 2, 1)

Transaction = Literal["add", "amend", "cancel"]


@dataclass(slots=True)
class DecayingCounter:
    """A count that falls by `decay` a second, never below 0."""

    limit: float
    decay: float
    value: float = 0.0
    at_s: float = 0.0

    def now(self, now_s: float) -> float:
        """The count at `now_s`."""
        self.value = max(0.0, self.value - self.decay * max(0.0, now_s - self.at_s))
        self.at_s = max(self.at_s, now_s)
        return self.value

    def add(self, count: float, now_s: float) -> None:
        self.value = self.now(now_s) + count


@dataclass(slots=True)
class RateLimits:
    """Both counters of an account. `enabled` off counts and refuses nothing."""

    tier: Tier
    enabled: bool = True
    trading: DecayingCounter = field(init=False)
    _calls: dict[str, DecayingCounter] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.trading = DecayingCounter(*TRADING_LIMIT[self.tier])

    def call(self, key: str, method: str, now_s: float) -> None:
        """Count a REST call of a key. Raises KrakenError above the limit."""
        cost = CALL_COST.get(method, 1)
        if not self.enabled or not cost:
            return
        counter = self._calls.setdefault(key, DecayingCounter(*CALL_LIMIT[self.tier]))
        if counter.now(now_s) + cost > counter.limit:
            raise KrakenError(errors.CALL_RATE)
        counter.add(cost, now_s)

    def saved(self) -> dict[str, Any]:
        """Where the counters stand, as JSON types."""
        counters = {"trading": self.trading, **{f"calls {key}": counter for key, counter in self._calls.items()}}
        return {name: [counter.value, counter.at_s] for name, counter in counters.items()}

    def resume(self, saved: dict[str, Any]) -> None:
        """Go on from what `saved` gave; Kraken forgets nothing when a client starts anew."""
        for name, (value, at_s) in saved.items():
            kind, _, key = name.partition(" ")
            limit = TRADING_LIMIT[self.tier] if kind == "trading" else CALL_LIMIT[self.tier]
            counter = DecayingCounter(*limit, value=value, at_s=at_s)
            if kind == "trading":
                self.trading = counter
            else:
                self._calls[key] = counter

    def transact(self, kind: Transaction, now_s: float, changed_s: float | None = None) -> None:
        """Count an order transaction. changed_s: when the order was made or last amended. Raises KrakenError."""
        self._count(transaction_cost(kind, None if changed_s is None else now_s - changed_s), now_s)

    def cancel_batch(self, now_s: float, changed_s: Iterable[float]) -> None:
        """Count a batch of cancels, one `changed_s` for each order. Raises KrakenError, and then nothing is counted."""
        self._count(sum(transaction_cost("cancel", now_s - at_s) for at_s in changed_s), now_s)

    def _count(self, cost: int, now_s: float) -> None:
        if not self.enabled:
            return
        if self.trading.now(now_s) >= self.trading.limit:
            raise KrakenError(errors.ORDER_RATE)
        self.trading.add(cost, now_s)


def transaction_cost(kind: Transaction, age_s: float | None = None) -> int:
    """What a transaction adds to the trading counter. age_s: of the order, None where it is not known."""
    fixed = 0 if kind == "cancel" else 1
    if kind == "add" or age_s is None:
        return fixed
    by_age = AMEND_BY_AGE if kind == "amend" else CANCEL_BY_AGE
    return fixed + next((extra for limit, extra in zip(AGE_LIMITS_S, by_age, strict=True) if age_s < limit), 0)
