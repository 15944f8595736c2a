"""A drift engine that runs: a real node with the real contracts, a CoinGecko over sockets, a journal on disk."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from engine.chain.keys import LocalSigner
from engine.chain.life import LifeRules
from engine.chain.portfolios import Contracts, PortfolioChain
from engine.chain.rpc import Rpc
from engine.chain.sender import Sender
from engine.core.bus import Bus
from engine.core.clock import Clock, WallClock
from engine.core.gate import Gate, ModeHolds
from engine.core.journal import Journal
from engine.core.modes import Mode
from engine.core.secrets import Secret
from engine.core.switch import MasterSwitch
from engine.drift.alerts import Alert
from engine.drift.engine import DriftEngine
from engine.drift.messages import DriftSnapshot, PortfolioSnapshot
from engine.drift.options import DriftOptions
from engine.drift.portfolios import Portfolio, Token, Watched
from engine.oracle.coingecko import CoinGecko
from engine.paper.anvil import CHAIN_ID, Node
from engine.paper.coingecko import CoinGeckoStandIn
from tests.engine.chain.conftest import OWNER, LocalChain

DELEGATE = Account.from_key("0x" + "33" * 32)
QUICK = LifeRules(confirmations=1)
NATIVE = "ethereum"


@dataclass
class Place:
    """What outlives one run of the engine: chain, prices, folder."""

    chain: LocalChain
    folder: Path
    targets_bps: dict[str, int]
    options: DriftOptions
    mode: Mode = Mode.PAPER
    person: bool = False
    rules: LifeRules = QUICK
    prices: dict[str, Decimal] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    rpc_address: str = ""
    others: tuple[Portfolio, ...] = ()
    owners: tuple[LocalAccount, ...] = (OWNER,)
    clock: Clock = field(default_factory=WallClock)

    @property
    def watched(self) -> Watched:
        tokens = tuple(
            Token(one.symbol, one.address, one.decimals, one.symbol.lower()) for one in self.chain.parts.tokens
        )
        return Watched(tokens, (Portfolio("main", self.chain.account, self.targets_bps), *self.others))

    async def read(self) -> Watched:
        return self.watched

    def usd(self) -> dict[str, Decimal | None]:
        fair = {one.symbol.lower(): one.price_usd for one in self.chain.parts.tokens}
        return {**fair, NATIVE: Decimal(3000), **self.prices}


@dataclass
class Running:
    """One run. `task` is the engine's; a test may cancel it."""

    place: Place
    bus: Bus
    journal: Journal
    gate: Gate
    switch: MasterSwitch
    rpc: Rpc
    sender: Sender
    engine: DriftEngine
    task: asyncio.Task[None]

    @property
    def portfolio(self) -> PortfolioSnapshot | None:
        return self.bus.latest(PortfolioSnapshot, "main")

    @property
    def drift(self) -> DriftSnapshot | None:
        return self.bus.latest(DriftSnapshot)


def balanced(chain: LocalChain) -> dict[str, int]:
    """Targets that the account of the tests has from the start: a fifth of each token."""
    return {token.symbol: 2000 for token in chain.parts.tokens}


def quick_options(**changed: object) -> DriftOptions:
    fields: dict[str, object] = {
        "look_every_s": 1.0,
        "prices_every_s": 1.0,
        "cooldown_minutes": Decimal(0),
        "max_trade_usd": Decimal(100_000),
        "max_deviation": 0.2,
        "max_twap_deviation": 0.0,
        "price_impact_threshold": 0.5,
    }
    return DriftOptions(**(fields | changed))  # type: ignore[arg-type]


@contextmanager
def frozen(node: Node) -> Iterator[None]:
    """The node takes connections and answers nothing."""
    wrapper = node._process.pid
    (child,) = Path(f"/proc/{wrapper}/task/{wrapper}/children").read_text("ascii").split()
    os.kill(int(child), signal.SIGSTOP)
    try:
        while any(_state(task) != "T" for task in Path(f"/proc/{child}/task").iterdir()):
            time.sleep(0.001)
        yield
    finally:
        os.kill(int(child), signal.SIGCONT)


def _state(task: Path) -> str:
    return (task / "stat").read_text("ascii").rpartition(")")[2].split()[0]


@asynccontextmanager
async def running(place: Place) -> AsyncIterator[Running]:
    """The engine, started; ended, with everything under it, when the block ends."""
    async with AsyncExitStack() as stack:
        clock, bus = place.clock, Bus()
        journal = Journal(place.folder / "journal.sqlite", "test")
        await asyncio.to_thread(journal.open)
        stack.push_async_callback(asyncio.to_thread, journal.close)
        switch = MasterSwitch(place.mode, bus, lambda _: None, clock.now())
        gate = Gate(mode=place.mode, switch=switch, journal=journal, clock=clock, revision=lambda: 1)
        if place.mode is Mode.LIVE:
            gate.confirm_live()
        rpc = await stack.enter_async_context(Rpc(Secret(place.rpc_address or place.chain.node.address), 2.0))
        oracle = await stack.enter_async_context(CoinGeckoStandIn(place.usd, clock.now))
        feed = await stack.enter_async_context(CoinGecko(oracle.address))
        sender = Sender(
            purpose="drift",
            rpc=rpc,
            signer=LocalSigner(DELEGATE),
            chain_id=CHAIN_ID,
            gate=gate,
            journal=journal,
            clock=clock,
            rules=place.rules,
        )
        at = place.chain.parts.contracts
        revokers = {
            owner.address: Sender(
                purpose=f"revoke.{owner.address}",
                rpc=rpc,
                signer=LocalSigner(owner),
                chain_id=CHAIN_ID,
                gate=gate,
                journal=journal,
                clock=clock,
                rules=place.rules,
            )
            for owner in place.owners
        }
        chain = PortfolioChain(
            rpc=rpc,
            revokers=revokers,
            sender=sender,
            delegate=DELEGATE.address,
            owners={owner.address: LocalSigner(owner) for owner in place.owners},
            contracts=Contracts(
                at["DelegationManager"], at["UniswapV2Router02"], place.chain.enforcers, place.chain.standing_enforcers
            ),
            chain_id=CHAIN_ID,
            gate=gate,
            gas_cap_wei=lambda: place.options.max_gas_wei,
        )
        engine = DriftEngine(
            chain=chain,
            chain_id=CHAIN_ID,
            delegate=DELEGATE.address,
            native_coin=NATIVE,
            feed=feed,
            journal=journal,
            bus=bus,
            clock=clock,
            options=lambda: place.options,
            watched=place.read,
            confirmed_by_person=lambda: place.person,
            may_send=lambda: None if place.mode.may_act else ModeHolds(place.mode),
            revision=lambda: 1,
            raised=place.alerts.append,
        )
        task = asyncio.create_task(engine.run())
        try:
            yield Running(place, bus, journal, gate, switch, rpc, sender, engine, task)
        finally:
            task.cancel()
            await asyncio.wait((task,))
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
