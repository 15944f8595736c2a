"""What the account pays and may do, and what an order must satisfy before anything else is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.paper import errors
from engine.paper.config import PostOnlyAnswer
from engine.paper.errors import KrakenError, invalid
from engine.paper.pair import COST_MIN, LOT_UNIT, ORDER_MIN, PAIR_ID, PRICE_DECIMALS

DEADLINE_MIN_S, DEADLINE_MAX_S = 2.0, 60.0
"""REST asks for 2 s; the WebSocket reference allows 500 ms. The stricter one holds here for both."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Fees as ratios of cost. open_orders: the most that may rest at once. order_min: DOGE. cost_min: USD.

    post_only_answer: a post-only order that would take is refused with an error, or taken in and cancelled at once;
    Kraken is recorded to do either.
    """

    maker_fee: Decimal = Decimal("0.0025")
    taker_fee: Decimal = Decimal("0.0040")
    open_orders: int = 60
    post_only_answer: PostOnlyAnswer = "error"
    price_decimals: int = PRICE_DECIMALS
    order_min: Decimal = ORDER_MIN
    cost_min: Decimal = COST_MIN

    @property
    def price_unit(self) -> Decimal:
        """The least step of a price."""
        return Decimal(1).scaleb(-self.price_decimals)


def check_deadline(deadline_s: float | None, now_s: float) -> None:
    """A deadline lies 2 to 60 seconds ahead. Raises KrakenError."""
    if deadline_s is None:
        return
    if deadline_s <= now_s:
        raise KrakenError(errors.DEADLINE)
    if not DEADLINE_MIN_S <= deadline_s - now_s <= DEADLINE_MAX_S:
        raise invalid("deadline")


def check_amounts(volume: Decimal, price: Decimal | None, terms: Terms = Terms()) -> None:
    """Decimals and minimums of the pair. Raises KrakenError."""
    if not volume.is_finite() or volume <= 0 or volume % LOT_UNIT:
        raise invalid("volume")
    if price is not None:
        if not price.is_finite() or price <= 0:
            raise invalid("price")
        if price % terms.price_unit:
            decimals = terms.price_decimals
            words = f"EOrder:Invalid price:{PAIR_ID} price can only be specified up to {decimals} decimals."
            raise KrakenError(words)
    if volume < terms.order_min:
        raise KrakenError(errors.ORDER_MINIMUM)
    if price is not None and volume * price < terms.cost_min:
        raise KrakenError(errors.COST_MINIMUM)
