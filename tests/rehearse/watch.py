"""What must hold at every moment of a rehearsal, looked at from the exchange's own side."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable

from engine.paper.book import Happening
from engine.paper.exchange import Exchange
from engine.paper.orders import Order

_STOPPED = re.compile(r"\bstopped\b", re.IGNORECASE)
_SAYS_WHAT_IS_LEFT = re.compile(
    r"\b\d+\b[^.]*\border|\borders?\b[^.]*\b(rest|left|remain|not known|unknown)|not acknowledged", re.IGNORECASE
)


def says_all_is_off(words: str) -> bool:
    """Whether a person who reads this believes that all is stopped and nothing rests."""
    return _STOPPED.search(words) is not None and _SAYS_WHAT_IS_LEFT.search(words) is None


class Watch:
    """Looks at every order that the exchange takes, and compares what programs say with what rests.

    may_place: whether any program that may place runs now. now_s: the time that breaches carry.
    """

    def __init__(
        self, exchange: Exchange, may_place: Callable[[], bool], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._exchange = exchange
        self._may_place = may_place
        self._now_s = now_s
        self._began_s = now_s()
        self._names: Counter[str] = Counter()
        self._told = exchange.world.on_happening
        self.foreign: set[str] = set()
        self.breaches: list[str] = []
        self.placed = 0
        self.first_placed_s: float | None = None
        exchange.world.on_happening = self._happened

    @property
    def ours(self) -> list[Order]:
        """Orders of ours that rest now."""
        self._exchange.world.catch_up()
        return [order for order in self._exchange.world.book.open.values() if order.id not in self.foreign]

    def heard(self, who: str, words: str) -> None:
        """A program says this now."""
        if says_all_is_off(words) and self.ours:
            self.breach(f"{who} says “{words}” while {len(self.ours)} of its orders rest")

    def breach(self, words: str) -> None:
        """Note what must not be; the same words once."""
        if not any(known.endswith(words) for known in self.breaches):
            self.breaches.append(f"{self._now_s() - self._began_s:.1f} s: {words}")

    def _happened(self, happenings: list[Happening]) -> None:
        for happening in happenings:
            if happening.kind == "new" and happening.order.id not in self.foreign:
                self._placed(happening.order)
        self._told(happenings)

    def _placed(self, order: Order) -> None:
        self.placed += 1
        self.first_placed_s = self._now_s() if self.first_placed_s is None else self.first_placed_s
        name = order.cl_ord_id or order.id
        self._names[name] += 1
        if self._names[name] > 1:
            self.breach(f"the order {name} was placed {self._names[name]} times")
        if not self._may_place():
            self.breach(f"{order.side} {order.volume} was placed while nothing ran in LIVE")


def together(watches: Iterable[Watch]) -> list[str]:
    """The breaches of all of them."""
    return [breach for watch in watches for breach in watch.breaches]
