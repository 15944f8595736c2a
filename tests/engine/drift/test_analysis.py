"""Drift, share points and the trigger (drift spec 1 and 2)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.drift.analysis import EXIT_DRIFT, analyse
from engine.drift.book import BadPortfolio, Book, Holding, unit_value, value_of_usd

DUST = value_of_usd(Decimal(50))


def dollars(symbol: str, usd: str, target_bps: int) -> Holding:
    return Holding(symbol, 6, int(Decimal(usd) * 10**6), target_bps, unit_value(Decimal(1), 6))


def test_drift_is_relative_to_the_target_value_and_signed() -> None:
    """Spec 1: (value - target value) / target value."""
    book = Book((dollars("A", "60", 5000), dollars("B", "40", 5000)))
    found = analyse(book, 0.15, DUST)
    assert found.drifts == pytest.approx((0.2, -0.2))
    assert found.max_drift == pytest.approx(0.2)
    assert found.share_points(book) == pytest.approx((0.1, -0.1))


@pytest.mark.parametrize(("held", "triggered"), [("57.5", True), ("57.49", False)])
def test_the_trigger_is_a_drift_that_reaches_the_threshold(held: str, triggered: bool) -> None:
    book = Book((dollars("A", held, 5000), dollars("B", str(100 - Decimal(held)), 5000)))
    assert analyse(book, 0.15, DUST).triggered is triggered


def test_a_token_whose_target_is_0_triggers_with_anything_above_dust() -> None:
    """Spec 2."""
    book = Book((dollars("A", "1000", 10_000), dollars("X", "51", 0)))
    found = analyse(book, 0.15, DUST)
    assert found.drifts[1] == EXIT_DRIFT
    assert found.triggered


@pytest.mark.parametrize("held", ["0", "50"])
def test_nothing_or_dust_of_a_token_whose_target_is_0_is_no_drift(held: str) -> None:
    """Spec 2."""
    found = analyse(Book((dollars("A", "1000000", 10_000), dollars("X", held, 0))), 0.15, DUST)
    assert found.drifts[1] == 0.0
    assert not found.triggered


def test_thirds_of_a_portfolio_can_be_expressed() -> None:
    """Spec 2: 33.33/33.33/33.34."""
    book = Book((dollars("A", "33.33", 3333), dollars("B", "33.33", 3333), dollars("C", "33.34", 3334)))
    assert analyse(book, 0.15, DUST).max_drift == 0.0


def test_targets_that_do_not_sum_to_the_whole_are_refused() -> None:
    """Spec 2."""
    with pytest.raises(BadPortfolio, match="sum to 10000, got 9999"):
        Book((dollars("A", "1", 3333), dollars("B", "1", 6666)))


def test_a_missing_price_leaves_everything_unknown() -> None:
    """Spec 3: a price is never taken as 0."""
    unpriced = Holding("B", 18, 10**18, 5000, None)
    found = analyse(Book((dollars("A", "60", 5000), unpriced)), 0.15, DUST)
    assert found.unpriced == (1,)
    assert not found.triggered


def test_an_unhealthy_token_still_counts_in_the_total() -> None:
    """Spec 5."""
    sick = Holding("B", 6, 40 * 10**6, 5000, unit_value(Decimal(1), 6), "PAUSED")
    assert analyse(Book((dollars("A", "60", 5000), sick)), 0.15, DUST).drifts[0] == pytest.approx(0.2)


def test_a_price_of_nothing_is_refused() -> None:
    with pytest.raises(BadPortfolio, match="above 0"):
        unit_value(Decimal(0), 18)
