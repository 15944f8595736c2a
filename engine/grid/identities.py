"""Which order of the exchange is which of ours, and trades that came before that was known."""

from __future__ import annotations

from collections.abc import Iterable

from engine.grid.ports import VenueFill
from engine.grid.slot import Order

HELD_FILLS = 10_000
MOST_NAMES = 4_000
"""Of orders that are over. The exchange tells of their trades within seconds, and so many names take a day or two."""


class Identities:
    """Maps the exchange's order ids and our client ids to keys; forgets only orders that were over long ago."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._held: dict[str, VenueFill] = {}

    def know(self, orders: Iterable[Order]) -> None:
        """Learn the names of orders recalled from the journal."""
        for order in orders:
            self._keys[order.client_id] = order.key
            if order.order_id:
                self._keys[order.order_id] = order.key

    def forget_oldest(self, but: Iterable[Order]) -> None:
        """Once there are too many names, half of them go, the oldest first. but: orders that may rest, which stay."""
        if len(self._keys) <= MOST_NAMES:
            return
        newest = dict(list(self._keys.items())[-(MOST_NAMES // 2) :])
        resting = {order.key for order in but}
        self._keys = {name: key for name, key in self._keys.items() if key in resting or name in newest}

    def learn(self, key: str, order_id: str) -> tuple[VenueFill, ...]:
        """The exchange calls this order `order_id`. Returns trades of it that came before."""
        if not order_id or self._keys.get(order_id) == key:
            return ()
        self._keys[order_id] = key
        early = tuple(fill for fill in self._held.values() if fill.order_id == order_id)
        for fill in early:
            del self._held[fill.trade_id]
        return early

    def key_of(self, client_id: str, order_id: str) -> str | None:
        """Our key of an order of the exchange; None when it is not ours, as far as is known."""
        return self._keys.get(client_id) or self._keys.get(order_id)

    def hold(self, fill: VenueFill) -> None:
        """Keep a trade whose order is not known yet; the oldest trades of other programs are forgotten in time."""
        self._held[fill.trade_id] = fill
        while len(self._held) > HELD_FILLS:
            del self._held[next(iter(self._held))]
