"""An order that left the book is told once, with what had been filled of it."""

from __future__ import annotations

from pathlib import Path

from engine.grid.messages import OrderCancelled
from engine.grid.ports import OrderFate, VenueOrder
from tests.engine.grid.faulty_exchange import FaultyExchange
from tests.engine.grid.postal_grid import HandExchange, PostalGrid
from tests.engine.grid.running_grid import RunningGrid
from tests.engine.grid.test_engine_in_trouble import OPTIONS, TROUBLES


async def test_each_order_that_a_stop_takes_off_the_book_is_told_once(tmp_path: Path) -> None:
    async with RunningGrid(
        FaultyExchange("flat", seed=6, usd="60", doge="600", trouble=TROUBLES["everything"]),
        tmp_path,
        OPTIONS,
    ) as grid:
        told = grid.bus.read(OrderCancelled)
        for _ in range(15):
            await grid.steps(20)
            await grid.engine.stop_orders()
        events = told.drain()
    cancelled = [event.key for event in events if isinstance(event, OrderCancelled)]
    assert cancelled
    assert len(set(cancelled)) == len(cancelled)


def test_one_that_waits_for_its_last_trade_after_it_left_is_told_once_too() -> None:
    exchange = HandExchange("25", "220")
    grid = PostalGrid(exchange, OPTIONS)
    grid.read()
    grid.tick()
    grid.calm_down(3)
    order = grid.decider.orders[0]
    left = VenueOrder(
        order.client_id,
        "an-order-id",
        order.side,
        order.price,
        order.quantity,
        filled=order.quantity / 2,
        fate=OrderFate.CANCELLED,
        at_s=grid.now_s,
    )
    grid.decider.events.clear()
    for _ in range(3):
        grid.arrive(left)
    told = [event for event in grid.decider.events if isinstance(event, OrderCancelled)]
    assert [(event.key, event.filled) for event in told] == [(order.key, order.quantity / 2)]
