"""Random portfolios, and the fewest swaps found the slow and certain way."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from engine.drift.analysis import analyse
from engine.drift.book import BPS, USD, Book, Holding, Pool, unit_value
from engine.drift.plan import Policy

PRICES = ("1", "0.9993", "3512.77", "0.0831", "61234.5", "12.5")
ANY_SIZE = {"min_trade_usd": Decimal(0), "max_trade_usd": Decimal(10**12)}


def random_book(chance: random.Random, tokens: int, *, usd: int = 1_000_000, pools: bool = False) -> Book:
    """Targets at random, and holdings that have drifted from them by a quarter on average."""
    cuts = sorted(chance.sample(range(1, 100), tokens - 1))
    targets = [(high - low) * 100 for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    holdings = []
    for at, target in enumerate(targets):
        decimals, price = chance.choice((6, 8, 18)), Decimal(chance.choice(PRICES))
        worth = Decimal(max(0.0, target * (1 + chance.gauss(0, 0.25)))) * usd / BPS
        holdings.append(
            Holding(f"T{at}", decimals, int(worth / price * 10**decimals), target, unit_value(price, decimals))
        )
    return Book(tuple(holdings), _pools(chance, holdings) if pools else None)


def triggered_books(seed: int, count: int, policy: Policy, **kind: object) -> Iterator[Book]:
    """Random books of 2 to 6 tokens that ask for a rebalance."""
    chance = random.Random(seed)
    made = 0
    while made < count:
        book = random_book(chance, chance.randint(2, 6), **kind)  # type: ignore[arg-type]
        if analyse(book, float(policy.threshold), 0).triggered:
            made += 1
            yield book


def brute_force_swaps(book: Book, band: Fraction) -> int:
    """Try every way to part the tokens; a part whose value fits its targets takes one swap less than it has tokens."""
    values = [holding.balance * (holding.unit_value or 0) for holding in book.holdings]
    total = sum(values)
    everything = (1 << len(values)) - 1
    fits = {0: False}
    for subset in range(1, everything + 1):
        members = [at for at in range(len(values)) if subset >> at & 1]
        value = sum(values[at] for at in members)
        target = Fraction(total * sum(book.holdings[at].target_bps for at in members), BPS)
        fits[subset] = target * (1 - band) <= value <= target * (1 + band)
    return len(values) - max(len(parts) for parts in _partitions(everything) if all(fits[part] for part in parts))


def _partitions(rest: int) -> Iterator[list[int]]:
    if rest == 0:
        yield []
        return
    first = rest & -rest
    others = rest ^ first
    subset = others
    while True:
        for parts in _partitions(others ^ subset):
            yield [first | subset, *parts]
        if subset == 0:
            return
        subset = (subset - 1) & others


def _pools(chance: random.Random, holdings: list[Holding]) -> tuple[Pool, ...]:
    """Pools at the holdings' prices: every token has one with the first, others at random."""
    pools = []
    for at, one in enumerate(holdings):
        for other in holdings[:at]:
            if other is holdings[0] or chance.random() < 0.4:
                depth = chance.choice((3_000_000, 10_000_000, 50_000_000)) * USD
                pools.append(
                    Pool(one.symbol, other.symbol, depth // (one.unit_value or 1), depth // (other.unit_value or 1))
                )
    return tuple(pools)
