"""A line as small as a word, for the cards of the overview."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.core.series import Point, Series
from gui.theme import Tone, theme_of

_MARGIN_PX = 3.0


class Sparkline(QWidget):
    """The last `span_s` seconds of a series: its line, its newest point, and a target if there is one.

    It draws with the window's `Redraw`, and only when a point came in. name: accessible name, what the line is of.
    """

    def __init__(
        self,
        name: str,
        series: Series,
        *,
        span_s: float = 3600.0,
        tone: Tone | None = None,
        target: float | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.series = series
        self.span_s = span_s
        self._tone = tone
        self._target = target
        self._drawn: Point | None = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_tone(self, tone: Tone | None) -> None:
        """The colour of the line by its meaning; None for the first plot colour."""
        if tone != self._tone:
            self._tone = tone
            self.update()

    def set_target(self, target: float | None) -> None:
        """The level that the line should keep to."""
        if target != self._target:
            self._target = target
            self.update()

    def redraw(self) -> None:
        """Paint anew if a point came in."""
        if self.series.latest is not self._drawn:
            self._drawn = self.series.latest
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 32)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The target, the line with its gaps, the newest point."""
        latest = self.series.latest
        if latest is None:
            return
        start_s = latest.t_s - self.span_s
        t, y = self.series.view(start_s, latest.t_s, max(self.width(), 1))
        if not len(t):
            return
        area = QRectF(self.rect()).adjusted(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX - 1, -_MARGIN_PX - 1)
        low, high = float(np.nanmin(y)), float(np.nanmax(y))
        if self._target is not None:
            low, high = min(low, self._target), max(high, self._target)
        scale = area.height() / (high - low) if high > low else 0.0
        middle = area.height() / 2 if scale == 0.0 else 0.0
        px = area.left() + (t - start_s) * (area.width() / self.span_s)
        py = area.bottom() - middle - (y - low) * scale

        theme = theme_of()
        ink = QColor(theme.tones[self._tone].text if self._tone else theme.series[0])
        painter = QPainter(self)
        painter.setClipRect(self.rect())
        if self._target is not None:
            level = round(area.bottom() - middle - (self._target - low) * scale)
            painter.setPen(QPen(QColor(theme.border), 1, Qt.PenStyle.DashLine))
            painter.drawLine(round(area.left()), level, round(area.right()), level)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(ink, 1.25))
        for line in np.split(np.arange(len(y)), np.flatnonzero(np.isnan(y))):
            points = [QPointF(px[i], py[i]) for i in line.tolist() if not math.isnan(y[i])]
            if len(points) == 1:
                painter.drawPoint(points[0])
            elif points:
                painter.drawPolyline(QPolygonF(points))
        if not math.isnan(latest.value):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            painter.drawEllipse(QPointF(px[-1], py[-1]), 2.5, 2.5)
