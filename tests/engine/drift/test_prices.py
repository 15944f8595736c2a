"""Which price may be used (drift spec 3 and 4)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.drift.prices import (
    NoPrice,
    PairState,
    PriceJumped,
    PriceReading,
    PriceRules,
    PricesDisagree,
    PriceStale,
    brought_up_to,
    judge,
    mid_price,
    prices_in,
    twap,
)

RULES = PriceRules(max_age_s=60.0, max_deviation=0.02, max_twap_deviation=0.05)
DECIMALS = {"WBTC": 8, "USDC": 6, "WETH": 18}


def reading(price: str, at_s: float = 1000.0) -> PriceReading:
    return PriceReading(Decimal(price), at_s)


def pair(a: str, b: str, reserve_a: int, reserve_b: int) -> PairState:
    return PairState(a, b, reserve_a, reserve_b, 0, 0, 1000)


def test_two_sources_that_agree_make_a_price() -> None:
    assert judge("ORACLE", reading("100"), reading("101"), None, RULES, 1010.0) is None


@pytest.mark.parametrize("first", [None, reading("0")])
def test_a_price_that_is_missing_or_0_is_no_price(first: PriceReading | None) -> None:
    """Spec 3: a price is never taken as 0."""
    assert judge("ORACLE", first, reading("1"), None, RULES, 1000.0) == NoPrice("ORACLE")


def test_a_price_older_than_its_limit_blocks() -> None:
    assert judge("ROUTER", reading("1"), reading("1"), None, RULES, 1060.5) == PriceStale("ROUTER", 60.5, 60.0)


def test_a_second_source_that_says_nothing_confirms_nothing() -> None:
    assert judge("ROUTER", reading("1"), None, None, RULES, 1000.0) == NoPrice("second")
    assert judge("ROUTER", reading("1"), reading("1", 0.0), None, RULES, 1000.0) == PriceStale("second", 1000.0, 60.0)


def test_sources_too_far_from_each_other_block() -> None:
    found = judge("ROUTER", reading("103"), reading("100"), None, RULES, 1000.0)
    assert found == PricesDisagree(Decimal(103), Decimal(100), 0.03, 0.02)


def test_a_pool_price_far_from_its_own_average_blocks() -> None:
    found = judge("ROUTER", reading("100"), reading("100"), Decimal(90), RULES, 1000.0)
    assert isinstance(found, PriceJumped)


def test_the_mid_price_is_not_the_quote_for_one_whole_token() -> None:
    """Spec 4: the quote for one WBTC in a 500k-dollar pool reads far too low."""
    pool = pair("WBTC", "USDC", int(4.17 * 10**8), 250_000 * 10**6)
    mid = mid_price(pool, "WBTC", DECIMALS)
    one = 10**8
    quote = Decimal(one * 997 * pool.reserve_b // (pool.reserve_a * 1000 + one * 997)) / 10**6
    assert mid == pytest.approx(Decimal("59952.04"), abs=Decimal("0.01"))
    assert quote < mid * Decimal("0.82")


def test_prices_reach_tokens_through_others_and_prefer_the_deepest_pool() -> None:
    pairs = [
        pair("WETH", "USDC", 10**21, 3_000_000 * 10**6),
        pair("WBTC", "WETH", 10**10, 2000 * 10**18),
        pair("WETH", "USDC", 10**18, 2_000 * 10**6),
    ]
    prices = prices_in("USDC", pairs, DECIMALS)
    assert prices["WETH"] == Decimal(3000)
    assert prices["WBTC"] == Decimal(60_000)


def test_the_time_weighted_average_lies_where_the_price_stood_longest() -> None:
    start = pair("WETH", "USDC", 10**18, 3000 * 10**6)
    after_900_s = brought_up_to(start, 1900)
    moved = PairState("WETH", "USDC", 10**18, 4000 * 10**6, after_900_s.cumulative_a, after_900_s.cumulative_b, 1900)
    end = brought_up_to(moved, 2000)
    assert twap(start, end, "WETH", DECIMALS) == pytest.approx(Decimal(3100), rel=Decimal("1e-9"))


def test_the_average_survives_cumulatives_that_wrap() -> None:
    start = PairState("WETH", "USDC", 10**18, 3000 * 10**6, 2**256 - 5, 2**256 - 5, 1000)
    assert twap(start, brought_up_to(start, 1100), "USDC", DECIMALS) == pytest.approx(
        Decimal(1) / 3000, rel=Decimal("1e-9")
    )


def test_no_time_gives_no_average() -> None:
    start = pair("WETH", "USDC", 10**18, 3000 * 10**6)
    assert twap(start, start, "WETH", DECIMALS) is None
