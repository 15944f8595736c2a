"""The strip above every page: which mode holds, where the master switch stands, and its three verbs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.core.modes import ModeSnapshot
from gui.actions import Actions
from gui.alerts.bell import Bell
from gui.icons import icon
from gui.labels import ElidedLabel
from gui.looks import MODES, STARTING
from gui.pill import Pill
from gui.sentences import word
from gui.switch_words import SwitchWords, switch_words
from gui.theme import Space, Tone, set_look, theme_of


class ActionButton(QPushButton):
    """A button that does, says and is enabled as its action."""

    def __init__(self, action: QAction, *, key: str = "", tone: Tone | None = None) -> None:
        super().__init__()
        self._action = action
        self._key = key
        self._tone = tone
        self.setAccessibleName(action.text().rstrip("…"))
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        action = self._action
        self.setText(f"{action.text()}   {self._key}" if self._key else action.text())
        self.setToolTip(action.toolTip())
        self.setEnabled(action.isEnabled())
        tone = self._tone if action.isEnabled() else None
        set_look(self, tone=tone)
        if tone is not None:
            self.setIcon(icon(action.objectName().removeprefix("switch."), theme_of().tones[tone].on_fill))
        else:
            self.setIcon(action.icon())


class Header(QWidget):
    """Shows what was acknowledged; a command that is under way is named as such beside it."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mode = Pill(loud=True, ratio=1.15)
        self.switch = Pill(ratio=1.0)
        self._why = ElidedLabel()
        self._why.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_look(self._why, role="muted")
        self.pause = ActionButton(actions["switch.pause"], key="F9")
        self.resume = ActionButton(actions["switch.resume"])
        self.stop = ActionButton(actions["switch.stop"], key="F12", tone=Tone.DANGER)
        self.stop.setMinimumWidth(120)
        self.bell = Bell(actions["alerts.show"])
        self._menu_button = QToolButton()
        self._menu_button.setAutoRaise(True)
        self._menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu_button.setMenu(actions.menu(self._menu_button))
        self._menu_button.setAccessibleName(self.tr("All actions"))
        self._menu_button.setToolTip(self.tr("All actions"))
        self._menu_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self._words = switch_words(None, None, 0.0)
        self._asked = ""
        self._compose()
        self.recolour()
        self.show_standing(None, self._words)

    def show_standing(self, standing: ModeSnapshot | None, words: SwitchWords) -> None:
        """Show the acknowledged mode and what is said of the switch; None while nothing is acknowledged."""
        self._words = words
        if standing is None:
            self.mode.say(STARTING, self.tr("STARTING"))
        else:
            self.mode.say(MODES[standing.mode], word(standing.mode).upper())
        self.switch.say(words.look, words.short)
        self.switch.setToolTip(words.full)
        self._show_why()

    def show_asked(self, words: str) -> None:
        """Name a command that is under way; empty when it was answered."""
        self._asked = words
        self._show_why()

    def recolour(self) -> None:
        """Draw what has a colour of its own in the theme in force."""
        self._menu_button.setIcon(icon("menu", theme_of().text))
        self.bell.recolour()
        for button in (self.pause, self.resume, self.stop):
            button._follow()

    def _show_why(self) -> None:
        words = self._words
        text = self._asked or ". ".join(filter(None, (words.detail, words.advice)))
        self._why.say(text)

    def _compose(self) -> None:
        verbs = QHBoxLayout()
        verbs.setSpacing(Space.SMALL)
        for button in (self.pause, self.resume, self.stop):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.setMinimumHeight(34)
            verbs.addWidget(button)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.MEDIUM)
        row.addWidget(self.mode)
        row.addWidget(self.switch)
        row.addWidget(self._why, 1)
        row.addLayout(verbs)
        row.addWidget(self.bell)
        row.addWidget(self._menu_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
