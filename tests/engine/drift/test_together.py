"""Several portfolios in one transaction, on the real contracts (drift spec 11)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from engine.drift.bookkeeping import record_from
from engine.drift.messages import (
    PlanDropped,
    PortfolioSnapshot,
    PortfolioState,
    SimulationReverted,
)
from engine.drift.portfolios import Portfolio
from tests.engine.chain.conftest import OWNER, LocalChain, endow
from tests.engine.chain.conftest import chain as chain
from tests.engine.chain.conftest import deployed as deployed
from tests.engine.drift.running_drift import DELEGATE, Place, Running, quick_options, running
from tests.engine.drift.test_engine import OUT_OF_BALANCE

SECOND = Account.from_key("0x" + "44" * 32)
Until = Callable[..., Awaitable[None]]


@pytest.fixture
def place(chain: LocalChain, tmp_path: Path) -> Place:
    chain.node.ask("anvil_setBalance", DELEGATE.address, hex(10**19))
    endow(chain, SECOND.address, 20_000)
    options = quick_options(cooldown_minutes=15)
    second = Portfolio("second", SECOND.address, OUT_OF_BALANCE)
    return Place(chain, tmp_path, dict(OUT_OF_BALANCE), options, others=(second,), owners=(OWNER, SECOND))


def state(run: Running, name: str) -> PortfolioState | None:
    portfolio = run.bus.latest(PortfolioSnapshot, name)
    return None if portfolio is None else portfolio.state


async def test_portfolios_share_a_transaction_and_its_gas_and_each_is_booked_with_what_it_received(
    place: Place, until: Until
) -> None:
    place.options = quick_options(cooldown_minutes=15, slippage_tolerance=Decimal("0.3"))
    before = {token.symbol: place.chain.balance(token.symbol, SECOND.address) for token in place.chain.parts.tokens}
    async with running(place) as run:
        await until(
            lambda: state(run, "second") is PortfolioState.CALM and state(run, "main") is PortfolioState.CALM,
            within_s=20,
        )
        records = [record_from(fact) for fact in await run.journal.facts("drift", "rebalance")]
    assert {record.portfolio for record in records} == {"main", "second"}
    (hash_,) = {record.transaction_hash for record in records}
    receipt = place.chain.node.ask("eth_getTransactionReceipt", hash_)
    assert sum(record.gas_used for record in records) == pytest.approx(int(receipt["gasUsed"], 16), abs=1)
    (second,) = (record for record in records if record.portfolio == "second")
    for leg in second.legs:
        before[leg.sell] -= leg.amount_in
        before[leg.buy] += leg.amount_out
    assert before == {symbol: place.chain.balance(symbol, SECOND.address) for symbol in before}


async def test_one_whose_minimum_the_swaps_of_another_spoil_is_left_out_before_it_leaves_and_bears_no_gas(
    place: Place, until: Until
) -> None:
    async with running(place) as run:
        dropped = run.bus.read(PlanDropped)
        remembered: list[Any] = []
        submit = run.sender.submit

        async def submitted(call: Any) -> Any:
            found = await run.journal.recall("drift")
            remembered.extend(value for name, value in found.items() if "/sending/" in name)
            return await submit(call)

        run.sender.submit = submitted  # type: ignore[method-assign]
        await until(lambda: state(run, "main") is PortfolioState.CALM, within_s=20)
        ((sending,),) = remembered
        assert (sending["order"]["portfolio"], sending["share_of_gas"]) == ("main", 1.0)
        (fact,) = await run.journal.facts("drift", "rebalance")
        record = record_from(fact)
        receipt = place.chain.node.ask("eth_getTransactionReceipt", record.transaction_hash)
        assert (record.portfolio, record.gas_used) == ("main", int(receipt["gasUsed"], 16))
        (event,) = dropped.drain()
        assert event.portfolio == "second"  # type: ignore[attr-defined]
        assert isinstance(event.reason, SimulationReverted)  # type: ignore[attr-defined]
        assert state(run, "second") is PortfolioState.COOLING
