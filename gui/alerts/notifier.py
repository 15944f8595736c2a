"""Tells the desktop of alerts as they open: each once, none twice, and what quiet hours held as one line after them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from engine.desk.alerts import AlertsSnapshot, TrackedAlert
from engine.desk.options import DeskOptions
from engine.desk.severity import Severity
from gui.alerts.quiet import may_notify
from gui.alerts.words import alert_words, severity_word

translate = QCoreApplication.translate
LOOK_EVERY_S = 30.0

Show = Callable[[str, str, Severity], object]
"""Title, words and severity of one notification."""


class Notifier:
    """`take` each snapshot; the first one is what was known before and is not told. now: the local time."""

    def __init__(
        self,
        show: Show,
        options: Callable[[], DeskOptions],
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._show = show
        self._options = options
        self._now = now
        self._known: set[str] | None = None
        self._held: dict[str, TrackedAlert] = {}

    def take(self, snapshot: AlertsSnapshot) -> None:
        """Tell what has opened since the last snapshot."""
        keys = {alert.key for alert in snapshot.alerts}
        known, self._known = self._known, keys
        waiting = {alert.key for alert in snapshot.waiting}
        self._held = {key: alert for key, alert in self._held.items() if key in waiting}
        if known is None:
            return
        for alert in reversed(snapshot.waiting):
            if alert.key not in known:
                self._tell(alert)

    async def release_on_time(self) -> None:
        """Until cancelled: once the quiet hours are over, say how much they held."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self.release()

    def release(self) -> None:
        """Say how much the quiet hours held, if they are over and it still waits."""
        if not self._held or not may_notify(Severity.WARNING, self._options(), self._now().time()):
            return
        held, self._held = list(self._held.values()), {}
        if not self._options().desktop_notices:
            return
        if len(held) == 1:
            self._notify(held[0])
            return
        worst = Severity.GRAVE if any(alert.severity is Severity.GRAVE for alert in held) else Severity.WARNING
        title = translate("Notifier", "{count} alerts came in the quiet hours").format(count=len(held))
        self._show(title, alert_words(held[-1]), worst)

    def _tell(self, alert: TrackedAlert) -> None:
        options = self._options()
        if not options.desktop_notices:
            return
        if may_notify(alert.severity, options, self._now().time()):
            self._notify(alert)
        else:
            self._held[alert.key] = alert

    def _notify(self, alert: TrackedAlert) -> None:
        self._show(severity_word(alert.severity), alert_words(alert), alert.severity)
