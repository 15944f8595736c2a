"""Alerts: one for each episode, re-armed when the value has gone well below its limit (drift spec 17)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

HIGH_DRIFT_RATIO = 0.25
HIGH_GAS_FACTOR = 2.0
REARMED_AT = 0.8


class AlertKind(Enum):
    """The seed's conditions."""

    HIGH_DRIFT = "HIGH_DRIFT"
    REBALANCE_FAILED = "REBALANCE_FAILED"
    HIGH_GAS_COST = "HIGH_GAS_COST"


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode of `kind` at `portfolio`: the value that began it, and the limit it passed."""

    kind: AlertKind
    portfolio: str
    value: float
    limit: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Episodes:
    """Which alerts are in force, as (portfolio, kind); kept over restarts."""

    open: frozenset[tuple[str, AlertKind]] = frozenset()


def watch(
    episodes: Episodes, kind: AlertKind, portfolio: str, value: float, limit: float, now_s: float
) -> tuple[Episodes, Alert | None]:
    """Look at one value: an alert when it first passes `limit`, none again until it fell below REARMED_AT of it."""
    name = (portfolio, kind)
    if name in episodes.open:
        if value < limit * REARMED_AT:
            return Episodes(episodes.open - {name}), None
        return episodes, None
    if value > limit:
        return Episodes(episodes.open | {name}), Alert(kind, portfolio, value, limit, now_s)
    return episodes, None
