"""Kill the program with SIGKILL at every named point, and see that it goes on as if nothing had happened.

    python -m tests.fault.kill --seeds 50 --jobs 2 [--points place.sent,fill.save.after] [--first-seed 7]

One history: an exchange of its own, lives that are killed at one point, then a life in calm. In the end every order
that the exchange ever took has a name of its own, every trade is in the journal once, the ledger's balances are the
exchange's, and everything that rests is known.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.core.clock import ScaledClock
from engine.core.journal import Journal
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.launch import PaperExchange, start_exchange
from engine.paper.store import Store
from tests.fault.ledger import Account, breaches
from tests.fault.points import CLOSES, DOUBTS, OFTEN, STOPS
from tests.fault.victim import Life, as_line

ROOT = Path(__file__).parents[2]
SPEED = 60.0
USD, DOGE = Decimal(60), Decimal(900)
KILLS = 2
TRIES = 3
KEY = "kill-key"
START_PRICE = Decimal("0.0966")
STORM, BREEZE = 0.008, 0.0001
LAST_LIFE_S = 1.5


class Breach(AssertionError):
    """Something happened twice, or was lost."""


@dataclass
class History:
    """What came of one point and seed. reached: how many of the kills struck."""

    point: str
    seed: int
    reached: int = 0
    trades: int = 0
    orders: int = 0
    passed: Counter[str] = field(default_factory=Counter)


class Zygote:
    """A fork server, and the one life it may have at a time."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Zygote:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.fault.victim", stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        assert self._process.stdout is not None
        await self._process.stdout.readline()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def live(self, life: Life) -> int:
        """Let it live; returns how it ended: 0 in order, below 0 by a signal."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(as_line(life).encode())
        await self._process.stdin.drain()
        code: int = json.loads(await self._process.stdout.readline())["code"]
        return code


async def reaching_history(zygote: Zygote, point: str, seed: int, folder: Path, kills: int) -> History:
    """A history whose point was reached at least once, if it can be within TRIES: chance may keep a life from it."""
    for attempt in range(TRIES):
        found = await history(zygote, point, seed + attempt * 10_000, folder / str(attempt), kills)
        if found.reached:
            break
    return found


async def history(zygote: Zygote, point: str, seed: int, folder: Path, kills: int = KILLS) -> History:
    """One history. Raises Breach, with what to look at."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    chance = random.Random(f"{point}/{seed}")
    found = History(point, seed)
    async with _exchange(chance.randrange(10**6), folder) as (exchange, secret):
        first = Life(
            profile=str(folder / "profile"),
            result=str(folder / "result.json"),
            port=exchange.port,
            key=KEY,
            secret=secret,
            epoch_s=exchange.clock.epoch_s,
            speed=exchange.clock.speed,
            origin_monotonic_s=exchange.clock.origin_monotonic_s,
        )
        if point in DOUBTS:
            await exchange.control(faults="lose-answer@AddOrder:0.3")
        async with _weather(exchange, chance, STORM):
            for _ in range(kills):
                code = await zygote.live(_armed(first, point, chance))
                if code not in (0, -signal.SIGKILL):
                    raise Breach(f"{point}/{seed}: a life ended with {code}\n{_log(folder)}")
                found.reached += code == -signal.SIGKILL
        await exchange.control(faults="")
        async with _weather(exchange, chance, BREEZE):
            if await zygote.live(first) != 0:
                raise Breach(f"{point}/{seed}: it does not go on by itself\n{_log(folder)}")
        ended = json.loads((folder / "result.json").read_text())
        # What filled while that life ended is counted by the next one: the market stands still for it.
        await exchange.control(hold=True)
        if await zygote.live(replace(first, for_s=LAST_LIFE_S)) != 0:
            raise Breach(f"{point}/{seed}: it does not end in order\n{_log(folder)}")
    found.passed.update(ended["passed"])
    await _audit(found, ended, folder, first)
    return found


def _armed(life: Life, point: str, chance: random.Random) -> Life:
    changes: dict[str, Any] = {
        "point": point,
        "nth": chance.randint(1, OFTEN[point]),
        "for_s": 6.0,
    }
    if point in STOPS:
        changes["stop_after_s"] = chance.uniform(0.5, 2.0)
    if point in CLOSES:
        changes["for_s"] = chance.uniform(0.5, 2.0)
    return replace(life, **changes)


@contextlib.asynccontextmanager
async def _exchange(seed: int, folder: Path) -> AsyncIterator[tuple[PaperExchange, str]]:
    secret = base64.b64encode(random.Random(seed).randbytes(64)).decode()
    clock = ScaledClock(time.time(), SPEED)
    exchange = await start_exchange(
        PaperConfig(
            keys=(ApiKey(KEY, secret),),
            epoch_s=clock.epoch_s,
            speed=clock.speed,
            origin_monotonic_s=clock.origin_monotonic_s,
            market=MarketSpec(regime="flat", liquidity=Decimal(60), start_price=START_PRICE),
            seed=seed,
            usd=USD,
            doge=DOGE,
            tier="pro",
            control_token="weather",
            state_file=str(folder / "exchange.sqlite"),
        )
    )
    try:
        yield exchange, secret
    finally:
        await exchange.stop()


@contextlib.asynccontextmanager
async def _weather(exchange: PaperExchange, chance: random.Random, gusts: float) -> AsyncIterator[None]:
    """The price jumps about by `gusts` (ratio), so that orders fill, fill in part, and have to be moved.

    Even in calm it moves a little: a price that stands for a minute is stale.
    """

    async def blow() -> None:
        price = Decimal((await exchange.status())["bid"])
        while True:
            await asyncio.sleep(chance.uniform(0.05, 0.3))
            step = Decimal(f"{chance.gauss(0, gusts):.6f}")
            price = min(max(price * (1 + step), START_PRICE * Decimal("0.93")), START_PRICE * Decimal("1.07"))
            await exchange.control(price=f"{price:.7f}")

    blowing = asyncio.create_task(blow())
    try:
        yield
    finally:
        blowing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await blowing


async def _audit(found: History, ended: dict[str, Any], folder: Path, life: Life) -> None:
    store = Store(str(folder / "exchange.sqlite"))
    world = await store.load()
    await store.close()
    assert world is not None
    account = Account(
        orders={order["id"]: (order["cl_ord_id"], order["status"]) for order in world.orders},
        trades={trade["id"] for trade in world.trades},
        usd=Decimal(world.head["usd"]),
        doge=Decimal(world.head["doge"]),
    )
    journal = Journal(folder / "profile" / "journal.sqlite", f"paper:{life.epoch_s:.3f}")
    await asyncio.to_thread(journal.open)
    try:
        found_breaches = breaches(account, await journal.facts("grid", "fill"), await journal.recall("grid"), USD, DOGE)
    finally:
        await asyncio.to_thread(journal.close)
    found.trades, found.orders = len(account.trades), len(account.orders)
    if ended["switch"] != "running":
        found_breaches.append(f"the switch stands at {ended['switch']}: {ended['why']}")
    if found_breaches:
        raise Breach(f"{found.point}/{found.seed}: " + "; ".join(found_breaches) + f"\n{_log(folder)}")


def _log(folder: Path) -> str:
    log = folder / "result.json.log"
    return log.read_text()[-3000:] if log.exists() else "nothing was logged"


async def run(points: Sequence[str], seeds: Sequence[int], jobs: int, kills: int = KILLS) -> int:
    """All histories, `jobs` at a time; returns how many breaches there were, and points that were never reached."""
    work = [(point, seed) for point in points for seed in seeds]
    done: dict[str, list[History]] = {point: [] for point in points}
    broken = 0
    started_s = time.monotonic()

    async def worker() -> None:
        nonlocal broken
        async with Zygote() as zygote:
            while work:
                point, seed = work.pop(0)
                with tempfile.TemporaryDirectory(prefix="evenkeel-kill-") as folder:
                    try:
                        done[point].append(await reaching_history(zygote, point, seed, Path(folder), kills))
                    except Breach as breach:
                        broken += 1
                        print(f"BREACH {breach}", flush=True)
                if len(done[point]) == len(seeds):
                    print(_line(point, done[point]), flush=True)

    await asyncio.gather(*(worker() for _ in range(jobs)))
    histories = [one for some in done.values() for one in some]
    print(
        f"{len(points)} points, {len(histories)} histories, {sum(one.reached for one in histories)} kills, "
        f"{sum(one.orders for one in histories)} orders, {sum(one.trades for one in histories)} trades, "
        f"{broken} breaches, {time.monotonic() - started_s:.0f} s"
    )
    never = [point for point, some in done.items() if not any(one.reached for one in some)]
    if never:
        print(f"never reached: {', '.join(never)}")
    return broken + len(never)


def _line(point: str, histories: Sequence[History]) -> str:
    kills = sum(one.reached for one in histories)
    trades = sum(one.trades for one in histories)
    return f"{point:24} {len(histories):4} histories {kills:4} kills {trades:6} trades"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--points", default=",".join(OFTEN))
    parser.add_argument("--jobs", type=int, default=2)
    parsed = parser.parse_args()
    seeds = range(parsed.first_seed, parsed.first_seed + parsed.seeds)
    return 1 if asyncio.run(run(parsed.points.split(","), seeds, parsed.jobs)) else 0


if __name__ == "__main__":
    sys.exit(main())
