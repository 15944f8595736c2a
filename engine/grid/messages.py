"""What the grid tells: how its slots, orders and funds stand, and what happened to them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.core.messages import Event, Reason, Snapshot
from engine.grid.entries import BlockedBy
from engine.grid.events import ListedHolding
from engine.grid.limits import Band
from engine.grid.ports import MarketStatus, Side, Wallet
from engine.grid.slot import ZERO, Phase, Role, Stage, Trade
from engine.grid.volatility import NO_DATA, ExitWait


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order on a slot, as acknowledged."""

    key: str
    slot_id: int
    trade: Trade
    role: Role
    side: Side
    stage: Stage
    price: Decimal
    quantity: Decimal
    filled: Decimal
    placed_s: float
    size_multiplier: float
    asked: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot. waits: a person has to say something before it enters again. dust: base that is too small for an exit
    of its own, bought (B) and sold (A).
    """

    slot_id: int
    phase: Phase
    cycles: int
    profit_usd: Decimal
    orders: tuple[OrderView, ...]
    waits: bool = False
    dust_a: Decimal = ZERO
    dust_b: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class ForeignOrderView:
    """An order of the account that is not the grid's. pair: empty for the grid's own. holds: asset and amount, None
    where that cannot be told. earlier: it is of an earlier life of this program.
    """

    order_id: str
    client_id: str
    pair: str
    order_type: str
    side: Side
    price: Decimal
    quantity: Decimal
    filled: Decimal
    holds: tuple[str, Decimal] | None
    since_s: float
    earlier: bool


@dataclass(frozen=True, slots=True)
class HoldingView:
    """One balance row of the account; value: in quote, None where the asset has no price."""

    asset: str
    code: str
    wallet: Wallet
    total: Decimal
    held: Decimal | None
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Stopping:
    """The grid is stopped: `left` of its orders may still rest, and `earlier` ones of earlier lives. since_s: when Stop
    was seen; next_try_s: when the next cancel leaves, None when none is due. why: what keeps cancels from being taken.
    """

    left: int
    earlier: int
    since_s: float
    next_try_s: float | None
    why: Reason | None = None


@dataclass(frozen=True, slots=True)
class BlockedCount:
    """How often entries of this slot and side were wanted and not placed, by cause (grid spec 18b).

    now: this cause holds one back at this moment; reason: with which numbers, where the cause has any.
    """

    slot_id: int
    side: Side
    cause: BlockedBy
    count: int
    now: bool = False
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class SideFigures:
    """One side of the grid since counting began (governor seed 10.3); None where there is nothing to measure yet.

    entries: those filled in full; average_usd is their mean size, size_multiplier that against their base sizes.
    trips: positions closed by an exit or a recovery order; profit_usd what they earned, fees taken off, margin_ratio
    that against what they had cost. evicted: recovery orders given up, evicted_usd the result booked for them.
    """

    entries: int = 0
    average_usd: Decimal | None = None
    size_multiplier: float | None = None
    trips: int = 0
    profit_usd: Decimal = ZERO
    margin_ratio: float | None = None
    evicted: int = 0
    evicted_usd: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class GridMetrics:
    """What governor seed 10.3 asks to watch of the grid, kept over restarts.

    since_s: when counting began. deployed_usd: spent by buy entries in all; deployed_per_hour_usd the mean of the last
    day, or of the time since counting began. long_only, short_only: how often a slot came to be so, in all and in the
    last day. volume_drifts: orders of which the exchange held another volume than the books; each halts the grid.
    """

    since_s: float | None = None
    a: SideFigures = SideFigures()
    b: SideFigures = SideFigures()
    deployed_usd: Decimal = ZERO
    deployed_per_hour_usd: Decimal | None = None
    long_only: int = 0
    short_only: int = 0
    long_only_1d: int = 0
    short_only_1d: int = 0
    volume_drifts: int = 0


@dataclass(frozen=True, slots=True)
class AbandonedView:
    """Inventory that no order is to close any more (grid spec 14): bought by trade B, sold by trade A.

    cost_usd: what it was bought or sold for. result_usd: what it would come to at mid, its entry's fees taken off.
    """

    slot_id: int
    trade: Trade
    quantity: Decimal
    cost_usd: Decimal
    result_usd: Decimal
    since_s: float


@dataclass(frozen=True, slots=True)
class GridMoney:
    """What the grid's trades came to since `since_s`, at mid (grid spec 18d); None before counting began.

    value_usd: the account. holding_usd: what it would be had the grid not traded, deposits and withdrawals included.
    value - holding = edge + inventory - fees, to the last digit: edge is what trades were better than the middle of the
    market, inventory what the market did to what was traded since. realised_usd: of closed trades, fees taken off;
    unrealised_usd all the rest of it. worked_off_usd: what of the realised came of abandoned inventory.
    *_per_day_usd: by the last day, None within the first hour.
    """

    since_s: float | None = None
    value_usd: Decimal = ZERO
    holding_usd: Decimal = ZERO
    edge_usd: Decimal = ZERO
    inventory_usd: Decimal = ZERO
    fees_usd: Decimal = ZERO
    realised_usd: Decimal = ZERO
    unrealised_usd: Decimal = ZERO
    worked_off_usd: Decimal = ZERO
    turnover_usd: Decimal = ZERO
    turnover_per_day_usd: Decimal | None = None
    fees_per_day_usd: Decimal | None = None
    abandoned: tuple[AbandonedView, ...] = ()

    @property
    def against_holding_usd(self) -> Decimal:
        """Value less holding: what trading came to."""
        return self.value_usd - self.holding_usd

    @property
    def abandoned_usd(self) -> Decimal:
        """What abandoned inventory would come to at mid."""
        return sum((lot.result_usd for lot in self.abandoned), ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridSnapshot(Snapshot):
    """How the grid stands.

    usd, doge: total balances, what orders hold included. price: mid. state: running or held; `why` says why it is not
    running. halted: a slot stands still until a person ends that. stopping: set while the master switch is at Stop.
    others_quote, others_base: what orders that are not the grid's hold. quote_earning, base_earning: what earns or is
    staked and cannot be traded. exit_wait: how long exits wait before one may be orphaned. conditions: what keeps it
    from coming to anything though nothing is wrong.
    """

    pair: str
    state: str
    why: Reason | None
    price: Decimal | None
    price_age_s: float | None
    usd: Decimal
    doge: Decimal
    free_usd: Decimal
    free_doge: Decimal
    slots: tuple[SlotView, ...]
    open_orders: int
    headroom: int
    band: Band
    base_entry_usd: Decimal
    next_entries_usd: Decimal
    live_buy_orders_usd: Decimal
    live_sell_orders_doge: Decimal
    realised_usd: Decimal
    realised_today_usd: Decimal
    round_trips: int
    entries_filled: int
    exits_filled: int
    blocked: tuple[BlockedCount, ...]
    unresolved: int
    metrics: GridMetrics = GridMetrics()
    money: GridMoney = GridMoney()
    exit_wait: ExitWait = NO_DATA
    conditions: tuple[Reason, ...] = ()
    halted: bool = False
    market: MarketStatus = MarketStatus.ONLINE
    stopping: Stopping | None = None
    foreign: tuple[ForeignOrderView, ...] = ()
    holdings: tuple[HoldingView, ...] = ()
    listed: tuple[ListedHolding, ...] = ()
    others_quote: Decimal = ZERO
    others_base: Decimal = ZERO
    quote_earning: Decimal = ZERO
    base_earning: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(Event):
    """The exchange took an order."""

    key: str
    slot_id: int
    trade: Trade
    role: Role
    side: Side
    price: Decimal
    quantity: Decimal
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(Event):
    """An order left the book without being filled in full: cancelled by whomever, or expired. `filled`: what was."""

    key: str
    slot_id: int
    trade: Trade
    role: Role
    side: Side
    price: Decimal
    quantity: Decimal
    filled: Decimal
    expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FillBooked(Event):
    """A trade of one of our orders, counted once."""

    trade_id: str
    key: str
    slot_id: int
    trade: Trade
    role: Role
    side: Side
    price: Decimal
    quantity: Decimal
    fee_usd: Decimal
    maker: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTripBooked(Event):
    """A trade of a slot closed, a recovery order was evicted with its loss, or abandoned inventory was worked off."""

    slot_id: int
    trade: Trade
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    profit_usd: Decimal
    evicted: bool
    worked_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GridNote(Event):
    """Something worth telling that is neither an order nor a fill."""

    reason: Reason
    grave: bool = False


@dataclass(frozen=True, slots=True)
class PriceAwaited(Reason, code="price_awaited"):
    """No price has arrived yet."""


@dataclass(frozen=True, slots=True)
class Reconciling(Reason, code="reconciling"):
    """Orders and trades of the exchange are read before anything is placed."""

    unresolved: int


@dataclass(frozen=True, slots=True)
class Disconnected(Reason, code="disconnected"):
    """The sockets are down; nothing is placed until they are back and the missed part is read."""

    words: str


@dataclass(frozen=True, slots=True)
class ConnectionMissing(Reason, code="connection_missing"):
    """For longer than a hiccup nothing was heard of the exchange; orders rest as they are."""

    silent_s: float
    words: str


@dataclass(frozen=True, slots=True)
class Halted(Reason, code="halted"):
    """Grid and exchange contradicted each other; journals have it from when the whole grid halted, not a slot."""

    detail: str


@dataclass(frozen=True, slots=True)
class RulesChanged(Reason, code="rules_changed"):
    """The exchange has another rule for the pair: `rule` was and is now."""

    rule: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class ForeignNotCancelled(Reason, code="foreign_not_cancelled"):
    """An order that is not the grid's was to be cancelled and was not, or that cannot be told; it stays listed."""

    order_id: str
    cause: Reason


@dataclass(frozen=True, slots=True)
class OrderSetAside(Reason, code="order_set_aside"):
    """A row of the exchange could not be read and was set aside; the account is read anew, the rows beside it count."""

    channel: str
    order_id: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WayTaken(Event):
    """A person took a way out of a trouble. `effect` is what was said before that it would do."""

    verb: str
    target: str
    where: str
    effect: Reason
