"""Which order of the exchange is ours, for as long as it matters, in bounded memory."""

from __future__ import annotations

from decimal import Decimal

from engine.grid.identities import MOST_NAMES, Identities
from engine.grid.slot import Order, Role, Side, Trade


def order(number: int) -> Order:
    return Order(
        key=f"order/{number}",
        trade=Trade.A,
        role=Role.ENTRY,
        side=Side.SELL,
        price=Decimal("0.1"),
        quantity=Decimal(60),
        market=Decimal("0.1"),
        placed_s=float(number),
        order_id=f"O{number:06}",
    )


def test_an_order_that_rests_is_known_however_many_came_after_it() -> None:
    identities, old = Identities(), order(0)
    identities.know([old])
    for number in range(1, 3 * MOST_NAMES):
        identities.know([order(number)])
        identities.forget_oldest(but=[old])
    assert identities.key_of(old.client_id, "") == old.key
    assert identities.key_of("", old.order_id) == old.key


def test_the_newest_orders_are_known_and_the_oldest_forgotten_in_bounded_memory() -> None:
    identities = Identities()
    for number in range(2 * MOST_NAMES):
        identities.know([order(number)])
        identities.forget_oldest(but=())
    newest = [order(number) for number in range(2 * MOST_NAMES - MOST_NAMES // 4, 2 * MOST_NAMES)]
    assert all(identities.key_of(one.client_id, "") == one.key for one in newest)
    assert all(identities.key_of("", one.order_id) == one.key for one in newest)
    assert identities.key_of(order(0).client_id, order(0).order_id) is None
    assert len(identities._keys) <= MOST_NAMES
