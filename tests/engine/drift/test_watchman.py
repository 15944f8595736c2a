"""What raises an alert, and that each is told once (drift spec 17)."""

from __future__ import annotations

from decimal import Decimal

from engine.core.bus import Bus
from engine.drift.alerts import Alert, AlertKind
from engine.drift.messages import AlertRaised
from engine.drift.records import RebalanceRecord, Status
from engine.drift.remembered import Remembered
from engine.drift.watchman import Watchman


def record(status: Status = Status.SUCCESS, gas_usd: str = "1") -> RebalanceRecord:
    return RebalanceRecord(
        at_s=5.0,
        portfolio="main",
        status=status,
        transaction_hash="0xab",
        gas_used=300_000,
        gas_cost_usd=Decimal(gas_usd),
        expected_gas_usd=Decimal(1),
        max_drift=0.2,
        legs=(),
        fee_usd=Decimal(0),
        impact_usd=Decimal(0),
        execution_ms=1,
        revision=1,
    )


def watchman() -> tuple[Watchman, Bus, list[Alert]]:
    told: list[Alert] = []
    bus = Bus()
    return Watchman(Remembered(1), bus, told.append), bus, told


def test_a_record_raises_the_alerts_of_its_kind() -> None:
    """Drift seed, "Alert Conditions"."""
    watching, bus, told = watchman()
    reader = bus.read(AlertRaised)
    assert watching.look_at_record(record(gas_usd="2")) == []
    assert len(watching.look_at_record(record(gas_usd="2.01"))) == 1
    assert len(watching.look_at_record(record(Status.FAILED))) == 2
    assert [alert.kind for alert in told] == [AlertKind.HIGH_GAS_COST, AlertKind.REBALANCE_FAILED]
    assert [event.alert for event in reader.drain()] == told  # type: ignore[attr-defined]


def test_a_failure_after_a_failure_is_the_same_episode_and_a_success_ends_it() -> None:
    watching, _, told = watchman()
    for status in (Status.FAILED, Status.FAILED, Status.SUCCESS, Status.FAILED):
        watching.look_at_record(record(status))
    assert [alert.kind for alert in told] == [AlertKind.REBALANCE_FAILED] * 2


def test_a_drift_that_is_not_known_ends_no_episode() -> None:
    watching, _, told = watchman()
    for drift in (0.3, None, 0.3):
        watching.look_at_drift("main", drift, 0.0)
    assert len(told) == 1
