"""What the paper exchange remembers of an order and a trade, and how it names them."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

from engine.paper.market import HISTORY_H
from engine.paper.pair import (
    LOT_DECIMALS,
    PRICE_DECIMALS,
    QUOTE,
    SYMBOL,
    assets_of,
    cost_ceiling,
    pair_altname,
    price_of,
)

Side = Literal["buy", "sell"]
OrderType = Literal["limit", "market"]
TimeInForce = Literal["GTC", "GTD", "IOC"]
HISTORY_KEPT = 20_000
NUMBERS_A_SECOND = 10_000
MARKET_SLOT = 5
"""Trades are numbered by when they took place, ten thousand numbers a second; those that end in 5 are of others
(`engine.paper.tape`)."""

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Status(Enum):
    """Kraken's order states."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELED = "canceled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as it is asked for. volume: DOGE. price: USD, None for a market order. expires_s: epoch seconds."""

    side: Side
    volume: Decimal
    price: Decimal | None
    post_only: bool = False
    cl_ord_id: str | None = None
    userref: int = 0
    time_in_force: TimeInForce = "GTC"
    expires_s: float | None = None
    deadline_s: float | None = None

    @property
    def type(self) -> OrderType:
        return "market" if self.price is None else "limit"


@dataclass(slots=True)
class Order:
    """An order on the book or in the history. Amounts in DOGE (`volume`, `filled`) and USD (the rest).

    symbol: of another pair's order another; such an order rests, holds what it needs and is never filled. type: of one
    that came by hand it may be a word that no client knows. foreign: it came
    from somebody else, as `engine.paper.interference` plays. placed_volume: before any amendment; None in older files.
    """

    id: str
    number: int
    side: Side
    type: str
    volume: Decimal
    units: int
    post_only: bool
    cl_ord_id: str | None
    userref: int
    time_in_force: TimeInForce
    expires_s: float | None
    opened_s: float
    changed_s: float
    fee_ratio: Decimal
    status: Status = Status.OPEN
    closed_s: float | None = None
    reason: str | None = None
    amended: bool = False
    filled: Decimal = Decimal(0)
    exact_cost: Decimal = Decimal(0)
    exact_fee: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    trades: list[str] = field(default_factory=list)
    symbol: str = SYMBOL
    foreign: bool = False
    placed_volume: Decimal | None = None

    @property
    def price(self) -> Decimal:
        """The limit; 0 for a market order."""
        return price_of(self.units)

    @property
    def remaining(self) -> Decimal:
        return self.volume - self.filled

    @property
    def average_price(self) -> Decimal:
        """What was paid per DOGE so far, 0 before the first fill."""
        return (self.exact_cost / self.filled).quantize(price_of(1)) if self.filled else Decimal(0)

    @property
    def held_usd(self) -> Decimal:
        """USD set aside: all that this order may still cost, fee included. Nothing for a sell, or for another quote."""
        if self.status is not Status.OPEN or self.side == "sell" or assets_of(self.symbol)[1] != QUOTE:
            return Decimal(0)
        rest = self.remaining * self.price
        return (
            cost_ceiling(self.exact_cost + rest)
            + cost_ceiling(self.exact_fee + rest * self.fee_ratio)
            - self.cost
            - self.fee
        )

    @property
    def held_doge(self) -> Decimal:
        """DOGE set aside: what is still to be sold. Nothing for a buy, or of another pair."""
        own = self.status is Status.OPEN and self.side == "sell" and self.symbol == SYMBOL
        return self.remaining if own else Decimal(0)

    @property
    def description(self) -> str:
        """Kraken's one line, as `buy 20.00000000 XDGUSD @ limit 0.0960000`."""
        return describe(self.side, self.volume, None if self.type == "market" else self.price, self.symbol, self.type)


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill. `cost` and `fee` are what was booked, in USD; `fee_credits` what was taken in KFEE instead.

    trade_id: its number on the public tape, 0 for one of another pair.
    """

    id: str
    number: int
    order_id: str
    at_s: float
    side: Side
    type: str
    price: Decimal
    volume: Decimal
    cost: Decimal
    fee: Decimal
    maker: bool
    cl_ord_id: str | None
    symbol: str = SYMBOL
    fee_credits: Decimal = Decimal(0)
    trade_id: int = 0

    def ledger_ids(self, seed: int) -> tuple[str, str]:
        """Names of its two entries in the account's ledger, of the base and of the quote."""
        return name_of("L", seed, 2 * self.number), name_of("L", seed, 2 * self.number + 1)


def first_number(step: int) -> int:
    """The first number of a second; the market's history before step 0 has numbers too."""
    return (step + HISTORY_H * 3600) * NUMBERS_A_SECOND


def trade_number(since_start_s: float, after: int) -> int:
    """The number of a fill that takes place so long after the market's start, behind the number `after`."""
    number = max(first_number(0) + math.floor(since_start_s * 1000) * 10, after + 1)
    return number + 1 if number % 10 == MARKET_SLOT else number


def describe(
    side: Side, volume: Decimal, price: Decimal | None, symbol: str = SYMBOL, order_type: str = "limit"
) -> str:
    """The text Kraken gives an order in `descr.order`."""
    at = "market" if price is None else f"{order_type} {price:.{PRICE_DECIMALS}f}"
    return f"{side} {volume:.{LOT_DECIMALS}f} {pair_altname(symbol)} @ {at}"


def name_of(kind: str, seed: int, number: int) -> str:
    """A name in Kraken's form (`O5KQ2X-7GZ4A-B3MNQ8`): one per kind, seed and number, and no two alike in practice."""
    value = int.from_bytes(hashlib.blake2b(f"{kind}{seed}/{number}".encode(), digest_size=16).digest())
    letters = []
    for _ in range(16):
        value, at = divmod(value, 36)
        letters.append(_LETTERS[at])
    text = "".join(letters)
    return f"{kind}{text[:5]}-{text[5:10]}-{text[10:]}"


def row_of(thing: Order | Trade) -> dict[str, Any]:
    """An order or trade as JSON types, for the store."""
    row: dict[str, Any] = {}
    for item in dataclasses.fields(thing):
        value = getattr(thing, item.name)
        if isinstance(value, Decimal):
            value = str(value)
        elif isinstance(value, Status):
            value = value.value
        row[item.name] = value
    return row


def order_from(row: dict[str, Any]) -> Order:
    """The order that `row_of` wrote."""
    amounts = ("volume", "fee_ratio", "filled", "exact_cost", "exact_fee", "cost", "fee")
    placed = row.get("placed_volume")
    fields: dict[str, Any] = {name: Decimal(row[name]) for name in amounts}
    fields |= {"status": Status(row["status"]), "placed_volume": None if placed is None else Decimal(placed)}
    return Order(**(row | fields))


def trade_from(row: dict[str, Any]) -> Trade:
    """The trade that `row_of` wrote."""
    named = ("price", "volume", "cost", "fee", "fee_credits")
    amounts: dict[str, Any] = {name: Decimal(row[name]) for name in named if name in row}
    return Trade(**(row | amounts))
