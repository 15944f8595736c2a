"""What transitions are made of: an order of a slot replaced, removed, cancelled, or made to close a position."""

from __future__ import annotations

from dataclasses import replace

from engine.core.messages import Reason
from engine.grid.events import Cancel, ExitReason, Place, World
from engine.grid.prices import exit_price
from engine.grid.slot import Order, Position, Role, Slot, Stage, Trade


def closing_order(slot: Slot, trade: Trade, role: Role, position: Position, world: World) -> Place:
    """An exit or recovery order of the whole position, priced from the market now."""
    order = Order(
        key=f"{slot.namespace}.{slot.slot_id}{trade.value}.{role.value}.{slot.sequence}",
        trade=trade,
        role=role,
        side=trade.exit_side,
        price=exit_price(trade, position.price, world.market, world.options, world.rules),
        quantity=position.quantity,
        market=world.market,
        placed_s=world.now_s,
        position=position,
    )
    return Place(order, ExitReason(position.price, world.options.profit_pct))


def cancelled(slot: Slot, order: Order, reason: Reason, now_s: float) -> tuple[Slot, Cancel]:
    """The slot with the order being cancelled, and what to send for it. What is in doubt stays in doubt."""
    key = f"{order.key}/c{slot.sequence}"
    stage = order.stage if order.stage is Stage.UNKNOWN else Stage.CANCELLING
    cancelling = replace(order, stage=stage, cancel_asked_s=now_s, cancels=order.cancels + 1)
    return replace(replaced(slot, cancelling), sequence=slot.sequence + 1), Cancel(key, cancelling, reason)


def replaced(slot: Slot, order: Order) -> Slot:
    """The slot with `order` in the place of the one with its key."""
    for leg in slot.legs:
        if leg.order is not None and leg.order.key == order.key:
            return slot.with_leg(replace(leg, order=order))
    return replace(slot, recoveries=tuple(order if r.key == order.key else r for r in slot.recoveries))


def removed(slot: Slot, order: Order) -> Slot:
    """The slot without the order; what it was to close stays with its leg, or is lost with a recovery order."""
    for leg in slot.legs:
        if leg.order is not None and leg.order.key == order.key:
            return slot.with_leg(replace(leg, order=None))
    return replace(slot, recoveries=tuple(r for r in slot.recoveries if r.key != order.key))
