"""What the grid needs of an exchange and of a sizing policy, in the grid's own words.

Adapters translate and decide nothing. Prices are USD per DOGE, quantities are DOGE, all Decimal; times are seconds of
the world's clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Protocol

from engine.core.messages import Reason


class Side(Enum):
    """Which way an order goes."""

    BUY = "buy"
    SELL = "sell"


class OrderFate(Enum):
    """How an order stands at the exchange."""

    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PairRules:
    """What the exchange asks of orders on this pair, and what it charges (grid spec 12, 15, 16)."""

    pair: str
    price_decimals: int
    quantity_decimals: int
    minimum_quantity: Decimal
    minimum_cost_usd: Decimal
    maker_fee_ratio: Decimal
    open_orders_allowed: int


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """A post-only limit order. `client_id` (UUID) names it at the exchange; past `deadline_s` it must not be taken."""

    client_id: str
    side: Side
    price: Decimal
    quantity: Decimal
    deadline_s: float
    expires_s: float | None = None


@dataclass(frozen=True, slots=True)
class AmendOrder:
    """Move a resting order and keep its identity; `quantity` is the whole quantity, the filled part included."""

    client_id: str
    price: Decimal
    quantity: Decimal
    deadline_s: float


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Take a resting order off the book."""

    client_id: str


@dataclass(frozen=True, slots=True)
class OrderTaken:
    """The exchange took an order or an amendment; price and quantity are what it acknowledged, None if it said none."""

    order_id: str
    price: Decimal | None
    quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order as the exchange reports it."""

    client_id: str
    order_id: str
    side: Side
    price: Decimal
    quantity: Decimal
    filled: Decimal
    fate: OrderFate
    at_s: float


@dataclass(frozen=True, slots=True)
class VenueFill:
    """One trade of one of our orders. `trade_id` is the exchange's and unique for ever."""

    trade_id: str
    order_id: str
    client_id: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee_usd: Decimal
    maker: bool
    at_s: float


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask."""

    bid: Decimal
    ask: Decimal
    at_s: float

    @property
    def mid(self) -> Decimal:
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True)
class Balances:
    """Total balances, what open orders hold included."""

    usd: Decimal
    doge: Decimal
    at_s: float


@dataclass(frozen=True, slots=True)
class StreamLost:
    """The sockets are down: what the exchange does is not seen until `StreamBack`."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class StreamBack:
    """The sockets are up again; the grid reads what it missed."""


StreamItem = Quote | VenueOrder | VenueFill | Balances | StreamLost | StreamBack


class Exchange(Protocol):
    """One account on one pair.

    `place`, `amend` and `cancel` raise `engine.core.gate.Rejection` when the exchange certainly did nothing, and
    `engine.core.gate.NoAnswer` when that cannot be told.
    """

    async def rules(self) -> PairRules: ...

    async def place(self, order: PlaceOrder) -> OrderTaken: ...

    async def amend(self, change: AmendOrder) -> OrderTaken: ...

    async def cancel(self, order: CancelOrder) -> None: ...

    async def balances(self) -> Balances: ...

    async def open_orders(self) -> Sequence[VenueOrder]:
        """All resting orders of this account and pair, those of other programs with an empty `client_id` included."""
        ...

    async def find(self, client_id: str) -> VenueOrder | None:
        """The order of this client id, searched among open and closed ones; the latest when it was reused."""
        ...

    async def fills_since(self, since_s: float) -> Sequence[VenueFill]:
        """Every trade of this account and pair from `since_s` on, oldest first."""
        ...

    def stream(self) -> AsyncIterator[StreamItem]:
        """Quotes, orders, fills and balances as they happen; reconnects by itself and says so."""
        ...


@dataclass(frozen=True, slots=True)
class PostOnlyRejected(Reason, code="post_only_rejected"):
    """The order would have taken liquidity; an ordinary event, the entry is priced again."""


@dataclass(frozen=True, slots=True)
class InsufficientFunds(Reason, code="insufficient_funds"):
    """The exchange says the funds do not suffice."""


@dataclass(frozen=True, slots=True)
class BelowMinimum(Reason, code="below_minimum"):
    """The exchange says the order is too small."""


@dataclass(frozen=True, slots=True)
class OrderGone(Reason, code="order_gone"):
    """The order to amend or cancel is not on the book any more."""


@dataclass(frozen=True, slots=True)
class DuplicateClientId(Reason, code="duplicate_client_id"):
    """An open order has this client id already: the first attempt did arrive."""


@dataclass(frozen=True, slots=True)
class VenueRefused(Reason, code="venue_refused"):
    """The exchange refused for another cause, in its own words; `advice`: retry, reread, stop or person."""

    words: str
    advice: str


@dataclass(frozen=True, slots=True)
class VenueSilent(Reason, code="venue_silent"):
    """No answer, or one that cannot be read."""

    words: str
