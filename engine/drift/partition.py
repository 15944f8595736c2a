"""The fewest swaps that bring every token into its interval, as a partition of the tokens (drift spec 6 and 7).

Swaps keep the sum of the values. So the tokens that are joined by swaps, directly or through others, form parts, each
of which must be able to reach its intervals by itself: sum of lows <= sum of values <= sum of highs. A part of k tokens
takes k - 1 swaps and no fewer. The fewest swaps are therefore the most parts, found exactly over all subsets for up to
EXACT_TOKENS tokens, and by taking small parts first above that.

Intervals are integers; where every part of the best count is free, the one that trades least value is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

EXACT_TOKENS = 12
_SMALL_PARTS = (2, 3)


@dataclass(frozen=True, slots=True)
class Range:
    """Where a token is and where it may end, low <= high; all in one integer unit of value."""

    value: int
    low: int
    high: int

    @property
    def settled(self) -> bool:
        return self.low <= self.value <= self.high


@dataclass(frozen=True, slots=True)
class Partition:
    """parts: positions of the tokens that trade among themselves, single ones left out. swaps_at_least: no plan has
    fewer; equal to `swaps` when the partition is exact."""

    parts: tuple[tuple[int, ...], ...]
    swaps_at_least: int

    @property
    def swaps(self) -> int:
        return sum(len(part) - 1 for part in self.parts)


def reachable(ranges: Iterable[Range]) -> bool:
    """Whether trades among these tokens alone can bring each into its interval."""
    value = low = high = 0
    for item in ranges:
        value += item.value
        low += item.low
        high += item.high
    return low <= value <= high


def fewest_swaps(ranges: Sequence[Range]) -> Partition:
    """The partition with the fewest swaps. Raises ValueError when the tokens cannot reach their intervals together."""
    if not reachable(ranges):
        raise ValueError("expected intervals that the tokens can reach together")
    if len(ranges) <= EXACT_TOKENS:
        parts = _exact(ranges)
        return Partition(parts, sum(len(part) - 1 for part in parts))
    parts = _small_parts_first(ranges)
    unsettled = sum(not item.settled for item in ranges)
    return Partition(parts, (unsettled + 1) // 2)


def _exact(ranges: Sequence[Range]) -> tuple[tuple[int, ...], ...]:
    """Over subsets: the best partition of a set is its best part with the first token, and the best of the rest."""
    count = len(ranges)
    parts_from = _reachable_parts(ranges)
    everything = (1 << count) - 1
    best: dict[int, tuple[int, int, int]] = {0: (0, 0, 0)}

    def solve(rest: int) -> tuple[int, int, int] | None:
        known = best.get(rest)
        if known is not None:
            return known if known[0] >= 0 else None
        first = (rest & -rest).bit_length() - 1
        found: tuple[int, int, int] | None = None
        for part, turnover in parts_from[first]:
            if part & ~rest:
                continue
            below = solve(rest ^ part)
            if below is not None:
                candidate = (below[0] + 1, below[1] - turnover, part)
                if found is None or candidate[:2] > found[:2]:
                    found = candidate
        best[rest] = found or (-1, 0, 0)
        return found

    solve(everything)
    parts = []
    rest = everything
    while rest:
        part = best[rest][2]
        if part & (part - 1):
            parts.append(tuple(at for at in range(count) if part >> at & 1))
        rest ^= part
    return tuple(parts)


def _reachable_parts(ranges: Sequence[Range]) -> list[list[tuple[int, int]]]:
    """For each token, the reachable subsets of which it is the first: (bit mask, value that has to be traded)."""
    count = len(ranges)
    subsets = 1 << count
    above_low = [0] * subsets
    below_high = [0] * subsets
    excess = [0] * subsets
    shortage = [0] * subsets
    parts: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    of_token = [
        (item.value - item.low, item.high - item.value, max(0, item.value - item.high), max(0, item.low - item.value))
        for item in ranges
    ]
    for subset in range(1, subsets):
        rest = subset & (subset - 1)
        first = (subset ^ rest).bit_length() - 1
        over_low, under_high, over, under = of_token[first]
        above_low[subset] = low = above_low[rest] + over_low
        below_high[subset] = high = below_high[rest] + under_high
        excess[subset] = sold = excess[rest] + over
        shortage[subset] = bought = shortage[rest] + under
        if low >= 0 and high >= 0:
            parts[first].append((subset, max(sold, bought)))
    return parts


def _small_parts_first(ranges: Sequence[Range]) -> tuple[tuple[int, ...], ...]:
    """Settled tokens stand aside and pairs, then triples, are split off, while the rest stays reachable."""
    rest = dict(enumerate(ranges))
    parts: list[tuple[int, ...]] = []
    for size in _SMALL_PARTS:
        found = True
        while found:
            found = False
            unsettled = [at for at, item in rest.items() if not item.settled]
            for part in combinations(unsettled, size):
                if _splits_off(rest, part):
                    parts.append(part)
                    for at in part:
                        del rest[at]
                    found = True
                    break
    for at in [at for at, item in rest.items() if item.settled]:
        if _splits_off(rest, (at,)):
            del rest[at]
    if len(rest) <= EXACT_TOKENS:
        places = list(rest)
        return (*parts, *(tuple(places[at] for at in part) for part in _exact([rest[at] for at in places])))
    return (*parts, tuple(rest))


def _splits_off(rest: dict[int, Range], part: Sequence[int]) -> bool:
    others = (item for at, item in rest.items() if at not in part)
    return reachable(rest[at] for at in part) and reachable(others)
