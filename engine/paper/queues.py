"""The orders of the account that rest on its pair, by side: best price first, then the older."""

from __future__ import annotations

import bisect

from engine.paper.market import Quote
from engine.paper.orders import Order, Side
from engine.paper.pair import SYMBOL

Entry = tuple[int, int, Order]


class RestingOrders:
    """Two queues; orders of other pairs are in neither."""

    def __init__(self) -> None:
        self._queues: dict[Side, list[Entry]] = {"buy": [], "sell": []}

    def add(self, order: Order) -> None:
        if order.symbol == SYMBOL:
            bisect.insort(self._queues[order.side], _entry(order), key=lambda entry: entry[:2])

    def remove(self, order: Order) -> None:
        """Take an order out; nothing happens when it is not there."""
        queue = self._queues[order.side]
        at = bisect.bisect_left(queue, _entry(order)[:2], key=lambda entry: entry[:2])
        if at < len(queue) and queue[at][2] is order:
            del queue[at]

    def of(self, side: Side) -> list[Order]:
        """A side's orders, the first to be filled first."""
        return [order for _, _, order in self._queues[side]]

    def best(self, side: Side) -> int | None:
        """The price units of a side's first order."""
        queue = self._queues[side]
        return queue[0][2].units if queue else None

    def crosses(self, quote: Quote, side: Side, units: int, but: Order | None = None) -> bool:
        """Whether such an order would take, from the market or from our own order on the other side."""
        own = [order.units for order in self.of("sell" if side == "buy" else "buy") if order is not but]
        return units >= min([quote.ask, *own]) if side == "buy" else units <= max([quote.bid, *own])


def _entry(order: Order) -> Entry:
    return (-order.units if order.side == "buy" else order.units, order.number, order)
