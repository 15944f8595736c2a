"""What things cost, how old that may be, and the minimum that follows (hub spec 8 and 9)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.hub.fees import GAS_ALONE
from engine.hub.limits import SoftLimitBasis
from engine.hub.market import BadTokens, Listed, Market, gas_of_basis, listed, with_limit, with_prices
from engine.hub.messages import NothingSeen, PricesHold, PricesMissing
from engine.hub.options import HubOptions
from engine.hub.ports import Price
from engine.hub.tokens import GWEI

USDC, WBTC = Listed(1, "USDC", 6, "usdc"), Listed(2, "WBTC", 8, "wbtc")
OPTIONS = HubOptions(soft_limit_every_s=300.0, max_price_age_s=900.0)


def priced(at_s: float = 0.0, gwei: int | None = 10, **usd: str) -> Market:
    """USDC at 1 and the native coin at 3500, but for what `usd` says."""
    prices = {coin: Price(Decimal(text), at_s) for coin, text in ({"usdc": "1", "eth": "3500"} | usd).items()}
    market = with_prices(Market.of([USDC], "eth"), prices, [USDC])
    gas = None if gwei is None else gwei * GWEI
    return Market(
        **{name: getattr(market, name) for name in ("tokens", "coins", "native_coin", "prices")}, gas_price_wei=gas
    )


def test_the_minimum_at_ten_gwei_is_525_dollars() -> None:
    limit = with_limit(priced(), OPTIONS, 0.0).limit
    assert limit is not None
    assert (limit.usd, limit.amount(priced().tokens[1])) == (525, 525 * 10**6)


def test_the_minimum_stands_until_it_is_due() -> None:
    market = with_limit(priced(), OPTIONS, 0.0)
    dearer = with_prices(market, {"eth": Price(Decimal(7000), 100.0)}, [USDC])
    assert with_limit(dearer, OPTIONS, 299.0).limit == market.limit
    after = with_limit(dearer, OPTIONS, 300.0).limit
    assert after is not None
    assert after.usd == 1050


def test_a_stale_native_price_holds_the_minimum_and_says_so() -> None:
    market = with_limit(priced(), OPTIONS, 0.0)
    held = with_limit(market, OPTIONS, 901.0)
    assert held.limit == market.limit
    assert held.held == PricesHold(901.0, 900.0)
    fresh = with_prices(held, {"eth": Price(Decimal(3500), 1000.0)}, [USDC])
    assert with_limit(fresh, OPTIONS, 1000.0).held is None


def test_a_price_that_is_missing_from_an_answer_stays_and_grows_old() -> None:
    market = with_prices(priced(), {"eth": Price(Decimal(3600), 50.0)}, [USDC])
    assert market.tokens[1].price_usd == 1
    assert market.age_s("usdc", 60.0) == 60.0
    assert market.age_s("eth", 60.0) == 10.0
    assert market.age_s("nothing", 60.0) is None


@pytest.mark.parametrize("usd", ["0", "-1"])
def test_a_price_that_is_nothing_is_no_price(usd: str) -> None:
    market = with_prices(priced(), {"usdc": Price(Decimal(usd), 9.0)}, [USDC])
    assert market.tokens[1].price_usd == 1


def test_a_price_four_times_too_old_holds_everything() -> None:
    market = with_limit(priced(), OPTIONS, 0.0)
    assert market.trouble(900.0, 3600.0) is None
    assert market.trouble(900.0, 3601.0) == PricesMissing("eth, usdc")


def test_nothing_is_decided_before_the_chain_was_seen() -> None:
    assert priced(gwei=None).trouble(900.0, 0.0) == NothingSeen()
    assert priced(gwei=None).gas is None


def test_a_token_without_a_price_is_named() -> None:
    market = with_prices(Market.of([USDC, WBTC], "eth"), {"eth": Price(Decimal(1), 0.0)}, [USDC, WBTC])
    seen = Market(market.tokens, market.coins, "eth", market.prices, gas_price_wei=1)
    assert seen.trouble(900.0, 0.0) == PricesMissing("usdc, wbtc")


def test_a_share_of_a_full_batch_asks_for_less_than_a_request_alone() -> None:
    assert gas_of_basis(SoftLimitBasis.SINGLE, 10) == GAS_ALONE
    assert gas_of_basis(SoftLimitBasis.BATCH, 10) < GAS_ALONE // 4
    assert gas_of_basis(SoftLimitBasis.BATCH, 10) * 10 >= 10 * 16_788


def test_tokens_are_read_from_their_file() -> None:
    usdc = '[tokens.USDC]\ntoken_id = 1\ndecimals = 6\ncoin = "usdc"\n'
    assert listed(f'{usdc}[tokens.WBTC]\ntoken_id = 2\ndecimals = 8\ncoin = "wbtc"') == (USDC, WBTC)
    assert listed("") == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tokens = 1", "tables"),
        ("[tokens", "hub.toml"),
        ("[other]", "other"),
        ("[tokens.A]\ntoken_id = 1", "token_id, decimals and coin"),
        ('[tokens.A]\ntoken_id = -1\ndecimals = 6\ncoin = "a"', "token_id"),
        ('[tokens.A]\ntoken_id = true\ndecimals = 6\ncoin = "a"', "token_id"),
        ('[tokens.A]\ntoken_id = 1\ndecimals = 37\ncoin = "a"', "decimals"),
        ('[tokens.A]\ntoken_id = 1\ndecimals = 6\ncoin = ""', "coin"),
        (
            '[tokens.A]\ntoken_id = 1\ndecimals = 6\ncoin = "a"\n[tokens.B]\ntoken_id = 1\ndecimals = 6\ncoin = "b"',
            "once",
        ),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused_with_the_entry(text: str, says: str) -> None:
    with pytest.raises(BadTokens, match=says):
        listed(text)
