"""Which portfolios are watched: a file by hand or from the panel, `portfolios.toml` in the profile (drift spec 2).

[tokens.WETH]
address = "0x..."
decimals = 18
coin = "weth"            # its name at CoinGecko

[tokens.USDC]
address = "0x..."
decimals = 6
coin = "usd-coin"
peg_usd = "1"            # trading stops when it is off its peg

[portfolios.savings]
account = "0x..."        # a smart account whose owner lets the engine act for it
targets_bps = { WETH = 6000, USDC = 4000 }
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.drift.book import BPS, HEALTHY, MOST_DECIMALS, BadPortfolio

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the chain. coin: its name at the independent price source. peg_usd: what it claims to be worth, None
    for most. health: HEALTHY, or why it is not to be traded, as the operator says."""

    symbol: str
    address: str
    decimals: int
    coin: str
    peg_usd: Decimal | None = None
    health: str = HEALTHY


@dataclass(frozen=True, slots=True)
class Portfolio:
    """An account and what it should hold; targets in bps by symbol, in the order of the file, summing to 10,000."""

    name: str
    account: str
    targets_bps: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Watched:
    """Everything that is watched on one chain."""

    tokens: tuple[Token, ...] = ()
    portfolios: tuple[Portfolio, ...] = ()


def watched(text: str) -> Watched:
    """Read `portfolios.toml`. Raises BadPortfolio naming the field and what was expected."""
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadPortfolio(f"portfolios.toml: {error}") from None
    _known(document, {"tokens", "portfolios"}, "portfolios.toml")
    tokens = tuple(_token(symbol, _table(entry, symbol)) for symbol, entry in _table(document, "tokens", True).items())
    symbols = {token.symbol for token in tokens}
    portfolios = tuple(
        _portfolio(name, _table(entry, name), symbols) for name, entry in _table(document, "portfolios", True).items()
    )
    _each_once([token.address.lower() for token in tokens], "tokens", "address")
    _each_once([portfolio.account.lower() for portfolio in portfolios], "portfolios", "account")
    return Watched(tokens, portfolios)


def _token(symbol: str, entry: Mapping[str, Any]) -> Token:
    where = f"tokens.{symbol}"
    _known(entry, {"address", "decimals", "coin", "peg_usd", "health"}, where)
    decimals = entry.get("decimals")
    if not isinstance(decimals, int) or isinstance(decimals, bool) or not 0 <= decimals <= MOST_DECIMALS:
        raise BadPortfolio(f"{where}.decimals: expected 0 to {MOST_DECIMALS}, got {decimals!r}")
    return Token(
        symbol=symbol,
        address=_address(entry.get("address"), f"{where}.address"),
        decimals=decimals,
        coin=_word(entry.get("coin", ""), f"{where}.coin"),
        peg_usd=None if "peg_usd" not in entry else _above_zero(entry["peg_usd"], f"{where}.peg_usd"),
        health=_word(entry.get("health", HEALTHY), f"{where}.health"),
    )


def _portfolio(name: str, entry: Mapping[str, Any], symbols: set[str]) -> Portfolio:
    where = f"portfolios.{name}"
    _known(entry, {"account", "targets_bps"}, where)
    targets = entry.get("targets_bps")
    if not isinstance(targets, dict) or not targets:
        raise BadPortfolio(f"{where}.targets_bps: expected a share in bps for each token, got {targets!r}")
    for symbol, bps in targets.items():
        if symbol not in symbols:
            raise BadPortfolio(f"{where}.targets_bps: {symbol} is not among the tokens")
        if not isinstance(bps, int) or isinstance(bps, bool) or not 0 <= bps <= BPS:
            raise BadPortfolio(f"{where}.targets_bps.{symbol}: expected 0 to {BPS}, got {bps!r}")
    if sum(targets.values()) != BPS:
        raise BadPortfolio(f"{where}.targets_bps: expected a sum of {BPS}, got {sum(targets.values())}")
    return Portfolio(name, _address(entry.get("account"), f"{where}.account"), dict(targets))


def _table(document: Any, name: str, inner: bool = False) -> Mapping[str, Any]:
    found = document.get(name, {}) if inner else document
    if not isinstance(found, dict):
        raise BadPortfolio(f"{name}: expected a table, got {type(found).__name__}")
    return found


def _known(entry: Mapping[str, Any], names: set[str], where: str) -> None:
    unknown = sorted(set(entry) - names)
    if unknown:
        raise BadPortfolio(f"{where}: {', '.join(unknown)} is not known here; expected {', '.join(sorted(names))}")


def _address(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise BadPortfolio(f"{where}: expected 0x and 40 hex digits, got {value!r}")
    return value


def _word(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise BadPortfolio(f"{where}: expected a word, got {value!r}")
    return value


def _above_zero(value: Any, where: str) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found <= 0:
        raise BadPortfolio(f"{where}: expected a number above 0, got {value!r}")
    return found


def _each_once(values: list[str], where: str, field: str) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise BadPortfolio(f"{where}: the {field} {twice[0]} is given more than once")
