"""The hub's port to its chain, on a real node with the real contract (hub spec 13 to 15, 18)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from engine.chain.depository import Batch, Push, encode_batch, entity_of
from engine.chain.hub import MOST_BLOCKS_OF_LOGS, HubChain
from engine.chain.hub_events import ACCOUNT_SETTLED, BATCH_PROCESSED, ERRORS, refusal_words, settled_in
from engine.chain.keys import LocalSigner
from engine.chain.life import AwaitsBlock, NonceTaken
from engine.chain.rpc import NodeRefused, NodeSilent, Rpc
from engine.chain.sender import Busy, Spent
from engine.core.gate import KeyUsed, SwitchHolds
from engine.core.secrets import Secret
from engine.hub.ports import (
    AccountOnChain,
    BatchOrder,
    ChainUnavailable,
    Ended,
    NotSealed,
    PullOrder,
    PushOrder,
    Sealed,
)
from engine.paper.anvil import CHAIN_ID
from tests.engine.chain.conftest import LocalChain
from tests.engine.chain.depository_world import HUB, USERS, Hub, raw_signature
from tests.engine.chain.running_sender import GWEI, PAUSE_S, Place, Run

RESERVE = 10**15
CONFIRMATIONS = 3
ARTIFACT = Path(__file__).resolve().parents[3] / "resources" / "contracts" / "artifacts" / "Depository.json"
ADDRESS = "0x" + "ab" * 20
ENTITY = entity_of(HUB.address)
IDS = [f"0x{entity_of(user.address).hex()}" for user in USERS]
RIGHT = next(at for at, user in enumerate(IDS) if ENTITY.hex() < user[2:])
"""A user on whose account the hub is left."""
LEFT = next(at for at, user in enumerate(IDS) if ENTITY.hex() > user[2:])


class CountingSigner(LocalSigner):
    """The hub's key, and the hashes that it signed."""

    def __init__(self) -> None:
        super().__init__(HUB)
        self.signed: list[bytes] = []

    async def sign_digest(self, digest: bytes) -> bytes:
        self.signed.append(digest)
        return await super().sign_digest(digest)


@dataclass
class World:
    """The port, and what it acts on. cap: the most that one gas may cost now, wei."""

    hub: Hub
    place: Place
    run: Run
    port: HubChain
    signer: CountingSigner
    cap: list[int]

    def push(self, at: int, amount: int, token_id: int = 0) -> BatchOrder:
        return BatchOrder((), (PushOrder(IDS[at], token_id, amount),))

    def pull(self, at: int, amount: int, nonce: int = 1, signed_by: int | None = None) -> PullOrder:
        """A pull that the user signed, or another one did."""
        digest = bytes.fromhex(self.port.pull_digest(IDS[at], 0, amount, nonce)[2:])
        signature = raw_signature(USERS[at if signed_by is None else signed_by], digest)
        return PullOrder(IDS[at], 0, amount, nonce, f"0x{signature.hex()}")

    async def carried_out(self, key: str, order: BatchOrder, nonce: int) -> Ended:
        sealed = await self.port.seal(f"{key}/seal", order, nonce)
        tried = await self.port.try_out(sealed)
        assert tried.words is None
        return await self.sent(key, sealed, tried.gas)

    async def sent(self, key: str, sealed: Sealed, gas: int = 400_000) -> Ended:
        await self.port.submit(key, sealed, gas)
        return await self.ended()

    async def ended(self) -> Ended:
        for _ in range(20):
            self.place.clock.advance(PAUSE_S)
            found = await self.port.advance()
            if isinstance(found, Ended):
                await self.run.gate.admit([], remember=[self.port.forgotten()])
                return found
            self.place.mine()
        raise AssertionError(f"it has not ended: {found}")

    async def brought(self) -> dict[str, AccountOnChain]:
        """What all blocks brought to token 0, by user."""
        settled = await self.port.settled(0, self.place.head())
        return {one.user: one for one in settled.accounts if one.token_id == 0}


@pytest.fixture
def place(chain: LocalChain, tmp_path: Path) -> Iterator[Place]:
    """A new account; blocks come when they are asked for."""
    found = Place(chain.node, tmp_path)
    chain.node.ask("anvil_setBalance", found.account.address, hex(10**19))
    chain.node.ask("evm_setAutomine", False)
    yield found
    chain.node.ask("anvil_dropAllTransactions")
    chain.node.ask("evm_setAutomine", True)


@asynccontextmanager
async def running(hub: Hub, place: Place, contract: str = "") -> AsyncIterator[World]:
    cap, signer = [100 * GWEI], CountingSigner()
    async with place.running() as run, Rpc(Secret(place.address or place.node.address), 5.0) as rpc:
        port = HubChain(
            rpc=rpc,
            sender=run.sender,
            hub_signer=signer,
            contract=contract or hub.contract,
            chain_id=CHAIN_ID,
            gate=run.gate,
            gas_cap_wei=lambda: cap[0],
            confirmations=CONFIRMATIONS,
            from_address=place.account.address,
        )
        yield World(hub, place, run, port, signer, cap)


@pytest.fixture
async def world(chain: LocalChain, place: Place) -> AsyncIterator[World]:
    hub = Hub(chain)
    hub.open("USDC", RESERVE)
    async with running(hub, place) as started:
        await started.port.start()
        yield started


@pytest.fixture
async def garbling(world: World) -> AsyncIterator[dict[str, Any]]:
    """Answers that the port is given in place of the node's, by method."""
    answers: dict[str, Any] = {}

    async def handle(request: web.Request) -> web.Response:
        calls = json.loads(await request.text())
        async with session.post(world.place.node.address, json=calls) as answer:
            rows = await answer.json()
        methods = {call["id"]: call["method"] for call in calls}
        return web.json_response([_garbled(row, answers.get(methods[row["id"]])) for row in rows])

    application = web.Application()
    application.router.add_post("/", handle)
    runner = web.AppRunner(application, access_log=None)
    async with aiohttp.ClientSession() as session:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with Rpc(Secret(f"http://127.0.0.1:{runner.addresses[0][1]}/"), 5.0) as rpc:
            world.port._rpc = rpc
            yield answers
        await runner.cleanup()


def _garbled(row: dict[str, Any], instead: Any) -> dict[str, Any]:
    if instead is None:
        return row
    if isinstance(instead, dict) and "error" in instead:
        return {"jsonrpc": "2.0", "id": row["id"], **instead}
    return {"jsonrpc": "2.0", "id": row["id"], "result": instead}


async def test_pushes_and_a_pull_are_sealed_tried_mined_and_ended(world: World) -> None:
    first = await world.carried_out("one", world.push(LEFT, 500), 1)
    assert (first.key, first.mined, first.succeeded, first.never_sent) == ("one", True, True, False)
    assert first.gas_used > 100_000
    assert first.gas_price_wei > 0
    assert first.hash in world.place.mined()
    order = BatchOrder(
        (world.pull(LEFT, 200),), tuple(PushOrder(IDS[at], 0, amount) for at, amount in ((RIGHT, 7), (60, 9)))
    )
    assert (await world.carried_out("two", order, 2)).succeeded
    assert [world.hub.collateral(at)[0] for at in (LEFT, RIGHT, 60)] == [300, 7, 9]
    assert world.hub.reserve() == RESERVE - 500 + 200 - 16


async def test_pushes_of_two_tokens_in_turns_are_one_item_each(world: World) -> None:
    other = Hub(world.hub.chain, token_id=1)
    other.open("WBTC", RESERVE)
    pushes = tuple(PushOrder(IDS[at], at % 2, 10 + at) for at in range(6))
    sealed = await world.port.seal("mixed", BatchOrder((), pushes), 1)
    assert (await world.sent("mixed", sealed)).succeeded
    assert [world.hub.collateral(at)[0] for at in (0, 2, 4)] == [10, 12, 14]
    assert [other.collateral(at)[0] for at in (1, 3, 5)] == [11, 13, 15]
    assert other.collateral(0)[0] == 0
    by_hand = Batch(
        pushes=tuple(
            Push(token, ENTITY, tuple((bytes.fromhex(IDS[at][2:]), 10 + at) for at in range(token, 6, 2)))
            for token in (0, 1)
        )
    )
    assert world.port._encoded(BatchOrder((), pushes)) in bytes.fromhex(sealed.call[2:])
    assert world.port._encoded(BatchOrder((), pushes)) == encode_batch(by_hand)


@pytest.mark.parametrize("at", [LEFT, RIGHT])
async def test_the_last_log_of_an_account_counts_on_either_side(world: World, at: int) -> None:
    await world.carried_out("one", world.push(at, 500), 1)
    await world.carried_out("two", BatchOrder((world.pull(at, 200, nonce=4),), world.push(at, 50).pushes), 2)
    ondelta = 350 if at == RIGHT else 0
    expected = AccountOnChain(IDS[at], 0, 350, ondelta, 4)
    assert world.hub.collateral(at) == (350, ondelta)
    assert await world.brought() == {IDS[at]: expected}
    assert await world.port.accounts(IDS[at], [0], world.place.head()) == (expected,)


async def test_a_settlement_of_one_token_tells_the_nonce_of_the_whole_account(world: World) -> None:
    Hub(world.hub.chain, token_id=1).open("WBTC", RESERVE)
    pushes = world.push(LEFT, 500).pushes + world.push(LEFT, 9, token_id=1).pushes
    await world.carried_out("one", BatchOrder((), pushes), 1)
    await world.carried_out("two", BatchOrder((world.pull(LEFT, 1, nonce=7),), ()), 2)
    found = await world.port.settled(0, world.place.head())
    assert {(one.token_id, one.nonce) for one in found.accounts} == {(0, 7), (1, 7)}


async def test_batches_are_told_by_number_with_the_hash_that_was_sealed(world: World) -> None:
    sealed = [await world.port.seal(f"{at}", world.push(LEFT, at), at) for at in (1, 2)]
    for number, one in enumerate(sealed):
        assert (await world.sent(f"{number}", one)).succeeded
    found = await world.port.settled(0, world.place.head())
    assert found.batches == {1: sealed[0].hash, 2: sealed[1].hash}
    assert found.upto_block == world.place.head()


async def test_what_others_do_is_not_the_hubs(world: World) -> None:
    stranger = entity_of(USERS[0].address)
    batch = Batch(flashloans=((0, 5),), pushes=(Push(0, stranger, ()),))
    assert world.hub.process(batch, signer=USERS[0], nonce=1).succeeded
    found = await world.port.settled(0, world.place.head())
    assert (found.accounts, found.batches) == ((), {})


@pytest.mark.parametrize("at", [LEFT, RIGHT])
async def test_what_a_user_secures_from_its_own_reserve_is_told_as_well(world: World, at: int) -> None:
    user = bytes.fromhex(IDS[at][2:])
    assert world.hub.process(Batch(transfers=((user, 0, 70),))).succeeded
    own = Batch(pushes=(Push(0, user, ((ENTITY, 70),)),))
    assert world.hub.process(own, signer=USERS[at], nonce=1).succeeded
    found = await world.port.settled(0, world.place.head())
    assert found.accounts == (AccountOnChain(IDS[at], 0, 70, 70 if at == LEFT else 0, 0),)
    assert list(found.batches) == [1]


async def test_only_blocks_after_the_last_known_one_are_read(world: World) -> None:
    await world.carried_out("one", world.push(LEFT, 500), 1)
    head = world.place.head()
    assert await world.port.settled(head, head) == await world.port.settled(head, head - 5)
    assert (await world.port.settled(head, head)).upto_block == head
    assert (await world.port.settled(head - 1, head)).accounts == ()


async def test_a_thousand_blocks_are_read_at_a_time(world: World, garbling: dict[str, Any]) -> None:
    garbling |= {"eth_blockNumber": hex(5_000), "eth_getLogs": []}
    assert (await world.port.settled(7, 5_000)).upto_block == 7 + MOST_BLOCKS_OF_LOGS
    assert (await world.port.settled(4_500, 5_000)).upto_block == 5_000


async def test_what_is_not_final_is_kept_out_of_a_look(world: World) -> None:
    world.place.mine(CONFIRMATIONS)
    sealed = await world.port.seal("one", world.push(LEFT, 500), 1)
    await world.port.submit("one", sealed, 400_000)
    await world.port.advance()
    world.place.mine()
    before = await world.port.look([0])
    assert (before.entity_nonce, before.newest_entity_nonce) == (0, 1)
    assert before.reserves == {0: RESERVE}
    assert (before.head, before.final_block) == (world.place.head(), world.place.head() - CONFIRMATIONS + 1)
    world.place.mine(CONFIRMATIONS - 1)
    after = await world.port.look([0, 5])
    assert (after.entity_nonce, after.newest_entity_nonce) == (1, 1)
    assert after.reserves == {0: RESERVE - 500, 5: 0}
    assert after.gas_price_wei > 0
    newest = world.place.node.ask("eth_getBlockByNumber", "latest", False)
    assert after.at_s == int(newest["timestamp"], 16)


@pytest.mark.parametrize(("debt", "left"), [(40, RESERVE - 40), (RESERVE + 1, 0)])
async def test_debt_is_taken_off_the_reserve(world: World, debt: int, left: int) -> None:
    slot = keccak(encode(["uint256", "bytes32"], [0, keccak(encode(["bytes32", "uint256"], [ENTITY, 4]))]))
    world.place.node.ask("anvil_setStorageAt", world.hub.contract, f"0x{slot.hex()}", f"0x{debt:064x}")
    world.place.mine(CONFIRMATIONS)
    assert (await world.port.look([0])).reserves == {0: left}


async def test_an_account_is_read_as_it_was_after_a_block(world: World) -> None:
    before = world.place.head()
    await world.carried_out("one", world.push(RIGHT, 500), 1)
    assert await world.port.accounts(IDS[RIGHT], [0, 1], before) == (
        AccountOnChain(IDS[RIGHT], 0, 0, 0, 0),
        AccountOnChain(IDS[RIGHT], 1, 0, 0, 0),
    )
    (now,) = await world.port.accounts(IDS[RIGHT], [0], world.place.head())
    assert (now.collateral, now.ondelta) == (500, 500)
    with pytest.raises(ChainUnavailable):
        await world.port.accounts(IDS[RIGHT], [0], world.place.head() + 100)


async def test_a_bad_pull_is_named_and_costs_no_gas(world: World) -> None:
    await world.carried_out("one", world.push(LEFT, 500), 1)
    held = world.place.node.ask("eth_getBalance", world.place.account.address, "latest")
    forged = replace(world.pull(LEFT, 10), signature="0x1234")
    words = {
        "another": (world.pull(LEFT, 10, signed_by=RIGHT), f"NotSignedBy: entity {IDS[LEFT]}"),
        "forged": (forged, "BadSignature: index 0"),
        "too much": (world.pull(LEFT, 501), "NotEnoughCollateral: tokenId 0, available 500, needed 501"),
        "stale": (world.pull(LEFT, 10, nonce=0), "StaleAccountNonce: last 0, got 0"),
    }
    for name, (pull, expected) in words.items():
        tried = await world.port.try_out(await world.port.seal(name, BatchOrder((pull,), ()), 2))
        assert (tried.words, tried.gas) == (expected, 0)
    assert world.place.node.ask("eth_getBalance", world.place.account.address, "latest") == held


async def test_a_reserve_that_falls_short_is_named_with_its_figures(world: World) -> None:
    sealed = await world.port.seal("one", world.push(LEFT, RESERVE + 1), 1)
    assert (await world.port.try_out(sealed)).words == (
        f"NotEnoughReserve: entity {world.port.entity}, tokenId 0, available {RESERVE}, needed {RESERVE + 1}"
    )


async def test_the_same_number_pays_once_and_the_next_one_pays_again(world: World) -> None:
    """Spec 15: which is why the engine rebuilds at the same number only."""
    await world.carried_out("one", world.push(LEFT, 5), 1)
    again = await world.port.seal("again", world.push(LEFT, 5), 1)
    assert (await world.port.try_out(again)).words == "WrongNonce: expected 2, got 1"
    reverted = await world.sent("again", again)
    assert (reverted.mined, reverted.succeeded, reverted.gas_used > 0) == (True, False, True)
    assert world.hub.collateral(LEFT)[0] == 5
    assert (await world.carried_out("twice", world.push(LEFT, 5), 2)).succeeded
    assert world.hub.collateral(LEFT)[0] == 10


async def test_what_the_hub_signs_is_journaled_without_the_signature(world: World) -> None:
    sealed = await world.port.seal("one", world.push(LEFT, 5), 1)
    (row,) = await world.run.journal.intents("hub")
    assert (row.key, row.kind, row.payload["nonce"], row.payload["hash"]) == ("one", "hub.sign", 1, sealed.hash)
    assert row.payload["order"]["pushes"] == [{"user": IDS[LEFT], "token_id": 0, "amount": 5}]
    assert raw_signature(HUB, bytes.fromhex(sealed.hash[2:]))[:64].hex() in sealed.call
    assert raw_signature(HUB, bytes.fromhex(sealed.hash[2:]))[:64].hex() not in str(row)


async def test_a_held_gate_signs_nothing(world: World) -> None:
    world.run.stop()
    with pytest.raises(NotSealed) as held:
        await world.port.seal("one", world.push(LEFT, 5), 1)
    assert isinstance(held.value.reason, SwitchHolds)
    assert world.signer.signed == []


async def test_one_name_seals_once(world: World) -> None:
    await world.port.seal("one", world.push(LEFT, 5), 1)
    with pytest.raises(NotSealed) as held:
        await world.port.seal("one", world.push(LEFT, 6), 1)
    assert held.value.reason == KeyUsed("one")
    assert len(world.signer.signed) == 1


async def test_what_is_under_way_is_named_until_it_is_forgotten(world: World) -> None:
    assert world.port.under_way == ""
    with pytest.raises(RuntimeError, match="nothing is under way"):
        await world.port.advance()
    sealed = await world.port.seal("one", world.push(LEFT, 5), 1)
    await world.port.submit("one", sealed, 400_000)
    assert world.port.under_way == "one"
    assert isinstance(await world.port.advance(), AwaitsBlock)
    with pytest.raises(Busy):
        await world.port.submit("two", sealed, 400_000)
    await world.ended()
    assert world.port.under_way == ""
    with pytest.raises(Spent):
        await world.port.submit("one", sealed, 400_000)


async def test_the_next_run_takes_up_what_was_under_way(chain: LocalChain, place: Place) -> None:
    hub = Hub(chain)
    hub.open("USDC", RESERVE)
    async with running(hub, place) as first:
        await first.port.start()
        await first.port.submit("one", await first.port.seal("one", first.push(LEFT, 5), 1), 400_000)
    async with running(hub, place) as second:
        await second.port.start()
        assert second.port.under_way == "one"
        assert (await second.ended()).succeeded
    assert hub.collateral(LEFT)[0] == 5


async def test_what_was_never_signed_for_the_chain_was_never_sent(world: World) -> None:
    world.cap[0] = 1
    sealed = await world.port.seal("one", world.push(LEFT, 5), 1)
    await world.port.submit("one", sealed, 400_000)
    await world.port.advance()
    world.place.node.ask("anvil_setNonce", world.place.account.address, "0x1")
    found = await world.ended()
    assert (found.mined, found.succeeded, found.never_sent) == (False, False, True)
    assert found.reason == NonceTaken(0)


async def test_the_gas_limit_is_a_quarter_above_the_estimate(world: World) -> None:
    sealed = await world.port.seal("one", world.push(LEFT, 5), 1)
    gas = (await world.port.try_out(sealed)).gas
    ended = await world.sent("one", sealed, gas)
    sent = world.place.node.ask("eth_getTransactionByHash", ended.hash)
    assert int(sent["gas"], 16) == gas * 125 // 100


async def test_start_says_what_is_missing(chain: LocalChain, place: Place) -> None:
    hub = Hub(chain)
    async with running(hub, place, contract="0x" + "12" * 20) as nowhere:
        with pytest.raises(ChainUnavailable, match="no Depository at 0x1212"):
            await nowhere.port.start()
    async with running(hub, place, contract=chain.manager) as another:
        with pytest.raises(ChainUnavailable):
            await another.port.start()
    async with running(hub, place) as wrong:
        wrong.run.sender._chain_id = 5
        with pytest.raises(ChainUnavailable, match="the node is on chain"):
            await wrong.port.start()


def log(**changed: Any) -> dict[str, Any]:
    """A log of block 5 as the contract writes it: one account of the hub's."""
    fields = {
        "address": ADDRESS,
        "topics": [f"0x{ACCOUNT_SETTLED.hex()}"],
        "data": f"0x{settled_data((ENTITY, b'z' * 32, [(0, 1, 2, 30, -4)], 9)).hex()}",
        "blockNumber": "0x5",
        "logIndex": "0x0",
        "removed": False,
    }
    return fields | changed


def settled_data(*accounts: Any) -> bytes:
    return encode(["(bytes32,bytes32,(uint256,uint256,uint256,uint256,int256)[],uint256)[]"], [list(accounts)])


processed = [f"0x{topic.hex()}" for topic in (BATCH_PROCESSED, ENTITY, b"h" * 32)]
GARBAGE: list[Any] = [
    "0x",
    {},
    [None],
    [[]],
    [{}],
    [log(removed=True)],
    [log(address="0x" + "cd" * 20)],
    [log(address=None)],
    [log(blockNumber="0xffffffff")],
    [log(blockNumber=5)],
    [log(blockNumber="0x" + "f" * 5000)],
    [log(logIndex=None)],
    [log(topics=None)],
    [log(topics=[])],
    [log(topics=[5])],
    [log(topics=["0xzz"])],
    [log(topics=["0x12"])],
    [log(topics=[f"0x{b'other'.hex():0<64}"])],
    [log(topics=processed[:2], data="0x" + "00" * 32)],
    [log(topics=processed, data="0x" + "00" * 31)],
    [log(topics=[*processed, processed[0]], data="0x" + "00" * 32)],
    [log(data=None)],
    [log(data="0x")],
    [log(data=log()["data"][:-2])],
    [log(data=log()["data"] + "00" * 32)],
    [log(data="0x" + "ff" * 320)],
    [log(data=f"0x{32:064x}" + "ff" * 320)],
]


@pytest.mark.parametrize("answer", GARBAGE, ids=range(len(GARBAGE)))
async def test_garbled_logs_are_a_chain_that_does_not_answer(
    world: World, garbling: dict[str, Any], answer: Any
) -> None:
    world.port._contract = ADDRESS
    garbling["eth_getLogs"] = answer
    with pytest.raises(ChainUnavailable):
        await world.port.settled(0, 10)


@pytest.mark.parametrize("method", ["eth_getBlockByNumber", "eth_feeHistory", "eth_call"])
@pytest.mark.parametrize(
    "answer",
    ["0x", "0x12", 7, [], {"error": {"code": -32005, "message": "limit exceeded"}}, {"timestamp": "0x" + "f" * 400}],
    ids=range(6),
)
async def test_a_garbled_look_is_a_chain_that_does_not_answer(
    world: World, garbling: dict[str, Any], method: str, answer: Any
) -> None:
    garbling[method] = answer
    with pytest.raises(ChainUnavailable):
        await world.port.look([0])


async def test_a_node_that_is_behind_is_not_believed_that_nothing_happened(
    world: World, garbling: dict[str, Any]
) -> None:
    garbling["eth_blockNumber"] = "0x1"
    with pytest.raises(ChainUnavailable, match="behind"):
        await world.port.settled(0, 2)


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
async def test_a_node_that_did_not_try_has_not_shown_a_revert(
    world: World, garbling: dict[str, Any], method: str
) -> None:
    sealed = await world.port.seal("one", world.push(LEFT, 5), 1)
    garbling[method] = {"error": {"code": -32005, "message": "limit exceeded"}}
    with pytest.raises(ChainUnavailable, match="limit exceeded"):
        await world.port.try_out(sealed)


def test_logs_count_in_the_order_of_the_chain_whatever_order_they_come_in() -> None:
    later = [log(blockNumber="0x6", data=_with(40)), log(data=_with(31), logIndex="0x9"), log(data=_with(32))]
    for logs in (later, later[::-1]):
        (found,) = settled_in(logs, ADDRESS, ENTITY, range(1, 11)).accounts
        assert found.collateral == 40
    (found,) = settled_in(later[1:], ADDRESS, ENTITY, range(1, 11)).accounts
    assert found.collateral == 31


def _with(collateral: int) -> str:
    return f"0x{settled_data((ENTITY, b'z' * 32, [(0, 1, 2, collateral, -4)], 9)).hex()}"


words_ = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 2**256 - 1)
tokens = st.tuples(numbers, numbers, numbers, numbers, st.integers(-(2**255), 2**255 - 1))
accounts_ = st.lists(
    st.tuples(st.just(ENTITY) | words_, st.just(ENTITY) | words_, st.lists(tokens, max_size=4), numbers), max_size=5
)


@given(accounts_)
def test_logs_are_read_as_the_compiler_writes_them(accounts: list[Any]) -> None:
    found = settled_in([log(data=f"0x{settled_data(*accounts).hex()}")], ADDRESS, ENTITY, range(1, 11))
    expected: dict[tuple[str, int], tuple[int, int]] = {}
    nonces: dict[str, int] = {}
    for left, right, held, nonce in accounts:
        if ENTITY in (left, right) and held:
            user = f"0x{(right if left == ENTITY else left).hex()}"
            nonces[user] = nonce
            expected |= {(user, one[0]): (one[3], one[4]) for one in held}
    assert found.accounts == tuple(
        AccountOnChain(user, token_id, *state, nonces[user]) for (user, token_id), state in expected.items()
    )


@given(accounts_, st.data())
def test_a_changed_byte_or_cut_in_a_log_is_read_or_refused(accounts: list[Any], data: st.DataObject) -> None:
    whole = bytearray(settled_data(*accounts))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    for changed in (whole, whole[:cut]):
        with suppress(NodeSilent):
            settled_in([log(data=f"0x{changed.hex()}")], ADDRESS, ENTITY, range(1, 11))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["0x5", "0x", ADDRESS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(log())), inner, max_size=6),
    max_leaves=12,
)


almost_logs = st.dictionaries(st.sampled_from(sorted(log())), json_values, max_size=2).map(lambda new: log() | new)


@given(json_values | st.lists(almost_logs, max_size=3))
def test_any_answer_in_place_of_logs_is_read_or_refused(answer: Any) -> None:
    with suppress(NodeSilent):
        settled_in(answer, ADDRESS, ENTITY, range(1, 11))


def test_every_error_of_the_contract_has_a_name() -> None:
    declared = [one for one in json.loads(ARTIFACT.read_text())["abi"] if one["type"] == "error"]
    named = set()
    for one in declared:
        fields = [f"{field['type']} {field['name']}" for field in one["inputs"]]
        named.add(f"{one['name']}({','.join(fields)})")
    assert named == set(ERRORS) - {"Panic(uint256 code)"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "reverted"),
        ("0x", "reverted"),
        ("0x12345678", "reverted (0x12345678)"),
        (f"0x{keccak(text='WrongNonce(uint256,uint256)')[:4].hex()}{7:064x}", None),
        (f"0x{keccak(text='Panic(uint256)')[:4].hex()}{17:064x}", "Panic: code 17"),
        (f"0x{keccak(text='NothingMoved()')[:4].hex()}", "NothingMoved"),
        ({"nested": 1}, "reverted"),
    ],
)
def test_a_revert_that_is_not_the_contracts_has_the_nodes_words(data: Any, expected: str | None) -> None:
    found = refusal_words(NodeRefused("eth_call", 3, "reverted", data))
    assert found == (expected or f"reverted ({data[:10]})")


async def test_a_digest_says_who_signed_it(world: World) -> None:
    pull = world.pull(LEFT, 10)
    digest = world.port.pull_digest(IDS[LEFT], 0, 10, 1)
    assert world.port.signed_by(digest, pull.signature) == IDS[LEFT]
    assert world.port.signed_by(world.port.pull_digest(IDS[LEFT], 0, 10, 2), pull.signature) != IDS[LEFT]
    for malformed in ("", "0x", digest[:-1], digest + "00", "0x" + " " * 64, "0x" + "é" * 64):
        assert world.port.signed_by(malformed, pull.signature) is None
        assert world.port.signed_by(digest, malformed) is None
