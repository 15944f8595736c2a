"""Kraken's REST answers in the grid's words: fields, orders and trades.

A field that is missing or malformed raises `AnswerUnreadable`; nothing is filled in. Numbers arrive as the text that
was on the wire (`wire.py` has JSON numbers kept as text), so a Decimal is never made from a float. Amounts and times
that no exchange could mean are malformed too: they would pass as numbers and do their harm further in.

Shapes: docs.kraken.com/api-reference (AddOrder, AmendOrder, OpenOrders, ClosedOrders, QueryOrders,
TradesHistory).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from engine.grid.ports import OrderFate, OrderTaken, Side, VenueFill, VenueOrder
from engine.venue.asset_codes import REST_NAMES
from engine.venue.errors import AnswerUnreadable

_ORDER_TEXT = re.compile(r"(buy|sell) ([\d.]+) (\S+) @ limit ([\d.]+)", re.ASCII)
_SYMBOL = re.compile(r"[A-Za-z0-9.]{2,16}/[A-Za-z0-9.]{2,16}", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Z0-9]{6}-[A-Z0-9]{5}-[A-Z0-9]{6}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST_NUMBER = 60
_LARGEST_AMOUNT, _SMALLEST_AMOUNT = Decimal("1e15"), Decimal("1e-18")
LATEST_S = 4_102_444_800
"""The year 2100. A time beyond it is not one, and a grid that took it for one would never read older trades again."""

LIMIT = "limit"
ORDER_TYPES = frozenset(
    {
        *(LIMIT, "market", "iceberg", "settle-position"),
        *("stop-loss", "take-profit", "trailing-stop"),
        *("stop-loss-limit", "take-profit-limit", "trailing-stop-limit"),
    }
)
_FATES = {
    "pending": OrderFate.OPEN,
    "open": OrderFate.OPEN,
    "closed": OrderFate.FILLED,
    "canceled": OrderFate.CANCELLED,
    "expired": OrderFate.EXPIRED,
}


USD = "USD"
_NO_LEVERAGE = "none"
_IN_QUOTE = "viqc"
"""The flag of an order whose volume is in the quote currency."""


@dataclass(frozen=True, slots=True)
class Market:
    """What an order or a trade is of. pair: as the grid has it, empty for its own.

    base, quote: as the sockets name them; empty where that is not known (a pair that is not listed any more).
    """

    pair: str
    base: str
    quote: str

    def holds(self, side: Side, price: Decimal, remaining: Decimal) -> tuple[str, Decimal] | None:
        """What a limit order without leverage holds, its fee not counted."""
        asset, amount = (self.quote, price * remaining) if side is Side.BUY else (self.base, remaining)
        return (asset, amount) if asset else None


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

    @property
    def market(self) -> Market:
        """The grid's own pair."""
        return Market(pair="", base=self.base, quote=self.quote)


def is_symbol(text: str) -> bool:
    """Whether `text` has the form of a pair's name on the sockets, BASE/QUOTE."""
    return _SYMBOL.fullmatch(text) is not None


def market_of(symbol: str, field: str) -> Market:
    """Another pair than the grid's, from its name on the sockets."""
    if not is_symbol(symbol):
        raise AnswerUnreadable(field, symbol)
    base, _, quote = symbol.partition("/")
    return Market(pair=symbol, base=base, quote=quote)


def rest_name(symbol: str) -> str:
    """The name that REST always takes for a pair: `DOGE/USD` is XDGUSD there (Kraken kept its first asset codes)."""
    base, _, quote = symbol.partition("/")
    return REST_NAMES.get(base, base) + REST_NAMES.get(quote, quote)


def mapping_at(answer: Any, field: str) -> Mapping[str, Any]:
    """`answer[field]` as an object."""
    value = value_at(answer, field)
    if not isinstance(value, Mapping):
        raise AnswerUnreadable(field, value)
    return value


def text_at(answer: Any, field: str) -> str:
    """`answer[field]` as text that is not empty."""
    value = value_at(answer, field)
    if not isinstance(value, str) or not value:
        raise AnswerUnreadable(field, value)
    return value


def text_or_empty(raw: Any, field: str) -> str:
    """`raw[field]` where it is text, else empty: to tell whose a row is before the whole of it is read."""
    value = raw.get(field) if isinstance(raw, Mapping) else None
    return value if isinstance(value, str) else ""


def one_of_at(answer: Any, field: str, words: Collection[str]) -> str:
    """`answer[field]` as one of the words that Kraken documents."""
    word = text_at(answer, field)
    if word not in words:
        raise AnswerUnreadable(field, word)
    return word


def is_identifier(text: str) -> bool:
    """Whether `text` has the form of Kraken's name of an order or trade, `OQCLML-BW3P3-BUCMWZ`."""
    return _IDENTIFIER.fullmatch(text) is not None


def identifier_of(value: Any, field: str) -> str:
    """Kraken's name of an order or trade. A trade under another name would count once more."""
    if not isinstance(value, str) or not is_identifier(value):
        raise AnswerUnreadable(field, value)
    return value


def identifier_at(answer: Any, field: str) -> str:
    """`answer[field]` as Kraken's name of an order or trade."""
    return identifier_of(value_at(answer, field), field)


def list_at(answer: Any, field: str) -> list[Any]:
    """`answer[field]` as a list."""
    value = value_at(answer, field)
    if not isinstance(value, list):
        raise AnswerUnreadable(field, value)
    return value


def decimal_of(value: Any, field: str) -> Decimal:
    """A Decimal from text or a whole number: 0, or 1e-18 to 1e15 on either side of it."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or len(text) > _LONGEST_NUMBER or _NUMBER.fullmatch(text) is None:
        raise AnswerUnreadable(field, value)
    number = Decimal(text)
    if number and not _SMALLEST_AMOUNT <= abs(number) <= _LARGEST_AMOUNT:
        raise AnswerUnreadable(field, value)
    return number


def decimal_at(answer: Any, field: str) -> Decimal:
    """`answer[field]` as a Decimal."""
    return decimal_of(value_at(answer, field), field)


def positive_at(answer: Any, field: str) -> Decimal:
    """`answer[field]` as a Decimal above zero."""
    number = decimal_at(answer, field)
    if number <= 0:
        raise AnswerUnreadable(field, number)
    return number


def whole_at(answer: Any, field: str, most: int = 10**9) -> int:
    """`answer[field]` as a whole number from 0 to `most`."""
    value = value_at(answer, field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise AnswerUnreadable(field, value)
    return value


def side_at(answer: Any, field: str) -> Side:
    """`answer[field]` as a side."""
    try:
        return Side(value_at(answer, field))
    except ValueError:
        raise AnswerUnreadable(field, value_at(answer, field)) from None


def seconds_at(answer: Any, field: str) -> float:
    """`answer[field]`, seconds since the epoch."""
    number = positive_at(answer, field)
    if number >= LATEST_S:
        raise AnswerUnreadable(field, number)
    return float(number)


def rfc3339(at_s: float) -> str:
    """`at_s` as Kraken takes a deadline: UTC with milliseconds."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def instant_at(answer: Any, field: str) -> float:
    """`answer[field]`, an RFC 3339 time with its offset, as seconds since the epoch."""
    value = text_at(answer, field)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise AnswerUnreadable(field, value) from None
    if moment.tzinfo is None or not 0 <= moment.timestamp() < LATEST_S:
        raise AnswerUnreadable(field, value)
    return moment.timestamp()


def fee_believed(fee: Decimal, value: Decimal, field: str) -> Decimal:
    """`fee`, unless it is negative or more than the trade was worth."""
    if not 0 <= fee <= value:
        raise AnswerUnreadable(field, fee)
    return fee


def order_taken(result: Any, side: Side, names: PairNames) -> OrderTaken:
    """What `AddOrder` acknowledged: the order's id, and price and quantity from its one line of text.

    The text is `buy 25.00000000 XDGUSD @ limit 0.1234567`; what Kraken rounded shows here.
    """
    ids = list_at(result, "txid")
    if len(ids) != 1:
        raise AnswerUnreadable("txid", ids)
    text = text_at(mapping_at(result, "descr"), "order")
    match = _ORDER_TEXT.match(text)
    if match is None or match[1] != side.value or match[3] not in names.aliases:
        raise AnswerUnreadable("descr.order", text)
    quantity, price = (decimal_of(match[part], "descr.order") for part in (2, 4))
    if not (quantity > 0 and price > 0):
        raise AnswerUnreadable("descr.order", text)
    return OrderTaken(identifier_of(ids[0], "txid"), price, quantity)


def client_id_of(raw: Any) -> str:
    """The order's client id; empty when it has none (placed by hand or by another program)."""
    if not isinstance(raw, Mapping):
        raise AnswerUnreadable("cl_ord_id", raw)
    value = raw.get("cl_ord_id")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise AnswerUnreadable("cl_ord_id", value)
    return value


def venue_order(order_id: str, raw: Any, market: Market) -> VenueOrder:
    """One order of `OpenOrders`, `ClosedOrders` or `QueryOrders`; `at_s` is when it was opened, or closed if it was.

    Of other types than limit, which others may have placed, the price is 0: a trailing stop has `+1.0000%` there.
    """
    described = mapping_at(raw, "descr")
    fate = _FATES[one_of_at(raw, "status", _FATES)]
    filled = decimal_at(raw, "vol_exec")
    quantity = positive_at(raw, "vol")
    if not 0 <= filled <= quantity or (fate is OrderFate.FILLED and filled < quantity):
        raise AnswerUnreadable("vol_exec", raw["vol_exec"])
    kind = one_of_at(described, "ordertype", ORDER_TYPES)
    side = side_at(described, "type")
    price = positive_at(described, "price") if kind == LIMIT else Decimal(0)
    plain = described.get("leverage", _NO_LEVERAGE) == _NO_LEVERAGE and _IN_QUOTE not in str(raw.get("oflags"))
    remaining = quantity - filled if fate is OrderFate.OPEN else Decimal(0)
    return VenueOrder(
        client_id=client_id_of(raw),
        order_id=identifier_of(order_id, "order id"),
        side=side,
        price=price,
        quantity=quantity,
        filled=filled,
        fate=fate,
        at_s=seconds_at(raw, "opentm" if fate is OrderFate.OPEN else "closetm"),
        pair=market.pair,
        order_type=kind,
        holds=market.holds(side, price, remaining) if plain and kind == LIMIT else None,
    )


def venue_fill(trade_id: str, raw: Any, client_id: str, market: Market) -> VenueFill:
    """One trade of `TradesHistory`; its fee is in the quote currency."""
    maker = value_at(raw, "maker")
    if not isinstance(maker, bool):
        raise AnswerUnreadable("maker", maker)
    price, quantity = positive_at(raw, "price"), positive_at(raw, "vol")
    fee = fee_believed(decimal_at(raw, "fee"), price * quantity, "fee")
    return VenueFill(
        trade_id=identifier_of(trade_id, "trade id"),
        order_id=identifier_at(raw, "ordertxid"),
        client_id=client_id,
        side=side_at(raw, "type"),
        price=price,
        quantity=quantity,
        fee_usd=fee if market.quote == USD else Decimal(0),
        maker=maker,
        at_s=seconds_at(raw, "time"),
        fees=((market.quote, fee),) if fee and market.quote else (),
        pair=market.pair,
    )


def ahead_of(unixtime_s: float, asked_s: float, answered_s: float) -> float:
    """How far a clock that read `asked_s` and `answered_s` is ahead of one that said `unixtime_s` in between.

    Kraken's `Time` has whole seconds, and when in between it was said is not known, so there is a range of answers:
    this is the one nearest to 0, and 0 where the two clocks may agree.
    """
    least, most = asked_s - (unixtime_s + 1), answered_s - unixtime_s
    return max(least, 0.0) + min(most, 0.0)


def last_price(result: Any) -> Decimal:
    """The last price of the one pair that `Ticker` was asked for."""
    if not isinstance(result, Mapping) or len(result) != 1:
        raise AnswerUnreadable("result", result)
    closed = list_at(next(iter(result.values())), "c")
    return decimal_of(closed[0] if closed else None, "c")


def value_at(answer: Any, field: str) -> Any:
    """`answer[field]`, whatever it is."""
    if not isinstance(answer, Mapping) or field not in answer:
        raise AnswerUnreadable(field, answer)
    return cast("Any", answer[field])
