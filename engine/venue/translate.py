"""Kraken's REST answers in the grid's words.

A field that is missing or malformed raises `AnswerUnreadable`; nothing is filled in. Numbers arrive as the text that
was on the wire (`wire.py` has JSON numbers kept as text), so a Decimal is never made from a float.

Shapes: docs.kraken.com/api-reference (AssetPairs, AddOrder, AmendOrder, OpenOrders, ClosedOrders, QueryOrders,
TradesHistory, Balance).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from engine.grid.ports import Balances, OrderFate, OrderTaken, PairRules, Side, VenueFill, VenueOrder
from engine.venue.errors import AnswerUnreadable
from engine.venue.rates import OPEN_ORDERS, Tier

_REST_NAMES = {"BTC": "XBT", "DOGE": "XDG"}
_ORDER_TEXT = re.compile(r"(buy|sell) (\d+(?:\.\d+)?) (\S+) @ limit (\d+(?:\.\d+)?)")
_FATES = {
    "pending": OrderFate.OPEN,
    "open": OrderFate.OPEN,
    "closed": OrderFate.FILLED,
    "canceled": OrderFate.CANCELLED,
    "expired": OrderFate.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class PairNames:
    """What one pair is called: `symbol` and `base`/`quote` on the sockets, the rest over REST."""

    symbol: str
    base: str
    quote: str
    id: str
    base_id: str
    quote_id: str
    aliases: frozenset[str]


def rest_name(symbol: str) -> str:
    """The name that REST always takes for a pair: `DOGE/USD` is XDGUSD there (Kraken kept its first asset codes)."""
    base, _, quote = symbol.partition("/")
    return _REST_NAMES.get(base, base) + _REST_NAMES.get(quote, quote)


def mapping_at(answer: Any, field: str) -> Mapping[str, Any]:
    """`answer[field]` as an object."""
    value = _at(answer, field)
    if not isinstance(value, Mapping):
        raise AnswerUnreadable(field, value)
    return value


def text_at(answer: Any, field: str) -> str:
    """`answer[field]` as text that is not empty."""
    value = _at(answer, field)
    if not isinstance(value, str) or not value:
        raise AnswerUnreadable(field, value)
    return value


def decimal_of(value: Any, field: str) -> Decimal:
    """A finite Decimal from text or a whole number."""
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise AnswerUnreadable(field, value) from None
        if number.is_finite():
            return number
    raise AnswerUnreadable(field, value)


def decimal_at(answer: Any, field: str) -> Decimal:
    """`answer[field]` as a Decimal."""
    return decimal_of(_at(answer, field), field)


def positive_at(answer: Any, field: str) -> Decimal:
    """`answer[field]` as a Decimal above zero."""
    number = decimal_at(answer, field)
    if number <= 0:
        raise AnswerUnreadable(field, number)
    return number


def whole_at(answer: Any, field: str) -> int:
    """`answer[field]` as a whole number."""
    value = _at(answer, field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise AnswerUnreadable(field, value)
    return value


def side_at(answer: Any, field: str) -> Side:
    """`answer[field]` as a side."""
    try:
        return Side(_at(answer, field))
    except ValueError:
        raise AnswerUnreadable(field, _at(answer, field)) from None


def seconds_at(answer: Any, field: str) -> float:
    """`answer[field]`, seconds since the epoch."""
    return float(positive_at(answer, field))


def rfc3339(at_s: float) -> str:
    """`at_s` as Kraken takes a deadline: UTC with milliseconds."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def instant_at(answer: Any, field: str) -> float:
    """`answer[field]`, an RFC 3339 time, as seconds since the epoch."""
    value = text_at(answer, field)
    try:
        return datetime.fromisoformat(value).timestamp()
    except ValueError:
        raise AnswerUnreadable(field, value) from None


def pair_rules(result: Any, symbol: str, tier: Tier) -> tuple[PairRules, PairNames]:
    """The rules of one pair from `AssetPairs`, and its names.

    The maker fee is the schedule's first step: what an account without volume pays is never below what this one does.
    """
    if not isinstance(result, Mapping) or len(result) != 1:
        raise AnswerUnreadable("result", result)
    pair_id, raw = next(iter(result.items()))
    steps = _at(raw, "fees_maker")
    if not isinstance(steps, list) or not steps or not isinstance(steps[0], list) or len(steps[0]) != 2:
        raise AnswerUnreadable("fees_maker", steps)
    if text_at(raw, "status") != "online":
        raise AnswerUnreadable("status", raw["status"])
    base, _, quote = symbol.partition("/")
    names = PairNames(
        symbol=symbol,
        base=base,
        quote=quote,
        id=pair_id,
        base_id=text_at(raw, "base"),
        quote_id=text_at(raw, "quote"),
        aliases=frozenset(
            {pair_id, text_at(raw, "altname"), text_at(raw, "wsname").replace("/", ""), symbol.replace("/", "")}
        ),
    )
    if rest_name(symbol) not in names.aliases:
        raise AnswerUnreadable("altname", raw["altname"])
    rules = PairRules(
        pair=symbol,
        price_decimals=whole_at(raw, "pair_decimals"),
        quantity_decimals=whole_at(raw, "lot_decimals"),
        minimum_quantity=positive_at(raw, "ordermin"),
        minimum_cost_usd=positive_at(raw, "costmin"),
        maker_fee_ratio=decimal_of(steps[0][1], "fees_maker") / 100,
        open_orders_allowed=OPEN_ORDERS[tier],
    )
    return rules, names


def order_taken(result: Any, side: Side, names: PairNames) -> OrderTaken:
    """What `AddOrder` acknowledged: the order's id, and price and quantity from its one line of text.

    The text is `buy 25.00000000 XDGUSD @ limit 0.1234567`; what Kraken rounded shows here.
    """
    ids = _at(result, "txid")
    if not isinstance(ids, list) or len(ids) != 1 or not isinstance(ids[0], str) or not ids[0]:
        raise AnswerUnreadable("txid", ids)
    text = text_at(mapping_at(result, "descr"), "order")
    match = _ORDER_TEXT.match(text)
    if match is None or match[1] != side.value or match[3] not in names.aliases:
        raise AnswerUnreadable("descr.order", text)
    return OrderTaken(ids[0], Decimal(match[4]), Decimal(match[2]))


def is_of_pair(raw: Any, names: PairNames) -> bool:
    """Whether an order of `OpenOrders`, `ClosedOrders` or `QueryOrders` is of this pair."""
    return text_at(mapping_at(raw, "descr"), "pair") in names.aliases


def client_id_of(raw: Mapping[str, Any]) -> str:
    """The order's client id; empty when it has none (placed by hand or by another program)."""
    value = raw.get("cl_ord_id")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise AnswerUnreadable("cl_ord_id", value)
    return value


def venue_order(order_id: str, raw: Any) -> VenueOrder:
    """One order of `OpenOrders`, `ClosedOrders` or `QueryOrders`; `at_s` is when it was opened, or closed if it was."""
    described = mapping_at(raw, "descr")
    status = text_at(raw, "status")
    if status not in _FATES:
        raise AnswerUnreadable("status", status)
    fate = _FATES[status]
    filled = decimal_at(raw, "vol_exec")
    quantity = positive_at(raw, "vol")
    if not 0 <= filled <= quantity:
        raise AnswerUnreadable("vol_exec", raw["vol_exec"])
    return VenueOrder(
        client_id=client_id_of(raw),
        order_id=order_id,
        side=side_at(described, "type"),
        price=decimal_at(described, "price"),
        quantity=quantity,
        filled=filled,
        fate=fate,
        at_s=seconds_at(raw, "opentm" if fate is OrderFate.OPEN else "closetm"),
    )


def venue_fill(trade_id: str, raw: Any, client_id: str) -> VenueFill:
    """One trade of `TradesHistory`; its fee is in the quote currency, USD."""
    maker = _at(raw, "maker")
    if not isinstance(maker, bool):
        raise AnswerUnreadable("maker", maker)
    return VenueFill(
        trade_id=trade_id,
        order_id=text_at(raw, "ordertxid"),
        client_id=client_id,
        side=side_at(raw, "type"),
        price=positive_at(raw, "price"),
        quantity=positive_at(raw, "vol"),
        fee_usd=decimal_at(raw, "fee"),
        maker=maker,
        at_s=seconds_at(raw, "time"),
    )


def balances(result: Any, names: PairNames, at_s: float) -> Balances:
    """Totals from `Balance`, which leaves out assets that the account never held."""
    if not isinstance(result, Mapping):
        raise AnswerUnreadable("result", result)
    usd, doge = (
        decimal_at(result, asset) if asset in result else Decimal(0) for asset in (names.quote_id, names.base_id)
    )
    return Balances(usd=usd, doge=doge, at_s=at_s)


def _at(answer: Any, field: str) -> Any:
    if not isinstance(answer, Mapping) or field not in answer:
        raise AnswerUnreadable(field, answer)
    return cast("Any", answer[field])
