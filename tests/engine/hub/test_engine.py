"""The hub engine over a real chain: asked, batched, settled, booked to the unit (hub spec 2 to 17)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from engine.chain.depository import Batch, Push, entity_of
from engine.chain.life import LifeRules
from engine.core.clock import ManualClock
from engine.core.gate import ModeHolds, SwitchHolds
from engine.core.modes import AskedByPerson, Mode
from engine.hub.batch import BatchInFlight, WaitsForSignature
from engine.hub.front_desk import Answered
from engine.hub.limits import NobodyCanRebalance
from engine.hub.messages import (
    AnotherSigner,
    BatchEnded,
    GasAboveCap,
    GasView,
    HubSnapshot,
    ItemDropped,
    NothingUnsecured,
    NotReady,
    OnItsWay,
    PricesHold,
)
from engine.hub.payments import Paid, Payment
from engine.hub.ports import ChainUnavailable, Sealed
from engine.hub.pulls import PullState
from engine.hub.records import BatchStatus
from engine.hub.requests import Declined, RequestState
from engine.paper.rpc_proxy import RpcFaults, RpcProxy
from tests.engine.chain.conftest import LocalChain
from tests.engine.chain.conftest import chain as chain
from tests.engine.chain.conftest import deployed as deployed
from tests.engine.hub.running_hub import GWEI, USDC, USERS, HubPlace, RunningHub, id_of, quick_options, running

Until = Callable[..., Awaitable[None]]
UNIT = 10**6


@pytest.fixture
def place(chain: LocalChain, tmp_path: Path) -> HubPlace:
    found = HubPlace(chain, tmp_path, quick_options())
    found.found()
    found.base_fee(1)
    return found


def ended(hub: RunningHub) -> list[BatchEnded]:
    return [event for event in hub.events() if isinstance(event, BatchEnded)]


async def test_what_users_ask_for_becomes_collateral_in_one_batch_and_the_books_agree_to_the_unit(
    place: HubPlace, until: Until
) -> None:
    payer, *payees = USERS[:4]
    place.secure(payer, 9_000)
    async with running(place) as hub:
        await until(lambda: hub.works)
        for payee in payees:
            assert isinstance(await hub.pay(payer, payee, 2_000), Paid)
        requests = [await hub.ask(payee, 1_500) for payee in payees]
        assert all(isinstance(one, Answered) for one in requests)
        await until(lambda: bool(ended(hub)), within_s=20)
        (done,) = ended(hub)
        assert done.record.status is BatchStatus.SETTLED
        assert [place.collateral(payee) for payee in payees] == [1_500 * UNIT] * 3
        assert place.reserve() == (100_000 - 4_500) * UNIT
        for request, push in zip(requests, done.record.pushes, strict=True):
            assert isinstance(request, Answered)
            after = hub.engine.desk.request(push.request)
            assert after is not None
            assert after.state is RequestState.DONE
        taken = sum(push.hub_fee + push.gas_paid for push in done.record.pushes)
        left = sum(hub.owed(payee) for payee in payees)
        assert left == (3 * 500 - taken) * UNIT
        assert hub.snapshot is not None
        assert isinstance(hub.snapshot, HubSnapshot)
        assert hub.engine._held.ledger.total(USDC) == 0


async def test_three_pulls_fund_three_pushes_in_one_transaction_with_no_reserve(
    chain: LocalChain, tmp_path: Path, until: Until
) -> None:
    """Spec 13; issue 5, 7."""
    place = HubPlace(chain, tmp_path, quick_options(interval_s=2.0))
    place.found(reserve_usd=0)
    payers, payees = USERS[:3], USERS[3:6]
    for payer in payers:
        place.secure(payer, 2_000)
    place.base_fee(1)
    async with running(place) as hub:
        await until(lambda: hub.works)
        for payer, payee in zip(payers, payees, strict=True):
            await hub.pay(payer, payee, 1_050)
        for payee in payees:
            assert isinstance(await hub.ask(payee, 1_000), Answered)
        await until(lambda: len(hub.engine._held.pulls) == 3)
        assert await hub.sign_pulls(*payers) == 3
        await until(lambda: bool(ended(hub)), within_s=20)
        (done,) = ended(hub)
        assert (len(done.record.pushes), len(done.record.pulls)) == (3, 3)
        assert [place.collateral(payee) for payee in payees] == [1_000 * UNIT] * 3
        assert place.entity_nonce() == 1


async def test_a_pull_is_taken_back_when_its_user_is_paid_what_it_would_take(
    chain: LocalChain, tmp_path: Path, until: Until
) -> None:
    """Spec 1: a pull takes the hub's own share; once that was paid to the user, it would take the user's."""
    place = HubPlace(chain, tmp_path, quick_options())
    place.found(reserve_usd=0)
    place.secure(USERS[0], 4_000)
    place.secure(USERS[1], 4_000)
    place.base_fee(1)
    async with running(place) as hub:
        await until(lambda: hub.works)
        await hub.pay(USERS[0], USERS[2], 3_000)
        assert isinstance(await hub.ask(USERS[2], 2_000), Answered)
        await until(lambda: len(hub.engine._held.pulls) == 1)
        (pull,) = hub.engine._held.pulls.values()
        assert pull.user == id_of(USERS[0])
        assert isinstance(await hub.pay(USERS[1], USERS[0], 1_000), Paid)
        ended_as = hub.engine._held.pulls_ended[pull.id].state
        assert ended_as is PullState.WITHDRAWN
        account = hub.engine._held.accounts.get(id_of(USERS[0]), USDC)
        assert account is not None
        assert account.user_secured == 2_000 * UNIT


async def test_what_somebody_else_secured_meanwhile_is_not_pushed_again(place: HubPlace, until: Until) -> None:
    place.options = quick_options(interval_s=3.0)
    place.secure(USERS[0], 9_000)
    async with running(place) as hub:
        await until(lambda: hub.works)
        await hub.pay(USERS[0], USERS[1], 3_000)
        asked = await hub.ask(USERS[1], 2_000)
        assert isinstance(asked, Answered)
        place.fill(entity_of(USERS[5].address), place.tokens[USDC], 2_500)
        pair = ((entity_of(USERS[1].address), 2_500 * UNIT),)
        assert place.process(Batch(pushes=(Push(USDC, place.entity, pair),)), USERS[5], 1)
        await until(lambda: hub.engine.desk.reason(asked.request) == NothingUnsecured(), within_s=15)
        assert place.entity_nonce() == 0


async def test_a_missing_signature_holds_only_the_pushes_that_need_it(
    chain: LocalChain, tmp_path: Path, until: Until
) -> None:
    """Spec 13."""
    place = HubPlace(chain, tmp_path, quick_options())
    place.found(reserve_usd=1_000)
    for payer in USERS[:2]:
        place.secure(payer, 3_000)
    place.base_fee(1)
    async with running(place) as hub:
        await until(lambda: hub.works)
        for payer, payee in zip(USERS[:2], USERS[2:4], strict=True):
            await hub.pay(payer, payee, 2_500)
        small, large = await hub.ask(USERS[2], 900), await hub.ask(USERS[3], 2_000)
        assert isinstance(small, Answered)
        assert isinstance(large, Answered)
        await until(lambda: bool(ended(hub)), within_s=20)
        assert [push.request for push in ended(hub)[0].record.pushes] == [small.request.id]
        await until(lambda: hub.engine.desk.reason(large.request).__class__ is WaitsForSignature)
        await hub.sign_pulls(*USERS[:2])
        await until(lambda: len(ended(hub)) == 2, within_s=20)
        assert place.collateral(USERS[3]) == 2_000 * UNIT


async def test_a_pull_that_turned_bad_is_found_by_halving_and_the_rest_goes_without_gas_lost(
    chain: LocalChain, tmp_path: Path, until: Until
) -> None:
    """Spec 14: one bad item would revert everything."""
    place = HubPlace(chain, tmp_path, quick_options(interval_s=3600.0, batch_size_threshold=4))
    place.found(reserve_usd=5_000)
    for payer in USERS[:3]:
        place.secure(payer, 4_000)
    place.base_fee(1)
    async with running(place) as hub:
        await until(lambda: hub.works)
        for payer, payee in zip(USERS[:3], USERS[3:6], strict=True):
            await hub.pay(payer, payee, 3_500)
        requests = [await hub.ask(payee, 3_000) for payee in USERS[3:6]]
        assert all(isinstance(one, Answered) for one in requests)
        await until(lambda: len(hub.engine._held.pulls) > 0)
        pulled = [user for user in USERS[:3] if hub.engine.desk.inbox(id_of(user))]
        await hub.sign_pulls(*pulled)
        (bad,) = [one for one in hub.engine._held.pulls.values() if one.user == id_of(pulled[0])]
        broken = replace(bad, nonce=0)
        hub.engine._held.pulls[bad.id] = broken
        await hub.pay(USERS[0] if pulled[0] is not USERS[0] else USERS[1], USERS[6], 400)
        assert isinstance(await hub.ask(USERS[6], 300), Answered)
        await until(lambda: bool(ended(hub)), within_s=30)
        dropped = [event for event in hub.events() if isinstance(event, ItemDropped)]
        assert [(one.item, one.user) for one in dropped] == [("pull", bad.user)]
        assert ended(hub)[0].record.status is BatchStatus.SETTLED
        assert place.collateral(USERS[6]) == 300 * UNIT


async def test_nothing_above_the_cap_leaves_and_the_queue_drains_within_two_blocks_after_a_spike(
    chain: LocalChain, tmp_path: Path, until: Until
) -> None:
    """Issue 5, 5: base fee 5 -> 500 -> 5 gwei under a cap of 100, behind a node that behaves as real ones do."""
    async with RpcProxy(chain.node.address) as proxy:
        place = HubPlace(chain, tmp_path, quick_options(), rpc_address=proxy.address, rules=LifeRules())
        place.found()
        place.secure(USERS[0], 9_000)
        place.base_fee(5)
        place.mine(4)
        async with running(place) as hub, by_hand(place):
            await until(lambda: hub.works)
            for payee in USERS[1:4]:
                await hub.pay(USERS[0], payee, 2_500)
            place.base_fee(500)
            waits = [await hub.ask(payee, 2_000) for payee in USERS[1:4]]
            await until(lambda: all(isinstance(hub.engine.desk.reason(one.request), GasAboveCap) for one in waits))
            assert place.entity_nonce() == 0
            place.base_fee(5)
            await until(lambda: place.chain.node.ask("txpool_status")["pending"] != "0x0", within_s=20)
            before = place.head()
            place.mine(2)
            assert place.entity_nonce() == 1
            assert place.head() == before + 2
            assert [place.collateral(payee) for payee in USERS[1:4]] == [2_000 * UNIT] * 3
            assert all(price <= 100 * GWEI for price in place.gas_prices())


async def test_behind_a_line_that_loses_delays_and_repeats_everything_is_paid_once(
    chain: LocalChain, tmp_path: Path, until: Until
) -> None:
    """Issue 5, 5."""
    bad = RpcFaults(
        seed=7, lost_request_ratio=0.15, lost_answer_ratio=0.15, repeat_ratio=0.15, delay_ratio=0.1, delay_s=0.3
    )
    async with RpcProxy(chain.node.address, bad) as proxy:
        place = HubPlace(chain, tmp_path, quick_options(interval_s=1.0), rpc_address=proxy.address)
        place.found()
        place.secure(USERS[0], 9_000)
        place.base_fee(1)
        async with running(place) as hub:
            await until(lambda: hub.works, within_s=30)
            for at, payee in enumerate(USERS[1:5], 1):
                assert isinstance(await paid(hub, payee), Paid)
                assert isinstance(await asked_for(hub, payee), Answered)
                await until(lambda at=at: len(settled(hub)) >= at, within_s=60)  # type: ignore[misc]
        assert [place.collateral(payee) for payee in USERS[1:5]] == [1_500 * UNIT] * 4
        assert place.entity_nonce() == 4


async def test_what_another_account_carried_out_is_booked_once(place: HubPlace, until: Until) -> None:
    """Spec 15: whoever has the bytes of a signed batch may have it carried out."""
    place.secure(USERS[0], 9_000)
    async with running(place) as hub:
        await until(lambda: hub.works)
        await hub.pay(USERS[0], USERS[1], 3_000)
        sealed: list[Sealed] = []
        submit = hub.chain.submit

        async def carried_elsewhere(key: str, batch: Sealed, gas: int) -> None:
            sealed.append(batch)
            await asyncio.to_thread(chain_send, place, bytes.fromhex(batch.call[2:]))
            await submit(key, batch, gas)

        hub.chain.submit = carried_elsewhere  # type: ignore[method-assign]
        asked = await hub.ask(USERS[1], 2_000)
        assert isinstance(asked, Answered)
        await until(lambda: bool(ended(hub)), within_s=30)
        assert place.collateral(USERS[1]) == 2_000 * UNIT
        assert place.entity_nonce() == 1
        after = hub.engine.desk.request(asked.request.id)
        assert after is not None
        assert after.state is RequestState.DONE


async def test_a_batch_of_a_second_program_with_the_hubs_key_stops_the_hub(place: HubPlace, until: Until) -> None:
    place.secure(USERS[0], 9_000)
    async with running(place) as hub:
        await until(lambda: hub.works)
        await hub.pay(USERS[0], USERS[1], 3_000)
        submit = hub.chain.submit

        async def overtaken(key: str, batch: Sealed, gas: int) -> None:
            await asyncio.to_thread(place.process, Batch(), place.hub, 1)
            await submit(key, batch, gas)

        hub.chain.submit = overtaken  # type: ignore[method-assign]
        asked = await hub.ask(USERS[1], 2_000)
        assert isinstance(asked, Answered)
        await until(lambda: hub.snapshot is not None and isinstance(hub.snapshot.trouble, AnotherSigner), within_s=30)
        assert place.collateral(USERS[1]) == 0
        after = hub.engine.desk.request(asked.request.id)
        assert after is not None
        assert after.state is RequestState.ACCEPTED


async def test_every_batch_is_signed_for_the_number_after_the_chains_last(place: HubPlace, until: Until) -> None:
    """Spec 15: signed for the next one, a batch that is rebuilt would pay twice (test_depository shows it)."""
    place.secure(USERS[0], 9_000)
    async with running(place) as hub:
        await until(lambda: hub.works)
        await hub.pay(USERS[0], USERS[1], 3_000)
        nonces: list[int] = []
        submit = hub.chain.submit

        async def fails_at_first(key: str, batch: Sealed, gas: int) -> None:
            nonces.append(batch.nonce)
            if len(nonces) == 1:
                raise ChainUnavailable("gone")
            await submit(key, batch, gas)

        hub.chain.submit = fails_at_first  # type: ignore[method-assign]
        await hub.ask(USERS[1], 2_000)
        await until(lambda: bool(ended(hub)), within_s=30)
        assert nonces == [1, 1]
        assert place.collateral(USERS[1]) == 2_000 * UNIT


async def test_a_request_that_waited_too_long_ends_and_all_of_its_fees_go_back(
    chain: LocalChain, tmp_path: Path, until: Until
) -> None:
    """Spec 5."""
    place = HubPlace(chain, tmp_path, quick_options(request_valid_s=10.0, interval_s=3600.0), clock=ManualClock(1e9))
    place.found()
    place.secure(USERS[0], 9_000)
    place.base_fee(1)
    async with running(place) as hub:
        await turned(hub, lambda: hub.works)
        await hub.pay(USERS[0], USERS[1], 3_000)
        asked = await hub.ask(USERS[1], 2_000)
        assert isinstance(asked, Answered)
        assert hub.owed(USERS[1]) < 3_000 * UNIT
        place.clock.advance(11.0)  # type: ignore[attr-defined]
        await turned(hub, lambda: asked.request.id not in hub.engine._held.requests)
        after = hub.engine.desk.request(asked.request.id)
        assert after is not None
        assert after.state is RequestState.EXPIRED
        assert hub.owed(USERS[1]) == 3_000 * UNIT


async def test_what_a_signed_batch_carries_is_not_given_back_while_that_batch_may_be_mined(
    chain: LocalChain, tmp_path: Path, until: Until
) -> None:
    """Spec 15: else its fees would go back and the batch be carried out by whoever has its bytes."""
    options = quick_options(request_valid_s=10.0)
    place = HubPlace(chain, tmp_path, options, clock=ManualClock(1e9))
    place.found()
    place.secure(USERS[0], 9_000)
    place.base_fee(1)
    async with running(place) as hub:
        await turned(hub, lambda: hub.works)
        await hub.pay(USERS[0], USERS[1], 3_000)

        async def gone(key: str, batch: Sealed, gas: int) -> None:
            raise ChainUnavailable("gone")

        hub.chain.submit = gone  # type: ignore[method-assign]
        asked = await hub.ask(USERS[1], 2_000)
        assert isinstance(asked, Answered)
        await turned(hub, lambda: hub.engine._held.requests[asked.request.id].sealed_nonce == 1)
        place.clock.advance(100.0)  # type: ignore[attr-defined]
        for _ in range(5):
            await turned(hub, lambda: True)
        assert asked.request.id in hub.engine._held.requests


async def test_who_asks_while_a_batch_is_on_its_way_is_told_to_wait_for_the_next_one(
    chain: LocalChain, tmp_path: Path, until: Until
) -> None:
    """Spec 17: nobody is told that a batch carries what it does not."""
    place = HubPlace(chain, tmp_path, quick_options())
    place.found()
    place.secure(USERS[0], 9_000)
    place.base_fee(1)
    async with running(place) as hub:
        await until(lambda: hub.works)
        await hub.pay(USERS[0], USERS[1], 2_000)
        await hub.pay(USERS[0], USERS[2], 2_000)
        async with by_hand(place):
            first = await hub.ask(USERS[1], 1_000)
            assert isinstance(first, Answered)
            await until(lambda: hub.engine._held.attempt is not None)
            second = await hub.ask(USERS[2], 1_000)
            assert isinstance(second, Answered)
            desk = hub.engine.desk
            await until(lambda: isinstance(desk.reason(desk.request(second.request.id)), BatchInFlight))
            assert isinstance(desk.reason(desk.request(first.request.id)), OnItsWay)


async def test_what_is_over_is_freed_by_a_batch_of_nothing_that_uses_its_number(
    chain: LocalChain, tmp_path: Path, until: Until
) -> None:
    """Spec 5 and 15: a signed batch carries it that was never sent, and nothing else would use the number."""
    place = HubPlace(chain, tmp_path, quick_options(request_valid_s=10.0), clock=ManualClock(1e9))
    place.found()
    place.secure(USERS[0], 9_000)
    place.base_fee(1)
    async with running(place) as hub:
        await turned(hub, lambda: hub.works)
        await hub.pay(USERS[0], USERS[1], 3_000)
        submit = hub.chain.submit

        async def gone(key: str, batch: Sealed, gas: int) -> None:
            raise ChainUnavailable("gone")

        hub.chain.submit = gone  # type: ignore[method-assign]
        asked = await hub.ask(USERS[1], 2_000)
        assert isinstance(asked, Answered)
        await turned(hub, lambda: hub.engine._held.requests[asked.request.id].sealed_nonce == 1)
        place.options = quick_options(request_valid_s=10.0, max_user_usd=Decimal(1))
        dispatch = hub.engine._dispatch
        await turned(hub, lambda: isinstance(dispatch.reasons.get(asked.request.id), NobodyCanRebalance))
        hub.chain.submit = submit  # type: ignore[method-assign]
        place.clock.advance(20.0)  # type: ignore[attr-defined]
        await turned(hub, lambda: asked.request.id not in hub.engine._held.requests)
        after = hub.engine.desk.request(asked.request.id)
        assert after is not None
        assert after.state is RequestState.EXPIRED
        assert (place.entity_nonce(), place.collateral(USERS[1])) == (1, 0)
        assert hub.owed(USERS[1]) == 3_000 * UNIT


async def test_a_native_price_that_is_too_old_holds_the_soft_limit_and_says_so(place: HubPlace, until: Until) -> None:
    """Spec 8."""
    place.options = quick_options(soft_limit_every_s=1.0, prices_every_s=1.0, max_price_age_s=60.0)
    async with running(place) as hub:
        await until(lambda: hub.works)
        place.feed.age_s = 100.0
        await until(lambda: isinstance(gas_of(hub).held, PricesHold), within_s=15)
        before = gas_of(hub).limit_at_s
        assert hub.works
        place.feed.age_s = 0.0
        await until(lambda: gas_of(hub).held is None and gas_of(hub).limit_at_s > before, within_s=15)


async def test_when_gas_stops_everybody_one_sentence_says_at_which_price_it_resumes(
    place: HubPlace, until: Until
) -> None:
    """Spec 9."""
    place.secure(USERS[0], 9_000)
    place.base_fee(250)
    place.options = quick_options(max_gas_gwei=Decimal(1000))
    async with running(place) as hub:
        await until(lambda: hub.works)
        found = await hub.ask(USERS[0], 5_000)
        assert isinstance(found, Declined)
        assert isinstance(found.reason, NobodyCanRebalance)
        assert Decimal(190) < found.reason.resumes_at_gwei < Decimal(191)
        assert gas_of(hub).stops == found.reason


async def test_paused_or_stopped_nothing_is_signed(place: HubPlace, until: Until) -> None:
    place.secure(USERS[0], 9_000)
    async with running(place) as hub:
        await until(lambda: hub.works)
        await hub.pay(USERS[0], USERS[1], 3_000)
        asked = await hub.ask(USERS[1], 2_000)
        assert isinstance(asked, Answered)
        hub.switch.pause(AskedByPerson("test"), place.clock.now())
        assert isinstance(await hub.ask(USERS[1], 200), Declined)
        await until(lambda: isinstance(hub.engine.desk.reason(asked.request), SwitchHolds))
        assert not [row for row in await hub.journal.intents("hub") if row.state != "held"]
        hub.switch.resume(AskedByPerson("test"), place.clock.now())
        await until(lambda: bool(ended(hub)), within_s=20)


async def test_cancelled_at_any_moment_it_goes_on_with_the_next_run(place: HubPlace, until: Until) -> None:
    """Spec 16."""
    place.secure(USERS[0], 9_000)
    async with running(place) as hub:
        await until(lambda: hub.works)
        await hub.pay(USERS[0], USERS[1], 3_000)
        await hub.ask(USERS[1], 2_000)
        await until(lambda: hub.engine._held.attempt is not None)
    async with running(place) as hub:
        await until(lambda: bool(ended(hub)), within_s=20)
        assert place.collateral(USERS[1]) == 2_000 * UNIT
        assert place.entity_nonce() == 1


async def test_in_observe_nothing_is_taken_on_or_signed(chain: LocalChain, tmp_path: Path, until: Until) -> None:
    place = HubPlace(chain, tmp_path, quick_options(), mode=Mode.OBSERVE)
    place.found()
    place.secure(USERS[0], 9_000)
    async with running(place) as hub:
        await until(lambda: hub.works)
        for found in (await hub.pay(USERS[0], USERS[1], 3_000), await hub.ask(USERS[0], 2_000)):
            assert isinstance(found, Declined)
            assert found.reason == NotReady(ModeHolds(Mode.OBSERVE))
        assert await hub.journal.intents("hub") == []


@asynccontextmanager
async def by_hand(place: HubPlace) -> AsyncIterator[None]:
    """Blocks come when the test says so."""
    place.chain.node.ask("evm_setAutomine", False)
    try:
        yield
    finally:
        place.chain.node.ask("evm_setAutomine", True)


def settled(hub: RunningHub) -> list[BatchEnded]:
    return [event for event in ended(hub) if event.record.status is BatchStatus.SETTLED]


async def paid(hub: RunningHub, payee: LocalAccount) -> Paid | Declined:
    """Asked again, under the same key, while the chain does not answer; wallets do the same."""
    payment = Payment(id_of(USERS[0]), id_of(payee), USDC, 2_000 * UNIT, f"paid {payee.address}")
    while True:
        try:
            found = await hub.engine.payments.pay(payment)
        except ChainUnavailable:
            continue
        if not isinstance(found, Declined) or not isinstance(found.reason, NotReady):
            return found
        await asyncio.sleep(0)


async def asked_for(hub: RunningHub, user: LocalAccount) -> Answered | Declined:
    while True:
        try:
            found = await hub.ask(user, 1_500, key=f"asked {user.address}")
        except ChainUnavailable:
            continue
        if not isinstance(found, Declined) or not isinstance(found.reason, NotReady):
            return found
        await asyncio.sleep(0)


def gas_of(hub: RunningHub) -> GasView:
    assert hub.snapshot is not None
    assert hub.snapshot.gas is not None
    return hub.snapshot.gas


async def turned(hub: RunningHub, done: Callable[[], bool]) -> None:
    """Let time pass on the clock that a test moves, a look at a time, until it is so."""
    for _ in range(200):
        hub.place.clock.advance(0.2)  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)
        if done():
            return
    raise AssertionError("it did not come to pass")


def chain_send(place: HubPlace, data: bytes) -> None:
    assert place.chain.send(place.contract, data, place.chain.stranger).succeeded
