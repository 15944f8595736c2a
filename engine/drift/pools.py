"""Uniswap V2 pools as a plan meets them: reserves that move with each leg, in integers (drift spec 7 and 9, "Facts").

Without pools every trade is at the independent price, with no fee and no impact.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.drift.book import Holding, Pool

FEE_KEPT, FEE_BASE = 997, 1000
MOST_HOPS = 3
_BISECTIONS = 200

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """What a swap would give. price_impact: how far the swap itself moves the price against it, fee apart, a ratio."""

    amount_out: int
    price_impact: float


class Market(Protocol):
    """Where legs are simulated; `swap` moves it, `quote` does not."""

    def paths(self, sell: str, buy: str) -> Sequence[Path]:
        """Ways from one token to the other, the shortest first; none when they cannot be traded."""
        ...

    def quote(self, path: Path, amount_in: int) -> Quote:
        """What `amount_in` base units of the path's first token would give of its last."""
        ...

    def swap(self, path: Path, amount_in: int) -> Quote:
        """Carry the quote out."""
        ...

    def fresh(self) -> Market:
        """This market as it was before any swap."""
        ...


def amount_out(amount_in: int, reserve_in: int, reserve_out: int) -> int:
    """`out = in*997*Rout / (Rin*1000 + in*997)`, floored."""
    with_fee = amount_in * FEE_KEPT
    below = reserve_in * FEE_BASE + with_fee
    return with_fee * reserve_out // below if below else 0


def hop_impact(amount_in: int, reserve_in: int) -> float:
    """How much worse than the mid price a hop trades, its fee left aside: in / (Rin + in) of what is left of `in`."""
    with_fee = amount_in * FEE_KEPT
    below = reserve_in * FEE_BASE + with_fee
    return with_fee / below if below else 1.0


class PoolMarket:
    """Pools with reserves that move."""

    def __init__(self, pools: Iterable[Pool]) -> None:
        self._pools = tuple(pools)
        self._reserves: dict[tuple[str, str], int] = {}
        self._beside: dict[str, list[str]] = {}
        self._paths: dict[tuple[str, str], tuple[Path, ...]] = {}
        for pool in self._pools:
            if pool.reserve_a > 0 and pool.reserve_b > 0:
                self._reserves[pool.a, pool.b] = pool.reserve_a
                self._reserves[pool.b, pool.a] = pool.reserve_b
                self._beside.setdefault(pool.a, []).append(pool.b)
                self._beside.setdefault(pool.b, []).append(pool.a)

    def paths(self, sell: str, buy: str) -> Sequence[Path]:
        """Every way of at most MOST_HOPS pools that meets no token twice."""
        known = self._paths.get((sell, buy))
        if known is None:
            known = self._paths[sell, buy] = tuple(sorted(self._ways((sell,), buy), key=len))
        return known

    def quote(self, path: Path, amount_in: int) -> Quote:
        amount, kept = amount_in, 1.0
        for sell, buy in itertools.pairwise(path):
            reserve_in, reserve_out = self._reserves[sell, buy], self._reserves[buy, sell]
            kept *= 1 - hop_impact(amount, reserve_in)
            amount = amount_out(amount, reserve_in, reserve_out)
        return Quote(amount, 1 - kept)

    def swap(self, path: Path, amount_in: int) -> Quote:
        quote = self.quote(path, amount_in)
        amount = amount_in
        for sell, buy in itertools.pairwise(path):
            got = amount_out(amount, self._reserves[sell, buy], self._reserves[buy, sell])
            self._reserves[sell, buy] += amount
            self._reserves[buy, sell] -= got
            amount = got
        return quote

    def fresh(self) -> PoolMarket:
        market = PoolMarket(())
        market._pools, market._beside, market._paths = self._pools, self._beside, self._paths
        for pool in self._pools:
            if pool.reserve_a > 0 and pool.reserve_b > 0:
                market._reserves[pool.a, pool.b] = pool.reserve_a
                market._reserves[pool.b, pool.a] = pool.reserve_b
        return market

    def _ways(self, so_far: Path, buy: str) -> Iterable[Path]:
        for beside in self._beside.get(so_far[-1], ()):
            if beside == buy:
                yield (*so_far, buy)
            elif len(so_far) < MOST_HOPS and beside not in so_far:
                yield from self._ways((*so_far, beside), buy)


class PriceMarket:
    """Trades at the independent price."""

    def __init__(self, holdings: Iterable[Holding]) -> None:
        self._unit_values = {holding.symbol: holding.unit_value or 0 for holding in holdings}

    def paths(self, sell: str, buy: str) -> Sequence[Path]:
        return ((sell, buy),)

    def quote(self, path: Path, amount_in: int) -> Quote:
        unit_out = self._unit_values[path[-1]]
        return Quote(amount_in * self._unit_values[path[0]] // unit_out if unit_out else 0, 0.0)

    def swap(self, path: Path, amount_in: int) -> Quote:
        return self.quote(path, amount_in)

    def fresh(self) -> PriceMarket:
        return self


def best_path(market: Market, sell: str, buy: str, amount_in: int) -> Path | None:
    """The way that gives the most for `amount_in`; None when there is none."""
    paths = market.paths(sell, buy)
    if len(paths) <= 1:
        return paths[0] if paths else None
    return max(paths, key=lambda path: (market.quote(path, amount_in).amount_out, -len(path)))


def largest_within(market: Market, path: Path, amount_in: int, max_impact: float) -> int:
    """The largest part of `amount_in` whose price impact is at most `max_impact`."""
    if market.quote(path, amount_in).price_impact <= max_impact:
        return amount_in
    low, high = 0, amount_in
    for _ in range(_BISECTIONS):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        if market.quote(path, middle).price_impact <= max_impact:
            low = middle
        else:
            high = middle
    return low
