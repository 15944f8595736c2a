"""Days under faults: the whole session, over real sockets, on time that jumps.

    python -m tests.soak.faults [--hours 24] [--faults lose-answer,all] [--seed 1]

Under each fault of the paper exchange, and under all of them at once: nothing is placed twice, no fill is lost or
counted twice, the ledger's balances are the exchange's, the rate counters stay within their limits, and it goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.core.configuration import Configuration
from engine.core.journal import Journal
from engine.core.modes import Mode, Switch
from engine.core.option_catalogue import Catalogue
from engine.core.profile import Profile
from engine.core.redaction import Redactor
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk.arguments import SessionArguments
from engine.desk.desk import Desk
from engine.desk.options import SECTIONS
from engine.desk.worlds import World
from engine.grid.messages import GridSnapshot
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.exchange import Exchange
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from engine.venue.kept_counters import KeptCounter
from tests.fault.ledger import Account, breaches
from tests.soak.virtual_time import VirtualClock, VirtualTimeLoop, run

EPOCH_S = 1_767_225_600.0
START_PRICE = Decimal("0.0966")
USD, DOGE = Decimal(60), Decimal(900)
CALM_S = 900.0
LOOK_EVERY_S = 10.0
KEY = "soak-key"

FAULTS = {
    "none": "",
    "lose-request": "lose-request:0.05",
    "lose-answer": "lose-answer:0.05",
    "delay-request": "delay-request:3s:0.1",
    "delay": "delay:3s:0.1",
    "long-delay": "delay:20s:0.03",
    "error": "error:EService:Unavailable:0.05,error:EGeneral:Internal error:0.02",
    "duplicate-answer": "duplicate-answer:0.1",
    "reorder": "reorder:0.1",
    "drop-socket": "drop-socket:5m",
    "stale": "stale:45s",
}
FAULTS["all"] = (
    "lose-request:0.02,lose-answer:0.03,delay-request:3s:0.03,delay:3s:0.05,error:EService:Unavailable:0.02,"
    "duplicate-answer:0.05,reorder:0.05,drop-socket:10m,stale:20s"
)


@dataclass
class Day:
    """What came of one fault. counters: the highest that each of ours reached, as a share of Kraken's threshold.

    limit_errors: how often the exchange said that a limit was passed. memory_grown_mb: resident, after the first tenth.
    """

    fault: str
    hours: float
    real_s: float = 0.0
    orders: int = 0
    trades: int = 0
    round_trips: int = 0
    requests: int = 0
    socket_drops: int = 0
    limit_errors: int = 0
    counters: dict[str, float] = field(default_factory=dict)
    memory_grown_mb: float = 0.0
    breaches: list[str] = field(default_factory=list)


async def day(loop: VirtualTimeLoop, fault: str, hours: float, seed: int, folder: Path) -> Day:
    """One session under `fault` for `hours`, then a quarter of an hour in calm to settle what is in doubt."""
    found = Day(fault, hours)
    watched = _Counters()
    watched.watch()
    started_s = time.monotonic()
    try:
        async with _exchange(loop, FAULTS[fault], seed) as (exchange, world), _session(world, folder) as desk:
            blowing = asyncio.create_task(_blow(exchange, random.Random(seed)))
            exchange.sockets.drop_all = _counting(exchange.sockets.drop_all, found)  # type: ignore[method-assign]
            await _watched(desk, found, hours * 360.0)
            resident_mb = _resident_mb()
            await _watched(desk, found, hours * 3240.0)
            blowing.cancel()
            await asyncio.gather(blowing, return_exceptions=True)
            found.memory_grown_mb = round(_resident_mb() - resident_mb, 1)
            exchange.faults.declare(())
            calming = asyncio.create_task(_breeze(exchange, random.Random(seed)))
            await asyncio.sleep(CALM_S)
            calming.cancel()
            await asyncio.gather(calming, return_exceptions=True)
            grid = desk.bus.latest(GridSnapshot)
            assert grid is not None
            found.round_trips = grid.round_trips
            if grid.state != "running" or grid.unresolved or desk.switch.position is not Switch.RUNNING:
                found.breaches.append(
                    f"it does not go on: {grid.state}, {grid.unresolved} unresolved, {desk.switch.position}, "
                    f"{desk.switch.why}"
                )
            account = _account(exchange)
            found.requests = sum(exchange.rest.requests.values())
            journal_file, world_name = desk.profile.journal_file, world.name
    finally:
        watched.unwatch()
    found.orders, found.trades = len(account.orders), len(account.trades)
    found.counters, found.limit_errors = watched.highest, watched.exhausted
    found.breaches += [
        f"our {name} counter reached {share:.0%}" for name, share in watched.highest.items() if share > 1
    ]
    found.breaches += await _audited(account, journal_file, world_name)
    found.real_s = time.monotonic() - started_s
    return found


class _Counters:
    """How high our own counters rose, and how often the exchange said that a limit was reached."""

    def __init__(self) -> None:
        self.highest: dict[str, float] = {}
        self.exhausted = 0
        self._set = KeptCounter._set
        self._exhaust = KeptCounter.exhaust

    def watch(self) -> None:
        watcher = self

        def setting(counter: KeptCounter, value: Any, now_s: float) -> None:
            share = value.value / counter._limit.threshold
            watcher.highest[counter._name] = max(share, watcher.highest.get(counter._name, 0.0))
            watcher._set(counter, value, now_s)

        def exhausting(counter: KeptCounter, now_s: float) -> None:
            watcher.exhausted += 1
            watcher._exhaust(counter, now_s)

        KeptCounter._set = setting  # type: ignore[method-assign]
        KeptCounter.exhaust = exhausting  # type: ignore[method-assign]

    def unwatch(self) -> None:
        KeptCounter._set = self._set  # type: ignore[method-assign]
        KeptCounter.exhaust = self._exhaust  # type: ignore[method-assign]


@asynccontextmanager
async def _exchange(loop: VirtualTimeLoop, faults: str, seed: int) -> AsyncIterator[tuple[Exchange, World]]:
    clock = VirtualClock(loop, EPOCH_S)
    secret = base64.b64encode(random.Random(seed).randbytes(64)).decode()
    config = PaperConfig(
        keys=(ApiKey(KEY, secret),),
        epoch_s=EPOCH_S,
        market=MarketSpec(regime="flat", liquidity=Decimal(60), start_price=START_PRICE),
        seed=seed,
        usd=USD,
        doge=DOGE,
        tier="starter",
        faults=faults,
    )
    exchange = Exchange(config, clock)
    await exchange.start()
    running = asyncio.create_task(exchange.run(), name="exchange")
    try:
        world = World(
            "soak:kraken", f"k{seed}", clock, loopback(exchange.port), Keys(Secret(KEY), Secret(secret)), None
        )
        yield exchange, world
    finally:
        exchange.stopping.set()
        await running
        await exchange.close()


@asynccontextmanager
async def _session(world: World, folder: Path) -> AsyncIterator[Desk]:
    profile = Profile(folder / "profile")
    profile.acquire()
    try:
        configuration = await Configuration.open(profile.options_file, Catalogue(SECTIONS), {}, world.clock)
        redactor = Redactor()
        vault = SecretStore("soak", SecretNames(("kraken.api_key",)), redactor.register)
        arguments = SessionArguments(profile.folder, Mode.PAPER, None, None, None, None)
        desk = await Desk.open(arguments, profile, configuration, vault, redactor.redact, world=world)
        try:
            yield desk
        finally:
            await desk.close()
    finally:
        profile.release()


async def _watched(desk: Desk, found: Day, seconds: float) -> None:
    """Let it work; a session that stopped is a breach, and ends the day."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + seconds
    while loop.time() < until_s and not found.breaches:
        await asyncio.sleep(LOOK_EVERY_S)
        if desk.switch.position is Switch.STOPPED:
            found.breaches.append(f"it stopped after {loop.time():.0f} s: {desk.switch.why}")


def _counting(drop_all: Callable[[], None], found: Day) -> Callable[[], None]:
    def counted() -> None:
        found.socket_drops += 1
        drop_all()

    return counted


async def _blow(exchange: Exchange, chance: random.Random) -> None:
    """Gusts now and then, so that in a day every side fills, in parts too, and entries have to be moved."""
    while True:
        await asyncio.sleep(chance.expovariate(1 / 120.0))
        _move(exchange, chance.gauss(0, 0.006))


async def _breeze(exchange: Exchange, chance: random.Random) -> None:
    """A price that stands for a minute is stale."""
    while True:
        await asyncio.sleep(5.0)
        _move(exchange, chance.gauss(0, 0.0001))


def _move(exchange: Exchange, step: float) -> None:
    exchange.world.catch_up()
    book = exchange.world.book
    price = book.quote.bid_price * (1 + Decimal(f"{step:.6f}"))
    price = min(max(price, START_PRICE * Decimal("0.9")), START_PRICE * Decimal("1.1"))
    book.market.set_price(book.step, price.quantize(Decimal("0.0000001")))
    book.rematch()


def _account(exchange: Exchange) -> Account:
    book = exchange.world.book
    return Account(
        orders={
            order.id: (order.cl_ord_id or "", order.status.value)
            for order in (*book.closed.values(), *book.open.values())
        },
        trades=set(book.trades),
        usd=book.usd,
        doge=book.doge,
    )


async def _audited(account: Account, journal_file: Path, world: str) -> list[str]:
    journal = Journal(journal_file, world)
    await asyncio.to_thread(journal.open)
    try:
        return breaches(account, await journal.facts("grid", "fill"), await journal.recall("grid"), USD, DOGE)
    finally:
        await asyncio.to_thread(journal.close)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def soak(faults: Sequence[str], hours: float, seed: int) -> list[Day]:
    """One day for each fault, one line each."""
    days = []
    for fault in faults:
        with tempfile.TemporaryDirectory(prefix="evenkeel-soak-") as folder:
            one = run(lambda loop, fault=fault, folder=folder: day(loop, fault, hours, seed, Path(folder)))
        days.append(one)
        print(json.dumps(asdict(one)), flush=True)
    return days


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    parsed = parser.parse_args()
    logging.basicConfig(level=logging.WARNING if parsed.verbose else logging.CRITICAL)
    for name in (unknown := set(parsed.faults.split(",")) - set(FAULTS)):
        print(f"no such fault: {name}; expected some of {', '.join(FAULTS)}", file=sys.stderr)
    if unknown:
        return 2
    days = soak(parsed.faults.split(","), parsed.hours, parsed.seed)
    broken = Counter(one.fault for one in days for _ in one.breaches)
    print(f"{len(days)} days of {parsed.hours:g} h, {sum(broken.values())} breaches {dict(broken) or ''}".rstrip())
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
