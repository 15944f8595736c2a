"""The slot machine: a pure reducer from a slot and an event to the next slot and what to send (grid spec 11 to 14).

Entries are not placed here: a leg without order and position *wants* one, and `entries` decides which of all wants
are served, how large, within funds, limits and capacity.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine.core.messages import Reason
from engine.grid.changes import cancelled, closing_order, removed, replaced
from engine.grid.events import (
    Action,
    CancelledByOther,
    Filled,
    GridEvent,
    NeverArrived,
    OrderTurnedDown,
    Place,
    ReleasedReason,
    Request,
    RetiredReason,
    RoundTrip,
    Seen,
    Silent,
    Step,
    StoppedReason,
    Taken,
    Ticked,
    TooSmallToClose,
    TurnedDown,
    World,
    WouldHavePlaced,
)
from engine.grid.interference import changed_by_other, own_part, released, stood_so_far
from engine.grid.invariants import InvariantBreach, VolumeDrift, check
from engine.grid.options import Evict
from engine.grid.ports import OrderFate, OrderGone, PairRules, PostOnlyRejected, Side, VenueRefused
from engine.grid.recovery import abandoned, evictions_of, made_recovery, recovered_again, stranded, worked_off
from engine.grid.slot import ZERO, Cause, Leg, Lot, Order, Position, Role, Slot, Stage, Trade
from engine.grid.timing import drifted_part, orphaned

_FIRST_CANCEL_PAUSE_S, _LONGEST_CANCEL_PAUSE_S = 0.3, 5.0
_SETTLED_S = 5.0


def transition(slot: Slot, event: GridEvent, world: World) -> Step:
    """The slot after `event`. Raises InvariantBreach when slot and exchange contradict each other."""
    match event:
        case Ticked():
            step = _ticked(slot, world)
        case Taken():
            step = _taken(slot, event, world)
        case TurnedDown():
            step = _turned_down(slot, event, world)
        case Silent():
            step = Step(_in_doubt(slot, event))
        case NeverArrived():
            step = _never_arrived(slot, event, world)
        case Filled():
            step = _filled(slot, event, world)
        case Seen():
            step = _seen(slot, event, world)
    if step.slot is not slot:
        check(step.slot)
    return step


def tradable(position: Position, rules: PairRules) -> bool:
    """Whether the exchange takes an order of this size."""
    return position.quantity >= rules.minimum_quantity and position.cost_usd >= rules.minimum_cost_usd


def cancel_all(slot: Slot, now_s: float, reason: Reason | None = None) -> Step:
    """Take every order of the slot off the book; entries are wanted again as a reseed.

    A cancel may be asked for again and again: what was not answered, or is in doubt, is asked again after a pause that
    grows from tenths of a second to some seconds, until the order is known to be gone.
    """
    actions: list[Action] = []
    for order in slot.orders:
        if order.stage is Stage.CLOSING or now_s < cancel_again_s(order):
            continue
        slot, action = cancelled(slot, order, reason or StoppedReason(), now_s)
        actions.append(action)
        if order.role is Role.ENTRY:
            slot = slot.with_leg(replace(slot.leg(order.trade), wants=Cause.RESEED))
    return Step(slot, tuple(actions))


def cancel_again_s(order: Order) -> float:
    """From when on a cancel of this order may be asked for again; 0 when none was asked for yet."""
    if not order.cancels:
        return 0.0
    return order.cancel_asked_s + min(_LONGEST_CANCEL_PAUSE_S, _FIRST_CANCEL_PAUSE_S * 2.0 ** (order.cancels - 1))


def retried_at_once(slot: Slot) -> Slot:
    """The slot without its pauses after refusals: the exchange's rules are other ones now, and exits go first."""
    for leg in slot.legs:
        if leg.retry_s:
            slot = slot.with_leg(replace(leg, retry_s=0.0))
    waiting = tuple(replace(lost, retry_s=0.0) for lost in slot.stranded)
    return slot if waiting == slot.stranded else replace(slot, stranded=waiting)


def _ticked(slot: Slot, world: World) -> Step:
    if slot.releasing:
        return released(slot, cancel_all(slot, world.now_s, ReleasedReason()), world.now_s)
    if slot.halt is not None:
        return Step(slot)
    actions: list[Action] = []
    notes: list[Reason] = []
    slot, too_small = _merged(slot, world)
    notes.extend(too_small)
    for trade in Trade:
        leg = slot.leg(trade)
        if leg.exiting and leg.order is None and leg.retry_s <= world.now_s:
            slot, place = _exit_placed(slot, leg, world)
            actions.append(place)
    slot, placed_again = recovered_again(slot, world)
    part = None if slot.waits else drifted_part(slot, world)
    if part is not None:
        order, reason = part
        slot, cancel = cancelled(slot, order, reason, world.now_s)
        actions.append(cancel)
    orphan = orphaned(slot, world)
    if orphan is not None:
        trade, note = orphan
        slot = made_recovery(slot, slot.leg(trade))
        notes.append(note)
    slot, evictions = evictions_of(slot, world)
    slot, withdrawn = _withdrawn(slot, world)
    return Step(slot, (*actions, *placed_again, *evictions, *withdrawn), notes=tuple(notes))


def _taken(slot: Slot, event: Taken, world: World) -> Step:
    order = slot.order(event.key)
    if order is None:
        return Step(slot)
    order = replace(order, order_id=event.order_id or order.order_id)
    if event.request is Request.AMEND:
        taken = _amended(order)
    elif order.amended_quantity is not None:
        # Its book entry was seen before this answer came, and it is being moved already: the move decides.
        return Step(replaced(slot, order))
    else:
        taken = order
    if event.quantity is not None and event.quantity != taken.quantity and order.stage is Stage.SENT:
        raise VolumeDrift(slot, order, taken.quantity, event.quantity, "took")
    taken = replace(taken, price=taken.price if event.price is None else event.price)
    if event.request is Request.AMEND:
        taken = replace(taken, changed_s=world.now_s)
    if order.stage in (Stage.SENT, Stage.UNKNOWN, Stage.AMENDING):
        taken = replace(taken, stage=Stage.OPEN)
    return _completed(replaced(slot, taken), taken, world, world.now_s)


def _amended(order: Order) -> Order:
    if order.amended_price is None or order.amended_quantity is None:
        return order  # a look-up has told how it stands before the answer came
    return replace(
        order,
        price=order.amended_price,
        quantity=order.amended_quantity,
        largest=max(order.largest, order.quantity),
        stood=stood_so_far(order),
        asked=None,
        adopted=False,
        amended_price=None,
        amended_quantity=None,
    )


def _turned_down(slot: Slot, event: TurnedDown, world: World) -> Step:
    order = slot.order(event.key)
    if order is None:
        return Step(slot)
    note: Reason = OrderTurnedDown(slot.slot_id, order.trade, event.reason, event.retry_after_s)
    if event.observed and event.request is Request.PLACE:
        note = WouldHavePlaced(slot.slot_id, order.side, order.quantity, order.price)
    retry_s = world.now_s + event.retry_after_s
    if event.request is Request.AMEND:
        return _not_moved(slot, order, event, note, world)
    if event.request is Request.CANCEL:
        in_doubt = replace(order, stage=Stage.UNKNOWN) if order.stage is Stage.CANCELLING else order
        # A cancel is asked for until the order is gone; that it was refused is told once.
        return Step(replaced(slot, in_doubt), notes=(note,) if order.cancels <= 1 else ())
    if order.filled > 0:
        raise InvariantBreach(slot, f"order {order.key} was turned down, yet has fills of {order.filled}")
    if order.stage in (Stage.OPEN, Stage.AMENDING):
        # It was seen on the book: the two contradict each other, and a look-up tells.
        return Step(replaced(slot, replace(order, stage=Stage.UNKNOWN)), notes=(note,))
    if order.role is Role.RECOVERY:
        return Step(stranded(slot, order, order.position, retry_s), notes=(note,))
    return Step(_rested(removed(slot, order), order.trade, retry_s), notes=(note,))


def _not_moved(slot: Slot, order: Order, event: TurnedDown, note: Reason, world: World) -> Step:
    """The order stands where it stood. What cannot be moved is cancelled and, once it is gone, placed anew."""
    resting = order.stage is Stage.AMENDING
    kept = replace(order, stage=Stage.OPEN if resting else order.stage, amended_price=None, amended_quantity=None)
    slot = replaced(slot, kept)
    if kept.filled == kept.quantity:
        return _completed(slot, kept, world, world.now_s)
    if not resting or not event.by_exchange or _asked_again_later(event.reason):
        return Step(_rested(slot, order.trade, world.now_s + event.retry_after_s), notes=(note,))
    slot, cancel = cancelled(slot, kept, event.reason, world.now_s)
    if order.role is Role.ENTRY:
        slot = slot.with_leg(replace(slot.leg(order.trade), wants=Cause.REFRESH))
    return Step(slot, (cancel,), notes=(note,))


def _asked_again_later(reason: Reason) -> bool:
    """Whether a refused amendment says nothing against this order standing where it stands.

    A price that would have taken liquidity is one of them: the next move has another price, while a cancel of an order
    this young costs eight times as much of Kraken's trading limit.
    """
    if isinstance(reason, VenueRefused):
        return reason.advice == "retry"
    return isinstance(reason, OrderGone | PostOnlyRejected)


def _in_doubt(slot: Slot, event: Silent) -> Slot:
    order = slot.order(event.key)
    if order is None or order.stage is Stage.CLOSING:
        return slot
    if order.stage is Stage.CANCELLING and event.request is Request.AMEND:
        return slot  # the cancel decides
    return replaced(slot, replace(order, stage=Stage.UNKNOWN))


def _never_arrived(slot: Slot, event: NeverArrived, world: World) -> Step:
    order = slot.order(event.key)
    if order is None:
        return Step(slot)
    if order.filled > 0 and order.trusted:
        gone = replace(order, final_filled=order.filled)
        return _completed(replaced(slot, gone), gone, world, world.now_s)
    if order.filled > 0:
        raise InvariantBreach(slot, f"order {order.key} has fills, yet the exchange does not know it")
    if order.role is Role.RECOVERY:
        return Step(stranded(slot, order, order.position))
    return Step(removed(slot, order))


def _filled(slot: Slot, event: Filled, world: World) -> Step:
    order = slot.order(event.key)
    if order is None:
        raise InvariantBreach(slot, f"trade {event.trade_id} fills order {event.key}, which the slot does not hold")
    order = replace(
        order,
        filled=order.filled + event.quantity,
        cost_usd=order.cost_usd + event.quantity * event.price,
        fees_usd=order.fees_usd + event.fee_usd,
    )
    if order.filled > max(order.quantity, order.amended_quantity or ZERO, order.largest):
        # Somebody made it larger, and the trade is the first that is heard of it: how large, a look-up tells.
        order, notes = changed_by_other(slot, order, order.price, order.filled, world)
        if order.final_filled is None:
            return Step(replaced(slot, replace(order, stage=Stage.UNKNOWN)), notes=notes)
        step = _completed(replaced(slot, order), order, world, event.at_s)
        return replace(step, notes=(*notes, *step.notes))
    return _completed(replaced(slot, order), order, world, event.at_s)


def _seen(slot: Slot, event: Seen, world: World) -> Step:
    order = slot.order(event.key)
    if order is None:
        return Step(slot)
    settles = order.stage is Stage.SENT or (order.stage is Stage.UNKNOWN and event.proof)
    order = replace(order, order_id=event.order_id or order.order_id)
    if event.fate is OrderFate.OPEN:
        order, notes = _seen_open(slot, order, event, settles, world)
        step = _completed(replaced(slot, order), order, world, world.now_s)
        return replace(step, notes=(*notes, *step.notes))
    if order.filled > event.filled and not order.trusted:
        raise InvariantBreach(slot, f"order {order.key} has fills of {order.filled}, exchange says {event.filled}")
    notes = ()
    if event.quantity > max(order.quantity, order.amended_quantity or ZERO, order.largest):
        order, notes = changed_by_other(slot, order, order.price, event.quantity, world)
    if event.fate is OrderFate.CANCELLED and _rested_unasked(order, world):
        notes = (*notes, CancelledByOther(slot.slot_id, order.trade, order.order_id))
    order = replace(order, price=event.price or order.price, final_filled=max(order.filled, event.filled))
    if order.filled < event.filled:
        return Step(replaced(slot, replace(order, stage=Stage.CLOSING)), notes=notes)
    step = _completed(replaced(slot, order), order, world, world.now_s)
    return replace(step, notes=(*notes, *step.notes))


def _rested_unasked(order: Order, world: World) -> bool:
    """Whether the order rested for a while and nobody here asked it to leave; a post-only order may leave at once."""
    resting = order.stage in (Stage.OPEN, Stage.AMENDING) and not order.cancels
    return resting and world.now_s - order.touched_s > _SETTLED_S


def _seen_open(slot: Slot, order: Order, event: Seen, settles: bool, world: World) -> tuple[Order, tuple[Reason, ...]]:
    """The order as the exchange shows it on the book, and what is to be told of that.

    While nothing of ours is on its way, another price or quantity is somebody else's doing, unless it is one at which
    the order stood before: then the news is late, or a look-up has to prove it.
    """
    here, there = (order.price, order.quantity), (event.price, event.quantity)
    ours = (here, (order.amended_price, order.amended_quantity))
    if settles:
        # A cancel that came to nothing gave nothing up.
        order = replace(order, stage=Stage.OPEN, amended_price=None, amended_quantity=None, evicted=False)
        if there in ours or order.trusted:
            grown = max(order.largest, order.quantity)
            past = order.stood if there == here else stood_so_far(order)
            due = event.quantity if order.role is Role.ENTRY else order.position.quantity
            asked = order.asked if event.quantity == due else due
            return replace(
                order, price=event.price, quantity=event.quantity, largest=grown, stood=past, asked=asked
            ), ()
        return changed_by_other(slot, order, event.price, event.quantity, world)
    if there in ours or (there in order.stood and not event.proof):
        return order, ()
    if order.stage is Stage.OPEN:
        return changed_by_other(slot, order, event.price, event.quantity, world)
    if order.stage is Stage.AMENDING:
        return replace(order, stage=Stage.UNKNOWN), ()  # which of the two changes came last, a look-up tells
    return order, ()


def _completed(slot: Slot, order: Order, world: World, at_s: float) -> Step:
    """Finish the order when all its fills are in. While an amendment is on its way, or somebody else's is being looked
    up, its quantity is not known.
    """
    changing = order.amended_quantity is not None or (order.stage is Stage.UNKNOWN and order.asked is not None)
    if order.final_filled is None and changing:
        return Step(slot)
    due = order.quantity if order.final_filled is None else order.final_filled
    return _finished(slot, order, world, at_s) if order.filled == due else Step(slot)


def _finished(slot: Slot, order: Order, world: World, at_s: float) -> Step:
    if order.role is Role.ENTRY:
        return _entry_finished(slot, order, world, at_s)
    return _closing_finished(slot, order, world, at_s)


def _entry_finished(slot: Slot, order: Order, world: World, at_s: float) -> Step:
    leg = slot.leg(order.trade)
    wants = leg.wants if order.stage is Stage.CANCELLING else Cause.REPAIR
    if order.filled == 0:
        return Step(slot.with_leg(replace(leg, order=None, wants=wants)))
    filled = Position(order.filled, order.cost_usd, order.fees_usd, at_s)
    slot, own, notes = own_part(slot, order, order.trade, filled, order.own_filled, at_s)
    slot, position, trips = worked_off(slot, order.trade, leg.dust + own, order.key, at_s)
    if trips and not tradable(position, world.rules):
        freed = _leg_after_exit(replace(leg, dust=Position()), position, world)
        return Step(slot.with_leg(freed), round_trips=trips, notes=notes)
    if not tradable(position, world.rules):
        return Step(slot.with_leg(replace(leg, order=None, dust=position, wants=wants)), notes=notes)
    leg = replace(leg, order=None, dust=Position(), position=position, retry_s=0.0)
    if not world.market:
        return Step(slot.with_leg(leg), round_trips=trips, notes=notes)  # the exit is placed on the first price
    slot, place = _exit_placed(slot.with_leg(leg), leg, world)
    return Step(slot, (place,), round_trips=trips, notes=notes)


def _closing_finished(slot: Slot, order: Order, world: World, at_s: float) -> Step:
    trips: list[RoundTrip] = []
    lots: list[Lot] = []
    notes: tuple[Reason, ...] = ()
    rest = order.position
    if order.filled > 0:
        traded = Position(order.filled, order.cost_usd, order.fees_usd, at_s)
        slot, own, notes = own_part(slot, order, order.trade.other, traded, min(order.filled, rest.quantity), at_s)
        closed = rest if own.quantity == rest.quantity else rest.part(own.quantity)
        rest = rest - closed
        trips.append(_round_trip(slot, order, closed, own.cost_usd, own.fees_usd, evicted=False, at_s=at_s))
    if order.role is Role.RECOVERY:
        if rest.quantity > 0 and order.evicted and world.options.evict is Evict.BY_CAPACITY:
            slot, lot, told = abandoned(slot, order, rest, world)
            lots.append(lot)
            notes = (*notes, told)
        elif rest.quantity > 0 and order.evicted:
            value = rest.quantity * (world.market or order.market)
            trips.append(_round_trip(slot, order, rest, value, ZERO, evicted=True, at_s=at_s))
            slot = removed(slot, order)
        elif tradable(rest, world.rules):
            slot = stranded(slot, order, rest)
        else:
            leg = slot.leg(order.trade)
            slot = removed(slot.with_leg(replace(leg, dust=leg.dust + rest)), order)
            notes = (*notes, *_too_small(slot, order.trade, rest, world))
    else:
        slot = slot.with_leg(_leg_after_exit(slot.leg(order.trade), rest, world))
        if not slot.leg(order.trade).exiting:
            notes = (*notes, *_too_small(slot, order.trade, rest, world))
    profit = sum((trip.profit_usd for trip in trips), ZERO)
    slot = replace(slot, profit_usd=slot.profit_usd + profit)
    return Step(slot, round_trips=tuple(trips), notes=notes, abandoned=tuple(lots))


def _too_small(slot: Slot, trade: Trade, rest: Position, world: World) -> tuple[Reason, ...]:
    if rest.quantity <= 0:
        return ()
    return (TooSmallToClose(slot.slot_id, trade, rest.quantity, world.rules.minimum_quantity),)


def _merged(slot: Slot, world: World) -> tuple[Slot, list[Reason]]:
    """Positions without an order, where the exchange's minimum was raised over them: they go along with the next exit,
    and what went along becomes a position of its own once it is large enough.
    """
    notes: list[Reason] = []
    for leg in slot.legs:
        if leg.order is None and leg.exiting and not tradable(leg.position, world.rules):
            together = leg.dust + leg.position
            if tradable(together, world.rules):
                slot = slot.with_leg(replace(leg, position=together, dust=Position()))
            else:
                notes.extend(_too_small(slot, leg.trade, leg.position, world))
                slot = slot.with_leg(replace(leg, position=Position(), dust=together))
        elif leg.order is None and not leg.exiting and tradable(leg.dust, world.rules):
            slot = slot.with_leg(replace(leg, position=leg.dust, dust=Position(), retry_s=0.0))
    for lost in slot.stranded:
        if not tradable(lost.position, world.rules):
            leg = slot.leg(lost.trade)
            slot = replace(slot, stranded=tuple(other for other in slot.stranded if other is not lost))
            slot = slot.with_leg(replace(leg, dust=leg.dust + lost.position))
            notes.extend(_too_small(slot, lost.trade, lost.position, world))
    return slot, notes


def _leg_after_exit(leg: Leg, rest: Position, world: World) -> Leg:
    """What went along with the trade joins what its exit left: together they get the next one."""
    if tradable(leg.dust + rest, world.rules):
        return replace(leg, order=None, position=leg.dust + rest, dust=Position())
    return replace(
        leg,
        order=None,
        position=Position(),
        dust=leg.dust + rest,
        wants=Cause.CYCLE,
        cycles=leg.cycles + 1,
        retry_s=0.0,
    )


def _round_trip(
    slot: Slot, order: Order, closed: Position, value_usd: Decimal, fees_usd: Decimal, *, evicted: bool, at_s: float
) -> RoundTrip:
    bought_first = order.side is Side.SELL
    gain = value_usd - closed.cost_usd if bought_first else closed.cost_usd - value_usd
    return RoundTrip(
        order_key=order.key,
        slot_id=slot.slot_id,
        trade=order.trade,
        position=closed,
        exit_price=value_usd / closed.quantity,
        fees_usd=closed.fees_usd + fees_usd,
        profit_usd=gain - closed.fees_usd - fees_usd,
        evicted=evicted,
        at_s=at_s,
    )


def _exit_placed(slot: Slot, leg: Leg, world: World) -> tuple[Slot, Place]:
    place = closing_order(slot, leg.trade, Role.EXIT, leg.position, world)
    slot = replace(slot.with_leg(replace(leg, order=place.order)), sequence=slot.sequence + 1)
    return slot, place


def _rested(slot: Slot, trade: Trade, until_s: float) -> Slot:
    return slot.with_leg(replace(slot.leg(trade), retry_s=until_s))


def _withdrawn(slot: Slot, world: World) -> tuple[Slot, list[Action]]:
    """A retired slot takes its resting entries off the book."""
    actions: list[Action] = []
    for order in slot.orders if slot.retired else ():
        if order.role is Role.ENTRY and order.stage is Stage.OPEN:
            slot, action = cancelled(slot, order, RetiredReason(), world.now_s)
            actions.append(action)
    return slot, actions
