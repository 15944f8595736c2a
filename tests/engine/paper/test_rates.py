"""Kraken's counters (governor spec 20 and 22; Kraken "Spot Trading Limits")."""

import pytest

from engine.paper.errors import KrakenError
from engine.paper.rates import RateLimits, transaction_cost


@pytest.mark.parametrize(
    ("kind", "age_s", "cost"),
    [
        ("add", None, 1),
        ("amend", 0, 4),
        ("amend", 5, 3),
        ("amend", 14.9, 2),
        ("amend", 15, 1),
        ("cancel", 4.9, 8),
        ("cancel", 5, 6),
        ("cancel", 10, 5),
        ("cancel", 15, 4),
        ("cancel", 45, 2),
        ("cancel", 90, 1),
        ("cancel", 300, 0),
    ],
)
def test_a_transaction_costs_more_the_younger_its_order(kind, age_s, cost):
    assert transaction_cost(kind, age_s) == cost


@pytest.mark.parametrize(
    ("tier", "limit", "decay"), [("starter", 60, 1), ("intermediate", 125, 2.34), ("pro", 180, 3.75)]
)
def test_each_tier_has_its_threshold_and_its_decay(tier, limit, decay):
    rates = RateLimits(tier)
    for _ in range(limit):
        rates.transact("add", 0.0)

    with pytest.raises(KrakenError, match="EOrder:Rate limit exceeded"):
        rates.transact("add", 0.0)
    assert rates.trading.now(10.0) == pytest.approx(limit - 10 * decay)


def test_calls_are_counted_by_key_and_histories_count_twice():
    rates = RateLimits("starter")
    for _ in range(7):
        rates.call("a", "TradesHistory", 0.0)

    with pytest.raises(KrakenError, match="EAPI:Rate limit exceeded"):
        rates.call("a", "TradesHistory", 0.0)
    rates.call("a", "Balance", 0.0)
    rates.call("b", "Balance", 0.0)
    rates.call("a", "AddOrder", 0.0)


def test_a_counter_that_is_off_refuses_nothing():
    rates = RateLimits("starter", enabled=False)

    for _ in range(500):
        rates.transact("add", 0.0)
        rates.call("a", "TradesHistory", 0.0)


def test_a_counter_does_not_fall_below_zero():
    rates = RateLimits("starter")

    rates.transact("add", 100.0)

    assert rates.trading.now(1000.0) == 0
    rates.transact("add", 1000.0)
    assert rates.trading.now(1000.0) == 1
