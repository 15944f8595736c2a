"""The grid without its loop: what arrived goes in, actions come out. No asyncio, no I/O, no clock of its own.

The loop in `engine` feeds it from real sockets, the lab from a simulated exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.core.gate import Delivered, HeldBack, ModeHolds, Outcome, Rejected, SwitchHolds
from engine.core.messages import Event, Reason
from engine.core.modes import Switch
from engine.grid import limits
from engine.grid.books import Books
from engine.grid.conditions import Conditions, standing
from engine.grid.entries import Blocked, BlockedBy, Funds, Sizer, place_entries, wants
from engine.grid.events import (
    Action,
    Cancel,
    Filled,
    GridEvent,
    NeverArrived,
    Place,
    Request,
    Seen,
    Silent,
    Step,
    Taken,
    Ticked,
    TurnedDown,
    World,
)
from engine.grid.identities import Identities
from engine.grid.intents import cancelled_event, placed_event, request_of
from engine.grid.invariants import InvariantBreach, VolumeDrift
from engine.grid.machine import cancel_all, transition
from engine.grid.messages import (
    Disconnected,
    FillBooked,
    GridNote,
    GridSnapshot,
    Halted,
    PriceAwaited,
    Reconciling,
    RoundTripBooked,
)
from engine.grid.options import GridOptions
from engine.grid.ports import (
    Balances,
    DuplicateClientId,
    LedgerEntry,
    OrderFate,
    OrderTaken,
    PairRules,
    PostOnlyRejected,
    Quote,
    RowSetAside,
    Side,
    StreamBack,
    StreamItem,
    StreamLost,
    VenueFill,
    VenueOrder,
)
from engine.grid.recovery import eviction_for_capacity
from engine.grid.slot import ZERO, Order, Role, Slot, Stage
from engine.grid.view import Standing, snapshot
from engine.grid.volatility import ExitWait, MinuteCloses, exit_wait

OBSERVE_AGAIN_S = 300.0
REFUSED_CANCEL_WAIT_S = 2.0
"""A cancel is refused when the order is gone, or when the exchange's counter is full; neither changes at once."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an action."""

    action: Action
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LookUp:
    """What was read from the exchange. `complete`: every open order and every trade since the last counted one.

    in_doubt: keys of orders of which it is not known what the exchange made of the last request for them. settled:
    orders looked up when nothing in doubt could arrive for them any more. session: the decider's when the reading
    began; one that began before the sockets were up has not seen what they missed.
    """

    in_doubt: tuple[str, ...] = ()
    settled: tuple[VenueOrder, ...] = ()
    orders: tuple[VenueOrder, ...] = ()
    fills: tuple[VenueFill, ...] = ()
    never_arrived: tuple[str, ...] = ()
    balances: Balances | None = None
    foreign_orders: int = 0
    complete: bool = False
    session: int = 0


Arrival = StreamItem | Answered | LookUp


class Decider:
    """Owns the books. `take_in` what arrives, `tick` to decide; both raise InvariantBreach when things contradict.

    `doubts` collects keys of orders to look up and from when, `events` what is to be told once it is durable, `session`
    counts how often the sockets went up or down.
    """

    def __init__(self, books: Books, rules: PairRules, balances: Balances, namespace: str, sizer: Sizer) -> None:
        self.books = books
        self.rules = rules
        self.events: list[Event] = []
        self.doubts: list[tuple[str, float]] = []
        self.wants_reading = False
        self._balances = balances
        self._namespace = namespace
        self._sizer = sizer
        self._quote: Quote | None = None
        self._identities = Identities()
        self._identities.know(self.orders)
        self.session = 0
        self._connected = False
        self._reconciled = False
        self._hold: Reason | None = Reconciling(0)
        self._halted: Halted | None = None
        self._foreign_orders = 0
        self.closes = MinuteCloses()
        self._conditions = Conditions()

    @property
    def orders(self) -> list[Order]:
        """Every order that may rest at the exchange."""
        return [order for slot in self.books.slots.values() for order in slot.orders]

    @property
    def halted(self) -> bool:
        return self._halted is not None

    def ensure_slots(self, count: int) -> None:
        """Add slots up to `count`; slots beyond it close what they hold and enter nothing."""
        for slot_id in range(1, count + 1):
            if slot_id not in self.books.slots:
                self.books.put(Slot(slot_id, self._namespace))
        for slot in list(self.books.slots.values()):
            if slot.retired is not (slot.slot_id > count):
                self.books.put(replace(slot, retired=slot.slot_id > count))

    def take_in(self, arrival: Arrival, options: GridOptions, now_s: float) -> list[Action]:
        """Digest one arrival."""
        match arrival:
            case Quote():
                self._quote = arrival
                self.closes.note(arrival.mid, arrival.at_s)
            case LedgerEntry():
                self.books.note_ledger(arrival, self.rules.pair)
            case Balances():
                self._balances = arrival
            case StreamLost(reason):
                self.session += 1
                self._connected = self._reconciled = False
                self._hold = Disconnected(str(reason))
            case StreamBack():
                self.session += 1
                self._connected = self.wants_reading = True
            case RowSetAside():
                self.wants_reading = True
            case VenueOrder():
                return self._seen(arrival, options, now_s)
            case VenueFill():
                return self._fill(arrival, options, now_s)
            case Answered(action, outcome):
                return self._answered(action, outcome, options, now_s)
            case LookUp():
                return self._looked_up(arrival, options, now_s)
        return []

    def tick(self, switch: Switch, options: GridOptions, now_s: float) -> list[Action]:
        """Decide on the newest price: exits, moves, orphans, and the entries of all slots together; stopped, take
        everything off the book.
        """
        self._hold = self._held(switch, options, now_s)
        if switch is Switch.STOPPED:
            return self.cancel_everything()
        world = self._world(options, now_s)
        if isinstance(self._hold, limits.PriceStale):
            self._note_blocked_by_age(self._hold, world)
        if isinstance(self._hold, PriceAwaited | Reconciling | Disconnected | limits.PriceStale):
            return []
        self.books.begin_money(self._balances, world.market, now_s)
        self._note(
            self._conditions.begun(standing(self.books.slots.values(), self._exit_wait(options, now_s), world)), now_s
        )
        actions: list[Action] = []
        for slot_id in list(self.books.slots):
            actions += self._apply(transition(self.books.slots[slot_id], Ticked(), world), now_s)
        free = limits.headroom(len(self.orders) + self._foreign_orders, self.rules, options)
        if (evicted := eviction_for_capacity(self.books.slots.values(), free, world)) is not None:
            actions += self._apply(Step(evicted[0], (evicted[1],)), now_s)
        slots = list(self.books.slots.values())
        capacity = limits.band(free, self.books.losses, options, now_s)
        entries = place_entries(
            slots,
            Funds(self._balances.usd, self._balances.doge),
            world,
            sizer=self._sizer,
            losses=self.books.losses,
            allowed=limits.entries_allowed(capacity, options),
            hold=None if self._hold is None else (BlockedBy.LIMIT, self._hold),
        )
        for slot in entries.slots:
            self.books.put(slot)
        self._identities.know(action.order for action in entries.actions)
        self._identities.forget_oldest(self.orders)
        self.books.note_blocked(entries.blocked, now_s, waiting=entries.waiting)
        self._note(entries.notes, now_s)
        return actions + list(entries.actions)

    def cancel_everything(self) -> list[Action]:
        """Take every order off the book; those being cancelled already are left."""
        actions: list[Action] = []
        for slot in list(self.books.slots.values()):
            step = cancel_all(slot)
            self.books.put(step.slot)
            actions += step.actions
        return actions

    def halt(self, breach: InvariantBreach, now_s: float) -> None:
        """Nothing is decided from here on; a person has to look."""
        if self._halted is None:
            self._halted = Halted(str(breach))
            if isinstance(breach, VolumeDrift):
                self.books.note_drift(breach)
            self._note((self._halted,), now_s, grave=True)

    def snapshot(self, options: GridOptions, now_s: float) -> GridSnapshot:
        """How the grid stands."""
        why = self._halted or self._hold
        state = "halted" if self._halted else "running" if why is None else "held"
        wait = self._exit_wait(options, now_s)
        stands = Standing(state, why, self._quote, self._balances, self._foreign_orders, wait, self._conditions.now)
        return snapshot(self.books, stands, self.rules, options, now_s)

    def _looked_up(self, found: LookUp, options: GridOptions, now_s: float) -> list[Action]:
        actions: list[Action] = []
        if found.balances is not None:
            self._balances = found.balances
        for key in found.in_doubt:
            actions += self._move(key, Silent(key, Request.CANCEL), options, now_s)
        for order in found.orders:
            actions += self._seen(order, options, now_s)
        for order in found.settled:
            actions += self._seen(order, options, now_s, proof=True)
        for fill in found.fills:
            actions += self._fill(fill, options, now_s)
        for key in found.never_arrived:
            actions += self._move(key, NeverArrived(key), options, now_s)
        if found.complete:
            self._foreign_orders = found.foreign_orders
            self._reconciled = self._reconciled or (self._connected and found.session == self.session)
            self.books.note_read(min(now_s, max((fill.at_s for fill in found.fills), default=0.0)))
            if found.balances is not None:
                self.books.anchor_money(found.balances)
        return actions

    def _seen(self, order: VenueOrder, options: GridOptions, now_s: float, *, proof: bool = False) -> list[Action]:
        key = self._identities.key_of(order.client_id, order.order_id)
        known = None if key is None else self._order(key)
        if key is None or known is None:
            return []
        actions = self._learn(key, order.order_id, options, now_s)
        if order.fate in (OrderFate.CANCELLED, OrderFate.EXPIRED) and known.stage is not Stage.CLOSING:
            self.events.append(cancelled_event(known, self._slot_of(key).slot_id, order, now_s))
        if order.fate in (OrderFate.CANCELLED, OrderFate.EXPIRED) and order.filled > 0 and known.role is Role.ENTRY:
            self.books.note_partial_cancel(now_s)
        seen = Seen(key, order.order_id, order.price, order.quantity, order.filled, order.fate, proof)
        return actions + self._move(key, seen, options, now_s)

    def _fill(self, fill: VenueFill, options: GridOptions, now_s: float) -> list[Action]:
        if self.books.counted(fill.trade_id):
            return []
        # A day to come would let no loss of today count, and a later reading would begin after the trades of today.
        fill = replace(fill, at_s=min(fill.at_s, now_s))
        key = self._identities.key_of(fill.client_id, fill.order_id)
        order = None if key is None else self._order(key)
        if key is None:
            self._identities.hold(fill)
            return []
        if order is None:
            raise InvariantBreach(self._slot_of(key), f"trade {fill.trade_id} fills order {key}, which is closed here")
        filled = Filled(key, fill.trade_id, fill.price, fill.quantity, fill.fee_usd, fill.at_s)
        actions = self._move(key, filled, options, now_s)
        self._spend(fill)
        mid = fill.price if self._quote is None else self._quote.mid
        self.books.count_fill(fill, order, order_done=self._order(key) is None, mid=mid)
        self.events.append(_booked(fill, key, self._slot_of(key).slot_id, order))
        return actions

    def _spend(self, fill: VenueFill) -> None:
        """Until the exchange says the new balances, count what was spent as gone and what was got as not yet there."""
        if self._balances.at_s > fill.at_s:
            return
        bought = fill.side is Side.BUY
        self._balances = replace(
            self._balances,
            usd=self._balances.usd - (fill.quantity * fill.price + fill.fee_usd if bought else ZERO),
            doge=self._balances.doge - (ZERO if bought else fill.quantity),
        )

    def _answered(self, action: Action, outcome: Outcome, options: GridOptions, now_s: float) -> list[Action]:
        key, request = action.order.key, request_of(action)
        match outcome:
            case Delivered(OrderTaken() as taken):
                actions = self._learn(key, taken.order_id, options, now_s)
                if isinstance(action, Place):
                    self.events.append(placed_event(action, self._slot_of(key).slot_id, now_s))
                answer = Taken(key, request, taken.order_id, taken.price, taken.quantity)
                return self._move(key, answer, options, now_s) + actions
            case Delivered():
                return []
            case Rejected(DuplicateClientId()):
                self.doubts.append((key, now_s))
                return self._move(key, Silent(key, request), options, now_s)
            case Rejected(reason):
                if isinstance(action, Cancel):
                    self.doubts.append((key, now_s + REFUSED_CANCEL_WAIT_S))
                wait_s = 0.0 if isinstance(reason, PostOnlyRejected) else options.retry_s
                return self._move(key, TurnedDown(key, request, reason, wait_s, by_exchange=True), options, now_s)
            case HeldBack(reason):
                if isinstance(action, Cancel):
                    self.doubts.append((key, now_s))
                wait_s = OBSERVE_AGAIN_S if isinstance(reason, ModeHolds) else options.retry_s
                return self._move(key, TurnedDown(key, request, reason, wait_s, by_exchange=False), options, now_s)
            case _:
                self.doubts.append((key, now_s + options.order_deadline_s))
                return self._move(key, Silent(key, request), options, now_s)

    def _learn(self, key: str, order_id: str, options: GridOptions, now_s: float) -> list[Action]:
        return [action for fill in self._identities.learn(key, order_id) for action in self._fill(fill, options, now_s)]

    def _held(self, switch: Switch, options: GridOptions, now_s: float) -> Reason | None:
        if not self._reconciled:
            return self._hold if isinstance(self._hold, Disconnected) else Reconciling(len(self.doubts))
        if self._quote is None:
            return PriceAwaited()
        if switch is not Switch.RUNNING:
            return SwitchHolds(switch)
        value = self._balances.usd + self._balances.doge * self._quote.mid
        held = limits.hold_all(self.books.losses, value, max(0.0, now_s - self._quote.at_s), options, now_s)
        return held or limits.profit_below_fees(self.rules, options)

    def _move(self, key: str, event: GridEvent, options: GridOptions, now_s: float) -> list[Action]:
        return self._apply(transition(self._slot_of(key), event, self._world(options, now_s)), now_s)

    def _apply(self, step: Step, now_s: float) -> list[Action]:
        self.books.put(step.slot)
        for number, trip in enumerate(step.round_trips):
            self.books.count_round_trip(trip, f"{trip.order_key}.{number}")
            self.events.append(
                RoundTripBooked(
                    at_s=trip.at_s,
                    slot_id=trip.slot_id,
                    trade=trip.trade,
                    quantity=trip.position.quantity,
                    entry_price=trip.position.price,
                    exit_price=trip.exit_price,
                    profit_usd=trip.profit_usd,
                    evicted=trip.evicted,
                    worked_off=trip.worked_off,
                )
            )
        for lot in step.abandoned:
            self.books.count_abandoned(lot)
        self._identities.know(action.order for action in step.actions)
        self._note(step.notes, now_s)
        return list(step.actions)

    def _note(self, reasons: Sequence[Reason], now_s: float, *, grave: bool = False) -> None:
        self.events.extend(GridNote(at_s=now_s, reason=reason, grave=grave) for reason in reasons)

    def _note_blocked_by_age(self, stale: Reason, world: World) -> None:
        wanted = [want for slot in self.books.slots.values() for want in wants(slot, world)]
        blocked = [Blocked(want.slot_id, want.trade, BlockedBy.PRICE_AGE, stale) for want in wanted]
        self.books.note_blocked(blocked, world.now_s)

    def _world(self, options: GridOptions, now_s: float) -> World:
        market = ZERO if self._quote is None else self._quote.mid
        return World(market, self.rules, options, now_s, self._exit_wait(options, now_s).seconds)

    def _exit_wait(self, options: GridOptions, now_s: float) -> ExitWait:
        return exit_wait(options.profit_pct, self.closes.volatility(now_s), options.orphan_after_s)

    def _slot_of(self, key: str) -> Slot:
        return self.books.slots[int(key.split(".")[1].rstrip("AB"))]

    def _order(self, key: str) -> Order | None:
        return self._slot_of(key).order(key)


def _booked(fill: VenueFill, key: str, slot_id: int, order: Order) -> FillBooked:
    return FillBooked(
        at_s=fill.at_s,
        trade_id=fill.trade_id,
        key=key,
        slot_id=slot_id,
        trade=order.trade,
        role=order.role,
        side=order.side,
        price=fill.price,
        quantity=fill.quantity,
        fee_usd=fill.fee_usd,
        maker=fill.maker,
    )
