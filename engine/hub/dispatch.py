"""From what waits to a batch that is booked: chosen, sealed, tried, sent once, and taken up after a crash.

A signed batch may be carried out by whoever has its bytes, and is shown to the node when it is tried. So what it
carries is remembered before that, nothing of it is let go until the hub's number that it was signed for was used, and
every batch is signed for the one number that comes next: at most one of all that were signed is ever carried out
(hub spec 14 to 16).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.messages import Reason, plain
from engine.hub.batch import BatchInFlight, choose
from engine.hub.booking import Booking, Outcome
from engine.hub.gas import BatchShape, predicted_gas
from engine.hub.limits import Spent
from engine.hub.market import Market, gwei
from engine.hub.messages import (
    AnotherSigner,
    BatchReverts,
    BatchSent,
    GasAboveCap,
    HubHalted,
    ItemReverts,
    NothingUnsecured,
    OnItsWay,
)
from engine.hub.options import HubOptions
from engine.hub.ports import (
    BatchOrder,
    Chain,
    ChainLook,
    ChainUnavailable,
    Ended,
    NotSealed,
    PullOrder,
    PushOrder,
    Sealed,
)
from engine.hub.pulls import PullRequest, PullState, for_batch
from engine.hub.remembered import Attempt, Exposed, Remembered
from engine.hub.requests import Request, RequestState
from engine.hub.spending import collateral_usd, usd_of_requests

MOST_TRIES = 64
"""Each try without success leaves at least one item out."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Going:
    """What goes together: requests in order, and the pulls that fund them."""

    requests: tuple[Request, ...]
    pulls: tuple[PullRequest, ...]

    @property
    def order(self) -> BatchOrder:
        return BatchOrder(
            tuple(PullOrder(one.user, one.token_id, one.amount, one.nonce, one.signature) for one in self.pulls),
            tuple(PushOrder(one.user, one.token_id, one.amount) for one in self.requests),
        )

    @property
    def size(self) -> int:
        return len(self.pulls) + len(self.requests)

    def first(self, items: int) -> Going:
        """The first so many, as the contract carries them out: pulls, then requests."""
        return Going(self.requests[: max(0, items - len(self.pulls))], self.pulls[:items])


class Dispatch:
    """One batch at a time. may_send: why nothing may leave now, None when it may."""

    def __init__(
        self,
        *,
        chain: Chain,
        held: Remembered,
        bus: Bus,
        clock: Clock,
        options: Callable[[], HubOptions],
        may_send: Callable[[], Reason | None],
        booking: Booking,
    ) -> None:
        self._chain = chain
        self._held = held
        self._bus = bus
        self._clock = clock
        self._options = options
        self._may_send = may_send
        self._booking = booking
        self.halted: Reason | None = None
        self.reasons: Mapping[str, Reason] = {}
        self.progress: Reason | None = None

    async def take_up(self) -> None:
        """What an earlier run left: a batch that the sending account never had goes back to the queue."""
        attempt = self._held.attempt
        if attempt is not None and attempt.key != self._chain.under_way:
            await self._booking.withdraw(attempt)

    async def advance(self, look: ChainLook, market: Market) -> None:
        """One look at the batch under way. look: its final blocks are remembered already. Raises ChainUnavailable."""
        attempt = self._held.attempt
        if attempt is None:
            self.progress = None
            await self._book_what_others_sent(market)
            await self._booking.let_go(self._newest_known(look))
            return
        progress = await self._chain.advance()
        if not isinstance(progress, Ended):
            self.progress = progress
            return
        used = look.entity_nonce >= attempt.nonce
        if progress.succeeded and not used:
            return  # the look is older than the receipt
        carried: Exposed | None = None
        if used:
            hash = self._held.batches.get(attempt.nonce)
            if hash is None:
                return  # its log was not read yet
            carried = self._held.exposed.get(hash)
            if carried is None:
                self.halt(AnotherSigner(attempt.nonce))
        await self._booking.book(attempt, Outcome(progress, used, carried), market)
        self.progress = None

    async def _book_what_others_sent(self, market: Market) -> None:
        """A batch that was shown to the node, and never left the hub, may have been sent by whoever saw it."""
        held = self._held
        found = next(((nonce, hash) for nonce, hash in held.batches.items() if hash in held.exposed), None)
        if found is None:
            return
        nonce, hash = found
        carried = held.exposed[hash]
        attempt = Attempt(
            key=f"hub/{self._chain.entity[2:18]}/{nonce}/{hash}",
            nonce=nonce,
            at_s=self._clock.now(),
            requests=carried.requests,
            pulls=carried.pulls,
            first_deposits=(False,) * len(carried.requests),
            hash=hash,
            predicted_gas=0,
            pushed_usd=Decimal(0),
        )
        unsent = Ended(attempt.key, mined=False, succeeded=False, reason=OnItsWay(nonce), never_sent=True)
        await self._booking.book(attempt, Outcome(unsent, used=True, carried=carried), market)

    def _newest_known(self, look: ChainLook) -> int:
        """The newest of the hub's numbers that was used by a batch whose log was read; 0 for none."""
        return min(look.entity_nonce, max(self._held.batches, default=0))

    async def send(self, look: ChainLook, market: Market) -> None:
        """Choose, seal, try and send what is due. Raises ChainUnavailable."""
        waiting = [one for one in self._held.requests.values() if one.state is RequestState.ACCEPTED]
        everybody = self._holds_everybody(look)
        if everybody is not None:
            self.reasons = {one.id: everybody for one in waiting}
            return
        secured = {one.id for one in waiting if self._is_secured_already(one)}
        self.reasons = dict.fromkeys(secured, NothingUnsecured())
        left_out = set(secured)
        for _ in range(MOST_TRIES):
            going = self._chosen(look, market, [one for one in waiting if one.id not in left_out], left_out)
            if not going.requests and not self._waits_for_the_number(look.entity_nonce + 1):
                return
            if await self._sent(going, look, market, left_out):
                return

    def _waits_for_the_number(self, nonce: int) -> bool:
        """Something is over and cannot end, for a signed batch may carry it: a batch of nothing uses its number up."""
        if self._held.stopped:
            return False
        now_s, valid_s = self._clock.now(), self._options().request_valid_s
        return any(
            one.sealed_nonce == nonce and (one.state is RequestState.DROPPED or one.age_s(now_s) > valid_s)
            for one in self._held.requests.values()
        )

    def _is_secured_already(self, request: Request) -> bool:
        """Somebody else secured what it asks for meanwhile: pushed too, it would lock up the hub's own money."""
        account = self._held.accounts.get(request.user, request.token_id)
        return account is None or account.user_unsecured < request.amount

    def _holds_everybody(self, look: ChainLook) -> Reason | None:
        attempt = self._held.attempt
        if attempt is not None:
            return BatchInFlight()
        if self.halted is not None:
            return self.halted
        if look.newest_entity_nonce != look.entity_nonce:
            return BatchInFlight()  # somebody carried one out; it is not final yet
        known = self._newest_known(look)
        if any(known < one.sealed_nonce <= look.entity_nonce for one in self._held.requests.values()):
            return BatchInFlight()  # its log was not read yet: it may have carried them
        held = self._may_send()
        if held is not None:
            return held
        cap_wei = self._options().max_gas_wei
        if look.gas_price_wei > cap_wei:
            return GasAboveCap(gwei(look.gas_price_wei), gwei(cap_wei))
        return None

    def _chosen(self, look: ChainLook, market: Market, waiting: Sequence[Request], left_out: set[str]) -> Going:
        options, now_s, held = self._options(), self._clock.now(), self._held
        assert market.limit is not None
        pulls = [one for one in held.pulls.values() if one.id not in left_out] if options.pull else []
        users = {one.user for one in waiting}
        choice = choose(
            waiting,
            for_batch(pulls),
            tokens=market.tokens,
            reserves=look.reserves,
            spent_by_user={user: Spent(user=collateral_usd(user, held.accounts, market)) for user in users},
            spent=Spent(
                interval=held.pushed_since(now_s - options.interval_s), day=held.pushed_since(now_s - 86_400.0)
            ),
            limit=market.limit,
            caps=options.caps,
            policy=options.batches(stopped=held.stopped),
            in_flight=False,
            now_s=now_s,
        )
        self.reasons = {**self.reasons, **choice.reasons} if left_out else choice.reasons
        by_user = {(one.user, one.token_id): one for one in pulls if one.state is PullState.APPROVED}
        return Going(choice.pushes, tuple(by_user[one.user, one.token_id] for one in choice.pulls))

    async def _sent(self, going: Going, look: ChainLook, market: Market, left_out: set[str]) -> bool:
        """Whether there is nothing more to try: it went, or nothing of it can."""
        nonce = look.entity_nonce + 1
        key = f"hub/{self._chain.entity[2:18]}/{nonce}/{secrets.token_hex(8)}"
        try:
            sealed = await self._chain.seal(f"{key}/seal", going.order, nonce)
        except NotSealed as refused:
            self.reasons = {one.id: refused.reason for one in going.requests}
            return True
        attempt = self._attempt(key, going, sealed, market)
        if not await self._remember(attempt, going):
            return False
        try:
            tried = await self._chain.try_out(sealed)
            if tried.words is None:
                await self._chain.submit(key, sealed, tried.gas)
                self._tell_sent(attempt)
                return True
            bad = await self._first_bad(key, going, nonce, tried.words)
        except ChainUnavailable:
            await self._booking.withdraw(attempt)
            raise
        except NotSealed as refused:
            await self._booking.withdraw(attempt)
            self.reasons = {one.id: refused.reason for one in going.requests}
            return True
        if bad is None:
            await self._booking.withdraw(attempt)
            self.reasons = {one.id: BatchReverts(tried.words) for one in going.requests}
            return True
        item, words = bad
        left_out.add(item.id)
        await self._booking.drop(attempt, item, ItemReverts(words))
        return False

    async def _first_bad(
        self, key: str, going: Going, nonce: int, words: str
    ) -> tuple[Request | PullRequest, str] | None:
        """The first item with which the batch reverts, with the contract's words; None when it does with none at all.

        What the contract carries out in order reverts at an item whatever comes after it, so halving finds it. words:
        of the whole batch.
        """
        if await self._words_of(f"{key}/0", going.first(0), nonce) is not None:
            return None
        good, bad = 0, going.size
        while bad - good > 1:
            middle = (good + bad) // 2
            said = await self._words_of(f"{key}/{middle}", going.first(middle), nonce)
            if said is None:
                good = middle
            else:
                bad, words = middle, said
        items: tuple[Request | PullRequest, ...] = (*going.pulls, *going.requests)
        return items[bad - 1], words

    async def _words_of(self, name: str, part: Going, nonce: int) -> str | None:
        sealed = await self._chain.seal(f"{name}/seal", part.order, nonce)
        async with self._held.changing() as change:
            change.set("exposed", {**change.get("exposed"), sealed.hash: _exposed(part)})
        return (await self._chain.try_out(sealed)).words

    def _attempt(self, key: str, going: Going, sealed: Sealed, market: Market) -> Attempt:
        accounts = [self._held.accounts.get(one.user, one.token_id) for one in going.requests]
        first = tuple(one is None or (one.collateral, one.ondelta) == (0, 0) for one in accounts)
        items: dict[int, tuple[int, int]] = {}
        for one, is_first in zip(going.requests, first, strict=True):
            pairs, firsts = items.get(one.token_id, (0, 0))
            items[one.token_id] = (pairs + 1, firsts + is_first)
        pulled = [self._held.accounts.get(one.user, one.token_id) for one in going.pulls]
        shape = BatchShape(
            tuple(items.values()), len(going.pulls), sum(one is None or one.nonce == 0 for one in pulled)
        )
        return Attempt(
            key=key,
            nonce=sealed.nonce,
            at_s=self._clock.now(),
            requests=tuple(one.id for one in going.requests),
            pulls=tuple(one.id for one in going.pulls),
            first_deposits=first,
            hash=sealed.hash,
            predicted_gas=predicted_gas(shape),
            pushed_usd=usd_of_requests(going.requests, market),
        )

    async def _remember(self, attempt: Attempt, going: Going) -> bool:
        """Before the bytes are shown to anybody: what they carry, and for which number they were signed. Whether all of
        it is still as it was chosen; if not, what was signed is forgotten."""
        async with self._held.changing() as change:
            if any(self._held.pulls.get(one.id) is not one for one in going.pulls):
                return False
            change.set("attempt", attempt)
            change.set("exposed", {**change.get("exposed"), attempt.hash: _exposed(going)})
            for one in going.requests:
                change.set_request(replace(one, state=RequestState.IN_FLIGHT, sealed_nonce=attempt.nonce))
            for pull in going.pulls:
                change.set_pull(replace(pull, state=PullState.IN_FLIGHT, sealed_nonce=attempt.nonce))
        return True

    def _tell_sent(self, attempt: Attempt) -> None:
        pushes, pulls = len(attempt.requests), len(attempt.pulls)
        _log.info("[HUB] batch %d: %d pushes, %d pulls, $%.2f", attempt.nonce, pushes, pulls, attempt.pushed_usd)
        self._bus.emit(
            BatchSent(at_s=attempt.at_s, nonce=attempt.nonce, pushes=pushes, pulls=pulls, pushed_usd=attempt.pushed_usd)
        )
        self.reasons = {id: OnItsWay(attempt.nonce) for id in attempt.requests}

    def halt(self, reason: Reason) -> None:
        """Nothing more is sent in this run: something is not as it must be."""
        if self.halted is None:
            self.halted = reason
            _log.critical("the hub stops: %s", plain(reason))
            self._bus.emit(HubHalted(at_s=self._clock.now(), reason=reason))


def _exposed(going: Going) -> Exposed:
    return Exposed(tuple(one.id for one in going.requests), tuple(one.id for one in going.pulls))
