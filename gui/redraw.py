"""One beat for everything that moves: four times a second, and only what can be seen (panel spec 14)."""

from __future__ import annotations

import logging
from typing import Protocol

import shiboken6
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

log = logging.getLogger(__name__)

INTERVAL_MS = 250


class Redrawable(Protocol):
    """A widget that brings its picture up to date when asked."""

    def redraw(self) -> None: ...


class Redraw(QObject):
    """The timer of one window. It rests while the window is hidden or minimised, and passes over hidden widgets.

    A widget that comes into sight is drawn at once. One whose `redraw` fails is logged and not asked again; the others
    go on.
    """

    def __init__(self, window: QWidget, interval_ms: int = INTERVAL_MS) -> None:
        super().__init__(window)
        self._window = window
        self._widgets: list[QWidget] = []
        self._timer = QTimer(self)
        self._timer.setInterval(interval_ms)
        self._timer.timeout.connect(self.draw)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.draw)
        window.installEventFilter(self)
        self._rest_or_run()

    @property
    def running(self) -> bool:
        """Whether the timer runs: the window can be seen."""
        return self._timer.isActive()

    def add(self, widget: QWidget) -> None:
        """Draw `widget`, a `Redrawable`, with every beat; it is forgotten when it is deleted."""
        if not callable(getattr(widget, "redraw", None)):
            raise TypeError(f"{type(widget).__name__} has no redraw(), so it cannot be drawn with the beat")
        self._widgets.append(widget)
        if widget is not self._window:
            widget.installEventFilter(self)

    def remove(self, widget: QWidget) -> None:
        """Stop drawing `widget`."""
        if widget in self._widgets:
            self._widgets.remove(widget)
            if widget is not self._window:
                widget.removeEventFilter(self)

    def draw(self) -> None:
        """Draw now whatever can be seen."""
        self._widgets = [widget for widget in self._widgets if shiboken6.isValid(widget)]
        if not self._in_sight():
            return
        for widget in tuple(self._widgets):
            if not widget.visibleRegion().isEmpty():
                self._draw_one(widget)

    def _draw_one(self, widget: QWidget) -> None:
        try:
            widget.redraw()  # type: ignore[attr-defined]
        except Exception:
            log.exception("%s %r could not be drawn and is left as it is", type(widget).__name__, widget.objectName())
            self.remove(widget)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Run with the window, and draw at once what comes into sight."""
        kind = event.type()
        if watched is self._window and kind in (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.WindowStateChange):
            self._rest_or_run()
        elif watched is not self._window and kind == QEvent.Type.Show:
            self._soon.start(0)
        return False

    def _in_sight(self) -> bool:
        return self._window.isVisible() and not self._window.isMinimized()

    def _rest_or_run(self) -> None:
        if not self._in_sight():
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()
            self._soon.start(0)
