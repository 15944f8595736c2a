"""The sender on a real node: remembered before it leaves, mined once, in any weather (hub spec 15 and 16)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account

from engine.chain.keys import LocalSigner
from engine.chain.life import AwaitsBlock, AwaitsDepth, Fees, FeesAboveCap, Final, NonceTaken, Stage, replaces
from engine.chain.rpc import NodeRefused, NodeSilent, Rpc
from engine.chain.sender import Busy, CallExpired, NodeSaid, Spent, WrongChain
from engine.core.gate import SwitchHolds
from engine.core.secrets import Secret
from engine.paper.anvil import CHAIN_ID, Node, start_node
from engine.paper.rpc_proxy import RpcProxy
from tests.engine.chain.running_sender import CAP, GWEI, Crash, Place, Run, crash_at
from tests.engine.drift.running_drift import frozen


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    node = asyncio.run(start_node())
    try:
        yield node
    finally:
        asyncio.run(node.stop())


@pytest.fixture
def place(node: Node, tmp_path: Path) -> Place:
    """A new account; blocks come when they are asked for."""
    node.ask("evm_setAutomine", False)
    node.ask("anvil_dropAllTransactions")
    found = Place(node, tmp_path)
    node.ask("anvil_setBalance", found.account.address, hex(10**19))
    found.set_base_fee(1)
    return found


@pytest.fixture
async def lossy(place: Place) -> AsyncIterator[RpcProxy]:
    """Between the sender and the node."""
    async with RpcProxy(place.node.address) as line:
        place.address = line.address
        yield line


async def test_a_call_is_mined_once_and_final_after_its_confirmations(place: Place) -> None:
    async with place.running() as run:
        await run.sender.submit(place.call())
        assert isinstance((await run.look()).reason, AwaitsBlock)
        place.mine()
        block = place.head()
        assert (await run.look()).reason == AwaitsDepth(block, place.rules.confirmations - 1)
        place.mine(place.rules.confirmations - 1)
        found = await run.look()
        assert (found.life.stage, found.reason) == (Stage.CONFIRMED, Final(block, True))
        assert found.life.inclusion is not None
        assert place.mined() == [found.life.inclusion.hash]


async def test_nothing_is_signed_or_sent_before_the_first_look(place: Place) -> None:
    async with place.running() as run:
        life = await run.sender.submit(place.call())
        assert (life.stage, life.seals, life.nonce) == (Stage.WAITING, (), 0)
        assert (place.waiting(), await run.broadcasts()) == ([], [])


async def test_the_signed_bytes_are_in_the_journal_before_they_leave(place: Place) -> None:
    """Drift spec 13."""
    async with place.running() as run:
        crash_at(run, "sealed")
        await run.sender.submit(place.call())
        with pytest.raises(Crash):
            await run.look()
        assert place.waiting() == []
        (row,) = await run.broadcasts()
        (memory,) = (await run.journal.recall("chain")).values()
        (seal,) = memory["life"]["seals"]
        assert (row.state, row.payload["hash"], row.payload["raw"]) == ("admitted", seal["hash"], seal["raw"])
        signed = Account.recover_transaction(seal["raw"])
        assert signed == place.account.address


@pytest.mark.parametrize("step", ["submitted", "sealed", "sent", "answered", "mined", "final"])
async def test_after_a_crash_at_each_step_a_new_sender_goes_on_with_the_same_nonce(place: Place, step: str) -> None:
    """Drift spec 13; hub spec 16."""
    before = place.received()
    async with place.running() as run:
        await run.sender.submit(place.call())
        if step in ("sealed", "sent"):
            crash_at(run, step)
            with pytest.raises(Crash):
                await run.look()
        elif step == "answered":
            await run.look()
        elif step == "mined":
            await run.look()
            place.mine()
            await run.look()
        elif step == "final":
            await run.until_ended()
    async with place.running() as run:
        assert run.life.key == "one"
        found = await run.until_ended()
        assert (found.life.stage, found.life.nonce, len(found.life.seals)) == (Stage.CONFIRMED, 0, 1)
        await run.forget()
        assert await run.journal.unresolved("chain") == []
    assert (place.nonce(), place.received() - before) == (1, 7)
    async with place.running() as run:
        assert run.sender.life is None


async def test_after_one_life_the_next_call_gets_the_next_nonce(place: Place) -> None:
    async with place.running() as run:
        for number in range(3):
            life = await run.sender.submit(place.call(f"call {number}"))
            assert life.nonce == number
            await run.until_ended()
            await run.forget()
        assert len(place.mined()) == 3


async def test_a_second_submit_of_the_same_call_changes_nothing(place: Place) -> None:
    async with place.running() as run:
        await run.sender.submit(place.call())
        await run.look()
        before = run.life
        assert await run.sender.submit(place.call()) == before
        await run.until_ended()
    assert place.nonce() == 1


async def test_while_one_call_is_under_way_another_is_refused(place: Place) -> None:
    async with place.running() as run:
        await run.sender.submit(place.call())
        with pytest.raises(Busy, match="one is under way"):
            await run.sender.submit(place.call("another"))
        await run.until_ended()
        with pytest.raises(Busy, match="not forgotten"):
            await run.sender.submit(place.call("another"))


async def test_only_a_life_that_has_ended_is_forgotten(place: Place) -> None:
    async with place.running() as run:
        await run.sender.submit(place.call())
        with pytest.raises(Busy):
            run.sender.forgotten()


async def test_a_key_never_gets_a_second_nonce_not_even_after_its_life_was_forgotten(place: Place) -> None:
    async with place.running() as run:
        await run.sender.submit(place.call())
        await run.until_ended()
        await run.forget()
    async with place.running() as run:
        with pytest.raises(Spent, match="another key"):
            await run.sender.submit(place.call())
        assert run.sender.life is None
        await run.sender.submit(place.call("another"))
        await run.until_ended()
    assert place.nonce() == 2


async def test_a_node_on_another_chain_is_refused(place: Place) -> None:
    place.chain_id = 1
    with pytest.raises(WrongChain, match=f"expected chain 1, the node is on chain {CHAIN_ID}"):
        async with place.running():
            pass


async def test_the_nodes_word_that_it_has_the_bytes_already_is_as_good_as_taking_them(place: Place) -> None:
    """Hub spec 15: "already known" is a state."""
    async with place.running() as run:
        await run.sender.submit(place.call())
        await run.look()
    async with place.running() as run:
        await run.look()
        assert run.life.sent_block == place.head()
        assert [row.state for row in await run.broadcasts()] == ["delivered", "delivered"]
        await run.until_ended()
    assert place.nonce() == 1


async def test_an_answer_that_is_lost_leads_to_one_transaction(place: Place, lossy: RpcProxy) -> None:
    """Hub spec 16; the node has the bytes, and nobody here knows."""
    lossy.faults.lost_answers = 2
    async with place.running() as run:
        await run.sender.submit(place.call())
        found = await run.look()
        assert (found.life.stage, found.life.sent_block) == (Stage.OPEN, None)
        assert isinstance(found.reason, NodeSaid)
        assert len(place.waiting()) == 1
        found = await run.until_ended()
        assert (found.life.stage, len(found.life.seals)) == (Stage.CONFIRMED, 1)
        assert len(set(lossy.arrived)) == 1
        assert {row.state for row in await run.broadcasts()} == {"delivered"}
    assert place.nonce() == 1


async def test_a_request_that_is_lost_is_sent_again(place: Place, lossy: RpcProxy) -> None:
    lossy.faults.lost_requests = 2
    async with place.running() as run:
        await run.sender.submit(place.call())
        for _ in range(2):
            await run.look()
            assert (place.waiting(), run.life.sent_block) == ([], None)
        assert (await run.until_ended()).life.stage is Stage.CONFIRMED
        assert len(lossy.arrived) == 1
        assert await run.journal.unresolved("chain") == []


async def test_of_seals_whose_answers_were_all_lost_each_is_known_in_the_end(place: Place, lossy: RpcProxy) -> None:
    lossy.faults.lost_answers = 2
    async with place.running() as run:
        await run.sender.submit(place.call())
        await run.look()
        place.set_base_fee(40)
        await run.look()
        first, second = run.life.seals
        await run.until_ended()
        assert run.life.inclusion is not None
        assert run.life.inclusion.hash == second.hash
        states = {row.payload["hash"]: row.state for row in await run.broadcasts()}
        assert states == {first.hash: "rejected", second.hash: "delivered"}
    assert place.nonce() == 1


async def test_a_node_that_is_silent_in_a_look_changes_nothing(place: Place) -> None:
    async with place.running() as run:
        await run.sender.submit(place.call())
        await run.look()
        before = run.life
        with frozen(place.node), pytest.raises(NodeSilent):
            await run.sender.look()
        assert run.life == before
        assert (await run.until_ended()).life.stage is Stage.CONFIRMED


async def test_what_fell_out_of_the_nodes_pool_is_sent_again(place: Place) -> None:
    async with place.running() as run:
        await run.sender.submit(place.call())
        await run.look()
        place.node.ask("anvil_dropAllTransactions")
        found = await run.until_ended()
        assert (found.life.stage, len(found.life.seals)) == (Stage.CONFIRMED, 1)


async def test_above_the_cap_it_waits_and_drains_after_the_spike(place: Place) -> None:
    """Issue 5, 5: base fee 5 -> 500 -> 5 gwei under a cap of 100."""
    async with place.running() as run:
        await run.sender.submit(place.call())
        place.set_base_fee(500)
        found = await run.look()
        assert isinstance(found.reason, FeesAboveCap)
        assert (found.life.stage, place.waiting()) == (Stage.WAITING, [])
        place.set_base_fee(5)
        found = await run.until_ended()
        assert found.life.stage is Stage.CONFIRMED
        assert all(seal.fees.max_fee_wei <= CAP for seal in found.life.seals)


async def test_a_seal_that_a_spike_leaves_behind_is_replaced_within_the_cap_and_one_of_them_is_mined(
    place: Place,
) -> None:
    """Hub spec 15: both fees raised by 12.5 % at least."""
    before = place.received()
    async with place.running() as run:
        await run.sender.submit(place.call())
        await run.look()
        place.set_base_fee(40)
        place.set_base_fee(40)
        await run.look()
        first, second = run.life.seals
        assert replaces(second.fees, first.fees)
        assert place.waiting() == [second.hash]
        found = await run.until_ended()
        assert found.life.inclusion is not None
        assert place.mined() == [found.life.inclusion.hash]
    assert (place.nonce(), place.received() - before) == (1, 7)


async def test_a_node_that_asks_10_percent_more_of_a_replacement_takes_the_senders(
    place: Place, lossy: RpcProxy
) -> None:
    async with place.running() as run:
        await run.sender.submit(place.call())
        await run.look()
        (first,) = run.life.seals
        little = Fees(first.fees.max_fee_wei * 105 // 100, first.fees.priority_wei * 105 // 100)
        _, raw = await LocalSigner(place.account).sign(place.call(), 0, little, CHAIN_ID)
        async with Rpc(Secret(lossy.address)) as rpc:
            with pytest.raises(NodeRefused, match="underpriced"):
                await rpc.ask("eth_sendRawTransaction", raw)
        place.set_base_fee(40)
        place.set_base_fee(40)
        await run.look()
        assert lossy.arrived == [seal.raw for seal in run.life.seals]
        assert len(run.life.seals) == 2
        assert (await run.until_ended()).life.stage is Stage.CONFIRMED
    assert place.nonce() == 1


async def test_a_seal_that_the_node_refuses_as_too_low_is_replaced_and_not_tried_for_ever(place: Place) -> None:
    async with place.running() as run:
        crash_at(run, "sealed")
        await run.sender.submit(place.call())
        with pytest.raises(Crash):
            await run.look()
    place.set_base_fee(40)
    async with place.running() as run:
        await run.look()
        assert len(run.life.seals) == 2
        assert place.waiting() == [run.life.seals[1].hash]
        await run.until_ended()


@pytest.mark.parametrize("depth", [1, 2, 3])
async def test_after_a_reorganisation_the_same_bytes_go_out_again_and_end_confirmed_once(
    place: Place, depth: int
) -> None:
    """Issue 4, 5: reorgs of 1 to 3 blocks."""
    before = place.received()
    async with place.running() as run:
        await run.sender.submit(place.call())
        await run.look()
        place.mine(depth)
        assert (await run.look()).life.stage is Stage.MINED
        place.node.ask("anvil_reorg", depth, [])
        assert place.nonce() == 0
        found = await run.look()
        assert found.life.stage is Stage.OPEN
        found = await run.until_ended()
        assert (found.life.stage, len(found.life.seals)) == (Stage.CONFIRMED, 1)
    assert (place.nonce(), place.received() - before) == (1, 7)


async def test_what_is_final_by_default_outlives_a_reorganisation_of_three_blocks(place: Place) -> None:
    """Hub spec 15: confirmed at a depth that reorgs of 1 to 3 blocks do not reach."""
    async with place.running() as run:
        await run.sender.submit(place.call())
        found = await run.until_ended()
        place.node.ask("anvil_reorg", 3, [])
        assert found.life.inclusion is not None
        assert place.mined() == [found.life.inclusion.hash]


async def test_a_nonce_that_somebody_else_used_fails_the_call_after_the_depth_of_a_final_block(place: Place) -> None:
    async with place.running() as run:
        await run.sender.submit(place.call())
        foreign = replace(place.call("foreign"), value_wei=1)
        raw = _signed(place, foreign.to, 0)
        place.node.ask("eth_sendRawTransaction", raw)
        place.mine()
        for _ in range(place.rules.confirmations):
            assert (await run.look()).life.stage is Stage.WAITING
            place.mine()
        found = await run.look()
        assert (found.life.stage, found.reason) == (Stage.FAILED, NonceTaken(0))
        assert await run.broadcasts() == []
        await run.forget()
        life = await run.sender.submit(place.call("next"))
        assert life.nonce == 1


async def test_a_call_that_could_not_be_signed_in_time_is_given_up_and_its_nonce_is_used_by_the_next(
    place: Place,
) -> None:
    async with place.running() as run:
        newest = place.node.ask("eth_getBlockByNumber", "latest", False)
        at_s = int(newest["timestamp"], 16)
        place.set_base_fee(500)
        await run.sender.submit(place.call(until_s=at_s + 60))
        assert isinstance((await run.look()).reason, FeesAboveCap)
        place.node.ask("evm_increaseTime", 120)
        place.set_base_fee(1)
        found = await run.look()
        assert (found.life.stage, found.reason) == (Stage.FAILED, CallExpired(at_s + 60))
        assert await run.broadcasts() == []
        await run.forget()
        life = await run.sender.submit(place.call("next"))
        assert life.nonce == 0
        assert (await run.until_ended()).life.stage is Stage.CONFIRMED


async def test_a_call_that_was_signed_is_never_given_up_for_being_late(place: Place) -> None:
    async with place.running() as run:
        newest = place.node.ask("eth_getBlockByNumber", "latest", False)
        await run.sender.submit(place.call(until_s=int(newest["timestamp"], 16) + 60))
        await run.look()
        place.node.ask("evm_increaseTime", 120)
        assert (await run.until_ended()).life.stage is Stage.CONFIRMED


async def test_a_stopped_switch_lets_no_broadcast_out_and_it_goes_on_after_resume(place: Place) -> None:
    async with place.running() as run:
        await run.sender.submit(place.call())
        run.stop()
        for _ in range(5):
            assert isinstance((await run.look()).reason, SwitchHolds)
            place.mine()
        assert (place.waiting(), await run.broadcasts(), run.life.sent_block) == ([], [], None)
        run.resume()
        assert (await run.until_ended()).life.stage is Stage.CONFIRMED
        assert len(await run.broadcasts()) == 1


async def test_a_switch_that_stops_at_the_last_moment_leaves_it_unsent_and_not_recorded_as_sent(place: Place) -> None:
    async with place.running() as run:
        deliver = run.gate.deliver

        async def delivered(intent: object) -> object:
            run.stop()
            return await deliver(intent)  # type: ignore[arg-type]

        run.gate.deliver = delivered  # type: ignore[assignment, method-assign]
        await run.sender.submit(place.call())
        assert isinstance((await run.look()).reason, SwitchHolds)
        run.gate.deliver = deliver  # type: ignore[method-assign]
        assert (place.waiting(), run.life.sent_block) == ([], None)
        assert [row.state for row in await run.broadcasts()] == ["held"]
        run.resume()
        found = await run.until_ended()
        assert (found.life.stage, len(found.life.seals)) == (Stage.CONFIRMED, 1)


async def test_an_hour_above_the_cap_leaves_few_rows_in_the_journal(place: Place) -> None:
    async with place.running() as run:
        await run.sender.submit(place.call())
        await run.look()
        await _an_hour(run, gwei=500)
        assert 2 < len(await run.broadcasts()) < 80
        assert len(run.life.seals) == 1
        place.set_base_fee(5)
        assert (await run.until_ended()).life.stage is Stage.CONFIRMED


async def test_what_the_node_refuses_is_said_and_an_hour_of_it_leaves_few_rows(place: Place) -> None:
    place.node.ask("anvil_setBalance", place.account.address, "0x0")
    async with place.running() as run:
        await run.sender.submit(place.call())
        reason = (await run.look()).reason
        assert isinstance(reason, NodeSaid)
        assert "Insufficient funds" in reason.words
        await _an_hour(run, gwei=1)
        assert 2 < len(await run.broadcasts()) < 80
        assert run.life.sent_block is None
        place.node.ask("anvil_setBalance", place.account.address, hex(10**19))
        assert (await run.until_ended()).life.stage is Stage.CONFIRMED


async def _an_hour(run: Run, gwei: int) -> None:
    """A block every two minutes and a look every second."""
    for second in range(3600):
        run.place.clock.advance(1.0)
        if second % 120 == 0:
            run.place.set_base_fee(gwei)
        await run.sender.look()


def _signed(place: Place, to: str, nonce: int) -> str:
    fields = {
        "type": 2,
        "chainId": CHAIN_ID,
        "nonce": nonce,
        "to": to,
        "value": 1,
        "gas": 21_000,
        "maxFeePerGas": 50 * GWEI,
        "maxPriorityFeePerGas": GWEI,
    }
    return f"0x{place.account.sign_transaction(fields).raw_transaction.hex().removeprefix('0x')}"
