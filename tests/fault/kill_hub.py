"""Kill the hub engine with SIGKILL at every named point, while the node takes blocks back and loses answers.

    python -m tests.fault.kill_hub --seeds 50 --jobs 2 [--points accept.after,broadcast.sent] [--first-seed 7]

One history: a chain as it was deployed, a hub whose reserve is mostly too small, users who pay one another, ask for
rebalances, sign collateral back, and ask for everything again that they had no answer to; lives that are killed at one
point, then a life that ends once all that was accepted has ended. In the end the chain's own history, to the unit,
is what the journal and the wallets say.
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

from engine.chain.hub_signing import ENGINE as SEALING
from engine.core.journal import Journal
from engine.hub.plain_rows import pull_from, record_from, request_from
from engine.hub.records import BatchStatus
from engine.hub.remembered import ACCEPTED, BATCH, ENDED, PAID, PULLED
from engine.hub.remembered import ENGINE as HUB_ENGINE
from engine.paper.anvil import ChainFailed, Node, start_node
from engine.paper.chain_parts import call_data
from tests.engine.chain.conftest import set_up
from tests.engine.hub.running_hub import SENDER, HubPlace, quick_options
from tests.fault.campaign import Breach, History, Tell, arguments, campaign
from tests.fault.hub_ledger import OnChain, Written, breaches, carried_in, held_now, mined_since
from tests.fault.hub_points import BAD_PULLS, DOUBTS, LEFT, OFTEN, PULLED_BACK, REORGS, SPIKES, STOLEN
from tests.fault.hub_users import PEOPLE, Notebook
from tests.fault.hub_victim import PARTS, SHOWN, Life
from tests.fault.lives import Zygote

KILLS = 2
SPEED = 30.0
BLOCK_S = 0.06
RESERVE_USD, SECURED_USD = 1_500, 3_000
RICH_USD = 50_000
TOP_UP_USD = 20_000
TOP_UP_EVERY_S = 4.0
DEEPEST_REORG = 3
GWEI = 10**9
FIRST_BLOCKS = 5


class NodeFailed(Exception):
    """The node lost the contracts: anvil does, once in some hundred histories, when it takes blocks back."""


@dataclass(frozen=True, slots=True)
class Weather:
    """How often, at each block, blocks are taken back, the base fee jumps, and somebody sends a signed batch that the
    hub has shown to the node; ratios. top_up: somebody fills the hub's reserve now and then."""

    reorgs: float = 0.12
    spikes: float = 0.05
    thefts: float = 0.0
    top_up: bool = False


@contextlib.asynccontextmanager
async def places() -> AsyncIterator[HubPlace]:
    """A node with everything on it, whose blocks come when they are asked for."""
    node = await start_node()
    try:
        yield await asyncio.to_thread(_founded, node)
    finally:
        await node.stop()


def _founded(node: Node) -> HubPlace:
    """Every second user has collateral of their own, in both tokens."""
    chain = set_up(node)
    place = HubPlace(chain, Path(), quick_options())
    place.found(RESERVE_USD)
    for user in PEOPLE[::2]:
        for nonce, token in enumerate(place.tokens, 1):
            place.secure(user, SECURED_USD, token.token_id, nonce)
    for token in place.tokens:
        address = chain.parts.token(token.symbol).address
        for call in (
            call_data("mint(address,uint256)", chain.deployer, 10**9 * 10**token.decimals),
            call_data("approve(address,uint256)", place.contract, 2**256 - 1),
        ):
            chain.send(address, call, chain.deployer)
    node.ask("evm_setAutomine", False)
    place.mine(FIRST_BLOCKS)
    return place


async def history(zygote: Zygote, place: HubPlace, point: str, seed: int, folder: Path, kills: int) -> History:
    """One history. Raises Breach, with what to look at."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    chance = random.Random(f"{point}/{seed}")
    found = History(point, seed)
    node = place.chain.node
    snapshot = node.ask("evm_snapshot")
    try:
        if point not in (*PULLED_BACK, *BAD_PULLS) and chance.random() < 0.3:
            _deposit(place, RICH_USD)
            place.mine(FIRST_BLOCKS)
        since_block = int(node.ask("eth_blockNumber"), 16)
        before = await asyncio.to_thread(held_now, place)
        first = Life(
            folder=str(folder),
            result=str(folder / "result.json"),
            rpc=node.address,
            parts=PARTS.dump_python(place.chain.parts, mode="json"),
            accounts=(place.chain.deployer, place.chain.delegate, place.chain.stranger),
            seed=f"{point}/{seed}",
            epoch_s=time.time(),
            speed=SPEED,
            origin_monotonic_s=time.monotonic(),
            request_valid_s=chance.choice((60.0, 300.0)),
            spoils=0.8 if point in BAD_PULLS else 0.1,
        )
        weather = Weather(
            spikes=0.7 if point in SPIKES else 0.05,
            reorgs=0.6 if point in REORGS else 0.12,
            thefts=0.3 if chance.random() < (0.7 if point in STOLEN else 0.2) else 0.0,
        )
        async with _blocks(place, chance, weather, folder, found):
            for life in _armed(first, point, chance, kills):
                code = await zygote.live(life)
                if code not in (0, -signal.SIGKILL):
                    raise Breach(f"{point}/{seed}: a life ended with {code}\n{_log(folder)}")
                found.reached += code == -signal.SIGKILL and life.point == point
        calm = replace(weather, reorgs=0.03, spikes=0.0, top_up=True)
        async with _blocks(place, chance, calm, folder, found):
            code = await zygote.live(replace(first, point="", spoils=0.0))
        if code != 0:
            raise Breach(f"{point}/{seed}: it does not go on by itself\n{_log(folder)}")
        ended = json.loads((folder / "result.json").read_text())
        if not ended["calm"]:
            raise Breach(f"{point}/{seed}: not everything has ended: {ended}\n{_log(folder)}")
        mined = await asyncio.to_thread(mined_since, node, place.contract, since_block)
        after = await asyncio.to_thread(held_now, place)
        entity = f"0x{place.entity.hex()}"
        chain = OnChain(entity, mined, before, after, carried_in(mined, entity))
        found.counts["by others"] += sum(one.sender != SENDER.address.lower() for one in chain.carried)
        await _audit(found, place, chain, ended, folder)
    except Breach as breach:
        if node.ask("eth_getCode", place.contract, "latest") == "0x":
            raise NodeFailed from breach
        raise
    finally:
        node.ask("evm_revert", snapshot)
    return found


def _armed(first: Life, point: str, chance: random.Random, kills: int) -> list[Life]:
    """The lives to be killed."""
    before = chance.choice(LEFT[point]) if point in LEFT else ""
    return [
        replace(
            first,
            point=at,
            nth=chance.randint(1, OFTEN[at]),
            for_s=8.0,
            lost_answers=0.6 if point in DOUBTS else 0.1,
        )
        for at in [*([before] if before else []), *[point] * kills]
    ]


@contextlib.asynccontextmanager
async def _blocks(
    place: HubPlace, chance: random.Random, weather: Weather, folder: Path, found: History
) -> AsyncIterator[None]:
    """Blocks come, some are taken back, gas is dear at times, and what the hub showed is carried out by others."""
    node = place.chain.node
    since_block = int(node.ask("eth_blockNumber"), 16)

    def one() -> None:
        # Blocks that come in the place of others are others, in the same second too.
        node.ask("anvil_setCoinbase", f"0x{chance.getrandbits(160):040x}")
        if chance.random() < weather.reorgs:
            found.counts["reorgs"] += _reorganise(node, chance, since_block)
        if chance.random() < weather.spikes:
            node.ask("anvil_setNextBlockBaseFeePerGas", hex(chance.choice((1, 8, 40)) * GWEI))
        if chance.random() < weather.thefts:
            found.counts["thefts"] += _steal(place, chance, folder)
        node.ask("evm_mine")

    ended = asyncio.Event()

    async def come() -> None:
        topped_up_s = time.monotonic()
        while not ended.is_set():
            await asyncio.sleep(BLOCK_S)
            if weather.top_up and time.monotonic() > topped_up_s + TOP_UP_EVERY_S:
                topped_up_s = time.monotonic()
                await asyncio.to_thread(_deposit, place, TOP_UP_USD)
            await asyncio.to_thread(one)

    coming = asyncio.create_task(come())
    try:
        yield
    finally:
        ended.set()
        await coming  # not cancelled: the thread would go on, and take blocks of the next history back


def _deposit(place: HubPlace, usd: int) -> None:
    """Into the hub's reserve, with the next block."""
    for token in place.tokens:
        data = call_data("deposit(bytes32,uint256,uint256)", place.entity, token.token_id, usd * 10**token.decimals)
        call = {"from": place.chain.deployer, "to": place.contract, "data": f"0x{data.hex()}", "gas": hex(10**6)}
        place.chain.node.ask("eth_sendTransaction", call)


def _steal(place: HubPlace, chance: random.Random, folder: Path) -> bool:
    """Have one of the batches that were shown last carried out."""
    shown = (folder / SHOWN).read_text().splitlines() if (folder / SHOWN).exists() else []
    if not shown:
        return False
    call = {
        "from": place.chain.stranger,
        "to": place.contract,
        "data": chance.choice(shown[-3:]),
        "gas": hex(5 * 10**6),
    }
    place.chain.node.ask("eth_sendTransaction", call)
    return True


def _reorganise(node: Node, chance: random.Random, since_block: int) -> bool:
    """Take up to three blocks back. What was in them is gone, back in the pool, or in another block."""
    head = int(node.ask("eth_blockNumber"), 16)
    depth = min(chance.randint(1, DEEPEST_REORG), head - since_block)
    if depth < 1:
        return False
    blocks = node.ask_all([("eth_getBlockByNumber", [hex(head - at), False]) for at in reversed(range(depth))])
    taken = [node.ask("eth_getRawTransactionByHash", one) for block in blocks for one in block["transactions"]]
    fate = chance.choice(("gone", "pool", "moved"))
    places = sorted(chance.randrange(depth) for _ in taken)
    node.ask("anvil_reorg", depth, [list(one) for one in zip(taken, places, strict=True)] if fate == "moved" else [])
    if fate == "pool":
        for raw in taken:
            with contextlib.suppress(ChainFailed):  # it may be under the base fee by now
                node.ask("eth_sendRawTransaction", raw)
    return True


async def _audit(found: History, place: HubPlace, chain: OnChain, ended: dict[str, Any], folder: Path) -> None:
    written = await _written(place, folder)
    settled, records = written.settled, written.records
    found.counts.update(
        requests=len(written.accepted),
        payments=len(written.payments),
        batches=len(chain.carried),
        pushes=len(written.done),
        pulls=len(written.executed),
        reverted=sum(one.status is BatchStatus.REVERTED for one in records),
        replaced=len(records) - len(settled) - sum(one.status is BatchStatus.REVERTED for one in records),
        given_back=len(written.ended) - len(written.done),
    )
    wrong = breaches(chain, written, Notebook(folder / "wallets.jsonl"))
    if ended["switch"] != "running" or ended["halted"]:
        wrong.append(f"the switch stands at {ended['switch']}: {ended['why']}; {ended['halted']}")
    if wrong:
        raise Breach(f"{found.point}/{found.seed}: " + "; ".join(wrong) + f"\n{_log(folder)}")


async def _written(place: HubPlace, folder: Path) -> Written:
    journal = Journal(folder / "journal.sqlite", "test")
    await asyncio.to_thread(journal.open)
    try:
        return Written(
            accepted=await journal.facts(HUB_ENGINE, ACCEPTED),
            ended=[request_from(fact.payload) for fact in await journal.facts(HUB_ENGINE, ENDED)],
            payments=await journal.facts(HUB_ENGINE, PAID),
            pulls=[pull_from(fact.payload) for fact in await journal.facts(HUB_ENGINE, PULLED)],
            records=[record_from(fact.payload) for fact in await journal.facts(HUB_ENGINE, BATCH)],
            signatures=await journal.intents(SEALING),
            broadcasts=await journal.intents("chain"),
            hub_memory=await journal.recall(HUB_ENGINE),
            chain_memory=await journal.recall("chain"),
            decimals={one.symbol: (one.token_id, one.decimals) for one in place.tokens},
        )
    finally:
        await asyncio.to_thread(journal.close)


def _log(folder: Path) -> str:
    log = folder / "result.json.log"
    return log.read_text()[-3000:] if log.exists() else "nothing was logged"


async def run(points: Sequence[str], seeds: Sequence[int], jobs: int, kills: int = KILLS) -> int:
    """All histories, `jobs` at a time; returns how many breaches there were, and points that were never reached."""

    @contextlib.asynccontextmanager
    async def teller() -> AsyncIterator[Tell]:
        async with places() as place, Zygote("tests.fault.hub_victim") as zygote:

            async def tell(point: str, seed: int, folder: Path) -> History:
                try:
                    return await history(zygote, place, point, seed, folder, kills)
                except NodeFailed:
                    found = await history(zygote, place, point, seed, folder / "again", kills)
                    found.counts["node failures"] += 1
                    return found

            yield tell

    return await campaign(points, seeds, jobs, teller)


def main() -> int:
    return 1 if asyncio.run(run(*arguments(__doc__, OFTEN))) else 0


if __name__ == "__main__":
    sys.exit(main())
