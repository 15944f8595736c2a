"""A user's request to have money secured as collateral, from the asking to the end (hub spec 2 to 7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from engine.core.messages import Reason
from engine.hub.accounts import Account
from engine.hub.fees import FeeBreakdown, FeePolicy, GasMarket, largest_affordable, quote
from engine.hub.limits import Caps, SoftLimit, Spent, refusal
from engine.hub.tokens import Token, text_of_amount

CONFLICT, UNPROCESSABLE = 409, 422


class RequestState(Enum):
    """ACCEPTED: its fees are taken, it waits for a batch. DROPPED: left out, and its fees go back once no signed batch
    can carry it any more. DONE: it is collateral. The rest ended without."""

    ACCEPTED = "accepted"
    IN_FLIGHT = "in_flight"
    DROPPED = "dropped"
    DONE = "done"
    EXPIRED = "expired"
    FAILED = "failed"

    @property
    def open(self) -> bool:
        return self in (RequestState.ACCEPTED, RequestState.IN_FLIGHT, RequestState.DROPPED)


@dataclass(frozen=True, slots=True)
class Request:
    """One request that was accepted. user: entity id as hex. idempotency_key: the user's own name for it. fees: as they
    were taken, in base units of the token. sealed_nonce: of the newest signed batch that carries it, 0 for none: until
    the chain has used that number it may be carried out. words: why it was dropped."""

    id: str
    user: str
    token_id: int
    fees: FeeBreakdown
    idempotency_key: str
    made_at_s: float
    state: RequestState = RequestState.ACCEPTED
    sealed_nonce: int = 0
    words: str = ""

    @property
    def amount(self) -> int:
        return self.fees.amount

    def age_s(self, now_s: float) -> float:
        return max(0.0, now_s - self.made_at_s)

    def now(self, state: RequestState) -> Request:
        """Raises ValueError for a way back: what has ended stays ended."""
        if not self.state.open:
            raise ValueError(f"request {self.id} has ended as {self.state.value} and cannot become {state.value}")
        return replace(self, state=state)


@dataclass(frozen=True, slots=True)
class NotAmount(Reason, code="hub.not_amount"):
    """A request is for more than nothing."""


@dataclass(frozen=True, slots=True)
class NotAffordable(Reason, code="hub.not_affordable"):
    """What the user holds at the hub and is not collateral yet does not cover amount and fees; `most` would be covered.
    Amounts in whole tokens."""

    total: str
    free: str
    most: str


@dataclass(frozen=True, slots=True)
class Declined:
    """Why not, with the number that would change it, and the status of HTTP that says so."""

    reason: Reason
    status: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The request, and the account after its fees went to the hub."""

    request: Request
    account: Account


def ask(
    *,
    id: str,
    user: str,
    amount: int,
    idempotency_key: str,
    account: Account,
    waiting: int,
    token: Token,
    limit: SoftLimit,
    caps: Caps,
    spent: Spent,
    market: GasMarket,
    policy: FeePolicy,
    now_s: float,
) -> Taken | Declined:
    """Take the request and its fees, or say why not (spec 2, 5 and 12).

    waiting: amounts of the user's other open requests in this token, which are promised already. spent: counts them
    too, and all that is in flight.
    """
    if amount <= 0:
        return Declined(NotAmount(), UNPROCESSABLE)
    refused = refusal(amount, token, limit, caps, spent)
    if refused is not None:
        return Declined(refused, CONFLICT)
    fees = quote(amount, token, market, policy)
    free = max(0, account.user_free - waiting)
    if fees.total > free:
        most = largest_affordable(free, token, market, policy)
        texts = (text_of_amount(one, token.decimals) for one in (fees.total, free, most))
        return Declined(NotAffordable(*texts), UNPROCESSABLE)
    return Taken(Request(id, user, token.token_id, fees, idempotency_key, now_s), account.charged(fees.fees))


def given_back(request: Request, account: Account) -> Account:
    """The account with all fees back, when the request ended without being carried out (spec 5)."""
    return account.charged(-request.fees.fees)
