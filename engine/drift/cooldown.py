"""When a portfolio may be planned for again (drift spec 14)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.messages import Reason

MOST_BACKOFF_S = 86_400.0
FIRST_RETRY_S = 30.0


@dataclass(frozen=True, slots=True)
class Cooling(Reason, code="drift.cooling"):
    """The portfolio rests until `until_s`; failures: plans in a row that came to nothing."""

    until_s: float
    failures: int


@dataclass(frozen=True, slots=True)
class Unresolved(Reason, code="drift.unresolved"):
    """A plan was sent and it is not known yet what came of it; a second one is never made meanwhile."""

    plan: str


@dataclass(frozen=True, slots=True)
class Rest:
    """What is remembered of a portfolio's plans, kept over restarts.

    last_s: when the last plan reached the chain, whatever came of it; None for never. failures: plans in a row that
    did not end well. unresolved: the plan whose outcome is unknown, empty for none. not_before_s: a plan that did not
    get as far as the chain is not tried again sooner.
    """

    last_s: float | None = None
    failures: int = 0
    unresolved: str = ""
    not_before_s: float = 0.0


def resting(rest: Rest, cooldown_s: float, now_s: float) -> Reason | None:
    """Why nothing may be planned now; None when it may."""
    if rest.unresolved:
        return Unresolved(rest.unresolved)
    until_s = rests_until(rest, cooldown_s)
    return Cooling(until_s, rest.failures) if now_s < until_s else None


def rests_until(rest: Rest, cooldown_s: float) -> float:
    """The end of the cooldown; each failure in a row doubles it, to a day at most."""
    if rest.last_s is None:
        return rest.not_before_s
    longest_s = max(cooldown_s, MOST_BACKOFF_S)
    return max(rest.not_before_s, rest.last_s + min(cooldown_s * 2.0 ** min(rest.failures, 32), longest_s))


def sent(rest: Rest, plan: str) -> Rest:
    """A plan is on its way."""
    return Rest(rest.last_s, rest.failures, plan, rest.not_before_s)


def resolved(rest: Rest, now_s: float, *, well: bool) -> Rest:
    """It is known what came of the plan that reached the chain; the cooldown counts from now."""
    return Rest(last_s=now_s, failures=0 if well else rest.failures + 1)


def gave_up(rest: Rest, cooldown_s: float, now_s: float) -> Rest:
    """The plan never reached the chain: no cooldown, but the next try waits longer each time."""
    wait_s = min(FIRST_RETRY_S * 2.0 ** min(rest.failures, 32), max(cooldown_s, FIRST_RETRY_S))
    return Rest(rest.last_s, rest.failures + 1, not_before_s=now_s + wait_s)
