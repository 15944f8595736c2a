"""The gas-adjusted minimum and the caps (hub spec 8, 9 and 12)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hub.fees import GasMarket
from engine.hub.limits import (
    AboveRequestCap,
    AboveUserCap,
    BelowSoftLimit,
    Caps,
    DaySpent,
    IntervalSpent,
    NobodyCanRebalance,
    Spent,
    highest_gas_price_wei,
    refusal,
    soft_limit,
    stops_everybody,
)
from engine.hub.tokens import GWEI, Token, usd_of_amount

CAPS = Caps()
DOLLAR = Token(1, 6, Decimal(1))


def at_gwei(gwei: int) -> GasMarket:
    return GasMarket(gwei * GWEI, Decimal(3500))


@pytest.mark.parametrize(("gwei", "usd"), [(10, 525), (500, 26_250)])
def test_the_soft_limit_is_a_hundred_times_the_gas(gwei: int, usd: int) -> None:
    """Spec 8: 525 and 26,250 (the seed's 500 and 25,000 are rounded)."""
    assert soft_limit(at_gwei(gwei), CAPS, 0.0).usd == usd


def test_the_minimum_is_never_below_100() -> None:
    """Spec 8."""
    assert soft_limit(at_gwei(1), CAPS, 0.0).effective_usd == 100


def test_above_190_gwei_it_says_once_that_nobody_can_rebalance_and_when_it_resumes() -> None:
    """Spec 9."""
    assert stops_everybody(soft_limit(at_gwei(190), CAPS, 0.0), CAPS) is None
    stopped = stops_everybody(soft_limit(at_gwei(191), CAPS, 0.0), CAPS)
    assert isinstance(stopped, NobodyCanRebalance)
    assert stopped.resumes_at_gwei == Decimal("190.476190476")


def test_at_the_price_where_it_resumes_somebody_can_and_one_wei_above_nobody() -> None:
    most = highest_gas_price_wei(soft_limit(at_gwei(500), CAPS, 0.0), CAPS)
    assert stops_everybody(soft_limit(GasMarket(most, Decimal(3500)), CAPS, 0.0), CAPS) is None
    assert stops_everybody(soft_limit(GasMarket(most + 1, Decimal(3500)), CAPS, 0.0), CAPS) is not None


def test_a_request_below_the_limit_is_told_by_how_much() -> None:
    """Spec 17: below the soft limit 525.00 by 25.00."""
    found = refusal(500 * 10**6, DOLLAR, soft_limit(at_gwei(10), CAPS, 0.0), CAPS, Spent())
    assert found == BelowSoftLimit("525", "25", Decimal(10))


@pytest.mark.parametrize(
    ("spent", "reason"),
    [
        (Spent(user=Fraction(9_001)), AboveUserCap("999")),
        (Spent(interval=Fraction(99_500)), IntervalSpent("500")),
        (Spent(day=Fraction(999_999)), DaySpent("1")),
    ],
)
def test_each_cap_names_what_is_left(spent: Spent, reason: object) -> None:
    """Spec 12."""
    assert refusal(1000 * 10**6, DOLLAR, soft_limit(at_gwei(1), CAPS, 0.0), CAPS, spent) == reason


def test_one_request_has_a_cap_of_its_own() -> None:
    caps = Caps(max_user_usd=Decimal(10**6))
    limit = soft_limit(at_gwei(1), caps, 0.0)
    found = refusal(100_001 * 10**6, DOLLAR, limit, caps, Spent())
    assert found == AboveRequestCap("100000")


@given(
    st.lists(st.tuples(st.integers(1, 3 * 10**10), st.integers(0, 3)), max_size=40),
    st.sampled_from([0, 6, 8, 18]),
    st.decimals("0.01", "5000", places=2),
)
def test_no_cap_is_passed_by_one_unit_whatever_is_asked_in_whatever_order(
    asked: list[tuple[int, int]], decimals: int, price: Decimal
) -> None:
    """Spec 12."""
    token = Token(1, decimals, price)
    limit = soft_limit(at_gwei(1), CAPS, 0.0)
    users: dict[int, Fraction] = {}
    pushed = Fraction(0)
    for amount, user in asked:
        spent = Spent(users.get(user, Fraction(0)), pushed, pushed)
        if refusal(amount, token, limit, CAPS, spent) is None:
            users[user] = spent.user + usd_of_amount(amount, token)
            pushed += usd_of_amount(amount, token)
    assert all(usd <= CAPS.max_user_usd for usd in users.values())
    assert pushed <= CAPS.max_interval_usd
