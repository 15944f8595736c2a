"""What lies still under the curves: target lines, bands, limits, and the crosshair."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gui.theme import Space, Tone, theme_of

if TYPE_CHECKING:
    from gui.plots.thresholds import Threshold

_REACH_PX = 5
_HANDLE_PX = 7
_DOT_PX = 5


@dataclass(slots=True)
class Mark:
    """A target (`low` is `high`), a band, or two limits. tone None: the neutral ink of the theme.

    tinted: whether the ground between the edges is tinted; else both edges are lines. in_view: whether the value axis
    widens to show it; else an arrow at the edge says where it is. threshold: the option that it stands for. draft: the
    edges where an operator has moved it.
    """

    name: str
    low: float
    high: float
    tone: Tone | None = None
    tinted: bool = True
    in_view: bool = True
    threshold: Threshold | None = field(default=None, compare=False)
    draft: tuple[float, float] | None = field(default=None, compare=False)
    colour: QColor = field(default_factory=QColor, compare=False)

    @property
    def is_band(self) -> bool:
        return self.low != self.high

    @property
    def edges(self) -> tuple[float, ...]:
        """One value or two."""
        return (self.low, self.high) if self.is_band else (self.low,)


class Marks(pg.UIGraphicsItem):  # type: ignore[misc]  # pyqtgraph has no types
    """All marks of a plot in one item, so that they cost one visit a frame.

    Drawn in pixels, so that lines are one opaque pixel at any zoom. may_move: whether thresholds can be
    taken. pointer_s: where the crosshair stands. pointer_dots: the value of each curve there, NaN for none, with its
    colour.
    """

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[str, Mark] = {}
        self.may_move = False
        self.pointer_s: float | None = None
        self.pointer_dots: list[tuple[float, QColor]] = []
        self.pointer_colour = QColor()
        self.setZValue(-10)

    def dataBounds(self, *_: object, **__: object) -> None:
        """Marks never decide what is in view."""

    @property
    def thresholds(self) -> tuple[Mark, ...]:
        """The marks that may be taken now."""
        return tuple(mark for mark in self.marks.values() if self.may_move and mark.threshold is not None)

    def put(self, mark: Mark) -> None:
        """Draw a mark, or move it; where it is being moved by an operator, it stays so."""
        if not (math.isfinite(mark.low) and math.isfinite(mark.high)):
            raise ValueError(f"a mark needs finite values, got {mark.low!r} and {mark.high!r} for {mark.name!r}")
        known = self.marks.get(mark.name)
        draft = None if known is None else known.draft
        self.marks[mark.name] = replace(mark, colour=_ink(mark), draft=draft)
        if known != mark:
            self.update()

    def drop(self, name: str) -> None:
        """Take a mark away, if it is there."""
        if self.marks.pop(name, None) is not None:
            self.update()

    def take_colours(self) -> None:
        """Follow the theme."""
        self.pointer_colour = QColor(theme_of().muted)
        for mark in self.marks.values():
            mark.colour = _ink(mark)

    def near(self, scene_y: float, frame: QRectF, y_of: QTransform) -> tuple[str, float] | None:
        """The threshold with an edge within a few pixels, and how far below `scene_y` that edge is drawn.

        frame, y_of: of the view, in pixels of the scene. An edge out of sight is at the edge of the view.
        """
        found: list[tuple[float, str, float]] = []
        for mark in self.thresholds:
            for edge in mark.draft or mark.edges:
                y = min(max(y_of.map(QPointF(0.0, edge)).y(), frame.top()), frame.bottom())
                found.append((abs(y - scene_y), mark.name, y - scene_y))
        distance, name, below = min(found, default=(_REACH_PX + 1.0, "", 0.0))
        return (name, below) if distance <= _REACH_PX else None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Bands first, then lines, then what is being moved, then the crosshair."""
        area, to_pixels = self.boundingRect(), painter.transform()
        frame = to_pixels.mapRect(area)
        painter.save()
        painter.resetTransform()
        for mark in self.marks.values():
            if mark.is_band and mark.tinted:
                self._tint(painter, mark, mark.draft or (mark.low, mark.high), frame, to_pixels)
        for mark in self.marks.values():
            if not (mark.is_band and mark.tinted) or mark.draft is not None:
                for edge in mark.edges:
                    self._line(painter, mark, to_pixels.map(QPointF(0.0, edge)).y(), frame)
            for edge in dict.fromkeys(mark.draft or ()):
                y = round(to_pixels.map(QPointF(0.0, edge)).y())
                painter.setPen(QPen(mark.colour, 0))
                painter.drawLine(QLineF(frame.left(), y, frame.right(), y))
        for x, y in self._handles(frame, to_pixels):
            painter.fillRect(QRectF(x, y, 3, _HANDLE_PX), self.pointer_colour)
        if self.pointer_s is not None:
            self._crosshair(painter, to_pixels, frame)
        painter.restore()

    def _handles(self, frame: QRectF, to_pixels: QTransform) -> Iterator[tuple[float, float]]:
        """Where a threshold can be taken: a grip at the right end of each of its lines."""
        for mark in self.thresholds:
            for edge in mark.draft or mark.edges:
                y = to_pixels.map(QPointF(0.0, edge)).y()
                if frame.top() <= y <= frame.bottom():
                    yield frame.right() - 3, round(y) - _HANDLE_PX // 2

    def _tint(
        self, painter: QPainter, mark: Mark, edges: tuple[float, float], frame: QRectF, to_pixels: QTransform
    ) -> None:
        top, bottom = (to_pixels.map(QPointF(0.0, edge)).y() for edge in reversed(edges))
        ground = QColor(mark.colour)
        ground.setAlphaF(0.12)
        painter.fillRect(QRectF(frame.left(), top, frame.width(), bottom - top) & frame, ground)

    def _line(self, painter: QPainter, mark: Mark, y: float, frame: QRectF) -> None:
        painter.setPen(QPen(mark.colour, 0, Qt.PenStyle.DashLine))
        if frame.top() <= y <= frame.bottom():
            painter.drawLine(QLineF(frame.left(), round(y), frame.right(), round(y)))
        else:
            self._beyond(painter, mark, frame, above=y < frame.top())

    def _beyond(self, painter: QPainter, mark: Mark, frame: QRectF, *, above: bool) -> None:
        """An arrow at the edge for what is out of sight there, with its name."""
        width = painter.fontMetrics().horizontalAdvance(mark.name)
        tip = frame.top() + 1 if above else frame.bottom() - 1
        base = tip + (_HANDLE_PX if above else -_HANDLE_PX)
        x = frame.right() - 2 * _HANDLE_PX
        painter.setBrush(mark.colour)
        painter.drawPolygon(QPolygonF([QPointF(x, tip), QPointF(x - 5, base), QPointF(x + 5, base)]))
        down = painter.fontMetrics().ascent() if above else -2
        painter.drawText(QPointF(x - width - Space.SMALL - 2, tip + down), mark.name)

    def _crosshair(self, painter: QPainter, to_pixels: QTransform, frame: QRectF) -> None:
        x = round(to_pixels.map(QPointF(self.pointer_s or 0.0, 0.0)).x())
        painter.setPen(QPen(self.pointer_colour, 0))
        painter.drawLine(QLineF(x, frame.top(), x, frame.bottom()))
        for value, colour in self.pointer_dots:
            if not math.isnan(value):
                y = round(to_pixels.map(QPointF(0.0, value)).y())
                half = _DOT_PX // 2
                painter.setPen(QPen(self.pointer_colour, 0, Qt.PenStyle.DotLine))
                painter.drawLine(QLineF(frame.left(), y, frame.right(), y))
                painter.fillRect(QRectF(x - half, y - half, _DOT_PX, _DOT_PX), colour)


def _ink(mark: Mark) -> QColor:
    return QColor(theme_of().tones[mark.tone or Tone.NEUTRAL].text)
