"""The grid without its loop: what arrived goes in, actions come out. No asyncio, no I/O, no clock of its own.

The loop in `engine` feeds it from real sockets, the lab from a simulated exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.core.gate import Delivered, HeldBack, ModeHolds, Outcome, Rejected, SwitchHolds, Unknown
from engine.core.messages import Event, Reason
from engine.core.modes import Switch
from engine.core.troubles import Trouble
from engine.grid import limits
from engine.grid.account import Account
from engine.grid.arrivals import Answered, Arrival, ClockRead, LookUp, PricesRead, RulesRead
from engine.grid.books import Books
from engine.grid.conditions import Conditions, standing
from engine.grid.entries import Blocked, BlockedBy, Funds, Sizer, place_entries, wants
from engine.grid.events import (
    Action,
    Cancel,
    EnlargedByOther,
    Filled,
    GridEvent,
    NeverArrived,
    Place,
    Request,
    Seen,
    Silent,
    Step,
    SurplusTraded,
    Taken,
    Ticked,
    TurnedDown,
    World,
)
from engine.grid.identities import Identities
from engine.grid.intents import FOREIGN, cancelled_event, placed_event, request_of
from engine.grid.interference import halted, with_surplus
from engine.grid.invariants import InvariantBreach, VolumeDrift
from engine.grid.machine import cancel_again_s, cancel_all, retried_at_once, transition
from engine.grid.messages import (
    ConnectionMissing,
    Disconnected,
    FillBooked,
    ForeignNotCancelled,
    GridNote,
    GridSnapshot,
    OrderSetAside,
    PriceAwaited,
    Reconciling,
    RoundTripBooked,
    RulesChanged,
    Stopping,
)
from engine.grid.options import GridOptions
from engine.grid.ports import (
    AccountTrouble,
    Balances,
    BelowMinimum,
    ChannelAlive,
    DuplicateClientId,
    InsufficientFunds,
    LedgerEntry,
    MarketSaid,
    MarketStatus,
    OrderFate,
    OrderGone,
    OrderTaken,
    PairRules,
    PostOnlyRejected,
    Quote,
    RowSetAside,
    Side,
    StreamBack,
    StreamLost,
    VenueFill,
    VenueOrder,
    VenueRefused,
)
from engine.grid.recovery import eviction_for_capacity
from engine.grid.slot import ZERO, Order, Position, Role, Slot, Stage, SurplusCause, Trade
from engine.grid.troubles import EarlierOrders, SlotHalted, troubles_of
from engine.grid.view import Standing, snapshot
from engine.grid.volatility import ExitWait, MinuteCloses, exit_wait

OBSERVE_AGAIN_S = 300.0
LONGEST_RETRY_S = 300.0
REFUSED_CANCEL_WAIT_S = 2.0
"""A cancel is refused when the order is gone, or when the exchange's counter is full; neither changes at once."""


class Decider:
    """Owns the books. `take_in` what arrives, `tick` to decide. A slot that contradicts the exchange halts alone.

    `doubts` collects keys of orders to look up and from when, `events` what is to be told once it is durable, `session`
    counts how often the sockets went up or down. `wants_reading`, `wants_rules`, `wants_clock`: what to read anew.
    """

    def __init__(self, books: Books, rules: PairRules, balances: Balances, namespace: str, sizer: Sizer) -> None:
        self.books = books
        self.rules = rules
        self.events: list[Event] = []
        self.doubts: list[tuple[str, float]] = []
        self.wants_reading = self.wants_rules = self.wants_clock = False
        self.account = Account(rules.pair)
        self._balances = balances
        self.namespace = namespace
        self._sizer = sizer
        self._quote: Quote | None = None
        self._alive_s = 0.0
        self._identities = Identities()
        self._identities.know(self.orders)
        self.session = 0
        self._connected = False
        self._reconciled = False
        self._hold: Reason | None = Reconciling(0)
        self.closes = MinuteCloses()
        self._conditions = Conditions()
        self._refusals: dict[tuple[int, Trade], int] = {}
        self._stopping_since_s: float | None = None
        self._rules_known = rules.status is not MarketStatus.UNKNOWN

    @property
    def orders(self) -> list[Order]:
        """Every order that may rest at the exchange."""
        return [order for slot in self.books.slots.values() for order in slot.orders]

    @property
    def halted(self) -> bool:
        """Whether a slot stands still until a person ends that."""
        return any(slot.halt is not None for slot in self.books.slots.values())

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What waits for a person."""
        slots = [slot for _, slot in sorted(self.books.slots.items())]
        return troubles_of(slots, self.account.foreign.orders, self.account.foreign.earlier, self.account.holds.waiting)

    def ensure_slots(self, count: int) -> None:
        """Add slots up to `count`; slots beyond it close what they hold and enter nothing."""
        for slot_id in range(1, count + 1):
            if slot_id not in self.books.slots:
                self.books.put(Slot(slot_id, self.namespace))
        for slot in list(self.books.slots.values()):
            if slot.retired is not (slot.slot_id > count):
                self.books.put(replace(slot, retired=slot.slot_id > count))

    def take_in(self, arrival: Arrival, options: GridOptions, now_s: float) -> list[Action]:
        """Digest one arrival."""
        match arrival:
            case Quote():
                self._quote = arrival
                self.closes.note(arrival.mid, arrival.at_s)
            case ChannelAlive(at_s):
                self._alive_s = max(self._alive_s, at_s)
            case Balances():
                self._balances = arrival
                self.account.picture.balanced(arrival, now_s)
            case LedgerEntry():
                self.books.note_ledger(arrival, self.rules.pair)
                changed = self.account.picture.entered(arrival, now_s)
                self._note(() if changed is None else (changed,), now_s)
            case StreamLost(reason):
                self.session += 1
                self._connected = self._reconciled = False
                self._hold = Disconnected(str(getattr(reason, "words", reason)))
            case StreamBack():
                self.session += 1
                self._connected = self.wants_reading = True
            case MarketSaid(status):
                self.account.holds.market = status
            case AccountTrouble(reason, waits=True):
                self._wait(reason, now_s)
            case AccountTrouble(reason):
                self._note((reason,), now_s, grave=True)
            case RowSetAside():
                self.wants_reading = True
                self._note((OrderSetAside(arrival.channel, arrival.order_id, arrival.words),), now_s)
            case RulesRead(rules):
                self._ruled(rules, now_s)
            case ClockRead(ahead_s):
                self.account.holds.clock_ahead_s = ahead_s
            case PricesRead(prices):
                self.account.picture.price_all(dict(prices))
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
        self._look_for_unexplained(now_s)
        if switch is Switch.STOPPED:
            self._stopping_since_s = self._stopping_since_s or now_s
            return self.cancel_everything(options, now_s)
        self._stopping_since_s = None
        world = self.world(options, now_s)
        nothing_new = self.account.holds.now(self.rules, now_s)
        if isinstance(self._hold, limits.PriceStale):
            nothing_new = (BlockedBy.PRICE_AGE, self._hold)
        if nothing_new is not None and self._rules_known:
            self._note_all_blocked(*nothing_new, world)
        unready = isinstance(self._hold, PriceAwaited | Reconciling | Disconnected)
        actions: list[Action] = []
        for slot_id in list(self.books.slots):
            slot = self.books.slots[slot_id]
            if slot.releasing or not (unready or nothing_new):
                actions += self._transition(slot, Ticked(), world)
        if unready or nothing_new:
            return actions
        self.books.begin_money(self._balances, world.market, now_s)
        wait = self._exit_wait(options, now_s)
        conditions = (*standing(self.books.slots.values(), wait, world), *self.account.picture.away)
        self._note(self._conditions.begun(conditions), now_s)
        free = limits.headroom(len(self.orders) + self.account.foreign_on_pair, self.rules, options)
        if (evicted := eviction_for_capacity(self.books.slots.values(), free, world)) is not None:
            actions += self._apply(Step(evicted[0], (evicted[1],)), now_s)
        slots = list(self.books.slots.values())
        capacity = limits.band(free, self.books.losses, options, now_s)
        held = None if self._hold is None else (BlockedBy.LIMIT, self._hold)
        entries = place_entries(
            slots,
            Funds(self._balances.usd, self._balances.doge),
            world,
            sizer=self._sizer,
            losses=self.books.losses,
            allowed=limits.entries_allowed(capacity, options),
            hold=self._entries_wait() or held,
            others=self.account.held_by_others,
        )
        for slot in entries.slots:
            self.books.put(slot)
        self._identities.know(action.order for action in entries.actions)
        self._identities.forget_oldest(self.orders)
        self.books.note_blocked(entries.blocked, now_s, waiting=entries.waiting)
        self._note(entries.notes, now_s)
        return actions + list(entries.actions)

    def cancel_everything(self, options: GridOptions, now_s: float) -> list[Action]:
        """Take every order off the book; those asked for a moment ago are left until it is time to ask again."""
        self._stopping_since_s = self._stopping_since_s or now_s
        actions: list[Action] = []
        for slot in list(self.books.slots.values()):
            if slot.releasing:
                actions += self._transition(slot, Ticked(), self.world(options, now_s))
            else:
                step = cancel_all(slot, now_s)
                self.books.put(step.slot)
                actions += step.actions
        return actions

    def snapshot(self, options: GridOptions, now_s: float) -> GridSnapshot:
        """How the grid stands."""
        stands = Standing(
            state="running" if self._hold is None else "held",
            why=self._hold,
            quote=self._quote,
            price_s=self._price_s,
            balances=self._balances,
            others=self.account.held_by_others,
            foreign=tuple(self.account.foreign.orders.values()),
            earlier=frozenset(self.account.foreign.earlier),
            picture=self.account.picture,
            market=self.rules.status.stricter(self.account.holds.market),
            stopping=self._stopping(now_s),
            halted=self.halted,
            exit_wait=self._exit_wait(options, now_s),
            conditions=self._conditions.now,
        )
        return snapshot(self.books, stands, self.rules, options, now_s)

    @property
    def connected(self) -> bool:
        """Whether the sockets are up."""
        return self._connected

    def tell_silence(self, silent_s: float, now_s: float) -> None:
        """Nothing has been heard for longer than a hiccup. silent_s: real seconds, for they stand for a network."""
        words = self._hold.words if isinstance(self._hold, Disconnected) else ""
        self._note((ConnectionMissing(silent_s, words),), now_s, grave=True)

    def note(self, reason: Reason, now_s: float, *, grave: bool = False) -> None:
        """Tell something once what follows from it is durable."""
        self._note((reason,), now_s, grave=grave)

    def apply(self, step: Step, now_s: float) -> list[Action]:
        """Take over what a change of a slot came to, and return what is to be sent."""
        return self._apply(step, now_s)

    def works(self, order: VenueOrder, now_s: float) -> bool:
        """Whether an order that rests is one that the slots work, or worked until lately: REST may lag. One that is
        over here and still rests much later is nobody's.
        """
        key = self._identities.key_of(order.client_id, order.order_id)
        if key is None or self._order(key) is not None:
            return key is not None
        return self.account.over_lately(order.order_id, now_s)

    def know(self, order: Order) -> None:
        """An order is ours from here on, under the names that it has."""
        self._identities.know((order,))
        self.account.foreign.forget(order.order_id)

    def _stopping(self, now_s: float) -> Stopping | None:
        if self._stopping_since_s is None:
            return None
        left = self.orders
        times = [cancel_again_s(order) for order in left if order.stage is not Stage.CLOSING]
        hold = self.account.holds.now(self.rules, now_s)
        return Stopping(
            left=len(left),
            earlier=len(self.account.foreign.earlier),
            since_s=self._stopping_since_s,
            next_try_s=min(times, default=None),
            why=None if hold is None else hold[1],
        )

    @property
    def _price_s(self) -> float:
        """When the price was last known to stand: at the quote, or at a heartbeat of its channel since."""
        return 0.0 if self._quote is None else max(self._quote.at_s, self._alive_s)

    def _ruled(self, rules: PairRules, now_s: float) -> None:
        self.rules = rules
        self._rules_known = True
        if self.books.rules is not None:
            self._note(_what_changed(self.books.rules, rules), now_s)
        if self.books.rules != rules:
            self.books.note_rules(rules)
            for slot in list(self.books.slots.values()):
                self.books.put(retried_at_once(slot))

    def _looked_up(self, found: LookUp, options: GridOptions, now_s: float) -> list[Action]:
        actions: list[Action] = []
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
        if found.balances is not None:
            self._balances = found.balances
            self.account.picture.balanced(found.balances, now_s)
        if found.complete:
            self._complete(found, now_s)
            if found.balances is not None:
                self.books.anchor_money(found.balances)
        return actions

    def _complete(self, found: LookUp, now_s: float) -> None:
        """Everything that rests, was traded and is held was read."""
        told = self.account.read(found, self.orders, self.rules, not self._reconciled, now_s)
        self._note(told, now_s, grave=True)
        self._reconciled = self._reconciled or (self._connected and found.session == self.session)
        self.books.note_read(min(now_s, max((fill.at_s for fill in found.fills), default=0.0)))

    def _seen(self, order: VenueOrder, options: GridOptions, now_s: float, *, proof: bool = False) -> list[Action]:
        key = self._identities.key_of(order.client_id, order.order_id)
        known = None if key is None else self._order(key)
        if key is None and self._reconciled and self.account.foreign.seen(order):
            self._note(self.account.appeared([order], now_s), now_s, grave=True)
        if key is None or known is None:
            return []
        actions = self._learn(key, order.order_id, options, now_s)
        if order.fate in (OrderFate.CANCELLED, OrderFate.EXPIRED) and known.stage is not Stage.CLOSING:
            self.events.append(cancelled_event(known, self._slot_of(key).slot_id, order, now_s))
        if order.fate in (OrderFate.CANCELLED, OrderFate.EXPIRED) and order.filled > 0 and known.role is Role.ENTRY:
            self.books.note_partial_cancel(now_s)
        seen = Seen(key, order.order_id, order.price, order.quantity, order.filled, order.fate, proof)
        return actions + self._move(key, seen, options, now_s)

    def _wait(self, reason: Reason, now_s: float) -> None:
        told = self.account.holds.wait(reason, now_s)
        self._note(() if told is None else (told,), now_s, grave=True)

    def _fill(self, fill: VenueFill, options: GridOptions, now_s: float) -> list[Action]:
        if self.books.counted(fill.trade_id):
            return []
        # A day to come would let no loss of today count, and a later reading would begin after the trades of today.
        fill = replace(fill, at_s=min(fill.at_s, now_s))
        self.account.picture.traded(fill, now_s)
        if fill.pair:
            return []
        key = self._identities.key_of(fill.client_id, fill.order_id)
        order = None if key is None else self._order(key)
        if key is None:
            self._identities.hold(fill)
            return []
        slot = self._slot_of(key)
        actions: list[Action] = []
        try:
            if order is None:
                raise InvariantBreach(slot, f"trade {fill.trade_id} fills order {key}, which is closed here")
            filled = Filled(key, fill.trade_id, fill.price, fill.quantity, fill.fee_usd, fill.at_s)
            actions = self._apply(transition(slot, filled, self.world(options, now_s)), now_s)
        except InvariantBreach:
            order = self._set_apart(slot, key, fill)
            self._note_surplus(slot.slot_id, now_s)
        self._spend(fill)
        mid = fill.price if self._quote is None else self._quote.mid
        self.books.count_fill(fill, order, order_done=self._order(key) is None, mid=mid)
        self.events.append(_booked(fill, key, slot.slot_id, order))
        return actions

    def _set_apart(self, slot: Slot, key: str, fill: VenueFill) -> Order:
        """A trade that no order of the slot accounts for is counted all the same, and waits for a person."""
        trade = Trade.B if fill.side is Side.BUY else Trade.A
        position = Position(fill.quantity, fill.quantity * fill.price, fill.fee_usd, fill.at_s)
        slot, _ = with_surplus(slot, trade, key, SurplusCause.LATE_TRADE, position, fill.at_s)
        self.books.put(slot)
        return Order(key, trade, Role.ENTRY, fill.side, fill.price, fill.quantity * 2, fill.price, fill.at_s)

    def _note_surplus(self, slot_id: int, now_s: float) -> None:
        surplus = self.books.slots[slot_id].surpluses[-1]
        position = surplus.position
        told = SurplusTraded(slot_id, surplus.trade, surplus.cause, position.quantity, position.price)
        self._note((told,), now_s, grave=True)

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
        if key.startswith(FOREIGN):
            return self._foreign_answered(action, outcome, now_s)
        place = (self._slot_of(key).slot_id, action.order.trade)
        match outcome:
            case Delivered(OrderTaken() as taken):
                self._refusals.pop(place, None)
                actions = self._learn(key, taken.order_id, options, now_s)
                if isinstance(action, Place):
                    self.events.append(placed_event(action, place[0], now_s))
                answer = Taken(key, request, taken.order_id, taken.price, taken.quantity)
                return self._move(key, answer, options, now_s) + actions
            case Delivered():
                return []
            case Rejected(DuplicateClientId()):
                self.doubts.append((key, now_s))
                return self._move(key, Silent(key, request), options, now_s)
            case Rejected(reason):
                if isinstance(action, Cancel):
                    self._doubt_cancelled(key, now_s + REFUSED_CANCEL_WAIT_S)
                wait_s = self._refused(action, reason, options, now_s)
                return self._move(key, TurnedDown(key, request, reason, wait_s, by_exchange=True), options, now_s)
            case HeldBack(reason):
                if isinstance(action, Cancel):
                    self._doubt_cancelled(key, now_s)
                wait_s = OBSERVE_AGAIN_S if isinstance(reason, ModeHolds) else options.retry_s
                observed = isinstance(reason, ModeHolds)
                down = TurnedDown(key, request, reason, wait_s, by_exchange=False, observed=observed)
                return self._move(key, down, options, now_s)
            case Unknown(reason):
                self.wants_clock = self.wants_clock or "eadline" in str(reason)
        if isinstance(action, Cancel):
            self._doubt_cancelled(key, now_s + REFUSED_CANCEL_WAIT_S)
        else:
            self.doubts.append((key, now_s + options.order_deadline_s))
        return self._move(key, Silent(key, request), options, now_s)

    def _doubt_cancelled(self, key: str, from_s: float) -> None:
        """A cancel that was not carried out, or not answered. What is in doubt already is looked up already, and a
        cancel asked again changes nothing about when that proves something.
        """
        order = self._order(key)
        if order is not None and order.stage is not Stage.UNKNOWN:
            self.doubts.append((key, from_s))

    def _foreign_answered(self, action: Action, outcome: Outcome, now_s: float) -> list[Action]:
        """A cancel of an order that is in no slot: gone it leaves the list, else it stays there, to be asked again."""
        if isinstance(outcome, Delivered) or outcome == Rejected(OrderGone()):
            self.account.foreign.gone(action.order.order_id)
        elif isinstance(outcome, Rejected | HeldBack | Unknown):
            self._note((ForeignNotCancelled(action.order.order_id, outcome.reason),), now_s)
        self.wants_reading = True
        return []

    def _refused(self, action: Action, reason: Reason, options: GridOptions, now_s: float) -> float:
        """What a refusal makes the grid do, and how long the same is not asked again: longer each time in a row."""
        if isinstance(reason, PostOnlyRejected):
            return 0.0
        place = (self._slot_of(action.order.key).slot_id, action.order.trade)
        times = self._refusals.get(place, 0)
        if not isinstance(action, Cancel):
            self._refusals[place] = times + 1
        wait_s = min(LONGEST_RETRY_S, options.retry_s * 2.0 ** min(times, 10))
        if isinstance(reason, InsufficientFunds):
            self.wants_reading = True
        if isinstance(reason, BelowMinimum):
            self.wants_rules = True
        if isinstance(reason, VenueRefused):
            told = self.account.holds.refused(reason, now_s)
            self._note(() if told is None else (told,), now_s, grave=True)
            self.wants_rules = self.wants_rules or reason.advice == "reread"
            self.wants_reading = self.wants_reading or reason.advice == "reread"
            self.wants_clock = self.wants_clock or "deadline" in reason.words
            wait_s = max(wait_s, reason.again_in_s)
        if isinstance(action, Place) and action.order.role is Role.ENTRY:
            self.books.note_refused(place[0], place[1].entry_side)
        return wait_s

    def _learn(self, key: str, order_id: str, options: GridOptions, now_s: float) -> list[Action]:
        self.account.foreign.forget(order_id)
        return [action for fill in self._identities.learn(key, order_id) for action in self._fill(fill, options, now_s)]

    def _held(self, switch: Switch, options: GridOptions, now_s: float) -> Reason | None:
        if not self._reconciled or not self._rules_known:
            account = self.account.holds.now(self.rules, now_s)
            if account is not None and account[0] is BlockedBy.ACCOUNT:
                return account[1]
            return self._hold if isinstance(self._hold, Disconnected) else Reconciling(len(self.doubts))
        if self._quote is None:
            return PriceAwaited()
        if switch is not Switch.RUNNING:
            return SwitchHolds(switch)
        account = self.account.holds.now(self.rules, now_s) or self._entries_wait()
        if account is not None:
            return account[1]
        value = self._balances.usd + self._balances.doge * self._quote.mid
        held = limits.hold_all(self.books.losses, value, max(0.0, now_s - self._price_s), options, now_s)
        return held or limits.profit_below_fees(self.rules, options)

    def _entries_wait(self) -> tuple[BlockedBy, Reason] | None:
        """What a person has to answer before an entry is placed; exits go on. Beside orders of an earlier life the grid
        would stand on the book twice.
        """
        if earlier := self.account.foreign.earlier:
            return BlockedBy.ACCOUNT, EarlierOrders(len(earlier))
        return self.account.holds.entries()

    def _look_for_unexplained(self, now_s: float) -> None:
        if self._reconciled and self._quote is not None:
            self.wants_reading = self.wants_reading or self.account.picture.doubtful(now_s)
            self._note(tuple(self.account.picture.unexplained(self._quote.mid, now_s)), now_s)

    def _move(self, key: str, event: GridEvent, options: GridOptions, now_s: float) -> list[Action]:
        return self._transition(self._slot_of(key), event, self.world(options, now_s))

    def _transition(self, slot: Slot, event: GridEvent, world: World) -> list[Action]:
        try:
            return self._apply(transition(slot, event, world), world.now_s)
        except InvariantBreach as breach:
            self._halt(slot, breach, world.now_s)
            return []

    def _halt(self, slot: Slot, breach: InvariantBreach, now_s: float) -> None:
        """The slot stands still with what it held last; its orders stay where they are, and the others go on."""
        if slot.halt is not None:
            return
        self.books.put(halted(slot, breach.detail, now_s))
        if isinstance(breach, VolumeDrift):
            self.books.note_drift(breach)
        self._note((SlotHalted(slot.slot_id, breach.detail),), now_s, grave=True)

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
        self.books.list_holdings(step.holdings)
        self._identities.know(action.order for action in step.actions)
        for note in step.notes:
            waits = isinstance(note, SurplusTraded) or (isinstance(note, EnlargedByOther) and not note.adopted)
            self._note((note,), now_s, grave=waits)
        return list(step.actions)

    def _note(self, reasons: Sequence[Reason], now_s: float, *, grave: bool = False) -> None:
        self.events.extend(GridNote(at_s=now_s, reason=reason, grave=grave) for reason in reasons)

    def _note_all_blocked(self, cause: BlockedBy, reason: Reason, world: World) -> None:
        wanted = [want for slot in self.books.slots.values() for want in wants(slot, world)]
        blocked = [Blocked(want.slot_id, want.trade, cause, reason) for want in wanted]
        self.books.note_blocked(blocked, world.now_s)

    def world(self, options: GridOptions, now_s: float) -> World:
        market = ZERO if self._quote is None else self._quote.mid
        return World(market, self.rules, options, now_s, self._exit_wait(options, now_s).seconds)

    def _exit_wait(self, options: GridOptions, now_s: float) -> ExitWait:
        return exit_wait(options.profit_pct, self.closes.volatility(now_s), options.orphan_after_s)

    def _slot_of(self, key: str) -> Slot:
        return self.books.slots[int(key.split(".")[1].rstrip("AB"))]

    def _order(self, key: str) -> Order | None:
        return self._slot_of(key).order(key)


def _what_changed(before: PairRules, now: PairRules) -> tuple[Reason, ...]:
    """Each rule that is another one now."""
    names = ("price_decimals", "quantity_decimals", "minimum_quantity", "minimum_cost_usd", "maker_fee_ratio")
    pairs = ((name, str(getattr(before, name)), str(getattr(now, name))) for name in names)
    return tuple(RulesChanged(*row) for row in pairs if row[1] != row[2])


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
