"""What a person may do about the grid's troubles, carried out on the books: pure but for the books themselves.

Each way is offered by `troubles` with what it will do, and journalled as what it is in the commit that carries it out.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine.core.messages import Reason, plain
from engine.core.troubles import Way
from engine.grid.client_ids import OrderName
from engine.grid.decider import Decider
from engine.grid.events import Action, Cancel, Step
from engine.grid.intents import FOREIGN
from engine.grid.interference import accept, adopt, dismiss
from engine.grid.messages import WayTaken
from engine.grid.options import GridOptions
from engine.grid.ports import Side, VenueOrder
from engine.grid.recovery import eviction_by_person, resting_recovery
from engine.grid.slot import Order, Position, Role, Slot, Stage, Trade
from engine.grid.troubles import (
    ACCEPT,
    ADOPT,
    CANCEL,
    DISMISS,
    EARLIER,
    EVICT,
    GO_ON,
    RELEASE,
    CancelsOrders,
    EvictsRecovery,
    adopted_role,
    releases,
)

WAY_TAKEN = "way_taken"


def offered(decider: Decider, verb: str, target: str) -> Way | None:
    """The way that may be taken now under this name; a slot may be let go of, and an order that is not the grid's be
    cancelled, without a trouble.
    """
    for trouble in decider.troubles:
        for way in trouble.ways:
            if (way.verb, way.target) == (verb, target):
                return way
    slot = decider.books.slots.get(int(target)) if target.isdecimal() else None
    if verb == RELEASE and slot is not None and not slot.releasing:
        return Way(verb, target, releases(slot))
    if verb == EVICT:
        return _eviction(decider, target)
    if verb == CANCEL and target in decider.account.foreign.orders:
        return Way(verb, target, CancelsOrders(1))
    return None


def _eviction(decider: Decider, order_key: str) -> Way | None:
    for slot in decider.books.slots.values():
        order = resting_recovery(slot, order_key)
        if order is not None:
            return Way(EVICT, order_key, EvictsRecovery(slot.slot_id, order.remaining, order.price))
    return None


def take(decider: Decider, way: Way, where: str, options: GridOptions, now_s: float) -> list[Action]:
    """Carry out a way that is offered; returns what is to be sent."""
    detail = {"verb": way.verb, "target": way.target, "where": where, "effect": plain(way.effect)}
    name = decider.books.count_way(WAY_TAKEN, detail, now_s)
    actions = _taken(decider, way, name, options, now_s)
    decider.events.append(WayTaken(at_s=now_s, verb=way.verb, target=way.target, where=where, effect=way.effect))
    return actions


def _taken(decider: Decider, way: Way, name: str, options: GridOptions, now_s: float) -> list[Action]:
    if way.verb == GO_ON:
        decider.account.holds.answer(way.target)
        decider.wants_reading = decider.wants_rules = decider.wants_clock = True
        return []
    if way.verb == EVICT:
        evictions = (eviction_by_person(slot, way.target, now_s) for slot in decider.books.slots.values())
        return [
            action for found in list(evictions) if found for action in decider.apply(Step(found[0], (found[1],)), now_s)
        ]
    if way.target.isdecimal():
        return decider.apply(_slot_step(decider, way.verb, int(way.target), options, now_s), now_s)
    orders = [decider.account.foreign.orders[order_id] for order_id in _targets(decider, way.target)]
    if way.verb == CANCEL:
        return [_foreign_cancel(order, name, way.effect) for order in orders]
    return [action for order in orders for action in _adopted(decider, order, way.effect, name, options)]


def _targets(decider: Decider, target: str) -> list[str]:
    return list(decider.account.foreign.earlier) if target == EARLIER else [target]


def _slot_step(decider: Decider, verb: str, slot_id: int, options: GridOptions, now_s: float) -> Step:
    slot = decider.books.slots[slot_id]
    if verb == ADOPT:
        return adopt(slot, decider.world(options, now_s))
    if verb == DISMISS:
        return dismiss(slot, now_s)
    if verb == ACCEPT:
        return Step(accept(slot))
    if verb == RELEASE:
        return Step(replace(slot, releasing=True))
    raise ValueError(f"a slot takes no {verb!r}")


def _adopted(decider: Decider, order: VenueOrder, effect: Reason, taken: str, options: GridOptions) -> list[Action]:
    """An order of an earlier life becomes ours; where its place is taken it is cancelled instead.

    Its trades are read with the next reading, under its own name, so that what filled before counts too.
    """
    name = decider.account.foreign.earlier[order.order_id]
    slot = decider.books.slots.get(name.slot_id) or Slot(name.slot_id, decider.namespace, retired=True)
    role = adopted_role(name, slot)
    if role is None:
        return [_foreign_cancel(order, taken, effect)]
    ours = _order_of(order, name, slot, role, options)
    slot = replace(slot, sequence=slot.sequence + 1)
    if role is Role.RECOVERY:
        slot = replace(slot, recoveries=(*slot.recoveries, ours))
    else:
        slot = slot.with_leg(replace(slot.leg(ours.trade), order=ours))
    decider.books.put(slot)
    decider.know(ours)
    return []


def _order_of(order: VenueOrder, name: OrderName, slot: Slot, role: Role, options: GridOptions) -> Order:
    trade = Trade(name.trade)
    profit = 1 + options.profit_pct / 100 * (1 if order.side is Side.SELL else -1)
    cost = order.quantity * order.price / profit
    position = Position(order.quantity, cost, opened_s=order.at_s) if role is Role.RECOVERY else Position()
    return Order(
        key=f"{slot.namespace}.{slot.slot_id}{trade.value}.{role.value}.{slot.sequence}",
        trade=trade,
        role=role,
        side=order.side,
        price=order.price,
        quantity=order.quantity,
        market=order.price,
        placed_s=order.at_s,
        stage=Stage.UNKNOWN,
        order_id=order.order_id,
        size_usd=order.quantity * order.price if role is Role.ENTRY else Decimal(0),
        base_usd=order.quantity * order.price if role is Role.ENTRY else Decimal(0),
        position=position,
        named=order.client_id,
    )


def _foreign_cancel(order: VenueOrder, taken: str, reason: Reason) -> Cancel:
    """A cancel of an order that is in no slot; it is named by the exchange's id, which every order has.

    taken: the name of the way that asked for it.
    """
    trade = Trade.B if order.side is Side.BUY else Trade.A
    named = Order(
        key=f"{FOREIGN}{order.order_id}",
        trade=trade,
        role=Role.ENTRY,
        side=order.side,
        price=order.price,
        quantity=order.quantity,
        market=order.price,
        placed_s=order.at_s,
        stage=Stage.CANCELLING,
        order_id=order.order_id,
        named=order.client_id,
    )
    return Cancel(f"{FOREIGN}{order.order_id}/c{taken}", named, reason)
