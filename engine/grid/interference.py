"""What somebody else did to a slot's orders, and what a person makes of it (grid spec 7).

An amendment by hand is told when it arrives. What it added is a *surplus*: the slot goes on closing what is its own,
enters nothing, and waits for one click, or the option `surplus = adopt` makes it ours at once.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine.core.messages import Reason
from engine.grid.changes import cancelled, replaced
from engine.grid.events import (
    Action,
    AdoptedReason,
    Amend,
    EnlargedByOther,
    ListedHolding,
    MovedByOther,
    ReducedByOther,
    RestoredReason,
    Step,
    SurplusTraded,
    World,
)
from engine.grid.options import SurplusRule
from engine.grid.slot import (
    MAX_PAST_STANDS,
    Leg,
    Order,
    Position,
    Slot,
    SlotHalt,
    Stage,
    Surplus,
    SurplusCause,
    Trade,
)


def stood_so_far(order: Order) -> tuple[tuple[Decimal, Decimal], ...]:
    """Where the order stood before and stands now: news of any of them is late once it stands elsewhere."""
    return (*order.stood, (order.price, order.quantity))[-MAX_PAST_STANDS:]


def changed_by_other(
    slot: Slot, order: Order, price: Decimal, quantity: Decimal, world: World
) -> tuple[Order, tuple[Reason, ...]]:
    """The order after somebody else gave it this price and quantity, and what is told of it.

    Back at the quantity that we had asked for, it is wholly ours again.
    """
    asked = order.quantity if order.asked is None else order.asked
    notes: list[Reason] = []
    if price != order.price:
        notes.append(MovedByOther(slot.slot_id, order.trade, order.order_id, order.price, price))
    adopted = world.options.surplus is SurplusRule.ADOPT
    if quantity > order.quantity and quantity > asked:
        notes.append(EnlargedByOther(slot.slot_id, order.trade, order.order_id, asked, quantity, adopted))
    elif quantity < order.quantity and quantity < asked:
        notes.append(ReducedByOther(slot.slot_id, order.trade, order.order_id, asked, quantity))
    changed = replace(
        order,
        price=price,
        quantity=quantity,
        stood=stood_so_far(order),
        asked=None if quantity == asked else asked,
        adopted=adopted or (order.adopted and quantity != asked),
    )
    return changed, tuple(notes)


def own_part(
    slot: Slot, order: Order, trade: Trade, traded: Position, own: Decimal, at_s: float
) -> tuple[Slot, Position, tuple[Reason, ...]]:
    """What of `traded` is the slot's own; what is beyond waits with the slot, or joins the trade that can close it.

    trade: the one whose exit would close what is beyond.
    """
    if own >= traded.quantity:
        return slot, traded, ()
    kept = traded.part(own) if own > 0 else Position(opened_s=at_s)
    slot, note = with_surplus(slot, trade, order.key, SurplusCause.ENLARGED, traded - kept, at_s)
    if order.adopted:
        return _joined(slot, slot.surpluses[-1]), kept, ()
    return slot, kept, (note,)


def with_surplus(
    slot: Slot, trade: Trade, order_key: str, cause: SurplusCause, position: Position, at_s: float
) -> tuple[Slot, SurplusTraded]:
    """The slot with one more surplus, and what is told of it."""
    surplus = Surplus(slot.sequence, trade, order_key, cause, position, at_s)
    note = SurplusTraded(slot.slot_id, trade, cause, position.quantity, position.price)
    return replace(slot, surpluses=(*slot.surpluses, surplus), sequence=slot.sequence + 1), note


def adopt(slot: Slot, world: World) -> Step:
    """Make every surplus of the slot its own: what was traded gets an exit, at its own cost, together with what waits
    for one already; what still rests counts as asked for.
    """
    actions: list[Action] = []
    for order in slot.orders:
        if order.surplus:
            slot = replaced(slot, replace(order, adopted=True))
    for surplus in slot.surpluses:
        slot = _joined(slot, surplus)
        exit_order = slot.leg(surplus.trade).order
        if slot.leg(surplus.trade).exiting and exit_order is not None and exit_order.stage is Stage.OPEN:
            reason = AdoptedReason(surplus.position.quantity)
            slot, cancel = cancelled(slot, exit_order, reason, world.now_s)
            actions.append(cancel)
    return Step(slot, tuple(actions))


def dismiss(slot: Slot, now_s: float) -> Step:
    """Leave every surplus to its owner: what was traded is listed as a holding, what still rests gets its size back."""
    actions: list[Action] = []
    for order in slot.orders:
        if order.surplus and order.asked is not None and order.stage is Stage.OPEN and order.filled < order.asked:
            key = f"{order.key}/m{slot.sequence}"
            restoring = replace(
                order, stage=Stage.AMENDING, amended_price=order.price, amended_quantity=order.asked, changed_s=now_s
            )
            slot = replace(replaced(slot, restoring), sequence=slot.sequence + 1)
            actions.append(Amend(key, restoring, RestoredReason(order.asked)))
    holdings = tuple(ListedHolding(slot.slot_id, one.trade, one.position, now_s) for one in slot.surpluses)
    return Step(replace(slot, surpluses=()), tuple(actions), holdings=holdings)


def accept(slot: Slot) -> Slot:
    """End a halt by taking what the exchange says: each order of the slot is looked up and believed."""
    for order in slot.orders:
        slot = replaced(slot, replace(order, stage=Stage.UNKNOWN, trusted=True))
    return replace(slot, halt=None)


def halted(slot: Slot, detail: str, now_s: float) -> Slot:
    """The slot decides nothing from here on; its orders stay where they are."""
    return slot if slot.halt is not None else replace(slot, halt=SlotHalt(detail, now_s))


def released(slot: Slot, cancelling: Step, now_s: float) -> Step:
    """A slot that is let go of, after its orders were asked to leave: once none is left, what it holds is listed and
    the slot begins anew.
    """
    slot = cancelling.slot
    if slot.orders:
        return cancelling
    held = [(leg.trade, part) for leg in slot.legs for part in (leg.position, leg.dust)]
    held += [(lost.trade, lost.position) for lost in slot.stranded]
    held += [(surplus.trade, surplus.position) for surplus in slot.surpluses]
    held += [(lot.trade, lot.position) for lot in slot.abandoned]
    holdings = tuple(ListedHolding(slot.slot_id, trade, part, now_s) for trade, part in held if part.quantity > 0)
    fresh = Slot(slot.slot_id, slot.namespace, profit_usd=slot.profit_usd, sequence=slot.sequence, retired=slot.retired)
    return Step(fresh, cancelling.actions, holdings=holdings)


def _joined(slot: Slot, surplus: Surplus) -> Slot:
    """The surplus goes along with its trade: with what its next exit closes, or an exit of its own if it is enough."""
    leg: Leg = slot.leg(surplus.trade)
    kept = tuple(other for other in slot.surpluses if other is not surplus)
    return replace(slot.with_leg(replace(leg, dust=leg.dust + surplus.position)), surpluses=kept)
