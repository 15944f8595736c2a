"""What the grid needs of an exchange and of a sizing policy, in the grid's own words.

Adapters translate and decide nothing. Prices are USD per DOGE, quantities are DOGE, all Decimal; times are seconds of
the world's clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
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


class MarketStatus(Enum):
    """What the exchange takes now, in its own words, which are the same for a pair and for the whole system.

    UNKNOWN: a word that it does not document; nothing but cancels is sent.
    """

    ONLINE = "online"
    POST_ONLY = "post_only"
    LIMIT_ONLY = "limit_only"
    CANCEL_ONLY = "cancel_only"
    REDUCE_ONLY = "reduce_only"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"

    @property
    def takes_orders(self) -> bool:
        """Whether a post-only limit order may be sent."""
        return self in (MarketStatus.ONLINE, MarketStatus.POST_ONLY, MarketStatus.LIMIT_ONLY)

    def stricter(self, other: MarketStatus) -> MarketStatus:
        """Whichever of the two takes less."""
        return max(self, other, key=_STRICTER_LATER.index)


_STRICTER_LATER = (
    MarketStatus.ONLINE,
    MarketStatus.LIMIT_ONLY,
    MarketStatus.POST_ONLY,
    MarketStatus.REDUCE_ONLY,
    MarketStatus.CANCEL_ONLY,
    MarketStatus.MAINTENANCE,
    MarketStatus.UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class PairRules:
    """What the exchange asks of orders on this pair, and what it charges (grid spec 12, 15, 16).

    maker_fee_ratio: what this account pays now where the exchange said so, else the schedule's first step. status: of
    the pair alone.
    """

    pair: str
    price_decimals: int
    quantity_decimals: int
    minimum_quantity: Decimal
    minimum_cost_usd: Decimal
    maker_fee_ratio: Decimal
    open_orders_allowed: int
    status: MarketStatus = MarketStatus.ONLINE


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
    """Take a resting order off the book. order_id: the exchange's name, for an order that is not ours and need not have
    a client id; where it is set it names the order.
    """

    client_id: str
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class OrderTaken:
    """The exchange took an order or an amendment; price and quantity are what it acknowledged, None if it said none."""

    order_id: str
    price: Decimal | None
    quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order of the account as the exchange reports it, ours or not.

    pair: BASE/QUOTE, empty for the grid's own. order_type: the exchange's word; another type than limit has price 0.
    holds: asset and amount that it holds, None where that cannot be told (a market or margin order).
    """

    client_id: str
    order_id: str
    side: Side
    price: Decimal
    quantity: Decimal
    filled: Decimal
    fate: OrderFate
    at_s: float
    pair: str = ""
    order_type: str = "limit"
    holds: tuple[str, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class VenueFill:
    """One trade of the account. `trade_id` is the exchange's and unique for ever.

    fee_usd: 0 where the fee was taken in something that has no price here; `fees` has each part in its own asset.
    pair: BASE/QUOTE, empty for the grid's own.
    """

    trade_id: str
    order_id: str
    client_id: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee_usd: Decimal
    maker: bool
    at_s: float
    fees: tuple[tuple[str, Decimal], ...] = ()
    pair: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask."""

    bid: Decimal
    ask: Decimal
    at_s: float

    @property
    def mid(self) -> Decimal:
        return (self.bid + self.ask) / 2


class Wallet(Enum):
    """Where an amount of an asset lies: in the spot wallet, where it can be traded, or earning, staked or otherwise
    put away, where it cannot.
    """

    SPOT = "spot"
    EARN = "earn"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Holding:
    """One balance row of the account. asset: as the sockets name it (USD, DOGE, BTC). code: the row's own name at the
    exchange (`USD.F`, `XXDG`). held: what open orders hold of it, None where the exchange did not say.
    """

    asset: str
    code: str
    wallet: Wallet
    total: Decimal
    held: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Balances:
    """Total balances of the spot wallet, what open orders hold included.

    quote_held, base_held: what all open orders of the account hold, whoever placed them, as the exchange says; None
    where it did not (the socket never does). holdings: every row of the account, empty where only the two are known.
    """

    usd: Decimal
    doge: Decimal
    at_s: float
    quote_held: Decimal | None = None
    base_held: Decimal | None = None
    holdings: tuple[Holding, ...] = ()


class LedgerKind(Enum):
    """Why a balance changed, as the exchange's ledger has it; OTHER is any word that is not listed here."""

    TRADE = "trade"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"
    EARN = "earn"
    FEE = "ledger_fee"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One change of a balance. amount: signed, before `fee`. ref_id: the trade's id for a trade. words: the exchange's
    own word for the kind.
    """

    ledger_id: str
    asset: str
    wallet: Wallet
    kind: LedgerKind
    words: str
    ref_id: str
    amount: Decimal
    fee: Decimal
    at_s: float


@dataclass(frozen=True, slots=True)
class MarketSaid:
    """The exchange says how the whole of it stands, whatever its pairs do (status channel)."""

    status: MarketStatus
    at_s: float


@dataclass(frozen=True, slots=True)
class ChannelAlive:
    """A heartbeat: the quotes' channel lives, so the last quote still stands."""

    at_s: float


@dataclass(frozen=True, slots=True)
class RowSetAside:
    """One row of a message or an answer could not be read; the rows beside it count. It is read by REST if it is ours.

    channel: where it came. order_id, client_id: empty where the row did not tell them.
    """

    channel: str
    order_id: str
    client_id: str
    words: str


@dataclass(frozen=True, slots=True)
class AccountTrouble:
    """Something about the account or its key that a person has to know; `reason` says what.

    waits: nothing new is entered until it is over or a person lets it pass; else it is told alone.
    """

    reason: Reason
    at_s: float
    waits: bool = True


@dataclass(frozen=True, slots=True)
class Close:
    """The last price of one minute, which began at `at_s`."""

    at_s: float
    price: Decimal


@dataclass(frozen=True, slots=True)
class StreamLost:
    """The sockets are down: what the exchange does is not seen until `StreamBack`."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class StreamBack:
    """The sockets are up again; the grid reads what it missed."""


StreamItem = (
    Quote
    | VenueOrder
    | VenueFill
    | Balances
    | LedgerEntry
    | MarketSaid
    | ChannelAlive
    | RowSetAside
    | AccountTrouble
    | StreamLost
    | StreamBack
)


class Exchange(Protocol):
    """One account on one pair.

    `place`, `amend` and `cancel` raise `engine.core.gate.Rejection` when the exchange certainly did nothing, and
    `engine.core.gate.NoAnswer` when that cannot be told.
    """

    async def rules(self) -> PairRules:
        """As the exchange has them now, with the fee that this account pays and how the pair stands."""
        ...

    async def place(self, order: PlaceOrder) -> OrderTaken: ...

    async def amend(self, change: AmendOrder) -> OrderTaken: ...

    async def cancel(self, order: CancelOrder) -> None:
        """Cancels asked for at the same moment leave together in one message; needs no rules and no nonce."""
        ...

    async def balances(self) -> Balances:
        """Every row of the account, with what open orders hold."""
        ...

    async def open_orders(self) -> Sequence[VenueOrder]:
        """All resting orders of this account, of every pair, those of other programs included."""
        ...

    async def clock_ahead_s(self) -> float:
        """How far this machine's clock is ahead of the exchange's; negative when it is behind."""
        ...

    async def closes(self, since_s: float) -> Sequence[Close]:
        """Minute closes of the pair from `since_s` on, oldest first, as far back as the exchange has them."""
        ...

    async def prices(self, assets: Sequence[str]) -> Mapping[str, Decimal]:
        """USD for one of each of these assets; those without a market are left out."""
        ...

    async def find_all(self, orders: Sequence[tuple[str, str]]) -> Mapping[str, VenueOrder]:
        """Those that the exchange knows of these (client id, the exchange's id or empty), by client id, open or closed;
        the latest where an id was used again. In as few questions as it takes.
        """
        ...

    async def fills_since(self, since_s: float) -> Sequence[VenueFill]:
        """Every trade of this account, of every pair, from `since_s` on, oldest first."""
        ...

    def stream(self) -> AsyncIterator[StreamItem]:
        """Quotes, orders, fills, balances and what else the exchange tells, as it happens; reconnects by itself and
        says so.
        """
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
    """The exchange refused for another cause, in its own words; `advice`: retry, reread, stop or person.

    again_in_s: how long the exchange is known to refuse the same (a lockout); 0 where nothing is known.
    """

    words: str
    advice: str
    again_in_s: float = 0.0


@dataclass(frozen=True, slots=True)
class KeyUsedElsewhere(Reason, code="key_used_elsewhere"):
    """Another program uses this API key: `evidence` is what showed it (a nonce that was passed, orders not ours)."""

    evidence: str


@dataclass(frozen=True, slots=True)
class KeyDead(Reason, code="key_dead"):
    """The exchange takes this API key no more: revoked, expired, or bound to another address; in its own words."""

    words: str


@dataclass(frozen=True, slots=True)
class MarketClosed(Reason, code="market_closed"):
    """The exchange takes no new orders on the pair now; it ends by itself."""

    status: MarketStatus


@dataclass(frozen=True, slots=True)
class ClockOff(Reason, code="clock_off"):
    """This machine's clock is `ahead_s` ahead of the exchange's (negative: behind), too far for deadlines to hold."""

    ahead_s: float


@dataclass(frozen=True, slots=True)
class VenueSilent(Reason, code="venue_silent"):
    """No answer, or one that cannot be read."""

    words: str
