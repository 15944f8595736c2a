"""ccxt reads the paper exchange's market: trades, candles, pairs and fees by REST, trades and book by socket."""

import zlib

import pytest
from ccxt.base.errors import ExchangeError

SYMBOL = "DOGE/USD"
HOUR_S = 3600


async def subscribed(listener, channel, **params):
    await listener.send({"method": "subscribe", "params": {"channel": channel, "symbol": [SYMBOL], **params}})
    return await listener.answer("subscribe")


async def tick(paper, seconds):
    """Let time pass, and let the exchange tell it."""
    await paper.advance(seconds)
    paper.exchange.sockets.tick()


async def test_trades_come_oldest_first_and_the_latest_of_them_by_default(paper, client):
    await paper.advance(HOUR_S)

    trades = await client.fetch_trades(SYMBOL)

    assert len(trades) == 1000
    assert [trade["timestamp"] for trade in trades] == sorted(trade["timestamp"] for trade in trades)
    assert trades[-1]["timestamp"] / 1000 < paper.clock.now()
    assert {trade["side"] for trade in trades} == {"buy", "sell"}


async def test_trades_are_paged_by_the_last_that_was_seen(paper, client):
    await paper.advance(HOUR_S)
    everything = (await client.public_get_trades({"pair": "XDGUSD"}))["result"]["XDGUSD"]
    since, paged = str(int(everything[0][2] * 1e9) - 1000), []

    while len(paged) < len(everything):
        answer = (await client.public_get_trades({"pair": "XDGUSD", "since": since, "count": 170}))["result"]
        paged += answer["XDGUSD"]
        since = answer["last"]

    assert paged[: len(everything)] == everything
    last = (await client.public_get_trades({"pair": "XDGUSD", "since": since}))["result"]
    assert (last["XDGUSD"], last["last"]) == ([], since)


async def test_trades_are_asked_for_since_a_second_too(paper, client):
    await paper.advance(600)

    trades = await client.fetch_trades(SYMBOL, since=int(paper.clock.now() - 100) * 1000)

    assert trades
    assert all(trade["timestamp"] / 1000 >= paper.clock.now() - 100 for trade in trades)


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_page_of_trades_has_one_to_a_thousand(client, count):
    with pytest.raises(ExchangeError, match="EGeneral:Invalid arguments:count"):
        await client.public_get_trades({"pair": "XDGUSD", "count": count})


async def test_candles_agree_with_trades_and_with_the_accounts_own_fill(paper, client):
    await paper.advance(90)
    await client.create_order(SYMBOL, "limit", "buy", 20, 0.097)
    await paper.advance(31)

    [*_, candle, under_way] = await client.fetch_ohlcv(SYMBOL, "1m")
    trades = await client.fetch_trades(SYMBOL, since=candle[0] - 1)
    [fill] = await client.fetch_my_trades(SYMBOL)

    minute = [trade for trade in trades if candle[0] <= trade["timestamp"] < candle[0] + 60_000]
    assert fill["info"]["trade_id"] in [int(trade["id"]) for trade in minute]
    assert candle[4] == minute[-1]["price"]
    assert candle[2] == max(trade["price"] for trade in minute)
    assert candle[5] == pytest.approx(sum(trade["amount"] for trade in minute))
    assert under_way[0] == candle[0] + 60_000


async def test_there_are_at_most_720_candles_and_the_last_one_is_not_committed(paper, client):
    await paper.advance(30)

    answer = (await client.public_get_ohlc({"pair": "XDGUSD", "interval": 1}))["result"]

    rows = answer["XDGUSD"]
    assert len(rows) == 720
    assert answer["last"] == rows[-2][0]
    assert rows[-1][0] <= paper.clock.now() < rows[-1][0] + 60
    again = (await client.public_get_ohlc({"pair": "XDGUSD", "interval": 1, "since": answer["last"]}))["result"]
    assert again["XDGUSD"] == rows[-1:]


async def test_an_interval_is_one_of_krakens(client):
    with pytest.raises(ExchangeError, match="EGeneral:Invalid arguments:interval"):
        await client.public_get_ohlc({"pair": "XDGUSD", "interval": 7})


async def test_the_pair_has_ten_fee_steps_leverage_and_a_status(client):
    pair = client.market(SYMBOL)["info"]

    assert len(pair["fees"]) == len(pair["fees_maker"]) == 10
    assert [volume for volume, _ in pair["fees"]] == sorted(volume for volume, _ in pair["fees"])
    assert [fee for _, fee in pair["fees"]] == sorted((fee for _, fee in pair["fees"]), reverse=True)
    assert pair["leverage_buy"] == [2, 3, 4, 5]
    assert pair["status"] == "online"


async def test_the_fee_of_the_account_names_the_steps_around_it(client):
    fees = (await client.private_post_tradevolume({"pair": "XDGUSD"}))["result"]["fees_maker"]["XDGUSD"]

    assert (fees["fee"], fees["maxfee"], fees["minfee"]) == ("0.2500", "0.2500", "0.0000")
    assert (fees["nextfee"], fees["nextvolume"], fees["tiervolume"]) == ("0.2000", "10000.0000", "0.0000")


async def test_an_exchange_with_fees_of_its_own_has_no_dearer_step(open_paper, connect):
    async with open_paper(maker_fee_bps=10) as paper, connect(paper.exchange.address) as client:
        steps = client.market(SYMBOL)["info"]["fees_maker"]

    assert [float(fee) for _, fee in steps] == [0.1, 0.1, 0.1, 0.1, 0.1, 0.08, 0.06, 0.04, 0.02, 0.0]


async def test_the_ticker_shows_the_last_trade_and_what_the_day_came_to(paper, client):
    await paper.advance(HOUR_S)
    trades = await client.fetch_trades(SYMBOL)

    ticker = await client.fetch_ticker(SYMBOL)

    assert ticker["last"] == trades[-1]["price"]
    assert ticker["low"] <= min(trade["price"] for trade in trades)
    assert ticker["high"] >= max(trade["price"] for trade in trades)
    assert ticker["baseVolume"] >= sum(trade["amount"] for trade in trades)


async def test_trades_are_told_as_their_seconds_pass_and_none_twice(paper, client, listen):
    await paper.advance(600)
    async with listen(paper) as listener:
        answer = await subscribed(listener, "trade", snapshot=True)
        snapshot = await listener.next("trade")
        for _ in range(30):
            await tick(paper, 1)
        rows = list(snapshot["data"])
        expected = [trade.number for trade in paper.exchange.world.tape.after(rows[-1]["trade_id"])]
        while not expected or rows[-1]["trade_id"] != expected[-1]:
            rows += (await listener.next("trade"))["data"]

    assert answer["result"] == {"channel": "trade", "snapshot": True, "symbol": SYMBOL}
    assert len(snapshot["data"]) == 50
    assert [row["trade_id"] for row in rows[50:]] == expected


async def test_trades_come_without_a_snapshot_unless_it_is_asked_for(paper, listen):
    await paper.advance(600)
    async with listen(paper) as listener:
        assert not (await subscribed(listener, "trade"))["result"]["snapshot"]
        for _ in range(60):
            await tick(paper, 1)

        assert (await listener.next("trade"))["type"] == "update"


async def test_the_book_is_followed_by_ccxt_which_checks_its_checksum(paper, client, next_update):
    first = await next_update(client.watch_order_book(SYMBOL, 10))
    assert [first["bids"][0][0], first["asks"][0][0]] == [
        float(paper.book.quote.bid_price),
        float(paper.book.quote.ask_price),
    ]

    for price in ("0.0950", "0.0951", "0.1002"):
        await paper.price(price)
        paper.exchange.sockets.tick()
        book = await next_update(client.watch_order_book(SYMBOL, 10))
        assert book["bids"][0][0] == float(paper.book.quote.bid_price)
        assert len(book["asks"]) == 10


async def test_a_client_that_keeps_the_book_has_the_exchanges_book(paper, listen):
    async with listen(paper) as listener:
        answer = await subscribed(listener, "book", depth=25)
        kept = {side: {} for side in ("bids", "asks")}
        for seconds in range(6):
            if seconds:
                await paper.price(f"0.09{seconds}5")
                await tick(paper, 1)
            [row] = (await listener.next("book"))["data"]
            for side, levels in kept.items():
                for level in row[side]:
                    levels[level["price"]] = level["qty"]
                    if not level["qty"]:
                        del levels[level["price"]]

    assert answer["result"] == {"channel": "book", "snapshot": True, "symbol": SYMBOL, "depth": 25}
    bids = sorted(kept["bids"].items(), reverse=True)
    asks = sorted(kept["asks"].items())
    assert len(bids) == len(asks) == 25
    assert bids[0][0] == float(paper.book.quote.bid_price)
    assert asks[0][0] == float(paper.book.quote.ask_price)
    digits = "".join(
        f"{price:.7f}".replace(".", "").lstrip("0") + f"{quantity:.8f}".replace(".", "").lstrip("0")
        for price, quantity in asks[:10] + bids[:10]
    )
    assert row["checksum"] == zlib.crc32(digits.encode())


async def test_a_depth_is_one_of_krakens(paper, listen):
    async with listen(paper) as listener:
        assert (await subscribed(listener, "book", depth=11))["error"] == "Depth not supported"


async def test_a_ticker_of_the_best_prices_alone_is_not_moved_by_trades(paper, listen):
    async with listen(paper) as listener:
        await subscribed(listener, "ticker", event_trigger="bbo")
        await listener.next("ticker")
        await subscribed(listener, "trade")
        for _ in range(60):
            await tick(paper, 1)
        await listener.next("trade")
        await paper.price("0.0950")
        paper.exchange.sockets.tick()

        [row] = (await listener.next("ticker"))["data"]
        assert row["bid"] == float(paper.book.quote.bid_price)


async def test_a_world_that_is_opened_after_two_days_has_a_ticker_and_candles_at_once(open_paper, connect, tmp_path):
    file = str(tmp_path / "world.sqlite")
    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        await paper.advance(300)
        last = (await client.fetch_ticker(SYMBOL))["last"]

    later_s = paper.clock.now() + 172_800
    async with open_paper(state_file=file, epoch_s=later_s) as paper, connect(paper.exchange.address) as client:
        paper.clock.advance(later_s - paper.clock.now())
        ticker = await client.fetch_ticker(SYMBOL)
        candles = await client.fetch_ohlcv(SYMBOL, "1m")

    assert (ticker["last"], ticker["baseVolume"]) == (last, 0)
    assert [candle[1:] for candle in candles] == [[last, last, last, last, 0]] * 720


async def test_a_world_that_was_opened_again_keeps_the_time_of_its_trades(open_paper, connect, tmp_path):
    file = str(tmp_path / "world.sqlite")
    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        await paper.advance(300)
        before = await client.fetch_trades(SYMBOL, since=int(paper.clock.now() - 200) * 1000)

    async with open_paper(state_file=file, epoch_s=paper.clock.now() + 86_400) as paper:
        paper.clock.advance(86_400 + 400)
        async with connect(paper.exchange.address) as client:
            after = await client.fetch_trades(SYMBOL, since=before[0]["timestamp"] - 1)

    assert [trade["id"] for trade in after[: len(before)]] == [trade["id"] for trade in before]
    assert [trade["timestamp"] for trade in after[: len(before)]] == [trade["timestamp"] for trade in before]
    assert after[len(before)]["timestamp"] > before[-1]["timestamp"] + 86_000_000
