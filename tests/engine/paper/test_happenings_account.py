"""Somebody else acts on the account: what `--happen` plays there shows at REST and on the private channels."""

import pytest
from ccxt.base.errors import InsufficientFunds, InvalidNonce

SYMBOL = "DOGE/USD"


def limit(client, side, volume, price, **params):
    return client.create_order(SYMBOL, "limit", side, volume, price, {"postOnly": True, **params})


async def balances(client):
    return (await client.privatePostBalanceEx())["result"]


async def test_somebody_amends_the_size_of_an_order_and_it_is_told(happen, paper, client, listen):
    order = await limit(client, "buy", 20, 0.09, clientOrderId="ours")
    async with listen(paper, "executions") as listener:
        await listener.next("executions")

        told = await happen("amend:buy:+45%")

        [row] = (await listener.next("executions"))["data"]
    assert (row["exec_type"], row["order_id"], row["cl_ord_id"]) == ("amended", order["id"], "ours")
    assert (row["order_qty"], row["limit_price"]) == (29, 0.09)
    assert [found["amount"] for found in await client.fetch_open_orders()] == [29]
    assert told["happened"][-1]["note"] == f"{order['id']}: 20 -> 29"


async def test_somebody_moves_an_order_to_another_price(happen, client):
    order = await limit(client, "sell", 20, 0.1)

    await happen("move:sell:+2%")

    [found] = await client.fetch_open_orders()
    assert (found["id"], found["price"], found["amount"]) == (order["id"], 0.102, 20)


async def test_an_edit_that_kraken_would_refuse_changes_nothing(happen, client):
    await limit(client, "buy", 20, 0.09)

    told = await happen("amend:buy:=2; move:buy:=0.2")

    assert [item["note"] for item in told["happened"]] == [
        "refused: EOrder:Order minimum not met",
        "refused: EOrder:Post only order",
    ]
    assert [(order["amount"], order["price"]) for order in await client.fetch_open_orders()] == [(20, 0.09)]


async def test_an_edit_waits_for_an_order_to_rest(happen, paper, client):
    told = await happen("amend:sell:=30")
    assert (len(told["pending"]), told["happened"]) == (1, [])

    await limit(client, "sell", 20, 0.1)
    await paper.advance(5)

    assert [order["amount"] for order in await client.fetch_open_orders()] == [30]


async def test_exits_are_told_from_entries_by_what_was_filled_before_them(happen, paper, client):
    await limit(client, "buy", 20, 0.096)
    await paper.price("0.0955")
    exit_order = await limit(client, "sell", 20, 0.0975)
    entry = await limit(client, "sell", 20, 0.1)

    await happen("amend:exit:=40; amend:entry:=50")

    amounts = {order["id"]: order["amount"] for order in await client.fetch_open_orders()}
    assert amounts == {exit_order["id"]: 40, entry["id"]: 50}


async def test_somebody_cancels_some_orders_of_one_side(happen, client):
    for price in (0.09, 0.091, 0.092):
        await limit(client, "buy", 20, price)
    kept = await limit(client, "sell", 20, 0.1)

    await happen("cancel:buy:2")
    assert len(await client.fetch_open_orders()) == 2

    await happen("cancel:buy")
    assert [order["id"] for order in await client.fetch_open_orders()] == [kept["id"]]


async def test_an_order_by_hand_holds_what_others_then_miss(happen, client):
    await happen("place:buy:99usd")

    assert float((await balances(client))["ZUSD"]["hold_trade"]) == pytest.approx(99, abs=0.001)
    with pytest.raises(InsufficientFunds):
        await limit(client, "buy", 20, 0.09)
    [order] = await client.fetch_open_orders()
    assert ("cl_ord_id" in order["info"], order["side"]) == (False, "buy")


async def test_an_order_by_hand_may_have_a_price_and_a_client_id_of_its_own(happen, client):
    await happen("place:sell:20@+5%:id=by-hand; place:buy:20@0.08")

    sell, buy = sorted(await client.fetch_open_orders(), key=lambda order: -order["price"])
    assert (sell["clientOrderId"], sell["price"]) == ("by-hand", pytest.approx(0.0966 * 1.05, abs=1e-6))
    assert ("cl_ord_id" in buy["info"], buy["price"]) == (False, 0.08)


async def test_what_came_by_hand_is_withdrawn_and_nothing_else(happen, client):
    ours = await limit(client, "buy", 20, 0.09)
    await happen("place:buy:20; place:sell:30; place:buy:0.0001@20000:BTC/USD")
    assert len(await client.fetch_open_orders()) == 4

    await happen("amend:all:=25; withdraw-foreign")

    assert [(order["id"], order["amount"]) for order in await client.fetch_open_orders()] == [(ours["id"], 25)]


async def test_an_order_of_another_pair_and_of_an_unknown_type_is_listed_and_holds(happen, paper, client, listen):
    await happen("place:buy:0.001@20000:BTC/USD:type=settle-position; deposit:btc:0.5; place:sell:0.1@30000:BTC/USD")

    rows = list((await client.privatePostOpenOrders())["result"]["open"].values())
    assert [(row["descr"]["pair"], row["descr"]["ordertype"]) for row in rows] == [
        ("XBTUSD", "settle-position"),
        ("XBTUSD", "limit"),
    ]
    held = await balances(client)
    assert float(held["ZUSD"]["hold_trade"]) == pytest.approx(20 * 1.004)
    assert (float(held["XXBT"]["balance"]), float(held["XXBT"]["hold_trade"])) == (0.5, 0.1)
    async with listen(paper, "executions") as listener:
        listed = (await listener.next("executions"))["data"]
    assert [(row["symbol"], row["order_type"]) for row in listed] == [
        ("BTC/USD", "settle-position"),
        ("BTC/USD", "limit"),
    ]


async def test_an_order_of_another_pair_is_amended_and_cancelled_like_any_other(happen, paper, client):
    await happen("place:buy:0.001@20000:BTC/USD; move:foreign:=21000; amend:foreign:+100%")
    [order] = (await client.privatePostOpenOrders())["result"]["open"].values()
    assert (float(order["descr"]["price"]), float(order["vol"])) == (21000, 0.002)

    [name] = paper.book.open
    await client.cancel_order(name)

    assert await client.fetch_open_orders() == []


async def test_an_order_of_our_pair_may_have_a_type_that_nobody_knows(happen, paper, client, listen):
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        await happen("place:buy:20@0.08:type=iceberg-of-the-north")
        assert (await listener.next("executions"))["data"][0]["order_type"] == "iceberg-of-the-north"
    [order] = (await client.privatePostOpenOrders())["result"]["open"].values()
    assert (order["descr"]["ordertype"], float(order["descr"]["price"])) == ("iceberg-of-the-north", 0.08)


async def test_a_trade_by_hand_of_our_pair_and_of_another_one(happen, paper, client, listen):
    async with listen(paper, "balances") as listener:
        await listener.next("balances")
        await happen("trade:sell:50; trade:buy:0.001@20000:BTC/USD")
        rows = [(await listener.next("balances"))["data"][0] for _ in range(4)]

    trades = (await client.privatePostTradesHistory())["result"]["trades"].values()
    assert {(row["pair"], row["type"], float(row["vol"])) for row in trades} == {
        ("XDGUSD", "sell", 50.0),
        ("XXBTZUSD", "buy", 0.001),
    }
    assert [(row["asset"], row["amount"], row["type"]) for row in rows[2:]] == [
        ("BTC", 0.001, "trade"),
        ("USD", -20.08, "trade"),
    ]
    assert float((await balances(client))["XXBT"]["balance"]) == 0.001


async def test_a_trade_by_hand_may_be_of_a_type_that_nobody_knows(happen, client):
    await happen("trade:sell:50:type=settle-position:id=theirs; trade:buy:0.001@20000:BTC/USD:type=conversion")

    trades = (await client.privatePostTradesHistory())["result"]["trades"].values()
    assert {(row["pair"], row["ordertype"]) for row in trades} == {
        ("XDGUSD", "settle-position"),
        ("XXBTZUSD", "conversion"),
    }


async def test_deposits_and_withdrawals_are_booked_and_told(happen, paper, client, listen):
    async with listen(paper, "balances") as listener:
        await listener.next("balances")
        await happen("deposit:usd:50; withdraw:doge:400; deposit:btc:0.01")
        rows = [(await listener.next("balances"))["data"][0] for _ in range(3)]

    assert [(row["type"], row["asset"], row["amount"], row["balance"]) for row in rows] == [
        ("deposit", "USD", 50, 150),
        ("withdrawal", "DOGE", -400, 600),
        ("deposit", "BTC", 0.01, 0.01),
    ]
    assert {name: float(row["balance"]) for name, row in (await balances(client)).items()} == {
        "ZUSD": 150,
        "XXDG": 600,
        "XXBT": 0.01,
    }


async def test_only_what_is_free_can_be_withdrawn(happen, client):
    await limit(client, "sell", 900, 0.1)

    told = await happen("withdraw:doge:400")

    assert told["happened"][-1]["note"] == "only 100"
    assert (await balances(client))["XXDG"] == {"balance": "900.00000000", "hold_trade": "900.00000000"}


async def test_money_that_earns_has_a_row_and_a_wallet_of_its_own_until_it_comes_back(happen, paper, client, listen):
    await happen("deposit:usd:1400; earn:usd:1500; stake:doge:1000; stake:doge:1:B")

    assert {name: float(row["balance"]) for name, row in (await balances(client)).items()} == {
        "ZUSD": 0,
        "XXDG": 0,
        "USD.F": 1500,
        "XDG.S": 1000,
    }
    async with listen(paper, "balances") as listener:
        dollars, coins = (await listener.next("balances"))["data"]
        await happen("unearn:usd:600; unstake:doge:1000")
        moves = [(await listener.next("balances"))["data"][0] for _ in range(4)]
    assert (dollars["balance"], dollars["wallets"]) == (1500, [{"type": "earn", "id": "flex", "balance": 1500}])
    assert coins["wallets"] == [{"type": "earn", "id": "bonded", "balance": 1000}]
    assert [(row["asset"], row["wallet_type"], row["amount"], row["balance"]) for row in moves] == [
        ("USD", "spot", 600, 600),
        ("USD", "earn", -600, 900),
        ("DOGE", "spot", 1000, 1000),
        ("DOGE", "earn", -1000, 0),
    ]
    assert "XDG.S" not in await balances(client)


async def test_fees_are_taken_in_kfee_while_there_is_some(happen, paper, client, listen):
    await happen("kfee")
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        await client.create_order(SYMBOL, "market", "buy", 100)
        rows = [(await listener.next("executions"))["data"][0] for _ in range(3)]

    [fee] = rows[2]["fees"]
    assert (fee["asset"], fee["qty"]) == ("KFEE", pytest.approx(100 * rows[2]["cost"] * 0.004, abs=0.01))
    assert rows[2]["fee_usd_equiv"] == pytest.approx(fee["qty"] / 100)
    after = await balances(client)
    assert float(after["KFEE"]["balance"]) == pytest.approx(10_000 - fee["qty"])
    assert float(after["ZUSD"]["balance"]) == pytest.approx(100 - rows[2]["cost"])

    await happen("kfee:off")
    await client.create_order(SYMBOL, "market", "buy", 100)
    [trade, _] = (await client.privatePostTradesHistory())["result"]["trades"].values()
    assert float(trade["fee"]) > 0


async def test_a_second_program_places_and_cancels_under_the_same_key(happen, paper, client):
    await limit(client, "buy", 20, 0.09)
    nonce = paper.exchange.world.keys.keys["paper-key"].nonce

    await happen("second-program:5s:2m")
    await paper.advance(300)

    state = paper.exchange.world.keys.keys["paper-key"]
    assert state.nonce >= nonce + 10_000
    acts = [item["note"] for item in (await happen("second-program:off"))["happened"]]
    assert any(note.startswith("placed ") for note in acts)
    assert any(note.startswith("cancelled ") for note in acts)
    with pytest.raises(InvalidNonce, match="EAPI:Invalid nonce"):
        await client.fetch_open_orders()
    assert any(order.userref == 7041 for order in paper.book.closed.values())
