"""Posts each alert of every engine to the operator's own address, signed, once (issue 6; `engine.notify.webhook`).

`drift.webhook_url` keeps its own meaning: drift's alerts alone. Where both name one address, drift tells its own there
and they are left out here, so that nothing is told twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from engine.core.bus import Bus
from engine.core.clock import Clock, WallClock
from engine.core.configuration import Configuration
from engine.core.gate import Gate
from engine.core.messages import plain
from engine.core.secrets import KeyringUnavailable, SecretStore
from engine.core.tasks import TaskFailure, Tasks
from engine.desk.alerts import TrackedAlert, subject
from engine.desk.messages import DeskNote, WebhookNotReady
from engine.desk.options import DeskOptions
from engine.drift.messages import AlertRaised
from engine.drift.options import DriftOptions
from engine.notify.webhook import Notice, Webhook, WebhookRefused

ALERT_WEBHOOK_SECRET = "desk.webhook_secret"
TELL_ALERTS = "notify.alerts"

_log = logging.getLogger(__name__)


class AlertWebhook:
    """`start` it once the gate is there; `put` may be called before, and keeps nothing while no address is set."""

    def __init__(
        self, configuration: Configuration, vault: SecretStore, bus: Bus, redact: Callable[[str], str]
    ) -> None:
        self._configuration = configuration
        self._vault = vault
        self._bus = bus
        self._redact = redact
        self._clock: Clock = WallClock()
        self._early: list[Notice] = []
        self._webhook: Webhook | None = None
        self._off = not self._address
        self._tasks = Tasks("alert webhook", self._failed)

    def start(self, gate: Gate) -> None:
        """Tell from now on, where an address is set."""
        if not self._off:
            self._tasks.start(self._tell(gate), name="tell")

    async def close(self) -> None:
        """Tell nothing more."""
        await self._tasks.close()

    def put(self, alert: TrackedAlert) -> None:
        """Tell of this alert."""
        if self._off or self._told_by_drift(alert):
            return
        notice = self._notice(alert)
        if self._webhook is None:
            self._early.append(notice)
        else:
            self._webhook.put(notice)

    async def _tell(self, gate: Gate) -> None:
        try:
            secret = await self._vault.read(ALERT_WEBHOOK_SECRET)
            if secret is None:
                self._give_up("the webhook's secret is not in the keyring: save it on the Keys page, then start again")
                return
            webhook = Webhook(self._address, secret, gate, self._clock, kind=TELL_ALERTS)
        except (KeyringUnavailable, WebhookRefused) as error:
            self._give_up(str(error))
            return
        for notice in self._early:
            webhook.put(notice)
        self._early.clear()
        self._webhook = webhook
        await webhook.run()

    def _give_up(self, why: str) -> None:
        self._off = True
        self._early.clear()
        _log.warning("alerts are not posted: %s", why)
        self._bus.emit(DeskNote(at_s=self._clock.now(), reason=WebhookNotReady(self._redact(why))))

    def _notice(self, alert: TrackedAlert) -> Notice:
        kind = type(alert.event).__name__
        about = {"severity": alert.severity.value, "subject": subject(alert.event), "event": plain(alert.event)}
        return Notice(alert.key, kind, about, alert.event.at_s)

    def _told_by_drift(self, alert: TrackedAlert) -> bool:
        own = self._configuration.settings.of(DriftOptions).webhook_url
        return isinstance(alert.event, AlertRaised) and own == self._address

    @property
    def _address(self) -> str:
        return self._configuration.settings.of(DeskOptions).webhook_url

    def _failed(self, failure: TaskFailure) -> None:
        """Trading goes on without the webhook; the log and the panel have every alert."""
        self._webhook = None
        self._give_up(f"{type(failure.error).__name__}")
