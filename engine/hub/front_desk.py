"""What users may do at the hub: ask, pay, look, sign back (hub spec 2, 5, 7 and 13).

Who asks has proved who it is before: this room trusts the `user` that it is told.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.journal import AlreadyRecorded, Fact
from engine.core.messages import Reason
from engine.hub.accounts import Account
from engine.hub.batch import WaitsForSignature
from engine.hub.booking import end_pull
from engine.hub.fees import FeeBreakdown, largest_affordable, quote
from engine.hub.ledger import accepted
from engine.hub.limits import BelowSoftLimit, Spent, refusal, stops_everybody
from engine.hub.market import Listed, Market
from engine.hub.messages import (
    KeyReused,
    MayAsk,
    NoSuchPull,
    NothingSeen,
    NothingUnsecured,
    NotReady,
    NotTheirSignature,
    QueueFull,
    RequestAccepted,
)
from engine.hub.opening import Opening
from engine.hub.options import HubOptions
from engine.hub.ports import Chain
from engine.hub.pulls import PullRequest, PullState
from engine.hub.remembered import ACCEPTED, ENGINE, Change, Remembered
from engine.hub.requests import CONFLICT, UNPROCESSABLE, Declined, NotAmount, Request, Taken, ask
from engine.hub.settlement import whole_tokens
from engine.hub.spending import collateral_usd, requests_usd
from engine.hub.tokens import text_of_amount

DAY_S = 86_400.0
NEWEST_ANSWERS = 1000
MOST_OPENINGS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a rebalance, in base units."""

    user: str
    token_id: int
    amount: int
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The request; again: it was taken before, under the same key."""

    request: Request
    again: bool


class FrontDesk:
    """Everything that changes something is durable when its answer is given.

    reason_now: what the engine says of an open request at this moment.
    """

    def __init__(
        self,
        *,
        chain: Chain,
        held: Remembered,
        bus: Bus,
        clock: Clock,
        options: Callable[[], HubOptions],
        market: Callable[[], Market],
        tokens: Mapping[int, Listed],
        opening: Opening,
        reason_now: Callable[[Request], Reason],
    ) -> None:
        self._chain = chain
        self._held = held
        self._bus = bus
        self._clock = clock
        self._options = options
        self._market = market
        self._tokens = tokens
        self._opening = opening
        self._reason_now = reason_now
        self.answers: deque[bool] = deque(maxlen=NEWEST_ANSWERS)
        self.refused_since_saved = 0

    async def request_rebalance(self, asked: Asked) -> Answered | Declined:
        """Take it and its fees, or say why not and what would change it. Raises JournalFailed."""
        found = await self._requested(asked)
        if isinstance(found, Declined) or not found.again:
            self.answers.append(isinstance(found, Declined))
            self.refused_since_saved += isinstance(found, Declined)
        return found

    async def _requested(self, asked: Asked) -> Answered | Declined:
        known = self._known(asked)
        if known is not None:
            return known
        why = self._opening.cannot(asked.token_id) or self._full()
        if why is not None:
            return why
        await self._opening.open(asked.user)
        try:
            async with self._held.changing() as change:
                known = self._known(asked)
                if known is not None:
                    return known
                found = self._decided(change, asked)
                if isinstance(found, Declined):
                    return found
                self._take(change, found)
        except AlreadyRecorded:
            return Declined(KeyReused(asked.idempotency_key), UNPROCESSABLE)
        self._tell_accepted(found.request)
        return Answered(found.request, again=False)

    def quoted(self, token_id: int, amount: int) -> FeeBreakdown | Declined:
        """What securing `amount` would cost now, whether or not it may be asked for."""
        why = self._opening.cannot(token_id)
        if why is not None:
            return why
        if amount <= 0:
            return Declined(NotAmount(), UNPROCESSABLE)
        market = self._market()
        assert market.gas is not None
        return quote(amount, market.tokens[token_id], market.gas, self._options().fees)

    def request(self, id: str) -> Request | None:
        return self._held.request(id)

    def reason(self, request: Request) -> Reason | None:
        """Why an open request waits; None when it has ended."""
        return self._reason_now(request) if request.state.open else None

    async def accounts(self, user: str) -> list[tuple[Listed, Account, Reason]]:
        """Every token of the user's that the hub knows of, each with the one reason for how it stands (spec 17)."""
        await self._opening.open(user)
        found = []
        for token in self._tokens.values():
            account = self._held.accounts.get(user, token.token_id)
            if account is not None:
                found.append((token, account, self._reason_of(user, token, account)))
        return found

    def inbox(self, user: str) -> list[PullRequest]:
        """What the user is asked to sign back, oldest first."""
        return [one for one in self._held.pulls.values() if one.user == user]

    def pull_digest(self, pull: PullRequest) -> str:
        return self._chain.pull_digest(pull.user, pull.token_id, pull.amount, pull.nonce)

    async def approve(self, id: str, user: str, signature: str) -> PullRequest | Declined:
        """Take the user's signature for a pull; given again it is the same. Raises JournalFailed."""
        pull = self._held.pulls.get(id) or self._held.pulls_ended.get(id)
        if pull is None or pull.user != user:
            return Declined(NoSuchPull(id), HTTPStatus.NOT_FOUND)
        if self._chain.signed_by(self.pull_digest(pull), signature) != user:
            return Declined(NotTheirSignature(), UNPROCESSABLE)
        async with self._held.changing() as change:
            now = self._held.pulls.get(id)
            if now is None:
                return self._held.pulls_ended.get(id) or Declined(NoSuchPull(id), HTTPStatus.NOT_FOUND)
            if now.state is not PullState.PROPOSED:
                return now
            approved = replace(now, state=PullState.APPROVED, signature=signature)
            change.set_pull(approved)
        return approved

    async def reject(self, id: str, user: str) -> PullRequest | Declined:
        """The user does not sign it; what was signed already may be on its way, and stays. Raises JournalFailed."""
        async with self._held.changing() as change:
            pull = self._held.pulls.get(id)
            if pull is None or pull.user != user or pull.state is not PullState.PROPOSED:
                return Declined(NoSuchPull(id), HTTPStatus.NOT_FOUND)
            end_pull(change, pull, PullState.REJECTED)
        return self._held.pulls_ended[id]

    def _known(self, asked: Asked) -> Answered | Declined | None:
        id = self._held.by_key.get((asked.user, asked.idempotency_key))
        request = None if id is None else self._held.request(id)
        if request is None:
            return None
        if (request.token_id, request.amount) != (asked.token_id, asked.amount):
            return Declined(KeyReused(asked.idempotency_key), UNPROCESSABLE)
        return Answered(request, again=True)

    def _full(self) -> Declined | None:
        waiting = len(self._held.requests)
        return Declined(QueueFull(waiting), CONFLICT) if waiting >= self._options().most_waiting else None

    def _decided(self, change: Change, asked: Asked) -> Taken | Declined:
        options, market = self._options(), self._market()
        assert market.limit is not None
        assert market.gas is not None
        account = change.account(asked.user, asked.token_id) or self._opening.fresh(asked.user, asked.token_id)
        return ask(
            id=secrets.token_hex(16),
            user=asked.user,
            amount=asked.amount,
            idempotency_key=asked.idempotency_key,
            account=account,
            waiting=0,  # what other requests ask for is promised in the account
            token=market.tokens[asked.token_id],
            limit=market.limit,
            caps=options.caps,
            spent=self._spent(asked.user),
            market=market.gas,
            policy=options.fees,
            now_s=change.now_s,
        )

    def _spent(self, user: str) -> Spent:
        """Open requests count as if they were carried out; the interval is counted when a batch goes."""
        market, held = self._market(), self._held
        of_user = (one for one in held.requests.values() if one.user == user)
        return Spent(
            user=collateral_usd(user, held.accounts, market) + requests_usd(of_user, market),
            day=held.pushed_since(self._clock.now() - DAY_S) + requests_usd(held.requests.values(), market),
        )

    def _take(self, change: Change, taken: Taken) -> None:
        request = taken.request
        change.set_account(request.user, request.token_id, taken.account.promised(user=request.amount))
        change.set_request(request)
        change.set("ledger", accepted(change.get("ledger"), request.token_id, request.fees))
        totals = change.get("totals")
        change.set(
            "totals",
            replace(totals, accepted=totals.accepted + 1, refused=totals.refused + self.refused_since_saved),
        )
        self.refused_since_saved = 0
        name = f"{request.user}/{request.idempotency_key}"
        change.facts.append(Fact(ENGINE, ACCEPTED, name, {"id": request.id}, change.now_s))

    def _reason_of(self, user: str, token: Listed, account: Account) -> Reason:
        for request in self._held.requests.values():
            if (request.user, request.token_id) == (user, token.token_id):
                return self._reason_now(request)
        for pull in self._held.pulls.values():
            if (pull.user, pull.token_id, pull.state) == (user, token.token_id, PullState.PROPOSED):
                return WaitsForSignature(text_of_amount(pull.amount, token.decimals))
        if not account.user_free:
            return NothingUnsecured()
        return self._what_may_be_asked(user, token, account)

    def _what_may_be_asked(self, user: str, token: Listed, account: Account) -> Reason:
        market, options = self._market(), self._options()
        if market.limit is None or market.gas is None or token.token_id not in market.tokens:
            return NotReady(NothingSeen())
        priced = market.tokens[token.token_id]
        least = market.limit.amount(priced)
        stopped = stops_everybody(market.limit, options.caps)
        if stopped is not None:
            return stopped
        most = largest_affordable(account.user_free, priced, market.gas, options.fees)
        if most < least:
            limit, short = (text_of_amount(one, token.decimals) for one in (least, least - most))
            return BelowSoftLimit(limit, short, market.limit.gas_price_gwei)
        refused = refusal(least, priced, market.limit, options.caps, self._spent(user))
        return refused or MayAsk(text_of_amount(most, token.decimals))

    def _tell_accepted(self, request: Request) -> None:
        token = self._tokens[request.token_id]
        self._bus.emit(
            RequestAccepted(
                at_s=request.made_at_s,
                request=request.id,
                user=request.user,
                symbol=token.symbol,
                amount=whole_tokens(request.amount, token.decimals),
                total=whole_tokens(request.fees.total, token.decimals),
            )
        )
