"""Small texts that keep their place: a figure under its name, a line that is cut rather than wrapped."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.theme import Space, Tone, number_font, scaled_font, set_look


class ElidedLabel(QLabel):
    """One line; what does not fit is cut with an ellipsis and shown in full as the tool tip."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def say(self, text: str) -> None:
        """Show `text`."""
        if text != self.text():
            self.setText(text)
            self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()


class Figure(QWidget):
    """A number under its name."""

    def __init__(self, name: str, *, ratio: float = 1.25, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = QLabel(name)
        self._name.setFont(scaled_font(self._name.font(), 0.9))
        set_look(self._name, role="muted")
        self._value = QLabel()
        self._value.setFont(number_font(scaled_font(self._value.font(), ratio)))
        self._value.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.HAIR)
        column.addWidget(self._name)
        column.addWidget(self._value)

    def say(self, value: str, tone: Tone | None = None, tip: str = "") -> None:
        """Show `value`, in a tone if it has one."""
        self._value.setText(value)
        set_look(self._value, tone=tone)
        self.setToolTip(tip)
        self.setAccessibleName(f"{self._name.text()}: {value}")


class Prose(QLabel):
    """Plain sentences that wrap within the room there is, and never ask for more width."""

    def __init__(self, *, muted: bool = False, lines: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self.setMinimumHeight(lines * self.fontMetrics().lineSpacing())
        if muted:
            set_look(self, role="muted")

    def say(self, text: str) -> None:
        """Show `text`."""
        if text != self.text():
            self.setText(text)
