"""Which price a token is valued at, or why none may be used (drift spec 3 and 4).

Two sources stand side by side. One of them values the whole portfolio; the other only confirms. Relative drift does
not depend on what one dollar is, so router prices are all of one kind too: mid prices in one token (the numeraire),
times that token's price in USD.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from engine.core.messages import Reason

_DIGITS = 60
Q112 = 2**112


@dataclass(frozen=True, slots=True)
class PriceReading:
    """A price in USD, or in the numeraire, as one source said it at `at_s` (seconds since the epoch)."""

    price: Decimal
    at_s: float


@dataclass(frozen=True, slots=True)
class PriceRules:
    """max_age_s: older readings are not used. max_deviation: of the sources from each other, a ratio; None when one
    source is enough. max_twap_deviation: of a mid price from its average over time, a ratio."""

    max_age_s: float
    max_deviation: float | None
    max_twap_deviation: float | None


@dataclass(frozen=True, slots=True)
class NoPrice(Reason, code="drift.no_price"):
    """The source named has no price for the token."""

    source: str


@dataclass(frozen=True, slots=True)
class PriceStale(Reason, code="drift.price_stale"):
    """The newest price of the source is older than allowed."""

    source: str
    age_s: float
    max_age_s: float


@dataclass(frozen=True, slots=True)
class PricesDisagree(Reason, code="drift.prices_disagree"):
    """The two sources are further from each other than allowed."""

    price: Decimal
    second_price: Decimal
    deviation: float
    max_deviation: float


@dataclass(frozen=True, slots=True)
class PriceJumped(Reason, code="drift.price_jumped"):
    """The pools' price is further from its own average over time than allowed: somebody may have moved it."""

    price: Decimal
    twap: Decimal
    deviation: float
    max_deviation: float


def judge(
    source: str,
    first: PriceReading | None,
    second: PriceReading | None,
    twap: Decimal | None,
    rules: PriceRules,
    now_s: float,
) -> Reason | None:
    """Why `first`, the reading that would be used, may not be; None when it may.

    A second source that is missing or stale confirms nothing, so it blocks as well while it is asked for.
    """
    if first is None or first.price <= 0:
        return NoPrice(source)
    age_s = max(0.0, now_s - first.at_s)
    if age_s > rules.max_age_s:
        return PriceStale(source, age_s, rules.max_age_s)
    if rules.max_twap_deviation is not None and twap is not None:
        deviation = deviation_of(first.price, twap)
        if deviation > rules.max_twap_deviation:
            return PriceJumped(first.price, twap, deviation, rules.max_twap_deviation)
    if rules.max_deviation is None:
        return None
    if second is None or second.price <= 0:
        return NoPrice("second")
    second_age_s = max(0.0, now_s - second.at_s)
    if second_age_s > rules.max_age_s:
        return PriceStale("second", second_age_s, rules.max_age_s)
    deviation = deviation_of(first.price, second.price)
    if deviation > rules.max_deviation:
        return PricesDisagree(first.price, second.price, deviation, rules.max_deviation)
    return None


def deviation_of(price: Decimal, other: Decimal) -> float:
    """How far `price` is from `other`, as a ratio of `other`; infinite when that is 0."""
    return float(abs(price - other) / other) if other > 0 else float("inf")


@dataclass(frozen=True, slots=True)
class PairState:
    """A pool as the chain shows it. Reserves in base units; cumulatives: the pair's own UQ112x112 sums, brought up to
    `at_s` (the block's time)."""

    a: str
    b: str
    reserve_a: int
    reserve_b: int
    cumulative_a: int
    cumulative_b: int
    at_s: int


def mid_price(pair: PairState, token: str, decimals: Mapping[str, int]) -> Decimal:
    """What one whole `token` is worth in whole tokens of the other side, from the reserves (spec 4).

    Not the quote for one whole token, which reads low where the pool is shallow.
    """
    own, other = (pair.a, pair.b) if token == pair.a else (pair.b, pair.a)
    reserve_own, reserve_other = (
        (pair.reserve_a, pair.reserve_b) if token == pair.a else (pair.reserve_b, pair.reserve_a)
    )
    if reserve_own <= 0 or reserve_other <= 0:
        return Decimal(0)
    with localcontext(prec=_DIGITS):
        return (Decimal(reserve_other) / reserve_own).scaleb(decimals[own] - decimals[other])


def twap(before: PairState, after: PairState, token: str, decimals: Mapping[str, int]) -> Decimal | None:
    """The average of the mid price between two states of one pair; None when no time has passed.

    The cumulatives wrap at 2^256 and are made to.
    """
    seconds = after.at_s - before.at_s
    if seconds <= 0:
        return None
    own, other = (after.a, after.b) if token == after.a else (after.b, after.a)
    if token == after.a:
        grown = (after.cumulative_a - before.cumulative_a) % 2**256
    else:
        grown = (after.cumulative_b - before.cumulative_b) % 2**256
    with localcontext(prec=_DIGITS):
        return (Decimal(grown) / (seconds * Q112)).scaleb(decimals[own] - decimals[other])


def brought_up_to(pair: PairState, now_s: int) -> PairState:
    """The pair's cumulatives as they would be if somebody touched it at `now_s`: the price stood since `at_s`."""
    seconds = now_s - pair.at_s
    if seconds <= 0 or pair.reserve_a <= 0 or pair.reserve_b <= 0:
        return pair
    return PairState(
        pair.a,
        pair.b,
        pair.reserve_a,
        pair.reserve_b,
        (pair.cumulative_a + pair.reserve_b * Q112 // pair.reserve_a * seconds) % 2**256,
        (pair.cumulative_b + pair.reserve_a * Q112 // pair.reserve_b * seconds) % 2**256,
        now_s,
    )


def prices_in(numeraire: str, pairs: Sequence[PairState], decimals: Mapping[str, int]) -> dict[str, Decimal]:
    """The mid price of every token that has a way to the numeraire, in whole numeraires.

    Where there are several ways of the same length, the one through the deepest pools counts.
    """
    prices = {numeraire: Decimal(1)}
    frontier = {numeraire}
    while frontier:
        found: dict[str, tuple[Decimal, Decimal]] = {}
        for pair in pairs:
            for token, known in ((pair.a, pair.b), (pair.b, pair.a)):
                if known not in frontier or token in prices:
                    continue
                with localcontext(prec=_DIGITS):
                    price = mid_price(pair, token, decimals) * prices[known]
                    reserve = pair.reserve_a if known == pair.a else pair.reserve_b
                    depth = Decimal(reserve).scaleb(-decimals[known]) * prices[known]
                if price > 0 and depth > found.get(token, (Decimal(0), Decimal(0)))[1]:
                    found[token] = (price, depth)
        prices.update({token: price for token, (price, _) in found.items()})
        frontier = set(found)
    return prices
