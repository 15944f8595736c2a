"""An account at the paper exchange, without the exchange: requests go to the book, happenings come back as arrivals."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from engine.core.gate import Delivered, Intent, Outcome, Rejected
from engine.core.messages import Reason
from engine.grid.intents import AMEND, PLACE
from engine.grid.ports import (
    Balances,
    BelowMinimum,
    DuplicateClientId,
    InsufficientFunds,
    OrderFate,
    OrderGone,
    OrderTaken,
    PairRules,
    PlaceOrder,
    PostOnlyRejected,
    Side,
    StreamItem,
    VenueFill,
    VenueOrder,
    VenueRefused,
)
from engine.paper import errors
from engine.paper.book import Book, Happening
from engine.paper.errors import KrakenError
from engine.paper.market import Market
from engine.paper.orders import NewOrder, Order, Status, Trade

RULES = PairRules("DOGE/USD", 7, 8, Decimal(13), Decimal("0.5"), Decimal("0.0025"), 60)

_FATES = {
    Status.OPEN: OrderFate.OPEN,
    Status.CLOSED: OrderFate.FILLED,
    Status.CANCELED: OrderFate.CANCELLED,
    Status.EXPIRED: OrderFate.EXPIRED,
}
_REASONS: dict[str, Reason] = {
    errors.POST_ONLY: PostOnlyRejected(),
    errors.INSUFFICIENT_FUNDS: InsufficientFunds(),
    errors.ORDER_MINIMUM: BelowMinimum(),
    errors.UNKNOWN_ORDER: OrderGone(),
    errors.DUPLICATE_CLIENT_ID: DuplicateClientId(),
}


class Account:
    """One account on one market. `arrivals` holds what happened and was not taken in yet, oldest first."""

    def __init__(self, market: Market, epoch_s: float, usd: Decimal, doge: Decimal) -> None:
        self.arrivals: deque[StreamItem] = deque()
        self.book = Book(market, epoch_s, usd, doge, listener=self._happened)

    def carry_out(self, intent: Intent) -> Outcome:
        """What the exchange makes of a request."""
        try:
            if intent.kind == PLACE:
                order = self._placed(intent.payload)
                return Delivered(OrderTaken(order.id, order.price, order.volume))
            resting = self.book.open_by_client_id(intent.payload.client_id)
            if resting is None:
                raise KrakenError(errors.UNKNOWN_ORDER)
            if intent.kind == AMEND:
                change = intent.payload
                self.book.amend(resting, change.quantity, change.price, True, change.deadline_s)
                return Delivered(OrderTaken(resting.id, None, None))
            self.book.cancel(resting)
            return Delivered(None)
        except KrakenError as error:
            return Rejected(reason_of(error))

    def _placed(self, order: PlaceOrder) -> Order:
        return self.book.place(
            NewOrder(
                "buy" if order.side is Side.BUY else "sell",
                order.quantity,
                order.price,
                post_only=True,
                cl_ord_id=order.client_id,
                expires_s=order.expires_s,
                deadline_s=order.deadline_s,
            )
        )

    def _happened(self, happening: Happening) -> None:
        if happening.trade is not None:
            self.arrivals.append(fill_of(happening.trade))
        elif happening.kind != "pending_new":
            self.arrivals.append(view_of(happening.order, happening.at_s))
        self.arrivals.append(Balances(happening.usd, happening.doge, happening.at_s))


def reason_of(error: KrakenError) -> Reason:
    """Why the exchange refused, in the grid's words."""
    return _REASONS.get(error.words, VenueRefused(error.words, "retry"))


def view_of(order: Order, at_s: float) -> VenueOrder:
    """An order of the book as the grid sees it."""
    return VenueOrder(
        client_id=order.cl_ord_id or "",
        order_id=order.id,
        side=Side(order.side),
        price=order.price,
        quantity=order.volume,
        filled=order.filled,
        fate=_FATES[order.status],
        at_s=at_s,
    )


def fill_of(trade: Trade) -> VenueFill:
    """A trade of the book as the grid sees it."""
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
