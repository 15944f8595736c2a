"""Gives the drift engine its place on a chain, and tells what is missing while it has none."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.chain.keys import LocalSigner
from engine.chain.life import LifeRules
from engine.chain.options import ChainOptions
from engine.chain.pinned import Enforcers
from engine.chain.portfolios import Contracts, PortfolioChain
from engine.chain.rpc import AddressRefused, Rpc
from engine.chain.sender import Sender, Signer
from engine.chain.standing import StandingEnforcers
from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.configuration import Configuration
from engine.core.gate import Gate
from engine.core.journal import Journal
from engine.core.messages import Reason, plain
from engine.core.modes import Exposure, Mode
from engine.core.secrets import KeyringUnavailable, SecretStore
from engine.core.tasks import TaskFailure, Tasks
from engine.desk.on_chain import WEBHOOK_SECRET, ChainNotSetUp, OnChain, PortfolioFile, public_chain
from engine.drift.alerts import Alert
from engine.drift.engine import DriftEngine
from engine.drift.messages import ChainNotReady, DriftSnapshot, NotSetUp
from engine.drift.options import Confirm, DriftOptions
from engine.drift.portfolios import Portfolio, Token, Watched
from engine.notify.webhook import Notice, Webhook
from engine.oracle.coingecko import CoinGecko
from engine.paper.anvil import ChainFailed
from engine.paper.chain_world import COINS, NATIVE_COIN, ChainWorld, ChainWorldConfig, chain_world
from engine.paper.options import PaperOptions
from engine.paper.trader import TraderConfig

TRY_AGAIN_S = 30.0
_log = logging.getLogger(__name__)


class DriftRoom:
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
        file: PortfolioFile,
    ) -> None:
        self._mode = mode
        self._vault = vault
        self._configuration = configuration
        self._journal = journal
        self._gate = gate
        self._bus = bus
        self._file = file
        self._webhook: Webhook | None = None
        self._said = ""
        self._clock = WallClock()  # blocks come in real time, whatever the paper exchange's clock does

    async def run(self) -> None:
        """Until cancelled or failed."""
        while True:
            try:
                async with self._place() as place:
                    await self._run_in(place)
            except ChainNotSetUp as error:
                self._say(logging.INFO, "drift is not set up", str(error))
                self._bus.publish(_without_chain(NotSetUp(str(error)), self._clock.now()))
            except (ChainFailed, KeyringUnavailable, AddressRefused) as error:
                self._say(logging.WARNING, "drift does not run", str(error))
                self._bus.publish(_without_chain(ChainNotReady(str(error)), self._clock.now()))
            await self._clock.sleep(TRY_AGAIN_S)

    def _say(self, level: int, what: str, words: str) -> None:
        """Once for as long as it is the same."""
        if words != self._said:
            self._said = words
            _log.log(level, "%s: %s", what, words)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[OnChain]:
        settings = self._configuration.settings
        if self._mode is Mode.PAPER:
            paper = settings.of(PaperOptions)
            market = TraderConfig(seed=paper.seed, volatility=paper.chain_volatility)
            async with chain_world(ChainWorldConfig(trader=market)) as world:
                yield await paper_place(world)
        else:
            yield await public_chain(
                self._mode, self._vault, settings.of(ChainOptions), settings.of(DriftOptions), self._file
            )

    async def _run_in(self, place: OnChain) -> None:
        options = self._configuration.settings.of(ChainOptions)
        async with (
            Tasks("drift", self._task_failed) as tasks,
            Rpc(place.rpc, options.deadline_s) as rpc,
            Rpc(place.private_rpc or place.rpc, options.deadline_s) as outlet,
            CoinGecko(place.oracle, place.oracle_key, options.deadline_s) as feed,
        ):
            tasks.start(self._tell_alerts(), name="webhook")

            def sender(purpose: str, signer: Signer) -> Sender:
                return Sender(
                    purpose=purpose,
                    rpc=rpc,
                    outlet=outlet,
                    signer=signer,
                    chain_id=place.chain_id,
                    gate=self._gate,
                    journal=self._journal,
                    clock=self._clock,
                    rules=LifeRules(options.confirmations, options.replace_after_blocks),
                )

            chain = PortfolioChain(
                rpc=rpc,
                sender=sender("drift", place.delegate),
                revokers={
                    account: sender(f"revoke.{account}", owner)
                    for account, owner in place.owners.items()
                    if owner.address.lower() == account
                },
                delegate=place.delegate.address,
                owners=place.owners,
                contracts=place.contracts,
                chain_id=place.chain_id,
                gate=self._gate,
                gas_cap_wei=lambda: self._options().max_gas_wei,
            )
            await DriftEngine(
                chain=chain,
                chain_id=place.chain_id,
                delegate=place.delegate.address,
                native_coin=place.native_coin,
                feed=feed,
                journal=self._journal,
                bus=self._bus,
                clock=self._clock,
                options=self._options,
                watched=place.watched,
                confirmed_by_person=self._waits_for_person,
                may_send=lambda: self._gate.holds(Exposure.OPENS),
                revision=lambda: self._configuration.current.number,
                raised=self._raise_alert,
            ).run()

    async def _tell_alerts(self) -> None:
        """Where an address and a secret are given; without them alerts are in the panel and the log alone."""
        address = self._options().webhook_url
        if not address:
            return
        secret = await self._vault.read(WEBHOOK_SECRET)
        if secret is None:
            raise ChainNotSetUp("drift.webhook_url is set and there is no webhook secret: save it on the Keys page")
        self._webhook = Webhook(address, secret, self._gate, self._clock)
        await self._webhook.run()

    def _raise_alert(self, alert: Alert) -> None:
        _log.warning("alert: %s at %s: %g (limit %g)", alert.kind.value, alert.portfolio, alert.value, alert.limit)
        if self._webhook is not None:
            name = f"{alert.kind.value}/{alert.portfolio}/{alert.at_s:.3f}"
            self._webhook.put(Notice(name, alert.kind.value, plain(alert), alert.at_s))

    def _task_failed(self, failure: TaskFailure) -> None:
        """Trading goes on without the webhook; the log and the panel have every alert."""
        _log.error("%s ended: %s", failure.task, failure.error)

    def _options(self) -> DriftOptions:
        return self._configuration.settings.of(DriftOptions)

    def _waits_for_person(self) -> bool:
        return self._mode is Mode.LIVE or self._options().confirm is Confirm.ALWAYS


async def paper_place(world: ChainWorld) -> OnChain:
    """A paper chain as the place of a session: its portfolios, with their owners' keys."""
    at = world.parts.contracts
    tokens = tuple(Token(one.symbol, one.address, one.decimals, COINS[one.symbol]) for one in world.parts.tokens)
    portfolios = tuple(Portfolio(one.name, one.account, one.targets_bps) for one in world.portfolios)
    found = Watched(tokens, portfolios)
    enforcers = Enforcers(
        exact_execution_batch=at["ExactExecutionBatchEnforcer"],
        limited_calls=at["LimitedCallsEnforcer"],
        timestamp=at["TimestampEnforcer"],
        erc20_balance_change=at["ERC20BalanceChangeEnforcer"],
    )
    standing = StandingEnforcers(
        allowed_targets=at["AllowedTargetsEnforcer"],
        allowed_methods=at["AllowedMethodsEnforcer"],
        allowed_calldata=at["AllowedCalldataEnforcer"],
        limited_calls=at["LimitedCallsEnforcer"],
        timestamp=at["TimestampEnforcer"],
        erc20_balance_change=at["ERC20BalanceChangeEnforcer"],
    )

    async def watched() -> Watched:
        return found

    return OnChain(
        rpc=world.rpc,
        private_rpc=None,
        chain_id=world.chain_id,
        contracts=Contracts(at["DelegationManager"], at["UniswapV2Router02"], enforcers, standing),
        delegate=await LocalSigner.of(world.delegate),
        owners={one.account.lower(): await LocalSigner.of(one.owner) for one in world.portfolios},
        oracle=world.oracle,
        oracle_key=None,
        native_coin=NATIVE_COIN,
        watched=watched,
    )


def _without_chain(trouble: Reason, now_s: float) -> DriftSnapshot:
    return DriftSnapshot(
        at_s=now_s,
        chain_id=0,
        block=0,
        block_at_s=None,
        gas_price_wei=0,
        native_usd=None,
        trouble=trouble,
        under_way=None,
        rows=(),
    )
