"""When things happen: at their time, by chance from one seed, on after a restart; and what is told of it."""

import asyncio
import dataclasses
import json
from contextlib import suppress
from decimal import Decimal

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.clock import ManualClock
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.errors import KrakenError
from engine.paper.exchange import Exchange
from engine.paper.launch import PaperExchangeError, start_exchange
from engine.paper.orders import NewOrder, row_of
from engine.paper.store import SavedWorld
from engine.paper.world import World
from tests.engine.paper.drawn_occurrences import occurrences

SYMBOL = "DOGE/USD"
HEADERS = {"Paper-Control": "control-token"}


async def standing(paper):
    async with (
        aiohttp.ClientSession(paper.exchange.address, headers=HEADERS) as session,
        session.get("/paper/control") as answer,
    ):
        return await answer.json()


async def test_each_entry_comes_at_its_time_whenever_the_exchange_looks(open_paper):
    async with open_paper(happen="2m:deposit:usd:5; 60s:withdraw:usd:3; 1h:kfee") as paper:
        born_s = paper.clock.now()
        await paper.advance(1000)

        told = await standing(paper)

    assert [(item["at_s"] - born_s, item["what"]) for item in told["happened"]] == [
        (60, "withdraw:usd:3"),
        (120, "deposit:usd:5"),
    ]
    assert [(item["at_s"] - born_s, item["what"]) for item in told["pending"]] == [(3600, "1h:kfee:on")]


async def test_an_entry_finds_the_market_as_it_stands_at_its_time(open_paper, connect):
    """The price reaches the order at 100 s; what happens at 50 s finds it resting, what happens at 150 s does not."""
    async with open_paper(happen="50s:amend:buy:=30; 90s:price:=0.0950; 150s:amend:buy:=40") as paper:
        async with connect(paper.exchange.address) as client:
            await client.create_order(SYMBOL, "limit", "buy", 20, 0.096, {"postOnly": True})
            await paper.advance(1000)

            [trade] = await client.fetch_my_trades(SYMBOL)

        assert trade["amount"] == 30
        assert [item["what"] for item in (await standing(paper))["pending"]] == ["150s:amend:buy:=40"]


def history(seed, happen):
    """Everything that happened in a day of an exchange without sockets."""
    config = PaperConfig(keys=(), seed=seed, happen=happen)
    exchange = Exchange(config, clock := ManualClock(config.epoch_s))

    async def day():
        await exchange.start()
        try:
            for _ in range(24):
                clock.advance(3600)
                exchange.world.catch_up()
            return [(item.at_s, item.what, item.note) for item in exchange.world.schedule.log]
        finally:
            await exchange.close()

    return asyncio.run(day())


BY_CHANCE = "~2h:deposit:usd:5; ~3h:place:buy:20; ~5h:cancel:foreign:1; 1h:second-program:30m:10h"


def test_what_comes_by_chance_comes_from_the_seed():
    assert history(3, BY_CHANCE) == history(3, BY_CHANCE)
    assert history(3, BY_CHANCE) != history(4, BY_CHANCE)


def test_chance_is_as_often_as_it_was_said():
    deposits = [what for _, what, _ in history(3, "~10m:deposit:usd:1") if what == "deposit:usd:1"]

    assert 100 < len(deposits) < 200  # 144 in the mean


def test_one_entry_more_changes_nothing_for_those_before_it():
    few, more = history(3, "~2h:deposit:usd:5"), history(3, "~2h:deposit:usd:5; ~1h:withdraw:usd:1")

    assert [item for item in more if item[1] == "deposit:usd:5"] == few


def test_the_market_is_not_disturbed_by_what_happens_to_the_account():
    def quotes(happen):
        config = PaperConfig(keys=(), seed=3, market=MarketSpec("up"), happen=happen)
        world = World(config, clock := ManualClock(config.epoch_s))
        clock.advance(7200)
        world.catch_up()
        return [world.book.market.quote(step) for step in range(0, 7200, 60)]

    assert quotes("") == quotes("~5m:deposit:usd:1")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(occurrences, max_size=12))
def test_whatever_happens_the_world_goes_on_and_can_be_kept(declared):
    config = PaperConfig(keys=(ApiKey("k", "c2VjcmV0"),), seed=5, happen=";".join(map(str, declared)))
    world = World(config, clock := ManualClock(config.epoch_s))
    for side, price in (("buy", "0.0960"), ("buy", "0.0900"), ("sell", "0.0970"), ("sell", "0.1")):
        with suppress(KrakenError):
            world.place(NewOrder(side, Decimal(50), Decimal(price), post_only=True))
    for _ in range(10):
        clock.advance(360)
        world.catch_up()

    saved = json.loads(json.dumps(world.head()))
    again = World(config, ManualClock(clock.now()), SavedWorld(saved, list(map(row_of, world.book.open.values()))))

    assert all(row.amount >= 0 for row in world.holdings.rows() if row.name != "ZUSD")
    assert json.loads(json.dumps(again.head())) | {"now_s": 0, "until_s": 0} == saved | {"now_s": 0, "until_s": 0}
    assert again.holdings.rows() == world.holdings.rows()


async def test_what_is_in_force_goes_on_with_a_kept_world(open_paper, connect, tmp_path):
    file = str(tmp_path / "world.sqlite")
    happen = (
        "decimals:5; minimum:50; fee:14:24; kfee; clock:+5s; status:cancel_only:20m; pair-status:post_only; "
        "deposit:btc:0.5; stake:btc:0.2:M; place:buy:0.001@20000:BTC/USD:type=iceberg:id=theirs; 10s:place:sell:20"
    )
    async with open_paper(state_file=file, happen=happen) as paper, connect(paper.exchange.address) as client:
        await paper.advance(60)
        before = paper.exchange.world.head()
        orders = (await client.privatePostOpenOrders())["result"]["open"]
        rules = (await client.publicGetAssetPairs())["result"]

    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        after = paper.exchange.world.head()
        names = ("terms", "ticks", "conditions", "holdings", "fee_credits", "pays_in_credits", "clock_ahead_s")
        assert {name: after[name] for name in names} == {name: before[name] for name in names}
        assert (await client.privatePostOpenOrders())["result"]["open"] == orders
        assert (await client.publicGetAssetPairs())["result"] == rules
        assert (await client.publicGetSystemStatus())["result"]["status"] == "cancel_only"
        paper.clock.set(paper.exchange.config.epoch_s + 20 * 60)
        assert (await client.publicGetSystemStatus())["result"]["status"] == "online"


async def test_a_world_that_was_kept_by_an_earlier_version_goes_on(open_paper, connect, tmp_path):
    file = str(tmp_path / "world.sqlite")
    added = ("terms", "ticks", "conditions", "holdings", "fee_credits", "pays_in_credits", "clock_ahead_s")
    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        await client.create_order(SYMBOL, "limit", "buy", 20, 0.09)
        world = paper.exchange.world
        head = {name: value for name, value in world.head().items() if name not in added}
        await paper.exchange.store.save(head, [], [])
        world.head = lambda last=True: head

    async with open_paper(state_file=file) as paper, connect(paper.exchange.address) as client:
        assert len(await client.fetch_open_orders()) == 1


async def test_a_bad_entry_at_the_control_address_changes_nothing(paper):
    async with (
        aiohttp.ClientSession(paper.exchange.address, headers=HEADERS) as session,
        session.post("/paper/control", json={"happen": "kfee; amend:buy"}) as answer,
    ):
        assert answer.status == 400
        assert (await answer.json())["error"].startswith("happening 'amend:buy': expected a change")
    assert not paper.book.pays_in_credits


async def test_an_exchange_that_is_told_nonsense_says_so_and_does_not_start(paper_key):
    with pytest.raises(PaperExchangeError, match="did not start: happening '1h:explode': 'explode' is not one of"):
        await start_exchange(PaperConfig(keys=(paper_key,), happen="1h:explode"))


async def test_a_child_plays_what_it_is_told(paper_key):
    config = PaperConfig(keys=(paper_key,), speed=600, control_token="control-token", happen="10s:deposit:usd:5")
    exchange = await start_exchange(dataclasses.replace(config))
    try:
        told = await exchange.control(happen="earn:usd:20")
        assert "earn:usd:20" in [item["what"] for item in told["happened"]]
        await exchange.clock.sleep(10)
        assert "deposit:usd:5" in [item["what"] for item in (await exchange.status())["happened"]]
    finally:
        await exchange.stop()
