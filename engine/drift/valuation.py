"""From what the chain and the price source show to prices that may be used, and a portfolio's book (drift spec 3-5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from engine.core.messages import Reason
from engine.drift.book import HEALTHY, BadPortfolio, Book, Holding, Pool, unit_value
from engine.drift.options import DriftOptions, PriceSource
from engine.drift.portfolios import Portfolio, Token
from engine.drift.ports import ChainLook
from engine.drift.prices import PairState, PriceReading, brought_up_to, deviation_of, judge, prices_in, twap

OFF_PEG = "OFF_PEG"
NO_POOL = "NO_POOL"
PAUSED = "PAUSED"
FEE_ON_TRANSFER = "FEE_ON_TRANSFER"
CHAIN, ORACLE = "router", "oracle"
_DIGITS = 60


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """What one token is valued at now.

    price_usd, second_usd: of the source that values, and of the one that confirms; None where it has none. refused: why
    the price may not be used, None when it may. unit_value as in Holding. health: as found and as the operator says.
    """

    token: Token
    price_usd: Decimal | None
    second_usd: Decimal | None
    refused: Reason | None
    unit_value: int | None
    health: str


@dataclass(frozen=True, slots=True)
class Valuation:
    """All tokens at one moment, by symbol, and the pools between them. native_usd: the price of the chain's own coin,
    None when unknown."""

    prices: Mapping[str, TokenPrice]
    pools: tuple[Pool, ...]
    native_usd: Decimal | None


def valuation(
    tokens: Sequence[Token],
    look: ChainLook,
    earlier: Sequence[PairState],
    readings: Mapping[str, PriceReading],
    unhealthy: Mapping[str, str],
    options: DriftOptions,
    native_coin: str,
    now_s: float,
) -> Valuation:
    """Judge every price once, for all portfolios.

    earlier: the pairs as they were about one averaging window ago, none at first. readings: the independent source's,
    by coin. unhealthy: what was found out about a token by trying it.
    """
    router = _router_prices(tokens, look.pairs, look.at_s, readings, options.numeraire)
    averages = _averages(tokens, look, earlier, readings, options.numeraire)
    traded = {symbol for pair in look.pairs if pair.reserve_a and pair.reserve_b for symbol in (pair.a, pair.b)}
    prices = {}
    for token in tokens:
        found = _judged(token, router.get(token.symbol), readings.get(token.coin), averages, options, now_s)
        health = token.health
        if health == HEALTHY:
            health = unhealthy.get(token.symbol) or _health(token, found.price_usd, token.symbol in traded, options)
        prices[token.symbol] = TokenPrice(
            token, found.price_usd, found.second_usd, found.refused, found.unit_value, health
        )
    pools = tuple(Pool(pair.a, pair.b, pair.reserve_a, pair.reserve_b) for pair in look.pairs)
    native = readings.get(native_coin)
    return Valuation(prices, pools, None if native is None or native.price <= 0 else native.price)


def book_of(portfolio: Portfolio, tokens: Sequence[Token], balances: Sequence[int], valued: Valuation) -> Book:
    """The portfolio at this moment. balances: in the order of `tokens`."""
    held = {token.symbol: (token, balance) for token, balance in zip(tokens, balances, strict=True)}
    holdings = []
    for symbol, bps in portfolio.targets_bps.items():
        token, balance = held[symbol]
        price = valued.prices[symbol]
        holdings.append(Holding(symbol, token.decimals, balance, bps, price.unit_value, price.health))
    return Book(tuple(holdings), valued.pools)


def _router_prices(
    tokens: Sequence[Token],
    pairs: Sequence[PairState],
    at_s: int,
    readings: Mapping[str, PriceReading],
    numeraire: str,
) -> dict[str, PriceReading]:
    """The pools' mid prices in USD: in numeraires, times the numeraire's own price, as old as the older of the two."""
    decimals = {token.symbol: token.decimals for token in tokens}
    anchor = next((readings.get(token.coin) for token in tokens if token.symbol == numeraire), None)
    if anchor is None or anchor.price <= 0:
        return {}
    with localcontext(prec=_DIGITS):
        return {
            symbol: PriceReading(price * anchor.price, min(float(at_s), anchor.at_s))
            for symbol, price in prices_in(numeraire, pairs, decimals).items()
        }


def _averages(
    tokens: Sequence[Token],
    look: ChainLook,
    earlier: Sequence[PairState],
    readings: Mapping[str, PriceReading],
    numeraire: str,
) -> dict[str, PriceReading]:
    """Time-weighted prices in USD: as the router prices, over pools that stand at their average."""
    decimals = {token.symbol: token.decimals for token in tokens}
    before = {(pair.a, pair.b): pair for pair in earlier}
    averaged = []
    for pair in look.pairs:
        start = before.get((pair.a, pair.b))
        average = None if start is None else twap(start, brought_up_to(pair, look.at_s), pair.a, decimals)
        if average is None:
            averaged.append(pair)
            continue
        with localcontext(prec=_DIGITS):
            reserve_b = int((pair.reserve_a * average).scaleb(decimals[pair.b] - decimals[pair.a]))
        averaged.append(PairState(pair.a, pair.b, pair.reserve_a, reserve_b, 0, 0, pair.at_s))
    return _router_prices(tokens, averaged, look.at_s, readings, numeraire) if earlier else {}


def _judged(
    token: Token,
    router: PriceReading | None,
    oracle: PriceReading | None,
    averages: Mapping[str, PriceReading],
    options: DriftOptions,
    now_s: float,
) -> TokenPrice:
    by_router = options.price_source is PriceSource.ROUTER
    first, second = (router, oracle) if by_router else (oracle, router)
    average = averages.get(token.symbol)
    twap_usd = None if average is None or not by_router else average.price
    if token.symbol == options.numeraire and by_router:
        second = first  # its router price is the oracle's own: there is nothing else to confirm it
    refused = judge(CHAIN if by_router else ORACLE, first, second, twap_usd, options.price_rules, now_s)
    unit = None
    if refused is None and first is not None:
        try:
            unit = unit_value(first.price, token.decimals)
        except BadPortfolio:
            unit = None
    return TokenPrice(
        token,
        None if first is None else first.price,
        None if second is None else second.price,
        refused,
        unit,
        HEALTHY,
    )


def _health(token: Token, price_usd: Decimal | None, traded: bool, options: DriftOptions) -> str:
    if not traded:
        return NO_POOL
    if token.peg_usd is not None and price_usd is not None:
        off = deviation_of(price_usd, token.peg_usd)
        if off > options.max_peg_deviation:
            return OFF_PEG
    return HEALTHY
