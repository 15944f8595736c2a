"""A plot on a screen of its own, with real events of mouse and keys."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.core.series import Series
from gui.plots.live import LivePlot
from gui.plots.quantity import RATIO
from gui.theme import LIGHT, apply_theme

NOW = 1_800_000_000.0
LEFT = Qt.MouseButton.LeftButton
NOTHING_HELD = Qt.KeyboardModifier.NoModifier


@dataclass
class Service:
    """Keeps what a plot asked for, and answers nothing by itself."""

    proposed: list[tuple[str, str]] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)

    def propose(self, plot: LivePlot, path: str, value: str) -> None:
        self.proposed.append((path, value))

    def save_picture(self, plot: LivePlot) -> None:
        self.saved.append("picture")

    def save_numbers(self, plot: LivePlot) -> None:
        self.saved.append("numbers")


def series(t, y, **options) -> Series:
    """Points at so many seconds from NOW."""
    made = Series(**options)
    made.extend(np.asarray(t, float) + NOW, y)
    return made


def rising(low: float = 0.0, high: float = 1.0) -> Series:
    """A hundred seconds up to NOW."""
    return series(np.arange(-100.0, 1.0), np.linspace(low, high, 101))


def shown(qtbot, title: str = "Idle ratio", curve: Series | None = None) -> LivePlot:
    """A plot of 600 by 300 that can be seen, with one curve."""
    plot = LivePlot(title, RATIO, span_s=100.0)
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.add_curve("Value", rising() if curve is None else curve)
    with qtbot.waitExposed(plot):
        plot.show()
    plot.redraw()
    return plot


@pytest.fixture
def plot(qtbot) -> LivePlot:
    apply_theme(LIGHT)
    return shown(qtbot)


def at(plot: LivePlot, t_s: float, value: float) -> QPoint:
    """Where a time (seconds from NOW) and a value are drawn."""
    canvas = plot.canvas
    return canvas.mapFromScene(canvas.box.mapViewToScene(QPointF(NOW + t_s, value)))


def drag(plot: LivePlot, start: QPoint, end: QPoint, *, release: bool = True) -> None:
    """Press, move in steps as a hand does, let go."""
    viewport = plot.canvas.viewport()
    QTest.mouseMove(viewport, start)
    QTest.mousePress(viewport, LEFT, NOTHING_HELD, start)
    for step in range(1, 6):
        QTest.mouseMove(viewport, start + (end - start) * step / 5)
    if release:
        QTest.mouseRelease(viewport, LEFT, NOTHING_HELD, end)


def wheel(plot: LivePlot, where: QPoint, notches: int) -> None:
    """Turn the wheel; up zooms in."""
    viewport, point = plot.canvas.viewport(), QPointF(where)
    event = QWheelEvent(
        point,
        viewport.mapToGlobal(point),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        NOTHING_HELD,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def said(plot: LivePlot) -> list[str]:
    """What the legend says, entry by entry."""
    return [entry.value for entry in plot.header.legend._entries]


def stretch(plot: LivePlot) -> tuple[float, float]:
    """What is in view, in seconds from NOW."""
    start_s, end_s = plot.stretch
    return start_s - NOW, end_s - NOW
