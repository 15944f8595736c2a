"""The drift engine's place on a chain: embedded in PAPER, the operator's own node otherwise (issue 4, 9)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.configuration import Configuration
from engine.core.gate import Gate
from engine.core.journal import Journal
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.core.switch import MasterSwitch
from engine.desk.drift_room import DriftRoom
from engine.desk.on_chain import CHAIN_SECRETS, DELEGATE_KEY, RPC, PortfolioFile
from engine.desk.options import SECTIONS
from engine.drift.book import BadPortfolio
from engine.drift.messages import ChainNotReady, DriftSnapshot, NotSetUp, Rebalanced
from engine.drift.records import Status
from tests.engine.chain.conftest import LocalChain
from tests.engine.chain.conftest import chain as chain
from tests.engine.chain.conftest import deployed as deployed
from tests.secret_service import SecretService
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service

Until = Callable[..., Awaitable[None]]


@dataclass
class Room:
    """A room that runs, and what it tells."""

    bus: Bus
    journal: Journal

    @property
    def drift(self) -> DriftSnapshot | None:
        return self.bus.latest(DriftSnapshot)

    @property
    def trouble(self) -> str:
        found = None if self.drift is None else self.drift.trouble
        return found.words if isinstance(found, ChainNotReady | NotSetUp) else ""


@asynccontextmanager
async def room(folder: Path, mode: Mode, vault: SecretStore, **environment: str) -> AsyncIterator[Room]:
    clock, bus = WallClock(), Bus()
    configuration = await Configuration.open(folder / "options.toml", Catalogue(SECTIONS), environment, clock)
    journal = Journal(folder / "journal.sqlite", "test")
    await asyncio.to_thread(journal.open)
    switch = MasterSwitch(mode, bus, lambda _: None, clock.now())
    gate = Gate(mode=mode, switch=switch, journal=journal, clock=clock, revision=lambda: 1)
    running = DriftRoom(
        mode=mode,
        vault=vault,
        configuration=configuration,
        journal=journal,
        gate=gate,
        bus=bus,
        file=PortfolioFile(folder / "portfolios.toml"),
    )
    task = asyncio.create_task(running.run())
    try:
        yield Room(bus, journal)
    finally:
        task.cancel()
        await asyncio.wait((task,))
        await asyncio.to_thread(journal.close)


@pytest.fixture
def vault(secret_service: SecretService) -> SecretStore:
    return SecretStore("drift", SecretNames(CHAIN_SECRETS), lambda secret: None)


async def test_in_paper_a_market_that_moves_pushes_portfolios_out_of_balance_and_they_are_brought_back(
    tmp_path: Path, vault: SecretStore, until: Until
) -> None:
    """Issue 4, 9; here with a market that is wilder, so that it does not take a minute."""
    wild = {"EVENKEEL_PAPER_CHAIN_VOLATILITY": "0.1", "EVENKEEL_DRIFT_LOOK_EVERY_S": "1"}
    calm = {"EVENKEEL_DRIFT_MAX_TWAP_DEVIATION": "0", "EVENKEEL_DRIFT_PRICES_EVERY_S": "1"}
    loose = {"EVENKEEL_DRIFT_MAX_DEVIATION": "0.9", "EVENKEEL_CHAIN_CONFIRMATIONS": "1"}
    async with room(tmp_path, Mode.PAPER, vault, **wild, **calm, **loose) as found:
        reader = found.bus.read(Rebalanced)
        await until(lambda: found.drift is not None and len(found.drift.rows) == 3, within_s=20)
        done: list[Status] = []

        def brought_back() -> bool:
            done.extend(event.record.status for event in reader.drain() if isinstance(event, Rebalanced))
            return Status.SUCCESS in done

        await until(brought_back, within_s=60)


async def test_without_a_node_it_says_what_is_missing_and_where_to_give_it(
    tmp_path: Path, vault: SecretStore, until: Until
) -> None:
    async with room(tmp_path, Mode.OBSERVE, vault) as found:
        await until(lambda: "Keys page" in found.trouble)


async def test_a_chain_without_a_known_router_asks_for_one(tmp_path: Path, vault: SecretStore, until: Until) -> None:
    await vault.save(RPC, Secret("https://example.invalid/rpc"))
    await vault.save(DELEGATE_KEY, Secret("0x" + "33" * 32))
    async with room(tmp_path, Mode.OBSERVE, vault, EVENKEEL_CHAIN_CHAIN_ID="31337") as found:
        await until(lambda: "drift.uniswap_v2_router" in found.trouble)


async def test_on_a_node_whose_chain_lacks_the_contracts_it_says_which_and_does_not_go_on(
    tmp_path: Path, vault: SecretStore, chain: LocalChain, until: Until
) -> None:
    await vault.save(RPC, Secret(chain.node.address))
    await vault.save(DELEGATE_KEY, Secret("0x" + "33" * 32))
    environment = {
        "EVENKEEL_CHAIN_CHAIN_ID": "31337",
        "UNISWAP_V2_ROUTER": chain.router,
        "EVENKEEL_DRIFT_LOOK_EVERY_S": "1",
    }
    async with room(tmp_path, Mode.OBSERVE, vault, **environment) as found:
        await until(lambda: found.drift is not None and found.drift.trouble is not None)
        assert found.drift is not None
        assert "DelegationManager" in str(found.drift.trouble)


async def test_the_file_of_portfolios_is_read_again_when_it_changes_and_refused_with_words(tmp_path: Path) -> None:
    file = PortfolioFile(tmp_path / "portfolios.toml")
    assert (await file.watched()).portfolios == ()
    text = '[tokens.A]\naddress = "0x{}"\ndecimals = 6\ncoin = "a"\n'.format("11" * 20)
    (tmp_path / "portfolios.toml").write_text(text, "utf-8")
    assert [token.symbol for token in (await file.watched()).tokens] == ["A"]
    (tmp_path / "portfolios.toml").write_text(text + "[portfolios.x]\n", "utf-8")
    for _ in range(2):
        with pytest.raises(BadPortfolio, match=r"portfolios\.x"):
            await file.watched()
    (tmp_path / "portfolios.toml").unlink()
    assert (await file.watched()).portfolios == ()
