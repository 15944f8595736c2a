"""ccxt drives the paper exchange over real sockets with only its base addresses changed (governor spec 19 to 22)."""

import ccxt
import pytest
from ccxt.base.errors import (
    ExchangeError,
    InsufficientFunds,
    InvalidOrder,
    OrderNotFound,
)

SYMBOL = "DOGE/USD"


def limit(client, side, volume, price, **params):
    return client.create_order(SYMBOL, "limit", side, volume, price, {"postOnly": True, **params})


async def test_the_pair_has_krakens_decimals_and_minimums(client):
    market = client.market(SYMBOL)

    assert market["id"] == "XDGUSD"
    assert market["precision"] == {"amount": 1e-8, "price": 1e-7}
    assert (market["limits"]["amount"]["min"], market["limits"]["cost"]["min"]) == (13, 0.5)
    assert (market["maker"], market["taker"]) == (0.0025, 0.004)


async def test_the_server_time_is_paper_time(paper, client):
    await paper.advance(12)

    assert await client.fetch_time() == int(paper.clock.now()) * 1000


async def test_the_status_is_online(client):
    assert (await client.fetch_status())["status"] == "ok"


async def test_the_ticker_shows_the_quote_of_the_market(paper, client):
    ticker = await client.fetch_ticker(SYMBOL)

    assert ticker["bid"] == float(paper.book.quote.bid_price)
    assert ticker["ask"] == float(paper.book.quote.ask_price)
    assert ticker["low"] <= ticker["last"] <= ticker["high"]


async def test_the_order_book_starts_at_the_quote_and_moves_away_from_it(paper, client):
    book = await client.fetch_order_book(SYMBOL, 5)

    assert [book["bids"][0][0], book["asks"][0][0]] == [
        float(paper.book.quote.bid_price),
        float(paper.book.quote.ask_price),
    ]
    assert len(book["bids"]) == len(book["asks"]) == 5
    assert book["bids"][0][0] > book["bids"][1][0]
    assert book["asks"][0][0] < book["asks"][1][0]


async def test_the_fees_are_those_of_the_account(client):
    fees = await client.fetch_trading_fee(SYMBOL)

    assert (fees["maker"], fees["taker"]) == (0.0025, 0.004)


async def test_an_open_order_holds_its_funds_and_its_fee(client):
    await limit(client, "buy", 100, 0.09)
    await limit(client, "sell", 40, 0.11)

    balance = await client.fetch_balance()

    assert balance["USD"] == {"free": 90.9775, "used": 9.0225, "total": 100}
    assert balance["DOGE"] == {"free": 960, "used": 40, "total": 1000}


async def test_an_order_is_found_by_its_client_id_while_open_and_after(client):
    order = await limit(client, "buy", 20, 0.09, clientOrderId="a1-b2")
    found = await client.fetch_open_orders(params={"clientOrderId": "a1-b2"})
    assert [row["id"] for row in found] == [order["id"]]
    assert await client.fetch_open_orders(params={"clientOrderId": "other"}) == []

    await client.cancel_order(order["id"])

    assert await client.fetch_open_orders(params={"clientOrderId": "a1-b2"}) == []
    [closed] = await client.fetch_closed_orders(params={"clientOrderId": "a1-b2"})
    assert (closed["id"], closed["status"], closed["clientOrderId"]) == (order["id"], "canceled", "a1-b2")
    assert closed["info"]["reason"] == "User requested"


async def test_a_client_id_is_unique_among_open_orders_only(client):
    order = await limit(client, "buy", 20, 0.09, clientOrderId="same")

    with pytest.raises(ExchangeError, match="cl_ord_id not unique"):
        await limit(client, "buy", 20, 0.09, clientOrderId="same")

    await client.cancel_order(order["id"])
    await limit(client, "buy", 20, 0.09, clientOrderId="same")
    assert len(await client.fetch_open_orders()) == 1


@pytest.mark.parametrize("name", ["nineteen-characters", "with space", "6d1b345e-2821-40e2-ad83-4ecb18a0687"])
async def test_a_client_id_is_a_uuid_or_short_text(client, name):
    with pytest.raises(ExchangeError, match="Invalid arguments:cl_ord_id"):
        await limit(client, "buy", 20, 0.09, clientOrderId=name)


async def test_a_uuid_is_a_client_id(client):
    await limit(client, "buy", 20, 0.09, clientOrderId="6d1b345e-2821-40e2-ad83-4ecb18a06876")

    assert len(await client.fetch_open_orders()) == 1


async def test_an_amended_order_keeps_its_identity(client):
    order = await limit(client, "buy", 20, 0.09, clientOrderId="keeps")

    amended = await client.edit_order(order["id"], SYMBOL, "limit", "buy", 30, 0.091, {"postOnly": True})

    assert amended["info"]["amend_id"].startswith("T")
    [found] = await client.fetch_open_orders()
    assert (found["id"], found["clientOrderId"]) == (order["id"], "keeps")
    assert (found["amount"], found["price"]) == (30, 0.091)


async def test_an_amend_that_would_take_leaves_the_order_as_it_was(client):
    order = await limit(client, "buy", 20, 0.09)

    with pytest.raises(ExchangeError, match="EOrder:Post only order"):
        await client.edit_order(order["id"], SYMBOL, "limit", "buy", 20, 0.1, {"postOnly": True})

    [found] = await client.fetch_open_orders()
    assert (found["amount"], found["price"]) == (20, 0.09)


async def test_an_order_is_amended_and_cancelled_by_its_client_id(client):
    await limit(client, "buy", 20, 0.09, clientOrderId="mine")

    await client.edit_order("", SYMBOL, "limit", "buy", 25, 0.09, {"clientOrderId": "mine"})
    assert (await client.fetch_open_orders())[0]["amount"] == 25

    answer = await client.cancel_order("", params={"clientOrderId": "mine"})
    assert answer["info"]["result"]["count"] == 1
    assert await client.fetch_open_orders() == []


async def test_an_order_that_is_not_open_cannot_be_cancelled(client):
    with pytest.raises(OrderNotFound):
        await client.cancel_order("OAAAAA-AAAAA-AAAAAA")


async def test_a_post_only_order_that_would_take_is_refused(paper, client):
    with pytest.raises(ExchangeError, match="EOrder:Post only order"):
        await limit(client, "buy", 20, float(paper.book.quote.ask_price))

    assert paper.book.orders_made == 0


async def test_a_post_only_order_that_would_take_can_be_cancelled_instead(open_paper, connect):
    async with open_paper(post_only_answer="cancel") as paper, connect(paper.exchange.address) as client:
        order = await limit(client, "buy", 20, 0.1)

        [closed] = await client.fetch_closed_orders()
        assert (closed["id"], closed["status"], closed["filled"]) == (order["id"], "canceled", 0)
        assert closed["info"]["reason"] == "Post only order"


@pytest.mark.parametrize(
    ("volume", "price", "words"),
    [
        (12.9, 0.09, "EOrder:Order minimum not met"),
        (20, 0.02, "EOrder:Cost minimum not met"),
        (2000, 0.09, "EOrder:Insufficient funds"),
    ],
)
async def test_minimums_and_funds_are_enforced_in_krakens_words(client, volume, price, words):
    with pytest.raises((InvalidOrder, ExchangeError, InsufficientFunds), match=words):
        await limit(client, "buy", volume, price)


async def test_a_price_with_too_many_decimals_is_refused(client):
    with pytest.raises(ExchangeError, match="price can only be specified up to 7 decimals"):
        await client.privatePostAddOrder(
            {"pair": "XDGUSD", "type": "buy", "ordertype": "limit", "volume": "20", "price": "0.09000001"}
        )


async def test_a_deadline_in_the_past_is_refused(paper, client):
    with pytest.raises(ExchangeError, match="EService:Deadline elapsed"):
        await limit(client, "buy", 20, 0.09, deadline="2025-12-31T23:59:59Z")

    await limit(client, "buy", 20, 0.09, deadline="2026-01-01T00:00:30Z")
    assert paper.book.orders_made == 1


async def test_a_deadline_nearer_than_two_seconds_is_refused(paper, client):
    with pytest.raises(ExchangeError, match="EGeneral:Invalid arguments:deadline"):
        await limit(client, "buy", 20, 0.09, deadline="2026-01-01T00:00:01.999Z")
    await limit(client, "buy", 20, 0.09, deadline="2026-01-01T00:00:02Z")


async def test_an_order_with_an_expiry_is_gone_after_it(paper, client):
    await limit(client, "buy", 20, 0.09, timeinforce="GTD", expiretm="+30")
    await paper.advance(29)
    assert len(await client.fetch_open_orders()) == 1

    await paper.advance(2)

    assert await client.fetch_open_orders() == []
    [closed] = await client.fetch_closed_orders()
    assert closed["status"] == "expired"


async def test_a_fill_shows_in_balance_orders_and_trades(paper, client):
    order = await limit(client, "buy", 20, 0.096, clientOrderId="filled")

    await paper.price("0.0950")

    [closed] = await client.fetch_closed_orders(params={"clientOrderId": "filled", "trades": True})
    [trade] = await client.fetch_my_trades(SYMBOL)
    balance = await client.fetch_balance()
    assert (closed["status"], closed["filled"], closed["average"]) == ("closed", 20, 0.096)
    assert closed["trades"][0]["id"] == trade["id"]
    assert (trade["order"], trade["takerOrMaker"], trade["price"], trade["cost"]) == (order["id"], "maker", 0.096, 1.92)
    assert trade["fee"] == {"currency": "USD", "cost": 0.0048}
    assert balance["USD"]["total"] == pytest.approx(100 - 1.92 - 0.0048, abs=1e-4)
    assert balance["DOGE"]["total"] == 1020


async def test_an_order_that_takes_pays_the_taker_fee(paper, client):
    await client.create_order(SYMBOL, "limit", "buy", 20, 0.0970)

    [trade] = await client.fetch_my_trades(SYMBOL)
    assert (trade["takerOrMaker"], trade["price"]) == ("taker", float(paper.book.quote.ask_price))


async def test_trades_are_found_since_a_time(paper, client):
    for price in ("0.0960", "0.0955"):
        await limit(client, "buy", 20, float(price))
        await paper.advance(10)
        await paper.price("0.0950")
        await paper.price("0.0966")

    since = int((paper.clock.now() - 5) * 1000)
    assert len(await client.fetch_my_trades(SYMBOL)) == 2
    assert len(await client.fetch_my_trades(SYMBOL, since)) == 1


async def test_histories_come_in_pages_of_fifty_newest_first(open_paper, connect):
    async with open_paper(rate_limits=False) as paper, connect(paper.exchange.address) as client:
        for _ in range(60):
            await paper.advance(1)
            order = await limit(client, "buy", 20, 0.09)
            await client.cancel_order(order["id"])

        first = (await client.privatePostClosedOrders())["result"]
        second = (await client.privatePostClosedOrders({"ofs": 50}))["result"]
        assert (len(first["closed"]), len(second["closed"]), first["count"]) == (50, 10, 60)
        assert next(iter(first["closed"])) == order["id"]


async def test_trades_name_their_ledger_entries_when_asked_and_the_socket_names_the_same(paper, client, listen):
    await limit(client, "buy", 20, 0.096)
    async with listen(paper, "balances") as listener:
        await listener.next("balances")
        await paper.price("0.0950")
        told = [(await listener.next("balances"))["data"][0]["ledger_id"] for _ in range(2)]

    async def trade(**asked):
        [row] = (await client.private_post_tradeshistory(asked))["result"]["trades"].values()
        return row

    assert (await trade(ledgers=True))["ledgers"] == told
    assert "ledgers" not in await trade()


async def test_an_order_is_queried_by_its_id(client):
    order = await limit(client, "buy", 20, 0.09)

    assert (await client.fetch_order(order["id"]))["status"] == "open"
    with pytest.raises(ExchangeError, match="EOrder:Unknown order"):
        await client.fetch_order("OAAAAA-AAAAA-AAAAAA")


async def test_all_orders_are_cancelled_at_once(client):
    for price in (0.09, 0.091):
        await limit(client, "buy", 20, price)

    [answer] = await client.cancel_all_orders()

    assert answer["info"]["result"]["count"] == 2
    assert await client.fetch_open_orders() == []


async def test_the_dead_mans_switch_cancels_everything_when_it_is_not_renewed(paper, client):
    await limit(client, "buy", 20, 0.09)
    answer = await client.cancel_all_orders_after(60_000)
    assert answer["result"] == {"currentTime": "2026-01-01T00:00:00Z", "triggerTime": "2026-01-01T00:01:00Z"}

    await paper.advance(59)
    assert len(await client.fetch_open_orders()) == 1
    await paper.advance(1)

    assert await client.fetch_open_orders() == []


async def test_the_dead_mans_switch_is_disarmed_with_zero(paper, client):
    await limit(client, "buy", 20, 0.09)
    await client.cancel_all_orders_after(60_000)

    assert (await client.cancel_all_orders_after(0))["result"]["triggerTime"] == "0"

    await paper.advance(120)
    assert len(await client.fetch_open_orders()) == 1


async def test_an_order_can_be_validated_without_being_placed(paper, client):
    answer = await client.privatePostAddOrder(
        {"pair": "XDGUSD", "type": "buy", "ordertype": "limit", "volume": "20", "price": "0.09", "validate": "true"}
    )

    assert answer["result"] == {"descr": {"order": "buy 20.00000000 XDGUSD @ limit 0.0900000"}}
    assert paper.book.orders_made == 0


async def test_the_key_tells_what_it_may_do(client):
    info = (await client.privatePostGetApiKeyInfo())["result"]

    assert info["api_key"] == "paper-key"
    assert "modify-trades" in info["permissions"]
    assert "withdraw-funds" not in info["permissions"]
    assert "secret" not in str(info).lower()


async def test_an_unknown_method_is_refused_in_krakens_words(client):
    with pytest.raises(ExchangeError, match="EGeneral:Unknown method"):
        await client.privatePostLedgers()


async def test_more_open_orders_than_the_tier_allows_are_refused(open_paper, connect):
    async with open_paper(rate_limits=False) as paper, connect(paper.exchange.address) as client:
        for _ in range(60):
            await limit(client, "buy", 13, 0.04)
        with pytest.raises(ExchangeError, match="EOrder:Orders limit exceeded"):
            await limit(client, "buy", 13, 0.04)


async def test_too_many_transactions_are_refused(paper, client):
    for _ in range(6):  # an add counts 1, a cancel within five seconds 8
        order = await limit(client, "buy", 20, 0.09)
        await client.cancel_order(order["id"])
    for _ in range(6):
        order = await limit(client, "buy", 20, 0.09)

    with pytest.raises(ccxt.DDoSProtection, match="EOrder:Rate limit exceeded"):
        await limit(client, "buy", 20, 0.09)

    await paper.advance(10)
    await limit(client, "buy", 20, 0.09)


async def test_closed_orders_are_found_between_two_times(paper, client):
    ids = []
    for _ in range(3):
        await paper.advance(100)
        ids.append((await limit(client, "buy", 20, 0.09))["id"])
        await client.cancel_order(ids[-1])
    now_s = paper.clock.now()

    async def between(**given):
        return list((await client.privatePostClosedOrders(given))["result"]["closed"])

    assert await between(start=now_s - 150) == [ids[2], ids[1]]
    assert await between(end=now_s - 150) == [ids[0]]
    assert await between(start=ids[0]) == [ids[2], ids[1]]
    with pytest.raises(ExchangeError, match="Invalid arguments:start"):
        await between(start="yesterday")


async def test_a_trade_is_queried_by_its_id(paper, client):
    order = await client.create_order(SYMBOL, "limit", "buy", 20, 0.0970)
    [trade] = await client.fetch_my_trades(SYMBOL)

    [found] = await client.fetch_order_trades(order["id"], SYMBOL, params={"trades": [trade["id"]]})

    assert found["id"] == trade["id"]


async def test_the_account_is_worth_its_dollars_and_its_doge(paper, client):
    worth = (await client.privatePostTradeBalance())["result"]["eb"]

    assert float(worth) == pytest.approx(100 + 1000 * float(paper.book.quote.mid_price), abs=0.01)
