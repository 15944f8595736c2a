"""A real venue behind a proxy that spoils answers: what it says of an order is true, or it says that it cannot tell."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.core.clock import ManualClock
from engine.core.gate import NoAnswer, Rejection
from engine.core.modes import Mode
from engine.core.secrets import Secret
from engine.grid.messages import GridSnapshot
from engine.grid.options import GridOptions
from engine.grid.ports import AmendOrder, CancelOrder, PlaceOrder, Side
from engine.grid.slot import client_id_of
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.exchange import Exchange
from engine.venue import stream
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from engine.venue.kraken import KrakenVenue
from engine.venue.nonces import NoncesInMemory
from engine.venue.options import VenueOptions
from engine.venue.rates import Tier
from tests.engine.grid.faulty_exchange import CALM, STEP_S, Trouble
from tests.engine.grid.running_grid import (
    RunningGrid,
    assert_everything_is_resolved,
    assert_nothing_was_lost_or_doubled,
)
from tests.engine.venue.conftest import EPOCH_S, SECRET
from tests.engine.venue.mutations import DROP, JUNK, mutated, paths
from tests.engine.venue.mutations import Path as Place
from tests.engine.venue.spoiling_proxy import RandomSpoil, SpoilingProxy, nothing

SEEDS = int(os.environ.get("EVENKEEL_FUZZ_SEEDS", "2"))


class BehindTheProxy:
    """An exchange, the proxy, and a venue that knows the proxy alone; the port that a `RunningGrid` trades on."""

    def __init__(self, exchange: Exchange, proxy: SpoilingProxy, venue: KrakenVenue, clock: ManualClock) -> None:
        self.exchange = exchange
        self.proxy = proxy
        self.venue = venue
        self.clock = clock
        self.rules, self.balances, self.find_all, self.open_orders = (
            venue.rules,
            venue.balances,
            venue.find_all,
            venue.open_orders,
        )
        self.place, self.amend, self.cancel = venue.place, venue.amend, venue.cancel
        self.fills_since, self.stream = venue.fills_since, venue.stream
        self.closes, self.prices, self.clock_ahead_s = venue.closes, venue.prices, venue.clock_ahead_s

    @property
    def book(self) -> Any:
        return self.exchange.world.book

    @property
    def placed(self) -> list[str | None]:
        return [order.cl_ord_id for order in (*self.book.closed.values(), *self.book.open.values())]

    @property
    def trouble(self) -> Trouble:
        return CALM

    @trouble.setter
    def trouble(self, trouble: Trouble) -> None:
        self.proxy.spoil = nothing

    async def advance(self) -> None:
        self.clock.advance(STEP_S)
        self.exchange.world.catch_up()
        await self.exchange.world.settle(self.exchange.store)
        self.exchange.sockets.tick()
        await self.settle()

    async def settle(self) -> None:
        await asyncio.sleep(0.02)


@asynccontextmanager
async def behind_the_proxy(**settings: Any) -> AsyncIterator[BehindTheProxy]:
    key = ApiKey(key="paper-key", secret=SECRET)
    clock = ManualClock(EPOCH_S)
    config = PaperConfig(**{"keys": (key,), "epoch_s": EPOCH_S, "seed": 7, "tier": "pro", **settings})
    exchange = Exchange(config, clock)
    await exchange.start()
    running = asyncio.create_task(exchange.run(), name="paper")
    try:
        async with SpoilingProxy(exchange.port).open() as proxy:
            keys = Keys(Secret(key.key), Secret(key.secret))
            options = VenueOptions(tier=Tier.PRO, request_timeout_s=3)
            venue = await KrakenVenue.connect(Mode.PAPER, loopback(proxy.port), keys, options, clock, NoncesInMemory())
            try:
                yield BehindTheProxy(exchange, proxy, venue, clock)
            finally:
                await venue.close()
    finally:
        exchange.stopping.set()
        await running
        await exchange.close()


def order(number: int, clock: ManualClock) -> PlaceOrder:
    name = client_id_of(f"spoilt.{number}")
    return PlaceOrder(name, Side.BUY, Decimal("0.0900000"), Decimal("20.00000000"), clock.now() + 30)


def spoils_of(answer: Any) -> list[tuple[Place, Any]]:
    return [(at, put) for at in paths(answer) for put in (DROP, *JUNK)]


ADDED = {"error": [], "result": {"descr": {"order": "text"}, "txid": ["O1"]}}
CANCELLED = {"error": [], "result": {"count": 1}}
AMENDED = {"error": [], "result": {"amend_id": "T1"}}


async def test_what_is_said_of_a_placed_order_is_true_however_its_answer_was_spoilt() -> None:
    """Accepted means that it rests as asked, refused that it does not; everything else is looked up."""
    async with behind_the_proxy(usd=Decimal(100_000)) as there:
        there.book.market.hold(there.book.step)
        said = dict.fromkeys(("taken", "refused", "unknown"), 0)
        for number, (at, put) in enumerate(spoils_of(ADDED)):
            wanted = order(number, there.clock)
            there.proxy.spoil = lambda name, answer, at=at, put=put: mutated(answer, at, put)
            verdict, taken = await verdict_of(there.venue.place(wanted))
            said[verdict] += 1
            resting = there.book.open_by_client_id(wanted.client_id)
            if verdict == "taken":
                assert (taken.price, taken.quantity) == (wanted.price, wanted.quantity), (at, put)
                assert resting is not None, (at, put)
            elif verdict == "refused":
                assert resting is None, (at, put)
            there.proxy.spoil = nothing
            found = await there.venue.find(wanted.client_id)
            assert (found is not None) == (resting is not None)
            there.clock.advance(600)
            if resting is not None:
                there.book.cancel(resting)
        assert said["unknown"] > said["taken"] > 0


@pytest.mark.parametrize("request_name", ["cancel", "amend"])
async def test_what_is_said_of_a_change_is_true_however_its_answer_was_spoilt(request_name: str) -> None:
    async with behind_the_proxy(usd=Decimal(100_000)) as there:
        there.book.market.hold(there.book.step)
        for number, (at, put) in enumerate(spoils_of(CANCELLED if request_name == "cancel" else AMENDED)):
            wanted = order(number, there.clock)
            await there.venue.place(wanted)
            there.proxy.spoil = lambda name, answer, at=at, put=put: mutated(answer, at, put)
            if request_name == "cancel":
                verdict, _ = await verdict_of(there.venue.cancel(CancelOrder(wanted.client_id)))
            else:
                change = AmendOrder(wanted.client_id, Decimal("0.0910000"), wanted.quantity, there.clock.now() + 30)
                verdict, _ = await verdict_of(there.venue.amend(change))
            there.proxy.spoil = nothing
            resting = there.book.open_by_client_id(wanted.client_id)
            done = resting is None if request_name == "cancel" else resting.price == Decimal("0.091")
            assert verdict != "taken" or done, (at, put)
            assert verdict != "refused", (at, put)
            there.clock.advance(600)
            if resting is not None:
                there.book.cancel(resting)


async def verdict_of(request: Any) -> tuple[str, Any]:
    """taken, refused or unknown. An answer that cannot be read names its field; nothing else comes out."""
    try:
        return "taken", await request
    except Rejection:
        return "refused", None
    except NoAnswer as silence:
        words = str(getattr(silence.reason, "words", ""))
        assert words
        assert not any(loose in words for loose in ("KeyError", "TypeError", "AttributeError", "InvalidOperation"))
        return "unknown", None


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_a_grid_on_an_exchange_whose_answers_are_spoilt_does_nothing_twice_and_loses_no_fill(
    tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One answer in four is wrong in one place, over REST and sockets; afterwards everything agrees again."""
    monkeypatch.setattr(stream, "LONGEST_PAUSE_S", 0.02)  # of real time, in which the paper market would run away
    monkeypatch.setattr(stream, "FIRST_PAUSE_S", 0.02)
    options = GridOptions(slots=3, order_size_usd=Decimal(2), refresh_pct=Decimal("0.25"), order_deadline_s=60)
    market = MarketSpec(regime="flat", liquidity=Decimal(60))
    account = {"market": market, "seed": seed, "usd": Decimal(60), "doge": Decimal(600)}
    async with behind_the_proxy(**account) as there, RunningGrid(there, tmp_path, options) as grid:
        spoil = RandomSpoil(seed, 1 / 4)
        for _ in range(2):
            await grid.steps(5)
            there.proxy.spoil = spoil
            await grid.steps(70)
            there.proxy.spoil = nothing  # an engine that cannot start is its supervisor's to start again
            await grid.restart()
        await grid.calm_down()
        await grid.steps_until(lambda: bool(there.book.trades))
        await grid.steps_until(lambda: unresolved(grid) == 0)
        await assert_nothing_was_lost_or_doubled(grid)
        await assert_everything_is_resolved(grid)
        assert sum(spoil.spoilt.values()) > 10, json.dumps(spoil.spoilt)
    for loose in ("KeyError", "TypeError", "AttributeError", "InvalidOperation"):
        assert loose not in caplog.text


def unresolved(grid: RunningGrid) -> int:
    shown = grid.bus.latest(GridSnapshot)
    return -1 if shown is None or shown.halted else shown.unresolved
