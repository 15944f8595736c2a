"""A world that is kept in a state file goes on where it was (governor spec 22)."""

import sqlite3

import pytest

from engine.core.clock import ManualClock
from engine.paper.config import MarketSpec, PaperConfig
from engine.paper.exchange import Exchange

SYMBOL = "DOGE/USD"


async def test_orders_trades_balances_and_nonces_survive_a_restart(open_paper, connect, tmp_path):
    file = str(tmp_path / "world.sqlite")
    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        kept = await client.create_order(SYMBOL, "limit", "buy", 20, 0.09, {"clientOrderId": "kept"})
        await client.create_order(SYMBOL, "limit", "buy", 20, 0.096, {"clientOrderId": "filled"})
        await paper.advance(100)
        await paper.price("0.0955")
        [trade] = await client.fetch_my_trades(SYMBOL)
        before = paper.exchange.world.head()

    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        assert [order["id"] for order in await client.fetch_open_orders()] == [kept["id"]]
        [closed] = await client.fetch_closed_orders(params={"clientOrderId": "filled"})
        assert closed["status"] == "closed"
        assert [row["id"] for row in await client.fetch_my_trades(SYMBOL)] == [trade["id"]]
        after = paper.exchange.world.head()
        assert {name: after[name] for name in ("usd", "doge", "step", "orders_made", "adjustments")} == {
            name: before[name] for name in ("usd", "doge", "step", "orders_made", "adjustments")
        }


async def test_a_nonce_of_before_the_restart_is_refused_after_it(open_paper, connect, tmp_path):
    file = str(tmp_path / "world.sqlite")
    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        await client.create_order(SYMBOL, "limit", "buy", 20, 0.09)
        used = paper.exchange.world.keys.keys["paper-key"].nonce

    async with open_paper(state_file=file) as paper:
        assert paper.exchange.world.keys.keys["paper-key"].nonce == used


async def test_the_market_goes_on_where_it_stood(tmp_path, paper_key):
    config = PaperConfig(keys=(paper_key,), seed=5, state_file=str(tmp_path / "world.sqlite"), epoch_s=1000.0)
    first = Exchange(config, clock := ManualClock(1000.0))
    await first.start()
    clock.advance(5000)
    first.world.catch_up()
    quote = first.world.book.quote
    await first.close()

    second = Exchange(config, ManualClock(6000.0))
    await second.start()
    try:
        assert second.config.epoch_s == 6000.0
        assert second.world.book.quote == quote
        second.world.clock.advance(10)
        second.world.catch_up()
        assert second.world.book.step == quote.step + 10
    finally:
        await second.close()


async def test_an_armed_dead_mans_switch_fires_after_a_restart_too(open_paper, connect, tmp_path):
    file = str(tmp_path / "world.sqlite")
    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        await client.create_order(SYMBOL, "limit", "buy", 20, 0.09)
        await client.cancel_all_orders_after(60_000)

    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        assert len(await client.fetch_open_orders()) == 1
        await paper.advance(61)
        assert await client.fetch_open_orders() == []


async def test_a_file_of_something_else_is_refused(tmp_path, paper_key):
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be taken for one by its size" * 20)
    exchange = Exchange(PaperConfig(keys=(paper_key,), state_file=str(file)))

    with pytest.raises(ValueError, match=r"notes.txt is not a paper exchange's state file"):
        await exchange.start()
    await exchange.close()


async def test_a_world_of_another_market_is_refused(open_paper, connect, tmp_path, paper_key):
    file = str(tmp_path / "world.sqlite")
    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        await client.create_order(SYMBOL, "limit", "buy", 20, 0.09)

    exchange = Exchange(PaperConfig(keys=(paper_key,), seed=7, market=MarketSpec(regime="up"), state_file=file))
    with pytest.raises(ValueError, match="regime 'flat', not 'up'"):
        await exchange.start()
    await exchange.close()


async def test_what_was_answered_is_in_the_file(open_paper, connect, tmp_path):
    file = tmp_path / "world.sqlite"
    async with open_paper(state_file=str(file)) as paper, connect(paper.exchange.address) as client:
        order = await client.create_order(SYMBOL, "limit", "buy", 20, 0.09)

        reader = sqlite3.connect(file)
        try:
            assert reader.execute("SELECT id FROM orders").fetchall() == [(order["id"],)]
        finally:
            reader.close()
