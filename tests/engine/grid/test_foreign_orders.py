"""Orders of the account that are not the grid's (cases: somebody else acts on the account)."""

from __future__ import annotations

from decimal import Decimal

from engine.grid.foreign import ForeignOrders
from engine.grid.ports import OrderFate, Side, VenueOrder

RESTS = VenueOrder("", "O1", Side.BUY, Decimal("0.09"), Decimal(100), Decimal(0), OrderFate.OPEN, at_s=1000.0)


def test_an_order_that_was_cancelled_is_not_taken_up_again_from_a_reading_that_lags() -> None:
    foreign = ForeignOrders("DOGE", "USD")
    assert foreign.listed([RESTS], asked_s=1001.0) == [RESTS]
    foreign.gone(RESTS.order_id)
    assert foreign.listed([RESTS], asked_s=1002.0) == []
    assert foreign.orders == {}


def test_an_order_that_became_ours_is_ours_alone_until_the_exchange_tells_of_it_anew() -> None:
    foreign = ForeignOrders("DOGE", "USD")
    foreign.seen(RESTS)
    foreign.forget(RESTS.order_id)
    assert foreign.orders == {}
