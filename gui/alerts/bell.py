"""The bell in the header: how many alerts nobody has acknowledged, by number, shape and colour."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from gui.icons import icon
from gui.theme import Tone, scaled_font, theme_of


class Bell(QToolButton):
    """Opens the list; `say` gives it the counts."""

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self._waiting = self._grave = 0
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFont(scaled_font(self.font(), 1.0, bold=True))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.clicked.connect(action.trigger)
        action.changed.connect(self.recolour)
        self.say(0, 0)

    @property
    def waiting(self) -> int:
        """How many nobody has acknowledged."""
        return self._waiting

    def say(self, waiting: int, grave: int) -> None:
        """How many alerts wait, and how many of them are grave."""
        self._waiting, self._grave = waiting, grave
        if waiting == 0:
            name = self.tr("Alerts: none waits")
        else:
            name = self.tr("Alerts: {waiting} wait, {grave} of them grave").format(waiting=waiting, grave=grave)
        self.setText(f"{waiting}{'!' if grave else ''}" if waiting else "")
        self.setAccessibleName(name)
        self.setToolTip(f"{name} ({self._action.shortcut().toString()})")
        self.recolour()

    def recolour(self) -> None:
        """Draw it in the colours of the theme in force."""
        theme = theme_of()
        tone = Tone.DANGER if self._grave else Tone.DAMPED if self._waiting else None
        colour = theme.tones[tone].text if tone else theme.muted
        self.setEnabled(self._action.isEnabled())
        self.setIcon(icon("bell", colour, theme.disabled))
        sheet = f"QToolButton {{ color: {colour}; }}"
        if sheet != self.styleSheet():  # a palette of its own would be lost when the theme changes
            self.setStyleSheet(sheet)
