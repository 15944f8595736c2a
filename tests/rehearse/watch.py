"""What must hold at every moment of a rehearsal, looked at from the exchange's own side."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable

from engine.paper.book import Happening
from engine.paper.exchange import Exchange
from engine.paper.orders import Order
from engine.paper.world import News

_STOPPED = re.compile(r"\bstopped\b", re.IGNORECASE)
_SAYS_WHAT_IS_LEFT = re.compile(
    r"\b\d+\b[^.]*\border|\borders?\b[^.]*\b(rest|left|remain|not known|unknown)|not acknowledged", re.IGNORECASE
)


def says_all_is_off(words: str) -> bool:
    """Whether a person who reads this believes that all is stopped and nothing rests."""
    return _STOPPED.search(words) is not None and _SAYS_WHAT_IS_LEFT.search(words) is None


class Watch:
    """Looks at every order that the exchange takes, and compares what programs say with what rests.

    may_place: whether any program that may place runs now. most_resting: more orders of ours than that at once are
    some of them placed twice, whatever their names. now_s: the time that breaches carry.
    """

    def __init__(
        self, exchange: Exchange, may_place: Callable[[], bool], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._exchange = exchange
        self._may_place = may_place
        self._now_s = now_s
        self._began_s = now_s()
        self._names: Counter[str] = Counter()
        self._told = exchange.world.on_news
        self.most_resting: int | None = None
        self.breaches: list[str] = []
        self._kinds: set[str] = set()
        self._said: dict[str, str] = {}
        self.placed = 0
        self.first_placed_s: float | None = None
        exchange.world.on_news = self._heard_news

    @property
    def ours(self) -> list[Order]:
        """Orders of ours that rest now."""
        self._exchange.world.catch_up()
        return [order for order in self._exchange.world.book.open.values() if not order.foreign]

    def heard(self, who: str, words: str) -> None:
        """A program says this from now on."""
        self._said[who] = words
        self._compare(who)

    def silent(self, who: str) -> None:
        """A program says nothing more, or was asked to act again: what it said last does not count."""
        self._said.pop(who, None)

    def breach(self, words: str) -> None:
        """Note what must not be; of a kind the first alone."""
        kind = kind_of(words)
        if kind not in self._kinds:
            self._kinds.add(kind)
            self.breaches.append(f"{self._now_s() - self._began_s:.1f} s: {words}")

    def _compare(self, who: str) -> None:
        words = self._said[who]
        if says_all_is_off(words) and self.ours:
            self.breach(f"{who} says “{words}” while {len(self.ours)} of its orders rest")

    def _heard_news(self, news: list[News]) -> None:
        for one in news:
            if isinstance(one, Happening) and one.kind == "new" and not one.order.foreign:
                self._placed(one.order)
        self._told(news)

    def _placed(self, order: Order) -> None:
        self.placed += 1
        self.first_placed_s = self._now_s() if self.first_placed_s is None else self.first_placed_s
        name = order.cl_ord_id or order.id
        self._names[name] += 1
        if self._names[name] > 1:
            self.breach(f"a {order.side} was placed {self._names[name]} times under one name")
        resting = sum(not one.foreign for one in self._exchange.world.book.open.values())
        if self.most_resting is not None and resting > self.most_resting:
            self.breach(f"{resting} orders rest where {self.most_resting} at most may")
        for who in self._said:
            self._compare(who)
        if not self._may_place():
            self.breach(f"{order.side} {order.volume} was placed while nothing ran in LIVE")


def kind_of(words: str) -> str:
    """The words of a breach without their numbers."""
    return re.sub(r"\d+", "#", words)
