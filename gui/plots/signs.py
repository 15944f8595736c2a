"""Signs at the foot of a plot for what the engines did."""

from __future__ import annotations

from functools import lru_cache

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from engine.core.messages import Event
from gui.plots.happenings import Happenings, Shape
from gui.theme import theme_of

SIGN_PX = 9
FOOT_PX = 12
_PICTURE_PX = 15


class Signs(pg.UIGraphicsItem):  # type: ignore[misc]  # pyqtgraph has no types
    """One sign for all that happened within its width; the one that matters most is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.happenings: Happenings | None = None
        self.setZValue(50)

    def dataBounds(self, *_: object, **__: object) -> None:
        """Signs never decide what is in view."""

    def near(self, t_s: float, reach_s: float) -> list[Event]:
        """What happened so close to a time."""
        return [] if self.happenings is None else self.happenings.between(t_s - reach_s, t_s + reach_s)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Every sign that is in view."""
        area, to_pixels = self.boundingRect(), painter.transform()
        frame = to_pixels.mapRect(area)
        if self.happenings is None or not len(self.happenings) or area.width() <= 0 or frame.width() <= 0:
            return
        # Slots begin at multiples of their width, so that signs stay as they are while the stretch moves on.
        slot_s = area.width() / frame.width() * SIGN_PX
        y = round(frame.bottom() - FOOT_PX / 2 - 1) - _PICTURE_PX // 2
        look, ratio = theme_of(), painter.device().devicePixelRatio()
        painter.save()
        painter.resetTransform()
        for at_s, sign in self.happenings.heaviest(area.left(), area.right(), slot_s):
            x = round(frame.left() + (at_s - area.left()) / area.width() * frame.width())
            picture = _picture(sign.shape, look.tones[sign.tone].text, look.surface, ratio)
            painter.drawPixmap(QPointF(x - _PICTURE_PX // 2, y), picture)
        painter.restore()


@lru_cache(maxsize=256)
def _picture(shape: Shape, ink: str, ground: str, ratio: float) -> QPixmap:
    """A sign on a rim of the ground, so that a curve below does not swallow it; painted once and kept."""
    made = QPixmap(round(_PICTURE_PX * ratio), round(_PICTURE_PX * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(ground), 1))
    painter.setBrush(QColor(ink))
    centre, half = _PICTURE_PX // 2 + 0.5, SIGN_PX // 2
    painter.translate(centre, centre)
    match shape:
        case Shape.UP:
            painter.drawPolygon(_polygon((0, -half), (half + 1, half), (-half - 1, half)))
        case Shape.DOWN:
            painter.drawPolygon(_polygon((0, half), (half + 1, -half), (-half - 1, -half)))
        case Shape.DIAMOND:
            painter.drawPolygon(_polygon((0, -half - 1), (half + 1, 0), (0, half + 1), (-half - 1, 0)))
        case Shape.SQUARE:
            painter.drawRect(-half, -half, 2 * half, 2 * half)
        case Shape.RING:
            painter.setBrush(QColor(ground))
            painter.setPen(QPen(QColor(ink), 2))
            painter.drawEllipse(QPointF(0, 0), half - 1, half - 1)
        case Shape.CROSS:
            painter.setPen(QPen(QColor(ink), 2))
            painter.drawLine(-half, -half, half, half)
            painter.drawLine(-half, half, half, -half)
    painter.end()
    return made


def _polygon(*corners: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in corners])
