"""Thresholds that are moved on a page go through the diff of Settings; pictures and numbers become files."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.configuration import Configuration
from engine.core.option_catalogue import Catalogue
from engine.core.tasks import Tasks
from engine.desk.options import SECTIONS
from engine.drift.options import DriftOptions
from engine.governor.options import GovernorOptions
from engine.hub.options import HubOptions
from gui.dialogs import Dialog
from gui.drift.known import KnownDrift
from gui.drift.over_time import DriftOverTime
from gui.governor.plots import GovernorPlots
from gui.hub.gas import HubGas
from gui.hub.known import KnownHub
from gui.notices import NoticeBar
from gui.plots.desk import FileDialog, PlotDesk, plot_at_hand
from gui.plots.live import LivePlot
from gui.read_model import Plotted, ReadModel
from gui.tables import LiveTable
from gui.theme import DARK, apply_theme, theme_of
from tests.gui.drift_scene import DriftScene
from tests.gui.hub_scene import HubScene
from tests.gui.plots.stage import drag
from tests.gui.scene import START_S, Scene

# The offscreen platform says so of every window that has a layout, and of pop-ups.
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints", "This plugin does not support")


@dataclass
class Room:
    """A window with plots in it, a configuration behind them, and nothing else of the panel."""

    window: QWidget
    notices: NoticeBar
    configuration: Configuration
    desk: PlotDesk
    bus: Bus
    clock: ManualClock
    tasks: Tasks
    folder: Path

    def show(self, part: QWidget) -> None:
        """Put plots into the window, and serve them."""
        layout = self.window.layout()
        assert layout is not None
        layout.addWidget(part)
        self.desk.serve_pages([part])
        self.window.show()

    def dialog(self) -> Dialog | None:
        """The question that is asked now."""
        return next((one for one in self.window.findChildren(Dialog) if one.isVisible()), None)

    def choose(self, file: Path) -> None:
        """Type a file into the dialog that asks for one, and agree."""
        dialog = self.files()
        assert dialog is not None
        dialog.findChild(QLineEdit).setText(str(file))
        dialog.accept()

    def files(self) -> FileDialog | None:
        return next((one for one in self.window.findChildren(FileDialog) if one.isVisible()), None)


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setitem(pg.CONFIG_OPTIONS, "mouseRateLimit", 0)  # every move counts, however fast they come
    if theme_of() is not DARK:
        apply_theme(DARK)
    clock, window, notices = ManualClock(START_S), QWidget(), NoticeBar()
    QVBoxLayout(window).addWidget(notices)
    window.resize(1000, 700)
    configuration = await Configuration.open(tmp_path / "evenkeel.toml", Catalogue(SECTIONS), {}, clock)
    tasks = Tasks("tests", lambda failure: pytest.fail(repr(failure.error)))
    desk = PlotDesk(configuration, tasks, notices)
    yield Room(window, notices, configuration, desk, Bus(), clock, tasks, tmp_path)
    desk.close()
    await tasks.close()
    window.hide()
    window.deleteLater()


@pytest.fixture
async def governor(room: Room, until) -> AsyncIterator[GovernorPlots]:  # type: ignore[no-untyped-def]
    """The governor's plots with six hours in them."""
    model = ReadModel(room.bus)
    room.tasks.start(model.follow(), name="events")
    Scene(room.bus, room.clock).tell()
    await until(lambda: len(model.happened[Plotted.SKEW]) == 2)
    plots = GovernorPlots(model, room.clock.now, 6 * 3600.0)
    plots.show_snapshot(model.governor)
    room.show(plots)
    plots.redraw()
    yield plots
    model.close()


@pytest.fixture
async def gas(room: Room) -> AsyncIterator[HubGas]:
    """The hub's plots with two hours in them."""
    known = KnownHub(room.bus, room.clock.now)
    HubScene(room.bus, room.clock).tell()
    part = HubGas(known, room.clock.now)
    part.show_snapshot(known.snapshot)
    room.show(part)
    part.redraw(known.snapshot, room.clock.now())
    yield part
    known.close()


def threshold(plot: LivePlot, name: str):  # type: ignore[no-untyped-def]
    return next(mark for mark in plot.thresholds if mark.name == name)


def shown_options(room: Room) -> list[str]:
    """The options in the difference that is asked about."""
    view = room.dialog().findChild(LiveTable)
    return [str(view.model().index(row, 0).data()) for row in range(view.model().rowCount())]


def edge(plot: LivePlot, value: float) -> QPoint:
    """Where a value is drawn, in the middle of the plot."""
    canvas = plot.canvas
    centre = canvas.box.mapSceneToView(canvas.mapToScene(canvas.frame.center().toPoint()))
    centre.setY(value)
    return canvas.mapFromScene(canvas.box.mapViewToScene(centre))


async def test_a_dragged_target_is_shown_as_a_difference_and_in_force_once_agreed(room, governor, until) -> None:
    drag(governor.idle, edge(governor.idle, 0.40), edge(governor.idle, 0.55))
    await until(room.dialog)
    assert room.configuration.settings.of(GovernorOptions).target_idle_ratio == 0.40
    assert threshold(governor.idle, "Target").draft is not None

    room.dialog().accept()

    await until(lambda: room.configuration.settings.of(GovernorOptions).target_idle_ratio > 0.5)
    await until(lambda: threshold(governor.idle, "Target").draft is None)
    assert "target_idle_ratio = 0.5" in room.configuration.path.read_text()


async def test_a_difference_that_is_declined_puts_the_line_back(room, governor, until) -> None:
    before = room.configuration.current.number
    drag(governor.idle, edge(governor.idle, 0.40), edge(governor.idle, 0.55))
    await until(room.dialog)

    room.dialog().reject()

    await until(lambda: threshold(governor.idle, "Target").draft is None)
    assert room.configuration.current.number == before


async def test_a_value_that_cannot_be_is_said_in_words_and_the_line_goes_back(room, governor, until) -> None:
    governor.idle.service.propose(governor.idle, "governor.target_idle_ratio", "1.4")

    await until(lambda: "governor.target_idle_ratio" in room.notices.text)
    assert room.dialog() is None


async def test_the_largest_skew_is_moved_by_key_and_its_lines_follow_what_is_in_force(
    room, governor, until, qtbot
) -> None:
    assert threshold(governor.skew, "Largest skew").edges == (-0.30, 0.30)
    governor.skew.move_threshold("Largest skew")
    qtbot.keyClick(governor.skew, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(governor.skew, Qt.Key.Key_Return)
    await until(room.dialog)
    assert threshold(governor.skew, "Largest skew").edges == (-0.30, 0.30)

    room.dialog().accept()

    await until(lambda: threshold(governor.skew, "Largest skew").edges == (-0.29, 0.29))
    assert room.configuration.settings.of(GovernorOptions).max_skew == 0.29


async def test_the_neutral_band_is_moved_on_either_of_its_plots(room, governor, until) -> None:
    for plot, old, new in ((governor.idle, 0.45, 0.47), (governor.error, -0.05, -0.08)):
        drag(plot, edge(plot, old), edge(plot, new))
        await until(room.dialog)
        assert shown_options(room) == ["governor.neutral_band"]
        room.dialog().reject()
        await until(lambda: room.dialog() is None)
        await until(lambda plot=plot: threshold(plot, "Neutral").draft is None)


async def test_the_cap_on_gas_is_pulled_down_from_the_edge(room, gas, until) -> None:
    top = QPoint(round(gas.price.canvas.frame.center().x()), round(gas.price.canvas.frame.top()) + 1)
    drag(gas.price, top, edge(gas.price, 20.0))
    await until(room.dialog)
    room.dialog().accept()

    await until(lambda: room.configuration.settings.of(HubOptions).max_gas_gwei < 25)
    await until(lambda: threshold(gas.price, "Cap").draft is None)
    cap = room.configuration.settings.of(HubOptions).max_gas_gwei
    assert threshold(gas.price, "Cap").low == float(cap)
    assert abs(cap - Decimal(20)) < 2


async def test_panning_one_of_the_hubs_plots_moves_both(gas) -> None:
    drag(gas.price, edge(gas.price, 20.0), edge(gas.price, 20.0) + QPoint(60, 0))

    assert not gas.limit.following
    assert gas.limit.stretch == pytest.approx(gas.price.stretch)


async def test_batches_stand_on_the_hubs_time_axis(gas) -> None:
    start_s, end_s = START_S - 7 * 3600.0, START_S + 3600.0

    assert len(gas.price.happenings.between(start_s, end_s)) == 12
    assert gas.limit.happenings is gas.price.happenings


async def test_drifts_threshold_is_moved_over_time(room, until) -> None:
    known = KnownDrift(room.bus, lambda: None)
    DriftScene(room.bus, room.clock).tell()
    name = known.engine.rows[0].name
    part = DriftOverTime(known.series(name), room.clock.now)
    room.show(part)
    part.show_snapshot(known.portfolio(name), known.series(name), known.records(name))
    part.redraw()
    stands = threshold(part.plot, "Threshold").low
    drag(part.plot, edge(part.plot, stands), edge(part.plot, stands * 0.8))
    await until(room.dialog)
    assert shown_options(room) == ["drift.threshold"]
    room.dialog().accept()

    await until(lambda: room.configuration.settings.of(DriftOptions).threshold < Decimal("0.15"))
    assert len(part.plot.happenings) == len(known.records(name)) > 0
    known.close()


async def test_the_picture_is_saved_as_png_while_the_window_stays_in_use(room, governor, until) -> None:
    size = governor.idle.size()
    room.desk.save_picture(governor.idle)
    await until(room.files)
    dialog = room.files()
    assert not dialog.isModal()
    assert room.window.isEnabled()
    QTest.mouseMove(governor.idle.canvas.viewport(), edge(governor.idle, 0.5))
    assert governor.idle.pointer_s is not None
    file = room.folder / "idle.png"
    room.choose(file)

    await until(lambda: "idle.png" in room.notices.text)
    assert QImage(str(file)).size() == size


async def test_the_numbers_are_what_is_shown_with_what_happened(room, governor, until) -> None:
    room.desk.save_numbers(governor.skew)
    await until(room.files)
    file = room.folder / "skew.csv"
    room.choose(file)
    await until(lambda: "skew.csv" in room.notices.text)

    with file.open(encoding="utf-8", newline="") as lines:
        headers, *rows = list(csv.reader(lines))
    assert headers == ["time (UTC)", "seconds since 1970", "Skew (%)", "Cap (%)", "−Cap (%)", "what happened"]
    assert len(rows) > 700
    assert {row[3] for row in rows if row[3]} == {"30.0", "15.0"}
    assert float(rows[-1][1]) == pytest.approx(room.clock.now(), abs=1)


async def test_closing_the_file_dialog_saves_nothing(room, governor, until) -> None:
    room.desk.save_picture(governor.idle)
    await until(room.files)
    room.files().reject()

    await until(lambda: room.files() is None)
    assert [file.name for file in room.folder.glob("*.png")] == []


async def test_a_file_that_is_there_is_replaced_only_when_agreed_to(room, governor, until) -> None:
    file = room.folder / "idle.png"
    file.write_bytes(b"mine")
    for agree in (False, True):
        room.desk.save_picture(governor.idle)
        await until(room.files)
        room.choose(file)
        await until(room.dialog)
        assert file.read_bytes() == b"mine"
        room.dialog().accept() if agree else room.dialog().reject()
        await until(lambda: room.dialog() is None)

    await until(lambda: file.read_bytes().startswith(b"\x89PNG"))


async def test_a_file_that_cannot_be_written_is_said_in_words(room, governor, until) -> None:
    room.desk.save_picture(governor.idle)
    await until(room.files)
    room.choose(room.folder / ("x" * 250 + ".png"))

    await until(lambda: "could not be written (File name too long)" in room.notices.text)


async def test_actions_take_the_plot_that_has_the_keyboard_else_the_first_in_sight(room, governor, until) -> None:
    assert plot_at_hand(room.window) is governor.idle
    room.window.activateWindow()
    governor.velocity.setFocus()
    await until(lambda: governor.velocity.hasFocus())

    assert plot_at_hand(room.window) is governor.velocity
