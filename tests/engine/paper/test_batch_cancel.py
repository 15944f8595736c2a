"""Many orders are taken off by one request: `batch_cancel` on the socket, `CancelOrderBatch` by REST."""

import time

import pytest
from ccxt.base.errors import DDoSProtection, ExchangeError

SYMBOL = "DOGE/USD"


async def placed(client, count, **params):
    orders = [
        await client.create_order(
            SYMBOL, "limit", "buy", 13, 0.05, {"postOnly": True, "clientOrderId": f"batch-{at}", **params}
        )
        for at in range(count)
    ]
    return [order["id"] for order in orders]


async def ask(listener, paper, method, **params):
    keys = paper.exchange.world.keys
    token = keys.issue_token(keys.keys["paper-key"], time.monotonic())
    await listener.send({"method": method, "params": {"token": token, **params}, "req_id": 1})
    return await listener.answer(method)


async def test_the_named_orders_leave_the_book_and_the_others_stay(paper, client, listen):
    first, second, third = await placed(client, 3)
    async with listen(paper) as listener:
        answer = await ask(listener, paper, "batch_cancel", orders=[first, third])

    assert (answer["success"], answer["result"], answer["req_id"]) == (True, {"count": 2}, 1)
    assert list(paper.book.open) == [second]


async def test_a_batch_names_orders_by_either_id_and_counts_each_once(paper, client, listen):
    first, *_ = await placed(client, 3)
    async with listen(paper) as listener:
        answer = await ask(listener, paper, "batch_cancel", orders=[first], cl_ord_id=["batch-0", "batch-1"])

    assert answer["result"] == {"count": 2}
    assert [order.cl_ord_id for order in paper.book.open.values()] == ["batch-2"]


async def test_each_order_of_a_batch_is_announced_as_cancelled(paper, client, listen):
    names = await placed(client, 3)
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        keys = paper.exchange.world.keys
        token = keys.issue_token(keys.keys["paper-key"], time.monotonic())
        await listener.send({"method": "batch_cancel", "params": {"token": token, "orders": names}})
        rows = [(await listener.next("executions"))["data"][0] for _ in names]

    assert [(row["order_id"], row["exec_type"]) for row in rows] == [(name, "canceled") for name in names]


async def test_names_that_are_not_open_are_passed_over(paper, client, listen):
    names = await placed(client, 1)
    async with listen(paper) as listener:
        answer = await ask(listener, paper, "batch_cancel", orders=[*names, "OAAAAA-BBBBB-CCCCCC"])

    assert (answer["success"], answer["result"]) == (True, {"count": 1})


@pytest.mark.parametrize("orders", [[], ["O1"], [f"O{at}" for at in range(51)], "O1", [1.5, 2.5], [True, False]])
async def test_a_batch_on_the_socket_names_two_to_fifty_orders(paper, listen, orders):
    async with listen(paper) as listener:
        answer = await ask(listener, paper, "batch_cancel", orders=orders)

    assert (answer["success"], answer["error"]) == (False, "EGeneral:Invalid arguments:orders")


async def test_a_batch_by_rest_takes_ids_and_user_references(paper, client):
    first, _ = await placed(client, 2)
    await placed(client, 1, clientOrderId=None, userref=77)

    [answer] = await client.cancel_orders([first, 77])

    assert answer["info"]["result"] == {"count": 2}
    assert [order.cl_ord_id for order in paper.book.open.values()] == ["batch-1"]


async def test_a_batch_by_rest_takes_client_ids(paper, client):
    await placed(client, 2)

    answer = await client.private_post_cancelorderbatch({"cl_ord_ids": ["batch-0", "batch-1"]})

    assert answer["result"] == {"count": 2}
    assert not paper.book.open


@pytest.mark.parametrize("count", [0, 51])
async def test_a_batch_by_rest_names_one_to_fifty_orders(client, count):
    with pytest.raises(ExchangeError, match="EGeneral:Invalid arguments:orders"):
        await client.cancel_orders([f"O{at}" for at in range(count)])


async def test_a_batch_costs_what_its_cancels_would_cost_and_is_taken_whole(paper, client):
    names = await placed(client, 8)
    await paper.advance(8)
    trading = paper.exchange.world.rates.trading
    assert trading.now(paper.clock.now()) == 0

    await client.cancel_orders(names)

    assert trading.now(paper.clock.now()) == 8 * 6
    assert not paper.book.open


async def test_a_batch_at_the_threshold_is_refused_whole(open_paper, connect):
    async with open_paper() as paper, connect(paper.exchange.address) as client:
        names = await placed(client, 8)
        paper.exchange.world.rates.trading.add(60, paper.clock.now())

        with pytest.raises(DDoSProtection, match="EOrder:Rate limit exceeded"):
            await client.cancel_orders(names)

        assert list(paper.book.open) == names


async def test_a_cancellation_of_many_is_answered_for_each_order(paper, client, listen):
    first, second = await placed(client, 2)
    async with listen(paper) as listener:
        answers = [await ask(listener, paper, "cancel_order", order_id=[first, "OAAAAA-BBBBB-CCCCCC", second])]
        answers += [await listener.answer("cancel_order") for _ in range(2)]

    assert [answer["success"] for answer in answers] == [True, False, True]
    assert [answer["req_id"] for answer in answers] == [1, 1, 1]
    assert not paper.book.open


async def test_a_cancellation_does_not_mix_kinds_of_identity(paper, client, listen):
    names = await placed(client, 2)
    async with listen(paper) as listener:
        answer = await ask(listener, paper, "cancel_order", order_id=names[:1], cl_ord_id=["batch-1"])

    assert (answer["success"], answer["error"]) == (False, "EGeneral:Invalid arguments:order_id")
    assert list(paper.book.open) == names


async def test_a_cancellation_by_user_reference_takes_all_that_have_it(paper, client, listen):
    await placed(client, 1)
    await placed(client, 2, clientOrderId=None, userref=77)
    async with listen(paper) as listener:
        answers = [await ask(listener, paper, "cancel_order", order_userref=[77])]
        answers.append(await listener.answer("cancel_order"))

    assert all(answer["success"] for answer in answers)
    assert [order.cl_ord_id for order in paper.book.open.values()] == ["batch-0"]
