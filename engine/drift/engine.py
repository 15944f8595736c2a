"""The drift engine's loop: look, value, assess, tell, propose, send, book (drift spec, all of it)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.journal import Batch, Fact, Journal, Memory
from engine.core.messages import Acknowledged, Answer, Reason, Refused
from engine.drift.alerts import Alert
from engine.drift.assessment import assess
from engine.drift.book import BadPortfolio
from engine.drift.dispatch import Dispatch
from engine.drift.grants import Grants
from engine.drift.history import History
from engine.drift.messages import (
    ChainSilent,
    ConfirmPlan,
    DismissPlan,
    EndStanding,
    GrantStanding,
    NoSuchPortfolio,
    NothingSeen,
    NothingToRevoke,
    NothingWatched,
    PortfolioState,
    PortfoliosUnreadable,
    RevokePlan,
    ShowPortfolio,
)
from engine.drift.observing import Observer
from engine.drift.options import DriftOptions
from engine.drift.portfolios import Portfolio, Watched
from engine.drift.ports import Chain, ChainLook, ChainUnavailable, OrderRefused, PriceFeed
from engine.drift.remembered import Remembered
from engine.drift.telling import Teller
from engine.drift.valuation import Valuation, book_of
from engine.drift.watchman import Watchman

TICK_S = 1.0
TURN_S = 0.005
"""How long portfolios are assessed before the loop's other tasks get their turn."""

_log = logging.getLogger(__name__)


class DriftEngine:
    """One chain's portfolios. delegate: the address of the account that sends, for the plan as it is shown.

    confirmed_by_person: whether plans wait for one now. may_send: why nothing may leave now. watched: what
    `portfolios.toml` says; it may raise BadPortfolio. raised: called with each alert.
    """

    def __init__(
        self,
        *,
        chain: Chain,
        chain_id: int,
        delegate: str,
        native_coin: str,
        feed: PriceFeed,
        journal: Journal,
        bus: Bus,
        clock: Clock,
        options: Callable[[], DriftOptions],
        watched: Callable[[], Awaitable[Watched]],
        confirmed_by_person: Callable[[], bool],
        revision: Callable[[], int],
        may_send: Callable[[], Reason | None],
        raised: Callable[[Alert], None] = lambda _: None,
    ) -> None:
        self._chain = chain
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._options = options
        self._watched = watched
        self._memory = Remembered(chain_id)
        self._history = History()
        self._observer = Observer(chain, feed, clock, native_coin)
        self._watchman = Watchman(self._memory, bus, raised)
        self._grants = Grants(chain, self._memory, journal, clock, options)
        self._dispatch = Dispatch(
            chain=chain,
            memory=self._memory,
            history=self._history,
            watchman=self._watchman,
            grants=self._grants,
            journal=journal,
            bus=bus,
            clock=clock,
            options=options,
            confirmed_by_person=confirmed_by_person,
            may_send=may_send,
            revision=revision,
            delegate=delegate,
        )
        self._teller = Teller(chain_id, bus, self._memory, self._history, self._dispatch, delegate)
        self._look_at_s = float("-inf")
        self._trouble: Reason | None = NothingSeen()

    async def run(self) -> None:
        """Until cancelled or failed; what is under way goes on with the next run."""
        stops = self._handle_commands()
        try:
            await self._start()
            while True:
                await self._round()
                await self._clock.sleep(TICK_S)
        finally:
            for stop in stops:
                stop()

    def _handle_commands(self) -> list[Callable[[], None]]:
        return [
            self._bus.handle(ConfirmPlan, self._confirm),
            self._bus.handle(DismissPlan, self._dismiss),
            self._bus.handle(RevokePlan, self._revoke),
            self._bus.handle(GrantStanding, self._grant),
            self._bus.handle(EndStanding, self._end),
            self._bus.handle(ShowPortfolio, self._show),
        ]

    async def _start(self) -> None:
        """Read what is remembered, then what the chain knows of it, before anything is decided."""
        await self._memory.recall(self._journal)
        await self._history.recall(self._journal)
        while True:
            try:
                await self._chain.start()
                break
            except ChainUnavailable as silence:
                self._lost(silence)
                self._tell_engine()
                await self._clock.sleep(self._options().look_every_s)
        await self._dispatch.take_up()

    async def _round(self) -> None:
        try:
            await self._dispatch.advance()
            if self._clock.now() >= self._look_at_s:
                self._look_at_s = self._clock.now() + self._options().look_every_s
                await self._look()
            await self._dispatch.send(self._observer.newest)
        except ChainUnavailable as silence:
            self._lost(silence)
        self._tell_engine()

    async def _look(self) -> None:
        try:
            watched = await self._watched()
        except BadPortfolio as refused:
            self._trouble = PortfoliosUnreadable(str(refused))
            self._dispatch.keep_only(())
            return
        self._dispatch.keep_only({one.name for one in watched.portfolios})
        if not watched.portfolios:
            self._trouble = NothingWatched("portfolios.toml")
            return
        options = self._options()
        look = await self._observer.look([one.account for one in watched.portfolios], watched.tokens, options)
        self._trouble = self._observer.prices_trouble
        valued = self._observer.valued(look, watched.tokens, self._memory.unhealthy(self._clock.now()), options)
        self._teller.begin(watched.portfolios, valued)
        facts: list[Fact] = []
        memories: list[Memory] = []
        loop = asyncio.get_running_loop()
        turn_ends_s = loop.time() + TURN_S
        for portfolio in watched.portfolios:
            if loop.time() > turn_ends_s:
                await asyncio.sleep(0)
                turn_ends_s = loop.time() + TURN_S
            self._assess(portfolio, watched, look, valued, facts, memories)
        if facts or memories:
            await self._journal.commit(Batch(facts=tuple(facts), remember=tuple(memories)))

    def _assess(
        self,
        portfolio: Portfolio,
        watched: Watched,
        look: ChainLook,
        valued: Valuation,
        facts: list[Fact],
        memories: list[Memory],
    ) -> None:
        options, now_s = self._options(), self._clock.now()
        book = book_of(portfolio, watched.tokens, look.balances[portfolio.account], valued)
        self._grants.seen(portfolio.name, portfolio.account, book, look.at_s)
        rest = self._memory.rest(portfolio.name)
        found = assess(book, options, rest, valued.native_usd is not None, now_s)
        fact = self._history.sample(portfolio.name, found, valued, options.sample_every_s, now_s)
        facts += [fact] if fact is not None else []
        memories += self._watchman.look_at_drift(portfolio.name, found.max_drift, now_s)
        if found.state is PortfolioState.READY:
            self._dispatch.propose(portfolio.name, portfolio.account, found, look, valued)
        else:
            self._dispatch.withdraw(portfolio.name, found.reason)
        self._teller.tell(portfolio, found, valued, options, look.at_s, now_s)

    def _lost(self, silence: ChainUnavailable) -> None:
        if not isinstance(self._trouble, ChainSilent):
            _log.warning("the chain cannot be used: %s", silence)
        self._trouble = ChainSilent(str(silence))

    def _tell_engine(self) -> None:
        self._teller.tell_engine(self._observer.newest, self._trouble, self._clock.now())

    async def _confirm(self, command: ConfirmPlan) -> Answer:
        refused = self._dispatch.confirm(command.portfolio, command.plan, command.signature)
        self._look_at_s = float("-inf")  # so that it is told at once
        return Acknowledged({"plan": command.plan}) if refused is None else Refused(refused)

    async def _dismiss(self, command: DismissPlan) -> Answer:
        refused = await self._dispatch.dismiss(command.portfolio, command.plan)
        self._look_at_s = float("-inf")
        return Acknowledged({"plan": command.plan}) if refused is None else Refused(refused)

    async def _revoke(self, command: RevokePlan) -> Answer:
        order = self._dispatch.order(command.portfolio, command.plan)
        if order is None:
            return Refused(NothingToRevoke(command.plan))
        try:
            return Acknowledged({"hash": await self._chain.revoke(order)})
        except OrderRefused as refused:
            return Refused(refused.reason)
        except ChainUnavailable as silence:
            return Refused(ChainSilent(str(silence)))

    async def _grant(self, command: GrantStanding) -> Answer:
        refused = await self._grants.grant(command)
        self._look_at_s = float("-inf")
        return Acknowledged({"portfolio": command.portfolio}) if refused is None else Refused(refused)

    async def _end(self, command: EndStanding) -> Answer:
        refused = await self._grants.end(command)
        self._look_at_s = float("-inf")
        return Acknowledged({"portfolio": command.portfolio}) if refused is None else Refused(refused)

    async def _show(self, command: ShowPortfolio) -> Answer:
        if command.portfolio not in self._teller.names:
            return Refused(NoSuchPortfolio(command.portfolio))
        self._teller.shown = command.portfolio
        self._look_at_s = float("-inf")
        return Acknowledged({"portfolio": command.portfolio})
