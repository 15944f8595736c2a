"""A second node that only sends: nobody sees a transaction before it is mined (drift seed, "MEV Protection")."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.chain.keys import LocalSigner
from engine.chain.life import LifeRules
from engine.chain.rpc import Rpc
from engine.chain.sender import ChainCall, Sender
from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.gate import Gate
from engine.core.journal import Journal
from engine.core.modes import Mode
from engine.core.secrets import Secret
from engine.core.switch import MasterSwitch
from engine.paper.anvil import CHAIN_ID
from engine.paper.rpc_proxy import RpcProxy
from tests.engine.chain.conftest import LocalChain
from tests.engine.drift.running_drift import DELEGATE


async def test_a_transaction_goes_out_by_the_private_node_and_is_read_from_the_other(
    chain: LocalChain, tmp_path: Path
) -> None:
    chain.node.ask("anvil_setBalance", DELEGATE.address, hex(10**18))
    clock, journal = WallClock(), Journal(tmp_path / "journal.sqlite", "test")
    await asyncio.to_thread(journal.open)
    switch = MasterSwitch(Mode.PAPER, Bus(), lambda _: None, 0.0)
    gate = Gate(mode=Mode.PAPER, switch=switch, journal=journal, clock=clock, revision=lambda: 1)
    async with (
        RpcProxy(chain.node.address) as public,
        RpcProxy(chain.node.address) as private,
        Rpc(Secret(public.address)) as rpc,
        Rpc(Secret(private.address)) as outlet,
    ):
        sender = Sender(
            purpose="test",
            rpc=rpc,
            outlet=outlet,
            signer=LocalSigner(DELEGATE),
            chain_id=CHAIN_ID,
            gate=gate,
            journal=journal,
            clock=clock,
            rules=LifeRules(confirmations=1),
        )
        await sender.start()
        call = ChainCall("a", chain.deployer, "0x", 1, 21_000, 10**12)
        assert await sender.carried_out(call, look_every_s=0.01)
        assert (len(private.arrived), public.arrived) == (1, [])
    await asyncio.to_thread(journal.close)
