"""Names, colours and current values of what a plot shows, painted in one go."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.plots.words import Sight, mark_text
from gui.theme import Space, number_font, scaled_font, theme_of

_SWATCH_PX = 14


class Swatch(Enum):
    """How an entry is drawn in the plot."""

    LINE = "line"
    DASHES = "dashes"
    BAND = "band"


class Entry(NamedTuple):
    """One name with its value as text; `widest` is the longest text that the value will take."""

    name: str
    value: str
    colour: QColor
    swatch: Swatch = Swatch.LINE
    widest: str = ""


def entries_of(sight: Sight, at_s: float | None, widest: str) -> list[Entry]:
    """What a plot's legend says: each curve's value at a time, or the newest for None, and where each mark stands."""
    quantity, entries = sight.quantity, []
    for curve in sight.curves:
        name = curve.name if curve.name != sight.title else ""
        swatch = Swatch.DASHES if curve.dashed else Swatch.LINE
        entries.append(Entry(name, quantity.text(curve.value(at_s)), curve.colour(), swatch, widest))
    for mark in sight.marks:
        text = mark_text(mark, quantity)
        if mark.draft is not None:
            text = f"{text} → {mark_text(mark, quantity, mark.draft)}"
        swatch = Swatch.BAND if mark.is_band and mark.tinted else Swatch.DASHES
        entries.append(Entry(mark.name, text, mark.colour, swatch))
    return entries


class Legend(QWidget):
    """A line of entries. New values repaint it and nothing else: no label is laid out anew four times a second."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry, ...] = ()
        self._note = ""
        self.setFont(number_font(scaled_font(self.font(), 0.92)))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_entries(self, entries: Sequence[Entry], note: str = "") -> None:
        """Show these; `note` stands at the right end."""
        if (tuple(entries), note) != (self._entries, self._note):
            self._entries, self._note = tuple(entries), note
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self.fontMetrics().height() + Space.HAIR)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Entries from the left as far as there is room, the note from the right."""
        theme = theme_of()
        painter = QPainter(self)
        metrics = self.fontMetrics()
        muted, ink = QColor(theme.muted), QColor(theme.text)
        right = self.width()
        if self._note:
            right -= metrics.horizontalAdvance(self._note) + Space.MEDIUM
            painter.setPen(muted)
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self._note)
        x = 0
        for entry in self._entries:
            width = self._width(entry, metrics)
            if x + width > right:
                painter.setPen(muted)
                painter.drawText(QRect(x, 0, right - x, self.height()), int(Qt.AlignmentFlag.AlignVCenter), "…")
                return
            self._paint_swatch(painter, entry, x)
            x += _SWATCH_PX + Space.TIGHT
            painter.setPen(muted)
            x += self._paint_text(painter, entry.name, x, metrics) + (Space.TIGHT + Space.HAIR if entry.name else 0)
            painter.setPen(ink)
            self._paint_text(painter, entry.value, x, metrics)
            x += self._value_width(entry, metrics) + Space.LARGE

    def _width(self, entry: Entry, metrics: QFontMetrics) -> int:
        name = metrics.horizontalAdvance(entry.name) + (Space.TIGHT + Space.HAIR if entry.name else 0)
        return _SWATCH_PX + Space.TIGHT + name + self._value_width(entry, metrics)

    def _value_width(self, entry: Entry, metrics: QFontMetrics) -> int:
        return max(metrics.horizontalAdvance(entry.value), metrics.horizontalAdvance(entry.widest))

    def _paint_text(self, painter: QPainter, text: str, x: int, metrics: QFontMetrics) -> int:
        painter.drawText(x, (self.height() + metrics.ascent() - metrics.descent()) // 2, text)
        return metrics.horizontalAdvance(text)

    def _paint_swatch(self, painter: QPainter, entry: Entry, x: int) -> None:
        middle = self.height() // 2
        if entry.swatch is Swatch.BAND:
            ground = QColor(entry.colour)
            ground.setAlphaF(0.25)
            painter.fillRect(x, middle - 4, _SWATCH_PX, 9, ground)
            return
        style = Qt.PenStyle.DashLine if entry.swatch is Swatch.DASHES else Qt.PenStyle.SolidLine
        width = 1 if entry.swatch is Swatch.DASHES else 2
        painter.setPen(QPen(entry.colour, width, style))
        painter.drawLine(x, middle, x + _SWATCH_PX, middle)
