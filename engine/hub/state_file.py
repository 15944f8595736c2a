"""`evenkeel-engine hub plan STATE.json`: what waits at a hub from a file, its next batch as JSON (issue 5).

STATE: `gas_gwei`, `native_usd`, `now_s`, `in_flight`; `policy`: `window_s`, `threshold`, `batch_max`, `priority`,
`age_weight`, `starves_after_s`, `stopped`; `tokens`: `token_id`, `decimals`, `price_usd`, `reserve`; `requests`: `id`,
`user`, `token_id`, `amount`, `made_at_s`; `pulls`: `user`, `token_id`, `amount`, `signed`; `spent`: `interval_usd`,
`day_usd`, `users` (USD by user). Amounts are base units, as strings. What is left out has its default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.core.exact_numbers import ExactNumber, WholeNumber
from engine.core.messages import plain
from engine.hub.batch import BatchPolicy, Priority, Pull, choose
from engine.hub.fees import FeePolicy, GasMarket, quote
from engine.hub.gas import BatchShape, predicted_gas
from engine.hub.limits import Caps, Spent, soft_limit
from engine.hub.requests import Request
from engine.hub.tokens import GWEI, MOST_DECIMALS, Token

_POLICY = BatchPolicy()


class BadState(ValueError):
    """The file is not a STATE; each line names a field, what was expected and what came."""


Number = Annotated[ExactNumber, Field(ge=0)]
Price = Annotated[ExactNumber, Field(gt=0)]
Amount = Annotated[WholeNumber, Field(ge=0)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Token(_Model):
    token_id: int = Field(ge=0)
    decimals: int = Field(ge=0, le=MOST_DECIMALS)
    price_usd: Price
    reserve: Amount = 0


class _Request(_Model):
    id: str = Field(min_length=1)
    user: str = Field(min_length=1)
    token_id: int
    amount: Annotated[Amount, Field(gt=0)]
    made_at_s: Number = Decimal(0)


class _Pull(_Model):
    user: str = Field(min_length=1)
    token_id: int
    amount: Annotated[Amount, Field(gt=0)]
    signed: bool = False


class _Spent(_Model):
    interval_usd: Number = Decimal(0)
    day_usd: Number = Decimal(0)
    users: Mapping[str, Number] = Field(default_factory=dict)


class _Policy(_Model):
    window_s: Number = Decimal(str(_POLICY.window_s))
    threshold: int = Field(_POLICY.threshold, ge=1)
    batch_max: int = Field(_POLICY.batch_max, ge=1, le=64)
    priority: Priority = _POLICY.priority
    age_weight: Number = Decimal(str(_POLICY.age_weight))
    starves_after_s: Number = Decimal(str(_POLICY.starves_after_s))
    stopped: bool = False


class _StateFile(_Model):
    gas_gwei: Number
    native_usd: Price
    now_s: Number = Decimal(0)
    in_flight: bool = False
    policy: _Policy = _Policy()
    tokens: tuple[_Token, ...] = Field(min_length=1)
    requests: tuple[_Request, ...] = ()
    pulls: tuple[_Pull, ...] = ()
    spent: _Spent = _Spent()


def plan_of_file(path: Path) -> dict[str, Any]:
    """The batch that would go now, as JSON types. Raises BadState, OSError."""
    return plan_of_state(path.read_text("utf-8"))


def plan_of_state(text: str) -> dict[str, Any]:
    """Raises BadState."""
    try:
        state = _StateFile.model_validate(json.loads(text, parse_float=Decimal))
    except ValidationError as error:
        lines = (f"{'.'.join(map(str, one['loc'])) or 'STATE'}: {one['msg']}" for one in error.errors())
        raise BadState("\n".join(lines)) from None
    except (ValueError, RecursionError) as error:
        raise BadState(f"expected JSON ({error})") from None
    tokens = _unique({one.token_id: one for one in state.tokens}, len(state.tokens), "tokens", "token_id")
    _unique({one.id: one for one in state.requests}, len(state.requests), "requests", "id")
    named = [(f"requests.{at}", one.token_id) for at, one in enumerate(state.requests)]
    named += [(f"pulls.{at}", one.token_id) for at, one in enumerate(state.pulls)]
    for where, token_id in named:
        if token_id not in tokens:
            raise BadState(f"{where}.token_id: {token_id} is not among the tokens")
    return _planned(state)


def _unique(found: Mapping[Any, Any], count: int, where: str, field: str) -> Mapping[Any, Any]:
    if len(found) != count:
        raise BadState(f"{where}: expected each {field} once")
    return found


def _planned(state: _StateFile) -> dict[str, Any]:
    tokens = {one.token_id: Token(one.token_id, one.decimals, one.price_usd) for one in state.tokens}
    market = GasMarket(int(state.gas_gwei * GWEI), state.native_usd)
    waiting = [
        Request(
            one.id,
            one.user,
            one.token_id,
            quote(one.amount, tokens[one.token_id], market, FeePolicy()),
            one.id,
            float(one.made_at_s),
        )
        for one in state.requests
    ]
    caps, policy = Caps(), state.policy
    limit = soft_limit(market, caps, float(state.now_s))
    found = choose(
        waiting,
        [Pull(one.user, one.token_id, one.amount, one.signed) for one in state.pulls],
        tokens=tokens,
        reserves={one.token_id: one.reserve for one in state.tokens},
        spent_by_user={user: Spent(user=Fraction(usd)) for user, usd in state.spent.users.items()},
        spent=Spent(interval=Fraction(state.spent.interval_usd), day=Fraction(state.spent.day_usd)),
        limit=limit,
        caps=caps,
        policy=BatchPolicy(
            float(policy.window_s),
            policy.threshold,
            policy.batch_max,
            policy.priority,
            float(policy.age_weight),
            float(policy.starves_after_s),
            policy.stopped,
        ),
        in_flight=state.in_flight,
        now_s=float(state.now_s),
    )
    pairs: dict[int, int] = {}
    for one in found.pushes:
        pairs[one.token_id] = pairs.get(one.token_id, 0) + 1
    shape = BatchShape(tuple((count, 0) for count in pairs.values()), len(found.pulls))
    return {
        "soft_limit_usd": str(round(Decimal(limit.usd.numerator) / Decimal(limit.usd.denominator), 2)),
        "gas": predicted_gas(shape) if found.pushes else 0,
        "pulls": [{"user": one.user, "token_id": one.token_id, "amount": str(one.amount)} for one in found.pulls],
        "pushes": [
            {"id": one.id, "user": one.user, "token_id": one.token_id, "amount": str(one.amount)}
            for one in found.pushes
        ],
        "reasons": {name: plain(reason) for name, reason in found.reasons.items()},
    }
