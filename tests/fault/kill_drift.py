"""Kill the drift engine with SIGKILL at every named point, while the node takes blocks back and loses answers.

    python -m tests.fault.kill_drift --seeds 50 --jobs 2 [--points rest.after,broadcast.sent] [--first-seed 7]

One history: a chain as it was deployed, a portfolio out of balance, lives that are killed at one point, then a life
that ends once the portfolio is balanced and nothing is under way. In the end the chain has one transaction for each
plan, each is in the record once, and the account's balances are what the records say.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.core.journal import Journal
from engine.paper.anvil import ChainFailed, Node, start_node
from tests.engine.chain.conftest import LocalChain, set_up
from tests.engine.drift.running_drift import DELEGATE
from tests.fault.campaign import Breach, History, Tell, arguments, campaign
from tests.fault.drift_ledger import Chain, Written, balances, breaches, mined_by
from tests.fault.drift_points import DOUBTS, LEFT, OFTEN, REORGS, SPIKES
from tests.fault.drift_victim import PARTS, Life
from tests.fault.lives import Zygote

KILLS = 2
SPEED = 60.0
BLOCK_S = 0.06
HELD_USD = 20_000
DEEPEST_REORG = 3
GWEI = 10**9
FIRST_BLOCKS = 5


class NodeFailed(Exception):
    """The node lost the contracts: anvil does, once in some hundred histories, when it takes blocks back."""


@dataclass(frozen=True, slots=True)
class Weather:
    """How often, at each block, blocks are taken back, and the base fee jumps; ratios."""

    reorgs: float = 0.12
    spikes: float = 0.05


CALM = Weather(reorgs=0.03, spikes=0.0)


@contextlib.asynccontextmanager
async def chains() -> AsyncIterator[LocalChain]:
    """A node with everything on it, whose blocks come when they are asked for."""
    node = await start_node()
    try:
        chain = await asyncio.to_thread(set_up, node, HELD_USD)
        node.ask("anvil_setBalance", DELEGATE.address, hex(10**21))
        node.ask("evm_setAutomine", False)
        for _ in range(FIRST_BLOCKS):
            node.ask("evm_mine")
        yield chain
    finally:
        await node.stop()


async def history(zygote: Zygote, chain: LocalChain, point: str, seed: int, folder: Path, kills: int) -> History:
    """One history. Raises Breach, with what to look at."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    chance = random.Random(f"{point}/{seed}")
    found = History(point, seed)
    snapshot = chain.node.ask("evm_snapshot")
    try:
        since_block = int(chain.node.ask("eth_blockNumber"), 16)
        before = balances(chain.node, chain.parts, chain.account)
        first = Life(
            folder=str(folder),
            result=str(folder / "result.json"),
            rpc=chain.node.address,
            parts=PARTS.dump_python(chain.parts, mode="json"),
            accounts=(chain.deployer, chain.delegate, chain.stranger),
            targets_bps={},
            epoch_s=time.time(),
            speed=SPEED,
            origin_monotonic_s=time.monotonic(),
        )
        weather = Weather(spikes=0.7 if point in SPIKES else 0.05, reorgs=0.6 if point in REORGS else 0.12)
        async with _blocks(chain, chance, weather, since_block, found):
            for life in _armed(first, chain, point, chance, kills):
                code = await zygote.live(life)
                if code not in (0, -signal.SIGKILL):
                    raise Breach(f"{point}/{seed}: a life ended with {code}\n{_log(folder)}")
                found.reached += code == -signal.SIGKILL and life.point == point
        async with _blocks(chain, chance, CALM, since_block, found):
            code = await zygote.live(replace(life, point="", for_s=0.0))
        if code != 0:
            raise Breach(f"{point}/{seed}: it does not go on by itself\n{_log(folder)}")
        ended = json.loads((folder / "result.json").read_text())
        if not ended["calm"]:
            raise Breach(f"{point}/{seed}: it is not balanced: {ended}\n{_log(folder)}")
        mined = await asyncio.to_thread(mined_by, chain.node, DELEGATE.address, since_block)
        after = await asyncio.to_thread(balances, chain.node, chain.parts, chain.account)
        await _audit(found, Chain(mined, before, after), ended, folder)
    except Breach as breach:
        if chain.node.ask("eth_getCode", chain.manager, "latest") == "0x":
            raise NodeFailed from breach
        raise
    finally:
        chain.node.ask("evm_revert", snapshot)
    return found


def _armed(first: Life, chain: LocalChain, point: str, chance: random.Random, kills: int) -> list[Life]:
    """The lives to be killed; each is out of balance in a way of its own."""
    symbols = [token.symbol for token in chain.parts.tokens]
    lives = []
    before = chance.choice(LEFT[point]) if point in LEFT else ""
    for number, at in enumerate([before] * bool(before) + [point] * kills):
        if number == 0 or at == before or not before:
            heavy, light = chance.sample(symbols, 2)
            targets = dict.fromkeys(symbols, 1_500) | {heavy: 4_500, light: 1_000}
        lives.append(
            replace(
                first,
                targets_bps=targets,
                point=at,
                nth=chance.randint(1, OFTEN[at]),
                for_s=8.0,
                lost_answers=0.6 if point in DOUBTS else 0.1,
            )
        )
    return lives


@contextlib.asynccontextmanager
async def _blocks(
    chain: LocalChain, chance: random.Random, weather: Weather, since_block: int, found: History
) -> AsyncIterator[None]:
    """Blocks come, some are taken back, and gas is dear at times."""

    def one() -> None:
        node = chain.node
        # Blocks that come in the place of others are others, in the same second too.
        node.ask("anvil_setCoinbase", f"0x{chance.getrandbits(160):040x}")
        if chance.random() < weather.reorgs:
            found.counts["reorgs"] += _reorganise(node, chance, since_block)
        if chance.random() < weather.spikes:
            node.ask("anvil_setNextBlockBaseFeePerGas", hex(chance.choice((1, 8, 40)) * GWEI))
        node.ask("evm_mine")

    ended = asyncio.Event()

    async def come() -> None:
        while not ended.is_set():
            await asyncio.sleep(BLOCK_S)
            await asyncio.to_thread(one)

    coming = asyncio.create_task(come())
    try:
        yield
    finally:
        ended.set()
        await coming  # not cancelled: the thread would go on, and take blocks of the next history back


def _reorganise(node: Node, chance: random.Random, since_block: int) -> bool:
    """Take up to three blocks back. What was in them is gone, back in the pool, or in another block."""
    head = int(node.ask("eth_blockNumber"), 16)
    depth = min(chance.randint(1, DEEPEST_REORG), head - since_block)
    if depth < 1:
        return False
    hashes = [one.hash for one in mined_by(node, DELEGATE.address, head - depth)]
    taken = [node.ask("eth_getRawTransactionByHash", one) for one in hashes]
    fate = chance.choice(("gone", "pool", "moved"))
    node.ask("anvil_reorg", depth, [[raw, chance.randrange(depth)] for raw in taken] if fate == "moved" else [])
    if fate == "pool":
        for raw in taken:
            with contextlib.suppress(ChainFailed):  # it may be under the base fee by now
                node.ask("eth_sendRawTransaction", raw)
    return True


async def _audit(found: History, chain: Chain, ended: dict[str, Any], folder: Path) -> None:
    journal = Journal(folder / "journal.sqlite", "test")
    await asyncio.to_thread(journal.open)
    try:
        written = Written(
            rebalances=await journal.facts("drift", "rebalance"),
            carried=await journal.facts("chain", "carried"),
            intents=await journal.intents("chain"),
            chain_memory=await journal.recall("chain"),
            drift_memory=await journal.recall("drift"),
        )
    finally:
        await asyncio.to_thread(journal.close)
    found.counts.update(trades=len(chain.mined), broadcasts=len(written.intents))
    found.counts.update(reverted=sum(not one.succeeded for one in chain.mined))
    wrong = breaches(chain, written)
    if ended["switch"] != "running":
        wrong.append(f"the switch stands at {ended['switch']}: {ended['why']}")
    if wrong:
        raise Breach(f"{found.point}/{found.seed}: " + "; ".join(wrong) + f"\n{_log(folder)}")


def _log(folder: Path) -> str:
    log = folder / "result.json.log"
    return log.read_text()[-3000:] if log.exists() else "nothing was logged"


async def run(points: Sequence[str], seeds: Sequence[int], jobs: int, kills: int = KILLS) -> int:
    """All histories, `jobs` at a time; returns how many breaches there were, and points that were never reached."""

    @contextlib.asynccontextmanager
    async def teller() -> AsyncIterator[Tell]:
        async with chains() as chain, Zygote("tests.fault.drift_victim") as zygote:

            async def tell(point: str, seed: int, folder: Path) -> History:
                try:
                    return await history(zygote, chain, point, seed, folder, kills)
                except NodeFailed:
                    found = await history(zygote, chain, point, seed, folder / "again", kills)
                    found.counts["node failures"] += 1
                    return found

            yield tell

    return await campaign(points, seeds, jobs, teller)


def main() -> int:
    return 1 if asyncio.run(run(*arguments(__doc__, OFTEN))) else 0


if __name__ == "__main__":
    sys.exit(main())
