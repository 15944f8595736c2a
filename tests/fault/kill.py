"""Kill the program with SIGKILL at every named point, and see that it goes on as if nothing had happened.

    python -m tests.fault.kill --seeds 50 --jobs 2 [--points place.sent,fill.save.after] [--first-seed 7]

One history: an exchange of its own, lives that are killed at one point, then a life in calm. In the end every order
that the exchange ever took has a name of its own, every trade is in the journal once, the ledger's balances are the
exchange's, and everything that rests is known.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.core.clock import ScaledClock
from engine.core.journal import Journal
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.launch import PaperExchange, start_exchange
from engine.paper.store import Store
from tests.fault.campaign import Breach, History, Tell, arguments, campaign
from tests.fault.ledger import Account, breaches
from tests.fault.lives import Zygote
from tests.fault.points import CLOSES, DOUBTS, OFTEN, STOPS
from tests.fault.victim import Life

SPEED = 60.0
USD, DOGE = Decimal(60), Decimal(900)
KILLS = 2
KEY = "kill-key"
START_PRICE = Decimal("0.0966")
STORM, BREEZE = 0.008, 0.0001
LAST_LIFE_S = 1.5


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
            await exchange.control(faults="lose-answer@add_order:0.3")
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
    found.counts.update(orders=len(account.orders), trades=len(account.trades))
    if ended["switch"] != "running":
        found_breaches.append(f"the switch stands at {ended['switch']}: {ended['why']}")
    if found_breaches:
        raise Breach(f"{found.point}/{found.seed}: " + "; ".join(found_breaches) + f"\n{_log(folder)}")


def _log(folder: Path) -> str:
    log = folder / "result.json.log"
    return log.read_text()[-3000:] if log.exists() else "nothing was logged"


async def run(points: Sequence[str], seeds: Sequence[int], jobs: int, kills: int = KILLS) -> int:
    """All histories, `jobs` at a time; returns how many breaches there were, and points that were never reached."""

    @contextlib.asynccontextmanager
    async def teller() -> AsyncIterator[Tell]:
        async with Zygote("tests.fault.victim") as zygote:

            async def tell(point: str, seed: int, folder: Path) -> History:
                return await history(zygote, point, seed, folder, kills)

            yield tell

    return await campaign(points, seeds, jobs, teller)


def main() -> int:
    return 1 if asyncio.run(run(*arguments(__doc__, OFTEN))) else 0


if __name__ == "__main__":
    sys.exit(main())
