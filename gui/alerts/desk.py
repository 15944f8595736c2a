"""Alerts of one session in the panel: bell, list, notifications, and what a person acknowledged."""

from __future__ import annotations

from collections.abc import Callable

from engine.core.supervisor import EngineCrashed
from engine.core.tasks import Tasks
from engine.desk.alerts import AcknowledgeAlerts, AlertsSnapshot, TrackedAlert
from engine.desk.options import DeskOptions
from engine.desk.severity import Severity
from gui.alerts.bell import Bell
from gui.alerts.notifier import Notifier, Show
from gui.alerts.panel import AlertsPanel
from gui.alerts.words import alert_words
from gui.context import PanelContext


class AlertsDesk:
    """`close` it when the session is detached. crashed: told the words of each engine's crash, once."""

    def __init__(
        self,
        context: PanelContext,
        tasks: Tasks,
        bell: Bell,
        panel: AlertsPanel,
        show: Show,
        crashed: Callable[[str], object],
    ) -> None:
        self._context = context
        self._tasks = tasks
        self._bell = bell
        self.panel = panel
        panel.acknowledged.connect(self._acknowledge)
        self._crashed = crashed
        self.alerts: tuple[TrackedAlert, ...] = ()
        self._known: frozenset[str] | None = None
        self.notifier = Notifier(show, lambda: context.configuration.settings.of(DeskOptions))
        tasks.start(self.notifier.release_on_time(), name="quiet-hours")
        self._stop = context.bus.watch(AlertsSnapshot, self._take)
        known = context.bus.latest(AlertsSnapshot)
        if known is not None:
            self._take(known)

    def close(self) -> None:
        """Stop listening; what is shown stays."""
        self._stop()
        self.panel.acknowledged.disconnect(self._acknowledge)
        self.panel.dismiss()

    def show(self, key: str) -> None:
        """Open the list at the alert `key`."""
        self.panel.open()
        self.panel.choose(key)

    def _take(self, snapshot: AlertsSnapshot) -> None:
        waiting = snapshot.waiting
        self.alerts = snapshot.alerts
        self._bell.say(len(waiting), sum(alert.severity is Severity.GRAVE for alert in waiting))
        self.panel.show_alerts(snapshot.alerts)
        self.notifier.take(snapshot)
        known, self._known = self._known, frozenset(alert.key for alert in snapshot.alerts)
        for alert in waiting:
            if known is not None and alert.key not in known and isinstance(alert.event, EngineCrashed):
                self._crashed(alert_words(alert))

    def _acknowledge(self, keys: tuple[str, ...]) -> None:
        self._tasks.start(self._ask(AcknowledgeAlerts(keys=keys)), name="acknowledge")

    async def _ask(self, command: AcknowledgeAlerts) -> None:
        """What is acknowledged is shown when the desk says so."""
        await self._context.bus.ask(command)
