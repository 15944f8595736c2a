"""Kraken's counters as we keep them (governor spec 20)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.paper.rates import DecayingCounter, transaction_cost
from engine.venue.rates import ADD_COST, CALLS, SHARE, TRADING, Counter, Limit, Tier, amend_cost, call_cost, cancel_cost

limits = st.sampled_from([*TRADING.values(), *CALLS.values()])
steps = st.lists(st.tuples(st.floats(0, 30), st.floats(0, 9)), max_size=200)


@given(limits, steps)
def test_who_asks_before_spending_never_passes_the_share(limit, asked):
    counter, now_s = Counter(), 1000.0
    for pause_s, cost in asked:
        now_s += pause_s
        if counter.allows(limit, cost, now_s):
            counter = counter.spent(limit, cost, now_s)
        assert counter.level(limit, now_s) <= limit.threshold * SHARE + 1e-9


@given(limits, steps)
def test_our_count_is_never_below_the_exchanges_own(limit, asked):
    counter, theirs, now_s = Counter(), DecayingCounter(limit.threshold, limit.decay_per_s), 1000.0
    for pause_s, cost in asked:
        now_s += pause_s
        counter = counter.spent(limit, cost, now_s)
        theirs.add(cost, now_s)
    assert counter.level(limit, now_s) >= theirs.now(now_s) - 1e-6


@given(limits, st.floats(0, 500), st.floats(0, 12))
def test_after_the_wait_it_is_allowed_and_not_long_before(limit, value, cost):
    counter = Counter(value, 50.0)
    wait_s = counter.wait_s(limit, cost, 50.0)
    if math.isinf(wait_s):
        assert cost > limit.threshold * SHARE
        return
    assert counter.allows(limit, cost, 50.0 + wait_s + 1e-6)
    assert wait_s == 0 or not counter.allows(limit, cost, 50.0 + wait_s * 0.99 - 1e-6)


def test_a_clock_that_is_set_back_lets_nothing_decay():
    limit = Limit(60, 1.0)
    counter = Counter().spent(limit, 40, 1000.0)
    assert counter.level(limit, 10.0) == 40
    assert counter.spent(limit, 1, 10.0).level(limit, 1000.0) == 41


@given(st.floats(0, 400))
def test_costs_by_age_are_those_of_the_paper_exchange(age_s):
    assert amend_cost(age_s) == transaction_cost("amend", age_s)
    assert cancel_cost(age_s) == transaction_cost("cancel", age_s)
    assert transaction_cost("add") == ADD_COST


def test_cancelling_costs_8_at_once_and_nothing_after_five_minutes():
    """Kraken "Spot trading limits"; governor spec 20: cancel up to +8, amend +1 to +4."""
    assert [cancel_cost(age) for age in (0, 5, 10, 15, 45, 90, 300)] == [8, 6, 5, 4, 2, 1, 0]
    assert [amend_cost(age) for age in (0, 5, 10, 15)] == [4, 3, 2, 1]


@pytest.mark.parametrize(("path", "cost"), [("Balance", 1), ("TradesHistory", 2), ("AddOrder", 0), ("CancelOrder", 0)])
def test_trade_history_counts_twice_and_orders_not_at_all_on_the_call_counter(path, cost):
    assert call_cost(path) == cost


def test_thresholds_and_decay_are_those_of_the_tiers():
    """Governor spec 20."""
    assert [(TRADING[t].threshold, TRADING[t].decay_per_s) for t in Tier] == [(60, 1), (125, 2.34), (180, 3.75)]
    assert [(CALLS[t].threshold, CALLS[t].decay_per_s) for t in Tier] == [(15, 0.33), (20, 0.5), (20, 1)]
