"""Where each token should end, and which tokens can get there by trading with which (drift spec 5 to 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.drift.book import BPS, Book
from engine.drift.partition import Range, reachable
from engine.drift.pools import Market


@dataclass(frozen=True, slots=True)
class Group:
    """Tokens that can be traded for one another.

    members: positions in the book. ranges: where each is and may end, in values times `scale`. moved: the targets were
    out of reach because of what cannot be traded, so the members share their own value in proportion to their targets.
    """

    members: tuple[int, ...]
    ranges: tuple[Range, ...]
    scale: int
    moved: bool


def groups_of(book: Book, values: Sequence[int], market: Market, band: Fraction) -> tuple[list[Group], list[int]]:
    """The groups of the healthy tokens, and the positions of those that nothing can be bought for.

    band: the relative drift at which trading stops; 0 for the exact target.
    """
    total = sum(values)
    groups = []
    stuck: list[int] = []
    for members in _connected(book, market):
        ranges, scale = _ranges(book, values, members, total, BPS, band)
        if reachable(ranges):
            groups.append(Group(members, ranges, scale, moved=False))
            continue
        bps = sum(book.holdings[at].target_bps for at in members)
        own_value = sum(values[at] for at in members)
        if bps == 0:
            stuck += members
            continue
        ranges, scale = _ranges(book, values, members, own_value, bps, band)
        groups.append(Group(members, ranges, scale, moved=True))
    return groups, stuck


def _ranges(
    book: Book, values: Sequence[int], members: Sequence[int], total: int, total_bps: int, band: Fraction
) -> tuple[tuple[Range, ...], int]:
    below, above = band.denominator - band.numerator, band.denominator + band.numerator
    scale = total_bps * band.denominator
    ranges = []
    for at in members:
        target = total * book.holdings[at].target_bps
        ranges.append(Range(values[at] * scale, target * below, target * above))
    return tuple(ranges), scale


def _connected(book: Book, market: Market) -> list[tuple[int, ...]]:
    """The healthy tokens, in groups of those that have a way to each other."""
    rest = [at for at, holding in enumerate(book.holdings) if holding.tradable]
    groups = []
    while rest:
        group = [rest.pop(0)]
        for member in group:
            joined = [at for at in rest if market.paths(book.holdings[member].symbol, book.holdings[at].symbol)]
            group += joined
            rest = [at for at in rest if at not in joined]
        groups.append(tuple(sorted(group)))
    return groups
