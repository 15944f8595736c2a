"""Which pulls fund which pushes: the most value for the least gas (hub spec 13).

A push needs money that the reserve has or that a pull of the same batch brings. Requests and signed pulls are taken
whole or not at all. The value pushed comes first; among plans that push as much, the one with the least gas counts:
fewest pushes, then fewest pulls. Up to EXACT_ITEMS of each the answer is exact; above that large pushes are taken
first, which comes within a smallest request of the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXACT_ITEMS = 12
_EXCHANGES = 3


@dataclass(frozen=True, slots=True)
class Match:
    """Positions of the pulls and pushes to make, and what is pushed in all, in base units."""

    pulls: tuple[int, ...]
    pushes: tuple[int, ...]
    value: int


def upper_bound(pulls: Sequence[int], pushes: Sequence[int], reserve: int) -> int:
    """No match pushes more than this."""
    return min(sum(pushes), reserve + sum(pulls))


def match(
    pulls: Sequence[int],
    pushes: Sequence[int],
    reserve: int,
    *,
    most_pulls: int | None = None,
    most_pushes: int | None = None,
) -> Match:
    """The pushes to make and the pulls that fund them; amounts in base units of one token, all above 0.

    reserve: what the hub has already. most_pulls, most_pushes: how many of each one batch takes.
    """
    room = len(pushes) if most_pushes is None else min(most_pushes, len(pushes))
    funding = sorted(pulls, reverse=True)[: len(pulls) if most_pulls is None else most_pulls]
    budget = reserve + sum(funding)
    if len(pushes) <= EXACT_ITEMS:
        chosen = _best_subset(pushes, budget, room)
    else:
        chosen = _large_first(pushes, budget, room)
    value = sum(pushes[at] for at in chosen)
    return Match(_fewest_that_cover(pulls, value - reserve), tuple(chosen), value)


def _best_subset(amounts: Sequence[int], budget: int, room: int) -> list[int]:
    """Exactly: the largest sum within the budget, then the fewest items, then the first ones."""
    best: tuple[int, int, int] = (0, 0, 0)
    sums = [0] * (1 << len(amounts))
    for subset in range(1, len(sums)):
        rest = subset & (subset - 1)
        sums[subset] = total = sums[rest] + amounts[(subset ^ rest).bit_length() - 1]
        count = subset.bit_count()
        if total <= budget and count <= room and (total, -count, -subset) > best:
            best = (total, -count, -subset)
    return [at for at in range(len(amounts)) if -best[2] >> at & 1]


def _large_first(amounts: Sequence[int], budget: int, room: int) -> list[int]:
    """Largest first while they fit; then what is left over is used by exchanging one for a larger one that fits."""
    order = sorted(range(len(amounts)), key=lambda at: (-amounts[at], at))
    chosen: list[int] = []
    left = budget
    for at in order:
        if len(chosen) == room:
            break
        if amounts[at] <= left:
            chosen.append(at)
            left -= amounts[at]
    taken = set(chosen)
    others = sorted((at for at in order if at not in taken), key=lambda at: amounts[at])
    for _ in range(_EXCHANGES):
        exchange = _best_exchange(amounts, chosen, others, left)
        if exchange is None:
            break
        out, into = exchange
        left -= amounts[into] - amounts[out]
        chosen[chosen.index(out)] = into
        others[others.index(into)] = out
        others.sort(key=lambda at: amounts[at])
    return sorted(chosen)


def _best_exchange(
    amounts: Sequence[int], chosen: Sequence[int], others: Sequence[int], left: int
) -> tuple[int, int] | None:
    """The one exchange of a chosen item for another that uses most of what is left; both lists by rising amount."""
    best: tuple[int, int, int] | None = None
    place = 0
    for out in sorted(chosen, key=lambda at: amounts[at]):
        while place < len(others) and amounts[others[place]] <= amounts[out] + left:
            place += 1
        if place == 0:
            continue
        gain = amounts[others[place - 1]] - amounts[out]
        if gain > 0 and (best is None or gain > best[0]):
            best = (gain, out, others[place - 1])
    return None if best is None else (best[1], best[2])


def _fewest_that_cover(pulls: Sequence[int], needed: int) -> tuple[int, ...]:
    """The fewest pulls that bring `needed`; of as many, those that bring least more than that."""
    if needed <= 0:
        return ()
    order = sorted(range(len(pulls)), key=lambda at: (-pulls[at], at))
    chosen: list[int] = []
    covered = 0
    for at in order:
        if covered >= needed:
            break
        chosen.append(at)
        covered += pulls[at]
    rest = [at for at in order if at not in set(chosen)]
    for place in range(len(chosen) - 1, -1, -1):
        spare = covered - needed
        smaller = [at for at in rest if pulls[chosen[place]] - spare <= pulls[at] < pulls[chosen[place]]]
        if smaller:
            into = min(smaller, key=lambda at: pulls[at])
            covered -= pulls[chosen[place]] - pulls[into]
            rest[rest.index(into)], chosen[place] = chosen[place], into
    return tuple(sorted(chosen))
