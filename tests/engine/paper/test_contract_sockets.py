"""ccxt.pro listens to the paper exchange's WebSocket v2 (governor spec 20 and 22)."""

import asyncio
import time
from decimal import Decimal

import pytest
from ccxt.base.errors import ExchangeError, InsufficientFunds

from engine.paper.config import MarketSpec

SYMBOL = "DOGE/USD"


def limit(client, side, volume, price, **params):
    return client.create_order(SYMBOL, "limit", side, volume, price, {"postOnly": True, **params})


async def subscribed(watching, client, until):
    """The first answer to a `watch_...` call that was started before what it is to see."""
    task = asyncio.ensure_future(watching)
    await until(lambda: any("executions" in ws.subscriptions for ws in client.clients.values()))
    await asyncio.sleep(0.05)
    return task


async def test_the_ticker_follows_the_market(paper, client, next_update):
    first = await next_update(client.watch_ticker(SYMBOL))
    assert first["ask"] == float(paper.book.quote.ask_price)

    await paper.price("0.0950")
    second = await next_update(client.watch_ticker(SYMBOL))

    assert second["bid"] < 0.0950 < second["ask"]


async def test_a_ticker_that_does_not_change_is_not_repeated(paper, client, next_update):
    await next_update(client.watch_ticker(SYMBOL))

    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(client.watch_ticker(SYMBOL), 0.3)


async def test_an_order_is_announced_as_it_is_placed_filled_and_closed(paper, client, next_update, until):
    seen = []
    task = await subscribed(client.watch_orders(), client, until)
    client_orders = {}

    async def follow():
        nonlocal task
        while True:
            for order in await task:
                seen.append((order["info"]["exec_type"], order["id"]))
                client_orders[order["id"]] = order
            task = asyncio.ensure_future(client.watch_orders())

    following = asyncio.ensure_future(follow())
    order = await limit(client, "buy", 20, 0.096, clientOrderId="seen")
    await until(lambda: ("new", order["id"]) in seen)
    await paper.price("0.0950")
    await until(lambda: ("filled", order["id"]) in seen)
    following.cancel()
    await asyncio.gather(following, task, return_exceptions=True)

    assert client_orders[order["id"]]["info"]["cl_ord_id"] == "seen"
    assert client_orders[order["id"]]["status"] == "closed"


async def test_a_fill_is_announced_with_its_trade_id_price_and_fee(paper, client, next_update, until):
    task = await subscribed(client.watch_my_trades(SYMBOL), client, until)
    order = await limit(client, "buy", 20, 0.096)

    await paper.price("0.0950")
    [trade] = await next_update(task)

    [known] = await client.fetch_my_trades(SYMBOL)
    assert (trade["id"], trade["order"]) == (known["id"], order["id"])
    assert (trade["price"], trade["amount"], trade["takerOrMaker"]) == (0.096, 20, "maker")
    assert trade["fee"] == {"cost": 0.0048, "currency": "USD"}


async def test_open_orders_come_in_the_snapshot(client, next_update):
    order = await limit(client, "buy", 20, 0.09, clientOrderId="before")

    [seen] = await next_update(client.watch_orders(SYMBOL))

    assert (seen["id"], seen["status"], seen["info"]["cl_ord_id"]) == (order["id"], "open", "before")


async def test_balances_come_as_snapshot_and_with_each_fill(paper, client, next_update, until):
    first = await next_update(client.watch_balance())
    assert (first["USD"]["total"], first["DOGE"]["total"]) == (100, 1000)
    await limit(client, "buy", 20, 0.096)

    watching = asyncio.ensure_future(client.watch_balance())
    await paper.price("0.0950")
    await next_update(watching)

    def total(asset):
        return float(client.balance["spot"][asset]["total"])

    await until(lambda: (total("USD"), total("DOGE")) == (98.0752, 1020))


async def test_each_asset_of_a_fill_has_its_own_message_and_they_name_the_trade(paper, client, listen):
    await limit(client, "buy", 20, 0.096)
    async with listen(paper, "balances") as listener:
        await listener.next("balances")
        await paper.price("0.0950")
        messages = [await listener.next("balances") for _ in range(2)]

    [base], [quote] = (message["data"] for message in messages)
    [fill] = paper.book.trades.values()
    assert [(row["asset"], row["ref_id"]) for row in (base, quote)] == [("DOGE", fill.id), ("USD", fill.id)]
    assert [message["sequence"] for message in messages] == [2, 3]


async def test_an_asset_of_which_there_is_nothing_has_no_wallet(open_paper, listen):
    async with open_paper(doge=Decimal(0)) as paper, listen(paper, "balances") as listener:
        rows = {row["asset"]: row for row in (await listener.next("balances"))["data"]}

    assert rows["DOGE"] == {"asset": "DOGE", "asset_class": "currency", "balance": 0.0, "wallets": []}
    assert [wallet["type"] for wallet in rows["USD"]["wallets"]] == ["spot"]


async def test_orders_are_placed_amended_and_cancelled_over_the_socket(paper, client, next_update):
    order = await next_update(
        client.create_order_ws(SYMBOL, "limit", "buy", 20, 0.09, {"postOnly": True, "clientOrderId": "ws"})
    )
    [placed] = paper.book.open.values()
    assert (placed.id, placed.cl_ord_id, placed.post_only) == (order["id"], "ws", True)

    await next_update(client.edit_order_ws(order["id"], SYMBOL, "limit", "buy", 30, 0.091))
    assert (str(placed.volume), str(placed.price)) == ("30", "0.0910000")

    await next_update(client.cancel_order_ws(order["id"]))
    assert not paper.book.open


async def test_a_refusal_over_the_socket_has_krakens_words(client, next_update):
    with pytest.raises(ExchangeError, match="EOrder:Post only order"):
        await next_update(client.create_order_ws(SYMBOL, "limit", "buy", 20, 0.1, {"postOnly": True}))
    with pytest.raises((InsufficientFunds, ExchangeError), match="EOrder:Insufficient funds"):
        await next_update(client.create_order_ws(SYMBOL, "limit", "buy", 5000, 0.09))


async def test_all_orders_are_cancelled_over_the_socket(paper, client, next_update):
    await limit(client, "buy", 20, 0.09)

    answer = await next_update(client.cancel_all_orders_ws())

    assert answer["result"] == {"count": 1}
    assert not paper.book.open


async def test_every_update_of_a_channel_carries_the_next_sequence_number(paper, listen):
    async with listen(paper, "executions") as listener:
        snapshot = await listener.next("executions")
        assert (snapshot["type"], snapshot["sequence"]) == ("snapshot", 1)

        async with listener.client() as client:
            await limit(client, "buy", 20, 0.09)
            await client.cancel_all_orders()

        rows = [await listener.next("executions") for _ in range(3)]
        assert [row["sequence"] for row in rows] == [2, 3, 4]
        assert [row["data"][0]["exec_type"] for row in rows] == ["pending_new", "new", "canceled"]


async def test_only_the_first_message_of_an_order_names_its_symbol(paper, listen):
    """As recorded from the live exchange; ccxt's watch_orders(symbol) therefore never sees a cancellation."""
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        async with listener.client() as client:
            await limit(client, "buy", 20, 0.09)
            await client.cancel_all_orders()

        rows = [(await listener.next("executions"))["data"][0] for _ in range(3)]
        assert ["symbol" in row for row in rows] == [True, False, False]


async def test_an_order_that_is_not_live_yet_says_nothing_of_what_is_filled(paper, client, listen):
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        await limit(client, "buy", 20, 0.09)

        [row] = (await listener.next("executions"))["data"]
        assert row["exec_type"] == row["order_status"] == "pending_new"
        assert {"cum_qty", "avg_price"}.isdisjoint(row)
        assert (row["cum_cost"], row["order_qty"]) == (0, 20)


async def test_the_last_trade_of_an_order_says_that_it_is_filled(open_paper, connect, listen):
    async with (
        open_paper(market=MarketSpec(liquidity=Decimal(15))) as paper,
        connect(paper.exchange.address) as client,
        listen(paper, "executions") as listener,
    ):
        await listener.next("executions")
        await limit(client, "buy", 60, 0.096)
        await paper.price("0.0950")
        while paper.book.open:
            await paper.advance(1)

        rows = []
        while not rows or rows[-1]["exec_type"] != "filled":
            rows += (await listener.next("executions"))["data"]
        statuses = [row["order_status"] for row in rows if row["exec_type"] == "trade"]
        assert len(statuses) > 1
        assert statuses == ["partially_filled"] * (len(statuses) - 1) + ["filled"]


async def test_an_order_shows_its_user_reference_beside_its_client_id(paper, client, listen):
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        order = await limit(client, "buy", 20, 0.09, clientOrderId="both")
        await client.cancel_order(order["id"])

        rows = [(await listener.next("executions"))["data"][0] for _ in range(3)]
        assert [(row["cl_ord_id"], row["order_userref"]) for row in rows] == [("both", 0)] * 3


async def test_a_quiet_connection_beats_once_a_second(paper, listen):
    async with listen(paper, "balances") as listener:
        assert await listener.next("heartbeat") == {"channel": "heartbeat"}


async def test_a_ping_is_answered(paper, listen):
    async with listen(paper) as listener:
        await listener.send({"method": "ping", "req_id": 9})

        answer = await listener.answer("pong")

        assert set(answer) == {"method", "req_id", "time_in", "time_out"}
        assert answer["req_id"] == 9


async def test_a_private_channel_asks_for_a_token(paper, listen):
    async with listen(paper) as listener:
        await listener.send({"method": "subscribe", "params": {"channel": "executions", "token": "made up"}})

        answer = await listener.answer("subscribe")

        assert (answer["success"], answer["error"]) == (False, "ESession:Invalid session")


async def test_what_is_not_json_is_refused_and_the_connection_stays(paper, listen):
    async with listen(paper) as listener:
        for text in ("{oops", "[]", '{"method": 3}', '{"method": "ping", "params": []}'):
            await listener.send_text(text)
            assert (await listener.next_message())["error"] == "Malformed request"

        await listener.send({"method": "ping"})
        assert (await listener.answer("pong"))["method"] == "pong"


async def test_a_channel_can_be_left(paper, listen):
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        await listener.send({"method": "unsubscribe", "params": {"channel": "executions"}})
        assert (await listener.answer("unsubscribe"))["success"]

        async with listener.client() as client:
            await limit(client, "buy", 20, 0.09)

        await listener.send({"method": "ping"})
        assert (await listener.next_message())["method"] == "pong"


async def ask(listener, paper, method, **params):
    keys = paper.exchange.world.keys
    token = keys.issue_token(keys.keys["paper-key"], time.monotonic())
    await listener.send({"method": method, "params": {"token": token, **params}, "req_id": 1})
    return await listener.answer(method)


@pytest.mark.parametrize("name", ["order_id", "cl_ord_id"])
async def test_an_amendment_is_acknowledged_by_the_name_it_was_asked_for(paper, client, listen, name):
    order = await limit(client, "buy", 20, 0.09, clientOrderId="named")
    asked = {"order_id": order["id"], "cl_ord_id": "named"}[name]
    async with listen(paper) as listener:
        answer = await ask(listener, paper, "amend_order", **{name: asked, "limit_price": 0.091})

    assert set(answer["result"]) == {"amend_id", name}
    assert answer["result"][name] == asked


async def test_the_dead_mans_switch_is_armed_over_the_socket(paper, listen):
    async with listen(paper) as listener:
        answer = await ask(listener, paper, "cancel_all_orders_after", timeout=60)

        assert answer["result"]["triggerTime"] == "2026-01-01T00:01:00.000000Z"
        assert paper.book.cancel_all_at_s == paper.clock.now() + 60


async def test_orders_are_cancelled_over_the_socket_by_client_id_each_answered_on_its_own(paper, client, listen):
    await limit(client, "buy", 20, 0.09, clientOrderId="a")
    async with listen(paper) as listener:
        first = await ask(listener, paper, "cancel_order", cl_ord_id=["a", "b"])
        second = await listener.answer("cancel_order")

        assert (first["success"], first["result"]["cl_ord_id"]) == (True, "a")
        assert (second["success"], second["error"]) == (False, "EOrder:Unknown order")


async def test_the_latest_trades_come_in_the_snapshot_when_asked_for(paper, client, listen):
    await limit(client, "buy", 20, 0.096)
    await paper.price("0.0950")
    async with listen(paper) as listener:
        await ask(listener, paper, "subscribe", channel="executions", snap_trades=True)

        [row] = (await listener.next("executions"))["data"]
        assert (row["exec_type"], row["last_price"], row["order_status"]) == ("trade", 0.096, "filled")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"channel": "ticker", "symbol": ["BTC/USD"]}, "Currency pair not supported BTC/USD"),
        ({"channel": "level9"}, "Subscription name invalid"),
    ],
)
async def test_what_cannot_be_subscribed_to_is_refused(paper, listen, params, words):
    async with listen(paper) as listener:
        assert (await ask(listener, paper, "subscribe", **params))["error"] == words


async def test_a_channel_is_subscribed_to_once(paper, listen):
    async with listen(paper, "executions") as listener:
        assert (await ask(listener, paper, "subscribe", channel="executions"))["error"] == "Already subscribed"
