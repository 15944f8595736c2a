"""A state as icon, word and colour together, in one small shape."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.icons import paint_icon
from gui.looks import Look
from gui.theme import Space, scaled_font, theme_of


class Pill(QWidget):
    """Loud for what must be seen from across the room (the mode), quiet for everything else."""

    def __init__(self, *, loud: bool = False, ratio: float = 1.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loud = loud
        self._look: Look | None = None
        self._word = ""
        self.setFont(scaled_font(self.font(), ratio, bold=True))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """The word that is shown."""
        return self._word

    def say(self, look: Look, word: str) -> None:
        """Show this state; the word is also what a screen reader says."""
        if (look, word) == (self._look, self._word):
            return
        self._look, self._word = look, word
        self.setAccessibleName(word)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        width = metrics.horizontalAdvance(self._word) + self._icon_px + Space.TIGHT + 2 * self._side
        return QSize(width, metrics.height() + (Space.SMALL if self._loud else Space.TIGHT))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._look is None:
            return
        colours = theme_of().tones[self._look.tone]
        ground, ink = (colours.fill, colours.on_fill) if self._loud else (colours.soft, colours.text)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(QRectF(self.rect()), Space.TIGHT + 1, Space.TIGHT + 1)
        size = self._icon_px
        top = (self.height() - size) / 2
        paint_icon(painter, self._look.icon, ink, QRectF(self._side, top, size, size))
        painter.setPen(QColor(ink))
        text = self.rect().adjusted(self._side + size + Space.TIGHT, 0, 0, 0)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self._word)
        painter.end()

    @property
    def _icon_px(self) -> int:
        return round(self.fontMetrics().height() * (0.95 if self._loud else 0.82))

    @property
    def _side(self) -> int:
        return Space.MEDIUM if self._loud else Space.SMALL
