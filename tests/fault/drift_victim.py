"""A drift engine that may be killed: the real one, on a node that outlives it, in a process of its own.

Run as a program this is a fork server for such lives.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter

from engine.chain.life import LifeRules
from engine.core.clock import ScaledClock
from engine.drift.messages import PortfolioState
from engine.drift.options import PriceSource
from engine.paper.anvil import Node
from engine.paper.chain_parts import ChainParts
from tests.engine.chain.conftest import LocalChain
from tests.engine.drift.running_drift import Place, Running, quick_options, running
from tests.fault.drift_points import install, lose_answers
from tests.fault.lives import serve

PARTS = TypeAdapter(ChainParts)
LONGEST_CALMING_S = 60.0


@dataclass(frozen=True, slots=True)
class Life:
    """One run of the engine. parts: of the chain, as JSON types. lost_answers: a ratio, of those to broadcasts.

    for_s: it ends in order after this long, balanced or not; 0: once it is balanced and nothing is under way.
    """

    folder: str
    result: str
    rpc: str
    parts: Any
    accounts: tuple[str, str, str]
    targets_bps: dict[str, int]
    epoch_s: float
    speed: float
    origin_monotonic_s: float
    point: str = ""
    nth: int = 1
    for_s: float = 0.0
    lost_answers: float = 0.0


async def live(life: Life) -> dict[str, Any]:
    """Let the engine work; returns how the portfolio stood in the end."""
    lose_answers(life.lost_answers, life.nth)
    # Only what is asked of the node by its own address is used here.
    chain = LocalChain(cast(Node, None), PARTS.validate_python(life.parts), *life.accounts)
    options = quick_options(
        look_every_s=4.0,
        prices_every_s=30.0,
        max_trade_usd=Decimal(12_000),
        max_deviation=0.0,
        price_source=PriceSource.ORACLE,
        destination_band=Decimal("0.5"),
    )
    clock = ScaledClock(life.epoch_s, life.speed, life.origin_monotonic_s)
    place = Place(
        chain, Path(life.folder), life.targets_bps, options, rules=LifeRules(), rpc_address=life.rpc, clock=clock
    )
    async with running(place) as run:
        until_s = time.monotonic() + (life.for_s or LONGEST_CALMING_S)
        while not _is_calm(run) and time.monotonic() < until_s:
            if run.task.done():
                run.task.result()
            await asyncio.sleep(0.02)
        portfolio = run.portfolio
        return {
            "calm": _is_calm(run),
            "portfolio": str(portfolio),
            "switch": run.switch.position.value,
            "why": str(run.switch.why),
        }


def _is_calm(run: Running) -> bool:
    portfolio = run.portfolio
    return portfolio is not None and portfolio.state is PortfolioState.CALM and run.sender.life is None


if __name__ == "__main__":
    import aiohttp.web  # noqa: F401
    import eth_account  # noqa: F401
    import web3  # noqa: F401

    serve(Life, install, live)
