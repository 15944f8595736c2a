"""Recovery orders: what becomes one, which is given up, and what happens to one that left the book (grid spec 14)."""

from __future__ import annotations

from dataclasses import replace

from engine.grid.changes import cancelled, closing_order, removed
from engine.grid.events import Action, EvictedReason, World
from engine.grid.slot import Cause, Leg, Order, Position, Role, Slot, Stage, Stranded


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
    """The oldest recovery orders beyond the limit are cancelled, however they came to be too many."""
    actions: list[Action] = []
    kept = [order for order in slot.recoveries if order.stage is not Stage.CANCELLING]
    for oldest in kept[: max(0, len(kept) - world.options.recoveries_per_slot)]:
        if oldest.stage is Stage.OPEN:
            reason = EvictedReason(world.options.recoveries_per_slot)
            slot, action = cancelled(slot, replace(oldest, evicted=True), reason)
            actions.append(action)
    return slot, actions


def stranded(slot: Slot, order: Order, rest: Position, retry_s: float = 0.0) -> Slot:
    """The recovery order is gone, not by eviction: what is left of its position waits for another one."""
    return replace(removed(slot, order), stranded=(*slot.stranded, Stranded(order.trade, rest, retry_s)))
