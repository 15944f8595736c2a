"""What lies still under the curves: target lines, bands, and the line at the pointer."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gui.theme import Tone


@dataclass(slots=True)
class Mark:
    """A target (`low` is `high`) or a band. tone None: the neutral ink of the theme."""

    name: str
    low: float
    high: float
    tone: Tone | None = None
    colour: QColor = field(default_factory=QColor)

    @property
    def is_band(self) -> bool:
        return self.low != self.high


class Marks(pg.UIGraphicsItem):  # type: ignore[misc]  # pyqtgraph has no types
    """All marks of a plot in one item, so that they cost one visit a frame.

    Drawn in pixels, so that lines are one opaque pixel at any zoom.
    """

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[str, Mark] = {}
        self.pointer_s: float | None = None
        self.pointer_colour = QColor()
        self.setZValue(-10)

    def dataBounds(self, *_: object, **__: object) -> None:
        """Marks never decide what is in view."""

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Bands first, then lines, then the pointer."""
        area, to_pixels = self.boundingRect(), painter.transform()
        frame = to_pixels.mapRect(area)
        painter.save()
        painter.resetTransform()
        for mark in self.marks.values():
            if mark.is_band:
                top, bottom = to_pixels.map(QPointF(0.0, mark.high)).y(), to_pixels.map(QPointF(0.0, mark.low)).y()
                ground = QColor(mark.colour)
                ground.setAlphaF(0.12)
                painter.fillRect(QRectF(frame.left(), top, frame.width(), bottom - top) & frame, ground)
        for mark in self.marks.values():
            if not mark.is_band:
                y = round(to_pixels.map(QPointF(0.0, mark.low)).y())
                painter.setPen(QPen(mark.colour, 0, Qt.PenStyle.DashLine))
                painter.drawLine(QLineF(frame.left(), y, frame.right(), y))
        if self.pointer_s is not None:
            x = round(to_pixels.map(QPointF(self.pointer_s, 0.0)).x())
            painter.setPen(QPen(self.pointer_colour, 0))
            painter.drawLine(QLineF(x, frame.top(), x, frame.bottom()))
        painter.restore()
