"""Beside the sockets: reads orders and trades of the exchange, and looks up what nobody answered for.

REST may be 60 s behind the socket, and an order may still reach the exchange until its deadline: only after both has
absence proved anything (grid spec 18 to 20).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from engine.core.clock import Clock
from engine.grid.arrivals import LookUp
from engine.grid.decider import Decider
from engine.grid.options import GridOptions
from engine.grid.ports import Exchange, OrderFate, VenueFill, VenueOrder
from engine.grid.slot import Order, Stage

EVERY_S = 60.0
REST_LAG_S = 60.0
FILL_OVERLAP_S = 180.0
LOOK_AGAIN_S = 5.0
FAILED_READ_WAIT_S = 1.0
LONGEST_READ_WAIT_S = 30.0

_ANSWERED = (Stage.OPEN, Stage.CANCELLING, Stage.CLOSING)
_FILLS_MAY_MISS = (Stage.SENT, Stage.UNKNOWN, Stage.CLOSING)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Wait:
    """An order that is looked up from `from_s` on; absence counts as proof from `proof_s` on."""

    from_s: float
    proof_s: float


class Reconciler:
    """Reads at the start, every minute, when asked, and for each order in doubt until it is resolved."""

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        decider: Decider,
        arrive: Callable[[LookUp], None],
        options: Callable[[], GridOptions],
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._decider = decider
        self._arrive = arrive
        self._options = options
        self._waits: dict[str, _Wait] = {}
        self._asked = asyncio.Event()
        self._full = True
        self._first = True

    def take_doubts(self) -> None:
        """Look up what the decider doubts, and read everything if it asks for that."""
        for key, from_s in self._decider.doubts:
            known = self._waits.get(key)
            if known is not None and known.from_s < from_s:
                del self._waits[key]  # something was asked since, and what is found before `from_s` does not settle it
            self._look_up(key, from_s)
        self._decider.doubts.clear()
        for order in self._decider.orders:
            if order.stage is Stage.UNKNOWN and order.key not in self._waits:
                self._doubt(order)
        if self._decider.wants_reading:
            self._decider.wants_reading = False
            self._full = True
            self._asked.set()

    async def run(self) -> None:
        """Until cancelled. A read that fails is tried again; nothing is placed before the first one succeeded."""
        self._doubt_everything_unanswered()
        next_full_s = self._clock.now()
        failed_wait_s = FAILED_READ_WAIT_S
        while True:
            now_s = self._clock.now()
            try:
                if self._full or now_s >= next_full_s:
                    self._full = False
                    await self._read_all()
                    next_full_s = self._clock.now() + EVERY_S
                await self._resolve()
                failed_wait_s = FAILED_READ_WAIT_S
            except Exception as error:
                _log.warning("reading orders and trades failed, trying again: %s: %s", type(error).__name__, error)
                self._full = True
                await asyncio.sleep(failed_wait_s)
                failed_wait_s = min(2 * failed_wait_s, LONGEST_READ_WAIT_S)
                continue
            await self._until_due(next_full_s)

    def _look_up(self, key: str, from_s: float) -> None:
        self._waits.setdefault(key, _Wait(from_s, from_s + self._options().order_deadline_s + REST_LAG_S))
        self._asked.set()

    def _doubt_everything_unanswered(self) -> None:
        doubted = [order for order in self._decider.orders if order.stage is not Stage.OPEN]
        for order in doubted:
            self._doubt(order)
        unanswered = tuple(order.key for order in doubted if order.stage is not Stage.CLOSING)
        self._arrive(LookUp(in_doubt=unanswered))

    def _doubt(self, order: Order) -> None:
        """What was asked may still arrive until its deadline; a cancel has none, and is asked again if need be."""
        closing = order.stage in (Stage.CANCELLING, Stage.CLOSING) and order.amended_quantity is None
        self._look_up(order.key, self._clock.now() + (0.0 if closing else self._options().order_deadline_s))

    async def _until_due(self, next_full_s: float) -> None:
        if self._full:
            return  # asked for while the last reading went on
        now_s = self._clock.now()
        due_s = min([next_full_s, *(max(wait.from_s, now_s + LOOK_AGAIN_S) for wait in self._waits.values())])
        self._asked.clear()
        sleep = asyncio.ensure_future(self._clock.sleep(max(0.0, due_s - now_s)))
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait((sleep, asked), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in (sleep, asked):
                waiter.cancel()
            await asyncio.gather(sleep, asked, return_exceptions=True)

    async def _read_all(self) -> None:
        asked_s, session = self._clock.now(), self._decider.session
        on_book = await self._exchange.open_orders()
        fills = await self._missed_fills()
        balances = await self._exchange.balances()
        resting = {order.client_id for order in on_book if order.client_id}
        ours = self._decider.orders
        by_client_id = {order.client_id: order for order in ours}
        for order in ours:
            settled = order.stage in _ANSWERED and order.placed_s < asked_s - REST_LAG_S
            stuck = settled and order.stage is Stage.CANCELLING
            if ((settled or self._first) and order.client_id not in resting) or stuck:
                self._look_up(order.key, asked_s)
        self._first = False
        uncancelled = tuple(o.key for o in ours if o.stage is Stage.CANCELLING and o.key in self._waits)
        mine = [order for order in on_book if order.client_id in by_client_id]
        proved = tuple(order for order in mine if _untouched(by_client_id[order.client_id], asked_s))
        self._arrive(
            LookUp(
                uncancelled,
                settled=proved,
                orders=tuple(order for order in mine if order not in proved),
                fills=fills,
                balances=balances,
                foreign=tuple(order for order in on_book if not self._decider.works(order, asked_s)),
                asked_s=asked_s,
                complete=True,
                session=session,
            )
        )

    async def _missed_fills(self) -> tuple[VenueFill, ...]:
        return tuple(await self._exchange.fills_since(self._unread_since_s()))

    def _unread_since_s(self) -> float:
        """From when on a trade may be uncounted: what the sockets told since says nothing about what they lost before.

        Before the first trade was read, the oldest order there is; never before what is remembered, lest one is counted
        again.
        """
        books, orders = self._decider.books, self._decider.orders
        read_s = books.last_read_s or min((order.placed_s for order in orders), default=self._clock.now())
        unsure_s = min((order.placed_s for order in orders if order.stage in _FILLS_MAY_MISS), default=read_s)
        return max(0.0, books.forgotten_s, min(read_s, unsure_s) - FILL_OVERLAP_S)

    async def _resolve(self) -> None:
        """Look up every order whose time has come, all in one question where the exchange can be asked so, and read
        trades once for all of them.
        """
        now_s = self._clock.now()
        due = {key: wait for key, wait in self._waits.items() if now_s >= wait.from_s}
        orders = {order.key: order for order in self._decider.orders if order.key in due}
        for key in due.keys() - orders.keys():
            del self._waits[key]
        if not orders:
            return
        asked = [(order.client_id, order.order_id) for order in orders.values()]
        found = await self._exchange.find_all(asked)
        settled: list[VenueOrder] = []
        never_arrived: list[str] = []
        traded = False
        for key, order in orders.items():
            wait = due[key]
            if self._waits.get(key) is not wait:
                continue  # something was asked meanwhile
            seen = found.get(order.client_id)
            if seen is None and now_s >= wait.proof_s:
                never_arrived.append(key)
            elif seen is None or (now_s < wait.proof_s and _may_be_older(order, seen)):
                continue
            else:
                settled.append(seen)
                traded = traded or seen.fate is not OrderFate.OPEN or seen.filled > order.filled
            del self._waits[key]
        if settled or never_arrived:
            fills = await self._missed_fills() if traded else ()
            self._arrive(LookUp(settled=tuple(settled), fills=fills, never_arrived=tuple(never_arrived)))


def _untouched(order: Order, asked_s: float) -> bool:
    """Whether what REST shows of a resting order must be what we made of it, unless somebody else changed it."""
    return order.stage is Stage.OPEN and order.touched_s < asked_s - REST_LAG_S


def _may_be_older(order: Order, found: VenueOrder) -> bool:
    """Whether the exchange may show the order as it was before an amendment in doubt, or before trades of it that were
    counted already.
    """
    if found.fate is OrderFate.OPEN and found.filled < order.filled:
        return True
    if order.stage is not Stage.UNKNOWN or order.amended_quantity is None or found.fate is not OrderFate.OPEN:
        return False
    return (found.price, found.quantity) != (order.amended_price, order.amended_quantity)
