"""A standing delegation as it is granted, shown, used up and ended (drift spec 12)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.messages import Acknowledged, Refused
from engine.drift.messages import (
    EndStanding,
    GrantStanding,
    NothingStands,
    PortfolioState,
    StandingToSign,
    StandingUnbounded,
)
from engine.drift.records import Status
from tests.engine.chain.conftest import OWNER, LocalChain
from tests.engine.chain.conftest import chain as chain
from tests.engine.chain.conftest import deployed as deployed
from tests.engine.drift.running_drift import DELEGATE, Place, Running, balanced, quick_options, running

OUT_OF_BALANCE = {"WETH": 3500, "USDC": 1500, "DAI": 1500, "WBTC": 2000, "LINK": 1500}
Until = Callable[..., Awaitable[None]]


@pytest.fixture
def place(chain: LocalChain, tmp_path: Path) -> Place:
    chain.node.ask("anvil_setBalance", DELEGATE.address, hex(10**19))
    chain.node.ask("anvil_setBalance", OWNER.address, hex(10**18))
    return Place(chain, tmp_path, balanced(chain), quick_options())


def calm(run: Running) -> bool:
    return run.portfolio is not None and run.portfolio.state is PortfolioState.CALM


async def signatures(run: Running) -> int:
    return len([row for row in await run.journal.intents("drift") if row.kind == "drift.sign"])


async def test_plans_go_out_under_a_standing_delegation_without_another_signature_until_it_is_used_up(
    place: Place, until: Until
) -> None:
    async with running(place) as run:
        await until(lambda: calm(run), within_s=20)
        granted = await run.bus.ask(GrantStanding(portfolio="main", uses=10, days=1.0))
        assert isinstance(granted, Acknowledged)
        assert await signatures(run) == 2
        place.targets_bps = dict(OUT_OF_BALANCE)
        await until(lambda: run.portfolio is not None and run.portfolio.last is not None, within_s=20)
        await until(lambda: calm(run), within_s=20)
        assert run.portfolio is not None
        assert run.portfolio.last is not None
        assert run.portfolio.last.status is Status.SUCCESS
        assert run.portfolio.standing is not None
        assert run.portfolio.standing.uses_left == 10 - len(run.portfolio.last.legs)
        assert await signatures(run) == 2
    async with running(place) as again:
        await until(lambda: calm(again), within_s=20)
        assert again.portfolio is not None
        assert again.portfolio.standing is not None
        assert again.portfolio.standing.uses_left < 10


async def test_it_is_shown_what_a_leaked_key_could_take(place: Place, until: Until) -> None:
    place.options = quick_options(max_trade_usd=Decimal(1000))
    async with running(place) as run:
        await until(lambda: calm(run), within_s=20)
        await run.bus.ask(GrantStanding(portfolio="main", uses=3, days=1.0))
        await until(lambda: run.portfolio is not None and run.portfolio.standing is not None, within_s=20)
        assert run.portfolio is not None
        assert run.portfolio.standing is not None
        assert run.portfolio.standing.could_take_usd == pytest.approx(Decimal(3000), rel=Decimal("0.01"))
        assert run.portfolio.standing.delegate == DELEGATE.address


async def test_a_plan_beyond_its_bounds_is_signed_for_by_itself(place: Place, until: Until) -> None:
    place.options = quick_options(max_trade_usd=Decimal(100))
    async with running(place) as run:
        await until(lambda: calm(run), within_s=20)
        await run.bus.ask(GrantStanding(portfolio="main", uses=10, days=1.0))
        place.options = quick_options()
        place.targets_bps = dict(OUT_OF_BALANCE)
        await until(lambda: run.portfolio is not None and run.portfolio.last is not None, within_s=20)
        assert await signatures(run) == 3


async def test_once_it_is_ended_it_stands_no_more_on_the_chain_either(place: Place, until: Until) -> None:
    async with running(place) as run:
        await until(lambda: calm(run), within_s=20)
        assert await run.bus.ask(EndStanding(portfolio="main")) == Refused(NothingStands("main"))
        await run.bus.ask(GrantStanding(portfolio="main", uses=3, days=1.0))
        nonce = int(place.chain.node.ask("eth_getTransactionCount", OWNER.address, "latest"), 16)
        assert isinstance(await run.bus.ask(EndStanding(portfolio="main")), Acknowledged)
        assert int(place.chain.node.ask("eth_getTransactionCount", OWNER.address, "latest"), 16) == nonce + 2
        assert await run.bus.ask(EndStanding(portfolio="main")) == Refused(NothingStands("main"))


async def test_an_owner_who_signs_elsewhere_gets_both_to_sign(place: Place, until: Until) -> None:
    place.owners = ()
    async with running(place) as run:
        await until(lambda: calm(run), within_s=20)
        answer = await run.bus.ask(GrantStanding(portfolio="main", uses=3, days=1.0))
        assert isinstance(answer, Refused)
        assert isinstance(answer.reason, StandingToSign)
        signed = tuple(
            f"0x{OWNER.sign_typed_data(full_message=json.loads(text)).signature.hex().removeprefix('0x')}"
            for text in (answer.reason.approvals, answer.reason.swaps)
        )
        command = GrantStanding(portfolio="main", uses=3, days=1.0, signatures=signed)
        assert isinstance(await run.bus.ask(command), Acknowledged)
        place.targets_bps = dict(OUT_OF_BALANCE)
        place.options = quick_options(destination_band=Decimal("0.5"))
        await until(lambda: run.portfolio is not None and run.portfolio.last is not None, within_s=20)
        assert run.portfolio is not None
        assert run.portfolio.last is not None
        assert run.portfolio.last.status is Status.SUCCESS


@pytest.mark.parametrize(("uses", "days"), [(0, 1.0), (1001, 1.0), (1, 0.0), (1, 91.0)])
async def test_one_without_bounds_is_not_granted(place: Place, until: Until, uses: int, days: float) -> None:
    async with running(place) as run:
        await until(lambda: calm(run), within_s=20)
        answer = await run.bus.ask(GrantStanding(portfolio="main", uses=uses, days=days))
        assert answer == Refused(StandingUnbounded(1000, 90.0))
