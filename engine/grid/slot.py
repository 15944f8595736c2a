"""A slot of the grid: two trades, their orders, what they hold. Data only; `machine` moves it.

Trade A sells DOGE and buys it back lower; trade B buys DOGE and sells it higher (grid spec 11).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum

from engine.grid.client_ids import client_id_of
from engine.grid.ports import Side

ZERO = Decimal(0)
MAX_PAST_STANDS = 6
"""Where an order stood before, so that late news of it is known for what it is; a message is never that many behind."""


class Trade(Enum):
    """Which of a slot's two trades."""

    A = "A"
    B = "B"

    @property
    def other(self) -> Trade:
        return Trade.B if self is Trade.A else Trade.A

    @property
    def entry_side(self) -> Side:
        return Side.SELL if self is Trade.A else Side.BUY

    @property
    def exit_side(self) -> Side:
        return Side.BUY if self is Trade.A else Side.SELL


class Role(Enum):
    """What an order is for."""

    ENTRY = "entry"
    EXIT = "exit"
    RECOVERY = "recovery"


class Stage(Enum):
    """Where an order stands between us and the exchange."""

    SENT = "sent"
    OPEN = "open"
    AMENDING = "amending"
    CANCELLING = "cancelling"
    UNKNOWN = "unknown"
    CLOSING = "closing"


class Phase(Enum):
    """Derived, never stored: which trades wait for their exit."""

    S0 = "S0"
    S1A = "S1a"
    S1B = "S1b"
    S2 = "S2"


class Cause(Enum):
    """Why an entry is wanted; the governor scales those after a cycle, an orphan and on refresh (grid spec 7)."""

    BOOTSTRAP = "bootstrap"
    RESEED = "reseed"
    REPAIR = "repair"
    CYCLE = "cycle"
    ORPHAN = "orphan"
    REFRESH = "refresh"

    @property
    def scaled(self) -> bool:
        return self in (Cause.CYCLE, Cause.ORPHAN, Cause.REFRESH)


@dataclass(frozen=True, slots=True)
class Position:
    """What an entry filled and no exit has closed: DOGE, its USD value at the entry's prices, the entry's fees."""

    quantity: Decimal = ZERO
    cost_usd: Decimal = ZERO
    fees_usd: Decimal = ZERO
    opened_s: float = 0.0

    @property
    def price(self) -> Decimal:
        """Average price of entry; only for a position that holds something."""
        return self.cost_usd / self.quantity

    def __add__(self, other: Position) -> Position:
        return Position(
            self.quantity + other.quantity,
            self.cost_usd + other.cost_usd,
            self.fees_usd + other.fees_usd,
            max(self.opened_s, other.opened_s),
        )

    def part(self, quantity: Decimal) -> Position:
        """The share of cost and fees that belongs to `quantity` of it."""
        share = quantity / self.quantity
        return Position(quantity, self.cost_usd * share, self.fees_usd * share, self.opened_s)

    def __sub__(self, other: Position) -> Position:
        return Position(
            self.quantity - other.quantity,
            self.cost_usd - other.cost_usd,
            self.fees_usd - other.fees_usd,
            self.opened_s,
        )


@dataclass(frozen=True, slots=True)
class Order:
    """One order of ours. `quantity` and `price` are what the exchange acknowledged once `stage` is not SENT.

    largest: the quantity before an amendment made it smaller; so much may have been filled before that arrived.
    stood: price and quantity as they were before, newest last. asked: the quantity that we asked for, where somebody
    else changed it; None while nobody has. adopted: a person, or the option, made the changed quantity ours. trusted: a
    person let us take what the exchange says of it. named: the client id of an order that was taken over from an
    earlier life. changed_s: when an amendment of ours was taken last. cancel_asked_s, cancels: when it was last asked
    to be cancelled, and how often.
    """

    key: str
    trade: Trade
    role: Role
    side: Side
    price: Decimal
    quantity: Decimal
    market: Decimal
    placed_s: float
    stage: Stage = Stage.SENT
    filled: Decimal = ZERO
    cost_usd: Decimal = ZERO
    fees_usd: Decimal = ZERO
    order_id: str = ""
    size_usd: Decimal = ZERO
    base_usd: Decimal = ZERO
    position: Position = field(default_factory=Position)
    amended_price: Decimal | None = None
    amended_quantity: Decimal | None = None
    largest: Decimal = ZERO
    final_filled: Decimal | None = None
    evicted: bool = False
    stood: tuple[tuple[Decimal, Decimal], ...] = ()
    asked: Decimal | None = None
    adopted: bool = False
    trusted: bool = False
    named: str = ""
    changed_s: float = 0.0
    cancel_asked_s: float = 0.0
    cancels: int = 0

    @property
    def client_id(self) -> str:
        """The name the exchange knows this order by: the same key always gives the same one."""
        return self.named or client_id_of(self.key)

    @property
    def touched_s(self) -> float:
        """When we placed or changed it last."""
        return max(self.placed_s, self.changed_s)

    @property
    def surplus(self) -> Decimal:
        """How much of its quantity somebody else added and nobody has made ours."""
        return ZERO if self.asked is None or self.adopted else max(ZERO, self.quantity - self.asked)

    @property
    def own_filled(self) -> Decimal:
        """The part of its fills that is ours."""
        return self.filled if self.asked is None or self.adopted else min(self.filled, self.asked)

    @property
    def remaining(self) -> Decimal:
        return max(ZERO, self.quantity - self.filled)

    @property
    def reserved_usd(self) -> Decimal:
        """USD that the exchange holds for it, the larger of old and new while an amendment is on its way."""
        if self.side is Side.SELL:
            return ZERO
        resting = self.remaining * self.price
        if self.amended_price is None or self.amended_quantity is None:
            return resting
        return max(resting, (self.amended_quantity - self.filled) * self.amended_price)

    @property
    def reserved_doge(self) -> Decimal:
        """DOGE that the exchange holds for it, the larger of old and new while an amendment is on its way."""
        if self.side is Side.BUY:
            return ZERO
        return max(self.remaining, (self.amended_quantity or ZERO) - self.filled)


@dataclass(frozen=True, slots=True)
class Chase:
    """How often an entry was moved in one direction in a row (+1 up, -1 down), and until when it rests."""

    direction: int = 0
    moves: int = 0
    rests_until_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Leg:
    """One trade of a slot.

    `order` is its working entry or exit, `position` what waits for an exit, `dust` what is too small for one and goes
    along with the next, `wants` why the next entry would be placed.
    """

    trade: Trade
    order: Order | None = None
    position: Position = field(default_factory=Position)
    dust: Position = field(default_factory=Position)
    wants: Cause = Cause.BOOTSTRAP
    cycles: int = 0
    chase: Chase = field(default_factory=Chase)
    retry_s: float = 0.0

    @property
    def exiting(self) -> bool:
        """Whether an entry filled and its exit is what the trade waits for."""
        return self.position.quantity > 0


@dataclass(frozen=True, slots=True)
class Stranded:
    """What a recovery order was to close when it left the book unasked (a Stop, an expiry): it gets another one."""

    trade: Trade
    position: Position
    retry_s: float = 0.0


class SurplusCause(Enum):
    """How a slot came to trade more than it had asked for."""

    ENLARGED = "enlarged"
    LATE_TRADE = "late_trade"


@dataclass(frozen=True, slots=True)
class Surplus:
    """What was traded under a name of ours and was not asked for: it waits for a person.

    trade: the one whose exit would close it. order_key: the order that traded it. number: tells the slot's surpluses
    apart.
    """

    number: int
    trade: Trade
    order_key: str
    cause: SurplusCause
    position: Position
    since_s: float


@dataclass(frozen=True, slots=True)
class SlotHalt:
    """What a slot and the exchange contradict each other in; the slot decides nothing until a person ends it."""

    detail: str
    since_s: float


@dataclass(frozen=True, slots=True)
class Lot:
    """Abandoned inventory: a position of `trade` that no order is to close any more, since `at_s` (grid spec 14).

    order_key: of the recovery order that was given up.
    """

    trade: Trade
    position: Position
    at_s: float
    order_key: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot. `profit_usd` is realised, fees taken off; `sequence` numbers its orders and never goes back.

    `abandoned`: oldest first, worked off by entries of the other trade.

    `retired`: the operator runs fewer slots now; this one closes what it holds and enters nothing. `releasing`: a
    person lets go of it; its orders are taken off the book and what it holds then becomes a listed holding.
    """

    slot_id: int
    namespace: str
    a: Leg = field(default_factory=lambda: Leg(Trade.A))
    b: Leg = field(default_factory=lambda: Leg(Trade.B))
    recoveries: tuple[Order, ...] = ()
    stranded: tuple[Stranded, ...] = ()
    profit_usd: Decimal = ZERO
    sequence: int = 0
    retired: bool = False
    abandoned: tuple[Lot, ...] = ()
    surpluses: tuple[Surplus, ...] = ()
    halt: SlotHalt | None = None
    releasing: bool = False

    def leg(self, trade: Trade) -> Leg:
        return self.a if trade is Trade.A else self.b

    def with_leg(self, leg: Leg) -> Slot:
        return replace(self, a=leg) if leg.trade is Trade.A else replace(self, b=leg)

    @property
    def legs(self) -> tuple[Leg, Leg]:
        return self.a, self.b

    @property
    def phase(self) -> Phase:
        if self.a.exiting:
            return Phase.S2 if self.b.exiting else Phase.S1A
        return Phase.S1B if self.b.exiting else Phase.S0

    @property
    def orders(self) -> tuple[Order, ...]:
        """Every order that may rest at the exchange."""
        working = tuple(leg.order for leg in self.legs if leg.order is not None)
        return working + self.recoveries

    @property
    def unplaced(self) -> tuple[tuple[Trade, Position], ...]:
        """What waits for an exit or a recovery order that is not on its way yet."""
        exits = tuple((leg.trade, leg.position) for leg in self.legs if leg.exiting and leg.order is None)
        return exits + tuple((lost.trade, lost.position) for lost in self.stranded)

    @property
    def empty(self) -> bool:
        """Whether it holds nothing and has nothing at the exchange."""
        nothing_held = not any(leg.dust.quantity for leg in self.legs) and not self.surpluses
        return not self.orders and not self.unplaced and nothing_held and self.halt is None

    @property
    def waits(self) -> bool:
        """Whether a person has to say something before it enters again."""
        asks = bool(self.surpluses) or any(order.surplus for order in self.orders)
        return asks or self.halt is not None or self.releasing

    def order(self, key: str) -> Order | None:
        return next((order for order in self.orders if order.key == key), None)
