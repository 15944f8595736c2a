"""Reading Kraken's records: open and closed orders, and trades to the last page.

One row of somebody else that cannot be read is set aside; the rows beside it count. One that may be ours is not passed
over: an order that is missing from a reading would be taken for gone, a trade for one that never was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from engine.grid.ports import Close, RowSetAside, VenueFill, VenueOrder
from engine.venue.errors import AnswerUnreadable
from engine.venue.symbols import Symbols, is_pair_name
from engine.venue.translate import (
    LIMIT,
    Market,
    PairNames,
    client_id_of,
    decimal_of,
    is_identifier,
    list_at,
    mapping_at,
    seconds_at,
    text_at,
    text_or_empty,
    venue_fill,
    venue_order,
    whole_at,
)

_MOST_PAGES = 400
_QUERY_AT_ONCE = 50
_PAGE = 50

Aside = Callable[[RowSetAside], None]


class Reader(Protocol):
    """`calls.Calls`, as far as reading goes."""

    async def read(self, path: str, params: dict[str, Any] | None = None) -> Mapping[str, Any]: ...


async def open_orders(
    calls: Reader, names: PairNames, symbols: Symbols, known: Mapping[str, str], aside: Aside
) -> list[VenueOrder]:
    """All resting orders of the account, oldest first.

    known: client ids by order id. aside: told of each order of somebody else that cannot be read; one that may be ours
    raises AnswerUnreadable.
    """
    orders = []
    for order_id, raw in mapping_at(await calls.read("OpenOrders"), "open").items():
        try:
            orders.append(venue_order(order_id, raw, await _market(order_id, raw, names, symbols, known)))
        except AnswerUnreadable as unreadable:
            if _may_be_ours(order_id, raw, names, known):
                raise
            aside(RowSetAside("OpenOrders", order_id, text_or_empty(raw, "cl_ord_id"), unreadable.words))
    return sorted(orders, key=lambda order: order.at_s)


async def find(calls: Reader, names: PairNames, client_id: str) -> VenueOrder | None:
    """The latest order with this client id, searched among open ones and then among closed ones.

    ccxt's `fetch_order` would send a client id as `userref`, which is another thing (governor spec, Kraken). In this
    order nothing slips through: an order that closes between the two answers was in the first.
    """
    for path, key in (("OpenOrders", "open"), ("ClosedOrders", "closed")):
        answer = await calls.read(path, {"cl_ord_id": client_id})
        listed = mapping_at(answer, key)
        if path == "ClosedOrders" and whole_at(answer, "count") > len(listed) < _PAGE:
            raise AnswerUnreadable(key, f"{len(listed)} where Kraken counts {answer['count']}")
        for raw in listed.values():
            _require_the_one_asked_for(raw, client_id, names)
        found = [
            (seconds_at(raw, "opentm"), venue_order(order_id, raw, names.market)) for order_id, raw in listed.items()
        ]
        if found:
            return max(found, key=lambda pair: pair[0])[1]
    return None


async def trades_since(calls: Reader, since_s: float) -> dict[str, Any]:
    """Every trade of the account from `since_s` on, by trade id, as `TradesHistory` has it.

    It gives 50 at a time, the latest first. A trade that happens meanwhile pushes the older ones further down, never
    up, so walking down to the end passes each of those that were there at the start; some come twice.
    """
    trades: dict[str, Any] = {}
    offset = 0
    for _ in range(_MOST_PAGES):
        page = await calls.read("TradesHistory", {"start": str(math.floor(since_s) - 1), "ofs": str(offset)})
        listed, count = mapping_at(page, "trades"), whole_at(page, "count")
        trades.update(listed)
        offset += len(listed)
        if offset > count:
            raise AnswerUnreadable("count", f"{count} where {offset} are listed")
        if offset == count:
            return trades
        if not listed:
            raise AnswerUnreadable("trades", f"the list ends at {offset} where Kraken counts {count}")
    raise AnswerUnreadable("count", f"more than {len(trades)} trades since {since_s:.0f}; read a shorter time")


def minute_closes(result: Mapping[str, Any], names: PairNames) -> list[Close]:
    """The closes of `OHLC`, oldest first, without the minute that is not over."""
    rows = list_at(result, names.id)
    closes = []
    for row in rows[:-1]:
        if not isinstance(row, list) or len(row) < 5 or not isinstance(row[0], int):
            raise AnswerUnreadable("OHLC", row)
        closes.append(Close(float(row[0]), decimal_of(row[4], "close")))
    return closes


async def named(calls: Reader, names: PairNames, orders: Mapping[str, str]) -> dict[str, VenueOrder]:
    """These orders (client id by the exchange's id), by client id; 50 at a time. Raises Rejection where Kraken does not
    know one of them, and then says nothing of the others.
    """
    found: dict[str, VenueOrder] = {}
    order_ids = sorted(orders)
    for start in range(0, len(order_ids), _QUERY_AT_ONCE):
        asked = order_ids[start : start + _QUERY_AT_ONCE]
        answer = await calls.read("QueryOrders", {"txid": ",".join(asked)})
        for order_id in asked:
            raw = mapping_at(answer, order_id)
            _require_the_one_asked_for(raw, orders[order_id], names)
            found[orders[order_id]] = venue_order(order_id, raw, names.market)
    return found


async def client_ids(calls: Reader, order_ids: Sequence[str]) -> dict[str, str]:
    """The client ids of these orders, empty for those that have none."""
    found: dict[str, str] = {}
    for start in range(0, len(order_ids), _QUERY_AT_ONCE):
        asked = order_ids[start : start + _QUERY_AT_ONCE]
        answer = await calls.read("QueryOrders", {"txid": ",".join(asked)})
        found.update({order_id: client_id_of(mapping_at(answer, order_id)) for order_id in asked})
    return found


async def fills(
    calls: Reader,
    trades: Mapping[str, Any],
    since_s: float,
    names: PairNames,
    symbols: Symbols,
    known: Mapping[str, str],
    aside: Aside,
) -> list[VenueFill]:
    """Trades as fills from `since_s` on, oldest first. known, aside: as in `open_orders`.

    Kraken is asked for the client ids of orders on the grid's pair that are not known; of other pairs it is not.
    """
    own = {trade_id: raw for trade_id, raw in trades.items() if not _is_elsewhere(text_or_empty(raw, "pair"), names)}
    asked = {_order_id(raw) for raw in own.values()} - known.keys() - {""}
    known = {**known, **await client_ids(calls, sorted(asked))}
    listed = []
    for trade_id, raw in trades.items():
        order_id = _order_id(raw)
        try:
            market = await symbols.market(text_at(raw, "pair"), names, "pair")
            if market.pair and known.get(order_id):
                raise AnswerUnreadable("pair", raw["pair"])
            listed.append(venue_fill(trade_id, raw, known.get(order_id, ""), market))
        except AnswerUnreadable as unreadable:
            elsewhere = trade_id not in own or text_or_empty(raw, "ordertype") not in ("", LIMIT)
            if known.get(order_id) or not (elsewhere or order_id):
                raise
            aside(RowSetAside("TradesHistory", order_id, "", unreadable.words))
    return sorted((fill for fill in listed if fill.at_s >= since_s), key=lambda fill: (fill.at_s, fill.trade_id))


async def _market(order_id: str, raw: Any, names: PairNames, symbols: Symbols, known: Mapping[str, str]) -> Market:
    """The market of an order. One that we placed is of the grid's pair: if it says otherwise it cannot be read."""
    market = await symbols.market(text_at(mapping_at(raw, "descr"), "pair"), names, "descr.pair")
    if market.pair and known.get(order_id):
        raise AnswerUnreadable("descr.pair", raw)
    return market


def _may_be_ours(order_id: str, raw: Any, names: PairNames, known: Mapping[str, str]) -> bool:
    """Whether an order that cannot be read may be one of the grid's: those are limit orders on its pair that have a
    client id. What cannot be told may be.
    """
    if known.get(order_id) or not isinstance(raw, Mapping):
        return True
    described = raw.get("descr")
    order_type = text_or_empty(described, "ordertype")
    if _is_elsewhere(text_or_empty(described, "pair"), names) or order_type not in ("", LIMIT):
        return False
    return raw.get("cl_ord_id") is not None


def _is_elsewhere(pair: str, names: PairNames) -> bool:
    return is_pair_name(pair) and pair not in names.aliases


def _order_id(trade: Any) -> str:
    """The order of a trade; empty where it names none."""
    order_id = text_or_empty(trade, "ordertxid")
    return order_id if is_identifier(order_id) else ""


def _require_the_one_asked_for(raw: Any, client_id: str, names: PairNames) -> None:
    """Kraken was asked for this client id alone, and we give one to orders of this pair alone: an order that says
    otherwise cannot be read, and passing over it would be taken for proof that ours does not exist.
    """
    if client_id_of(raw) != client_id:
        raise AnswerUnreadable("cl_ord_id", raw)
    if text_at(mapping_at(raw, "descr"), "pair") not in names.aliases:
        raise AnswerUnreadable("descr.pair", raw)
