"""The exchange changes or fails while it runs: modes, rules, fees, keys, clocks and answers that are none."""

import asyncio
import dataclasses

import aiohttp
import pytest
from ccxt.base.errors import (
    AuthenticationError,
    BaseError,
    ExchangeError,
    ExchangeNotAvailable,
    InvalidNonce,
    InvalidOrder,
)

SYMBOL = "DOGE/USD"
IN_5_S = "2026-01-01T00:00:05Z"


def limit(client, side, volume, price, **params):
    return client.create_order(SYMBOL, "limit", side, volume, price, {"postOnly": True, **params})


async def system_of(listener):
    [row] = (await listener.next("status"))["data"]
    return row["system"]


async def pair_rules(client):
    return (await client.publicGetAssetPairs())["result"]["XDGUSD"]


@pytest.mark.parametrize(
    ("mode", "placed", "cancelled"),
    [
        ("cancel_only", "EService:Market in cancel_only mode", None),
        ("maintenance", "EService:Unavailable", "EService:Unavailable"),
    ],
)
async def test_a_mode_of_the_exchange_is_told_and_orders_are_refused_in_krakens_words(
    happen, paper, client, listen, mode, placed, cancelled
):
    order = await limit(client, "buy", 20, 0.09)
    async with listen(paper) as listener:
        assert await system_of(listener) == "online"
        await happen(f"status:{mode}:20m")
        assert await system_of(listener) == mode

        assert (await client.publicGetSystemStatus())["result"]["status"] == mode
        with pytest.raises(BaseError, match=placed):
            await limit(client, "buy", 20, 0.09)
        with pytest.raises(BaseError, match=placed):
            await client.edit_order(order["id"], SYMBOL, "limit", "buy", 25, 0.09)
        if cancelled is None:
            await client.cancel_order(order["id"])
        else:
            with pytest.raises(BaseError, match=cancelled):
                await client.cancel_order(order["id"])
            with pytest.raises(BaseError, match=cancelled):
                await client.cancel_all_orders()

        await paper.advance(20 * 60)
        assert await system_of(listener) == "online"
    await limit(client, "buy", 20, 0.09)


async def test_in_post_only_an_order_that_may_take_is_refused_and_one_that_rests_is_not(happen, client):
    await happen("status:post_only")

    with pytest.raises(BaseError, match="EService:Market in post_only mode"):
        await client.create_order(SYMBOL, "limit", "buy", 20, 0.09)
    await limit(client, "buy", 20, 0.09)


async def test_nothing_is_matched_until_the_market_is_open_again(happen, paper, client):
    await limit(client, "buy", 20, 0.096)
    await happen("status:post_only")
    await paper.price("0.0950")
    await paper.advance(60)
    assert paper.book.trades_made == 0

    await happen("status:online")

    assert paper.book.trades_made == 1


async def test_a_mode_of_the_pair_stands_in_asset_pairs_and_not_in_the_systems_status(happen, paper, client):
    await happen("pair-status:limit_only:10m")

    assert (await pair_rules(client))["status"] == "limit_only"
    assert (await client.publicGetSystemStatus())["result"]["status"] == "online"
    with pytest.raises(BaseError, match="EService:Market in limit_only mode"):
        await client.create_order(SYMBOL, "market", "buy", 20)
    await client.create_order(SYMBOL, "limit", "buy", 20, 0.09)

    await paper.advance(600)
    assert (await pair_rules(client))["status"] == "online"


async def test_the_socket_refuses_in_the_same_words(happen, paper, listen):
    await happen("status:cancel_only")
    async with listen(paper, "executions") as listener:
        keys = paper.exchange.world.keys
        token = keys.issue_token(keys.keys["paper-key"], asyncio.get_running_loop().time())
        order = {"symbol": SYMBOL, "side": "buy", "order_type": "limit", "order_qty": 20, "limit_price": 0.09}
        await listener.send({"method": "add_order", "params": {**order, "token": token}})
        answer = await listener.answer("add_order")
        assert (answer["success"], answer["error"]) == (False, "EService:Market in cancel_only mode")


async def test_price_decimals_change_and_quotes_follow_while_resting_orders_keep_their_price(happen, paper, client):
    order = await limit(client, "buy", 20, 0.0912345)

    await happen("decimals:5")

    rules = await pair_rules(client)
    assert (int(rules["pair_decimals"]), rules["tick_size"]) == (5, "0.00001")
    quote = await client.fetch_ticker(SYMBOL)
    assert (round(quote["bid"], 5), round(quote["ask"], 5)) == (quote["bid"], quote["ask"])
    assert quote["bid"] < quote["ask"]
    with pytest.raises(ExchangeError, match="price can only be specified up to 5 decimals"):
        await client.privatePostAddOrder(
            {"pair": "XDGUSD", "type": "buy", "ordertype": "limit", "volume": "20", "price": "0.0912345"}
        )
    await client.privatePostAmendOrder({"txid": order["id"], "order_qty": "25"})
    assert [(found["price"], found["amount"]) for found in await client.fetch_open_orders()] == [(0.0912345, 25)]


async def test_minimums_change(happen, client):
    await happen("minimum:50; costmin:6")

    rules = await pair_rules(client)
    assert (rules["ordermin"], rules["costmin"]) == ("50", "6")
    with pytest.raises(InvalidOrder, match="EOrder:Order minimum not met"):
        await limit(client, "buy", 49, 0.09)
    with pytest.raises(ExchangeError, match="EOrder:Cost minimum not met"):
        await limit(client, "buy", 50, 0.09)


async def test_a_step_of_the_fees_shows_in_trade_volume_and_in_trades_and_leaves_the_schedule(happen, paper, client):
    before = await pair_rules(client)
    await limit(client, "buy", 100, 0.096)

    await happen("fee:14:24")

    fees = await client.fetch_trading_fee(SYMBOL)
    assert (fees["maker"], fees["taker"]) == (0.0014, 0.0024)
    await paper.price("0.0950")
    [trade] = await client.fetch_my_trades(SYMBOL)
    assert trade["fee"]["cost"] == pytest.approx(9.6 * 0.0014)
    after = await pair_rules(client)
    assert (after["fees"], after["fees_maker"]) == (before["fees"], before["fees_maker"])


async def test_the_market_jumps_and_stands_still(happen, paper, client):
    told = await happen("price:+10%; price:=2000000")
    assert float(told["bid"]) == pytest.approx(0.0966 * 1.1, rel=1e-3)
    assert told["happened"][-1]["note"] == "refused: a price is at most 1000000 USD"

    await happen("silence:10m; price:=0.1")

    paper.clock.advance(300)
    assert (await happen("silence:10m"))["in_force"] == {"silence": "already"}


async def test_silence_holds_a_market_that_moves_and_lets_it_go(open_paper, connect):
    async with open_paper(happen="100s:silence:10m") as paper:
        paper.book.market.release(0)
        await paper.advance(100)
        quotes = []
        for _ in range(3):
            await paper.advance(150)
            quotes.append((paper.book.quote.bid, paper.book.quote.ask))
        assert len(set(quotes)) == 1
        await paper.advance(1000)
        assert not paper.book.market.is_held
        assert (paper.book.quote.bid, paper.book.quote.ask) != quotes[0]


async def test_during_a_lockout_every_private_request_is_refused_and_public_ones_are_not(happen, paper, client, listen):
    await limit(client, "buy", 20, 0.09)
    async with listen(paper, "executions") as listener:
        await happen("lockout:15m")

        for ask in (client.fetch_balance, client.fetch_open_orders, client.cancel_all_orders):
            with pytest.raises(BaseError, match="EGeneral:Temporary lockout"):
                await ask()
        await listener.send({"method": "cancel_all", "params": {"token": "any"}})
        assert (await listener.answer("cancel_all"))["error"] == "EGeneral:Temporary lockout"
    assert (await client.fetch_ticker(SYMBOL))["last"]

    await paper.advance(15 * 60)
    assert len(await client.fetch_open_orders()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("key:dead", "EAPI:Invalid key"),
        ("key:dead:EGeneral:Permission denied", "EGeneral:Permission denied"),
        ("key:address", "EAPI:Invalid key"),
        ("key:expires:0s", "EAPI:Invalid key"),
    ],
)
async def test_a_key_dies_while_it_is_in_use(happen, paper, client, listen, text, words):
    await client.fetch_balance()
    keys = paper.exchange.world.keys
    token = keys.issue_token(keys.keys["paper-key"], asyncio.get_running_loop().time())
    async with listen(paper, "executions") as listener:
        await happen(text)

        with pytest.raises(BaseError, match=words):
            await client.fetch_balance()
        await listener.send({"method": "cancel_all", "params": {"token": token}})
        assert (await listener.answer("cancel_all"))["error"] == "ESession:Invalid session"

    await happen("key:live")
    await client.fetch_balance()


async def test_a_key_says_when_it_ends_and_then_it_has(happen, paper, client):
    await happen("key:expires:5m")
    told = (await client.privatePostGetApiKeyInfo())["result"]
    assert float(told["valid_until"]) == int(paper.clock.now() + 300)

    await paper.advance(300)
    with pytest.raises(AuthenticationError, match="EAPI:Invalid key"):
        await client.fetch_balance()


async def test_a_key_of_the_config_may_have_an_end_and_an_address(open_paper, connect, paper_key):
    key = dataclasses.replace(paper_key, ip_allowlist=("192.0.2.1", "127.0.0.1"), valid_until_s=2e9)
    async with open_paper(keys=(key,)) as paper, connect(paper.exchange.address, key) as client:
        told = (await client.privatePostGetApiKeyInfo())["result"]
        assert (told["ip_allowlist"], told["valid_until"]) == (["192.0.2.1", "127.0.0.1"], "2000000000")
    key = dataclasses.replace(paper_key, ip_allowlist=("192.0.2.1",))
    async with open_paper(keys=(key,)) as paper, connect(paper.exchange.address, key) as client:
        with pytest.raises(AuthenticationError, match="EAPI:Invalid key"):
            await client.fetch_balance()


async def test_a_key_is_replaced_by_another_of_the_same_account(open_paper, connect, paper_key):
    other = dataclasses.replace(paper_key, key="next-key", name="next")
    async with (
        open_paper(keys=(paper_key, other), happen="1m:rotate") as paper,
        connect(paper.exchange.address) as old,
        connect(paper.exchange.address, other) as new,
    ):
        order = await limit(old, "buy", 20, 0.09)
        await paper.advance(60)

        with pytest.raises(AuthenticationError, match="EAPI:Invalid key"):
            await old.fetch_open_orders()
        assert [row["id"] for row in await new.fetch_open_orders()] == [order["id"]]


async def test_nonces_that_another_program_used_up_are_refused(happen, client):
    await client.fetch_balance()

    await happen("nonce:+1h")

    with pytest.raises(InvalidNonce):
        await client.fetch_balance()


async def test_the_exchanges_clock_differs_and_deadlines_are_read_by_it(happen, paper, client):
    await happen("clock:+30s")
    assert await client.fetch_time() == int(paper.clock.now() + 30) * 1000
    with pytest.raises(BaseError, match="EService:Deadline elapsed"):
        await limit(client, "buy", 20, 0.09, deadline=IN_5_S)

    await happen("clock:+0s")
    await limit(client, "buy", 20, 0.09, deadline=IN_5_S)
    await happen("clock:-70s")
    with pytest.raises(ExchangeError, match="Invalid arguments:deadline"):
        await limit(client, "buy", 20, 0.09, deadline=IN_5_S)


@pytest.mark.parametrize(
    ("text", "status", "kind", "beginning"),
    [("html:502:1m", 502, "text/html", "<html>"), ("text:429:1m", 429, "text/plain", "error code: 429")],
)
async def test_rest_and_the_sockets_door_answer_something_that_is_no_json(
    happen, paper, client, text, status, kind, beginning
):
    await happen(text)

    async with aiohttp.ClientSession(paper.exchange.address) as session:
        for path in ("/0/public/Time", "/0/private/Balance", "/v2"):
            method = "POST" if "private" in path else "GET"
            async with session.request(method, path) as answer:
                assert (answer.status, answer.content_type) == (status, kind)
                assert (await answer.text()).startswith(beginning)
    if status == 502:
        with pytest.raises(ExchangeNotAvailable):
            await limit(client, "buy", 20, 0.09)
    assert paper.book.orders_made == 0

    await paper.advance(60)
    await limit(client, "buy", 20, 0.09)


async def test_requests_hang_and_are_carried_out_when_it_is_over(happen, paper, client, until):
    await happen("hang:30s")
    placing = asyncio.ensure_future(limit(client, "buy", 20, 0.09))
    await until(lambda: paper.exchange.rest.requests.get("AddOrder") == 1)
    assert paper.book.orders_made == 0

    paper.clock.advance(30)

    assert (await placing)["id"] in paper.book.open


async def test_requests_on_the_socket_hang_and_its_channels_go_on(happen, paper, client, listen):
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        await happen("hang:30s")
        keys = paper.exchange.world.keys
        token = keys.issue_token(keys.keys["paper-key"], asyncio.get_running_loop().time())
        await listener.send({"method": "cancel_all", "params": {"token": token}})
        await happen("place:buy:20")
        assert (await listener.next_message())["data"][0]["exec_type"] == "pending_new"
        assert (await listener.next_message())["data"][0]["exec_type"] == "new"

        paper.clock.advance(30)

        assert (await listener.answer("cancel_all"))["result"] == {"count": 1}


async def test_a_mute_socket_says_what_it_had_to_say_when_it_is_over(happen, paper, listen):
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        await happen("mute:30s")
        await happen("place:buy:20")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(listener.next("heartbeat"), 1.5)

        paper.clock.advance(30)

        assert (await listener.next("executions"))["data"][0]["exec_type"] == "pending_new"
