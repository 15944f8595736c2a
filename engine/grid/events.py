"""What can happen to a slot, and what a slot can ask for. All frozen; the machine is a function between them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from engine.core.messages import Reason
from engine.grid.options import GridOptions
from engine.grid.ports import OrderFate, PairRules, Side
from engine.grid.slot import Cause, Lot, Order, Position, Slot, SurplusCause, Trade
from engine.grid.volatility import WITHOUT_DATA_S


@dataclass(frozen=True, slots=True)
class World:
    """What a transition may know beside the slot: the market's mid price, the exchange's rules, options and time.

    market: 0 before the first price of a run. exit_wait_s: how long an exit waits before it may be orphaned.
    """

    market: Decimal
    rules: PairRules
    options: GridOptions
    now_s: float
    exit_wait_s: float = WITHOUT_DATA_S


class Request(Enum):
    """What was asked of the exchange for an order."""

    PLACE = "place"
    AMEND = "amend"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed or the price moved."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The exchange took the order, or its amendment (`request`); what it acknowledged, None where it did not say."""

    key: str
    request: Request
    order_id: str
    price: Decimal | None
    quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class TurnedDown:
    """A request was certainly not carried out: rejected by the exchange or held back by the gate. observed: in this
    mode nothing is sent, and what would have been is told.
    """

    key: str
    request: Request
    reason: Reason
    retry_after_s: float
    by_exchange: bool
    observed: bool = False


@dataclass(frozen=True, slots=True)
class Silent:
    """Nobody knows whether a request was carried out; it is being looked up."""

    key: str
    request: Request


@dataclass(frozen=True, slots=True)
class NeverArrived:
    """The look-up proved that the order does not exist."""

    key: str


@dataclass(frozen=True, slots=True)
class Filled:
    """One trade of the order, by the exchange's own trade id."""

    key: str
    trade_id: str
    price: Decimal
    quantity: Decimal
    fee_usd: Decimal
    at_s: float


@dataclass(frozen=True, slots=True)
class Seen:
    """The exchange reports how the order stands.

    proof: it was looked up when no request in doubt could arrive any more, so it settles what was in doubt; what comes
    over the sockets may be older than that.
    """

    key: str
    order_id: str
    price: Decimal
    quantity: Decimal
    filled: Decimal
    fate: OrderFate
    proof: bool = False


GridEvent = Ticked | Taken | TurnedDown | Silent | NeverArrived | Filled | Seen


@dataclass(frozen=True, slots=True)
class Place:
    """Send this order."""

    order: Order
    reason: Reason


@dataclass(frozen=True, slots=True)
class Amend:
    """Move a resting entry. `key` names this change, `order` is the order with the change noted."""

    key: str
    order: Order
    reason: Reason


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take this order off the book. `key` names this cancel."""

    key: str
    order: Order
    reason: Reason


Action = Place | Amend | Cancel


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """An exit or recovery order closed `position`, or part of it; or an eviction wrote it off at the market.

    worked_off: it was abandoned inventory, and an entry of the other trade closed it (grid spec 14).
    """

    order_key: str
    slot_id: int
    trade: Trade
    position: Position
    exit_price: Decimal
    fees_usd: Decimal
    profit_usd: Decimal
    evicted: bool
    at_s: float
    worked_off: bool = False


@dataclass(frozen=True, slots=True)
class ListedHolding:
    """What a slot let go of: it is the operator's own from there on, and the grid neither trades nor counts it.

    trade: A for what was sold and not bought back, B for what was bought and not sold.
    """

    slot_id: int
    trade: Trade
    position: Position
    since_s: float


@dataclass(frozen=True, slots=True)
class Step:
    """What a transition returns: the slot after it, what to send, what was realised, what is worth telling, and what
    the slot let go of or abandoned.
    """

    slot: Slot
    actions: tuple[Action, ...] = ()
    round_trips: tuple[RoundTrip, ...] = ()
    notes: tuple[Reason, ...] = ()
    abandoned: tuple[Lot, ...] = ()
    holdings: tuple[ListedHolding, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryReason(Reason, code="entry"):
    """An entry, and why it is placed now."""

    cause: Cause
    base_usd: Decimal
    size_usd: Decimal
    skew: float


@dataclass(frozen=True, slots=True)
class ExitReason(Reason, code="exit"):
    """The exit of a filled entry."""

    entry_price: Decimal
    profit_pct: Decimal


@dataclass(frozen=True, slots=True)
class RefreshReason(Reason, code="refresh"):
    """The entry had drifted from the market by `drift_ratio`."""

    drift_ratio: Decimal
    move: int


@dataclass(frozen=True, slots=True)
class EvictedReason(Reason, code="evicted"):
    """The slot keeps no more than `kept` recovery orders; this one is given up."""

    kept: int


@dataclass(frozen=True, slots=True)
class CapacityEvictedReason(Reason, code="evicted_for_capacity"):
    """With `headroom` free places for open orders no entry can be placed; of all recovery orders this is the farthest
    from the market.
    """

    headroom: int


@dataclass(frozen=True, slots=True)
class PersonEvictedReason(Reason, code="evicted_by_person"):
    """A person gave the recovery order up."""


@dataclass(frozen=True, slots=True)
class InventoryAbandoned(Reason, code="inventory_abandoned"):
    """The position of a recovery order that was given up is kept with its cost, until entries of the other trade work
    it off; nothing is booked for it before that.
    """

    slot_id: int
    trade: Trade
    quantity: Decimal
    cost_usd: Decimal
    market_usd: Decimal


@dataclass(frozen=True, slots=True)
class DriftedPartReason(Reason, code="drifted_part"):
    """A partly filled entry drifted from the market: the rest is cancelled, the filled part gets its exit."""

    filled: Decimal


@dataclass(frozen=True, slots=True)
class StoppedReason(Reason, code="stopped"):
    """The master switch stopped the grid; every order is taken off the book."""


@dataclass(frozen=True, slots=True)
class RetiredReason(Reason, code="slot_retired"):
    """The operator runs fewer slots now; the entries of this one are taken off the book."""


@dataclass(frozen=True, slots=True)
class ChaseRests(Reason, code="chase_rests"):
    """The entry chased the market `moves` times in one direction and rests until `until_s`."""

    slot_id: int
    trade: Trade
    moves: int
    until_s: float


@dataclass(frozen=True, slots=True)
class Orphaned(Reason, code="orphaned"):
    """An exit grew too old and became a recovery order."""

    slot_id: int
    trade: Trade
    age_s: float


@dataclass(frozen=True, slots=True)
class OrderTurnedDown(Reason, code="order_turned_down"):
    """An order was not taken; it is tried again after `retry_after_s` if it is still wanted."""

    slot_id: int
    trade: Trade
    cause: Reason
    retry_after_s: float


@dataclass(frozen=True, slots=True)
class EnlargedByOther(Reason, code="enlarged_by_other"):
    """Somebody else made an order of ours larger. adopted: the option makes the whole of it ours at once."""

    slot_id: int
    trade: Trade
    order_id: str
    asked: Decimal
    now: Decimal
    adopted: bool


@dataclass(frozen=True, slots=True)
class ReducedByOther(Reason, code="reduced_by_other"):
    """Somebody else made an order of ours smaller; the slot goes on with what is left of it."""

    slot_id: int
    trade: Trade
    order_id: str
    asked: Decimal
    now: Decimal


@dataclass(frozen=True, slots=True)
class MovedByOther(Reason, code="moved_by_other"):
    """Somebody else gave an order of ours another price; the slot goes on with it."""

    slot_id: int
    trade: Trade
    order_id: str
    was: Decimal
    now: Decimal


@dataclass(frozen=True, slots=True)
class CancelledByOther(Reason, code="cancelled_by_other"):
    """An order of ours left the book unfilled, and neither we nor its expiry did that."""

    slot_id: int
    trade: Trade
    order_id: str


@dataclass(frozen=True, slots=True)
class SurplusTraded(Reason, code="surplus_traded"):
    """More was traded under a name of ours than we had asked for: `quantity` waits for a person."""

    slot_id: int
    trade: Trade
    cause: SurplusCause
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class TooSmallToClose(Reason, code="too_small_to_close"):
    """The exchange takes no order as small as this position now: it goes along with the next exit of its trade."""

    slot_id: int
    trade: Trade
    quantity: Decimal
    minimum: Decimal


@dataclass(frozen=True, slots=True)
class AdoptedReason(Reason, code="adopted"):
    """A surplus was made ours: the resting exit makes room for one of all that was filled."""

    quantity: Decimal


@dataclass(frozen=True, slots=True)
class RestoredReason(Reason, code="restored"):
    """The order gets the size back that we had asked for."""

    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ReleasedReason(Reason, code="slot_released"):
    """A person lets go of the slot; its orders are taken off the book and its position becomes a listed holding."""


@dataclass(frozen=True, slots=True)
class WouldHavePlaced(Reason, code="would_have_placed"):
    """In this mode nothing is sent; this order would have been."""

    slot_id: int
    side: Side
    quantity: Decimal
    price: Decimal
