"""Cancels leave together: one message for all of ours, REST beside it when the socket is late or down."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from engine.core.gate import NoAnswer, Rejection
from engine.grid.ports import CancelOrder, OrderGone, StreamBack, StreamLost
from tests.engine.venue.conftest import World


@pytest.fixture
async def live(open_world, next_of: Callable[..., Any]) -> AsyncIterator[World]:
    """A world without rate limits, its private socket subscribed."""
    async with open_world(tier="pro", rate_limits=False) as world:
        await next_of(world.venue.stream(), StreamBack)
        yield world


async def placed(world: World, count: int) -> list[str]:
    orders = [world.order(quantity="13") for _ in range(count)]
    for order in orders:
        await world.venue.place(order)
    return [order.client_id for order in orders]


async def cancelled(world: World, client_ids: list[str]) -> list[Any]:
    """None or the exception for each, asked for in one turn of the loop."""
    return await asyncio.gather(
        *(world.venue.cancel(CancelOrder(client_id)) for client_id in client_ids), return_exceptions=True
    )


def noted(world: World) -> list[tuple[str, dict[str, Any]]]:
    """Method and parameters of each message on the socket, from here on."""
    wire, messages = world.venue._client, []
    send = wire.send

    async def noting(url: str, text: str, what: str) -> None:
        messages.append((what, json.loads(text)["params"]))
        await send(url, text, what)

    wire.send = noting
    return messages


def reasons(outcomes: list[Any]) -> list[Any]:
    return [None if outcome is None else (type(outcome), outcome.reason) for outcome in outcomes]


async def test_one_cancel_names_its_order_alone(live):
    (ours,) = await placed(live, 1)
    messages = noted(live)
    assert await cancelled(live, [ours]) == [None]
    ((method, params),) = messages
    assert (method, params["cl_ord_id"]) == ("cancel_order", [ours])


async def test_cancels_of_one_turn_leave_in_one_message_and_take_no_other_order_off(live):
    ours, others = await placed(live, 40), await placed(live, 3)
    messages = noted(live)
    assert await cancelled(live, ours) == [None] * 40
    ((method, params),) = messages
    assert (method, params["cl_ord_id"], params["orders"]) == ("batch_cancel", ours, [])
    assert {order.client_id for order in await live.venue.open_orders()} == set(others)
    assert "CancelOrderBatch" not in live.requests


async def test_more_than_fifty_leave_in_messages_of_fifty(live):
    ours = await placed(live, 60)
    messages = noted(live)
    assert await cancelled(live, ours) == [None] * 60
    assert [len(params["cl_ord_id"]) for _, params in messages] == [50, 10]


async def test_where_fewer_were_cancelled_than_asked_each_is_told_apart(live):
    ours = await placed(live, 3)
    outcomes = await cancelled(live, [*ours, "never-placed"])
    assert reasons(outcomes) == [None, None, None, (Rejection, OrderGone())]


async def test_what_filled_before_its_cancel_is_gone(live):
    ours = await placed(live, 3)
    async with asyncio.timeout(5):
        await live.price("0.0890")
    outcomes = await cancelled(live, ours)
    assert reasons(outcomes) == [(Rejection, OrderGone())] * 3


async def test_a_batch_in_a_form_that_is_not_taken_becomes_single_cancels(live):
    ours = await placed(live, 3)
    live.fault_next("error@batch_cancel:EGeneral:Invalid arguments:orders")
    messages = noted(live)
    assert await cancelled(live, ours) == [None] * 3
    assert [method for method, _ in messages] == ["batch_cancel", *["cancel_order"] * 3]


async def test_rest_cancels_when_the_socket_does_not_answer(live):
    ours = await placed(live, 3)
    live.fault_next("lose-request@batch_cancel")
    assert await cancelled(live, ours) == [None] * 3
    assert live.requests["CancelOrderBatch"] == 1
    assert await live.venue.open_orders() == []


async def test_the_executions_channel_settles_a_cancel_whose_answer_is_lost(live, next_of):
    ours = await placed(live, 3)
    live.fault_next("lose-answer@batch_cancel")
    drained = asyncio.create_task(next_of(live.venue._stream, StreamLost))
    assert await cancelled(live, ours) == [None] * 3
    assert "CancelOrderBatch" not in live.requests
    drained.cancel()


async def test_rest_cancels_while_the_socket_is_down_in_one_request_and_without_rules(live, next_of):
    ours, others = await placed(live, 3), await placed(live, 1)
    live.exchange.sockets.drop_all()
    await next_of(live.venue._stream, StreamLost)
    live.venue._names, asked = None, live.requests.get("AssetPairs", 0)
    outcomes = await cancelled(live, ours)
    assert outcomes == [None] * 3
    assert live.requests["CancelOrderBatch"] == 1
    assert live.requests.get("AssetPairs", 0) == asked
    assert {order.client_id for order in await live.venue.open_orders()} == set(others)


async def test_rest_tells_apart_what_was_gone_already(live, next_of):
    ours = await placed(live, 2)
    live.exchange.sockets.drop_all()
    await next_of(live.venue._stream, StreamLost)
    outcomes = await cancelled(live, [ours[0], "never-placed", ours[1]])
    assert await live.venue.open_orders() == []
    assert outcomes[1].reason == OrderGone()


async def test_a_cancel_that_neither_way_answers_is_unknown(live, next_of):
    ours = await placed(live, 2)
    live.exchange.sockets.drop_all()
    await next_of(live.venue._stream, StreamLost)
    live.fault_next("lose-request@CancelOrderBatch")
    assert [type(outcome) for outcome in await cancelled(live, ours)] == [NoAnswer] * 2


async def test_a_caller_that_gives_up_takes_no_cancel_of_another_with_it(live):
    ours = await placed(live, 2)
    first, second = (asyncio.create_task(live.venue.cancel(CancelOrder(client_id))) for client_id in ours)
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert await live.venue.open_orders() == []
