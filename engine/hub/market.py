"""What things cost now: tokens, the native coin, gas; and the minimum that follows, set every few minutes (hub spec 8).

A price that is too old holds the minimum where it was, and says so; one that is much too old holds everything.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from engine.core.messages import Reason
from engine.hub.fees import GAS_ALONE, GasMarket
from engine.hub.gas import BatchShape, predicted_gas
from engine.hub.limits import SoftLimit, SoftLimitBasis, soft_limit
from engine.hub.messages import NothingSeen, PricesHold, PricesMissing
from engine.hub.options import HubOptions
from engine.hub.ports import Price
from engine.hub.tokens import GWEI, MOST_DECIMALS, Token

STOPS_AFTER = 4.0
"""So many times older than a price may be, and nothing is decided by it any more."""


class BadTokens(ValueError):
    """`hub.toml` does not say what it should; the text names the entry, what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A token that the hub handles. coin: what the price source calls it."""

    token_id: int
    symbol: str
    decimals: int
    coin: str


def listed(text: str) -> tuple[Listed, ...]:
    """Tokens of `hub.toml`: tables `[tokens.SYMBOL]` with `token_id`, `decimals` and `coin`. Raises BadTokens."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadTokens(f"hub.toml: {error}") from None
    tables = document.pop("tokens", {})
    if document or not isinstance(tables, dict):
        raise BadTokens(f"hub.toml: expected tables [tokens.SYMBOL] alone, got {', '.join(document) or 'a value'}")
    found = tuple(_listed(symbol, entry) for symbol, entry in tables.items())
    ids = [one.token_id for one in found]
    if len(set(ids)) != len(ids):
        raise BadTokens("hub.toml: expected each token_id once")
    return found


def _listed(symbol: str, entry: Any) -> Listed:
    where = f"hub.toml, tokens.{symbol}"
    if not isinstance(entry, dict) or set(entry) != {"token_id", "decimals", "coin"}:
        raise BadTokens(f"{where}: expected token_id, decimals and coin")
    for name, most in (("token_id", 2**53), ("decimals", MOST_DECIMALS)):
        if type(entry[name]) is not int or not 0 <= entry[name] <= most:
            raise BadTokens(f"{where}.{name}: expected a whole number from 0 to {most}, got {entry[name]!r}")
    if not isinstance(entry["coin"], str) or not entry["coin"]:
        raise BadTokens(f"{where}.coin: expected the price source's name of it, got {entry['coin']!r}")
    return Listed(entry["token_id"], symbol, entry["decimals"], entry["coin"])


@dataclass(frozen=True, slots=True)
class Market:
    """What was read last. gas_price_wei: of the next block; None before the first look. limit: the minimum as it was
    set last; held: why it was not set when it should have been."""

    tokens: Mapping[int, Token]
    coins: Mapping[int, str]
    native_coin: str
    prices: Mapping[str, Price]
    gas_price_wei: int | None = None
    gas_at_s: float = 0.0
    limit: SoftLimit | None = None
    held: Reason | None = None

    @classmethod
    def of(cls, tokens: Sequence[Listed], native_coin: str) -> Market:
        return cls({}, {one.token_id: one.coin for one in tokens}, native_coin, {})

    @property
    def gas(self) -> GasMarket | None:
        """Gas and the native coin, both known."""
        native = self.prices.get(self.native_coin)
        if native is None or self.gas_price_wei is None:
            return None
        return GasMarket(self.gas_price_wei, native.usd)

    def age_s(self, coin: str, now_s: float) -> float | None:
        """Of its price; None when there is none."""
        price = self.prices.get(coin)
        return None if price is None else max(0.0, now_s - price.at_s)

    def trouble(self, max_age_s: float, now_s: float) -> Reason | None:
        """Why nothing may be decided by these prices; None when it may."""
        if self.gas_price_wei is None:
            return NothingSeen()
        ages = {coin: self.age_s(coin, now_s) for coin in (self.native_coin, *self.coins.values())}
        missing = sorted(coin for coin, age in ages.items() if age is None or age > STOPS_AFTER * max_age_s)
        return PricesMissing(", ".join(missing)) if missing or self.limit is None else None


def with_prices(market: Market, prices: Mapping[str, Price], tokens: Sequence[Listed]) -> Market:
    """After the source answered; a price that it left out stays as it was, and grows old."""
    known = {**market.prices, **{coin: price for coin, price in prices.items() if price.usd > 0}}
    priced = {
        one.token_id: Token(one.token_id, one.decimals, known[one.coin].usd, one.symbol)
        for one in tokens
        if one.coin in known
    }
    return replace(market, prices=known, tokens=priced)


def with_limit(market: Market, options: HubOptions, now_s: float) -> Market:
    """The minimum set anew when it is due; a native price that is too old holds it (spec 8)."""
    gas = market.gas
    due = market.limit is None or now_s >= market.limit.at_s + options.soft_limit_every_s
    if not due or gas is None:
        return market
    age_s = market.age_s(market.native_coin, now_s)
    if age_s is None or age_s > options.max_price_age_s:
        return replace(market, held=PricesHold(age_s or 0.0, options.max_price_age_s))
    basis = gas_of_basis(options.soft_limit_basis, options.batch_max)
    return replace(market, limit=soft_limit(gas, options.caps, now_s, basis), held=None)


def gas_of_basis(basis: SoftLimitBasis, batch_max: int) -> int:
    """The gas that a rebalance must be worth so many times: alone, or its share of a full batch (spec 9)."""
    if basis is SoftLimitBasis.SINGLE:
        return GAS_ALONE
    return -(-predicted_gas(BatchShape(((batch_max, 0),))) // batch_max)


def gwei(wei: int) -> Decimal:
    return Decimal(wei) / GWEI
