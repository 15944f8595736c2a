"""Recovery orders: what becomes one, which is given up, and what happens to one that left the book (grid spec 14)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from engine.core.messages import Reason
from engine.grid.changes import cancelled, closing_order, removed
from engine.grid.events import (
    Action,
    CapacityEvictedReason,
    EvictedReason,
    InventoryAbandoned,
    PersonEvictedReason,
    RoundTrip,
    World,
)
from engine.grid.options import Evict
from engine.grid.prices import drift_ratio
from engine.grid.slot import Cause, Leg, Lot, Order, Position, Role, Slot, Stage, Stranded, Trade


def recovered_again(slot: Slot, world: World) -> tuple[Slot, list[Action]]:
    """What was stranded gets a recovery order again."""
    actions: list[Action] = []
    for lost in slot.stranded:
        if lost.retry_s <= world.now_s:
            place = closing_order(slot, lost.trade, Role.RECOVERY, lost.position, world)
            slot = replace(
                slot,
                stranded=tuple(other for other in slot.stranded if other is not lost),
                recoveries=(*slot.recoveries, place.order),
                sequence=slot.sequence + 1,
            )
            actions.append(place)
    return slot, actions


def made_recovery(slot: Slot, leg: Leg) -> Slot:
    """The leg's exit becomes a recovery order where it stands, and the leg is free for its next entry."""
    assert leg.order is not None
    recovery = replace(leg.order, role=Role.RECOVERY)
    freed = replace(leg, order=None, position=Position(), wants=Cause.ORPHAN, cycles=leg.cycles + 1, retry_s=0.0)
    return replace(slot.with_leg(freed), recoveries=(*slot.recoveries, recovery))


def evictions_of(slot: Slot, world: World) -> tuple[Slot, list[Action]]:
    """Recovery orders beyond the places there are go, however they came to be too many: the oldest, or when it is not
    for their age, the one farthest from the market first.
    """
    actions: list[Action] = []
    kept = [order for order in slot.recoveries if order.stage is not Stage.CANCELLING]
    if world.options.evict is not Evict.BY_AGE:
        kept.sort(key=lambda order: _distance(order, world.market), reverse=True)
    for order in kept[: max(0, len(kept) - world.options.recoveries_per_slot)]:
        if order.stage is Stage.OPEN:
            slot, action = given_up(slot, order, EvictedReason(world.options.recoveries_per_slot), world.now_s)
            actions.append(action)
    return slot, actions


def given_up(slot: Slot, order: Order, reason: Reason, now_s: float) -> tuple[Slot, Action]:
    """Take a recovery order off the book for good; what it does not close meanwhile is written off or abandoned."""
    return cancelled(slot, replace(order, evicted=True), reason, now_s)


def eviction_for_capacity(slots: Iterable[Slot], headroom: int, world: World) -> tuple[Slot, Action] | None:
    """One recovery order less where places for open orders have run out, the farthest from the market of all slots.

    headroom: free places. Nothing is given up where that would not let entries be placed again, nor while one that was
    given up is still on its way off the book.
    """
    missing = world.options.headroom_stop - headroom
    if world.options.evict is not Evict.BY_CAPACITY or missing <= 0:
        return None
    recoveries = [(slot, order) for slot in slots for order in slot.recoveries]
    if any(order.evicted and order.stage is not Stage.OPEN for _, order in recoveries):
        return None
    resting = [(slot, order) for slot, order in recoveries if order.stage is Stage.OPEN]
    if len(resting) < missing:
        return None
    slot, order = max(resting, key=lambda row: (_distance(row[1], world.market), row[1].key))
    return given_up(slot, order, CapacityEvictedReason(headroom), world.now_s)


def resting_recovery(slot: Slot, order_key: str) -> Order | None:
    """The recovery order of this key, where a person may give it up: it rests."""
    order = slot.order(order_key)
    return order if order is not None and order.role is Role.RECOVERY and order.stage is Stage.OPEN else None


def eviction_by_person(slot: Slot, order_key: str, now_s: float) -> tuple[Slot, Action] | None:
    """A recovery order that a person gives up; None where it is not one that rests."""
    order = resting_recovery(slot, order_key)
    return None if order is None else given_up(slot, order, PersonEvictedReason(), now_s)


def abandoned(slot: Slot, order: Order, rest: Position, world: World) -> tuple[Slot, Lot, InventoryAbandoned]:
    """The recovery order is gone and nothing takes its place: what is left of its position stays with its cost."""
    lot = Lot(order.trade, rest, world.now_s, order.key)
    market = world.market or order.market
    told = InventoryAbandoned(slot.slot_id, order.trade, rest.quantity, rest.cost_usd, rest.quantity * market)
    return replace(removed(slot, order), abandoned=(*slot.abandoned, lot)), lot, told


def worked_off(
    slot: Slot, trade: Trade, position: Position, order_key: str, at_s: float
) -> tuple[Slot, Position, tuple[RoundTrip, ...]]:
    """What an entry of `trade` that filled closes of the other trade's abandoned inventory, first in first out.

    Returns the slot without it, what is left of the entry's position, and one round trip for each lot.
    """
    left: list[Lot] = []
    trips: list[RoundTrip] = []
    for lot in slot.abandoned:
        quantity = min(lot.position.quantity, position.quantity)
        if lot.trade is trade or quantity == 0:
            left.append(lot)
            continue
        closed, closing = lot.position.part(quantity), position.part(quantity)
        trips.append(_worked_off_trip(slot.slot_id, lot.trade, closed, closing, order_key, at_s))
        position = position - closing
        if quantity < lot.position.quantity:
            left.append(replace(lot, position=lot.position - closed))
    return replace(slot, abandoned=tuple(left)) if trips else slot, position, tuple(trips)


def _worked_off_trip(
    slot_id: int, trade: Trade, closed: Position, closing: Position, order_key: str, at_s: float
) -> RoundTrip:
    gain = closing.cost_usd - closed.cost_usd
    fees = closed.fees_usd + closing.fees_usd
    return RoundTrip(
        order_key=order_key,
        slot_id=slot_id,
        trade=trade,
        position=closed,
        exit_price=closing.price,
        fees_usd=fees,
        profit_usd=(gain if trade is Trade.B else -gain) - fees,
        evicted=False,
        at_s=at_s,
        worked_off=True,
    )


def _distance(order: Order, market: Decimal) -> Decimal:
    return abs(drift_ratio(order.price, market))


def stranded(slot: Slot, order: Order, rest: Position, retry_s: float = 0.0) -> Slot:
    """The recovery order is gone, not by eviction: what is left of its position waits for another one."""
    return replace(removed(slot, order), stranded=(*slot.stranded, Stranded(order.trade, rest, retry_s)))
