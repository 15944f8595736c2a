"""What a day under faults is measured by: the rate counters of both sides, the faults that struck, orders at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.core.journal import IntentRow
from engine.grid.client_ids import client_id_of
from engine.grid.intents import PLACE
from engine.grid.slot import Role
from engine.paper.config import Tier
from engine.paper.errors import KrakenError
from engine.paper.exchange import Exchange
from engine.paper.orders import Order
from engine.paper.rates import RateLimits, Transaction
from engine.venue.kept_counters import KeptCounter
from engine.venue.rates import SHARE

ROUNDING = 1e-9


class ExchangeLimits(RateLimits):
    """Kraken's own counters. highest: shares of their limits. refused: how often a request was, answer heard or not."""

    def __init__(self, tier: Tier) -> None:
        super().__init__(tier)
        self.highest: dict[str, float] = {}
        self.refused: Counter[str] = Counter()

    def call(self, key: str, method: str, now_s: float) -> None:
        with self._counting("calls"):
            super().call(key, method, now_s)
        if counter := self._calls.get(key):
            self._rose("calls", counter.value / counter.limit)

    def transact(self, kind: Transaction, now_s: float, changed_s: float | None = None) -> None:
        with self._counting("trading"):
            super().transact(kind, now_s, changed_s)
        self._rose("trading", self.trading.value / self.trading.limit)

    def _rose(self, name: str, share: float) -> None:
        self.highest[name] = max(share, self.highest.get(name, 0.0))

    @contextmanager
    def _counting(self, name: str) -> Iterator[None]:
        try:
            yield
        except KrakenError:
            self.refused[name] += 1
            raise


@contextmanager
def own_counters() -> Iterator[dict[str, float]]:
    """The highest share of its threshold that each counter of the venue reaches meanwhile."""
    highest: dict[str, float] = {}
    put = KeptCounter._set

    def putting(counter: KeptCounter, value: Any, now_s: float) -> None:
        share = value.value / counter._limit.threshold
        highest[counter._name] = max(share, highest.get(counter._name, 0.0))
        put(counter, value, now_s)

    KeptCounter._set = putting  # type: ignore[method-assign]
    try:
        yield highest
    finally:
        KeptCounter._set = put  # type: ignore[method-assign]


def over_the_share(highest: dict[str, float]) -> list[str]:
    """Counters of ours that passed the part of Kraken's threshold that we allow ourselves (governor spec 20)."""
    return [f"our {name} counter reached {share:.1%}" for name, share in highest.items() if share > SHARE + ROUNDING]


def count_faults(exchange: Exchange) -> Counter[str]:
    """How often each fault strikes from now on, by name; `stale` strikes all the time and is not counted."""
    struck: Counter[str] = Counter()
    plan, event_is, drop_all = exchange.faults.plan, exchange.faults.event_is, exchange.sockets.drop_all

    def planning(endpoint: str) -> Any:
        planned = plan(endpoint)
        if planned.lose_request:
            struck["lose-request"] += 1
            return planned
        struck.update(
            name
            for name, strikes in (
                ("delay-request", planned.delay_request_s),
                ("error", planned.error),
                ("delay", planned.delay_answer_s),
                ("lose-answer", planned.lose_answer),
            )
            if strikes
        )
        return planned

    def asking(kind: Any, channel: str) -> bool:
        if strikes := event_is(kind, channel):
            struck[kind] += 1
        return strikes

    def dropping() -> None:
        struck["drop-socket"] += 1
        drop_all()

    exchange.faults.plan = planning  # type: ignore[method-assign]
    exchange.faults.event_is = asking  # type: ignore[method-assign]
    exchange.sockets.drop_all = dropping  # type: ignore[method-assign]
    return struck


def placed_wrongly(orders: Iterable[Order], intents: Sequence[IntentRow]) -> list[str]:
    """Orders at the exchange that no intent admitted, and two entries of one trade at one time.

    The client's id alone would not show an order that was placed anew under another name while the first still stood.
    Exits may stand beside one another: one that was stranded becomes a recovery order where it stands.
    """
    keys = {client_id_of(intent.key): intent.key for intent in intents if intent.kind == PLACE}
    found: list[str] = []
    standing: dict[str, Order] = {}
    for order in sorted(orders, key=lambda order: order.number):
        key = keys.get(order.cl_ord_id or "")
        if key is None:
            found.append(f"order {order.id} was never admitted")
            continue
        lane, _, _ = key.rpartition(".")
        if not lane.endswith(f".{Role.ENTRY.value}"):
            continue
        before = standing.get(lane)
        if before is not None and (before.closed_s is None or before.closed_s > order.opened_s):
            found.append(f"{key} was placed while {keys[before.cl_ord_id or '']} stood")
        standing[lane] = order
    return found
