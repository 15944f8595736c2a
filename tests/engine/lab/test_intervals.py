"""How far figures of few runs can be believed."""

from __future__ import annotations

import random

import pytest

from engine.lab.intervals import Interval, of_days, of_pairs


def test_the_interval_of_pairs_is_student_s() -> None:
    """Mean 2, spread 1 over 3 pairs: 4.303 / sqrt(3) to either side."""
    found = of_pairs([1.0, 2.0, 3.0])
    assert found.middle == 2.0
    assert (found.low, found.high) == (pytest.approx(2 - 2.4843, abs=1e-3), pytest.approx(2 + 2.4843, abs=1e-3))


def test_one_pair_and_few_days_say_nothing_of_how_far_they_can_be_believed() -> None:
    assert of_pairs([1.5]) == Interval(1.5, None, None)
    assert of_days([0.1] * 5) == Interval(0.5, None, None)
    assert str(of_pairs([1.5])) == "+1.50"


def test_19_of_20_intervals_of_pairs_hold_the_truth() -> None:
    chance = random.Random(3)
    found = [of_pairs([chance.gauss(0.3, 1.0) for _ in range(6)]) for _ in range(2_000)]
    held = sum(one.low is not None and one.high is not None and one.low <= 0.3 <= one.high for one in found)
    assert held / len(found) == pytest.approx(0.95, abs=0.015)


def test_days_that_hang_together_make_a_wider_interval_than_days_drawn_one_by_one() -> None:
    chance = random.Random(5)
    days: list[float] = []
    for _ in range(20):
        days += [chance.gauss(0.0, 1.0)] * 3
    by_day, by_block = of_days(days, block=1), of_days(days, block=6)
    assert _width(by_block) > 1.2 * _width(by_day)


def _width(interval: Interval) -> float:
    assert interval.low is not None
    assert interval.high is not None
    return interval.high - interval.low


def test_the_same_days_give_the_same_interval() -> None:
    days = [0.1, -0.4, 0.3, 0.2, -0.1, 0.6, 0.0]
    assert of_days(days) == of_days(days)
    assert str(of_days(days)).startswith("+0.70 (")
