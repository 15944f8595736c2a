"""The grid's exchange port over the paper exchange's own book, in process, with a postman who loses and delays.

The book matches, charges and refuses as it does behind the sockets. What goes wrong is drawn from a seed: requests and
answers that get lost, requests that arrive late, events that come late or twice, sockets that drop.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.core.clock import ManualClock
from engine.core.gate import NoAnswer, Rejection
from engine.core.messages import Reason
from engine.grid.ports import (
    AmendOrder,
    Balances,
    BelowMinimum,
    CancelOrder,
    Close,
    DuplicateClientId,
    InsufficientFunds,
    OrderFate,
    OrderGone,
    OrderTaken,
    PairRules,
    PlaceOrder,
    PostOnlyRejected,
    Quote,
    Side,
    StreamBack,
    StreamItem,
    StreamLost,
    VenueFill,
    VenueOrder,
    VenueRefused,
    VenueSilent,
)
from engine.paper import errors
from engine.paper.book import Book, Happening
from engine.paper.config import MarketSpec
from engine.paper.errors import KrakenError
from engine.paper.market import Market
from engine.paper.orders import NewOrder, Order, Status, Trade

STEP_S = 5.0
EPOCH_S = 1_000_000.0
FATES = {
    Status.OPEN: OrderFate.OPEN,
    Status.CLOSED: OrderFate.FILLED,
    Status.CANCELED: OrderFate.CANCELLED,
    Status.EXPIRED: OrderFate.EXPIRED,
}
REASONS: dict[str, Reason] = {
    errors.POST_ONLY: PostOnlyRejected(),
    errors.INSUFFICIENT_FUNDS: InsufficientFunds(),
    errors.ORDER_MINIMUM: BelowMinimum(),
    errors.UNKNOWN_ORDER: OrderGone(),
    errors.DUPLICATE_CLIENT_ID: DuplicateClientId(),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Chances, 0 to 1: a request or an answer lost, a request late, an event late or twice, a dropped socket."""

    lose_request: float = 0.0
    lose_answer: float = 0.0
    late_request: float = 0.0
    late_event: float = 0.0
    repeat_event: float = 0.0
    drop_stream: float = 0.0


CALM = Trouble()


class FaultyExchange:
    """One account. `advance` moves market and clock by a step; the engine sees what the postman brings."""

    def __init__(self, regime: str, seed: int, usd: str, doge: str, trouble: Trouble) -> None:
        self.clock = ManualClock(EPOCH_S)
        self.trouble = trouble
        self.placed: list[str] = []
        self._chance = random.Random(seed)
        spec = MarketSpec(regime=regime, liquidity=Decimal(60))  # thin, so that orders fill in parts
        self.book = Book(Market(spec, seed), EPOCH_S, usd=Decimal(usd), doge=Decimal(doge), listener=self._happened)
        self._late_requests: list[tuple[float, PlaceOrder | AmendOrder | CancelOrder]] = []
        self._mail: list[tuple[float, StreamItem]] = []
        self._stream: asyncio.Queue[StreamItem] = asyncio.Queue()
        self._down_until_s: float | None = None

    async def advance(self) -> None:
        """One step: time, late requests, matching, mail; then let the engine work on it."""
        self.clock.advance(STEP_S)
        now_s = self.clock.now()
        self.book.advance(now_s)
        due = [request for at_s, request in self._late_requests if at_s <= now_s]
        self._late_requests = [entry for entry in self._late_requests if entry[0] > now_s]
        for request in due:
            with contextlib.suppress(KrakenError):
                self._carry_out(request)
        self._deliver_mail(now_s)
        await self.settle()

    async def settle(self) -> None:
        """Let everything that can run run: journal commits come back from their thread."""
        for _ in range(6):
            await asyncio.sleep(0)
        await asyncio.sleep(0.002)

    async def rules(self) -> PairRules:
        return PairRules("DOGE/USD", 7, 8, Decimal(13), Decimal("0.5"), Decimal("0.0025"), 60)

    async def place(self, order: PlaceOrder) -> OrderTaken:
        taken = await self._requested(order)
        assert isinstance(taken, Order)
        return OrderTaken(taken.id, taken.price, taken.volume)

    async def amend(self, change: AmendOrder) -> OrderTaken:
        await self._requested(change)
        return OrderTaken("", None, None)

    async def cancel(self, order: CancelOrder) -> None:
        await self._requested(order)

    async def balances(self) -> Balances:
        return Balances(self.book.usd, self.book.doge, self.clock.now())

    async def open_orders(self) -> list[VenueOrder]:
        return [view_of(order, self.clock.now()) for order in self.book.open.values()]

    async def find(self, client_id: str) -> VenueOrder | None:
        found = [o for o in (*self.book.closed.values(), *self.book.open.values()) if o.cl_ord_id == client_id]
        return view_of(found[-1], self.clock.now()) if found else None

    async def find_all(self, orders: Sequence[tuple[str, str]]) -> dict[str, VenueOrder]:
        looked_up = [(client_id, await self.find(client_id)) for client_id, _ in orders]
        return {client_id: order for client_id, order in looked_up if order is not None}

    async def fills_since(self, since_s: float) -> list[VenueFill]:
        return [fill_of(trade) for trade in self.book.trades.values() if trade.at_s >= since_s]

    async def clock_ahead_s(self) -> float:
        return 0.0

    async def closes(self, since_s: float) -> list[Close]:
        return []

    async def prices(self, assets: Sequence[str]) -> dict[str, Decimal]:
        return {}

    async def stream(self) -> AsyncIterator[StreamItem]:
        self._stream = asyncio.Queue()
        self._stream.put_nowait(StreamBack())
        while True:
            yield await self._stream.get()

    async def _requested(self, request: PlaceOrder | AmendOrder | CancelOrder) -> Order | None:
        """Carry a request to the book and its answer back, or lose either."""
        await asyncio.sleep(0)
        drawn = self._chance.random()
        trouble = self.trouble
        if drawn < trouble.lose_request:
            raise NoAnswer(VenueSilent("the request was lost"))
        if drawn < trouble.lose_request + trouble.late_request:
            self._late_requests.append((self.clock.now() + self._chance.choice((5.0, 10.0, 20.0)), request))
            raise NoAnswer(VenueSilent("the request is late"))
        try:
            order = self._carry_out(request)
        except KrakenError as error:
            raise Rejection(REASONS.get(error.words, VenueRefused(error.words, "retry"))) from None
        if self._chance.random() < trouble.lose_answer:
            raise NoAnswer(VenueSilent("the answer was lost"))
        return order

    def _carry_out(self, request: PlaceOrder | AmendOrder | CancelOrder) -> Order | None:
        match request:
            case PlaceOrder():
                new = NewOrder(
                    "buy" if request.side is Side.BUY else "sell",
                    request.quantity,
                    request.price,
                    post_only=True,
                    cl_ord_id=request.client_id,
                    deadline_s=request.deadline_s,
                )
                order = self.book.place(new)
                self.placed.append(request.client_id)
                return order
            case AmendOrder():
                resting = self._resting(request.client_id)
                self.book.amend(resting, request.quantity, request.price, True, request.deadline_s)
                return resting
            case CancelOrder():
                resting = self._resting(request.client_id)
                self.book.cancel(resting)
                return resting

    def _resting(self, client_id: str) -> Order:
        order = self.book.open_by_client_id(client_id)
        if order is None:
            raise KrakenError(errors.UNKNOWN_ORDER)
        return order

    def _happened(self, happening: Happening) -> None:
        now_s = self.clock.now()
        items: list[StreamItem] = []
        if happening.trade is not None:
            items.append(fill_of(happening.trade))
        elif happening.kind != "pending_new":
            items.append(view_of(happening.order, now_s))
        for item in items:
            late_s = self._chance.choice((5.0, 15.0, 40.0)) if self._chance.random() < self.trouble.late_event else 0.0
            self._mail.append((now_s + late_s, item))
            if self._chance.random() < self.trouble.repeat_event:
                self._mail.append((now_s + late_s + 5.0, item))
        self._mail.append((now_s, Balances(happening.usd, happening.doge, now_s)))

    def _deliver_mail(self, now_s: float) -> None:
        if self._down_until_s is not None:
            self._mail = [entry for entry in self._mail if entry[0] > now_s]  # what is sent while it is down is lost
            if now_s < self._down_until_s:
                return
            self._down_until_s = None
            self._stream.put_nowait(StreamBack())
        elif self._chance.random() < self.trouble.drop_stream:
            self._down_until_s = now_s + self._chance.choice((5.0, 30.0, 90.0))
            self._stream.put_nowait(StreamLost(VenueSilent("the socket dropped")))
            return
        due = [item for at_s, item in self._mail if at_s <= now_s]
        self._mail = [entry for entry in self._mail if entry[0] > now_s]
        for item in due:
            self._stream.put_nowait(item)
        quote = self.book.quote
        self._stream.put_nowait(Quote(quote.bid_price, quote.ask_price, now_s))


def view_of(order: Order, at_s: float) -> VenueOrder:
    return VenueOrder(
        client_id=order.cl_ord_id or "",
        order_id=order.id,
        side=Side(order.side),
        price=order.price,
        quantity=order.volume,
        filled=order.filled,
        fate=FATES[order.status],
        at_s=at_s,
    )


def fill_of(trade: Trade) -> VenueFill:
    return VenueFill(
        trade_id=trade.id,
        order_id=trade.order_id,
        client_id=trade.cl_ord_id or "",
        side=Side(trade.side),
        price=trade.price,
        quantity=trade.volume,
        fee_usd=trade.fee,
        maker=trade.maker,
        at_s=trade.at_s,
    )
