"""The hub engine's loop: look, take in what is final, set the minimum, ask for pulls, send, book (hub spec)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.journal import Journal
from engine.core.messages import Acknowledged, Answer, Reason, Refused
from engine.hub.asking import Asking
from engine.hub.batch import Window
from engine.hub.booking import Booking
from engine.hub.dispatch import Dispatch
from engine.hub.front_desk import FrontDesk
from engine.hub.intake import Intake
from engine.hub.limits import stops_everybody
from engine.hub.market import BadTokens, Listed, Market, with_limit, with_prices
from engine.hub.messages import (
    AuditDiffers,
    AuditHub,
    AuditView,
    ChainSilent,
    ItemReverts,
    NothingSeen,
    OnItsWay,
    QuoteRebalance,
    ResumeHub,
    SoftLimitSet,
    StopHub,
)
from engine.hub.opening import Opening
from engine.hub.options import HubOptions
from engine.hub.payments import Payments
from engine.hub.ports import Chain, ChainLook, ChainUnavailable, PriceFeed, PricesUnavailable
from engine.hub.remembered import ENGINE, PAID, JournalUnsure, Remembered
from engine.hub.requests import Declined, Request, RequestState
from engine.hub.telling import Teller
from engine.hub.tokens import amount_of_text, text_of_amount

PAYMENTS_KNOWN_S = 3600.0
SILENCE_BORNE_S = 15.0
"""How long the chain may be silent before nothing new is accepted: by what was read before, a request still holds."""

_log = logging.getLogger(__name__)


class HubEngine:
    """One hub on one Depository. may_send: why nothing may leave now, None when it may.

    `desk` and `payments` are for who lets users in; they answer from the first round on.
    """

    def __init__(
        self,
        *,
        chain: Chain,
        chain_id: int,
        contract: str,
        tokens: Sequence[Listed],
        native_coin: str,
        feed: PriceFeed,
        journal: Journal,
        bus: Bus,
        clock: Clock,
        options: Callable[[], HubOptions],
        may_send: Callable[[], Reason | None],
    ) -> None:
        self._chain = chain
        self._feed = feed
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._options = options
        self._may_send = may_send
        self._listed = tuple(tokens)
        self._tokens = {one.token_id: one for one in tokens}
        self.market = Market.of(tokens, native_coin)
        self._look: ChainLook | None = None
        self._looked_s = float("-inf")
        self._trouble: Reason | None = NothingSeen()
        self._audit_asked = asyncio.Event()
        held = self._held = Remembered(f"{chain_id}/{contract.lower()}/{chain.entity}", journal, clock)
        self._booking = Booking(chain=chain, held=held, bus=bus, clock=clock, options=options, tokens=self._tokens)
        self._dispatch = Dispatch(
            chain=chain,
            held=held,
            bus=bus,
            clock=clock,
            options=options,
            may_send=may_send,
            booking=self._booking,
        )
        self._opening = Opening(
            chain=chain,
            held=held,
            options=options,
            market=lambda: self.market,
            tokens=self._tokens,
            held_back=self._held_back,
        )
        self._intake = Intake(chain, held, self._opening, self._tokens)
        self._asking = Asking(held, bus, clock, options, self._tokens)
        self.payments = Payments(held, self._opening, self._tokens)
        self.desk = FrontDesk(
            chain=chain,
            held=held,
            bus=bus,
            clock=clock,
            options=options,
            market=lambda: self.market,
            tokens=self._tokens,
            opening=self._opening,
            reason_now=self.reason_of,
        )
        self.teller = Teller(
            chain_id=chain_id,
            contract=contract,
            entity=chain.entity,
            tokens=self._tokens,
            held=held,
            dispatch=self._dispatch,
            desk=self.desk,
            bus=bus,
            clock=clock,
            options=options,
            reason_now=self.reason_of,
        )

    @property
    def entity(self) -> str:
        """The hub's entity id, as hex."""
        return self._chain.entity

    @property
    def tokens(self) -> tuple[Listed, ...]:
        return self._listed

    @property
    def options(self) -> HubOptions:
        """As they are now."""
        return self._options()

    async def run(self) -> None:
        """Until cancelled or failed; what is under way goes on with the next run."""
        stops = self._handle_commands()
        try:
            await self._start()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_prices())
                group.create_task(self._keep_auditing())
                while True:
                    await self._round()
                    await self._clock.sleep(self._options().look_every_s)
        finally:
            for stop in stops:
                stop()

    def reason_of(self, request: Request) -> Reason:
        """The one reason why an open request waits."""
        attempt = self._held.attempt
        if request.state is RequestState.IN_FLIGHT and attempt is not None:
            return OnItsWay(attempt.nonce)
        if request.state is RequestState.DROPPED:
            used = 0 if self._look is None else self._look.entity_nonce
            return self._booking.reason_of(request, used) or ItemReverts(request.words)
        known = self._held_back() or self._dispatch.reasons.get(request.id)
        if known is not None:
            return known
        options = self._options()
        missing = max(0, options.batch_size_threshold - len(self._held.requests))
        return Window(request.age_s(self._clock.now()), options.interval_s, missing)

    def _handle_commands(self) -> list[Callable[[], None]]:
        return [
            self._bus.handle(StopHub, lambda _: self._stop(stopped=True)),
            self._bus.handle(ResumeHub, lambda _: self._stop(stopped=False)),
            self._bus.handle(QuoteRebalance, self._quote),
            self._bus.handle(AuditHub, self._audit_now),
        ]

    async def _start(self) -> None:
        """Read what is remembered, then what the chain knows of it, before anything is decided."""
        await self._held.recall()
        unknown = {one.token_id for one in self._held.requests.values()} - set(self._tokens)
        if unknown:
            raise BadTokens(f"hub.toml: requests wait for tokens {sorted(unknown)}, which are not listed any more")
        since_s = self._clock.now() - PAYMENTS_KNOWN_S
        self.payments.recall(await self._journal.facts(ENGINE, PAID, since_s))
        while True:
            try:
                await self._chain.start()
                break
            except ChainUnavailable as silence:
                self._lost(silence)
                self._tell()
                await self._clock.sleep(self._options().look_every_s)
        await self._dispatch.take_up()
        self._audit_asked.set()

    async def _round(self) -> None:
        if self._held.unsure:
            raise JournalUnsure("what the journal has is read anew by a new run")
        try:
            await self._looked()
        except ChainUnavailable as silence:
            self._lost(silence)
        self._tell()

    async def _looked(self) -> None:
        look = await self._chain.look(tuple(self._tokens))
        self._look, self._looked_s = look, self._clock.now()
        self.market = replace(self.market, gas_price_wei=look.gas_price_wei, gas_at_s=look.at_s)
        self._set_limit()
        if not self._is_priced:
            self._trouble = self._prices_trouble()
            return
        await self._intake.take_in(look)
        await self._dispatch.advance(look, self.market)
        self._held.accounts.index_changes()
        self._trouble = self._prices_trouble()
        if self._trouble is None:
            await self._asking.ask(look, self.market)
            await self._dispatch.send(look, self.market)

    @property
    def _is_priced(self) -> bool:
        """Whether every token had a price in this run; without one an account could not be valued."""
        return self.market.gas is not None and set(self.market.tokens) == set(self._tokens)

    def _prices_trouble(self) -> Reason | None:
        return self.market.trouble(self._options().max_price_age_s, self._clock.now())

    def _held_back(self) -> Reason | None:
        """Why nothing new is taken on: who asks now would wait for what may never come. One look without an answer
        is no reason yet."""
        trouble = self._trouble
        if isinstance(trouble, ChainSilent) and self._clock.now() - self._looked_s < SILENCE_BORNE_S:
            trouble = None
        return trouble or self._dispatch.halted or self._may_send()

    def _set_limit(self) -> None:
        before, options = self.market.limit, self._options()
        self.market = with_limit(self.market, options, self._clock.now())
        limit = self.market.limit
        if limit is None or limit is before or (before is not None and limit.usd == before.usd):
            return
        stops = stops_everybody(limit, options.caps)
        cents = [Decimal(round(usd * 100)) / 100 for usd in (limit.usd, limit.effective_usd)]
        self._bus.emit(
            SoftLimitSet(
                at_s=limit.at_s,
                soft_limit_usd=cents[0],
                effective_usd=cents[1],
                gas_price_gwei=limit.gas_price_gwei,
                stops=stops,
            )
        )

    async def _keep_prices(self) -> None:
        coins = [self.market.native_coin, *dict.fromkeys(self.market.coins.values())]
        while True:
            try:
                prices = await self._feed.prices_usd(coins)
            except PricesUnavailable as silence:
                _log.warning("no prices: %s", silence)
            else:
                self.market = with_prices(self.market, prices, self._listed)
                self._set_limit()
            await self._clock.sleep(self._options().prices_every_s)

    async def _keep_auditing(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._options().audit_every_s):
                    await self._audit_asked.wait()
            except TimeoutError:
                pass
            self._audit_asked.clear()
            await self._audit()

    async def _audit(self) -> AuditView:
        """Hold every account against the index, a little at a time. A difference stops the hub: a guard has failed."""
        self._held.accounts.index_changes()
        differences = 0
        for found in self._held.accounts.audit():
            differences += found
            await asyncio.sleep(0)
        view = AuditView(self._clock.now(), len(self._held.accounts), differences)
        self.teller.audit = view
        if differences:
            self._dispatch.halt(AuditDiffers(differences))
        return view

    def _lost(self, silence: ChainUnavailable) -> None:
        if not isinstance(self._trouble, ChainSilent):
            _log.warning("the chain cannot be used: %s", silence)
        self._trouble = ChainSilent(str(silence))

    def _tell(self) -> None:
        self.teller.tell(self._look, self.market, self._trouble, self._may_send())

    async def _stop(self, *, stopped: bool) -> Answer:
        async with self._held.changing() as change:
            change.set("stopped", stopped)
        _log.warning("the hub is %s", "stopped" if stopped else "resumed")
        self._tell()
        return Acknowledged({"stopped": stopped})

    async def _quote(self, command: QuoteRebalance) -> Answer:
        listed = self._tokens.get(command.token_id)
        try:
            amount = 0 if listed is None else amount_of_text(str(command.amount), listed.decimals)
        except ValueError:
            amount = 0
        found = self.desk.quoted(command.token_id, amount)
        if isinstance(found, Declined):
            return Refused(found.reason)
        assert listed is not None
        figures = {
            "amount": found.amount,
            "hub_fee": found.hub_fee,
            "miner_fee": found.miner_fee,
            "buffer": found.buffer,
            "total": found.total,
        }
        return Acknowledged({name: text_of_amount(units, listed.decimals) for name, units in figures.items()})

    async def _audit_now(self, _: AuditHub) -> Answer:
        view = await self._audit()
        self._tell()
        return Acknowledged({"accounts": view.accounts, "differences": view.differences})
