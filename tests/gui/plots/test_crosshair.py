"""The crosshair reads every curve, by pointer and by key; the view is moved by both (panel spec 14, 15)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.plots.link import PlotLink
from gui.plots.live import LivePlot
from gui.redraw import Redraw
from tests.gui.plots.stage import NOW, at, drag, plot, rising, said, shown, stretch, wheel

__all__ = ["plot"]
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_the_crosshair_gives_the_value_of_every_curve_at_the_time_under_the_pointer(plot: LivePlot) -> None:
    plot.add_curve("Other", rising(1.0, 0.0))
    plot.redraw()

    QTest.mouseMove(plot.canvas.viewport(), at(plot, -25.0, 0.5))

    value, other = (float(text.rstrip("%")) for text in said(plot))
    assert (value, other) == (pytest.approx(75.0, abs=1.5), pytest.approx(25.0, abs=1.5))
    assert plot.pointer_s == pytest.approx(NOW - 25.0, abs=0.5)


def test_arrow_keys_move_the_crosshair_from_the_newest_point_on(plot: LivePlot, qtbot) -> None:
    places = []
    for key, held in (
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Left, SHIFT),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier),
    ):
        qtbot.keyClick(plot, key, held)
        places.append(round(plot.pointer_s - NOW))

    assert places == [0, -1, -11, -10]
    assert plot.following


def test_the_crosshair_stays_within_the_view(plot: LivePlot, qtbot) -> None:
    for _ in range(15):
        qtbot.keyClick(plot, Qt.Key.Key_Left, SHIFT)

    assert plot.pointer_s == plot.stretch[0]


def test_what_the_crosshair_reads_by_key_is_said_to_a_screen_reader(plot: LivePlot, qtbot) -> None:
    qtbot.keyClick(plot, Qt.Key.Key_Left)

    assert plot.accessibleDescription().endswith(": Value 100.0%.")


def test_escape_takes_the_crosshair_away(plot: LivePlot, qtbot) -> None:
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    qtbot.keyClick(plot, Qt.Key.Key_Escape)

    assert plot.pointer_s is None


def test_the_crosshair_leaves_with_the_pointer(plot: LivePlot) -> None:
    QTest.mouseMove(plot.canvas.viewport(), at(plot, -25.0, 0.5))
    QTest.mouseMove(plot.canvas.viewport(), plot.canvas.viewport().rect().bottomRight())

    assert plot.pointer_s is None


def test_zooming_by_key_keeps_the_crosshair_where_it_is(plot: LivePlot, qtbot) -> None:
    plot.point(NOW - 20.0)
    qtbot.keyClick(plot, Qt.Key.Key_Plus)

    assert stretch(plot) == (pytest.approx(-60.0, abs=0.5), pytest.approx(-10.0, abs=0.5))


def test_follow_keeps_the_zoom_and_reset_takes_it_back(plot: LivePlot, qtbot) -> None:
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    qtbot.keyClick(plot, Qt.Key.Key_End)
    start_s, end_s = stretch(plot)
    assert (plot.following, end_s - start_s) == (True, pytest.approx(50.0))

    qtbot.keyClick(plot, Qt.Key.Key_0)
    start_s, end_s = stretch(plot)
    assert (plot.following, end_s - start_s) == (True, pytest.approx(100.0))


def test_a_double_click_resets(plot: LivePlot) -> None:
    middle = at(plot, -50.0, 0.5)
    wheel(plot, middle, 3)
    assert not plot.following

    QTest.mouseDClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)

    assert (plot.following, stretch(plot)[0]) == (True, pytest.approx(-100.0, abs=0.5))


def test_home_shows_all_that_is_known(plot: LivePlot, qtbot) -> None:
    plot.set_span(10.0)
    qtbot.keyClick(plot, Qt.Key.Key_Home)

    assert stretch(plot) == (pytest.approx(-100.0, abs=0.5), pytest.approx(0.0, abs=0.5))


@pytest.fixture
def pair(qtbot) -> tuple[LivePlot, LivePlot]:
    both = shown(qtbot, "Gas price"), shown(qtbot, "Soft limit")
    PlotLink(both, both[0])
    return both


def test_panning_one_of_two_linked_plots_moves_both(pair) -> None:
    one, other = pair
    drag(one, at(one, -50.0, 0.5), at(one, -20.0, 0.5))

    assert stretch(one)[0] == pytest.approx(-130.0, abs=2.0)
    assert stretch(other) == pytest.approx(stretch(one))
    assert not other.following


def test_zoom_follow_and_reset_reach_a_linked_plot_whichever_is_used(pair, qtbot) -> None:
    one, other = pair
    wheel(other, at(other, -50.0, 0.5), 2)
    assert stretch(one) == pytest.approx(stretch(other))

    qtbot.keyClick(one, Qt.Key.Key_End)
    assert (one.following, other.following) == (True, True)
    qtbot.keyClick(other, Qt.Key.Key_0)
    assert stretch(one)[0] == pytest.approx(-100.0, abs=0.5)


def test_linked_plots_are_read_at_the_same_time(pair) -> None:
    one, other = pair
    QTest.mouseMove(one.canvas.viewport(), at(one, -25.0, 0.5))

    assert other.pointer_s == one.pointer_s
    assert said(other) == said(one)


@pytest.mark.qt_log_ignore("does not support propagateSizeHints")
def test_a_plot_in_a_hidden_window_is_neither_read_nor_painted(qtbot, monkeypatch) -> None:
    """Panel spec 14."""
    window, values = QWidget(), rising()
    qtbot.addWidget(window)
    plot = LivePlot("Idle ratio", span_s=100.0)
    plot.add_curve("Value", values)
    QVBoxLayout(window).addWidget(plot)
    beat, worked = Redraw(window, 2**30), []
    beat.add(plot)
    with qtbot.waitExposed(window):
        window.show()
    monkeypatch.setattr(values, "view", lambda *_: worked.append("view") or (rising().view(NOW - 9, NOW, 9)))
    monkeypatch.setattr(plot.canvas.marks, "paint", lambda *_: worked.append("paint"))
    values.append(NOW + 1, 0.5)
    beat.draw()
    plot.canvas.viewport().repaint()
    assert set(worked) == {"view", "paint"}

    window.hide()
    worked.clear()
    values.append(NOW + 2, 0.5)
    beat.draw()
    plot.canvas.viewport().repaint()

    assert worked == []
