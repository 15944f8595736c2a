"""Which requests the next batch carries, and why each of the others waits (hub spec 10 to 14 and 17). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from engine.core.messages import Reason
from engine.hub.limits import Caps, SoftLimit, Spent, refusal, stops_everybody
from engine.hub.matching import match
from engine.hub.requests import Request
from engine.hub.tokens import Token, text_of_amount, usd_of_amount

MOST_PAIRS_OF_ITEM = 64
MOST_OPERATIONS = 50


class Priority(Enum):
    """Who goes first: the largest net amount, the oldest, or the one that pays most to the hub."""

    AMOUNT = "amount"
    TIME = "time"
    FEE = "fee"


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """window_s: how long the oldest waits before a batch goes, unless `threshold` are waiting. batch_max: pairs.

    age_weight: by what share a waiting minute raises a request's rank. starves_after_s: from then on it goes first.
    """

    window_s: float = 10.0
    threshold: int = 10
    batch_max: int = 10
    priority: Priority = Priority.AMOUNT
    age_weight: float = 0.5
    starves_after_s: float = 300.0
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Pull:
    """A net spender's collateral that goes back to the reserve (C2R). signed: the user's signature is in the inbox."""

    user: str
    token_id: int
    amount: int
    signed: bool


@dataclass(frozen=True, slots=True)
class Window(Reason, code="hub.window"):
    """It has waited `waited_s`; a batch goes once the oldest has waited `window_s`, or `missing` more have come."""

    waited_s: float
    window_s: float
    missing: int


@dataclass(frozen=True, slots=True)
class BatchInFlight(Reason, code="hub.batch_in_flight"):
    """Another batch is on its way; the next one goes after it."""


@dataclass(frozen=True, slots=True)
class HubStopped(Reason, code="hub.stopped"):
    """The hub's kill switch is set."""


@dataclass(frozen=True, slots=True)
class BatchFull(Reason, code="hub.batch_full"):
    """`ahead` requests go before it, and a batch takes `batch_max`."""

    ahead: int
    batch_max: int


@dataclass(frozen=True, slots=True)
class WaitsForFunds(Reason, code="hub.waits_for_funds"):
    """The reserve and the signed pulls lack `short` whole tokens for it."""

    short: str


@dataclass(frozen=True, slots=True)
class WaitsForSignature(Reason, code="hub.waits_for_signature"):
    """It could be funded by pulls whose users have not signed yet: `unsigned` whole tokens of them."""

    unsigned: str


@dataclass(frozen=True, slots=True)
class InBatch(Reason, code="hub.in_batch"):
    """It goes now, as number `place` of `pairs`."""

    place: int
    pairs: int


@dataclass(frozen=True, slots=True)
class BatchChoice:
    """What goes on chain together, and a reason for each request. pulls go first, then pushes, in this order."""

    pushes: tuple[Request, ...]
    pulls: tuple[Pull, ...]
    reasons: Mapping[str, Reason]


def choose(
    waiting: Sequence[Request],
    pulls: Sequence[Pull],
    *,
    tokens: Mapping[int, Token],
    reserves: Mapping[int, int],
    spent_by_user: Mapping[str, Spent],
    spent: Spent,
    limit: SoftLimit,
    caps: Caps,
    policy: BatchPolicy,
    in_flight: bool,
    now_s: float,
) -> BatchChoice:
    """The batch to send now, empty when none is due.

    reserves: what may be spent, debt taken off, by token. spent_by_user: `user` alone counts of these. spent: interval
    and day, for all.
    """
    held = _held(waiting, limit, caps, policy, in_flight=in_flight, now_s=now_s)
    if held is not None or not waiting:
        return BatchChoice((), (), {} if held is None else held)
    reasons: dict[str, Reason] = {}
    allowed = _within_caps(ranked(waiting, tokens, policy, now_s), tokens, spent_by_user, spent, limit, caps, reasons)
    first, rest = allowed[: policy.batch_max], allowed[policy.batch_max :]
    reasons |= {one.id: BatchFull(policy.batch_max + at, policy.batch_max) for at, one in enumerate(rest)}
    pushes: list[Request] = []
    used: list[Pull] = []
    room = MOST_OPERATIONS
    for token_id in dict.fromkeys(one.token_id for one in first):
        of_token = [one for one in first if one.token_id == token_id]
        funds = [pull for pull in pulls if pull.token_id == token_id]
        going, brought = _funded(
            of_token, funds, tokens[token_id], reserves.get(token_id, 0), room - 1, policy, reasons, now_s
        )
        if going:
            pushes += going
            used += brought
            room -= 1 + len(brought)
    reasons |= {one.id: InBatch(at, len(pushes)) for at, one in enumerate(pushes, 1)}
    return BatchChoice(tuple(pushes), tuple(used), reasons)


def ranked(waiting: Iterable[Request], tokens: Mapping[int, Token], policy: BatchPolicy, now_s: float) -> list[Request]:
    """First who has starved, the longest first; then by priority with its age; ties by age and name."""

    def rank(one: Request) -> tuple[int, float, float, str]:
        age_s = one.age_s(now_s)
        if age_s >= policy.starves_after_s:
            return (0, one.made_at_s, 0.0, one.id)
        worth = _worth(one, tokens[one.token_id], policy.priority, age_s)
        return (1, -worth * (1 + policy.age_weight * age_s / 60.0), one.made_at_s, one.id)

    return sorted(waiting, key=rank)


def _worth(one: Request, token: Token, priority: Priority, age_s: float) -> float:
    if priority is Priority.TIME:
        return age_s
    return float(usd_of_amount(one.amount if priority is Priority.AMOUNT else one.fees.hub_fee, token))


def _held(
    waiting: Sequence[Request], limit: SoftLimit, caps: Caps, policy: BatchPolicy, *, in_flight: bool, now_s: float
) -> dict[str, Reason] | None:
    """One reason for all of them while no batch may go; None when one may."""
    reason: Reason | None = None
    if policy.stopped:
        reason = HubStopped()
    elif in_flight:
        reason = BatchInFlight()
    else:
        reason = stops_everybody(limit, caps)
    if reason is not None:
        return {one.id: reason for one in waiting}
    oldest_s = max((one.age_s(now_s) for one in waiting), default=0.0)
    if len(waiting) < policy.threshold and oldest_s < policy.window_s:
        missing = policy.threshold - len(waiting)
        return {one.id: Window(one.age_s(now_s), policy.window_s, missing) for one in waiting}
    return None


def _within_caps(
    order: Sequence[Request],
    tokens: Mapping[int, Token],
    spent_by_user: Mapping[str, Spent],
    spent: Spent,
    limit: SoftLimit,
    caps: Caps,
    reasons: dict[str, Reason],
) -> list[Request]:
    """Those that pass no cap, each counted before the next is looked at; the rest with their reasons."""
    allowed = []
    by_user = {user: found.user for user, found in spent_by_user.items()}
    for one in order:
        token = tokens[one.token_id]
        so_far = replace(spent, user=by_user.get(one.user, Spent().user))
        # The minimum was held against it when it was accepted; gas that rose since is not its user's doing.
        refused = refusal(one.amount, token, replace(limit, effective_usd=Spent().user), caps, so_far)
        if refused is not None:
            reasons[one.id] = refused
            continue
        usd = usd_of_amount(one.amount, token)
        by_user[one.user] = so_far.user + usd
        spent = replace(spent, interval=spent.interval + usd, day=spent.day + usd)
        allowed.append(one)
    return allowed


def _funded(
    wanted: Sequence[Request],
    pulls: Sequence[Pull],
    token: Token,
    reserve: int,
    room: int,
    policy: BatchPolicy,
    reasons: dict[str, Reason],
    now_s: float,
) -> tuple[list[Request], list[Pull]]:
    """The pushes of one token that its money covers, and the pulls that bring it. Who has starved goes first."""
    signed = [pull for pull in pulls if pull.signed]
    starved = [one for one in wanted if one.age_s(now_s) >= policy.starves_after_s]
    most_pulls = max(0, min(room, len(signed)))
    budget = reserve + sum(sorted((pull.amount for pull in signed), reverse=True)[:most_pulls])
    first: list[Request] = []
    for one in starved:
        if one.amount <= budget - sum(other.amount for other in first):
            first.append(one)
    others = [one for one in wanted if one not in first]
    promised = sum(one.amount for one in first)
    found = match(
        [pull.amount for pull in signed],
        [one.amount for one in others],
        reserve - promised,
        most_pulls=most_pulls,
        most_pushes=MOST_PAIRS_OF_ITEM - len(first),
    )
    going = [*first, *(others[at] for at in found.pushes)]
    brought = [signed[at] for at in found.pulls]
    unsigned = sum(pull.amount for pull in pulls if not pull.signed)
    left = budget - promised - found.value
    for at, one in enumerate(others):
        if at in found.pushes:
            continue
        short = max(1, one.amount - left)
        if unsigned >= short:
            reasons[one.id] = WaitsForSignature(text_of_amount(unsigned, token.decimals))
        else:
            reasons[one.id] = WaitsForFunds(text_of_amount(short, token.decimals))
    return going, brought
