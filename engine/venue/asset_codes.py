"""What Kraken's codes for balances mean: `XXDG` is DOGE in the spot wallet, `USD.F` is USD that is earning.

Sources: docs.kraken.com "Get Extended Balance" (`.B`, `.F`, `.M`, `.S`, `.T`) and "What is Asset.S and Asset.M" on
support.kraken.com. A staked code may name the days that it is bound for: `DOT28.S`.
"""

from __future__ import annotations

import re

from engine.grid.ports import Wallet

REST_NAMES = {"BTC": "XBT", "DOGE": "XDG"}
"""Kraken kept its first codes of these over REST; the sockets have the names that everybody uses."""

_SOCKET_NAMES = {rest: name for name, rest in REST_NAMES.items()}
_FIRST_CODES = frozenset(
    (
        *("ZUSD", "ZEUR", "ZGBP", "ZCAD", "ZJPY", "ZAUD", "ZKRW"),
        *("XXBT", "XETH", "XLTC", "XXRP", "XXLM", "XXMR", "XZEC", "XETC", "XREP", "XMLN", "XXDG", "XNMC", "XXVN"),
    )
)
"""The codes that carry a letter for their kind; later ones (`ZETA`, `XTZ`) are the names themselves."""

_EARNING = frozenset("BFMSP")
_BOUND_DAYS = re.compile(r"([A-Z]+)\d\d", re.ASCII)
_TOKENIZED = "T"


_QUOTES = (
    "USDT",
    "USDC",
    "USDG",
    "PYUSD",
    "RLUSD",
    "DAI",
    *("USD", "EUR", "GBP", "CAD", "JPY", "AUD", "CHF"),
    "XBT",
    "ETH",
)
"""What Kraken's pairs are quoted in, those before that others are the end of."""


def symbol_of(pair: str) -> str | None:
    """BASE/QUOTE of REST's name for a pair, as far as the name tells: `XXBTZEUR` and `XBTEUR` are BTC/EUR."""
    if pair[:4] in _FIRST_CODES and pair[4:] in _FIRST_CODES:
        return f"{socket_name(pair[:4])}/{socket_name(pair[4:])}"
    quote = next((quote for quote in _QUOTES if pair.endswith(quote)), "")
    base = pair.removesuffix(quote)
    return f"{socket_name(base)}/{socket_name(quote)}" if quote and len(base) > 1 else None


def socket_name(code: str) -> str:
    """An asset's name on the sockets from its REST code without suffix: `XXBT` and `XBT` are BTC."""
    short = code[1:] if code in _FIRST_CODES else code
    return _SOCKET_NAMES.get(short, short)


def asset_and_wallet(code: str) -> tuple[str, Wallet]:
    """Asset and wallet of a balance row. A suffix that is not documented is a wallet that cannot be traded from."""
    name, dot, suffix = code.rpartition(".")
    if not dot:
        return socket_name(code), Wallet.SPOT
    if suffix == _TOKENIZED:
        return code, Wallet.SPOT
    bound = _BOUND_DAYS.fullmatch(name)
    asset = socket_name(bound[1] if bound else name)
    return asset, Wallet.EARN if suffix in _EARNING else Wallet.OTHER
