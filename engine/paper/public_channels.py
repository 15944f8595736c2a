"""Messages of the public WebSocket v2 channels in Kraken's shapes: ticker, trade, book, status.

Source: Kraken's WebSocket v2 reference and its guide to the book's checksum. Money and prices are JSON numbers.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from engine.paper.channels import rfc3339
from engine.paper.market import Market, Quote
from engine.paper.pair import LOT_DECIMALS, SYMBOL, price_of
from engine.paper.tape import DayOfTrades, PublicTrade

Json = dict[str, Any]
DEPTHS = (10, 25, 100, 500, 1000)
CHECKED_LEVELS = 10


def status(system: str, connection_id: int) -> Json:
    """How the exchange stands; comes unasked at the start and with each change."""
    row = {"system": system, "api_version": "v2", "connection_id": connection_id, "version": "2.0.10"}
    return {"channel": "status", "type": "update", "data": [row]}


def ticker(quote: Quote, day: DayOfTrades, now_s: float) -> Json:
    """One row of the ticker channel."""
    whole = day.whole
    change = whole.last - whole.open
    return {
        "symbol": SYMBOL,
        "bid": float(quote.bid_price),
        "bid_qty": float(quote.quantity),
        "ask": float(quote.ask_price),
        "ask_qty": float(quote.quantity),
        "last": float(whole.last),
        "volume": float(whole.volume),
        "vwap": float(whole.vwap),
        "low": float(whole.low),
        "high": float(whole.high),
        "change": float(change),
        "change_pct": float(round(change / whole.open * 100, 2)),
        "timestamp": rfc3339(now_s),
    }


def trade(item: PublicTrade) -> Json:
    """One row of the trade channel."""
    return {
        "symbol": SYMBOL,
        "side": item.side,
        "price": float(item.price),
        "qty": float(item.volume),
        "ord_type": item.type,
        "trade_id": item.number,
        "timestamp": rfc3339(item.at_s),
    }


@dataclass(frozen=True, slots=True)
class Levels:
    """The book as a subscriber has it: DOGE by price units, best first. The account's own orders are not in it.

    price_decimals: of the pair, as the checksum is made with.
    """

    bids: dict[int, Decimal]
    asks: dict[int, Decimal]
    price_decimals: int

    @classmethod
    def of(cls, market: Market, quote: Quote, depth: int, price_decimals: int) -> Levels:
        bids, asks = (dict(market.levels(quote, side, depth)) for side in ("bid", "ask"))
        return cls(bids, asks, price_decimals)

    def snapshot(self, now_s: float) -> Json:
        """All levels, as the row of a snapshot."""
        return self._row(self.bids.items(), self.asks.items(), now_s)

    def update(self, before: Levels, now_s: float) -> Json | None:
        """What has changed, as the row of an update; a level that is gone has no quantity. None for nothing."""
        bids, asks = _changes(before.bids, self.bids), _changes(before.asks, self.asks)
        return self._row(bids, asks, now_s) if bids or asks else None

    def _row(self, bids: Iterable[tuple[int, Decimal]], asks: Iterable[tuple[int, Decimal]], now_s: float) -> Json:
        return {
            "symbol": SYMBOL,
            "bids": [_level(*level) for level in bids],
            "asks": [_level(*level) for level in asks],
            "checksum": self.checksum(),
            "timestamp": rfc3339(now_s),
        }

    def checksum(self) -> int:
        """CRC32 of the ten best asks and then bids: their digits without point and leading zeros."""
        best = [*list(self.asks.items())[:CHECKED_LEVELS], *list(self.bids.items())[:CHECKED_LEVELS]]
        digits = "".join(
            _digits(price_of(units), self.price_decimals) + _digits(quantity, LOT_DECIMALS) for units, quantity in best
        )
        return zlib.crc32(digits.encode())


def message(channel: Literal["ticker", "trade", "book"], kind: Literal["snapshot", "update"], rows: list[Json]) -> Json:
    """A message of a public channel; these have no sequence number."""
    return {"channel": channel, "type": kind, "data": rows}


def _changes(before: dict[int, Decimal], after: dict[int, Decimal]) -> list[tuple[int, Decimal]]:
    gone = [(units, Decimal(0)) for units in before if units not in after]
    return gone + [(units, quantity) for units, quantity in after.items() if before.get(units) != quantity]


def _level(units: int, quantity: Decimal) -> Json:
    return {"price": float(price_of(units)), "qty": float(quantity)}


def _digits(amount: Decimal, decimals: int) -> str:
    return f"{amount:.{decimals}f}".replace(".", "").lstrip("0")
