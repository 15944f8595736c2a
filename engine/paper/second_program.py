"""A second program on the account's key: it places and cancels small orders of its own, with nonces ahead of ours."""

from __future__ import annotations

import random
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING

from engine.paper.errors import KrakenError
from engine.paper.occurrences import seconds_of
from engine.paper.orders import NewOrder, Order

if TYPE_CHECKING:
    from engine.paper.world import World

NONCE_STEP_S = 1.0
MAX_ORDERS = 3
USERREF = 7041
FAR = (Decimal("0.05"), Decimal("0.10"))
"""How far from the middle its orders lie, as a share of the price."""


class SecondProgram:
    """One such program. mean: between two of its acts, as the grammar writes durations. next_s: epoch seconds."""

    def __init__(self, world: World, mean: str) -> None:
        self._world = world
        self._mean_s = seconds_of(mean)
        self._random = random.Random(f"{world.config.seed}/second-program")
        self.next_s = world.book.now_s + self._wait_s()

    def act(self) -> str:
        """Place an order or take one off; returns what it did."""
        self.next_s += self._wait_s()
        if (key := self._world.keys.in_use()) is not None:
            key.use_up_nonces(NONCE_STEP_S)
        own = [order for order in self._world.book.open.values() if order.userref == USERREF]
        try:
            if own and self._random.random() < len(own) / MAX_ORDERS:
                order = self._random.choice(own)
                self._world.cancel(order)
                return f"cancelled {order.id}"
            return f"placed {self._place().id}"
        except KrakenError as refusal:
            return f"refused: {refusal.words}"

    def _place(self) -> Order:
        """The smallest order that the pair takes, on a side that has the funds for it."""
        book = self._world.book
        side, sign = self._random.choice((("buy", -1), ("sell", 1)))
        away = 1 + sign * Decimal(repr(self._random.uniform(*map(float, FAR))))
        price = (book.quote.mid_price * away).quantize(book.terms.price_unit)
        least = max(book.terms.order_min, (book.terms.cost_min / price).quantize(Decimal(1), rounding=ROUND_UP))
        new = NewOrder(side="buy" if side == "buy" else "sell", volume=least, price=price, userref=USERREF)
        return self._world.place(new, foreign=True)

    def _wait_s(self) -> float:
        return self._random.expovariate(1 / self._mean_s)
