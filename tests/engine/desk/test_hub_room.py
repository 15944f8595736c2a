"""The hub's place on a chain: embedded with its users in PAPER, the operator's own node otherwise (issue 5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.configuration import Configuration
from engine.core.gate import Gate
from engine.core.journal import Journal
from engine.core.messages import Acknowledged
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.core.switch import MasterSwitch
from engine.desk.hub_room import HUB_KEY, HUB_SECRETS, HUB_SENDER_KEY, HubRoom
from engine.desk.on_chain import CHAIN_SECRETS, RPC
from engine.desk.options import SECTIONS
from engine.hub.messages import (
    AuditHub,
    BatchEnded,
    ChainNotReady,
    HubSnapshot,
    NotSetUp,
    QuoteRebalance,
    ResumeHub,
    StopHub,
    TokensUnreadable,
)
from engine.hub.records import BatchStatus
from tests.engine.chain.conftest import LocalChain
from tests.engine.chain.conftest import chain as chain
from tests.engine.chain.conftest import deployed as deployed
from tests.secret_service import SecretService
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service

Until = Callable[..., Awaitable[None]]
LIVELY = {"EVENKEEL_HUB_INTERVAL_S": "2", "EVENKEEL_HUB_LOOK_EVERY_S": "0.5", "EVENKEEL_CHAIN_CONFIRMATIONS": "1"}


@dataclass
class Room:
    """A room that runs, and what it tells."""

    bus: Bus
    journal: Journal

    @property
    def hub(self) -> HubSnapshot | None:
        return self.bus.latest(HubSnapshot)

    @property
    def works(self) -> bool:
        return self.hub is not None and self.hub.trouble is None

    @property
    def trouble(self) -> str:
        found = None if self.hub is None else self.hub.trouble
        return found.words if isinstance(found, ChainNotReady | NotSetUp | TokensUnreadable) else ""


@asynccontextmanager
async def room(folder: Path, mode: Mode, vault: SecretStore, **environment: str) -> AsyncIterator[Room]:
    clock, bus = WallClock(), Bus()
    configuration = await Configuration.open(folder / "options.toml", Catalogue(SECTIONS), environment, clock)
    journal = Journal(folder / "journal.sqlite", "test")
    await asyncio.to_thread(journal.open)
    switch = MasterSwitch(mode, bus, lambda _: None, clock.now())
    gate = Gate(mode=mode, switch=switch, journal=journal, clock=clock, revision=lambda: 1)
    running = HubRoom(
        mode=mode,
        vault=vault,
        configuration=configuration,
        journal=journal,
        gate=gate,
        bus=bus,
        tokens_file=folder / "hub.toml",
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
    return SecretStore("hub", SecretNames((*CHAIN_SECRETS, *HUB_SECRETS)), lambda secret: None)


async def test_in_paper_users_ask_and_what_they_ask_for_becomes_collateral(
    tmp_path: Path, vault: SecretStore, until: Until
) -> None:
    async with room(tmp_path, Mode.PAPER, vault, EVENKEEL_PAPER_GAS_SPIKE_EVERY_S="0", **LIVELY) as found:
        reader = found.bus.read(BatchEnded)
        done: list[BatchStatus] = []

        def settled() -> bool:
            done.extend(event.record.status for event in reader.drain() if isinstance(event, BatchEnded))
            return BatchStatus.SETTLED in done

        await until(settled, within_s=60)
        assert found.hub is not None
        assert found.hub.totals.hub_fees_usd > 0


async def test_stop_and_quote_and_audit_are_answered(tmp_path: Path, vault: SecretStore, until: Until) -> None:
    async with room(tmp_path, Mode.PAPER, vault, EVENKEEL_PAPER_HUB_USERS="0", **LIVELY) as found:
        await until(lambda: found.works, within_s=20)
        assert isinstance(await found.bus.ask(QuoteRebalance(token_id=1, amount=1000)), Acknowledged)  # type: ignore[arg-type]
        audited = await found.bus.ask(AuditHub())
        assert isinstance(audited, Acknowledged)
        assert audited.detail["differences"] == 0
        assert isinstance(await found.bus.ask(StopHub()), Acknowledged)
        assert found.hub is not None
        assert found.hub.stopped
        assert isinstance(await found.bus.ask(ResumeHub()), Acknowledged)
        assert not found.hub.stopped


async def test_wallets_reach_it_at_the_port_that_it_tells(tmp_path: Path, vault: SecretStore, until: Until) -> None:
    async with room(tmp_path, Mode.PAPER, vault, EVENKEEL_PAPER_HUB_USERS="0", **LIVELY) as found:
        await until(lambda: found.works, within_s=20)
        assert found.hub is not None
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{found.hub.http_port}/v1/hub") as answer,
        ):
            assert answer.status == 200


async def test_without_a_depository_it_says_so_and_where_to_give_it(
    tmp_path: Path, vault: SecretStore, until: Until
) -> None:
    async with room(tmp_path, Mode.OBSERVE, vault) as found:
        await until(lambda: "hub.depository" in found.trouble)


async def test_without_keys_or_tokens_it_says_what_is_missing(
    tmp_path: Path, vault: SecretStore, chain: LocalChain, until: Until
) -> None:
    environment = {"EVENKEEL_HUB_DEPOSITORY": chain.parts.contracts["Depository"], "EVENKEEL_CHAIN_CHAIN_ID": "31337"}
    await vault.save(RPC, Secret(chain.node.address))
    async with room(tmp_path, Mode.OBSERVE, vault, **environment) as found:
        await until(lambda: "Keys page" in found.trouble)
    await vault.save(HUB_KEY, Secret("0x" + "44" * 32))
    await vault.save(HUB_SENDER_KEY, Secret("0x" + "55" * 32))
    async with room(tmp_path, Mode.OBSERVE, vault, **environment) as found:
        await until(lambda: "hub.toml" in found.trouble)
    (tmp_path / "hub.toml").write_text("[tokens.USDC]\ntoken_id = 0\n", "utf-8")
    async with room(tmp_path, Mode.OBSERVE, vault, **environment) as found:
        await until(lambda: "tokens.USDC" in found.trouble)
