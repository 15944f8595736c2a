"""Turns what happens into alerts, one for each episode, and hands them on (drift spec 17)."""

from __future__ import annotations

from collections.abc import Callable

from engine.core.bus import Bus
from engine.core.journal import Memory
from engine.drift.alerts import HIGH_DRIFT_RATIO, HIGH_GAS_FACTOR, Alert, AlertKind, watch
from engine.drift.messages import AlertRaised
from engine.drift.records import RebalanceRecord, Status
from engine.drift.remembered import Remembered

FAILED_LIMIT = 0.5


class Watchman:
    """raised: called with each new alert, after the bus has told it; it must not block."""

    def __init__(self, memory: Remembered, bus: Bus, raised: Callable[[Alert], None]) -> None:
        self._memory = memory
        self._bus = bus
        self._raised = raised

    def look_at_drift(self, portfolio: str, max_drift: float | None, now_s: float) -> list[Memory]:
        """What to commit, when an episode began or ended. An unknown drift ends none."""
        if max_drift is None:
            return []
        return self._watch(AlertKind.HIGH_DRIFT, portfolio, max_drift, HIGH_DRIFT_RATIO, now_s)

    def look_at_record(self, record: RebalanceRecord) -> list[Memory]:
        """A failure, and gas above twice what was expected."""
        failed = 0.0 if record.status is Status.SUCCESS else 1.0
        memories = self._watch(AlertKind.REBALANCE_FAILED, record.portfolio, failed, FAILED_LIMIT, record.at_s)
        if record.expected_gas_usd > 0:
            factor = float(record.gas_cost_usd / record.expected_gas_usd)
            memories += self._watch(AlertKind.HIGH_GAS_COST, record.portfolio, factor, HIGH_GAS_FACTOR, record.at_s)
        return memories

    def _watch(self, kind: AlertKind, portfolio: str, value: float, limit: float, now_s: float) -> list[Memory]:
        before = self._memory.episodes
        after, alert = watch(before, kind, portfolio, value, limit, now_s)
        if alert is not None:
            self._bus.emit(AlertRaised(at_s=now_s, alert=alert))
            self._raised(alert)
        return [] if after == before else [self._memory.episodes_memory(after, now_s)]
