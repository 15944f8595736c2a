"""Orders over the private socket of the paper exchange, and by REST where that is not there (governor spec 19, 20)."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from engine.core.gate import NoAnswer, Rejection
from engine.grid.ports import (
    AmendOrder,
    CancelOrder,
    DuplicateClientId,
    OrderFate,
    OrderGone,
    OrderTaken,
    Side,
    StreamBack,
    StreamLost,
    VenueOrder,
    VenueRefused,
)
from engine.venue.options import OrdersBy, VenueOptions
from engine.venue.rates import Tier
from tests.engine.venue.conftest import REFUSED, World, opened

Sent = list[tuple[str, str]]


@pytest.fixture
async def live(world: World, next_of: Callable[..., Any]) -> World:
    """The world once its private socket is subscribed."""
    await next_of(world.venue.stream(), StreamBack)
    return world


@pytest.fixture
def sent(live: World) -> Sent:
    """Method and text of each message on the socket, from here on."""
    wire, texts = live.venue._client, []
    send = wire.send

    async def noted(url: str, text: str, what: str) -> None:
        texts.append((what, text))
        await send(url, text, what)

    wire.send = noted
    return texts


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


def cut(world: World) -> None:
    for connection in list(world.exchange.sockets._connections):
        connection.cut()


async def test_an_order_leaves_by_the_socket_with_all_that_it_promises(live, sent):
    order = live.order(Side.SELL, "0.1000001", "25.5", expires_s=live.clock.now() + 3600)
    taken = await live.venue.place(order)
    assert isinstance(taken, OrderTaken)
    assert (taken.price, taken.quantity) == (None, None)
    (resting,) = await live.venue.open_orders()
    assert (resting.client_id, resting.order_id) == (order.client_id, taken.order_id)
    assert (resting.price, resting.quantity) == (order.price, order.quantity)
    assert "AddOrder" not in live.requests
    params = json.loads(sent[0][1])["params"]
    assert params.pop("token")
    assert params == {
        "order_type": "limit",
        "side": "sell",
        "symbol": "DOGE/USD",
        "order_qty": 25.5,
        "limit_price": 0.1000001,
        "post_only": True,
        "fee_preference": "quote",
        "cl_ord_id": order.client_id,
        "deadline": "2026-01-01T00:00:10.000Z",
        "time_in_force": "gtd",
        "expire_time": "2026-01-01T01:00:00.000Z",
    }


async def test_prices_and_quantities_leave_with_exactly_their_digits(live, sent):
    order = live.order(price="0.0900000", quantity="25.00000001")
    await live.venue.place(order)
    assert '"limit_price":0.0900000' in sent[0][1]
    assert '"order_qty":25.00000001' in sent[0][1]


async def test_an_order_by_the_socket_needs_no_rules(live):
    asked = live.requests.get("AssetPairs", 0)
    live.venue._names = None
    await live.venue.place(live.order())
    assert live.requests.get("AssetPairs", 0) == asked


@pytest.mark.parametrize(("side", "price", "quantity", "reason"), REFUSED)
async def test_a_refusal_on_the_socket_is_the_same_rejection_as_over_rest(live, side, price, quantity, reason):
    with pytest.raises(Rejection) as refused:
        await live.venue.place(live.order(side, price, quantity))
    assert refused.value.reason == reason


async def test_a_client_id_that_rests_already_is_refused_on_the_socket(live):
    order = live.order()
    await live.venue.place(order)
    with pytest.raises(Rejection) as refused:
        await live.venue.place(order)
    assert refused.value.reason == DuplicateClientId()


async def test_many_orders_are_on_their_way_at_once(live, sent):
    live.faults("delay@add_order:100ms")
    placing = [asyncio.create_task(live.venue.place(live.order())) for _ in range(5)]
    await until(lambda: len(sent) == 5)
    assert not any(order.done() for order in placing)
    taken = await asyncio.gather(*placing)
    assert len({one.order_id for one in taken}) == 5
    assert {order.client_id for order in await live.venue.open_orders()} == set(live.client_ids)


async def test_an_order_does_not_wait_for_a_reading_that_is_on_its_way(live):
    live.faults("delay@TradesHistory:1s")
    reading = asyncio.create_task(live.venue.fills_since(0))
    await until(lambda: "TradesHistory" in live.requests)
    await live.venue.place(live.order())
    await live.venue.cancel(CancelOrder(live.client_ids[0]))
    assert not reading.done()
    await reading


async def test_an_amendment_by_the_socket_keeps_the_orders_identity(live, sent):
    order = live.order()
    taken = await live.venue.place(order)
    change = AmendOrder(order.client_id, Decimal("0.0912"), Decimal(30), live.clock.now() + 10)
    assert await live.venue.amend(change) == OrderTaken(taken.order_id, None, None)
    (resting,) = await live.venue.open_orders()
    assert (resting.price, resting.quantity) == (change.price, change.quantity)
    assert [what for what, _ in sent] == ["add_order", "amend_order"]


async def test_an_order_whose_answer_never_comes_is_unknown_and_was_sent_once(open_world, next_of):
    async with open_world(VenueOptions(tier=Tier.PRO, request_timeout_s=1), tier="pro") as world:
        await next_of(world.venue.stream(), StreamBack)
        world.fault_next("lose-answer@add_order")
        order = world.order()
        with pytest.raises(NoAnswer):
            await world.venue.place(order)
        assert [one.client_id for one in await world.venue.open_orders()] == [order.client_id]
        assert "AddOrder" not in world.requests


async def test_an_order_on_its_way_when_the_socket_breaks_is_unknown_and_is_not_sent_again(live, next_of):
    live.fault_next("lose-answer@add_order")
    order = live.order()
    placing = asyncio.create_task(live.venue.place(order))
    await until(lambda: live.exchange.world.book.open)
    cut(live)
    with pytest.raises(NoAnswer):
        await placing
    assert (await live.venue.find(order.client_id)).fate is OrderFate.OPEN
    assert "AddOrder" not in live.requests


async def test_an_order_goes_by_rest_while_the_socket_is_down_and_by_the_socket_when_it_is_back(live, next_of):
    await live.venue.rules()
    cut(live)
    await next_of(live.venue._stream, StreamLost)
    await live.venue.place(live.order())
    assert live.requests["AddOrder"] == 1
    await next_of(live.venue._stream, StreamBack)
    await live.venue.place(live.order())
    assert live.requests["AddOrder"] == 1
    assert len(await live.venue.open_orders()) == 2


async def test_an_order_that_meets_a_socket_that_was_closed_goes_by_rest(live):
    await live.venue._client.hang_up(live.venue._client.urls["api"]["ws"]["privateV2"])
    await live.venue.place(live.order())
    assert live.requests["AddOrder"] == 1


async def test_a_token_that_is_not_taken_sends_the_order_by_rest_and_subscribes_anew(live, next_of):
    live.exchange.world.keys._tokens.clear()
    await live.venue.place(live.order())
    assert live.requests["AddOrder"] == 1
    assert isinstance(await next_of(live.venue._stream, StreamLost), StreamLost)
    await next_of(live.venue._stream, StreamBack)
    await live.venue.place(live.order())
    assert live.requests["AddOrder"] == 1


async def test_orders_go_by_rest_alone_when_the_option_says_so(open_world, next_of):
    options = VenueOptions(tier=Tier.PRO, orders_by=OrdersBy.REST)
    async with open_world(options, tier="pro") as world:
        await next_of(world.venue.stream(), StreamBack)
        order = world.order()
        await world.venue.place(order)
        await world.venue.cancel(CancelOrder(order.client_id))
        assert (world.requests["AddOrder"], world.requests["CancelOrder"]) == (1, 1)


async def test_an_order_past_its_deadline_does_not_leave_by_the_socket_either(live, sent):
    with pytest.raises(Rejection) as refused:
        await live.venue.place(live.order(deadline_s=live.clock.now() + 1))
    assert refused.value.reason.advice == "retry"
    assert sent == []


async def test_a_trading_limit_that_is_said_on_the_socket_is_believed(live, sent):
    live.fault_next("error@add_order:EOrder:Rate limit exceeded")
    for _ in range(2):
        with pytest.raises(Rejection) as refused:
            await live.venue.place(live.order())
        assert isinstance(refused.value.reason, VenueRefused)
    assert len(sent) == 1


async def test_what_is_wrong_with_a_message_ends_the_session_but_not_the_answers_on_their_way(live, next_of):
    live.faults("delay@add_order:100ms")
    placing = asyncio.create_task(live.venue.place(live.order()))
    await until(lambda: live.exchange.world.book.open)
    for connection in live.exchange.sockets._connections:
        connection.say({"channel": "executions", "type": "update", "data": [], "sequence": 1000})
    await next_of(live.venue._stream, StreamLost)
    assert isinstance(await placing, OrderTaken)


async def test_the_wire_tells_what_has_left_and_when(live):
    left = []
    live.venue._client.on_sent = lambda *what: left.append(what)
    began_s = asyncio.get_running_loop().time()
    await live.venue.place(live.order())
    await live.venue.balances()
    (at_s, size, method), (_, form_size, endpoint) = left
    assert began_s <= at_s <= asyncio.get_running_loop().time()
    assert (method, endpoint) == ("add_order", "/0/private/BalanceEx")
    assert size > form_size > 0


async def test_orders_seen_on_the_socket_come_as_before(live, next_of):
    order = live.order()
    await live.venue.place(order)
    assert (await next_of(live.venue._stream, VenueOrder)).client_id == order.client_id


async def test_a_request_waits_no_longer_than_the_option_says() -> None:
    async with opened(VenueOptions(tier=Tier.PRO, request_timeout_s=1), tier="pro") as world:
        stream = world.venue.stream()
        while not isinstance(await anext(stream), StreamBack):
            pass
        world.fault_next("lose-request@amend_order")
        await world.venue.place(world.order())
        change = AmendOrder(world.client_ids[0], Decimal("0.0912"), Decimal(30), world.clock.now() + 10)
        with pytest.raises(NoAnswer):
            await world.venue.amend(change)


async def test_an_order_that_is_gone_is_told_on_the_socket(live):
    with pytest.raises(Rejection) as refused:
        await live.venue.cancel(CancelOrder("never-placed"))
    assert refused.value.reason == OrderGone()
    assert "CancelOrder" not in live.requests
