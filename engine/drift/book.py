"""A portfolio at one moment: what is held, what it is worth, what it should be (drift spec 1 to 5).

USD values inside the engine are integers of 10^-VALUE_DIGITS dollars, so that a balance times a price is exact and a
sum of values is a sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

VALUE_DIGITS = 60
USD = 10**VALUE_DIGITS
BPS = 10_000
HEALTHY = "HEALTHY"
MOST_DECIMALS = 36
_PRICE_DIGITS = 160


class BadPortfolio(ValueError):
    """The portfolio cannot be what it says it is; the text names the field."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One token of a portfolio.

    balance: base units. target_bps: share of the portfolio that it should be. unit_value: worth of one base unit in
    10^-VALUE_DIGITS USD, None without a price that may be used. health: HEALTHY, or why it is not to be traded.
    """

    symbol: str
    decimals: int
    balance: int
    target_bps: int
    unit_value: int | None
    health: str = HEALTHY

    @property
    def tradable(self) -> bool:
        return self.health == HEALTHY


@dataclass(frozen=True, slots=True)
class Pool:
    """A Uniswap V2 pair of the tokens `a` and `b`; reserves in base units."""

    a: str
    b: str
    reserve_a: int
    reserve_b: int


@dataclass(frozen=True, slots=True)
class Book:
    """Holdings whose targets sum to 10,000 bps, and the pools between them; without pools trades are at the price.

    Raises BadPortfolio.
    """

    holdings: tuple[Holding, ...]
    pools: tuple[Pool, ...] | None = None

    def __post_init__(self) -> None:
        if not self.holdings:
            raise BadPortfolio("tokens: expected at least one, got none")
        symbols = [holding.symbol for holding in self.holdings]
        for symbol in symbols:
            if symbols.count(symbol) > 1:
                raise BadPortfolio(f"tokens: {symbol} is listed {symbols.count(symbol)} times, expected once")
        for holding in self.holdings:
            if holding.balance < 0 or not 0 <= holding.target_bps <= BPS:
                raise BadPortfolio(
                    f"token {holding.symbol}: expected a balance from 0 on and a target of 0 to {BPS} bps, "
                    f"got {holding.balance} and {holding.target_bps}"
                )
        total_bps = sum(holding.target_bps for holding in self.holdings)
        if total_bps != BPS:
            raise BadPortfolio(f"target_bps: expected targets that sum to {BPS}, got {total_bps}")
        pairs = [frozenset((pool.a, pool.b)) for pool in self.pools or ()]
        for pool in self.pools or ():
            if pairs.count(frozenset((pool.a, pool.b))) > 1:
                raise BadPortfolio(f"pools: {pool.a}/{pool.b} is listed more than once")
            if pool.a == pool.b or pool.reserve_a < 0 or pool.reserve_b < 0:
                raise BadPortfolio(f"pool {pool.a}/{pool.b}: expected two tokens with reserves from 0 on")


def unit_value(price_usd: Decimal, decimals: int) -> int:
    """What one base unit is worth, in 10^-VALUE_DIGITS USD.

    Raises BadPortfolio when the price is not above 0 or too small to be told from 0.
    """
    if not 0 <= decimals <= MOST_DECIMALS:
        raise BadPortfolio(f"decimals: expected 0 to {MOST_DECIMALS}, got {decimals}")
    if not price_usd.is_finite() or price_usd <= 0:
        raise BadPortfolio(f"price_usd: expected a number above 0, got {price_usd}")
    with localcontext(prec=_PRICE_DIGITS):
        value = int(price_usd.scaleb(VALUE_DIGITS - decimals).to_integral_value(ROUND_HALF_EVEN))
    if value == 0:
        raise BadPortfolio(f"price_usd: {price_usd} is too small for a token of {decimals} decimals")
    return value


def value_of_usd(usd: Decimal) -> int:
    """A USD amount as an integer value."""
    with localcontext(prec=_PRICE_DIGITS):
        return int(usd.scaleb(VALUE_DIGITS))


def usd_of_value(value: int, digits: int = 6) -> Decimal:
    """An integer value as USD, rounded down to `digits` after the point."""
    return Decimal(value // 10 ** (VALUE_DIGITS - digits)).scaleb(-digits)
