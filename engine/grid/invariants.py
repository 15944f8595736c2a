"""What must hold of a slot after every transition (grid spec 11); a breach halts the slot, which is shown."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from engine.grid.slot import Leg, Order, Role, Slot


class InvariantBreach(RuntimeError):
    """A slot contradicts itself or the exchange. It halts; `slot` is the last one that held."""

    def __init__(self, slot: Slot, detail: str) -> None:
        super().__init__(f"slot {slot.slot_id}: {detail}")
        self.slot = slot
        self.detail = detail


class VolumeDrift(InvariantBreach):
    """State and exchange hold different volumes of an order (governor seed 5, invariant 9)."""

    def __init__(self, slot: Slot, order: Order, state: Decimal, exchange: Decimal, did: str) -> None:
        super().__init__(slot, f"order {order.key}: asked for {state}, exchange {did} {exchange}")
        self.order = order.key
        self.state = state
        self.exchange = exchange


def check(slot: Slot) -> None:
    """Raise InvariantBreach with everything that does not hold."""
    faults = list(_faults(slot))
    if faults:
        raise InvariantBreach(slot, "; ".join(faults))


def _faults(slot: Slot) -> Iterator[str]:
    for leg in slot.legs:
        yield from _leg_faults(leg)
    for order in slot.orders:
        yield from _order_faults(order)
    keys = [order.key for order in slot.orders]
    if len(set(keys)) != len(keys):
        yield f"two orders share a key: {sorted(keys)}"
    for order in slot.recoveries:
        if order.role is not Role.RECOVERY or _asked_for(order) != order.position.quantity:
            yield f"{order.key}: {order.role.value} of {order.quantity} for a position of {order.position.quantity}"


def _asked_for(order: Order) -> Decimal:
    """What we asked for, whatever somebody else made of it."""
    return order.quantity if order.asked is None else order.asked


def _leg_faults(leg: Leg) -> Iterator[str]:
    name = f"trade {leg.trade.value}"
    if leg.position.quantity < 0 or leg.dust.quantity < 0:
        yield f"{name} holds a negative position"
    if leg.order is None:
        return
    if leg.order.trade is not leg.trade:
        yield f"{name} holds an order of trade {leg.order.trade.value}"
    if leg.order.role is Role.EXIT:
        if _asked_for(leg.order) != leg.position.quantity:
            yield f"{name}: exit of {leg.order.quantity} for a position of {leg.position.quantity}"
    elif leg.order.role is not Role.ENTRY:
        yield f"{name} works a {leg.order.role.value} order"
    elif leg.position.quantity > 0:
        yield f"{name} works an entry while {leg.position.quantity} wait for an exit"


def _order_faults(order: Order) -> Iterator[str]:
    entry = order.role is Role.ENTRY
    side = order.trade.entry_side if entry else order.trade.exit_side
    if order.side is not side:
        yield f"{order.key} goes the wrong way: {order.side.value}"
    if not (order.price > 0 and order.quantity > 0):
        yield f"{order.key} has price {order.price} and quantity {order.quantity}"
    if order.filled < 0:
        yield f"{order.key} has fills of {order.filled}"
