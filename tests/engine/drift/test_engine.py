"""The drift engine end to end: on the real contracts, over real sockets, with a journal on disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.journal import Batch, Memory
from engine.core.messages import Acknowledged, Refused
from engine.core.modes import Mode
from engine.drift.alerts import AlertKind
from engine.drift.bookkeeping import log_line, record_from, sample_from
from engine.drift.cooldown import Rest, sent
from engine.drift.messages import (
    ChainSilent,
    ConfirmPlan,
    Dismissed,
    DismissPlan,
    NothingToRevoke,
    PlanDropped,
    PlanIsAnother,
    PlanSent,
    PortfolioState,
    Rebalanced,
    ReceivedLess,
    RevokedElsewhere,
    RevokePlan,
    SignatureNeeded,
    SimulationReverted,
    TokenUnfit,
)
from engine.drift.options import PriceSource
from engine.drift.prices import PricesDisagree
from engine.drift.reasons import EndsOutside
from engine.drift.records import Status
from engine.paper.anvil import CHAIN_ID
from engine.paper.chain_parts import call_data
from tests.engine.chain.conftest import OWNER, LocalChain
from tests.engine.chain.conftest import chain as chain
from tests.engine.chain.conftest import deployed as deployed
from tests.engine.drift.running_drift import DELEGATE, Place, balanced, frozen, quick_options, running

OUT_OF_BALANCE = {"WETH": 4000, "USDC": 1500, "DAI": 1500, "WBTC": 2000, "LINK": 1000}
Until = Callable[..., Awaitable[None]]


@pytest.fixture
def place(chain: LocalChain, tmp_path: Path) -> Place:
    chain.node.ask("anvil_setBalance", DELEGATE.address, hex(10**19))
    return Place(chain, tmp_path, balanced(chain), quick_options())


def is_in(place_state: PortfolioState, run: object) -> bool:
    portfolio = run.portfolio  # type: ignore[attr-defined]
    return portfolio is not None and portfolio.state is place_state


async def test_a_balanced_portfolio_is_seen_and_left_alone(place: Place, until: Until) -> None:
    async with running(place) as run:
        await until(lambda: is_in(PortfolioState.CALM, run))
        assert run.portfolio is not None
        assert run.portfolio.max_drift is not None
        assert run.portfolio.max_drift < 0.01
        assert await run.journal.intents("drift") == []


async def test_a_portfolio_out_of_balance_is_brought_back_in_one_transaction(place: Place, until: Until) -> None:
    """Issue 4, 3: received as simulated to the base unit, every token inside its destination, gas within the bar."""
    place.targets_bps = dict(OUT_OF_BALANCE)
    # By the oracle, for the pools' own prices move with the swaps.
    place.options = quick_options(price_source=PriceSource.ORACLE, destination_band=Decimal("0.5"))
    async with running(place) as run:
        reader = run.bus.read(Rebalanced)
        await until(lambda: is_in(PortfolioState.CALM, run), within_s=20)
        (event,) = reader.drain()
        record = event.record  # type: ignore[attr-defined]
        assert record.status is Status.SUCCESS
        assert all(leg.amount_out == leg.quote_out for leg in record.legs)
        assert run.portfolio is not None
        assert run.portfolio.max_drift is not None
        assert run.portfolio.max_drift <= run.portfolio.destination + 1e-4
        assert int(place.chain.node.ask("eth_getTransactionCount", DELEGATE.address, "latest"), 16) == 1
        assert record.gas_used <= 100_000 + 225_000 * len(record.legs)


async def test_where_costs_keep_a_token_outside_its_destination_the_plan_says_so_before_and_by_how_much(
    place: Place, until: Until
) -> None:
    """Issue 4, 3; spec 10."""
    place.targets_bps, place.person = dict(OUT_OF_BALANCE), True
    place.options = quick_options(price_source=PriceSource.ORACLE)
    async with running(place) as run:
        await until(lambda: is_in(PortfolioState.PROPOSED, run), within_s=20)
        assert run.portfolio is not None
        assert run.portfolio.plan is not None
        planned = {token.symbol: token for token in run.portfolio.tokens}
        await run.bus.ask(ConfirmPlan(portfolio="main", plan=run.portfolio.plan.id))
        await until(lambda: is_in(PortfolioState.CALM, run), within_s=20)
        for token in run.portfolio.tokens:
            said = planned[token.symbol]
            assert token.drift == pytest.approx(said.residual_drift, abs=1e-9)
            outside = abs(token.drift or 0.0) > 1e-4
            assert outside == any(isinstance(reason, EndsOutside) for reason in said.reasons)


async def test_the_record_holds_what_was_planned_and_what_came_of_it(place: Place, until: Until) -> None:
    """Spec 15."""
    place.targets_bps = dict(OUT_OF_BALANCE)
    async with running(place) as run:
        await until(lambda: is_in(PortfolioState.CALM, run), within_s=20)
        (fact,) = await run.journal.facts("drift", "rebalance")
        record = record_from(fact)
        assert run.portfolio is not None
        assert run.portfolio.last == record
        lost = sum(leg.usd_in - leg.usd_out for leg in record.legs)
        assert record.fee_usd + record.impact_usd + record.slippage_usd == lost
        assert record.gas_cost_usd > 0
        assert (record.revision, record.portfolio) == (1, "main")
        assert log_line(record).startswith("main drift=+")
        receipt = place.chain.node.ask("eth_getTransactionReceipt", record.transaction_hash)
        assert int(receipt["gasUsed"], 16) == record.gas_used


async def test_in_observe_a_plan_is_made_and_nothing_leaves(place: Place, until: Until) -> None:
    place.targets_bps, place.mode = dict(OUT_OF_BALANCE), Mode.OBSERVE
    async with running(place) as run:
        await until(lambda: run.portfolio is not None and run.portfolio.plan is not None, within_s=20)
        assert place.chain.node.ask("eth_getTransactionCount", DELEGATE.address, "latest") == "0x0"


async def test_a_plan_waits_for_its_confirmation_and_then_goes_out_as_it_was_read(place: Place, until: Until) -> None:
    """Issue 4, 8."""
    place.targets_bps, place.person = dict(OUT_OF_BALANCE), True
    async with running(place) as run:
        reader = run.bus.read(PlanSent)
        await until(lambda: is_in(PortfolioState.PROPOSED, run), within_s=20)
        await asyncio.sleep(2.5)
        assert reader.drain() == []
        assert run.portfolio is not None
        assert run.portfolio.plan is not None
        read = run.portfolio.plan
        another = await run.bus.ask(ConfirmPlan(portfolio="main", plan="something else"))
        assert another == Refused(PlanIsAnother("main"))
        assert isinstance(await run.bus.ask(ConfirmPlan(portfolio="main", plan=read.id)), Acknowledged)
        await until(lambda: is_in(PortfolioState.CALM, run), within_s=20)
        (sent,) = reader.drain()
        assert sent.plan == read.id  # type: ignore[attr-defined]
        assert run.portfolio.last is not None
        assert [leg.path for leg in run.portfolio.last.legs] == [leg.path for leg in read.legs]


async def test_an_owner_who_signs_elsewhere_gets_the_delegation_as_typed_data_and_its_signature_lets_the_plan_out(
    place: Place, until: Until
) -> None:
    """Spec 12: a signed delegation is imported."""
    place.targets_bps, place.owners = dict(OUT_OF_BALANCE), ()
    async with running(place) as run:
        await until(lambda: is_in(PortfolioState.PROPOSED, run), within_s=20)
        assert run.portfolio is not None
        plan = run.portfolio.plan
        assert plan is not None
        unsigned = await run.bus.ask(ConfirmPlan(portfolio="main", plan=plan.id))
        assert unsigned == Refused(SignatureNeeded(place.chain.account))
        signed = OWNER.sign_typed_data(full_message=json.loads(plan.to_sign))
        signature = f"0x{signed.signature.hex().removeprefix('0x')}"
        await run.bus.ask(ConfirmPlan(portfolio="main", plan=plan.id, signature=signature))
        await until(lambda: is_in(PortfolioState.CALM, run), within_s=20)
        assert run.portfolio.last is not None
        assert run.portfolio.last.status is Status.SUCCESS


async def test_a_signature_of_somebody_else_drops_the_plan_before_anything_is_sent(place: Place, until: Until) -> None:
    place.targets_bps, place.owners = dict(OUT_OF_BALANCE), ()
    async with running(place) as run:
        reader = run.bus.read(PlanDropped)
        await until(lambda: is_in(PortfolioState.PROPOSED, run), within_s=20)
        assert run.portfolio is not None
        assert run.portfolio.plan is not None
        forged = DELEGATE.sign_typed_data(full_message=json.loads(run.portfolio.plan.to_sign))
        signature = f"0x{forged.signature.hex().removeprefix('0x')}"
        await run.bus.ask(ConfirmPlan(portfolio="main", plan=run.portfolio.plan.id, signature=signature))
        await until(lambda: is_in(PortfolioState.COOLING, run), within_s=20)
        (dropped,) = reader.drain()
        assert isinstance(dropped.reason, SimulationReverted)  # type: ignore[attr-defined]
        assert place.chain.node.ask("eth_getTransactionCount", DELEGATE.address, "latest") == "0x0"


async def test_a_plan_whose_delegation_was_revoked_is_dropped_before_anything_is_sent(
    place: Place, until: Until
) -> None:
    """Spec 12: one button."""
    place.targets_bps, place.person = dict(OUT_OF_BALANCE), True
    place.chain.node.ask("anvil_setBalance", OWNER.address, hex(10**18))
    async with running(place) as run:
        reader = run.bus.read(PlanDropped)
        await until(lambda: is_in(PortfolioState.PROPOSED, run), within_s=20)
        assert run.portfolio is not None
        assert run.portfolio.plan is not None
        plan = run.portfolio.plan.id
        assert isinstance(await run.bus.ask(RevokePlan(portfolio="main", plan=plan)), Acknowledged)
        await run.bus.ask(ConfirmPlan(portfolio="main", plan=plan))
        await until(lambda: is_in(PortfolioState.COOLING, run), within_s=20)
        (dropped,) = reader.drain()
        assert isinstance(dropped.reason, SimulationReverted)  # type: ignore[attr-defined]
        assert await run.bus.ask(RevokePlan(portfolio="main", plan=plan)) == Refused(NothingToRevoke(plan))


async def test_without_the_owners_key_the_call_that_revokes_is_handed_out(place: Place, until: Until) -> None:
    place.targets_bps, place.owners = dict(OUT_OF_BALANCE), ()
    async with running(place) as run:
        await until(lambda: is_in(PortfolioState.PROPOSED, run), within_s=20)
        assert run.portfolio is not None
        assert run.portfolio.plan is not None
        answer = await run.bus.ask(RevokePlan(portfolio="main", plan=run.portfolio.plan.id))
        assert isinstance(answer, Refused)
        assert isinstance(answer.reason, RevokedElsewhere)
        call = answer.reason
        assert place.chain.send_as_account(call.to, bytes.fromhex(call.data[2:])).succeeded


async def test_a_plan_that_is_dismissed_is_dropped_and_nothing_leaves(place: Place, until: Until) -> None:
    place.targets_bps, place.person = dict(OUT_OF_BALANCE), True
    async with running(place) as run:
        reader = run.bus.read(PlanDropped)
        await until(lambda: is_in(PortfolioState.PROPOSED, run), within_s=20)
        assert run.portfolio is not None
        assert run.portfolio.plan is not None
        await run.bus.ask(DismissPlan(portfolio="main", plan=run.portfolio.plan.id))
        (dropped,) = reader.drain()
        assert dropped.reason == Dismissed()  # type: ignore[attr-defined]
        assert place.chain.node.ask("eth_getTransactionCount", DELEGATE.address, "latest") == "0x0"


async def test_prices_that_disagree_block_the_portfolio_with_the_reason_at_the_token(
    place: Place, until: Until
) -> None:
    """Spec 3."""
    place.targets_bps = dict(OUT_OF_BALANCE)
    place.prices["link"] = Decimal(30)
    async with running(place) as run:
        await until(lambda: is_in(PortfolioState.BLOCKED, run), within_s=20)
        assert run.portfolio is not None
        link = next(token for token in run.portfolio.tokens if token.symbol == "LINK")
        assert isinstance(link.reasons[0], PricesDisagree)
        assert run.portfolio.value_usd is None


async def test_a_node_that_goes_and_comes_back_is_said_and_survived(place: Place, until: Until) -> None:
    async with running(place) as run:
        await until(lambda: is_in(PortfolioState.CALM, run), within_s=20)
        with frozen(place.chain.node):
            await until(lambda: run.drift is not None and isinstance(run.drift.trouble, ChainSilent), within_s=20)
        await until(lambda: run.drift is not None and run.drift.trouble is None, within_s=20)


async def test_a_plan_that_was_remembered_but_never_left_is_given_up_after_a_restart(
    place: Place, until: Until
) -> None:
    """Spec 13."""
    async with running(place) as run:
        await until(lambda: is_in(PortfolioState.CALM, run), within_s=20)
        rest = Memory("drift", f"{CHAIN_ID}/rest/main", asdict(sent(Rest(), "drift/lost")), 0.0)
        await run.journal.commit(Batch(remember=(rest,)))
    async with running(place) as run:
        await until(lambda: is_in(PortfolioState.CALM, run), within_s=20)
        assert run.portfolio is not None
        assert run.portfolio.failures == 1


async def test_an_alert_comes_once_for_an_episode_and_not_again_after_a_restart(place: Place, until: Until) -> None:
    """Issue 4, 8; spec 17."""
    place.targets_bps, place.mode = dict(OUT_OF_BALANCE), Mode.OBSERVE
    for _ in range(2):
        async with running(place) as run:
            await until(lambda: run.portfolio is not None and run.portfolio.plan is not None, within_s=20)
            await asyncio.sleep(2.2)
    assert [alert.kind for alert in place.alerts] == [AlertKind.HIGH_DRIFT]


async def test_options_changed_at_run_time_hold_for_the_next_look(place: Place, until: Until) -> None:
    """Spec 18."""
    place.targets_bps, place.mode = dict(OUT_OF_BALANCE), Mode.OBSERVE
    place.options = quick_options(threshold=Decimal(1), min_trade_usd=Decimal(0))
    place.targets_bps = {"WETH": 3000, "USDC": 1500, "DAI": 1500, "WBTC": 2000, "LINK": 2000}
    async with running(place) as run:
        await until(lambda: is_in(PortfolioState.CALM, run), within_s=20)
        place.options = quick_options(threshold=Decimal("0.15"))
        await until(lambda: is_in(PortfolioState.READY, run), within_s=20)


async def test_portfolios_are_sampled_while_nothing_is_triggered(place: Place, until: Until) -> None:
    """Spec 16."""
    place.options = quick_options(sample_every_s=1.0)
    async with running(place) as run:
        await until(lambda: run.portfolio is not None and run.portfolio.summary is not None, within_s=20)
        await until(lambda: run.portfolio.summary.total_return is not None, within_s=20)  # type: ignore[union-attr]
        first, *_ = await run.journal.facts("drift", "sample")
        name, sample = sample_from(first)
        assert name == "main"
        assert sum(sample.units[at] * price for at, price in enumerate(sample.prices)) == pytest.approx(
            sample.value_usd, rel=Decimal("1e-6")
        )


def make_ill(place: Place, symbol: str, signature: str, argument: object) -> None:
    token = place.chain.parts.token(symbol)
    assert place.chain.send(token.address, call_data(signature, argument), place.chain.deployer).succeeded


@pytest.mark.parametrize(
    ("symbol", "signature", "argument", "health"),
    [
        ("LINK", "setPaused(bool)", True, "PAUSED"),
        ("LINK", "setTransferFeeBps(uint256)", 100, "FEE_ON_TRANSFER"),
        ("DAI", "setTransferFeeBps(uint256)", 1, "FEE_ON_TRANSFER"),
    ],
)
async def test_a_token_that_is_paused_or_takes_a_fee_is_found_by_trying_and_the_others_are_traded(
    place: Place, until: Until, symbol: str, signature: str, argument: object, health: str
) -> None:
    """Spec 5."""
    make_ill(place, symbol, signature, argument)
    place.targets_bps = {"WETH": 3000, "USDC": 1500, "DAI": 2500, "WBTC": 2000, "LINK": 1000}
    place.options = quick_options(price_source=PriceSource.ORACLE)
    async with running(place) as run:
        reader = run.bus.read(PlanDropped)
        await until(lambda: run.portfolio is not None and run.portfolio.last is not None, within_s=20)
        dropped = [event.reason for event in reader.drain()]  # type: ignore[attr-defined]
        assert any(isinstance(one, TokenUnfit | ReceivedLess) and one.symbol == symbol for one in dropped)
        assert run.portfolio is not None
        assert run.portfolio.last is not None
        traded = {leg.sell for leg in run.portfolio.last.legs} | {leg.buy for leg in run.portfolio.last.legs}
        assert symbol not in traded
        assert next(token.health for token in run.portfolio.tokens if token.symbol == symbol) == health
