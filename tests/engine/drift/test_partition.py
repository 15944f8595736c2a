"""The fewest swaps: exact against every partition, and within its stated gap above twelve tokens (drift spec 7)."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.drift.partition import EXACT_TOKENS, Range, fewest_swaps, reachable
from engine.drift.plan import Policy, plan
from tests.engine.drift.books import ANY_SIZE, brute_force_swaps, triggered_books

HALF_BAND = Policy(destination_band=Decimal("0.5"), **ANY_SIZE)
EXACT = Policy(**ANY_SIZE)


@pytest.mark.parametrize("policy", [HALF_BAND, EXACT], ids=["half band", "exact target"])
def test_the_number_of_swaps_equals_brute_force(policy: Policy) -> None:
    """Issue 4, 1: 10,000 random books of up to 6 tokens, half of them at each band."""
    for book in triggered_books(7, 5_000, policy, usd=10**12):
        assert len(plan(book, policy).legs) == brute_force_swaps(book, policy.band), book


def test_at_half_band_a_triggered_book_takes_fewer_than_3_swaps_on_average() -> None:
    """Issue 4, 1: mean <= 2.7, where bringing each token to its exact target takes one less than there are tokens."""
    counts = [len(plan(book, HALF_BAND).legs) for book in triggered_books(11, 2_000, HALF_BAND)]
    assert sum(counts) / len(counts) <= 2.7


def test_two_pairs_that_offset_each_other_take_two_swaps_and_not_three() -> None:
    ranges = [Range(110, 100, 100), Range(90, 100, 100), Range(105, 100, 100), Range(95, 100, 100)]
    assert {frozenset(part) for part in fewest_swaps(ranges).parts} == {frozenset((0, 1)), frozenset((2, 3))}


def test_a_settled_token_helps_where_the_others_cannot_settle_among_themselves() -> None:
    ranges = [Range(120, 90, 110), Range(95, 90, 110)]
    assert fewest_swaps(ranges).parts == ((0, 1),)


def test_of_the_plans_with_the_fewest_swaps_the_one_that_trades_least_is_taken() -> None:
    ranges = [Range(120, 100, 100), Range(81, 80, 101), Range(60, 80, 80)]
    assert fewest_swaps(ranges).parts == ((0, 2),)


def test_intervals_that_cannot_be_reached_together_are_refused() -> None:
    with pytest.raises(ValueError, match="reach together"):
        fewest_swaps([Range(10, 20, 30)])


@given(st.integers(EXACT_TOKENS + 1, 30), st.integers(0, 10**6))
def test_with_many_tokens_every_part_is_reachable_and_the_gap_is_stated(count: int, seed: int) -> None:
    chance = random.Random(seed)
    targets = [chance.randint(100, 10_000) for _ in range(count)]
    moves = [chance.randint(-target // 3, target // 3) for target in targets]
    moves[-1] -= sum(moves)
    ranges = [
        Range(target + move, target * 9 // 10, target * 11 // 10 + 1)
        for target, move in zip(targets, moves, strict=True)
    ]
    found = fewest_swaps(ranges)
    placed = [at for part in found.parts for at in part]
    assert len(placed) == len(set(placed))
    assert all(reachable([ranges[at] for at in part]) for part in found.parts)
    assert all(ranges[at].settled for at in set(range(count)) - set(placed))
    assert found.swaps_at_least <= found.swaps
