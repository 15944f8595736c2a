"""How far figures of few runs can be believed: 95 % intervals of paired differences. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

BLOCK_DAYS = 3
"""Days that follow one another are not independent: so many are drawn together."""
DRAWS = 4_000
_SHARE_BELOW = 0.025

_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)
"""The 97.5 % points of Student's t with 1, 2, ... degrees of freedom."""
_STUDENT_BEYOND = 2.05


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean or a sum, and the bounds between which 95 % of such figures lie; None where nothing can be said."""

    middle: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.middle:+.2f}"
        return f"{self.middle:+.2f} ({self.low:+.2f} to {self.high:+.2f})"


def of_pairs(differences: Sequence[float]) -> Interval:
    """The mean difference over pairs that were drawn independently (seeds), by Student's t. At least one pair."""
    count = len(differences)
    mean = math.fsum(differences) / count
    if count < 2:
        return Interval(mean, None, None)
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in differences) / (count - 1))
    quantile = _STUDENT[count - 2] if count - 2 < len(_STUDENT) else _STUDENT_BEYOND
    half = quantile * spread / math.sqrt(count)
    return Interval(mean, mean - half, mean + half)


def of_days(differences: Sequence[float], *, block: int = BLOCK_DAYS, seed: int = 1) -> Interval:
    """The sum of one path's daily differences, by a moving-block bootstrap over days (Kuensch 1989)."""
    total, count = math.fsum(differences), len(differences)
    if count < 2 * block:
        return Interval(total, None, None)
    chance = random.Random(seed)
    starts = range(count - block + 1)
    sums = sorted(_drawn(differences, chance, starts, block) for _ in range(DRAWS))
    low, high = (sums[round(share * (DRAWS - 1))] for share in (_SHARE_BELOW, 1 - _SHARE_BELOW))
    return Interval(total, low, high)


def _drawn(differences: Sequence[float], chance: random.Random, starts: range, block: int) -> float:
    days: list[float] = []
    while len(days) < len(differences):
        first = chance.choice(starts)
        days += differences[first : first + block]
    return math.fsum(days[: len(differences)])
