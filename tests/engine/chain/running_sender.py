"""One sending account on a real node whose blocks come when a test says so; each run of its sender is a life."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from eth_account import Account

from engine.chain.keys import LocalSigner
from engine.chain.life import Life, LifeRules, Step
from engine.chain.rpc import Rpc
from engine.chain.sender import ChainCall, Sender
from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.gate import Gate, Intent
from engine.core.journal import Journal
from engine.core.modes import AskedByPerson, Mode
from engine.core.secrets import Secret
from engine.core.switch import MasterSwitch
from engine.paper.anvil import CHAIN_ID, Node

GWEI = 10**9
CAP = 100 * GWEI
PAUSE_S = 100.0
"""Longer than a sender waits before it tries the same bytes again."""
_numbers = count(1)


class Crash(BaseException):
    """The program ends here."""


@dataclass
class Run:
    """One run of the sender."""

    sender: Sender
    journal: Journal
    gate: Gate
    switch: MasterSwitch
    place: Place

    @property
    def life(self) -> Life:
        assert self.sender.life is not None
        return self.sender.life

    async def look(self) -> Step:
        """A look, a while after the one before."""
        self.place.clock.advance(PAUSE_S)
        found = await self.sender.look()
        assert found is not None
        return found

    async def until_ended(self, blocks: int = 20) -> Step:
        """Look and mine by turns."""
        for _ in range(blocks):
            found = await self.look()
            if found.life.ended:
                return found
            self.place.mine()
        raise AssertionError(f"it has not ended after {blocks} blocks: {found.reason}")

    async def forget(self) -> None:
        await self.gate.admit([], remember=[self.sender.forgotten()])

    async def broadcasts(self) -> list[Any]:
        return [row for row in await self.journal.intents("chain") if row.kind.startswith("chain.broadcast")]

    def stop(self) -> None:
        self.switch.stop(AskedByPerson("test"), self.place.clock.now())

    def resume(self) -> None:
        self.switch.resume(AskedByPerson("test"), self.place.clock.now())


@dataclass
class Place:
    """What outlives a run: node, account, folder, clock. address: where the sender asks, when not at the node."""

    node: Node
    folder: Path
    rules: LifeRules = field(default_factory=LifeRules)
    address: str = ""
    chain_id: int = CHAIN_ID
    clock: ManualClock = field(default_factory=lambda: ManualClock(1_000.0))
    account: Any = field(default_factory=lambda: Account.from_key(f"0x{next(_numbers) + 2**200:064x}"))

    def call(self, key: str = "one", **changed: Any) -> ChainCall:
        fields: dict[str, Any] = {
            "key": key,
            "to": "0x" + "11" * 20,
            "data": "0x",
            "value_wei": 7,
            "gas_limit": 21_000,
            "cap_wei": CAP,
        }
        return ChainCall(**(fields | changed))

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.node.ask("evm_mine")

    def set_base_fee(self, gwei: int) -> None:
        """Of the next block, and once of the one after the newest."""
        self.node.ask("anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))
        self.mine()
        self.node.ask("anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))

    def nonce(self) -> int:
        return int(self.node.ask("eth_getTransactionCount", self.account.address, "latest"), 16)

    def head(self) -> int:
        return int(self.node.ask("eth_blockNumber"), 16)

    def mined(self) -> list[str]:
        """Hashes of this account's transactions in the chain, oldest first."""
        found = []
        for number in range(self.head() + 1):
            block = self.node.ask("eth_getBlockByNumber", hex(number), True)
            found += [one["hash"] for one in block["transactions"] if one["from"] == self.account.address.lower()]
        return found

    def waiting(self) -> list[str]:
        """Hashes of this account's transactions in the node's pool."""
        pool = self.node.ask("txpool_content")["pending"]
        mine = next((of for who, of in pool.items() if who.lower() == self.account.address.lower()), {})
        return [one["hash"] for one in mine.values()]

    def received(self) -> int:
        return int(self.node.ask("eth_getBalance", "0x" + "11" * 20, "latest"), 16)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Run]:
        """A sender that has started; its journal is closed when the block ends."""
        async with AsyncExitStack() as stack:
            journal = Journal(self.folder / "journal.sqlite", "test")
            await asyncio.to_thread(journal.open)
            stack.push_async_callback(asyncio.to_thread, journal.close)
            switch = MasterSwitch(Mode.PAPER, Bus(), lambda _: None, self.clock.now())
            gate = Gate(mode=Mode.PAPER, switch=switch, journal=journal, clock=self.clock, revision=lambda: 1)
            rpc = await stack.enter_async_context(Rpc(Secret(self.address or self.node.address), 1.0))
            sender = Sender(
                purpose="test",
                rpc=rpc,
                signer=LocalSigner(self.account),
                chain_id=self.chain_id,
                gate=gate,
                journal=journal,
                clock=self.clock,
                rules=self.rules,
            )
            await sender.start()
            yield Run(sender, journal, gate, switch, self)


def crash_at(run: Run, step: str) -> None:
    """Let the program end when a broadcast was admitted (`sealed`), or when the node has it (`sent`)."""
    deliver = run.gate.deliver

    async def delivered(intent: Intent) -> Any:
        if step == "sent":
            await deliver(intent)
        raise Crash

    run.gate.deliver = delivered  # type: ignore[method-assign]
