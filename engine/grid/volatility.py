"""How long an exit has to wait until it has had its chance, from how the market moves (grid spec 14). Pure.

A price that wanders without drift, of volatility sigma per square root of an hour, is at some time within T hours at
least the distance `a` above where it began with the probability

    P(max over T >= a) = 2 P(end >= a) = 2 (1 - Phi(a / (sigma sqrt T)))

by the reflection principle: of the paths that touch `a`, as many end above it as below, since from there on each has a
mirror image (D. Andre, Comptes Rendus 105, 1887; for Brownian motion: Moerters and Peres, "Brownian Motion", theorem
2.21). Distances are of the logarithm of the price, so that a way up and the same way down are as far.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from statistics import NormalDist

from engine.core.messages import Reason
from engine.grid.ports import Close

HOUR_S = 3600.0
MINUTE_S = 60.0
WINDOW_S = 24 * HOUR_S
LEAST_CLOSES = 61
"""With fewer minutes than an hour has there is nothing to go by."""

CHANCE = 0.60
SHORTEST_S = 1 * HOUR_S
LONGEST_S = 48 * HOUR_S
WITHOUT_DATA_S = 4 * HOUR_S
FEW_FILL_RATIO = 0.30
"""Below this share of exits that fill by then, most entries end as abandoned inventory."""

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class ExitWait:
    """How long exits wait. seconds: after so long one may be orphaned. automatic: it follows the market.

    hourly_volatility: of the logarithm of the price, None while there is no data. fill_ratio: the share of exits that
    have filled by then, None while that cannot be told.
    """

    seconds: float = WITHOUT_DATA_S
    automatic: bool = True
    hourly_volatility: float | None = None
    fill_ratio: float | None = None

    @property
    def few_fill(self) -> bool:
        """Whether exits are given up before most of them had a chance."""
        return self.fill_ratio is not None and self.fill_ratio < FEW_FILL_RATIO


NO_DATA = ExitWait()


@dataclass(frozen=True, slots=True)
class FewExitsFill(Reason, code="few_exits_fill"):
    """Exits of `profit_pct` are orphaned after `wait_s`, by when only `fill_ratio` of them have filled."""

    wait_s: float
    fill_ratio: float
    profit_pct: Decimal


def chance_of(distance: float, hourly_volatility: float, wait_s: float) -> float:
    """The probability that the price has been `distance` (logarithm) away, in one direction, within `wait_s`."""
    if distance <= 0:
        return 1.0
    spread = hourly_volatility * math.sqrt(wait_s / HOUR_S)
    return 2 * _NORMAL.cdf(-distance / spread) if spread > 0 else 0.0


def wait_for(distance: float, hourly_volatility: float, chance: float = CHANCE) -> float:
    """The seconds after which that probability is `chance`; infinite where the price never moves."""
    if hourly_volatility <= 0:
        return math.inf
    quantile = -_NORMAL.inv_cdf(chance / 2)
    return HOUR_S * (distance / (hourly_volatility * quantile)) ** 2


@lru_cache(maxsize=16)
def exit_wait(profit_pct: Decimal, hourly_volatility: float | None, fixed_s: float | None) -> ExitWait:
    """How long an exit of `profit_pct` waits: `fixed_s` where a person set it, else as long as the market asks for."""
    distance = math.log1p(float(profit_pct) / 100)
    if fixed_s is not None:
        wait_s = fixed_s
    elif hourly_volatility is None:
        wait_s = WITHOUT_DATA_S
    else:
        wait_s = min(LONGEST_S, max(SHORTEST_S, wait_for(distance, hourly_volatility)))
    filled = None if hourly_volatility is None else chance_of(distance, hourly_volatility, wait_s)
    return ExitWait(wait_s, fixed_s is None, hourly_volatility, filled)


def hourly_volatility(closes: Iterable[Close]) -> float | None:
    """From minute closes, oldest first; None where there are too few. Minutes that are missing count as time passed."""
    squares: list[float] = []
    first: Close | None = None
    last: Close | None = None
    for close in closes:
        if last is not None:
            squares.append(math.log(close.price / last.price) ** 2)
        first, last = first or close, close
    if first is None or last is None or len(squares) + 1 < LEAST_CLOSES:
        return None
    return math.sqrt(math.fsum(squares) * HOUR_S / (last.at_s - first.at_s))


@dataclass(slots=True)
class MinuteCloses:
    """The last price of each minute of the last day. Mutable, owned by the decider.

    The volatility is computed again each hour, and as soon as there is data.
    """

    _prices: dict[int, Decimal] = field(default_factory=dict)
    _newest: int = -1
    _volatility: float | None = None
    _again_s: float = 0.0

    def note(self, price: Decimal, at_s: float) -> None:
        """A price of our own; one that is older than the newest says nothing."""
        minute = int(at_s // MINUTE_S)
        if minute >= self._newest and price > 0:
            self._prices[minute] = price
            self._newest = minute

    def learn(self, closes: Iterable[Close]) -> None:
        """What the exchange has of earlier minutes; prices of our own stand."""
        theirs = {int(close.at_s // MINUTE_S): close.price for close in closes if close.price > 0}
        self._prices = dict(sorted({**theirs, **self._prices}.items()))
        self._newest = max(self._prices, default=-1)
        self._again_s = 0.0

    def volatility(self, now_s: float) -> float | None:
        """Per square root of an hour, of the last day; as it was computed within the last hour."""
        if not self._again_s - HOUR_S <= now_s < self._again_s:
            oldest = int((now_s - WINDOW_S) // MINUTE_S)
            self._prices = {minute: price for minute, price in self._prices.items() if minute >= oldest}
            found = hourly_volatility(Close(minute * MINUTE_S, price) for minute, price in self._prices.items())
            self._volatility = found
            self._again_s = now_s + (MINUTE_S if found is None else HOUR_S)
        return self._volatility
