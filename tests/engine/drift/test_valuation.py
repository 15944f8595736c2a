"""Which prices a portfolio is valued at, and which tokens are fit to be traded (drift spec 3 to 5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.drift.book import HEALTHY
from engine.drift.options import DriftOptions, PriceSource
from engine.drift.portfolios import Portfolio, Token
from engine.drift.ports import ChainLook
from engine.drift.prices import PairState, PriceJumped, PriceReading, PricesDisagree, PriceStale
from engine.drift.valuation import NO_POOL, OFF_PEG, Valuation, book_of, valuation

USDC = Token("USDC", "0x1", 6, "usd-coin", peg_usd=Decimal(1))
WETH = Token("WETH", "0x2", 18, "weth")
WBTC = Token("WBTC", "0x3", 8, "wrapped-bitcoin")
NOW_S = 1_000_000.0


def pair(weth_usd: int = 3000, at_s: int = int(NOW_S), *, cumulative: int = 0) -> PairState:
    return PairState("USDC", "WETH", weth_usd * 1000 * 10**6, 1000 * 10**18, cumulative, 0, at_s)


def look(*pairs: PairState) -> ChainLook:
    return ChainLook(7, int(NOW_S), 10**9, {"0xa": (5 * 10**6, 10**18)}, pairs)


def readings(age_s: float = 0.0, **usd: str) -> dict[str, PriceReading]:
    given = {"usd-coin": "1", "weth": "3000", "ethereum": "3000"} | {
        name.replace("_", "-"): one for name, one in usd.items()
    }
    return {coin: PriceReading(Decimal(price), NOW_S - age_s) for coin, price in given.items()}


def valued(
    seen: ChainLook,
    said: dict[str, PriceReading],
    *,
    earlier: tuple[PairState, ...] = (),
    tokens: tuple[Token, ...] = (USDC, WETH),
    unhealthy: dict[str, str] | None = None,
    **options: Any,
) -> Valuation:
    return valuation(tokens, seen, earlier, said, unhealthy or {}, DriftOptions(**options), "ethereum", NOW_S)


@pytest.mark.parametrize("source", list(PriceSource))
def test_either_source_values_and_the_other_confirms(source: PriceSource) -> None:
    found = valued(look(pair(3010)), readings(), price_source=source).prices["WETH"]
    prices = (Decimal(3010), Decimal(3000))
    assert (found.price_usd, found.second_usd) == (prices if source is PriceSource.ROUTER else prices[::-1])
    assert found.refused is None


def test_a_router_price_is_in_the_numeraire_times_the_numeraires_own_price() -> None:
    """Spec 4: a stablecoin is priced like any other token."""
    found = valued(look(pair()), readings(usd_coin="0.98", weth="2940"))
    assert found.prices["WETH"].price_usd == Decimal(2940)
    assert found.prices["USDC"].price_usd == Decimal("0.98")


def test_a_token_off_its_peg_or_without_a_pool_is_not_healthy() -> None:
    """Spec 5."""
    found = valued(look(pair()), readings(usd_coin="0.96", weth="2880"), tokens=(USDC, WETH, WBTC))
    assert {symbol: price.health for symbol, price in found.prices.items()} == {
        "USDC": OFF_PEG,
        "WETH": HEALTHY,
        "WBTC": NO_POOL,
    }


def test_what_was_found_out_about_a_token_stays_beside_what_the_operator_says() -> None:
    found = valued(look(pair()), readings(), unhealthy={"WETH": "FEE_ON_TRANSFER"})
    assert found.prices["WETH"].health == "FEE_ON_TRANSFER"


def test_sources_that_disagree_leave_the_token_without_a_price() -> None:
    found = valued(look(pair(3300)), readings()).prices["WETH"]
    assert isinstance(found.refused, PricesDisagree)
    assert found.unit_value is None


def test_old_prices_of_the_second_source_confirm_nothing() -> None:
    found = valued(look(pair()), readings(age_s=301)).prices["WETH"]
    assert isinstance(found.refused, PriceStale)


def test_a_pool_that_jumped_away_from_its_own_average_is_not_believed() -> None:
    """Spec 4: the TWAP stands beside the mid price. The pool stood at 3000 for five minutes and is at 4000 now."""
    start = pair(3000, int(NOW_S) - 300)
    stood = 2**112 * start.reserve_b // start.reserve_a * 300
    now = pair(4000, cumulative=stood)
    found = valued(look(now), readings(weth="4000"), earlier=(start,)).prices["WETH"]
    assert isinstance(found.refused, PriceJumped)
    assert found.refused.twap == pytest.approx(Decimal(3000), rel=Decimal("1e-6"))


def test_the_book_has_the_portfolios_tokens_in_the_order_of_its_targets() -> None:
    portfolio = Portfolio("main", "0xa", {"WETH": 6000, "USDC": 4000})
    book = book_of(portfolio, (USDC, WETH), (5 * 10**6, 10**18), valued(look(pair()), readings()))
    assert [(one.symbol, one.balance, one.target_bps) for one in book.holdings] == [
        ("WETH", 10**18, 6000),
        ("USDC", 5 * 10**6, 4000),
    ]
    assert book.pools is not None
    assert len(book.pools) == 1


def test_gas_is_priced_in_the_chains_own_coin_or_not_at_all() -> None:
    said = readings()
    assert valued(look(pair()), said).native_usd == Decimal(3000)
    del said["ethereum"]
    assert valued(look(pair()), said).native_usd is None
