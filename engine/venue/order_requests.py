"""An order, an amendment and a cancel as Kraken takes them over the socket and over REST: pure.

Shapes: docs.kraken.com, "Spot WebSocket v2" (add_order, amend_order, cancel_order, batch_cancel) and "Spot REST"
(AddOrder, AmendOrder, CancelOrder, CancelOrderBatch).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.grid.ports import AmendOrder, PlaceOrder
from engine.venue.translate import rfc3339

MAX_BATCH = 50
"""How many orders Kraken cancels by one request; a batch on the socket has two at least."""


def exact_json(value: Any) -> str:
    """JSON in which a Decimal is a number with exactly its digits: no float is made of a price on its way out."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(name)}:{exact_json(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(exact_json, value)) + "]"
    return json.dumps(value)


def socket_place(order: PlaceOrder, symbol: str, deadline_s: float) -> dict[str, Any]:
    """The parameters of `add_order`; its fee is taken in the quote currency."""
    request: dict[str, Any] = {
        "order_type": "limit",
        "side": order.side.value,
        "symbol": symbol,
        "order_qty": order.quantity,
        "limit_price": order.price,
        "post_only": True,
        "fee_preference": "quote",
        "cl_ord_id": order.client_id,
        "deadline": rfc3339(deadline_s),
    }
    if order.expires_s is not None:
        request |= {"time_in_force": "gtd", "expire_time": rfc3339(float(int(order.expires_s)))}
    return request


def rest_place(order: PlaceOrder, pair: str, deadline_s: float) -> dict[str, Any]:
    """The form of `AddOrder`; its fee is taken in the quote currency."""
    request = {
        "pair": pair,
        "type": order.side.value,
        "ordertype": "limit",
        "volume": format(order.quantity, "f"),
        "price": format(order.price, "f"),
        "oflags": "post,fciq",
        "cl_ord_id": order.client_id,
        "deadline": rfc3339(deadline_s),
    }
    if order.expires_s is not None:
        request |= {"timeinforce": "GTD", "expiretm": str(int(order.expires_s))}
    return request


def socket_amend(change: AmendOrder, deadline_s: float) -> dict[str, Any]:
    """The parameters of `amend_order`."""
    return {
        "cl_ord_id": change.client_id,
        "order_qty": change.quantity,
        "limit_price": change.price,
        "post_only": True,
        "deadline": rfc3339(deadline_s),
    }


def rest_amend(change: AmendOrder, deadline_s: float) -> dict[str, Any]:
    """The form of `AmendOrder`."""
    return {
        "cl_ord_id": change.client_id,
        "order_qty": format(change.quantity, "f"),
        "limit_price": format(change.price, "f"),
        "post_only": "true",
        "deadline": rfc3339(deadline_s),
    }


def socket_cancel(client_ids: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Method and parameters that take these orders off, and no others: `batch_cancel` for two and more.

    `orders` names orders by other identities than ours, and Kraken lists it as required.
    """
    if len(client_ids) == 1:
        return "cancel_order", {"cl_ord_id": list(client_ids)}
    return "batch_cancel", {"orders": [], "cl_ord_id": list(client_ids)}


def rest_cancel(client_ids: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """As `socket_cancel`: endpoint and form."""
    if len(client_ids) == 1:
        return "CancelOrder", {"cl_ord_id": client_ids[0]}
    return "CancelOrderBatch", {"orders": [], "cl_ord_ids": list(client_ids)}
