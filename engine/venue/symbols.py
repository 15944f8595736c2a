"""Which market a pair of REST's names is: `XXBTZUSD` and `XBTUSD` are BTC/USD."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from engine.core.gate import NoAnswer, Rejection
from engine.venue.asset_codes import socket_name, symbol_of
from engine.venue.errors import AnswerUnreadable
from engine.venue.translate import Market, PairNames, market_of, text_at

_PAIR = re.compile(r"(?=.*[A-Z]{3})[A-Za-z0-9./]{5,24}", re.ASCII)


def is_pair_name(text: str) -> bool:
    """Whether `text` has the form of a pair's name."""
    return _PAIR.fullmatch(text) is not None


class Looker(Protocol):
    """`calls.Calls`, as far as public questions go."""

    async def look(self, path: str, params: dict[str, Any]) -> Mapping[str, Any]: ...


class Symbols:
    """Knows the grid's own pair, and asks once for each other one that an order or a trade of the account names."""

    def __init__(self, looker: Looker) -> None:
        self._looker = looker
        self._markets: dict[str, Market] = {}

    async def market(self, name: str, names: PairNames, field: str) -> Market:
        """The market of REST's name for a pair, as an order (`XBTUSD`) or a trade (`XXBTZUSD`) has it.

        Of one that Kraken does not list any more it is told from the name, else it keeps that name alone.
        """
        if name in names.aliases:
            return names.market
        if name in self._markets:
            return self._markets[name]
        if not is_pair_name(name):
            raise AnswerUnreadable(field, name)
        symbol = symbol_of(name)
        unlisted = Market(pair=name, base="", quote="") if symbol is None else market_of(symbol, field)
        try:
            market = _listed(await self._looker.look("AssetPairs", {"pair": name}))
        except (Rejection, NoAnswer):  # asked for once all the same: a reading waits for this
            market = unlisted
        self._markets[name] = market
        return market


def _listed(result: Mapping[str, Any]) -> Market:
    if len(result) != 1:
        raise AnswerUnreadable("AssetPairs", result)
    base, _, quote = text_at(next(iter(result.values())), "wsname").partition("/")
    return market_of(f"{socket_name(base)}/{socket_name(quote)}", "wsname")
