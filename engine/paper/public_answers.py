"""REST answers about the market in Kraken's shapes: Ticker, Depth, Trades, OHLC.

Source: Kraken's REST reference and recorded answers. Trades and candles come from the public tape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from engine.paper import arguments
from engine.paper.answers import Json, doge, price
from engine.paper.book import Book
from engine.paper.errors import invalid
from engine.paper.market import Market, Quote
from engine.paper.pair import PAIR_ID, price_of
from engine.paper.tape import NS, Candle, DayOfTrades, PublicTrade, Tape

TRADES_MOST, CANDLES_MOST, LEVELS_MOST = 1000, 720, 500
INTERVALS_MIN = (1, 5, 15, 30, 60, 240, 1440, 10080, 21600)
_SECONDS_BELOW = 10**12
"""A `since` below this is in seconds, else in nanoseconds, as `last` is."""


def ticker(quote: Quote, day: DayOfTrades) -> Json:
    """The quote, the last trade, and what the day's trades come to: today's and the last 24 hours'."""
    lots = str(max(1, int(quote.quantity)))
    whole = day.whole
    today = day.today
    return {
        PAIR_ID: {
            "a": [price(quote.ask_price), lots, f"{Decimal(lots):.3f}"],
            "b": [price(quote.bid_price), lots, f"{Decimal(lots):.3f}"],
            "c": [price(whole.last), doge(whole.last_volume)],
            "v": [doge(today.volume if today else Decimal(0)), doge(whole.volume)],
            "p": [price(today.vwap if today else Decimal(0)), price(whole.vwap)],
            "t": [today.count if today else 0, whole.count],
            "l": [price((today or whole).low), price(whole.low)],
            "h": [price((today or whole).high), price(whole.high)],
            "o": price(today.open if today else whole.last),
        }
    }


def depth(market: Market, quote: Quote, now_s: float, count: int) -> Json:
    """The book around the quote: [price, volume, time], best first. The account's own orders are not in it."""

    def rows(side: Literal["bid", "ask"]) -> list[list[Any]]:
        return [
            [price(price_of(units)), f"{quantity:.3f}", int(now_s)]
            for units, quantity in market.levels(quote, side, count)
        ]

    return {PAIR_ID: {"asks": rows("ask"), "bids": rows("bid")}}


def trades(tape: Tape, given: Mapping[str, Any]) -> Json:
    """Trades, oldest first: the latest, or those after `since`; `last` asks for the ones behind them."""
    count = arguments.whole(given, "count", TRADES_MOST)
    if not 1 <= count <= TRADES_MOST:
        raise invalid("count")
    since = _since_ns(given)
    found = tape.latest(count) if since is None else tape.since(since, count)
    last = found[-1].at_ns if found else since or 0
    return {PAIR_ID: [_trade(trade) for trade in found], "last": str(last)}


def candles(tape: Tape, book: Book, given: Mapping[str, Any]) -> Json:
    """OHLC, oldest first: at most 720 intervals, those that began after `since` and always the one under way."""
    minutes = arguments.whole(given, "interval", 1)
    if minutes not in INTERVALS_MIN:
        raise invalid("interval")
    since = _since_ns(given)
    found: Sequence[Candle] = tape.candles(minutes * 60, CANDLES_MOST)
    shown = [candle for candle in found[:-1] if since is None or candle.at_s * NS > since] + list(found[-1:])
    committed = found[-2].at_s if len(found) > 1 else int(book.now_s) // (minutes * 60) * minutes * 60 - minutes * 60
    return {PAIR_ID: [_candle(candle) for candle in shown], "last": committed}


def _since_ns(given: Mapping[str, Any]) -> int | None:
    since = arguments.number(given, "since", most=Decimal(10) ** 19)
    if since is None:
        return None
    return int(since * NS) if abs(since) < _SECONDS_BELOW else int(since)


def _trade(trade: PublicTrade) -> list[Any]:
    return [price(trade.price), doge(trade.volume), trade.at_s, trade.side[0], trade.type[0], "", trade.number]


def _candle(candle: Candle) -> list[Any]:
    prices = [price(part) for part in (candle.open, candle.high, candle.low, candle.close, candle.vwap)]
    return [candle.at_s, *prices, doge(candle.volume), candle.count]
