"""What happens in a drawn history: every choice follows from its seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from engine.paper.config import Tier
from tests.rehearse.front import API, HOSTS, PRIVATE_SOCKET, PUBLIC_SOCKET, Manner

WAYS_S = (0.0, 0.0, 0.02, 0.06, 0.12, 0.4)
WHERE = (tuple(HOSTS), tuple(HOSTS), (API,), (PRIVATE_SOCKET,), (PUBLIC_SOCKET, PRIVATE_SOCKET))
REFUSALS = (
    "EAPI:Invalid key",
    "EAPI:Invalid nonce",
    "EAPI:Rate limit exceeded",
    "EGeneral:Temporary lockout",
    "EOrder:Domain rate limit exceeded",
    "EService:Unavailable",
    "EService:Market in cancel_only mode",
    "EGeneral:Internal error",
)


class Before(Enum):
    """What happens before Stop is asked for."""

    NOTHING = "nothing"
    RESTART = "restart"
    ROTATION = "rotation"
    LOST_MACHINE = "lost_machine"
    SECOND_PROFILE = "second_profile"
    SOMEBODY_PLACES = "somebody_places"
    SOCKETS_DROP = "sockets_drop"
    SHORT_TROUBLE = "short_trouble"


class FirstKey(Enum):
    """The key with which LIVE is tried first; any but GOOD is replaced by the good one after its refusal."""

    GOOD = "good"
    NO_TRADE = "no-trade"
    MAY_WITHDRAW = "may-withdraw"
    UNKNOWN = "unknown"
    WRONG_SECRET = "wrong-secret"
    EXPIRED = "expired"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What stands in the way. refusal: Kraken's words to every private request; else the hosts behave so. The trouble
    begins `lead_s` before Stop is asked for (negative: after it) and lasts `lasts_s`."""

    manner: Manner
    hosts: tuple[str, ...]
    refusal: str
    lead_s: float
    lasts_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole history.

    gusts: jumps of the price, as ratios, spread over the time until Stop. resumes: a person lets the engines act again
    once the book is empty, and stops a second time. adopts: orders of an earlier life are taken over where that is
    asked; else they are cancelled.
    """

    seed: int
    first_key: FirstKey
    tier: Tier
    way_s: float
    trades_s: float
    gusts: tuple[float, ...]
    before: tuple[Before, ...]
    trouble: Trouble | None
    resumes: bool
    adopts: bool


def plan_of(seed: int) -> Plan:
    """The history of this seed."""
    chance = random.Random(f"history/{seed}")
    return Plan(
        seed=seed,
        first_key=chance.choices(tuple(FirstKey), (18, 1, 1, 1, 1, 1, 1))[0],
        tier=chance.choice(("starter", "starter", "intermediate", "pro")),
        way_s=chance.choice(WAYS_S),
        trades_s=chance.uniform(2.0, 40.0),
        gusts=tuple(chance.gauss(0, 0.004) for _ in range(chance.choice((0, 0, 1, 3, 6)))),
        before=tuple(chance.sample(tuple(Before)[1:], chance.choice((0, 0, 1, 1, 2)))),
        trouble=_trouble(chance) if chance.random() < 0.8 else None,
        resumes=chance.random() < 0.25,
        adopts=chance.random() < 0.5,
    )


def _trouble(chance: random.Random) -> Trouble:
    manner, refusal = Manner.PASS, ""
    if chance.random() < 0.4:
        refusal = chance.choice(REFUSALS)
    else:
        manner = chance.choice((Manner.HANG, Manner.CUT, Manner.BAD_GATEWAY, Manner.LOSE_ANSWERS))
    lasts_s = chance.uniform(60.0, 300.0) if chance.random() < 0.1 else chance.uniform(0.5, 30.0)
    return Trouble(manner, chance.choice(WHERE), refusal, chance.uniform(-0.5, 3.0), lasts_s)
