"""A world that is kept in a state file goes on where it was (governor spec 22)."""

import dataclasses
import json
import sqlite3

import pytest

from engine.core.clock import ManualClock
from engine.paper.config import MarketSpec, PaperConfig
from engine.paper.exchange import Exchange
from engine.paper.world import SAVE_EVERY_S

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


async def test_a_clock_that_resumes_after_a_crash_shows_no_time_twice(tmp_path, paper_key):
    """The file of a running world is ahead of its clock; that of a closed one is not."""
    file = str(tmp_path / "world.sqlite")
    config = PaperConfig(keys=(paper_key,), state_file=file, epoch_s=1000.0, speed=60.0)
    exchange = Exchange(config, clock := ManualClock(1000.0))
    await exchange.start()
    clock.advance(SAVE_EVERY_S * config.speed)
    exchange.world.catch_up()
    await exchange.world.settle(exchange.store, save=True)
    running = saved_head(file)
    assert running["until_s"] > clock.now() + SAVE_EVERY_S * config.speed
    await exchange.close()
    assert saved_head(file)["until_s"] == clock.now()


async def test_a_resumed_clock_begins_where_the_file_says_or_where_it_is_told_if_that_is_later(tmp_path, paper_key):
    file = str(tmp_path / "world.sqlite")
    for asked_s, begins_s in ((1000.0, 1000.0), (900.0, 1000.0), (5000.0, 5000.0)):
        exchange = Exchange(PaperConfig(keys=(paper_key,), state_file=file, epoch_s=asked_s), ManualClock(begins_s))
        await exchange.start()
        assert exchange.config.epoch_s == begins_s
        assert exchange.world.born_s == 1000.0
        await exchange.close()


async def test_what_is_not_insisted_on_is_taken_from_the_saved_world(open_paper, tmp_path, paper_key):
    file = str(tmp_path / "world.sqlite")
    async with open_paper(state_file=file):
        pass
    other = PaperConfig(keys=(paper_key,), seed=8, market=MarketSpec(regime="up"), state_file=file, insist=("seed",))
    exchange = Exchange(other)
    with pytest.raises(ValueError, match="the saved world has seed 7, not 8"):
        await exchange.start()
    await exchange.close()
    exchange = Exchange(dataclasses.replace(other, seed=7), ManualClock(2e9))
    await exchange.start()
    assert exchange.config.market == MarketSpec(regime="flat")
    await exchange.close()


async def test_the_faults_of_a_world_that_goes_on_are_drawn_from_its_seed(open_paper, tmp_path):
    async def struck(**settings):
        async with open_paper(faults="lose-answer:0.5", **settings) as paper:
            return [paper.exchange.faults.plan("AddOrder").lose_answer for _ in range(50)]

    file = str(tmp_path / "world.sqlite")
    drawn = await struck(seed=7, state_file=file)
    assert await struck(seed=8, state_file=file, insist=()) == drawn
    assert await struck(seed=8) != drawn


async def test_the_rate_counters_go_on_where_they_stood(open_paper, connect, tmp_path):
    file = str(tmp_path / "world.sqlite")
    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        for _ in range(5):
            await client.create_order(SYMBOL, "limit", "buy", 20, 0.05)
        for _ in range(4):
            await client.fetch_balance()
        before = paper.exchange.world.rates.saved()
    assert before["trading"][0] == 5
    async with open_paper(state_file=file) as paper:
        assert paper.exchange.world.rates.saved() == before


def saved_head(file):
    reader = sqlite3.connect(file)
    try:
        [(head,)] = reader.execute("SELECT row FROM head")
        return json.loads(head)
    finally:
        reader.close()
