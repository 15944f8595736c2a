"""The beat draws what can be seen, and nothing else (panel spec 14)."""

from __future__ import annotations

import logging

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QWidget

from gui.redraw import Redraw

# The offscreen platform says so of every window that has a layout.
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


class Counter(QWidget):
    """Counts how often it was drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(20, 20)
        self.drawn = 0

    def redraw(self) -> None:
        self.drawn += 1


class Broken(Counter):
    def redraw(self) -> None:
        super().redraw()
        raise ValueError("no data")


@pytest.fixture
def window(qtbot):
    window = QWidget()
    QHBoxLayout(window)
    qtbot.addWidget(window)
    return window


def filled(window: QWidget, *widgets: QWidget) -> Redraw:
    beat = Redraw(window, interval_ms=2**30)
    for widget in widgets:
        window.layout().addWidget(widget)
        beat.add(widget)
    return beat


def test_it_rests_until_the_window_is_shown_and_again_when_it_is_hidden(window):
    beat = filled(window, Counter())
    seen = [beat.running]
    window.show()
    seen.append(beat.running)
    window.hide()
    seen.append(beat.running)

    assert seen == [False, True, False]


def test_it_rests_while_the_window_is_minimised(window):
    beat = filled(window, Counter())
    window.show()
    window.setWindowState(Qt.WindowState.WindowMinimized)
    assert not beat.running

    window.setWindowState(Qt.WindowState.WindowNoState)

    assert beat.running


def test_nothing_is_drawn_in_a_hidden_window(window):
    widget = Counter()
    beat = filled(window, widget)

    beat.draw()

    assert widget.drawn == 0


def test_a_page_that_is_not_shown_is_not_drawn_and_is_drawn_at_once_when_it_is(window, qtbot):
    tabs = QTabWidget()
    window.layout().addWidget(tabs)
    front, back = Counter(), Counter()
    tabs.addTab(front, "front")
    tabs.addTab(back, "back")
    beat = Redraw(window, interval_ms=2**30)
    beat.add(front)
    beat.add(back)
    window.show()
    beat.draw()
    assert (front.drawn, back.drawn) == (1, 0)

    tabs.setCurrentIndex(1)

    qtbot.waitUntil(lambda: back.drawn == 1)


def test_a_beat_draws_each_widget_once(window, qtbot):
    widget = Counter()
    beat = Redraw(window, interval_ms=10)
    window.layout().addWidget(widget)
    beat.add(widget)
    window.show()

    qtbot.waitUntil(lambda: widget.drawn >= 3)


def test_one_that_fails_is_named_in_the_log_and_left_out_and_the_others_go_on(window, caplog):
    broken, sound = Broken(), Counter()
    beat = filled(window, broken, sound)
    window.show()

    with caplog.at_level(logging.ERROR):
        beat.draw()
        beat.draw()

    assert (broken.drawn, sound.drawn) == (1, 2)
    assert "Broken" in caplog.text
    assert "no data" in caplog.text


def test_a_deleted_widget_is_forgotten(window):
    gone, kept = Counter(), Counter()
    beat = filled(window, gone, kept)
    window.show()
    gone.deleteLater()
    QCoreApplication.sendPostedEvents(gone, QEvent.Type.DeferredDelete)
    assert not shiboken6.isValid(gone)

    beat.draw()

    assert kept.drawn == 1


def test_a_removed_widget_is_drawn_no_more(window):
    widget = Counter()
    beat = filled(window, widget)
    window.show()

    beat.remove(widget)
    beat.draw()

    assert widget.drawn == 0


def test_a_widget_that_cannot_be_drawn_is_refused(window):
    with pytest.raises(TypeError, match="no redraw"):
        Redraw(window).add(QWidget(window))
