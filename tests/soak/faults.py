"""Days under faults: the whole session, over real sockets, on time that jumps.

    python -m tests.soak.faults [--hours 24] [--faults lose-answer,all] [--seed 1]

Under each fault of the paper exchange, and under all of them at once: nothing is placed twice, no fill is lost or
counted twice, the ledger's balances are the exchange's, the rate counters stay within their limits, and it goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from engine.core.journal import Journal
from engine.core.modes import Switch
from engine.desk.desk import Desk
from engine.grid.messages import GridSnapshot
from engine.paper.exchange import Exchange
from engine.paper.orders import Order
from tests.fault.ledger import Account, breaches
from tests.soak.stage import DOGE, USD, account_of, blow, breeze, moving, paper_exchange, session
from tests.soak.virtual_time import VirtualTimeLoop, run
from tests.soak.watch import ExchangeLimits, count_faults, over_the_share, own_counters, placed_wrongly

CALM_S = 900.0
LOOK_EVERY_S = 10.0
SURELY_TRADED_S = 7200.0
LOCKED = "held daily_loss_reached"
RUNNING_AT_LEAST = 0.5

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
    """What came of one fault.

    struck: how often each fault did. ours, theirs: the highest that each rate counter reached, ours and the exchange's,
    as shares of Kraken's threshold. refused: how often the exchange said that a limit was passed, heard or not.
    running_ratio: how much of the time the grid ran; idle_s: for how long it did not, by state and reason.
    memory: resident, after the first tenth and what came on top.
    """

    fault: str
    hours: float
    real_s: float = 0.0
    orders: int = 0
    trades: int = 0
    trades_by_tenth: list[int] = field(default_factory=list)
    round_trips: int = 0
    requests: int = 0
    struck: dict[str, int] = field(default_factory=dict)
    ours: dict[str, float] = field(default_factory=dict)
    theirs: dict[str, float] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    running_ratio: float = 0.0
    idle_s: dict[str, float] = field(default_factory=dict)
    memory_mb: float = 0.0
    memory_grown_mb: float = 0.0
    breaches: list[str] = field(default_factory=list)


async def day(loop: VirtualTimeLoop, fault: str, hours: float, seed: int, folder: Path) -> Day:
    """One session under `fault` for `hours`, then a quarter of an hour in calm to settle what is in doubt."""
    found = Day(fault, hours)
    started_s = time.monotonic()
    with own_counters() as ours:
        async with paper_exchange(loop, FAULTS[fault], seed) as (exchange, world):
            limits = exchange.world.rates = ExchangeLimits("starter")
            struck = count_faults(exchange)
            async with session(world, folder) as desk:
                await _worked(desk, exchange, found, seed)
                journal_file = desk.profile.journal_file
            book = exchange.world.book
            orders, account = [*book.closed.values(), *book.open.values()], account_of(exchange)
            found.requests = sum(exchange.rest.requests.values())
    found.orders, found.trades = len(account.orders), len(account.trades)
    found.struck, found.refused = dict(struck), dict(limits.refused)
    found.ours, found.theirs = _rounded(ours), _rounded(limits.highest)
    found.breaches += over_the_share(ours)
    found.breaches += [f"the exchange refused {times} {name}: rate limit" for name, times in limits.refused.items()]
    found.breaches += await _audited(account, orders, journal_file, world.name)
    found.real_s = round(time.monotonic() - started_s, 1)
    return found


async def _worked(desk: Desk, exchange: Exchange, found: Day, seed: int) -> None:
    """The day, in tenths, and the calm after it; notes how the grid went on."""
    async with moving(blow(exchange, random.Random(seed))):
        for tenth in range(10):
            traded, locked_s = len(exchange.world.book.trades), found.idle_s.get(LOCKED, 0.0)
            await _watched(desk, found, found.hours * 360.0)
            found.trades_by_tenth.append(len(exchange.world.book.trades) - traded)
            if tenth == 0:
                found.memory_mb = round(_resident_mb(), 1)
        locked_s = found.idle_s.get(LOCKED, 0.0) - locked_s
        # Held by the daily loss limit it is right not to trade; that it goes on after midnight is looked at below.
        if found.hours * 360.0 - locked_s >= SURELY_TRADED_S and not found.trades_by_tenth[-1]:
            found.breaches.append("it does not go on: nothing was traded in the last tenth")
    found.memory_grown_mb = round(_resident_mb() - found.memory_mb, 1)
    found.running_ratio = round(1 - sum(found.idle_s.values()) / (found.hours * 3600.0), 4)
    if found.running_ratio < RUNNING_AT_LEAST:
        found.breaches.append(f"the grid ran for {found.running_ratio:.0%} of the time: such a day shows little")
    exchange.faults.declare(())
    async with moving(breeze(exchange, random.Random(seed))):
        await asyncio.sleep(CALM_S)
    grid = desk.bus.latest(GridSnapshot)
    assert grid is not None
    found.round_trips = grid.round_trips
    if grid.state != "running" or grid.unresolved or desk.switch.position is not Switch.RUNNING:
        found.breaches.append(
            f"it does not go on: {grid.state}, {grid.unresolved} unresolved, {desk.switch.position}, {desk.switch.why}"
        )


async def _watched(desk: Desk, found: Day, seconds: float) -> None:
    """Let it work; a session that stopped is a breach, and ends the day."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + seconds
    while loop.time() < until_s and not found.breaches:
        await asyncio.sleep(LOOK_EVERY_S)
        grid = desk.bus.latest(GridSnapshot)
        if grid is None or grid.state != "running":
            why = "nothing said" if grid is None else f"{grid.state} {grid.why.code if grid.why else ''}".strip()
            found.idle_s[why] = found.idle_s.get(why, 0.0) + LOOK_EVERY_S
        if desk.switch.position is Switch.STOPPED:
            found.breaches.append(f"it stopped after {loop.time():.0f} s: {desk.switch.why}")


async def _audited(account: Account, orders: Sequence[Order], journal_file: Path, world: str) -> list[str]:
    journal = Journal(journal_file, world)
    await asyncio.to_thread(journal.open)
    try:
        return [
            *breaches(account, await journal.facts("grid", "fill"), await journal.recall("grid"), USD, DOGE),
            *placed_wrongly(orders, await journal.intents("grid")),
        ]
    finally:
        await asyncio.to_thread(journal.close)


def _rounded(shares: dict[str, float]) -> dict[str, float]:
    return {name: round(share, 3) for name, share in shares.items()}


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
