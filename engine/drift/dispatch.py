"""From a plan that is ready to a booked transaction: proposed, confirmed, sent once, and taken up after a crash.

Before anything is signed the journal knows that the portfolio's plan is on its way. After a crash the chain room says
whether that key is under way: then it goes on, else it never left and is given up. A second plan is never made while
one is unresolved (drift spec 13).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.journal import Batch, Journal, Memory
from engine.core.messages import Reason, plain
from engine.drift.assessment import Assessment, leg_views, order_of, plan_id
from engine.drift.bookkeeping import WEI, Sending, log_line, record_fact, record_of, sending_of
from engine.drift.cooldown import gave_up, resolved, sent
from engine.drift.grants import Grants
from engine.drift.history import History
from engine.drift.messages import (
    SIGNATURE,
    ChainSilent,
    Dismissed,
    NeverSent,
    NotConfirmedInTime,
    PlanDropped,
    PlanIsAnother,
    PlanProposed,
    PlanSent,
    PlanView,
    Rebalanced,
    ReceivedLess,
    SignatureNeeded,
    TokenUnfit,
)
from engine.drift.options import DriftOptions
from engine.drift.ports import Chain, ChainLook, ChainUnavailable, Ended, Order, OrderRefused
from engine.drift.remembered import Remembered
from engine.drift.valuation import FEE_ON_TRANSFER, Valuation
from engine.drift.watchman import Watchman

GAS_FOR_ALL, GAS_FOR_A_LEG = 165_000, 153_000
"""What a redemption takes, measured at 314k, 467k and 771k for 1, 2 and 4 legs (`tests/engine/chain`)."""
TRY_TOKEN_AGAIN_S = 900.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan that may be sent: as a person reads it, as the chain gets it, and as it will be booked."""

    view: PlanView
    order: Order
    sending: Sending
    confirmed: bool = False


class Dispatch:
    """One at a time on its way; the others wait as proposals.

    confirmed_by_person: whether plans wait for a person now. may_send: why nothing may leave now, None when it may.
    """

    def __init__(
        self,
        *,
        chain: Chain,
        memory: Remembered,
        history: History,
        watchman: Watchman,
        grants: Grants,
        journal: Journal,
        bus: Bus,
        clock: Clock,
        options: Callable[[], DriftOptions],
        confirmed_by_person: Callable[[], bool],
        may_send: Callable[[], Reason | None],
        revision: Callable[[], int],
        delegate: str,
    ) -> None:
        self._chain = chain
        self._memory = memory
        self._history = history
        self._watchman = watchman
        self._grants = grants
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._options = options
        self._confirmed_by_person = confirmed_by_person
        self._may_send = may_send
        self._revision = revision
        self._delegate = delegate
        self._proposals: dict[str, Proposal] = {}
        self._newest_native_usd: Decimal | None = None
        self.progress: Reason | None = None

    def proposal(self, portfolio: str) -> Proposal | None:
        """The plan that stands for it now."""
        return self._proposals.get(portfolio)

    def order(self, portfolio: str, plan: str) -> Order | None:
        """What goes, or went, to the chain under this name; None when it is over."""
        standing = self._proposals.get(portfolio)
        if standing is not None and standing.view.id == plan:
            return standing.order
        sendings = (one for kept in self._memory.sendings.values() for one in kept)
        return next((one.order for one in sendings if (one.portfolio, one.plan) == (portfolio, plan)), None)

    def waits_for_person(self, proposal: Proposal) -> bool:
        return (self._confirmed_by_person() or bool(proposal.view.to_sign)) and not proposal.confirmed

    def held(self) -> Reason | None:
        """Why nothing may leave now."""
        return self._may_send()

    async def take_up(self) -> None:
        """What an earlier run left: a plan that never reached the chain room is given up, any other goes on."""
        lost = [key for key in self._memory.sendings if key != self._chain.under_way]
        known = {one.portfolio for sendings in self._memory.sendings.values() for one in sendings}
        for key in lost:
            names = [one.portfolio for one in self._memory.sendings[key]]
            plans = {one.portfolio: one.plan for one in self._memory.sendings[key]}
            await self._gave_up({name: NeverSent() for name in names}, plans, [(key, ())])
        orphans = [name for name, rest in self._memory.rests.items() if rest.unresolved and name not in known]
        if orphans:
            await self._gave_up({name: NeverSent() for name in orphans}, {}, [])

    def propose(self, portfolio: str, account: str, found: Assessment, look: ChainLook, valued: Valuation) -> None:
        """Let the plan stand for the portfolio. One that a person reads is not exchanged under their eyes."""
        if valued.native_usd is not None:
            self._newest_native_usd = valued.native_usd
        standing = self._proposals.get(portfolio)
        if standing is not None and (standing.confirmed or self.waits_for_person(standing)):
            return
        made, options, now_s = found.plan, self._options(), self._clock.now()
        if made is None or valued.native_usd is None:
            return
        name = plan_id(portfolio, made, now_s)
        gas = GAS_FOR_ALL + GAS_FOR_A_LEG * len(made.legs)
        gas_usd = Decimal(gas * look.gas_price_wei) / WEI * valued.native_usd
        until_s = look.at_s + options.delegation_valid_s
        order = self._grants.covered(order_of(name, portfolio, account, made, until_s))
        view = PlanView(
            id=name,
            legs=leg_views(found.book, made),
            gas=gas,
            gas_usd=gas_usd,
            delegate=self._delegate,
            made_at_s=now_s,
            valid_until_s=now_s + options.plan_valid_s,
            until_s=until_s,
            revision=self._revision(),
            to_sign=self._chain.to_sign(order),
        )
        sending = sending_of(order, found.book, made, now_s, view.revision, gas_usd, valued.native_usd)
        self._proposals[portfolio] = Proposal(view, order, sending)
        if self.waits_for_person(self._proposals[portfolio]):
            self._bus.emit(PlanProposed(at_s=now_s, portfolio=portfolio, plan=name))

    def keep_only(self, portfolios: Collection[str]) -> None:
        """Plans of portfolios that are not watched any more are dropped."""
        for name in [name for name in self._proposals if name not in portfolios]:
            del self._proposals[name]

    def withdraw(self, portfolio: str, why: Reason) -> None:
        """The portfolio asks for no plan any more."""
        standing = self._proposals.pop(portfolio, None)
        if standing is not None and self.waits_for_person(standing):
            self._dropped(portfolio, standing.view.id, why)

    def confirm(self, portfolio: str, plan: str, signature: str) -> Reason | None:
        """Let exactly this plan leave; why not, None when it will. signature: where it was asked for."""
        standing = self._proposals.get(portfolio)
        if standing is None or standing.view.id != plan or self._clock.now() > standing.view.valid_until_s:
            return PlanIsAnother(portfolio)
        if standing.view.to_sign and not SIGNATURE.fullmatch(signature):
            return SignatureNeeded(standing.order.account)
        order = replace(standing.order, signature=signature if standing.view.to_sign else "")
        self._proposals[portfolio] = replace(standing, order=order, confirmed=True)
        return None

    async def dismiss(self, portfolio: str, plan: str) -> Reason | None:
        """Take it back; why not, None when it was."""
        standing = self._proposals.get(portfolio)
        if standing is None or standing.view.id != plan:
            return PlanIsAnother(portfolio)
        await self._gave_up({portfolio: Dismissed()}, {portfolio: plan}, [])
        return None

    async def advance(self) -> None:
        """One look at what is under way, booked when it has ended. Raises ChainUnavailable."""
        if not self._chain.under_way:
            self.progress = None
            return
        progress = await self._chain.advance()
        if isinstance(progress, Ended):
            await self._book(progress)
            self.progress = None
        else:
            self.progress = progress

    async def send(self, look: ChainLook | None) -> None:
        """Send what may leave, as one transaction. Raises ChainUnavailable."""
        await self._drop_what_waited_too_long()
        ready = [one for one in self._proposals.values() if not self.waits_for_person(one)]
        if look is None or self._chain.under_way or not ready or self._may_send() is not None:
            return
        going: list[Proposal] = []
        for proposal in ready[: self._options().batch_portfolios]:
            try:
                await self._chain.simulate(proposal.order)
                going.append(proposal)
            except OrderRefused as refused:
                await self._refuse(proposal, refused.reason)
        if going:
            await self._send(going)

    async def _send(self, going: Sequence[Proposal]) -> None:
        now_s = self._clock.now()
        joined = "+".join(one.view.id for one in going)
        key = f"drift/{hashlib.sha256(joined.encode()).hexdigest()[:24]}"
        plans = {one.order.portfolio: one.view.id for one in going}
        rests = {name: sent(self._memory.rest(name), key) for name in plans}
        memories = self._memory.rest_memories(rests, now_s)
        memories.append(self._memory.sending_memory(key, _shared(going), now_s))
        await self._journal.commit(Batch(remember=tuple(memories)))
        try:
            left_out = (await self._chain.prepare(key, [one.order for one in going])).left_out
            if left_out:
                # Before anything leaves: what is remembered of it is what will be in it.
                going = [one for one in going if one.order.portfolio not in left_out]
                await self._gave_up(dict(left_out), plans, [(key, _shared(going))])
            await self._chain.submit(key)
        except OrderRefused as refused:
            await self._gave_up(dict.fromkeys(plans, refused.reason), plans, [(key, ())])
            return
        except ChainUnavailable as silence:
            names = [one.order.portfolio for one in going]
            await self._gave_up(dict.fromkeys(names, ChainSilent(str(silence))), plans, [(key, ())])
            raise
        for proposal in going:
            name = proposal.order.portfolio
            if self._proposals.pop(name, None) is not None:
                self._bus.emit(
                    PlanSent(
                        at_s=now_s,
                        portfolio=name,
                        plan=proposal.view.id,
                        legs=len(proposal.order.swaps),
                        max_drift=proposal.sending.max_drift,
                    )
                )
        await self.advance()

    async def _book(self, ended: Ended) -> None:
        """Records, rests and the free account in one commit; then tell."""
        now_s = self._clock.now()
        sendings = self._memory.sendings.get(ended.key, ())
        if ended.never_sent:
            plans = {one.portfolio: one.plan for one in sendings}
            free = self._chain.forgotten()
            await self._gave_up(dict.fromkeys(plans, ended.reason), plans, [(ended.key, ())], free)
            return
        records = [record_of(one, ended, self._newest_native_usd or one.native_usd, now_s) for one in sendings]
        rests = {
            one.portfolio: resolved(self._memory.rest(one.portfolio), now_s, well=ended.succeeded) for one in sendings
        }
        memories = self._memory.rest_memories(rests, now_s)
        memories.append(self._memory.sending_memory(ended.key, (), now_s))
        memories += self._grants.used(sendings, now_s) if ended.succeeded else []
        memories.append(self._chain.forgotten())
        for record in records:
            memories += self._watchman.look_at_record(record)
        facts = tuple(record_fact(record, ended.key) for record in records)
        await self._journal.commit(Batch(remember=tuple(memories), facts=facts))
        for record in records:
            self._history.add_record(record)
            _log.info("[DRIFT] %s", log_line(record))
            self._bus.emit(Rebalanced(at_s=now_s, record=record))

    async def _refuse(self, proposal: Proposal, why: Reason) -> None:
        """Its simulation failed. What is the matter with a token is remembered; a pause may end, a fee does not."""
        free: Memory | None = None
        now_s = self._clock.now()
        if isinstance(why, ReceivedLess):
            free = self._memory.unhealthy_memory(why.symbol, FEE_ON_TRANSFER, None, now_s)
        elif isinstance(why, TokenUnfit):
            until_s = None if why.health == FEE_ON_TRANSFER else now_s + TRY_TOKEN_AGAIN_S
            free = self._memory.unhealthy_memory(why.symbol, why.health, until_s, now_s)
        name = proposal.order.portfolio
        if free is None:
            await self._gave_up({name: why}, {name: proposal.view.id}, [])
            return
        # Something was learned: the next plan does without that token, and need not wait.
        await self._journal.commit(Batch(remember=(free,)))
        self._proposals.pop(name, None)
        self._dropped(name, proposal.view.id, why)

    async def _drop_what_waited_too_long(self) -> None:
        now_s = self._clock.now()
        late = {name: one.view for name, one in self._proposals.items() if now_s > one.view.valid_until_s}
        if late:
            why = NotConfirmedInTime(self._options().plan_valid_s)
            await self._gave_up(dict.fromkeys(late, why), {name: view.id for name, view in late.items()}, [])

    async def _gave_up(
        self,
        why: Mapping[str, Reason],
        plans: Mapping[str, str],
        sendings: Sequence[tuple[str, Sequence[Sending]]],
        beside: Memory | None = None,
    ) -> None:
        """These portfolios' plans came to nothing before the chain; sendings: what stays under way of which key."""
        now_s, cooldown_s = self._clock.now(), float(self._options().cooldown_minutes) * 60.0
        rests = {name: gave_up(self._memory.rest(name), cooldown_s, now_s) for name in why}
        memories = self._memory.rest_memories(rests, now_s)
        memories += [self._memory.sending_memory(key, kept, now_s) for key, kept in sendings]
        memories += [beside] if beside is not None else []
        await self._journal.commit(Batch(remember=tuple(memories)))
        for name, reason in why.items():
            self._proposals.pop(name, None)
            self._dropped(name, plans.get(name, ""), reason)

    def _dropped(self, portfolio: str, plan: str, why: Reason) -> None:
        _log.warning("%s: its plan was not sent: %s", portfolio, plain(why))
        self._bus.emit(PlanDropped(at_s=self._clock.now(), portfolio=portfolio, plan=plan, reason=why))


def _shared(going: Sequence[Proposal]) -> list[Sending]:
    """Each plan's share of the transaction's gas: its legs, and an equal part of what comes once."""
    parts = [GAS_FOR_ALL / len(going) + GAS_FOR_A_LEG * len(one.sending.legs) for one in going]
    return [replace(one.sending, share_of_gas=part / sum(parts)) for one, part in zip(going, parts, strict=True)]
