"""What came of a batch, in one commit: fees settled, promises let go, records made; and what did not go, back again.

What is in a signed batch is let go only after the hub's number that it was signed for was used by another: until then
it may still be carried out (hub spec 15).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.messages import Event, Reason, plain
from engine.hub.fees import GasShare
from engine.hub.ledger import Ledger, given_back, settled
from engine.hub.market import Listed, Market
from engine.hub.messages import BatchEnded, ItemDropped, ItemReverts, MayStillBeMined, RequestEnded, WaitedTooLong
from engine.hub.options import HubOptions
from engine.hub.ports import Chain, Ended
from engine.hub.pulls import PullRequest, PullState
from engine.hub.records import BatchRecord, BatchStatus
from engine.hub.remembered import Attempt, Change, Exposed, Remembered
from engine.hub.requests import Request, RequestState
from engine.hub.settlement import GasPaid, gas_shares, record_of, whole_tokens

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """ended: the hub's own transaction, if there was one. used: whether the number was used. carried: what the batch
    that used it carries, by the hub's own record; None when it is not known, or nothing was carried out."""

    ended: Ended
    used: bool
    carried: Exposed | None


class Booking:
    """Writes what came of batches and requests."""

    def __init__(
        self,
        *,
        chain: Chain,
        held: Remembered,
        bus: Bus,
        clock: Clock,
        options: Callable[[], HubOptions],
        tokens: Mapping[int, Listed],
    ) -> None:
        self._chain = chain
        self._held = held
        self._bus = bus
        self._clock = clock
        self._options = options
        self._tokens = tokens

    async def book(self, attempt: Attempt, outcome: Outcome, market: Market) -> None:
        """A batch has ended; when it was the one under way, the account that sends is free after this."""
        events: list[Event] = []
        async with self._held.changing() as change:
            record = self._booked(change, attempt, outcome, market, events)
            if outcome.used:
                change.set("exposed", {})
            if self._held.attempt is not None:
                change.set("attempt", None)
                change.beside.append(self._chain.forgotten())
        self._tell([*events, BatchEnded(at_s=record.at_s, record=record)])
        _log.info("[HUB] batch %d: %s, profit $%.4f", record.nonce, record.status.value, record.profit_usd)

    async def withdraw(self, attempt: Attempt) -> None:
        """It was never handed to the account that sends: everything in it waits again, still bound to its number."""
        async with self._held.changing() as change:
            self._waits_again(change, attempt)
            change.set("attempt", None)

    async def drop(self, attempt: Attempt, item: Request | PullRequest, why: ItemReverts) -> None:
        """Leave one item out; the others wait again."""
        async with self._held.changing() as change:
            self._waits_again(change, attempt)
            change.set("attempt", None)
            if isinstance(item, Request):
                dropped = replace(item, state=RequestState.DROPPED, sealed_nonce=attempt.nonce, words=why.words)
                change.set_request(dropped)
            else:
                change.set_pull(replace(item, state=PullState.DROPPED, sealed_nonce=attempt.nonce, words=why.words))
        kind = "push" if isinstance(item, Request) else "pull"
        _log.warning("a %s of %s was left out: %s", kind, item.user, why.words)
        self._tell([ItemDropped(at_s=attempt.at_s, item=kind, id=item.id, user=item.user, reason=why)])

    async def let_go(self, used_nonce: int) -> None:
        """What was left out or waited too long ends, where no signed batch can carry it any more."""
        options, now_s = self._options(), self._clock.now()
        requests = [
            one
            for one in self._held.requests.values()
            if one.sealed_nonce <= used_nonce
            and (
                one.state is RequestState.DROPPED
                or (one.state is RequestState.ACCEPTED and one.age_s(now_s) > options.request_valid_s)
            )
        ]
        pulls = [
            one
            for one in self._held.pulls.values()
            if one.sealed_nonce <= used_nonce
            and (
                one.state is PullState.DROPPED
                or (one.state in (PullState.PROPOSED, PullState.APPROVED) and now_s > one.valid_until_s)
            )
        ]
        if not requests and not pulls:
            return
        events: list[Event] = []
        async with self._held.changing() as change:
            for request in requests:
                dropped = request.state is RequestState.DROPPED
                why: Reason = ItemReverts(request.words) if dropped else WaitedTooLong(options.request_valid_s)
                state = RequestState.FAILED if dropped else RequestState.EXPIRED
                events.append(self._give_back(change, request, state, why))
            for pull in pulls:
                state_of_pull = PullState.FAILED if pull.state is PullState.DROPPED else PullState.EXPIRED
                end_pull(change, pull, state_of_pull)
        self._tell(events)

    def reason_of(self, request: Request, used_nonce: int) -> Reason | None:
        """Why a request that was left out has not ended."""
        if request.state is RequestState.DROPPED and request.sealed_nonce > used_nonce:
            return MayStillBeMined(request.sealed_nonce, request.words)
        return None

    def _booked(
        self, change: Change, attempt: Attempt, outcome: Outcome, market: Market, events: list[Event]
    ) -> BatchRecord:
        carried = outcome.carried or Exposed((), ())
        requests = [self._held.requests[id] for id in carried.requests]
        pulls = [self._held.pulls[id] for id in carried.pulls]
        native_usd = market.prices[market.native_coin].usd
        paid = GasPaid(outcome.ended.gas_used, outcome.ended.gas_price_wei, native_usd)
        first_of = dict(zip(attempt.requests, attempt.first_deposits, strict=True))
        first = [first_of.get(one.id, False) for one in requests]
        found = gas_shares(requests, first, paid, market.tokens, self._options().fees)
        self._waits_again(change, attempt)
        for request, (share, _) in zip(requests, found, strict=True):
            _settle(change, request, share)
        for pull in pulls:
            end_pull(change, pull, PullState.EXECUTED)
        record = record_of(
            nonce=attempt.nonce,
            status=_status(outcome),
            transaction_hash=outcome.ended.hash,
            pushes=[(one, share, gas) for one, (share, gas) in zip(requests, found, strict=True)],
            pulls=pulls,
            tokens=market.tokens,
            paid=paid,
            predicted_gas=attempt.predicted_gas,
            sent_s=attempt.at_s,
            now_s=change.now_s,
        )
        if carried.requests == attempt.requests and attempt.pushed_usd:
            # The caps held at the prices at which it was sent: a price that fell since makes no room.
            record = replace(record, pushed_usd=attempt.pushed_usd)
        change.record = record
        change.facts.append(self._held.batch_fact(record, attempt.key, plain(record)))
        change.set("totals", change.get("totals").with_batch(record))
        return record

    def _waits_again(self, change: Change, attempt: Attempt) -> None:
        for request in (self._held.requests[id] for id in attempt.requests):
            if request.state is RequestState.IN_FLIGHT:
                change.set_request(request.now(RequestState.ACCEPTED))
        for pull in (self._held.pulls[id] for id in attempt.pulls):
            if pull.state is PullState.IN_FLIGHT:
                change.set_pull(replace(pull, state=PullState.APPROVED))

    def _give_back(self, change: Change, request: Request, state: RequestState, why: Reason) -> Event:
        account = change.account(request.user, request.token_id)
        assert account is not None
        freed = account.charged(-request.fees.fees).promised(user=-request.amount)
        change.set_account(request.user, request.token_id, freed)
        ledger: Ledger = change.get("ledger")
        change.set("ledger", given_back(ledger, request.token_id, request.fees))
        change.set_request(request.now(state))
        token = self._tokens[request.token_id]
        return RequestEnded(
            at_s=change.now_s,
            request=request.id,
            user=request.user,
            symbol=token.symbol,
            amount=whole_tokens(request.amount, token.decimals),
            reason=why,
        )

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            self._bus.emit(event)


def end_pull(change: Change, pull: PullRequest, state: PullState) -> None:
    """It is over, whatever way: the hub's share that was kept for it is free."""
    account = change.account(pull.user, pull.token_id)
    assert account is not None
    change.set_account(pull.user, pull.token_id, account.promised(hub=-pull.amount))
    change.set_pull(replace(pull, state=state))


def _settle(change: Change, request: Request, share: GasShare) -> None:
    """It is collateral now: the hub keeps its fee and what the gas cost, the rest goes back."""
    account = change.account(request.user, request.token_id)
    assert account is not None
    freed = account.charged(-share.refunded).promised(user=-request.amount)
    change.set_account(request.user, request.token_id, freed)
    change.set("ledger", settled(change.get("ledger"), request.token_id, request.fees, share))
    change.set_request(request.now(RequestState.DONE))


def _status(outcome: Outcome) -> BatchStatus:
    if outcome.used:
        return BatchStatus.SETTLED if outcome.carried is not None else BatchStatus.REPLACED
    if outcome.ended.mined:
        return BatchStatus.REVERTED
    return BatchStatus.UNSENT if outcome.ended.never_sent else BatchStatus.REPLACED
