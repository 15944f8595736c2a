"""Alerts of every engine on a real bus and journal: grouped, acknowledged by key, over restarts (issue 6)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.journal import Journal
from engine.core.messages import Acknowledged
from engine.core.mirror_messages import MirrorLost, StoreUnreachable
from engine.core.modes import AskedByPerson, GuardRaised, Switch, SwitchMoved
from engine.core.supervisor import EngineCrashed
from engine.desk.alerting import Alerting
from engine.desk.alerts import (
    MOST_ACKNOWLEDGED,
    MOST_KEPT,
    AcknowledgeAlerts,
    AlertsSnapshot,
    TrackedAlert,
    from_plain,
    to_plain,
    trimmed,
)
from engine.desk.sentences.english import english
from engine.desk.severity import Severity
from engine.grid.conditions import OrderBelowMinimum
from engine.grid.limits import DailyLossReached
from engine.grid.messages import GridNote, Halted
from engine.hub.messages import HubHalted
from tests.gui.scene import grid_snapshot

CRASH = EngineCrashed(at_s=5.0, engine="grid", error="ValueError: no", again_in_s=1.0)


class Run:
    """One run of the alerts on a journal."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.told: list[TrackedAlert] = []

    @property
    def snapshot(self) -> AlertsSnapshot:
        found = self.bus.latest(AlertsSnapshot)
        assert found is not None
        return found

    @property
    def waiting(self) -> list[tuple[str, int]]:
        return [(type(alert.event).__name__, alert.count) for alert in self.snapshot.waiting]


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Run]:
    journal = Journal(folder / "journal.sqlite", "test")
    await asyncio.to_thread(journal.open)
    run = Run(Bus())
    alerting = Alerting(run.bus, journal, ManualClock(100.0))
    alerting.told = run.told.append
    await alerting.start()
    try:
        yield run
    finally:
        await alerting.close()
        await asyncio.to_thread(journal.close)


async def test_what_every_engine_finds_grave_or_worth_a_look_becomes_an_alert(tmp_path: Path, until) -> None:
    async with running(tmp_path) as run:
        for event in (
            GridNote(at_s=1.0, reason=Halted("volumes differ"), grave=True),
            SwitchMoved(at_s=2.0, before=Switch.RUNNING, after=Switch.STOPPED, why=GuardRaised("journal", "full")),
            MirrorLost(at_s=3.0, reason=StoreUnreachable("db", 5432, "refused")),
            HubHalted(at_s=4.0, reason=Halted("a batch is not known")),
            CRASH,
        ):
            run.bus.emit(event)
        await until(lambda: len(run.told) == 5)
        severities = [alert.severity for alert in run.told]
    grave, warning = Severity.GRAVE, Severity.WARNING
    assert severities == [grave, grave, warning, grave, grave]


async def test_an_order_below_the_minimum_is_an_alert_in_words(tmp_path: Path, until) -> None:
    """Governor spec 18c."""
    async with running(tmp_path) as run:
        below = OrderBelowMinimum(Decimal(2), Decimal("2.561"), Decimal("0.197"))
        run.bus.emit(GridNote(at_s=1.0, reason=below))
        await until(lambda: len(run.told) == 1)
    assert run.told[0].severity is Severity.WARNING
    assert english(below).startswith("Nothing trades: at ")


async def test_what_a_person_did_is_no_alert(tmp_path: Path, until) -> None:
    async with running(tmp_path) as run:
        asked = AskedByPerson("panel")
        run.bus.emit(SwitchMoved(at_s=1.0, before=Switch.RUNNING, after=Switch.STOPPED, why=asked))
        run.bus.emit(CRASH)
        await until(lambda: run.told)
        assert run.waiting == [("EngineCrashed", 1)]


async def test_the_daily_loss_is_an_alert_each_time_it_begins_to_hold(tmp_path: Path) -> None:
    lost = DailyLossReached(Decimal("-3.02"), Decimal("3"))
    async with running(tmp_path) as run:
        for why in (None, lost, lost, None, lost):
            run.bus.publish(grid_snapshot(10.0, why=why))
        assert run.waiting == [("GridNote", 2)]
        assert len(run.told) == 1


async def test_the_same_again_counts_up_and_is_told_once_until_it_is_acknowledged(tmp_path: Path, until) -> None:
    async with running(tmp_path) as run:
        for _ in range(3):
            run.bus.emit(CRASH)
        run.bus.emit(replace(CRASH, engine="hub"))
        await until(lambda: len(run.told) == 2)
        assert sorted(run.waiting) == [("EngineCrashed", 1), ("EngineCrashed", 3)]
        keys = tuple(alert.key for alert in run.snapshot.waiting)
        assert await run.bus.ask(AcknowledgeAlerts(keys=keys)) == Acknowledged({"acknowledged": 2})
        assert run.waiting == []
        run.bus.emit(CRASH)
        await until(lambda: len(run.told) == 3)
        assert run.told[2].key not in keys


async def test_alerts_and_what_was_acknowledged_outlive_a_restart(tmp_path: Path, until) -> None:
    async with running(tmp_path) as run:
        for event in (CRASH, CRASH, replace(CRASH, engine="hub", at_s=9.0)):
            run.bus.emit(event)
        await until(lambda: len(run.told) == 2)
        newest = run.snapshot.alerts[0]
        await run.bus.ask(AcknowledgeAlerts(keys=(newest.key, "unknown")))
        before = run.snapshot.alerts
    async with running(tmp_path) as run:
        assert run.snapshot.alerts == before
        assert run.waiting == [("EngineCrashed", 2)]
        assert run.told == []


def test_an_alert_of_another_version_is_left_out_rather_than_misread() -> None:
    alert = TrackedAlert("k", Severity.GRAVE, CRASH, 1.0, 2.0, 3)
    assert from_plain(to_plain(alert)) == alert
    assert from_plain({**to_plain(alert), "kind": "engine.gone.Event"}) is None
    assert from_plain({"key": "k"}) is None


def test_the_list_is_bounded_and_forgets_what_was_acknowledged_first() -> None:
    many = tuple(
        TrackedAlert(str(at), Severity.GRAVE, CRASH, 0.0, 0.0, acknowledged_s=1.0 if at % 2 else None)
        for at in range(3 * MOST_KEPT)
    )
    kept, gone = trimmed(many)
    assert len(kept) == MOST_KEPT
    assert len(kept) + len(gone) == len(many)
    assert sum(alert.acknowledged_s is not None for alert in kept) == MOST_ACKNOWLEDGED
