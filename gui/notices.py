"""A line under the header for what went wrong or was done, in words, until the operator closes it."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from gui.icons import IconLabel, icon
from gui.looks import SEVERITIES, Look
from gui.theme import Space, Tone, theme_of

RECENT_KEPT = 50
_DONE = Look("done", "✓", Tone.ACTING)


@dataclass(frozen=True, slots=True)
class Said:
    """One notice, and when it was said (seconds of the wall clock)."""

    look: Look
    text: str
    at_s: float
    action: QAction | None = None


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
        self.recent: deque[Said] = deque(maxlen=RECENT_KEPT)
        self._action: QAction | None = None
        self._act = QPushButton()
        self._act.setAccessibleName(self.tr("What can be done"))
        self._act.clicked.connect(self._trigger)
        self._act.hide()
        self._close = QToolButton()
        self._close.setAutoRaise(True)
        self._close.setAccessibleName(self.tr("Close this notice"))
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.SMALL, Space.SMALL)
        row.setSpacing(Space.SMALL)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addWidget(self._act)
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

    def grave(self, text: str, action: QAction | None = None) -> None:
        """Say that something needs the operator now. action: what can be done about it, as a button."""
        self._say(SEVERITIES["grave"], text, action)

    def say_again(self, said: Said) -> None:
        """Show what was said before."""
        self._show(said)

    def _say(self, look: Look, text: str, action: QAction | None = None) -> None:
        said = Said(look, text, time.time(), action)
        self.recent.append(said)
        self._show(said)

    def _show(self, said: Said) -> None:
        look, text = said.look, said.text
        self._action = said.action
        self._act.setVisible(said.action is not None)
        if said.action is not None:
            self._act.setText(said.action.text())
            self._act.setToolTip(said.action.toolTip())
            self._act.setAccessibleName(said.action.text().rstrip("…"))
        self._look = look
        self._icon.say(look.icon, look.tone)
        self._close.setIcon(icon("close", theme_of().tones[look.tone].text))
        self._text.setText(text)
        self.setAccessibleName(text)
        self.show()
        self.update()

    def _trigger(self) -> None:
        if self._action is not None:
            self._action.trigger()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme_of().tones[self._look.tone].soft))
        painter.drawRoundedRect(QRectF(self.rect()), Space.SMALL, Space.SMALL)
        painter.end()
