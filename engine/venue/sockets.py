"""Kraken's WebSocket v2 messages in the grid's words: pure, one object per subscription.

Shapes: docs.kraken.com/exchange/api-reference/spot-websocket-v2 (ticker, executions). An `executions` entry
carries only what changed, so what is known of each order is kept and added to.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from engine.grid.ports import OrderFate, Quote, RowSetAside, VenueFill, VenueOrder
from engine.venue.errors import AnswerUnreadable
from engine.venue.translate import (
    LIMIT,
    ORDER_TYPES,
    USD,
    Market,
    PairNames,
    client_id_of,
    decimal_at,
    fee_believed,
    identifier_at,
    instant_at,
    is_symbol,
    list_at,
    market_of,
    one_of_at,
    positive_at,
    side_at,
    text_at,
    text_or_empty,
    whole_at,
)

_KINDS = frozenset(
    {"pending_new", "new", "trade", "filled", "iceberg_refill", "canceled", "expired", "amended", "restated", "status"}
)
_ENDS = frozenset({"filled", "canceled", "expired"})
_FATES = {
    "pending_new": OrderFate.OPEN,
    "new": OrderFate.OPEN,
    "partially_filled": OrderFate.OPEN,
    "filled": OrderFate.FILLED,
    "canceled": OrderFate.CANCELLED,
    "expired": OrderFate.EXPIRED,
}
ENDED_KEPT = 1000
_FEE_ASSET = re.compile(r"[A-Z0-9.]{2,12}", re.ASCII)


class OrderUnseen(Exception):
    """News of an order of which nothing was seen before: something was missed."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"news of order {order_id}, of which nothing was seen before")


class Place(Enum):
    """Where a message stands in its channel's sequence."""

    NEXT = "next"
    SEEN = "seen"
    GAP = "gap"


class Sequence:
    """Notices messages that are missing or come twice.

    Kraken numbers the messages of a subscription. Whether two subscriptions of one connection share their numbers is
    not documented, so the next number of either count is accepted.
    """

    def __init__(self) -> None:
        self._last_of: dict[str, int] = {}
        self._last = 0

    def place(self, channel: str, message: Mapping[str, Any]) -> Place:
        """A channel's first message sets its count; a message without a number is taken as the next."""
        if "sequence" not in message:
            return Place.NEXT
        number = whole_at(message, "sequence")
        before = self._last_of.get(channel)
        if before is not None and number <= before:
            return Place.SEEN
        place = Place.NEXT if before is None or number in (before + 1, self._last + 1) else Place.GAP
        self._last_of[channel] = self._last = number
        return place


def quote(entry: Any, at_s: float) -> Quote:
    """Best bid and ask of a `ticker` entry, as of the moment it was received.

    An ask of more than twice the bid is no market to price entries from: one of the two is wrong.
    """
    bid, ask = positive_at(entry, "bid"), positive_at(entry, "ask")
    if not bid <= ask <= 2 * bid:
        raise AnswerUnreadable("ask", f"{ask} against a bid of {bid}")
    return Quote(bid=bid, ask=ask, at_s=at_s)


class Executions:
    """Turns `executions` entries into orders and fills of the whole account.

    A trade says little of its order (often not even the sum of its fills), so it becomes a fill alone; the order's own
    entries (new, amended, filled, canceled, expired...) become orders.
    """

    def __init__(self, names: PairNames, client_ids: Mapping[str, str]) -> None:
        self._names = names
        self._client_ids = client_ids
        self._open: dict[str, dict[str, Any]] = {}
        self._ended: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._passed_over: OrderedDict[str, None] = OrderedDict()

    def read(self, entry: Any, snapshot: bool) -> VenueOrder | VenueFill | None:
        """What one entry says; None when its order is not on the book yet, or is somebody else's and was set aside.

        Raises OrderUnseen when it tells too little of an order of which nothing was known; AnswerUnreadable, and then
        `set_aside` is to be told.
        """
        order_id, kind = identifier_at(entry, "order_id"), one_of_at(entry, "exec_type", _KINDS)
        known = self._open.get(order_id) or self._ended.get(order_id) or {}
        if "symbol" in entry and text_at(entry, "symbol") != known.get("symbol", entry["symbol"]):
            raise AnswerUnreadable("symbol", entry["symbol"])
        if kind == "trade":
            market = self._market(entry)
            if not snapshot and order_id in self._open:
                self._open[order_id] = _after_trade(known, entry)
            return self._fill(entry, known, market)
        if kind in _ENDS and text_at(entry, "order_status") != kind:
            raise AnswerUnreadable("order_status", entry["order_status"])
        known = {**known, **entry, "timestamp": text_at(entry, "timestamp")}
        if "symbol" not in known:
            if order_id in self._passed_over:
                return None
            raise OrderUnseen(order_id)
        market = self._market(known)
        self._keep(order_id, known)
        return None if kind == "pending_new" else self._order(known, market)

    def set_aside(self, entry: Any, unreadable: AnswerUnreadable) -> RowSetAside:
        """The entry could not be read, so what was known of its order is out of date: it is forgotten.

        Later news of it is OrderUnseen, but passed over when the order is of another pair, so certainly not the grid's.
        """
        order_id = text_or_empty(entry, "order_id")
        known = self._open.pop(order_id, None) or self._ended.pop(order_id, None) or {}
        symbol = known.get("symbol") or text_or_empty(entry, "symbol")
        if is_symbol(symbol) and symbol != self._names.symbol and not self._client_ids.get(order_id):
            self._passed_over[order_id] = None
            if len(self._passed_over) > ENDED_KEPT:
                self._passed_over.popitem(last=False)
        told = text_or_empty(entry, "cl_ord_id") or text_or_empty(known, "cl_ord_id")
        client_id = told or self._client_ids.get(order_id, "")
        return RowSetAside("executions", order_id, client_id, unreadable.words)

    def _market(self, known: Any) -> Market:
        symbol = text_at(known, "symbol")
        return self._names.market if symbol == self._names.symbol else market_of(symbol, "symbol")

    def _keep(self, order_id: str, known: dict[str, Any]) -> None:
        """Late news of an ended order still finds it; the oldest ended ones are forgotten."""
        if _fate(known) is OrderFate.OPEN:
            self._open[order_id] = known
            return
        self._open.pop(order_id, None)
        self._ended[order_id] = known
        if len(self._ended) > ENDED_KEPT:
            self._ended.popitem(last=False)

    def _order(self, known: dict[str, Any], market: Market) -> VenueOrder:
        kind = one_of_at(known, "order_type", ORDER_TYPES) if "order_type" in known else LIMIT
        limit = kind == LIMIT
        if limit and ("limit_price" not in known or "order_qty" not in known):
            raise OrderUnseen(known["order_id"])
        # A market order may be given by what it costs, and then tells no quantity.
        quantity = positive_at(known, "order_qty") if limit or "order_qty" in known else Decimal(0)
        filled, fate = _filled(known), _fate(known)
        if quantity and (not 0 <= filled <= quantity or (fate is OrderFate.FILLED and filled < quantity)):
            raise AnswerUnreadable("cum_qty", known.get("cum_qty"))
        side, price = side_at(known, "side"), positive_at(known, "limit_price") if limit else Decimal(0)
        remaining = quantity - filled if fate is OrderFate.OPEN else Decimal(0)
        return VenueOrder(
            client_id=self._client_id(known),
            order_id=known["order_id"],
            side=side,
            price=price,
            quantity=quantity,
            filled=filled,
            fate=fate,
            at_s=instant_at(known, "timestamp"),
            pair=market.pair,
            order_type=kind,
            holds=market.holds(side, price, remaining) if limit and known.get("margin") is not True else None,
        )

    def _fill(self, entry: Any, known: Mapping[str, Any], market: Market) -> VenueFill:
        liquidity = text_at(entry, "liquidity_ind")
        if liquidity not in ("m", "t"):
            raise AnswerUnreadable("liquidity_ind", liquidity)
        price, quantity = positive_at(entry, "last_price"), positive_at(entry, "last_qty")
        fees = _fees(entry)
        return VenueFill(
            trade_id=identifier_at(entry, "exec_id"),
            order_id=identifier_at(entry, "order_id"),
            client_id=self._client_id({**known, **entry}),
            side=side_at(entry, "side"),
            price=price,
            quantity=quantity,
            fee_usd=_fee_usd(fees, market, price, quantity),
            maker=liquidity == "m",
            at_s=instant_at(entry, "timestamp"),
            fees=fees,
            pair=market.pair,
        )

    def _client_id(self, known: Mapping[str, Any]) -> str:
        return client_id_of(known) or self._client_ids.get(known["order_id"], "")


def _fees(entry: Any) -> tuple[tuple[str, Decimal], ...]:
    """Each part of a trade's fee in the asset that it was taken in; fee credits are one, KFEE."""
    parts = list_at(entry, "fees")
    if not parts:
        raise AnswerUnreadable("fees", parts)
    fees = []
    for part in parts:
        asset, amount = text_at(part, "asset"), decimal_at(part, "qty")
        if _FEE_ASSET.fullmatch(asset) is None:
            raise AnswerUnreadable("fees.asset", asset)
        fees.append((asset, amount))
    return tuple(fees)


def _fee_usd(fees: tuple[tuple[str, Decimal], ...], market: Market, price: Decimal, quantity: Decimal) -> Decimal:
    """The parts that have a price here: those in USD, and where the trade has one in USD, those in its base."""
    prices = {market.base: price, USD: Decimal(1)} if market.quote == USD else {USD: Decimal(1)}
    fee_usd = sum((amount * prices[asset] for asset, amount in fees if asset in prices), Decimal(0))
    return fee_believed(fee_usd, price * quantity, "fees") if market.quote == USD else fee_usd


def _fate(known: Mapping[str, Any]) -> OrderFate:
    return _FATES[one_of_at(known, "order_status", _FATES)]


def _filled(known: Mapping[str, Any]) -> Decimal:
    if "cum_qty" in known:
        return decimal_at(known, "cum_qty")
    status = text_at(known, "order_status")
    if status in ("new", "pending_new"):
        return Decimal(0)
    if status == "filled":
        return decimal_at(known, "order_qty")
    raise AnswerUnreadable("cum_qty", known)


def _after_trade(known: Mapping[str, Any], trade: Any) -> dict[str, Any]:
    """What is known of an order after one more trade; entries of a subscription come once each."""
    after = dict(known)
    if "cum_qty" in trade:
        after["cum_qty"] = trade["cum_qty"]
    elif "cum_qty" in known or known.get("order_status") == "new":
        before = decimal_at(known, "cum_qty") if "cum_qty" in known else Decimal(0)
        after["cum_qty"] = format(before + positive_at(trade, "last_qty"), "f")
    return after
