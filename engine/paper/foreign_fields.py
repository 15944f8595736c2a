"""Fields that Kraken adds to orders of a kind that we never place: on margin, icebergs, orders that wait for a price.

Other people and programs place such orders on the account; a reader of its messages meets what is in them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.paper.orders import Order
from engine.paper.pair import LOT_UNIT

Json = dict[str, Any]
TRIGGERED = (
    *("stop-loss", "take-profit", "trailing-stop"),
    *("stop-loss-limit", "take-profit-limit", "trailing-stop-limit"),
)
SENDER = "desk-2"
SHOWN_SHARE = Decimal(5)


def in_executions(order: Order) -> Json:
    """What the first row of a foreign order has besides; nothing for one of ours."""
    if not order.foreign:
        return {}
    row: Json = {
        "margin": False,
        "liquidated": False,
        "reduce_only": False,
        "no_mpp": False,
        "sender_sub_id": SENDER,
    }
    if order.type == "iceberg":
        shown = float((order.volume / SHOWN_SHARE).quantize(LOT_UNIT))
        row |= {"display_qty": shown, "display_qty_remain": shown}
    if order.type in TRIGGERED:
        price = float(order.price)
        triggers: Json = {
            "reference": "last",
            "price": price,
            "price_type": "static",
            "actual_price": price,
            "status": "untriggered",
        }
        if order.type.startswith("trailing"):
            triggers["peak_price"] = price
        row |= {"triggers": triggers, "trigger": "last", "stop_price": price}
    return row


def in_rest(order: Order) -> Json:
    """What a foreign order of OpenOrders, ClosedOrders and QueryOrders has besides; nothing for one of ours."""
    if not order.foreign:
        return {}
    row: Json = {"margin": False, "sender_sub_id": SENDER}
    return row | {"trigger": "last"} if order.type in TRIGGERED else row
