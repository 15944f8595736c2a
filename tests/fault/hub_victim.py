"""A hub engine that may be killed, with its users: the real one, on a node that outlives it, in a process of its own.

Run as a program this is a fork server for such lives.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, cast

from pydantic import TypeAdapter

from engine.chain.hub import HubChain
from engine.chain.life import LifeRules
from engine.chain.rpc import Rpc
from engine.core.clock import ScaledClock
from engine.core.secrets import Secret
from engine.hub.ports import Sealed, Tried
from engine.paper.anvil import Node
from engine.paper.chain_parts import ChainParts
from tests.engine.chain.conftest import LocalChain
from tests.engine.hub.running_hub import HubPlace, RunningHub, quick_options, running
from tests.fault.hub_points import install, lose_answers
from tests.fault.hub_users import Notebook, Users
from tests.fault.lives import serve

PARTS = TypeAdapter(ChainParts)
SHOWN = "shown.txt"
"""Signed batches that the node was shown, in the folder of a life, a call a line."""
LONGEST_CALMING_S = 60.0
_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class Life:
    """One run of the engine. parts: of the chain, as JSON types. lost_answers: a ratio, of those to broadcasts.

    spoils: a ratio, of the pulls that are worth nothing when the hub sends them. request_valid_s: in paper time. for_s:
    it ends in order after this long; 0: nothing new is asked for, and it ends once everything that was asked for has.
    """

    folder: str
    result: str
    rpc: str
    parts: Any
    accounts: tuple[str, str, str]
    seed: str
    epoch_s: float
    speed: float
    origin_monotonic_s: float
    point: str = ""
    nth: int = 1
    for_s: float = 0.0
    lost_answers: float = 0.0
    spoils: float = 0.0
    request_valid_s: float = 300.0


async def live(life: Life) -> dict[str, Any]:
    """Let hub and users work; returns how everything stood in the end."""
    lose_answers(life.lost_answers, life.nth)
    _let_others_see(Path(life.folder) / SHOWN)
    # Only what is asked of the node by its own address is used here.
    chain = LocalChain(cast(Node, None), PARTS.validate_python(life.parts), *life.accounts)
    options = quick_options(
        look_every_s=1.5,
        interval_s=6.0,
        batch_size_threshold=3,
        gas_multiple=1,
        pull_valid_s=60.0,
        request_valid_s=life.request_valid_s,
        audit_every_s=40.0,
        soft_limit_every_s=60.0,
    )
    clock = ScaledClock(life.epoch_s, life.speed, life.origin_monotonic_s)
    place = HubPlace(chain, Path(life.folder), options, rules=LifeRules(), rpc_address=life.rpc, clock=clock)
    notebook = Notebook(Path(life.folder) / "wallets.jsonl")
    chance = Random(f"{life.seed}/{len(notebook.orders)}")
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(running(place))
        rpc = await stack.enter_async_context(Rpc(Secret(life.rpc), 2.0))
        users = Users(hub, notebook, rpc, chance, chain.stranger, life.spoils)
        work = [users.sign(), users.trade() if life.for_s else users.settle()]
        tasks = [asyncio.create_task(one) for one in work]
        until_s = time.monotonic() + (life.for_s or LONGEST_CALMING_S)
        try:
            while time.monotonic() < until_s and not (life.for_s == 0 and tasks[1].done() and _is_calm(hub, notebook)):
                for task in (hub.task, *tasks):
                    if task.done():
                        task.result()
                await asyncio.sleep(_LOOK_S)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return _ending(hub, notebook)


def _let_others_see(file: Path) -> None:
    try_out = HubChain.try_out

    async def shown(chain: HubChain, sealed: Sealed) -> Tried:
        with file.open("a") as lines:
            lines.write(f"{sealed.call}\n")
        return await try_out(chain, sealed)

    HubChain.try_out = shown  # type: ignore[method-assign]


def _is_calm(hub: RunningHub, notebook: Notebook) -> bool:
    held = hub.engine._held
    under_way = held.requests or held.attempt or hub.chain.under_way
    return hub.works and not under_way and not notebook.unanswered


def _ending(hub: RunningHub, notebook: Notebook) -> dict[str, Any]:
    held, desk = hub.engine._held, hub.engine.desk
    halted = hub.engine._dispatch.halted
    return {
        "calm": _is_calm(hub, notebook),
        "halted": "" if halted is None else str(halted),
        "waiting": [f"{one} {desk.reason(one)}" for one in held.requests.values()],
        "attempt": str(held.attempt),
        "switch": hub.switch.position.value,
        "why": str(hub.switch.why),
        "trouble": str(hub.engine._trouble),
    }


if __name__ == "__main__":
    import aiohttp.web  # noqa: F401
    import eth_account  # noqa: F401
    import web3  # noqa: F401

    serve(Life, install, live)
