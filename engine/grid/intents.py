"""From what a slot asks for to an intent for the gate."""

from __future__ import annotations

from engine.core.gate import Intent
from engine.core.modes import Exposure
from engine.grid.books import ENGINE
from engine.grid.events import Action, Amend, Cancel, Place, Request
from engine.grid.messages import OrderCancelled, OrderPlaced
from engine.grid.options import GridOptions
from engine.grid.ports import AmendOrder, CancelOrder, OrderFate, PlaceOrder, VenueOrder
from engine.grid.slot import Order, Role

PLACE, AMEND, CANCEL = "place_order", "amend_order", "cancel_order"
FOREIGN = "foreign."
"""Begins the keys of cancels of orders that are in no slot."""


def intent_of(action: Action, options: GridOptions, now_s: float) -> Intent:
    """The intent of one action. An entry opens exposure, an exit closes it; a moved entry counts as opening."""
    order = action.order
    deadline_s = now_s + options.order_deadline_s
    match action:
        case Place():
            entry = order.role is Role.ENTRY
            expires_s = now_s + options.entry_lease_s if entry and options.entry_lease_s > 0 else None
            place = PlaceOrder(order.client_id, order.side, order.price, order.quantity, deadline_s, expires_s)
            exposure = Exposure.OPENS if entry else Exposure.CLOSES
            return Intent(order.key, ENGINE, PLACE, exposure, place, action.reason)
        case Amend():
            if order.amended_price is None or order.amended_quantity is None:
                raise ValueError(f"amendment {action.key} says neither price nor quantity")
            change = AmendOrder(order.client_id, order.amended_price, order.amended_quantity, deadline_s)
            return Intent(action.key, ENGINE, AMEND, Exposure.OPENS, change, action.reason)
        case Cancel():
            ours = not action.key.startswith(FOREIGN)
            cancel = CancelOrder(order.client_id) if ours else CancelOrder(order.named, order.order_id)
            return Intent(action.key, ENGINE, CANCEL, Exposure.CANCELS, cancel, action.reason)


def request_of(action: Action) -> Request:
    """What the action asks of the exchange."""
    match action:
        case Place():
            return Request.PLACE
        case Amend():
            return Request.AMEND
        case Cancel():
            return Request.CANCEL


def placed_event(action: Place, slot_id: int, now_s: float) -> OrderPlaced:
    """What is told once the exchange took the order."""
    order = action.order
    return OrderPlaced(
        at_s=now_s,
        key=order.key,
        slot_id=slot_id,
        trade=order.trade,
        role=order.role,
        side=order.side,
        price=order.price,
        quantity=order.quantity,
        reason=action.reason,
    )


def cancelled_event(order: Order, slot_id: int, seen: VenueOrder, now_s: float) -> OrderCancelled:
    """What is told once the exchange says that the order left the book."""
    return OrderCancelled(
        at_s=now_s,
        key=order.key,
        slot_id=slot_id,
        trade=order.trade,
        role=order.role,
        side=order.side,
        price=order.price,
        quantity=order.quantity,
        filled=seen.filled,
        expired=seen.fate is OrderFate.EXPIRED,
    )
