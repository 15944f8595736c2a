"""A sheet over the pages of the window: no window of its own, so that every key of the window goes on working there.

Stop stays one key away while it is open (panel spec 9). Escape closes it, and so does a click beside it; Tab stays in
it, and the focus goes back to where it was.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from gui.theme import set_look


class Overlay(QFrame):
    """Lay out children in it, name the one that gets the focus in `first`, and override `area`."""

    def __init__(self, window: QWidget, name: str) -> None:
        super().__init__(window)
        self.setAccessibleName(name)
        self.setAutoFillBackground(True)
        set_look(self, sheet=True)
        self.first: QWidget = self
        self._before: QWidget | None = None
        self._following = False
        window.installEventFilter(self)
        self.hide()

    def area(self, window: QRect) -> QRect:
        """Where it lies in a window of this size."""
        raise NotImplementedError

    def open(self) -> None:
        """Show it and give it the focus."""
        self._before = QApplication.focusWidget()
        self.setGeometry(self.area(self.parentWidget().rect()))
        self.show()
        self.raise_()
        self.first.setFocus(Qt.FocusReason.PopupFocusReason)
        self._follow_focus(True)

    def dismiss(self) -> None:
        """Hide it; the focus goes back, unless it has gone elsewhere by itself."""
        if not self.isVisible():
            return
        self._follow_focus(False)
        focus = QApplication.focusWidget()
        inside = focus is None or self.isAncestorOf(focus) or focus is self
        self.hide()
        if inside and self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None

    def toggle(self) -> None:
        """Open it, or close it when it is open."""
        if self.isVisible():
            self.dismiss()
        else:
            self.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self.area(self.parentWidget().rect()))
        return False

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes round inside."""
        stops = [
            child
            for child in self.findChildren(QWidget)
            if child.isVisible() and child.isEnabled() and child.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        if not stops:
            return False
        focus = QApplication.focusWidget()
        at = stops.index(focus) if focus in stops else -1
        stops[(at + (1 if forward else -1)) % len(stops)].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def _follow_focus(self, follow: bool) -> None:
        if follow == self._following:
            return
        self._following = follow
        changed = QApplication.instance().focusChanged  # type: ignore[union-attr]
        if follow:
            changed.connect(self._focus_moved)
        else:
            changed.disconnect(self._focus_moved)

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Whoever clicks beside it is done with it; another window in front is no reason to close."""
        if new is not None and new is not self and not self.isAncestorOf(new) and new.window() is self.window():
            self.dismiss()
