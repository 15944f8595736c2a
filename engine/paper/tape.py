"""The public tape: which trades there were in the market, and candles of them.

In one second of six somebody trades at that second's bid or ask, drawn from the market's seed; the account's own fills
stand among these trades. The tape shows a second when it is over, so that a hand on the market changes nothing that was
shown. Trades before the start are of the market's history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.paper.book import Book
from engine.paper.market import BLOCK_S, DAY_S, HISTORY_H
from engine.paper.orders import MARKET_SLOT, NUMBERS_A_SECOND, Side, Trade, first_number
from engine.paper.pair import LOT_DECIMALS, LOT_UNIT, price_of, units_of

TRADED_SECONDS = 1 / 6
HOURS_KEPT = 40 * 24
NS = 1_000_000_000
NS_OF_SLOT = NS // NUMBERS_A_SECOND

Ints = npt.NDArray[np.int64]
Trades = npt.NDArray[np.int64]
"""One row for each of these columns, oldest trade first: prices in units, volumes in their last decimal."""

NUMBER, AT_NS, UNITS, LOTS, BUYS, AT_MARKET = range(6)


@dataclass(frozen=True, slots=True)
class PublicTrade:
    """One trade. number: rises with time and is never used twice. side, type: of the order that took."""

    number: int
    at_ns: int
    price: Decimal
    volume: Decimal
    side: Side
    type: Literal["limit", "market"]

    @property
    def at_s(self) -> float:
        return self.at_ns / NS


@dataclass(frozen=True, slots=True)
class Candle:
    """One interval that began at `at_s`; without trades it stands at the last price, and its vwap is 0."""

    at_s: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    vwap: Decimal
    volume: Decimal
    count: int


class Tape:
    """The trades of a book's market. epoch_of: when step 0 was, for steps of a market that stood still meanwhile."""

    def __init__(self, book: Book, epoch_of: Callable[[Ints], npt.NDArray[np.float64]] | None = None) -> None:
        self._book = book
        self._epoch_of = epoch_of or (lambda steps: np.full(len(steps), book.epoch_s))
        self._hours: dict[int, tuple[int, Trades]] = {}
        self._closed: tuple[tuple[int, int], Trades] = ((0, -1), np.empty((6, 0), np.int64))

    @property
    def shown_to(self) -> int:
        """The number before which everything is shown: the second that is under way is not over."""
        return first_number(self._book.step)

    def after(self, number: int, count: int | None = None) -> list[PublicTrade]:
        """The trades behind this number, the oldest `count` of them."""
        found = self._shown(_hour_of(number), _hour_of(self.shown_to - 1))
        first = int(np.searchsorted(found[NUMBER], number, side="right"))
        return _rows(found[:, first : None if count is None else first + count])

    def since(self, at_ns: int, count: int) -> list[PublicTrade]:
        """The oldest `count` trades after this time."""
        found: list[PublicTrade] = []
        for number in self._hours_from(at_ns):
            hour = self._shown(number, number)
            first = int(np.searchsorted(hour[AT_NS], at_ns, side="right"))
            found += _rows(hour[:, first : first + count - len(found)])
            if len(found) == count:
                break
        return found

    def latest(self, count: int) -> list[PublicTrade]:
        """The last `count` trades, oldest first."""
        last = first = _hour_of(self.shown_to - 1)
        found = self._shown(first, last)
        while found.shape[1] < count and first > -HISTORY_H:
            first -= 1
            found = self._shown(first, last)
        return _rows(found[:, max(0, found.shape[1] - count) :])

    def day(self) -> DayOfTrades:
        """The last 24 hours, and the part of them since midnight."""
        last = _hour_of(self.shown_to - 1)
        key = last, self._book.market.changes_before(last * BLOCK_S)
        if self._closed[0] != key:
            self._closed = key, self._shown(last - DAY_S // BLOCK_S, last - 1)
        trades = np.concatenate([self._closed[1], self._shown(last, last)], axis=1)
        now_ns = int(self._book.now_s) * NS
        begins = [now_ns - DAY_S * NS, now_ns - now_ns % (DAY_S * NS)]
        whole, today = (trades[:, int(np.searchsorted(trades[AT_NS], at_ns, side="right")) :] for at_ns in begins)
        if not whole.size:
            return DayOfTrades(None, replace(_figures(trades[:, -1:]), volume=Decimal(0), count=0))
        return DayOfTrades(_figures(today) if today.size else None, _figures(whole))

    def candles(self, interval_s: int, most: int) -> list[Candle]:
        """The latest `most` intervals, oldest first; the last one is under way."""
        now_s = int(self._book.now_s)
        newest = now_s - now_s % interval_s
        begin_ns = (newest - (most - 1) * interval_s) * NS
        hours = self._hours_from(begin_ns)
        trades = self._shown(hours.start, hours.stop - 1)
        first = int(np.searchsorted(trades[AT_NS], begin_ns, side="left"))
        before = price_of(int(trades[UNITS][first - 1])) if first else None
        return _candles(trades[:, first:], range(begin_ns // NS, newest + 1, interval_s), before)

    def _hours_from(self, at_ns: int) -> range:
        """The hours that may have trades at or after this time."""
        last = _hour_of(self.shown_to - 1)
        first = last
        while first > -HISTORY_H and self._time_of(first * BLOCK_S) * NS > at_ns:
            first -= 1
        return range(first, last + 1)

    def _time_of(self, step: int) -> float:
        return float(self._epoch_of(np.array([step]))[0]) + step

    def _shown(self, first: int, last: int) -> Trades:
        """What is shown of these hours."""
        hours = [self._hour(number) for number in range(max(-HISTORY_H, first), last + 1)]
        if not hours:
            return np.empty((6, 0), np.int64)
        trades = hours[0] if len(hours) == 1 else np.concatenate(hours, axis=1)
        own = self._own(first_number(first * BLOCK_S), first_number((last + 1) * BLOCK_S))
        if own.size:
            trades = np.concatenate([trades, own], axis=1)
            trades = trades[:, np.argsort(trades[NUMBER])]
        return trades[:, : int(np.searchsorted(trades[NUMBER], self.shown_to))]

    def _hour(self, number: int) -> Trades:
        """The market's own trades of an hour."""
        market = self._book.market
        changes = market.changes_before((number + 1) * BLOCK_S)
        kept = self._hours.get(number)
        if kept is None or kept[0] != changes:
            kept = self._hours[number] = changes, self._drawn(number)
            for old in [hour for hour in self._hours if hour < number - HOURS_KEPT]:
                del self._hours[old]
        return kept[1]

    def _drawn(self, number: int) -> Trades:
        quotes = self._book.market.hour(number)
        draw = np.random.default_rng([self._book.market.seed, *([4, number] if number >= 0 else [7, -number])])
        at = np.flatnonzero(draw.random(BLOCK_S) < TRADED_SECONDS)
        milliseconds = draw.integers(0, 1000, BLOCK_S)[at]
        buys = (draw.random(BLOCK_S) < 0.5)[at]
        share = draw.uniform(0.01, 0.99, BLOCK_S)[at]
        steps = at + number * BLOCK_S
        slots = milliseconds * 10 + MARKET_SLOT
        lots = np.maximum(1, np.rint(quotes.quantity[at] * share * 10**LOT_DECIMALS)).astype(np.int64)
        at_market = (draw.random(BLOCK_S) < 0.6)[at]
        return np.stack(
            [
                first_number(0) + steps * NUMBERS_A_SECOND + slots,
                self._ns_of(steps) + slots * NS_OF_SLOT,
                np.where(buys, quotes.ask[at], quotes.bid[at]),
                lots,
                buys.astype(np.int64),
                at_market.astype(np.int64),
            ]
        )

    def _ns_of(self, steps: Ints) -> Ints:
        return np.rint(self._epoch_of(steps) * 1000).astype(np.int64) * (NS // 1000) + steps * NS

    def _own(self, first: int, end: int) -> Trades:
        """The account's fills with these numbers. Against its resting order somebody took."""
        own: list[Trade] = []
        for trade in reversed(self._book.trades.values()):
            if 0 < trade.trade_id < first:
                break
            if first <= trade.trade_id < end:
                own.append(trade)
        columns = [
            (
                trade.trade_id,
                _at_ns(trade),
                units_of(trade.price),
                int(trade.volume / LOT_UNIT),
                (trade.side == "sell") == trade.maker,
                trade.maker or trade.type == "market",
            )
            for trade in own
        ]
        return np.array(columns, np.int64).reshape(-1, 6).T


def _rows(trades: Trades) -> list[PublicTrade]:
    return [
        PublicTrade(
            number=number,
            at_ns=at_ns,
            price=price_of(units),
            volume=_volume(lots),
            side="buy" if buys else "sell",
            type="market" if at_market else "limit",
        )
        for number, at_ns, units, lots, buys, at_market in trades.T.tolist()
    ]


@dataclass(frozen=True, slots=True)
class Figures:
    """What some trades come to."""

    open: Decimal
    last: Decimal
    low: Decimal
    high: Decimal
    vwap: Decimal
    last_volume: Decimal
    volume: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class DayOfTrades:
    """today: since midnight, None before its first trade. whole: the last 24 hours, or the last trade before them."""

    today: Figures | None
    whole: Figures


def _at_ns(trade: Trade) -> int:
    """The time of a fill; fills of one moment lie a nanosecond apart, as their numbers do."""
    return round(trade.at_s * 1e6) * 1000 + trade.trade_id % 1000


def _hour_of(number: int) -> int:
    return (number - first_number(0)) // (NUMBERS_A_SECOND * BLOCK_S)


def _volume(lots: int) -> Decimal:
    return Decimal(lots).scaleb(-LOT_DECIMALS)


def _vwap(trades: Trades) -> Decimal:
    return price_of(round(float((trades[UNITS] * trades[LOTS].astype(np.float64)).sum() / trades[LOTS].sum())))


def _figures(trades: Trades) -> Figures:
    return Figures(
        open=price_of(int(trades[UNITS][0])),
        last=price_of(int(trades[UNITS][-1])),
        low=price_of(int(trades[UNITS].min())),
        high=price_of(int(trades[UNITS].max())),
        vwap=_vwap(trades),
        last_volume=_volume(int(trades[LOTS][-1])),
        volume=_volume(int(trades[LOTS].sum())),
        count=trades.shape[1],
    )


def _candles(trades: Trades, begins: range, before: Decimal | None) -> list[Candle]:
    """One candle for each of these times, from the first trade on, or all where there was a price `before`."""
    places = trades[AT_NS] // NS // begins.step * begins.step
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    ends = np.append(starts, trades.shape[1])[1:]
    traded = {int(places[a]): trades[:, int(a) : int(b)] for a, b in zip(starts, ends, strict=True)}
    candles: list[Candle] = []
    for at_s in begins:
        if at_s in traded:
            part = _figures(traded[at_s])
            candles.append(Candle(at_s, part.open, part.high, part.low, part.last, part.vwap, part.volume, part.count))
            before = part.last
        elif before is not None:
            candles.append(Candle(at_s, before, before, before, before, Decimal(0), Decimal(0), 0))
    return candles
