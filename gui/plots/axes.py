"""Axes that say little and cost little: one row of ticks, on round values, in local time or in the value's own unit."""

from __future__ import annotations

import calendar
import math
import time

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gui.plots.quantity import Quantity

MINUTE, HOUR, DAY = 60, 3600, 86_400
_TIME_STEPS_S = (
    *(1, 2, 5, 10, 15, 30),
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12)),
    *(DAY * n for n in (1, 2, 7, 14, 28, 91, 182, 364)),
)
_TIME_LABEL_PX = 90
_VALUE_LABEL_PX = 42
_VALUE_LABEL_LEAST_PX = 24
_LABEL_GAP_PX = 4


Ticks = list[tuple[float, str]]


class _Axis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """pyqtgraph's axis with a painting of its own: grid, edge and labels are worked out once for each range, and drawn
    straight. The general one costs more than the curves when the range moves on with each frame.
    """

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation=orientation)
        self.enableAutoSIPrefix(False)
        self.setGrid(255)
        self.setZValue(-1000)
        self._drawn_for: tuple[float, ...] = ()
        self._lines: list[QLineF] = []
        self._labels: list[tuple[QPointF, str]] = []
        self._grid_pen = self._edge_pen = self._label_pen = QPen()
        self._font = QFont()

    def set_inks(self, grid: str, edge: str, label: str, font: QFont) -> None:
        """Colours and font; lines are one opaque pixel."""
        self._grid_pen, self._edge_pen, self._label_pen = (QPen(QColor(ink), 0) for ink in (grid, edge, label))
        self._font = font
        self._drawn_for = ()
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Grid, edge, labels."""
        frame = self.mapRectFromItem(self.linkedView(), self.linkedView().boundingRect())
        low, high = self.range
        wanted = (low, high, frame.left(), frame.top(), frame.width(), frame.height())
        if wanted != self._drawn_for and high > low:
            self._drawn_for = wanted
            self._lay_out(frame, low, high, QFontMetricsF(self._font))
        painter.setPen(self._grid_pen)
        painter.drawLines(self._lines)
        painter.setPen(self._edge_pen)
        painter.drawLine(self._edge(frame))
        painter.setPen(self._label_pen)
        painter.setFont(self._font)
        for position, text in self._labels:
            painter.drawText(position, text)

    def _lay_out(self, frame: QRectF, low: float, high: float, metrics: QFontMetricsF) -> None:
        raise NotImplementedError

    def _edge(self, frame: QRectF) -> QLineF:
        raise NotImplementedError


class TimeAxis(_Axis):
    """Seconds since the epoch, labelled in local time; days begin at local midnight, summer time included."""

    def __init__(self) -> None:
        super().__init__("bottom")

    def _edge(self, frame: QRectF) -> QLineF:
        return QLineF(frame.bottomLeft(), frame.bottomRight())

    def _lay_out(self, frame: QRectF, low: float, high: float, metrics: QFontMetricsF) -> None:
        self._lines, self._labels = [], []
        base = frame.bottom() + _LABEL_GAP_PX + metrics.ascent()
        for at_s, text in time_ticks(low, high, frame.width()):
            x = round(frame.left() + (at_s - low) / (high - low) * frame.width())
            self._lines.append(QLineF(x, frame.top(), x, frame.bottom()))
            left, width = x - metrics.horizontalAdvance(text) / 2, metrics.horizontalAdvance(text)
            if frame.left() <= left and left + width <= frame.right() + _LABEL_GAP_PX:
                self._labels.append((QPointF(left, base), text))


class ValueAxis(_Axis):
    """A value in its unit, with the decimals that the step between two ticks needs."""

    def __init__(self, quantity: Quantity) -> None:
        super().__init__("right")
        self.quantity = quantity

    def _edge(self, frame: QRectF) -> QLineF:
        return QLineF(frame.topRight(), frame.bottomRight())

    def _lay_out(self, frame: QRectF, low: float, high: float, metrics: QFontMetricsF) -> None:
        self._lines, self._labels = [], []
        middle = (metrics.ascent() - metrics.descent()) / 2
        for value, text in value_ticks(low, high, frame.height(), self.quantity):
            y = round(frame.bottom() - (value - low) / (high - low) * frame.height())
            self._lines.append(QLineF(frame.left(), y, frame.right(), y))
            if y - middle >= frame.top():
                self._labels.append((QPointF(frame.right() + _LABEL_GAP_PX, y + middle), text))


def time_ticks(start_s: float, end_s: float, size_px: float) -> Ticks:
    """Round local times between two, with their labels, as many as `size_px` pixels have room for."""
    step = time_step_s(end_s - start_s, size_px)
    return [(at_s, tick_label(at_s, step)) for at_s in round_times(start_s, end_s, step)]


def value_ticks(low: float, high: float, size_px: float, quantity: Quantity) -> Ticks:
    """Round values between two, with their labels as `quantity` shows them."""
    span = (high - low) * quantity.scale
    step = round_step(span / max(size_px / _VALUE_LABEL_PX, 1))
    if len(_multiples(low, high, step, quantity)) < 2:  # one says nothing of the scale: closer, but clear of each other
        step = round_step(span / max(size_px / _VALUE_LABEL_LEAST_PX, 1))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    values = [n * step / quantity.scale for n in _multiples(low, high, step, quantity)]
    return [(value, quantity.number(value, decimals)) for value in values]


def _multiples(low: float, high: float, step: float, quantity: Quantity) -> range:
    first = math.ceil(low * quantity.scale / step - 1e-9)
    last = math.floor(high * quantity.scale / step + 1e-9)
    return range(first, last + 1)


def round_step(at_least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `at_least`."""
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(power * n for n in (1, 2, 5, 10) if power * n >= at_least * (1 - 1e-9))


def time_step_s(span_s: float, size_px: float) -> int:
    """The step between time labels that leaves each of them room."""
    room = span_s * _TIME_LABEL_PX / max(size_px, 1.0)
    return next((step for step in _TIME_STEPS_S if step >= room), _TIME_STEPS_S[-1])


def round_times(start_s: float, end_s: float, step_s: int) -> list[float]:
    """The times between two, ends included, that are round on the local clock."""
    local = calendar.timegm(time.localtime(start_s))
    n = math.floor(local / step_s)
    found: list[float] = []
    while True:
        at = time.mktime((*time.gmtime(n * step_s)[:8], -1))
        if at > end_s:
            return found
        if at >= start_s and (not found or at > found[-1]):
            found.append(at)
        n += 1


def tick_label(t_s: float, step_s: float) -> str:
    """The clock with as much as the step needs; the day at midnight and for steps of a day."""
    local = time.localtime(t_s)
    if step_s >= DAY or (local.tm_hour, local.tm_min, local.tm_sec) == (0, 0, 0):
        return f"{local.tm_mday} {time.strftime('%b', local)}"
    return time.strftime("%H:%M" if step_s >= MINUTE else "%H:%M:%S", local)
