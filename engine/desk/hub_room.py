"""Gives the hub engine its place on a chain and its door for wallets, and tells what is missing while it has none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.chain.deployments import native_coin
from engine.chain.hub import HubChain
from engine.chain.keys import LocalSigner
from engine.chain.life import LifeRules
from engine.chain.options import ChainOptions
from engine.chain.rpc import AddressRefused, Rpc
from engine.chain.sender import Sender
from engine.chain.wallet_messages import WalletMessages
from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.configuration import Configuration
from engine.core.gate import Gate
from engine.core.journal import Journal
from engine.core.modes import Exposure, Mode
from engine.core.secrets import KeyringUnavailable, Secret, SecretStore
from engine.core.tasks import TaskFailure, Tasks
from engine.desk.on_chain import COINGECKO_KEY, PRIVATE_RPC, RPC, ChainNotSetUp
from engine.drift.ports import PricesUnavailable as NoPrices
from engine.hub.engine import HubEngine
from engine.hub.market import BadTokens, Listed, listed
from engine.hub.messages import ChainNotReady, NotSetUp, TokensUnreadable
from engine.hub.options import HubOptions
from engine.hub.ports import Price, PricesUnavailable
from engine.hub.telling import nothing_seen
from engine.hub_api.server import HubServer, PortTaken
from engine.oracle.coingecko import PRO, PUBLIC, CoinGecko
from engine.paper.anvil import ChainFailed
from engine.paper.gas_market import GasMarketConfig
from engine.paper.hub_users import HubUsers, HubUsersConfig
from engine.paper.hub_world import HubWorld, HubWorldConfig, hub_world
from engine.paper.options import PaperOptions

HUB_KEY, HUB_SENDER_KEY = "hub.key", "hub.sender_key"
HUB_SECRETS = (HUB_KEY, HUB_SENDER_KEY)
TOKENS_FILE = "hub.toml"
TRY_AGAIN_S = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HubPlace:
    """Where a hub works. outlet: where transactions go, when that is another node. world: the paper one."""

    rpc: Secret
    outlet: Secret | None
    chain_id: int
    contract: str
    hub: LocalSigner
    sender: LocalSigner
    tokens: tuple[Listed, ...]
    oracle: str
    oracle_key: Secret | None
    native_coin: str
    world: HubWorld | None = None


class Prices:
    """CoinGecko in the hub's words."""

    def __init__(self, feed: CoinGecko) -> None:
        self._feed = feed

    async def prices_usd(self, coins: Sequence[str]) -> Mapping[str, Price]:
        """Raises PricesUnavailable."""
        try:
            found = await self._feed.prices_usd(coins)
        except NoPrices as silence:
            raise PricesUnavailable(str(silence)) from None
        return {coin: Price(reading.price, reading.at_s) for coin, reading in found.items()}


class HubRoom:
    """`run` it under the supervisor. What cannot start for a cause of its own is told and tried again."""

    def __init__(
        self,
        *,
        mode: Mode,
        vault: SecretStore,
        configuration: Configuration,
        journal: Journal,
        gate: Gate,
        bus: Bus,
        tokens_file: Path,
    ) -> None:
        self._mode = mode
        self._vault = vault
        self._configuration = configuration
        self._journal = journal
        self._gate = gate
        self._bus = bus
        self._tokens_file = tokens_file
        self._said = ""
        self._clock = WallClock()  # blocks come in real time, whatever the paper exchange's clock does

    async def run(self) -> None:
        """Until cancelled or failed."""
        while True:
            try:
                async with self._place() as place:
                    await self._run_in(place)
            except BadTokens as error:
                self._bus.publish(nothing_seen(TokensUnreadable(str(error)), self._clock.now()))
            except ChainNotSetUp as error:
                self._say(logging.INFO, "the hub is not set up", str(error))
                self._bus.publish(nothing_seen(NotSetUp(str(error)), self._clock.now()))
            except (ChainFailed, KeyringUnavailable, AddressRefused, PortTaken) as error:
                self._say(logging.WARNING, "the hub does not run", str(error))
                self._bus.publish(nothing_seen(ChainNotReady(str(error)), self._clock.now()))
            await self._clock.sleep(TRY_AGAIN_S)

    def _say(self, level: int, what: str, words: str) -> None:
        """Once for as long as it is the same."""
        if words != self._said:
            self._said = words
            _log.log(level, "%s: %s", what, words)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[HubPlace]:
        if self._mode is not Mode.PAPER:
            yield await self._public_place()
            return
        paper = self._configuration.settings.of(PaperOptions)
        gas = GasMarketConfig(
            seed=paper.seed,
            mean_gwei=10.0,
            spike_every=paper.gas_spike_every_s,
            spike_steps=40,
            spike_gwei=500.0,
            spike_ramp_steps=10,
        )
        async with hub_world(HubWorldConfig(seed=paper.seed, users=paper.hub_users, gas=gas)) as world:
            yield await _paper_place(world)

    async def _public_place(self) -> HubPlace:
        """The operator's own node and contract. Raises ChainNotSetUp, BadTokens, KeyringUnavailable."""
        options, chain = self._options(), self._configuration.settings.of(ChainOptions)
        if not options.depository:
            raise ChainNotSetUp("no hub is set up: give hub.depository its contract's address")
        rpc, hub, sender = [await self._vault.read(name) for name in (RPC, HUB_KEY, HUB_SENDER_KEY)]
        if rpc is None:
            raise ChainNotSetUp(f"no node is known for chain {chain.chain_id}: save its address on the Keys page")
        if hub is None or sender is None:
            raise ChainNotSetUp("the hub's key and its sending account's key are needed: save them on the Keys page")
        tokens = listed(await asyncio.to_thread(self._tokens_text))
        if not tokens:
            raise ChainNotSetUp(f"{TOKENS_FILE} in the profile lists no tokens: add tables [tokens.SYMBOL]")
        oracle_key = await self._vault.read(COINGECKO_KEY)
        return HubPlace(
            rpc=rpc,
            outlet=await self._vault.read(PRIVATE_RPC),
            chain_id=chain.chain_id,
            contract=options.depository,
            hub=await LocalSigner.of(hub),
            sender=await LocalSigner.of(sender),
            tokens=tokens,
            oracle=PUBLIC if oracle_key is None else PRO,
            oracle_key=oracle_key,
            native_coin=native_coin(chain.chain_id),
        )

    def _tokens_text(self) -> str:
        try:
            return self._tokens_file.read_text("utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise BadTokens(f"{TOKENS_FILE}: {error}") from None

    async def _run_in(self, place: HubPlace) -> None:
        options = self._configuration.settings.of(ChainOptions)
        async with (
            Rpc(place.rpc, options.deadline_s) as rpc,
            Rpc(place.outlet or place.rpc, options.deadline_s) as outlet,
            CoinGecko(place.oracle, place.oracle_key, options.deadline_s) as feed,
        ):
            chain = self._chain(place, rpc, outlet, options)
            engine = HubEngine(
                chain=chain,
                chain_id=place.chain_id,
                contract=place.contract,
                tokens=place.tokens,
                native_coin=place.native_coin,
                feed=Prices(feed),
                journal=self._journal,
                bus=self._bus,
                clock=self._clock,
                options=self._options,
                may_send=lambda: self._gate.holds(Exposure.OPENS),
            )
            wallets = WalletMessages(place.chain_id, place.contract)
            async with (
                HubServer(engine, wallets, self._clock, self._options().http_port) as server,
                Tasks("hub", self._task_failed) as tasks,
            ):
                engine.teller.http_port = server.port
                _log.info("wallets reach the hub at %s", server.address)
                if place.world is not None:
                    users = HubUsers(place.world, server.address, self._users_config())
                    tasks.start(users.run(), name="paper users")
                await engine.run()

    def _chain(self, place: HubPlace, rpc: Rpc, outlet: Rpc, options: ChainOptions) -> HubChain:
        sender = Sender(
            purpose="hub",
            rpc=rpc,
            outlet=outlet,
            signer=place.sender,
            chain_id=place.chain_id,
            gate=self._gate,
            journal=self._journal,
            clock=self._clock,
            rules=LifeRules(options.confirmations, options.replace_after_blocks),
        )
        return HubChain(
            rpc=rpc,
            sender=sender,
            hub_signer=place.hub,
            contract=place.contract,
            chain_id=place.chain_id,
            gate=self._gate,
            gas_cap_wei=lambda: self._options().max_gas_wei,
            confirmations=options.confirmations,
            from_address=place.sender.address,
        )

    def _users_config(self) -> HubUsersConfig:
        paper = self._configuration.settings.of(PaperOptions)
        return HubUsersConfig(seed=paper.seed, users=paper.hub_users, user_cap_usd=self._options().max_user_usd)

    def _task_failed(self, failure: TaskFailure) -> None:
        """The hub goes on without the paper users; the log says why they are quiet."""
        _log.error("%s ended: %s", failure.task, failure.error)

    def _options(self) -> HubOptions:
        return self._configuration.settings.of(HubOptions)


async def _paper_place(world: HubWorld) -> HubPlace:
    return HubPlace(
        rpc=world.rpc,
        outlet=None,
        chain_id=world.chain_id,
        contract=world.contract,
        hub=await LocalSigner.of(world.hub_key),
        sender=await LocalSigner.of(world.sender_key),
        tokens=tuple(Listed(one.token_id, one.symbol, one.decimals, one.coin) for one in world.tokens),
        oracle=world.oracle,
        oracle_key=None,
        native_coin=world.native_coin,
        world=world,
    )
