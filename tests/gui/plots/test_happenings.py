"""What the engines did stands on the time axis, and can be read by pointer, by key and in the table."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from engine.governor.messages import OscillationDamped, SkewChanged
from engine.governor.reasons import Following
from gui.plots.happenings import Happenings, Shape, sign_of
from gui.plots.live import LivePlot
from gui.theme import LIGHT, Tone
from tests.gui.plots.stage import NOW, at, plot, rising, stretch

__all__ = ["plot"]
# The offscreen platform says so of every pop-up.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def skew(t_s: float, to: float = 0.15) -> SkewChanged:
    return SkewChanged(at_s=NOW + t_s, previous_skew=0.10, skew=to, reason=Following(0.1, to))


def damped(t_s: float) -> OscillationDamped:
    return OscillationDamped(at_s=NOW + t_s, flips=3, cap=0.15, until_s=NOW + t_s + 3600)


@pytest.fixture
def happened(plot: LivePlot) -> Happenings:
    made = Happenings()
    plot.set_happenings(made)
    return made


def test_events_are_kept_once_and_in_time_order_however_they_come_in() -> None:
    made = Happenings()
    for event in (skew(-10.0), skew(-30.0), skew(-10.0), damped(-10.0), skew(-20.0)):
        made.take(event)

    assert made.between(NOW - 40, NOW) == [skew(-30.0), skew(-20.0), skew(-10.0), damped(-10.0)]


def test_memory_is_bounded_and_the_oldest_go_first() -> None:
    made = Happenings(kept=3)
    for t_s in range(10):
        made.take(skew(float(t_s)))

    assert [event.at_s - NOW for event in made.between(NOW, NOW + 99)] == [7.0, 8.0, 9.0]


def test_of_what_shares_a_sign_the_one_that_matters_most_is_drawn() -> None:
    made = Happenings()
    for event in (skew(-30.0), damped(-29.5), skew(-29.0), skew(-5.0)):
        made.take(event)

    assert [sign.shape for _, sign in made.heaviest(NOW - 100, NOW, 10.0)] == [Shape.SQUARE, Shape.DIAMOND]


def test_a_sign_is_told_from_another_without_its_colour() -> None:
    assert sign_of(skew(0.0)).shape is not sign_of(damped(0.0)).shape


def test_signs_are_drawn_at_the_foot_and_the_curve_leaves_room_for_them(plot, happened) -> None:
    happened.take(skew(-50.0))
    plot.redraw()
    image = plot.canvas.grab(plot.canvas.frame.toRect()).toImage()
    ink = QColor(LIGHT.tones[Tone.ACTING].text).rgb()
    drawn = {(x, y) for x in range(image.width()) for y in range(image.height()) if image.pixel(x, y) == ink}

    assert drawn
    assert all(abs(x / image.width() - 0.5) < 0.02 and y > image.height() - 14 for x, y in drawn)
    low, high = plot.canvas.box.viewRange()[1]
    assert (0.0 - low) / (high - low) * image.height() >= 12


def test_resting_on_a_sign_says_what_happened(plot, happened) -> None:
    happened.take(skew(-50.0))
    where = at(plot, -50.0, plot.canvas.box.viewRange()[1][0]) - QPoint(0, 8)
    viewport = plot.canvas.viewport()
    QApplication.sendEvent(viewport, QHelpEvent(QEvent.Type.ToolTip, where, viewport.mapToGlobal(where)))

    assert "Skew +10% → +15%." in QToolTip.text()
    QToolTip.hideText()


def test_up_and_down_go_from_one_to_the_next_and_say_it(plot, happened, qtbot) -> None:
    for t_s in (-250.0, -60.0, -20.0):
        happened.take(skew(t_s))
    places = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Up):
        qtbot.keyClick(plot, key)
        places.append(plot.pointer_s - NOW)
    assert places == [-20.0, -60.0, -20.0, -20.0]
    assert "Skew +10% → +15%." in plot.accessibleDescription()

    qtbot.keyClick(plot, Qt.Key.Key_Down)
    qtbot.keyClick(plot, Qt.Key.Key_Down)

    assert plot.pointer_s == NOW - 250.0
    start_s, end_s = stretch(plot)
    assert start_s < -250.0 < end_s
    QToolTip.hideText()


def test_summary_and_table_say_what_happened(plot, happened) -> None:
    happened.take(skew(-50.0))
    happened.take(skew(-500.0))

    assert "1 things happened" not in plot.describe()
    assert "What happened: 1, last at " in plot.describe()
    headers, rows = plot.as_table()
    assert headers[-1] == "What happened"
    told = [row for row in rows if row[-1]]
    assert len(told) == 1
    assert (told[0][1], told[0][-1].startswith("Skew +10%")) == ("50.0", True)


def test_the_table_stays_bounded_with_many_happenings(plot, happened) -> None:
    for step in range(500):
        happened.take(skew(-100.0 + step / 5))
    plot.set_series("Value", rising())

    assert len(plot.as_table(max_rows=100).rows) <= 200
