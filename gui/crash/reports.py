"""Collects what failed, from any thread, and offers the crash bundle."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from gui.crash.log_tail import LogTail

if TYPE_CHECKING:  # the first frame is painted before any of these is loaded
    from engine.core.configuration import Configuration
    from engine.core.messages import Event
    from engine.core.redaction import Redactor
    from engine.core.tasks import Tasks

FAILURES_KEPT = 20
_log = logging.getLogger(__name__)


class CrashReports(QObject):
    """offered: something failed that a bundle could help with; the text says what, redacted by whoever reported it.

    tail, redactor: the log and what is known to be secret, once the program has them.
    """

    offered = Signal(str)
    _failed = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._failures: deque[str] = deque(maxlen=FAILURES_KEPT)
        self._making: asyncio.Task[None] | None = None
        self.tail: LogTail | None = None
        self.redactor: Redactor | None = None
        self.configuration: Configuration | None = None
        self.events: Callable[[], Sequence[Event]] = tuple
        self._failed.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def report(self, text: str) -> None:
        """Something was caught by no one: kept, logged, offered. May be called from any thread."""
        _log.error("caught by no one: %s", text)
        self._failed.emit(text)

    def offer(self, text: str) -> None:
        """Keep what failed and was logged elsewhere, and offer the bundle. May be called from any thread."""
        self._failed.emit(text)

    def note(self, text: str) -> None:
        """Keep what failed and was told elsewhere."""
        self._failures.append(text)

    def show(self, tasks: Tasks | None) -> None:
        """Gather the bundle and show it. tasks: who owns the work; without any the text is made here and now."""
        from gui.crash.bundle import gathered

        if self._making is not None and not self._making.done():
            return
        tail = () if self.tail is None else self.tail.lines
        raw = gathered(tuple(self._failures), self.configuration, self.events(), tail)
        if tasks is None:
            self._open(raw)
        else:
            self._making = tasks.start(self._show(raw), name="crash-bundle")

    async def _show(self, raw: str) -> None:
        from gui.crash.bundle import written

        self._open_written(await asyncio.to_thread(written, raw, self._known_secrets()))

    def _open(self, raw: str) -> None:
        from gui.crash.bundle import written

        self._open_written(written(raw, self._known_secrets()))

    def _open_written(self, text: str) -> None:
        from gui.crash.dialog import CrashBundleDialog

        CrashBundleDialog(self._window, text).open()

    def _known_secrets(self) -> Redactor:
        if self.redactor is None:
            from engine.core.redaction import Redactor

            self.redactor = Redactor()
        return self.redactor

    def _take(self, text: str) -> None:
        self.note(text)
        lines = self._known_secrets().redact(text).strip().splitlines()
        self.offered.emit(lines[-1] if lines else "")
