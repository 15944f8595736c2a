"""Reading Kraken's records: open and closed orders, and trades to the last page."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from typing import Any, Protocol

from engine.grid.ports import Close, VenueFill, VenueOrder
from engine.venue.errors import AnswerUnreadable
from engine.venue.translate import (
    PairNames,
    client_id_of,
    decimal_of,
    is_of_pair,
    list_at,
    mapping_at,
    seconds_at,
    text_at,
    venue_fill,
    venue_order,
    whole_at,
)

_MOST_PAGES = 400
_QUERY_AT_ONCE = 50
_PAGE = 50


class Reader(Protocol):
    """`calls.Calls`, as far as reading goes."""

    async def read(self, path: str, params: dict[str, Any] | None = None) -> Mapping[str, Any]: ...


async def open_orders(calls: Reader, names: PairNames) -> list[VenueOrder]:
    """All resting orders of the pair, oldest first."""
    listed = mapping_at(await calls.read("OpenOrders"), "open")
    orders = [venue_order(order_id, raw) for order_id, raw in listed.items() if is_of_pair(raw, names)]
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
        found = [(seconds_at(raw, "opentm"), venue_order(order_id, raw)) for order_id, raw in listed.items()]
        if found:
            return max(found, key=lambda pair: pair[0])[1]
    return None


async def trades_since(calls: Reader, names: PairNames, since_s: float, of_pair: Container[str] = ()) -> dict[str, Any]:
    """Every trade of the pair from `since_s` on, by trade id, as `TradesHistory` has it.

    of_pair: ids of orders that are known to be of the pair; a trade of theirs that says otherwise cannot be read.

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
            return {trade_id: raw for trade_id, raw in trades.items() if _is_trade_of_pair(raw, names, of_pair)}
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


async def client_ids(calls: Reader, order_ids: Sequence[str]) -> dict[str, str]:
    """The client ids of these orders, empty for those that have none."""
    found: dict[str, str] = {}
    for start in range(0, len(order_ids), _QUERY_AT_ONCE):
        asked = order_ids[start : start + _QUERY_AT_ONCE]
        answer = await calls.read("QueryOrders", {"txid": ",".join(asked)})
        found.update({order_id: client_id_of(mapping_at(answer, order_id)) for order_id in asked})
    return found


def fills(trades: Mapping[str, Any], since_s: float, of_order: Mapping[str, str]) -> list[VenueFill]:
    """Trades as fills from `since_s` on, oldest first."""
    listed = (venue_fill(trade_id, raw, of_order[text_at(raw, "ordertxid")]) for trade_id, raw in trades.items())
    return sorted((fill for fill in listed if fill.at_s >= since_s), key=lambda fill: (fill.at_s, fill.trade_id))


def _is_trade_of_pair(raw: Any, names: PairNames, of_pair: Container[str]) -> bool:
    if text_at(raw, "pair") in names.aliases:
        return True
    if text_at(raw, "ordertxid") in of_pair:
        raise AnswerUnreadable("pair", raw["pair"])
    return False


def _require_the_one_asked_for(raw: Any, client_id: str, names: PairNames) -> None:
    """Kraken was asked for this client id alone, and we give one to orders of this pair alone: an order that says
    otherwise cannot be read, and passing over it would be taken for proof that ours does not exist.
    """
    if client_id_of(raw) != client_id:
        raise AnswerUnreadable("cl_ord_id", raw)
    if not is_of_pair(raw, names):
        raise AnswerUnreadable("descr.pair", raw)
