"""Kraken's WebSocket v2 messages in the grid's words: pure, one object per subscription.

Shapes: docs.kraken.com/exchange/api-reference/spot-websocket-v2 (ticker, executions, balances). An `executions` entry
carries only what changed, so what is known of each order is kept and added to.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from engine.grid.ports import Balances, OrderFate, Quote, VenueFill, VenueOrder
from engine.venue.errors import AnswerUnreadable
from engine.venue.translate import (
    LIMIT,
    ORDER_TYPES,
    PairNames,
    client_id_of,
    decimal_at,
    fee_believed,
    identifier_at,
    instant_at,
    list_at,
    one_of_at,
    positive_at,
    side_at,
    text_at,
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
    """Turns `executions` entries into orders and fills of one pair.

    A trade says little of its order (often not even the sum of its fills), so it becomes a fill alone; the order's own
    entries (new, amended, filled, canceled, expired...) become orders.
    """

    def __init__(self, names: PairNames, client_ids: Mapping[str, str]) -> None:
        self._names = names
        self._client_ids = client_ids
        self._open: dict[str, dict[str, Any]] = {}
        self._ended: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def read(self, entry: Any, snapshot: bool) -> VenueOrder | VenueFill | None:
        """What one entry says; None when it is of another pair, no limit order, or not on the book yet.

        Raises OrderUnseen when it tells too little of an order of which nothing was known; AnswerUnreadable.
        """
        order_id, kind = identifier_at(entry, "order_id"), one_of_at(entry, "exec_type", _KINDS)
        known = self._open.get(order_id) or self._ended.get(order_id) or {}
        if "symbol" in entry and text_at(entry, "symbol") != known.get("symbol", entry["symbol"]):
            raise AnswerUnreadable("symbol", entry["symbol"])
        if kind == "trade":
            if not snapshot and order_id in self._open:
                self._open[order_id] = _after_trade(known, entry)
            return self._fill(entry, known) if text_at(entry, "symbol") == self._names.symbol else None
        if kind in _ENDS and text_at(entry, "order_status") != kind:
            raise AnswerUnreadable("order_status", entry["order_status"])
        known = {**known, **entry, "timestamp": text_at(entry, "timestamp")}
        if "symbol" not in known:
            raise OrderUnseen(order_id)
        self._keep(order_id, known)
        limit = "order_type" not in known or one_of_at(known, "order_type", ORDER_TYPES) == LIMIT
        if known["symbol"] != self._names.symbol or not limit:
            return None
        return None if kind == "pending_new" else self._order(known)

    def _keep(self, order_id: str, known: dict[str, Any]) -> None:
        """Late news of an ended order still finds it; the oldest ended ones are forgotten."""
        if _fate(known) is OrderFate.OPEN:
            self._open[order_id] = known
            return
        self._open.pop(order_id, None)
        self._ended[order_id] = known
        if len(self._ended) > ENDED_KEPT:
            self._ended.popitem(last=False)

    def _order(self, known: dict[str, Any]) -> VenueOrder:
        if "limit_price" not in known or "order_qty" not in known:
            raise OrderUnseen(known["order_id"])
        quantity, filled, fate = positive_at(known, "order_qty"), _filled(known), _fate(known)
        if not 0 <= filled <= quantity or (fate is OrderFate.FILLED and filled < quantity):
            raise AnswerUnreadable("cum_qty", known.get("cum_qty"))
        return VenueOrder(
            client_id=self._client_id(known),
            order_id=known["order_id"],
            side=side_at(known, "side"),
            price=positive_at(known, "limit_price"),
            quantity=quantity,
            filled=filled,
            fate=fate,
            at_s=instant_at(known, "timestamp"),
        )

    def _fill(self, entry: Any, known: Mapping[str, Any]) -> VenueFill:
        liquidity = text_at(entry, "liquidity_ind")
        if liquidity not in ("m", "t"):
            raise AnswerUnreadable("liquidity_ind", liquidity)
        price, quantity = positive_at(entry, "last_price"), positive_at(entry, "last_qty")
        return VenueFill(
            trade_id=identifier_at(entry, "exec_id"),
            order_id=identifier_at(entry, "order_id"),
            client_id=self._client_id({**known, **entry}),
            side=side_at(entry, "side"),
            price=price,
            quantity=quantity,
            fee_usd=fee_believed(self._fee_usd(entry, price), price * quantity, "fees"),
            maker=liquidity == "m",
            at_s=instant_at(entry, "timestamp"),
        )

    def _fee_usd(self, entry: Any, price: Decimal) -> Decimal:
        total, fees = Decimal(0), list_at(entry, "fees")
        if not fees:
            raise AnswerUnreadable("fees", fees)
        for fee in fees:
            asset = text_at(fee, "asset")
            if asset not in (self._names.quote, self._names.base):
                raise AnswerUnreadable("fees.asset", asset)
            total += decimal_at(fee, "qty") * (1 if asset == self._names.quote else price)
        return total

    def _client_id(self, known: Mapping[str, Any]) -> str:
        return client_id_of(known) or self._client_ids.get(known["order_id"], "")


class BalanceSheet:
    """Turns `balances` messages into totals of the two assets of one pair, spot wallet only."""

    def __init__(self, names: PairNames) -> None:
        self._names = names
        self._totals: dict[str, Decimal] = {}

    def snapshot(self, entries: Any, at_s: float) -> Balances:
        """All assets held; what is not listed is 0."""
        if not isinstance(entries, list):
            raise AnswerUnreadable("data", entries)
        self._totals = {self._names.base: Decimal(0), self._names.quote: Decimal(0)}
        for entry in entries:
            asset = text_at(entry, "asset")
            if asset in self._totals:
                self._totals[asset] = _spot_balance(entry)
        return self._sheet(at_s)

    def update(self, entries: Any, at_s: float) -> Balances | None:
        """Balances after ledger entries; None when they concern other assets or wallets."""
        if not isinstance(entries, list):
            raise AnswerUnreadable("data", entries)
        concerned = False
        for entry in entries:
            asset = text_at(entry, "asset")
            wallet = tuple(
                text_at(entry, field) if field in entry else usual
                for field, usual in (("wallet_type", "spot"), ("wallet_id", "main"))
            )
            if asset in (self._names.base, self._names.quote) and wallet == ("spot", "main"):
                self._totals[asset] = decimal_at(entry, "balance")
                concerned = True
        return self._sheet(at_s) if concerned else None

    def _sheet(self, at_s: float) -> Balances:
        for asset in (self._names.base, self._names.quote):
            if asset not in self._totals:
                raise AnswerUnreadable(f"balance of {asset}", "an update before the snapshot")
        return Balances(usd=self._totals[self._names.quote], doge=self._totals[self._names.base], at_s=at_s)


def _spot_balance(entry: Any) -> Decimal:
    if "wallets" not in entry:
        return decimal_at(entry, "balance")
    spot = [w for w in list_at(entry, "wallets") if (text_at(w, "type"), text_at(w, "id")) == ("spot", "main")]
    return sum((decimal_at(wallet, "balance") for wallet in spot), Decimal(0))


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
