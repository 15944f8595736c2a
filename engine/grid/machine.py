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
    Filled,
    GridEvent,
    NeverArrived,
    OrderTurnedDown,
    Place,
    Request,
    RetiredReason,
    RoundTrip,
    Seen,
    Silent,
    Step,
    StoppedReason,
    Taken,
    Ticked,
    TurnedDown,
    World,
)
from engine.grid.invariants import InvariantBreach, VolumeDrift, check
from engine.grid.options import Evict
from engine.grid.ports import OrderFate, OrderGone, PairRules, PostOnlyRejected, Side, VenueRefused
from engine.grid.recovery import abandoned, evictions_of, made_recovery, recovered_again, stranded, worked_off
from engine.grid.slot import ZERO, Cause, Leg, Lot, Order, Position, Role, Slot, Stage, Trade
from engine.grid.timing import drifted_part, orphaned


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
            step = _never_arrived(slot, event)
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


def cancel_all(slot: Slot) -> Step:
    """Take every order of the slot off the book; entries are wanted again as a reseed.

    What is in doubt is left: its look-up shows whether there is anything to cancel.
    """
    actions: list[Action] = []
    for order in slot.orders:
        if order.stage in (Stage.CANCELLING, Stage.CLOSING, Stage.UNKNOWN):
            continue
        slot, action = cancelled(slot, order, StoppedReason())
        actions.append(action)
        if order.role is Role.ENTRY:
            slot = slot.with_leg(replace(slot.leg(order.trade), wants=Cause.RESEED))
    return Step(slot, tuple(actions))


def _ticked(slot: Slot, world: World) -> Step:
    actions: list[Action] = []
    notes: list[Reason] = []
    for trade in Trade:
        leg = slot.leg(trade)
        if leg.exiting and leg.order is None and leg.retry_s <= world.now_s:
            slot, place = _exit_placed(slot, leg, world)
            actions.append(place)
    slot, placed_again = recovered_again(slot, world)
    part = drifted_part(slot, world)
    if part is not None:
        order, reason = part
        slot, cancel = cancelled(slot, order, reason)
        actions.append(cancel)
    orphan = orphaned(slot, world)
    if orphan is not None:
        trade, note = orphan
        slot = made_recovery(slot, slot.leg(trade))
        notes.append(note)
    slot, evictions = evictions_of(slot, world)
    slot, withdrawn = _withdrawn(slot)
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
    if event.quantity is not None and event.quantity != taken.quantity:
        raise VolumeDrift(slot, order, taken.quantity, event.quantity, "took")
    taken = replace(taken, price=taken.price if event.price is None else event.price)
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
        amended_price=None,
        amended_quantity=None,
    )


def _turned_down(slot: Slot, event: TurnedDown, world: World) -> Step:
    order = slot.order(event.key)
    if order is None:
        return Step(slot)
    note = OrderTurnedDown(slot.slot_id, order.trade, event.reason, event.retry_after_s)
    retry_s = world.now_s + event.retry_after_s
    if event.request is Request.AMEND:
        return _not_moved(slot, order, event, note, world)
    if event.request is Request.CANCEL:
        in_doubt = replace(order, stage=Stage.UNKNOWN) if order.stage is Stage.CANCELLING else order
        return Step(replaced(slot, in_doubt), notes=(note,))
    if order.filled > 0:
        raise InvariantBreach(slot, f"order {order.key} was turned down, yet has fills of {order.filled}")
    if order.stage in (Stage.OPEN, Stage.AMENDING):
        # It was seen on the book: the two contradict each other, and a look-up tells.
        return Step(replaced(slot, replace(order, stage=Stage.UNKNOWN)), notes=(note,))
    if order.role is Role.RECOVERY:
        return Step(stranded(slot, order, order.position, retry_s), notes=(note,))
    return Step(_rested(removed(slot, order), order.trade, retry_s), notes=(note,))


def _not_moved(slot: Slot, order: Order, event: TurnedDown, note: OrderTurnedDown, world: World) -> Step:
    """The order stands where it stood. What cannot be moved is cancelled and, once it is gone, placed anew."""
    resting = order.stage is Stage.AMENDING
    kept = replace(order, stage=Stage.OPEN if resting else order.stage, amended_price=None, amended_quantity=None)
    slot = replaced(slot, kept)
    if kept.filled == kept.quantity:
        return _completed(slot, kept, world, world.now_s)
    if not resting or not event.by_exchange or _asked_again_later(event.reason):
        return Step(_rested(slot, order.trade, world.now_s + event.retry_after_s), notes=(note,))
    slot, cancel = cancelled(slot, kept, event.reason)
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


def _never_arrived(slot: Slot, event: NeverArrived) -> Step:
    order = slot.order(event.key)
    if order is None:
        return Step(slot)
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
    limit = max(order.quantity, order.amended_quantity or ZERO, order.largest)
    if order.filled > limit:
        raise InvariantBreach(slot, f"order {order.key} of {limit} has fills of {order.filled}")
    return _completed(replaced(slot, order), order, world, event.at_s)


def _seen(slot: Slot, event: Seen, world: World) -> Step:
    order = slot.order(event.key)
    if order is None:
        return Step(slot)
    settles = order.stage is Stage.SENT or (order.stage is Stage.UNKNOWN and event.proof)
    if settles and order.amended_quantity is None and event.quantity != order.quantity:
        raise VolumeDrift(slot, order, order.quantity, event.quantity, "holds")
    order = replace(order, order_id=event.order_id or order.order_id)
    if event.fate is OrderFate.OPEN:
        if settles:
            order = replace(
                order,
                stage=Stage.OPEN,
                price=event.price,
                quantity=event.quantity,
                largest=max(order.largest, order.quantity),
                amended_price=None,
                amended_quantity=None,
                evicted=False,  # a cancel that came to nothing gave nothing up
            )
        return _completed(replaced(slot, order), order, world, world.now_s)
    if order.filled > event.filled:
        raise InvariantBreach(slot, f"order {order.key} has fills of {order.filled}, exchange says {event.filled}")
    order = replace(order, price=event.price, final_filled=event.filled)
    if order.filled < event.filled:
        return Step(replaced(slot, replace(order, stage=Stage.CLOSING)))
    return _completed(replaced(slot, order), order, world, world.now_s)


def _completed(slot: Slot, order: Order, world: World, at_s: float) -> Step:
    """Finish the order when all its fills are in; while an amendment is on its way its quantity is not known."""
    if order.final_filled is None and order.amended_quantity is not None:
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
    position = leg.dust + Position(order.filled, order.cost_usd, order.fees_usd, at_s)
    slot, position, trips = worked_off(slot, order.trade, position, order.key, at_s)
    if trips and not tradable(position, world.rules):
        freed = _leg_after_exit(replace(leg, dust=Position()), position, world)
        return Step(slot.with_leg(freed), round_trips=trips)
    if not tradable(position, world.rules):
        return Step(slot.with_leg(replace(leg, order=None, dust=position, wants=wants)))
    leg = replace(leg, order=None, dust=Position(), position=position, retry_s=0.0)
    if not world.market:
        return Step(slot.with_leg(leg), round_trips=trips)  # the exit is placed on the first price
    slot, place = _exit_placed(slot.with_leg(leg), leg, world)
    return Step(slot, (place,), round_trips=trips)


def _closing_finished(slot: Slot, order: Order, world: World, at_s: float) -> Step:
    trips: list[RoundTrip] = []
    lots: list[Lot] = []
    notes: list[Reason] = []
    rest = order.position
    if order.filled > 0:
        closed = rest if order.filled == rest.quantity else rest.part(order.filled)
        rest = rest - closed
        trips.append(_round_trip(slot, order, closed, order.cost_usd, order.fees_usd, evicted=False, at_s=at_s))
    if order.role is Role.RECOVERY:
        if rest.quantity > 0 and order.evicted and world.options.evict is Evict.BY_CAPACITY:
            slot, lot, told = abandoned(slot, order, rest, world)
            lots.append(lot)
            notes.append(told)
        elif rest.quantity > 0 and order.evicted:
            value = rest.quantity * (world.market or order.market)
            trips.append(_round_trip(slot, order, rest, value, ZERO, evicted=True, at_s=at_s))
            slot = removed(slot, order)
        elif tradable(rest, world.rules):
            slot = stranded(slot, order, rest)
        else:
            leg = slot.leg(order.trade)
            slot = removed(slot.with_leg(replace(leg, dust=leg.dust + rest)), order)
    else:
        slot = slot.with_leg(_leg_after_exit(slot.leg(order.trade), rest, world))
    profit = sum((trip.profit_usd for trip in trips), ZERO)
    slot = replace(slot, profit_usd=slot.profit_usd + profit)
    return Step(slot, round_trips=tuple(trips), notes=tuple(notes), abandoned=tuple(lots))


def _leg_after_exit(leg: Leg, rest: Position, world: World) -> Leg:
    if tradable(rest, world.rules):
        return replace(leg, order=None, position=rest)
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


def _withdrawn(slot: Slot) -> tuple[Slot, list[Action]]:
    """A retired slot takes its resting entries off the book."""
    actions: list[Action] = []
    for order in slot.orders if slot.retired else ():
        if order.role is Role.ENTRY and order.stage is Stage.OPEN:
            slot, action = cancelled(slot, order, RetiredReason())
            actions.append(action)
    return slot, actions
