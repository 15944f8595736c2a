"""The icon in the desktop's tray: mode by shape and colour, the three verbs, Show and Quit (panel spec 13).

There is one only where the desktop has a tray. While the window is hidden the tray is looked at: should it go away, the
window comes back, so that nothing runs unseen.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from engine.core.modes import ModeSnapshot
from gui.actions import Actions
from gui.icons import icon
from gui.looks import MODES, STARTING, Look
from gui.sentences import word
from gui.switch_words import SwitchWords, switch_words
from gui.theme import theme_of

LOOK_EVERY_MS = 2000
SHOWN_FOR_MS = 10_000


def tray_is_there() -> bool:
    """Whether the desktop has a tray now."""
    return QSystemTrayIcon.isSystemTrayAvailable()


class Tray(QObject):
    """`keep` the program in it while the window is hidden; `lost` says that it went away meanwhile."""

    show_asked = Signal()
    quit_asked = Signal()
    lost = Signal()

    def __init__(self, window: QWidget, actions: Actions, available: Callable[[], bool] = tray_is_there) -> None:
        super().__init__(window)
        self._available = available
        self.icon = QSystemTrayIcon(self)
        self.menu = QMenu(window)
        self.menu.addAction(self.tr("Show Evenkeel"), self.show_asked.emit)
        self.menu.addSeparator()
        for name in ("switch.pause", "switch.stop", "switch.resume"):
            self.menu.addAction(actions[name])
        self.menu.addSeparator()
        self.menu.addAction(self.tr("Quit"), self.quit_asked.emit)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)
        self.icon.messageClicked.connect(self.show_asked)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_EVERY_MS)
        self._look.timeout.connect(self.look)
        self._shown: Look | None = None
        self.show_standing(None, switch_words(None, None, 0.0))
        self.icon.show()

    def show_standing(self, standing: ModeSnapshot | None, words: SwitchWords) -> None:
        """Show the acknowledged mode and what is said of the switch."""
        if standing is None:
            look, text = STARTING, self.tr("STARTING")
        else:
            look = MODES[standing.mode]
            text = f"{look.glyph} {word(standing.mode).upper()} · {words.look.glyph} "
            text += words.full if words.unsettled else words.short
        if look != self._shown:
            self._shown = look
            self.icon.setIcon(icon(look.icon, theme_of().tones[look.tone].fill))
        self.icon.setToolTip(f"Evenkeel: {text}")

    def notify(self, title: str, words: str, grave: bool) -> None:
        """Show a notification of the desktop."""
        kind = QSystemTrayIcon.MessageIcon.Critical if grave else QSystemTrayIcon.MessageIcon.Warning
        self.icon.showMessage(f"Evenkeel: {title}", words, kind, SHOWN_FOR_MS)

    def keep(self, hidden: bool) -> None:
        """Whether the window is hidden, so that the tray alone shows that the program runs."""
        if hidden:
            self._look.start()
        else:
            self._look.stop()

    def look(self) -> None:
        """See whether the tray is still there."""
        if not self._available() or not self.icon.isVisible():
            self._look.stop()
            self.lost.emit()

    def close(self) -> None:
        """Take the icon away."""
        self._look.stop()
        self.icon.hide()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is not QSystemTrayIcon.ActivationReason.Context:
            self.show_asked.emit()
