"""A line under the header for what went wrong or was done, in words, until the operator closes it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from gui.icons import IconLabel, icon
from gui.looks import SEVERITIES, Look
from gui.theme import Space, Tone, theme_of

_DONE = Look("done", "✓", Tone.ACTING)


class NoticeBar(QWidget):
    """Hidden while there is nothing to say. A newer notice takes the place of an older one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = _DONE
        self._icon = IconLabel(18)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._close = QToolButton()
        self._close.setAutoRaise(True)
        self._close.setAccessibleName(self.tr("Close this notice"))
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.SMALL, Space.SMALL)
        row.setSpacing(Space.SMALL)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addWidget(self._close)
        self.hide()

    @property
    def text(self) -> str:
        """What is said; empty while nothing is."""
        return "" if self.isHidden() else self._text.text()

    def done(self, text: str) -> None:
        """Say that something was done."""
        self._say(_DONE, text)

    def warn(self, text: str) -> None:
        """Say that something was not done, and what to do next."""
        self._say(SEVERITIES["warning"], text)

    def grave(self, text: str) -> None:
        """Say that something needs the operator now."""
        self._say(SEVERITIES["grave"], text)

    def _say(self, look: Look, text: str) -> None:
        self._look = look
        self._icon.say(look.icon, look.tone)
        self._close.setIcon(icon("close", theme_of().tones[look.tone].text))
        self._text.setText(text)
        self.setAccessibleName(text)
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme_of().tones[self._look.tone].soft))
        painter.drawRoundedRect(QRectF(self.rect()), Space.SMALL, Space.SMALL)
        painter.end()
