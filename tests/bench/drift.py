"""The drift engine's figures (issue 4, 1 and 6): analyses, plans, swaps for a plan, and 10,000 portfolios polled.

Floors: for analyses and plans what the issue asks for; for swaps, the same books brought to their exact targets; for
the poll, the same JSON-RPC calls with nothing done with the answers.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from report import figure, quantile

from engine.chain.abi import call
from engine.chain.keys import LocalSigner
from engine.chain.life import LifeRules
from engine.chain.portfolios import PortfolioChain
from engine.chain.rpc import Rpc
from engine.chain.sender import Sender
from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.gate import Gate
from engine.core.journal import Journal
from engine.core.modes import Mode
from engine.core.switch import MasterSwitch
from engine.desk.drift_room import paper_place
from engine.drift.analysis import analyse
from engine.drift.book import value_of_usd
from engine.drift.engine import DriftEngine
from engine.drift.options import DriftOptions
from engine.drift.plan import Policy, plan
from engine.drift.portfolios import Portfolio, Watched
from engine.oracle.coingecko import CoinGecko
from engine.paper.chain_world import ChainWorld, ChainWorldConfig, chain_world

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.engine.drift.books import ANY_SIZE, random_book, triggered_books

ANALYSES, PLANS, SWAP_BOOKS = 20_000, 2_000, 3_000
PORTFOLIOS, LOOKS = 10_000, 3
BEAT_S = 0.01


def analyses() -> None:
    chance = random.Random(1)
    books = [random_book(chance, 8) for _ in range(200)]
    dust = value_of_usd(Decimal(50))
    started_s = time.perf_counter()
    for at in range(ANALYSES):
        analyse(books[at % 200], 0.15, dust)
    figure("drift.analyses_8_tokens", ANALYSES / (time.perf_counter() - started_s), "1/s", 50_000)


def plans() -> None:
    policy = Policy()
    chance = random.Random(2)
    books = [random_book(chance, 8, usd=50_000) for _ in range(400)]
    books = [book for book in books if analyse(book, 0.15, 0).triggered][:200]
    started_s = time.perf_counter()
    for at in range(PLANS):
        plan(books[at % len(books)], policy)
    figure("drift.plans_8_tokens", PLANS / (time.perf_counter() - started_s), "1/s", 1_000)


def swaps() -> None:
    policy = Policy(destination_band=Decimal("0.5"), **ANY_SIZE)  # type: ignore[arg-type]
    exact = replace(policy, destination_band=Decimal(0))
    counts, to_target = [], []
    for book in triggered_books(3, SWAP_BOOKS, policy):
        counts.append(len(plan(book, policy).legs))
        to_target.append(len(plan(book, exact).legs))
    figure("drift.swaps_half_band", statistics.mean(counts), "swaps", statistics.mean(to_target))


async def polled() -> None:
    """The real engine's looks at a real node, beside a heartbeat that notes how long the loop kept it waiting."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        world = await stack.enter_async_context(chain_world(ChainWorldConfig(block_s=0, step_s=3600)))
        rpc = await stack.enter_async_context(Rpc(world.rpc))
        feed = await stack.enter_async_context(CoinGecko(world.oracle))
        journal = Journal(folder / "journal.sqlite", "bench")
        journal.open()
        stack.callback(journal.close)
        accounts = [f"0x{random.Random(at).randbytes(20).hex()}" for at in range(PORTFOLIOS)]
        engine = await _engine(world, rpc, feed, journal, accounts)
        await engine._start()
        gc.collect()
        gc.freeze()
        took_s, stalls_s = [], []
        for _ in range(LOOKS):
            looking = asyncio.create_task(_timed_look(engine))
            while not looking.done():
                beat_s = time.perf_counter()
                await asyncio.sleep(BEAT_S)
                stalls_s.append(time.perf_counter() - beat_s - BEAT_S)
            took_s.append(await looking)
        data = [call("balanceOf(address)", account) for account in accounts]
        tokens = [token.address for token in world.parts.tokens]
        calls = [("eth_call", [{"to": token, "data": asked}, "latest"]) for asked in data for token in tokens]
        started_s = time.perf_counter()
        await rpc.ask_all(calls)
        floor_s = time.perf_counter() - started_s
    figure("drift.poll_10000", statistics.median(took_s), "s", floor_s)
    figure("drift.poll_10000_worst_stall", max(stalls_s) * 1000, "ms", BEAT_S * 1000)
    figure("drift.poll_10000_stall_p99", quantile(stalls_s, 0.99) * 1000, "ms", BEAT_S * 1000)


async def _timed_look(engine: DriftEngine) -> float:
    started_s = time.perf_counter()
    await engine._look()
    return time.perf_counter() - started_s


async def _engine(
    world: ChainWorld, rpc: Rpc, feed: CoinGecko, journal: Journal, accounts: Sequence[str]
) -> DriftEngine:
    clock, bus = WallClock(), Bus()
    switch = MasterSwitch(Mode.OBSERVE, bus, lambda _: None, clock.now())
    gate = Gate(mode=Mode.OBSERVE, switch=switch, journal=journal, clock=clock, revision=lambda: 1)
    delegate = await LocalSigner.of(world.delegate)
    sender = Sender(
        purpose="bench",
        rpc=rpc,
        signer=delegate,
        chain_id=world.chain_id,
        gate=gate,
        journal=journal,
        clock=clock,
        rules=LifeRules(),
    )
    place = await paper_place(world)
    chain = PortfolioChain(
        rpc=rpc,
        sender=sender,
        delegate=delegate.address,
        owners={},
        contracts=place.contracts,
        chain_id=world.chain_id,
        gate=gate,
        gas_cap_wei=lambda: 10**12,
    )
    tokens = (await place.watched()).tokens
    targets = {token.symbol: 2000 for token in tokens}
    portfolios = tuple(Portfolio(f"p{at}", account, targets) for at, account in enumerate(accounts))

    async def watched() -> Watched:
        return Watched(tokens, portfolios)

    return DriftEngine(
        chain=chain,
        chain_id=world.chain_id,
        delegate=delegate.address,
        native_coin=place.native_coin,
        feed=feed,
        journal=journal,
        bus=bus,
        clock=clock,
        options=DriftOptions,
        watched=watched,
        confirmed_by_person=lambda: False,
        may_send=lambda: None,
        revision=lambda: 1,
    )


if __name__ == "__main__":
    logging.disable(logging.ERROR)
    analyses()
    plans()
    swaps()
    asyncio.run(polled())
