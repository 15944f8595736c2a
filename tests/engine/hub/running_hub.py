"""A hub engine that runs: a real node with the real Depository, a journal on disk, users with keys of their own."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from engine.chain.depository import Batch, Push, batch_hash, encode_batch, entity_of, hanko_of, process_call
from engine.chain.hub import HubChain
from engine.chain.keys import LocalSigner
from engine.chain.life import LifeRules
from engine.chain.rpc import Rpc
from engine.chain.sender import Sender
from engine.core.bus import Bus
from engine.core.clock import Clock, WallClock
from engine.core.gate import Gate
from engine.core.journal import Journal
from engine.core.messages import Event
from engine.core.modes import Exposure, Mode
from engine.core.secrets import Secret
from engine.core.switch import MasterSwitch
from engine.hub.engine import HubEngine
from engine.hub.front_desk import Answered, Asked
from engine.hub.market import Listed
from engine.hub.messages import HubSnapshot
from engine.hub.options import HubOptions
from engine.hub.payments import Paid, Payment
from engine.hub.ports import Price
from engine.hub.requests import Declined
from engine.paper.anvil import CHAIN_ID
from engine.paper.chain_parts import call_data
from tests.engine.chain.conftest import LocalChain
from tests.engine.chain.depository_world import raw_signature

NATIVE = "ethereum"
QUICK = LifeRules(confirmations=1)
GWEI = 10**9
USDC, DAI = 0, 1
HUB: LocalAccount = Account.from_key("0x" + "44" * 32)
SENDER: LocalAccount = Account.from_key("0x" + "55" * 32)
USERS: tuple[LocalAccount, ...] = tuple(Account.from_key((5000 + at).to_bytes(32, "big")) for at in range(40))
_keys = itertools.count(1)


class FixedPrices:
    """A price feed that a test sets."""

    def __init__(self, clock: Clock, prices: Mapping[str, Decimal]) -> None:
        self._clock = clock
        self.prices = dict(prices)
        self.age_s = 0.0

    async def prices_usd(self, coins: Sequence[str]) -> Mapping[str, Price]:
        at_s = self._clock.now() - self.age_s
        return {coin: Price(self.prices[coin], at_s) for coin in coins if coin in self.prices}


@dataclass
class HubPlace:
    """What outlives one run of the engine: chain, folder, prices."""

    chain: LocalChain
    folder: Path
    options: HubOptions
    rules: LifeRules = QUICK
    mode: Mode = Mode.PAPER
    rpc_address: str = ""
    hub: LocalAccount = HUB
    clock: Clock = field(default_factory=WallClock)
    tokens: tuple[Listed, ...] = (Listed(USDC, "USDC", 6, "usdc"), Listed(DAI, "DAI", 18, "dai"))

    def __post_init__(self) -> None:
        prices = {"usdc": Decimal(1), "dai": Decimal(1), NATIVE: Decimal(3500)}
        self.feed = FixedPrices(self.clock, prices)

    @property
    def contract(self) -> str:
        return self.chain.parts.contracts["Depository"]

    @property
    def entity(self) -> bytes:
        return entity_of(self.hub.address)

    def found(self, reserve_usd: int = 100_000) -> None:
        """Register the tokens and fill the hub's reserve."""
        self.chain.node.ask("anvil_setBalance", SENDER.address, hex(10**20))
        for token in self.tokens:
            address = self.chain.parts.token(token.symbol).address
            assert self._call("registerToken(address)", address).succeeded
            if reserve_usd:
                self.fill(self.entity, token, reserve_usd)

    def fill(self, entity: bytes, token: Listed, usd: int) -> None:
        """Deposit into an entity's reserve; the tokens are worth a dollar."""
        amount = usd * 10**token.decimals
        address = self.chain.parts.token(token.symbol).address
        self.chain.send(address, call_data("mint(address,uint256)", self.chain.deployer, amount), self.chain.deployer)
        approve = call_data("approve(address,uint256)", self.contract, amount)
        self.chain.send(address, approve, self.chain.deployer)
        assert self._call("deposit(bytes32,uint256,uint256)", entity, token.token_id, amount).succeeded

    def secure(self, user: LocalAccount, usd: int, token_id: int = USDC, nonce: int = 1) -> None:
        """A user's own collateral at the hub, by a batch of the user's own."""
        token = self.tokens[token_id]
        entity = entity_of(user.address)
        self.fill(entity, token, usd)
        batch = Batch(pushes=(Push(token_id, entity, ((self.entity, usd * 10**token.decimals),)),))
        assert self.process(batch, user, nonce)

    def process(self, batch: Batch, signer: LocalAccount, nonce: int) -> bool:
        """Carry a batch out from an account of nobody's."""
        encoded = encode_batch(batch)
        digest = batch_hash(CHAIN_ID, self.contract, encoded, nonce)
        hanko = hanko_of(digest, signer.address, lambda hashed: raw_signature(signer, hashed))
        return self.chain.send(self.contract, process_call(encoded, hanko, nonce), self.chain.stranger).succeeded

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.chain.node.ask("evm_mine")

    def base_fee(self, gwei: int) -> None:
        """Of the blocks to come, until another one is set."""
        self.chain.node.ask("anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))
        self.mine()
        self.chain.node.ask("anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))

    def collateral(self, user: LocalAccount, token_id: int = USDC) -> int:
        key = min(self.entity, entity_of(user.address)) + max(self.entity, entity_of(user.address))
        return self._read("_collaterals(bytes,uint256)", key, token_id)[0]

    def reserve(self, token_id: int = USDC) -> int:
        return self._read("_reserves(bytes32,uint256)", self.entity, token_id)[0]

    def head(self) -> int:
        return int(self.chain.node.ask("eth_blockNumber"), 16)

    def gas_prices(self) -> list[int]:
        """What the sender paid for one gas, wei, of each of its transactions."""
        blocks = [self.chain.node.ask("eth_getBlockByNumber", hex(at), True) for at in range(self.head() + 1)]
        sent = [one for block in blocks for one in block["transactions"] if one["from"] == SENDER.address.lower()]
        receipts = [self.chain.node.ask("eth_getTransactionReceipt", one["hash"]) for one in sent]
        return [int(one["effectiveGasPrice"], 16) for one in receipts]

    def entity_nonce(self) -> int:
        return self._read("entityNonces(bytes32)", self.entity)[0]

    def _call(self, signature: str, *arguments: object) -> Any:
        return self.chain.send(self.contract, call_data(signature, *arguments), self.chain.deployer)

    def _read(self, signature: str, *arguments: object) -> list[int]:
        data = f"0x{call_data(signature, *arguments).hex()}"
        answer: str = self.chain.node.ask("eth_call", {"to": self.contract, "data": data}, "latest")
        words = answer.removeprefix("0x")
        return [int(words[at : at + 64], 16) for at in range(0, len(words), 64)]


@dataclass
class RunningHub:
    """One run. `task` is the engine's; a test may cancel it."""

    place: HubPlace
    bus: Bus
    journal: Journal
    switch: MasterSwitch
    chain: HubChain
    engine: HubEngine
    task: asyncio.Task[None]
    events: Callable[[], list[Event]]

    @property
    def snapshot(self) -> HubSnapshot | None:
        return self.bus.latest(HubSnapshot)

    @property
    def works(self) -> bool:
        return self.snapshot is not None and self.snapshot.trouble is None and self.snapshot.gas is not None

    async def pay(self, payer: LocalAccount, payee: LocalAccount, usd: int, token_id: int = USDC) -> Paid | Declined:
        amount = usd * 10 ** self.place.tokens[token_id].decimals
        return await self.engine.payments.pay(Payment(id_of(payer), id_of(payee), token_id, amount, f"p{next(_keys)}"))

    async def ask(self, user: LocalAccount, usd: int, token_id: int = USDC, key: str = "") -> Answered | Declined:
        amount = usd * 10 ** self.place.tokens[token_id].decimals
        return await self.engine.desk.request_rebalance(Asked(id_of(user), token_id, amount, key or f"r{next(_keys)}"))

    async def sign_pulls(self, *users: LocalAccount) -> int:
        """Let users sign what is asked back from them."""
        count = 0
        for user in users:
            for pull in self.engine.desk.inbox(id_of(user)):
                digest = bytes.fromhex(self.engine.desk.pull_digest(pull)[2:])
                signature = f"0x{raw_signature(user, digest).hex()}"
                await self.engine.desk.approve(pull.id, id_of(user), signature)
                count += 1
        return count

    def owed(self, user: LocalAccount, token_id: int = USDC) -> int:
        """What the hub owes the user beyond collateral, in base units."""
        account = self.engine._held.accounts.get(id_of(user), token_id)
        return 0 if account is None else account.user_unsecured


def id_of(user: LocalAccount) -> str:
    return f"0x{entity_of(user.address).hex()}"


def quick_options(**changed: object) -> HubOptions:
    fields: dict[str, object] = {"look_every_s": 0.2, "interval_s": 1.0, "batch_size_threshold": 3}
    return HubOptions(**(fields | changed))  # type: ignore[arg-type]


@asynccontextmanager
async def running(place: HubPlace) -> AsyncIterator[RunningHub]:
    """The engine, started; ended, with everything under it, when the block ends."""
    async with AsyncExitStack() as stack:
        clock, bus = place.clock, Bus()
        journal = Journal(place.folder / "journal.sqlite", "test")
        await asyncio.to_thread(journal.open)
        stack.push_async_callback(asyncio.to_thread, journal.close)
        switch = MasterSwitch(place.mode, bus, lambda _: None, clock.now())
        gate = Gate(mode=place.mode, switch=switch, journal=journal, clock=clock, revision=lambda: 1)
        rpc = await stack.enter_async_context(Rpc(Secret(place.rpc_address or place.chain.node.address), 2.0))
        sender = Sender(
            purpose="hub",
            rpc=rpc,
            signer=LocalSigner(SENDER),
            chain_id=CHAIN_ID,
            gate=gate,
            journal=journal,
            clock=clock,
            rules=place.rules,
        )
        chain = HubChain(
            rpc=rpc,
            sender=sender,
            hub_signer=LocalSigner(place.hub),
            contract=place.contract,
            chain_id=CHAIN_ID,
            gate=gate,
            gas_cap_wei=lambda: place.options.max_gas_wei,
            confirmations=place.rules.confirmations,
            from_address=SENDER.address,
        )
        engine = HubEngine(
            chain=chain,
            chain_id=CHAIN_ID,
            contract=place.contract,
            tokens=place.tokens,
            native_coin=NATIVE,
            feed=place.feed,
            journal=journal,
            bus=bus,
            clock=clock,
            options=lambda: place.options,
            may_send=lambda: gate.holds(Exposure.OPENS),
        )
        reader = bus.read()
        seen: list[Event] = []

        def events() -> list[Event]:
            seen.extend(reader.drain())
            return seen

        task = asyncio.create_task(engine.run())
        try:
            yield RunningHub(place, bus, journal, switch, chain, engine, task, events)
        finally:
            task.cancel()
            await asyncio.wait((task,))
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
