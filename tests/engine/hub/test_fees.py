"""What a rebalance costs (hub spec 4 to 7)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hub.fees import (
    FeePolicy,
    GasMarket,
    GasSurplus,
    largest_affordable,
    quote,
    settle_gas,
    shares_of_gas,
)
from engine.hub.tokens import GWEI, Token, amount_of_text, text_of_amount, usd_of_amount, usd_of_wei

DOLLAR = Token(1, 18, Decimal(1))
AT_50_GWEI = GasMarket(50 * GWEI, Decimal(3500))
tokens = st.builds(
    Token,
    st.just(1),
    st.sampled_from([0, 6, 8, 18]),
    st.decimals("0.0001", "70000", places=4),
)
markets = st.builds(GasMarket, st.integers(0, 2000 * GWEI), st.decimals("1", "10000", places=2))


def test_the_worked_example_holds_exactly() -> None:
    """Spec 4: 1000 at 50 gwei and 3500 USD/ETH = 10 + 26.25 + 5.25 -> 1041.50."""
    found = quote(1000 * DOLLAR.unit, DOLLAR, AT_50_GWEI, FeePolicy())
    shown = [
        text_of_amount(amount, 18)
        for amount in (found.amount, found.hub_fee, found.miner_fee, found.buffer, found.total)
    ]
    assert shown == ["1000", "10", "26.25", "5.25", "1041.5"]


def test_the_hub_earns_its_fee_and_nothing_is_deducted_twice() -> None:
    """Spec 4 and 6: the seed's net +8 deducts gas twice; the profit on 1000 is 10."""
    found = quote(1000 * DOLLAR.unit, DOLLAR, AT_50_GWEI, FeePolicy())
    share = settle_gas(found.gas_taken, 150_000 * 50 * GWEI, DOLLAR, Decimal(3500), FeePolicy())
    profit = found.hub_fee + share.taken - share.used - share.refunded
    assert text_of_amount(profit, 18) == "10"
    assert text_of_amount(share.refunded, 18) == "5.25"


def test_the_surplus_is_kept_where_the_operator_says_so() -> None:
    policy = FeePolicy(gas_surplus=GasSurplus.KEEP)
    share = settle_gas(31_500_000, 150_000 * 50 * GWEI, Token(1, 6, Decimal(1)), Decimal(3500), policy)
    assert (share.used, share.refunded, share.shortfall) == (26_250_000, 0, 0)


def test_more_gas_than_was_taken_is_the_hubs_loss() -> None:
    share = settle_gas(100, 150_000 * 50 * GWEI, Token(1, 0, Decimal(1)), Decimal(3500), FeePolicy())
    assert (share.used, share.refunded, share.shortfall) == (27, 73, 0)
    dear = settle_gas(20, 150_000 * 50 * GWEI, Token(1, 0, Decimal(1)), Decimal(3500), FeePolicy())
    assert (dear.refunded, dear.shortfall) == (0, 7)


@given(st.integers(0, 10**30), tokens, markets)
def test_gas_is_rounded_up_and_the_hubs_fee_down(amount: int, token: Token, market: GasMarket) -> None:
    """Spec 4, at 0, 6, 8 and 18 decimals."""
    found = quote(amount, token, market, FeePolicy())
    exact = usd_of_wei(150_000 * market.gas_price_wei, market.native_usd) * Fraction(6, 5)
    assert usd_of_amount(found.gas_taken, token) >= exact
    assert usd_of_amount(found.gas_taken - 1, token) < exact or found.gas_taken == 0
    assert found.hub_fee * 10_000 <= amount * 100 < (found.hub_fee + 1) * 10_000
    assert found.total == amount + found.hub_fee + found.miner_fee + found.buffer


@given(st.integers(0, 10**24), tokens, markets)
def test_the_largest_affordable_amount_can_be_paid_and_one_more_unit_cannot(
    available: int, token: Token, market: GasMarket
) -> None:
    """Spec 2 and 5: a refusal names the number that would change it."""
    most = largest_affordable(available, token, market, FeePolicy())
    assert most == 0 or quote(most, token, market, FeePolicy()).total <= available
    assert quote(most + 1, token, market, FeePolicy()).total > available


@given(st.integers(0, 10**18), st.lists(st.integers(1, 10**6), min_size=1, max_size=64))
def test_the_shares_of_a_batch_sum_to_what_it_cost(cost_wei: int, weights: list[int]) -> None:
    """Spec 6."""
    assert sum(shares_of_gas(cost_wei, weights)) == cost_wei


@given(st.integers(-(10**40), 10**40), st.sampled_from([0, 6, 8, 18]))
def test_amounts_survive_being_written_and_read(amount: int, decimals: int) -> None:
    assert amount_of_text(text_of_amount(amount, decimals), decimals) == amount


def test_more_digits_than_the_token_has_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 6 digits"):
        amount_of_text("1.0000001", 6)
