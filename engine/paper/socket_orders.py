"""The order methods of WebSocket v2 over the world: what a request asks for is done, and its answers are given.

Source: Kraken's WebSocket v2 reference (`add_order`, `amend_order`, `cancel_order`, `batch_cancel`, `cancel_all`,
`cancel_all_orders_after`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.paper import arguments, errors
from engine.paper.channels import rfc3339
from engine.paper.errors import KrakenError
from engine.paper.orders import Order
from engine.paper.world import World

Json = dict[str, Any]
PERMISSION_OF = {
    "add_order": "AddOrder",
    "amend_order": "AmendOrder",
    "cancel_order": "CancelOrder",
    "batch_cancel": "CancelOrderBatch",
    "cancel_all": "CancelAll",
    "cancel_all_orders_after": "CancelAllOrdersAfter",
}
"""The methods, each with the REST endpoint whose permission it needs."""

IDENTITIES = ("order_id", "cl_ord_id", "order_userref")


class SocketOrders:
    """What the methods of PERMISSION_OF do."""

    def __init__(self, world: World) -> None:
        self._world = world

    def carry_out(self, method: str, params: Mapping[str, Any]) -> list[Json]:
        """The answers to a request, without what every answer has. Raises KrakenError."""
        world = self._world
        if method == "add_order":
            order = world.place(arguments.socket_order(params))
            named = {"order_id": order.id, "cl_ord_id": order.cl_ord_id, "order_userref": order.userref}
            return [{"result": {name: value for name, value in named.items() if value is not None}}]
        if method == "amend_order":
            return [self._amend(params)]
        if method == "cancel_order":
            return self._cancel(params)
        if method == "batch_cancel":
            count = world.cancel_batch(*arguments.batch(params, "orders", "cl_ord_id", least=2))
            return [{"result": {"count": count}}]
        if method == "cancel_all":
            return [{"result": {"count": world.cancel_all()}}]
        world.book.cancel_all_after(arguments.whole(params, "timeout"))
        armed = world.book.cancel_all_at_s
        times = {"currentTime": rfc3339(world.book.now_s), "triggerTime": "0" if armed is None else rfc3339(armed)}
        return [{"result": times}]

    def _amend(self, params: Mapping[str, Any]) -> Json:
        world = self._world
        order = world.find(arguments.text(params, "order_id"), arguments.text(params, "cl_ord_id"))[0]
        amend_id = world.amend(
            order,
            volume=arguments.number(params, "order_qty"),
            price=arguments.number(params, "limit_price"),
            post_only=arguments.flag(params, "post_only"),
            deadline_s=arguments.moment(params, "deadline"),
        )
        asked = {name: value for name in ("order_id", "cl_ord_id") if (value := arguments.text(params, name))}
        return {"result": {"amend_id": amend_id, **asked}}

    def _cancel(self, params: Mapping[str, Any]) -> list[Json]:
        """Each order is answered on its own, found or not. Kinds of identity are not mixed in a request."""
        kinds = [kind for kind in IDENTITIES if params.get(kind)]
        if len(kinds) != 1:
            raise errors.invalid("order_id")
        kind, *_ = kinds
        results: list[Json] = []
        for name in arguments.references(params, kind):
            try:
                for order in self._found(kind, name):
                    self._world.cancel(order)
                    results.append(_named(order))
            except KrakenError as refusal:
                results.append({"success": False, "error": refusal.words})
        return results

    def _found(self, kind: str, name: str) -> list[Order]:
        if kind == "order_userref":
            if not name.lstrip("-").isdecimal():
                raise errors.invalid(kind)
            return self._world.find(userref=int(name))
        return self._world.find(name) if kind == "order_id" else self._world.find(cl_ord_id=name)


def _named(order: Order) -> Json:
    names = {"order_id": order.id}
    if order.cl_ord_id is not None:
        names["cl_ord_id"] = order.cl_ord_id
    return {"result": names}
