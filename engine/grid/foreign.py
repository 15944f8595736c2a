"""Orders of the account that are not the grid's: other programs', a person's, and those of our own earlier lives."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from engine.grid.client_ids import OrderName, name_in
from engine.grid.entries import Funds
from engine.grid.ports import OrderFate, Side, VenueOrder

ZERO = Decimal(0)
REST_LAG_S = 60.0


@dataclass(slots=True)
class ForeignOrders:
    """Open orders that are not ours, by the exchange's id. Mutable, owned by one decider.

    life: the namespace of our own life; an order that carries another one's was placed by an Evenkeel whose journal is
    not this one.
    """

    base: str
    quote: str
    orders: dict[str, VenueOrder] = field(default_factory=dict)
    _ended: dict[str, None] = field(default_factory=dict)

    def seen(self, order: VenueOrder) -> bool:
        """The exchange told of one; returns whether it is a new one on the book."""
        if order.fate is not OrderFate.OPEN:
            self.gone(order.order_id)
            return False
        if order.order_id in self._ended:
            return False
        new = order.order_id not in self.orders
        self.orders[order.order_id] = order
        return new

    def listed(self, orders: Collection[VenueOrder], asked_s: float) -> list[VenueOrder]:
        """The exchange listed all that rest, as of `asked_s` less what REST lags; returns those not seen before."""
        there = {order.order_id for order in orders}
        for order_id, order in list(self.orders.items()):
            if order_id not in there and order.at_s < asked_s - REST_LAG_S:
                del self.orders[order_id]
        return [order for order in orders if self.seen(order)]

    def forget(self, order_id: str) -> None:
        """The order is ours now."""
        self.orders.pop(order_id, None)

    def gone(self, order_id: str) -> None:
        """The order has left the book; a reading that lags may tell of it still."""
        self.orders.pop(order_id, None)
        self._end(order_id)

    @property
    def earlier(self) -> dict[str, OrderName]:
        """Those of an earlier life of ours, by the exchange's id, with what their names tell; one on another pair is of
        a profile that trades that.
        """
        names = ((order_id, name_in(order.client_id)) for order_id, order in self.orders.items() if not order.pair)
        return {order_id: name for order_id, name in names if name is not None}

    @property
    def holds(self) -> Funds:
        """What they hold of quote and base."""
        return held_by(self.orders.values(), self.base, self.quote)

    def _end(self, order_id: str) -> None:
        """News of an order that is over may be followed by late news that it rests."""
        self._ended[order_id] = None
        while len(self._ended) > 1_000:
            del self._ended[next(iter(self._ended))]


def held_by(orders: Iterable[VenueOrder], base: str, quote: str) -> Funds:
    """What these orders hold of the pair's two assets."""
    held = {base: ZERO, quote: ZERO}
    for order in orders:
        if order.holds is not None:
            asset, amount = order.holds
        elif not order.pair and order.side is Side.BUY:
            asset, amount = quote, (order.quantity - order.filled) * order.price
        elif not order.pair:
            asset, amount = base, order.quantity - order.filled
        else:
            continue
        if asset in held:
            held[asset] += amount
    return Funds(held[quote], held[base])
