"""Looking things up: open and closed orders and trades, filtered and paged as Kraken documents.

`seen_s` is the time whose state is shown. It is now, or earlier while REST is told to lag: an order made since is not
there yet, and one closed since still looks open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.paper import answers, arguments, errors
from engine.paper.book import Book
from engine.paper.errors import KrakenError
from engine.paper.orders import Order, Status, Trade

Json = dict[str, Any]
Arguments = Mapping[str, Any]
PAGE = 50


def open_orders(book: Book, given: Arguments, seen_s: float) -> Json:
    """OpenOrders: `userref`, `cl_ord_id` and `trades`."""
    rows = [_as_seen(order, seen_s) for order in _known(book, seen_s)]
    found = [order for order in rows if order.status is Status.OPEN and _wanted(order, given)]
    return {"open": _rows(found, given)}


def closed_orders(book: Book, given: Arguments, seen_s: float) -> Json:
    """ClosedOrders, newest first, 50 at a time: `userref`, `cl_ord_id`, `start`, `end`, `ofs`, `closetime`, `trades`.

    start, end: epoch seconds or an order's id; start is exclusive, end inclusive.
    """
    by = arguments.text(given, "closetime") or "both"
    if by not in ("open", "close", "both"):
        raise errors.invalid("closetime")
    start, end = (_order_time(book, arguments.text(given, name)) for name in ("start", "end"))
    found = [
        order
        for order in (_as_seen(order, seen_s) for order in _known(book, seen_s))
        if order.status is not Status.OPEN and _wanted(order, given) and _within(_times(order, by), start, end)
    ]
    found.sort(key=lambda order: (order.closed_s or 0.0, order.number), reverse=True)
    return _counted("closed", _rows(_page(found, given), given), len(found), given)


def orders_named(book: Book, given: Arguments, seen_s: float) -> Json:
    """QueryOrders: up to 50 ids. Raises KrakenError for an id that is not known."""
    result: Json = {}
    for txid in (arguments.text(given, "txid") or "").split(",")[:PAGE]:
        order = book.order(txid)
        if order is None or order.opened_s > seen_s:
            raise KrakenError(errors.UNKNOWN_ORDER)
        order = _as_seen(order, seen_s)
        if _wanted(order, given):
            result[txid] = answers.order(order, with_trades=arguments.flag(given, "trades"))
    return result


def trades_page(book: Book, given: Arguments, seen_s: float) -> Json:
    """TradesHistory, newest first, 50 at a time: `start`, `end` and `ofs`, as for closed orders with trade ids; and
    `ledgers`.
    """
    start, end = (_trade_time(book, arguments.text(given, name)) for name in ("start", "end"))
    found = [
        trade
        for trade in reversed(list(book.trades.values()))
        if trade.at_s <= seen_s and _within([trade.at_s], start, end)
    ]
    seed = book.market.seed if arguments.flag(given, "ledgers") else None
    rows = {
        trade.id: answers.trade(trade, () if seed is None else trade.ledger_ids(seed)) for trade in _page(found, given)
    }
    return _counted("trades", rows, len(found), given)


def trades_named(book: Book, given: Arguments, seen_s: float) -> Json:
    """QueryTrades: up to 20 ids."""
    result: Json = {}
    for txid in (arguments.text(given, "txid") or "").split(",")[:20]:
        trade = book.trades.get(txid)
        if trade is None or trade.at_s > seen_s:
            raise KrakenError("EQuery:Unknown trade")
        result[txid] = answers.trade(trade)
    return result


def _known(book: Book, seen_s: float) -> list[Order]:
    return [order for order in [*book.closed.values(), *book.open.values()] if order.opened_s <= seen_s]


def _as_seen(order: Order, seen_s: float) -> Order:
    if order.closed_s is None or order.closed_s <= seen_s:
        return order
    return replace(order, status=Status.OPEN, closed_s=None, reason=None)


def _wanted(order: Order, given: Arguments) -> bool:
    cl_ord_id, userref = arguments.text(given, "cl_ord_id"), arguments.text(given, "userref")
    return (cl_ord_id is None or order.cl_ord_id == cl_ord_id) and (userref is None or str(order.userref) == userref)


def _times(order: Order, by: str) -> list[float]:
    closed = order.closed_s if order.closed_s is not None else order.opened_s
    return {"open": [order.opened_s], "close": [closed], "both": [order.opened_s, closed]}[by]


def _within(times: list[float], start: float | None, end: float | None) -> bool:
    return any((start is None or time > start) and (end is None or time <= end) for time in times)


def _order_time(book: Book, value: str | None) -> float | None:
    order = book.order(value) if value else None
    return order.opened_s if order else _epoch(value)


def _trade_time(book: Book, value: str | None) -> float | None:
    trade: Trade | None = book.trades.get(value) if value else None
    return trade.at_s if trade else _epoch(value)


def _epoch(value: str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        raise errors.invalid("start") from None


def _page(found: list[Any], given: Arguments) -> list[Any]:
    first = max(0, arguments.whole(given, "ofs"))
    return found[first : first + PAGE]


def _rows(orders: list[Order], given: Arguments) -> Json:
    with_trades = arguments.flag(given, "trades")
    return {order.id: answers.order(order, with_trades=with_trades) for order in orders}


def _counted(name: str, rows: Json, count: int, given: Arguments) -> Json:
    return {name: rows} if arguments.flag(given, "without_count") else {name: rows, "count": count}
