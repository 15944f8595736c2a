"""Kraken's REST answers in the grid's words: fields, the pair's rules, orders and trades.

A field that is missing or malformed raises `AnswerUnreadable`; nothing is filled in. Numbers arrive as the text that
was on the wire (`wire.py` has JSON numbers kept as text), so a Decimal is never made from a float. Amounts and times
that no exchange could mean are malformed too: they would pass as numbers and do their harm further in.

Shapes: docs.kraken.com/api-reference (AssetPairs, AddOrder, AmendOrder, OpenOrders, ClosedOrders, QueryOrders,
TradesHistory).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from engine.grid.ports import OrderFate, OrderTaken, PairRules, Side, VenueFill, VenueOrder
from engine.venue.asset_codes import REST_NAMES
from engine.venue.errors import AnswerUnreadable
from engine.venue.rates import OPEN_ORDERS, Tier

_ORDER_TEXT = re.compile(r"(buy|sell) ([\d.]+) (\S+) @ limit ([\d.]+)", re.ASCII)
_SYMBOL = re.compile(r"[A-Za-z0-9.]{2,16}/[A-Za-z0-9.]{2,16}", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Z0-9]{6}-[A-Z0-9]{5}-[A-Z0-9]{6}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST_NUMBER = 60
_LARGEST_AMOUNT, _SMALLEST_AMOUNT = Decimal("1e15"), Decimal("1e-18")
_LATEST_S = 4_102_444_800
"""The year 2100. A time beyond it is not one, and a grid that took it for one would never read older trades again."""

_MOST_DECIMALS = 12
_DEAREST_FEE = Decimal("0.1")
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
    return identifier_of(_at(answer, field), field)


def list_at(answer: Any, field: str) -> list[Any]:
    """`answer[field]` as a list."""
    value = _at(answer, field)
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
    return decimal_of(_at(answer, field), field)


def positive_at(answer: Any, field: str) -> Decimal:
    """`answer[field]` as a Decimal above zero."""
    number = decimal_at(answer, field)
    if number <= 0:
        raise AnswerUnreadable(field, number)
    return number


def whole_at(answer: Any, field: str, most: int = 10**9) -> int:
    """`answer[field]` as a whole number from 0 to `most`."""
    value = _at(answer, field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
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
    number = positive_at(answer, field)
    if number >= _LATEST_S:
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
    if moment.tzinfo is None or not 0 <= moment.timestamp() < _LATEST_S:
        raise AnswerUnreadable(field, value)
    return moment.timestamp()


def fee_believed(fee: Decimal, value: Decimal, field: str) -> Decimal:
    """`fee`, unless it is negative or more than the trade was worth."""
    if not 0 <= fee <= value:
        raise AnswerUnreadable(field, fee)
    return fee


def pair_rules(result: Any, symbol: str, tier: Tier) -> tuple[PairRules, PairNames]:
    """The rules of one pair from `AssetPairs`, and its names.

    The maker fee is the schedule's first step: what an account without volume pays is never below what this one does.
    """
    if not isinstance(result, Mapping) or len(result) != 1:
        raise AnswerUnreadable("result", result)
    pair_id, raw = next(iter(result.items()))
    if text_at(raw, "status") != "online":
        raise AnswerUnreadable("status", raw["status"])
    base, _, quote = symbol.partition("/")
    names = PairNames(
        symbol=symbol,
        base=base,
        quote=quote,
        id=pair_id,
        base_id=_asset_id_at(raw, "base", base),
        quote_id=_asset_id_at(raw, "quote", quote),
        aliases=frozenset(
            {pair_id, text_at(raw, "altname"), text_at(raw, "wsname").replace("/", ""), symbol.replace("/", "")}
        ),
    )
    if rest_name(symbol) not in names.aliases:
        raise AnswerUnreadable("altname", raw["altname"])
    rules = PairRules(
        pair=symbol,
        price_decimals=whole_at(raw, "pair_decimals", _MOST_DECIMALS),
        quantity_decimals=whole_at(raw, "lot_decimals", _MOST_DECIMALS),
        minimum_quantity=positive_at(raw, "ordermin"),
        minimum_cost_usd=positive_at(raw, "costmin"),
        maker_fee_ratio=_first_fee(raw, "fees_maker"),
        open_orders_allowed=OPEN_ORDERS[tier],
    )
    return rules, names


def _asset_id_at(raw: Any, field: str, asset: str) -> str:
    """REST's code of an asset: XXDG for DOGE, ZUSD for USD. Another asset's code would find no balance, and say 0."""
    code = text_at(raw, field)
    name = REST_NAMES.get(asset, asset)
    if code not in (name, f"X{name}", f"Z{name}"):
        raise AnswerUnreadable(field, code)
    return code


def _first_fee(raw: Any, field: str) -> Decimal:
    """The first step of a fee schedule, `[[volume, percent], ...]`, as a ratio."""
    steps = list_at(raw, field)
    if not steps or not isinstance(steps[0], list) or len(steps[0]) != 2:
        raise AnswerUnreadable(field, steps)
    fee = decimal_of(steps[0][1], field) / 100
    if not 0 <= fee <= _DEAREST_FEE:
        raise AnswerUnreadable(field, steps)
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
    maker = _at(raw, "maker")
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


def last_price(result: Any) -> Decimal:
    """The last price of the one pair that `Ticker` was asked for."""
    if not isinstance(result, Mapping) or len(result) != 1:
        raise AnswerUnreadable("result", result)
    closed = list_at(next(iter(result.values())), "c")
    return decimal_of(closed[0] if closed else None, "c")


def _at(answer: Any, field: str) -> Any:
    if not isinstance(answer, Mapping) or field not in answer:
        raise AnswerUnreadable(field, answer)
    return cast("Any", answer[field])
