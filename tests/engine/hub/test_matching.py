"""Pulls that fund pushes (hub spec 13; issue 5, 7)."""

from __future__ import annotations

import random
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hub.matching import match, upper_bound

few = st.lists(st.integers(1, 60), max_size=8)


def brute_force(pulls: list[int], pushes: list[int], reserve: int) -> tuple[int, int, int]:
    """The most value, then the fewest pushes, then the fewest pulls, over every choice of both."""
    best = (0, 0, 0)
    funded = {
        count: max((sum(chosen) for chosen in combinations(pulls, count)), default=0) for count in range(len(pulls) + 1)
    }
    subsets = chain.from_iterable(combinations(pushes, count) for count in range(len(pushes) + 1))
    for chosen in subsets:
        value = sum(chosen)
        for count, brought in funded.items():
            if value <= reserve + brought:
                best = max(best, (value, -len(chosen), -count))
                break
    return best


@given(few, few, st.integers(0, 80))
def test_the_match_equals_brute_force(pulls: list[int], pushes: list[int], reserve: int) -> None:
    found = match(pulls, pushes, reserve)
    assert (found.value, -len(found.pushes), -len(found.pulls)) == brute_force(pulls, pushes, reserve)


@given(
    st.lists(st.integers(1, 10**9), max_size=60),
    st.lists(st.integers(1, 10**9), max_size=60),
    st.integers(0, 10**9),
    st.integers(1, 70),
)
def test_what_is_pushed_is_always_there(pulls: list[int], pushes: list[int], reserve: int, room: int) -> None:
    found = match(pulls, pushes, reserve, most_pushes=room, most_pulls=room)
    assert found.value == sum(pushes[at] for at in found.pushes)
    assert found.value <= reserve + sum(pulls[at] for at in found.pulls)
    assert len(found.pushes) <= room
    assert len(found.pulls) <= room


@pytest.mark.parametrize("seed", range(5))
def test_a_thousand_of_each_reach_99_percent_of_the_bound(seed: int) -> None:
    chance = random.Random(seed)
    pulls = [int(chance.paretovariate(1.2) * 10**6) for _ in range(1000)]
    pushes = [int(chance.paretovariate(1.2) * 10**6) for _ in range(1000)]
    assert match(pulls, pushes, 0).value >= 0.99 * upper_bound(pulls, pushes, 0)


def test_three_pulls_and_three_pushes_need_no_reserve() -> None:
    found = match([100, 200, 300], [100, 200, 300], 0)
    assert (len(found.pulls), len(found.pushes), found.value) == (3, 3, 600)


def test_a_pull_that_is_not_needed_is_left_where_it_is() -> None:
    assert match([100], [50], 50).pulls == ()


def test_without_a_signature_only_the_pushes_that_needed_it_wait() -> None:
    with_both = match([100, 40], [100, 40], 0)
    without_the_first = match([40], [100, 40], 0)
    assert (with_both.pushes, without_the_first.pushes) == ((0, 1), (1,))
