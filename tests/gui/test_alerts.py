"""Bell, list and notifications of alerts, over the desk's own keeper of alerts (issue 6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.core.bus import Bus
from engine.desk.alerting import Alerting
from engine.desk.alerts import AlertsSnapshot, TrackedAlert
from engine.desk.options import DeskOptions
from engine.desk.severity import Severity
from gui.alerts.notifier import Notifier
from gui.alerts.quiet import is_quiet
from gui.sentences.events import event_sentence
from tests.gui.alerts_scene import alerting, crash, every_kind
from tests.gui.conftest import Panel

NIGHT = DeskOptions(quiet_from="22:30", quiet_to="07:00")


@pytest.fixture
async def keeper(panel: Panel, tmp_path: Path) -> AsyncIterator[Alerting]:
    async with alerting(tmp_path, panel.bus, panel.context.clock) as keeper:
        yield keeper


@pytest.mark.usefixtures("keeper")
async def test_the_bell_counts_what_waits_and_the_list_says_it_in_words(panel: Panel, until) -> None:
    bell, alerts = panel.window.header.bell, panel.window.shell.alerts.panel
    waiting = bell.waiting
    events = every_kind(panel.context.clock.now())
    for event in events:
        panel.bus.emit(event)
    await until(lambda: bell.waiting == waiting + len(events) - 1)
    assert bell.text().endswith("!")
    said = " ".join(alerts.words)
    assert all(event_sentence(event) in said for event in events)
    assert "2 times, from" in said


@pytest.mark.usefixtures("keeper")
async def test_alerts_are_acknowledged_one_by_one_and_all_at_once_by_keys(panel: Panel, until) -> None:
    bell, shown = panel.window.header.bell, panel.window.shell.alerts.panel
    for engine in ("grid", "hub", "drift"):
        panel.bus.emit(crash(engine))
    await until(lambda: bell.waiting >= 3)
    before = bell.waiting
    panel.window.activateWindow()
    QTest.keyClick(panel.window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert shown.list.hasFocus()
    first = shown.chosen
    QTest.keyClick(shown.list, Qt.Key.Key_Return)
    await until(lambda: bell.waiting == before - 1)
    assert shown.chosen.key == first.key
    assert "acknowledged" in shown.words[0]
    QTest.keyClick(panel.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    await until(lambda: bell.waiting == 0)
    assert bell.accessibleName() == "Alerts: none waits"
    assert shown.count >= 3
    assert not shown.all.isEnabled()
    QTest.keyClick(shown.list, Qt.Key.Key_Escape)
    assert not shown.isVisible()


@pytest.mark.usefixtures("keeper")
async def test_an_engine_that_crashed_offers_the_crash_bundle(panel: Panel, until) -> None:
    panel.bus.emit(crash("grid"))
    await until(lambda: "crash bundle" in panel.window.notices.text)
    assert "The grid engine crashed" in panel.window.notices.text
    assert panel.window.notices._act.isVisible()


@pytest.mark.parametrize(
    ("now", "quiet"),
    [("22:29", False), ("22:30", True), ("23:59", True), ("00:00", True), ("06:59", True), ("07:00", False)],
)
def test_quiet_hours_pass_midnight(now: str, *, quiet: bool) -> None:
    assert is_quiet(time.fromisoformat(now), "22:30", "07:00") is quiet


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    noon = time(12)
    assert is_quiet(noon, "09:00", "17:00")
    assert not is_quiet(noon, "13:00", "17:00")
    assert not is_quiet(noon, "", "")
    assert not is_quiet(noon, "12:00", "12:00")


@pytest.mark.parametrize(
    "given", [{"quiet_from": "22:30"}, {"quiet_from": "25:00", "quiet_to": "07:00"}, {"quiet_to": "7"}]
)
def test_half_a_pair_and_what_is_no_time_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="quiet"):
        DeskOptions(**given)


class Desktop:
    """Notifications that were shown, at a time that the test sets."""

    def __init__(self, options: DeskOptions, now: str) -> None:
        self.shown: list[tuple[str, str, Severity]] = []
        self.now = now
        self.options = options
        self.notifier = Notifier(lambda *said: self.shown.append(said), lambda: self.options, self._time)
        self.take()

    def _time(self) -> datetime:
        return datetime.fromisoformat(f"2026-11-21T{self.now}:00+00:00")

    def take(self, *alerts: TrackedAlert) -> None:
        self.notifier.take(AlertsSnapshot(at_s=0.0, alerts=alerts, revision=1))


def alert(key: str, severity: Severity = Severity.WARNING, seen_s: float | None = None) -> TrackedAlert:
    return TrackedAlert(key, severity, crash(), 1.0, 1.0, acknowledged_s=seen_s)


def test_each_alert_is_told_once_and_what_was_there_at_the_start_is_not() -> None:
    desktop = Desktop(DeskOptions(), "12:00")
    desktop.take(alert("a"))
    desktop.take(alert("b", Severity.GRAVE), alert("a"))
    desktop.take(alert("b", Severity.GRAVE), alert("a"))
    assert [title for title, _, _ in desktop.shown] == ["Warning", "Grave"]
    late = Notifier(lambda *said: desktop.shown.append(said), DeskOptions, desktop._time)
    late.take(AlertsSnapshot(at_s=0.0, alerts=(alert("c"),), revision=1))
    assert len(desktop.shown) == 2


def test_quiet_hours_hold_warnings_and_say_afterwards_how_many_still_wait() -> None:
    desktop = Desktop(NIGHT, "23:00")
    desktop.take(alert("a"))
    desktop.take(alert("b"), alert("a"))
    desktop.take(alert("c"), alert("b"), alert("a", seen_s=5.0))
    desktop.notifier.release()
    assert desktop.shown == []
    desktop.now = "07:00"
    desktop.notifier.release()
    desktop.notifier.release()
    assert [title for title, _, _ in desktop.shown] == ["2 alerts came in the quiet hours"]


def test_grave_alerts_break_the_quiet_unless_the_option_says_otherwise() -> None:
    desktop = Desktop(NIGHT, "23:00")
    desktop.take(alert("a", Severity.GRAVE))
    assert len(desktop.shown) == 1
    desktop.options = NIGHT.model_copy(update={"quiet_lets_grave": False})
    desktop.take(alert("b", Severity.GRAVE), alert("a", Severity.GRAVE))
    assert len(desktop.shown) == 1


def test_notifications_can_be_switched_off_for_good() -> None:
    desktop = Desktop(DeskOptions(desktop_notices=False), "12:00")
    desktop.take(alert("a", Severity.GRAVE))
    assert desktop.shown == []


async def test_quiet_hours_hold_neither_list_nor_bell(panel: Panel, tmp_path: Path, until) -> None:
    draft = panel.context.configuration.draft({"desk.quiet_from": "00:00", "desk.quiet_to": "23:59"})
    await panel.context.configuration.apply(draft, "test")
    async with alerting(tmp_path, panel.bus, panel.context.clock):
        panel.bus.emit(crash())
        await until(lambda: panel.window.header.bell.waiting >= 1)
    assert panel.window.shell.alerts.panel.count >= 1


async def test_a_session_without_alerts_says_that_nothing_waits(panel: Panel) -> None:
    assert panel.window.header.bell.accessibleName() == "Alerts: none waits"
    assert isinstance(panel.bus, Bus)
    panel.window.shell.alerts.panel.open()
    assert panel.window.shell.alerts.panel._said.text() == "Nothing has asked for your attention."
