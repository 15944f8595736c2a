"""Keeps the alerts of every engine: from events and breached limits to one list that outlives a restart.

Each alert is handed to `told` once, when it opens; the list is in the journal's memory, by key, and so is what a person
acknowledged.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import replace

from engine.core.bus import Bus
from engine.core.clock import Clock, WallClock
from engine.core.journal import Batch, Journal, Memory
from engine.core.messages import Acknowledged, Answer, Event
from engine.core.tasks import TaskFailure, Tasks
from engine.desk.alerts import (
    AcknowledgeAlerts,
    AlertsSnapshot,
    TrackedAlert,
    alert_severity,
    from_plain,
    taken,
    to_plain,
    trimmed,
)
from engine.desk.severity import Severity
from engine.grid.limits import BelowStopFloor, DailyLossReached
from engine.grid.messages import GridNote, GridSnapshot

ENGINE, PREFIX = "desk", "alert/"
LIMITS = (DailyLossReached, BelowStopFloor)
"""What holds the whole grid and is told in its snapshots alone."""

_log = logging.getLogger(__name__)


class Alerting:
    """`start` it before any engine, `close` it after all of them and before the journal.

    clock: the engines'. told: called once with each alert when it opens.
    """

    def __init__(self, bus: Bus, journal: Journal, clock: Clock) -> None:
        self._bus = bus
        self._journal = journal
        self._clock = clock
        self._wall: Clock = WallClock()
        self.told: Callable[[TrackedAlert], None] = lambda alert: None
        self._alerts: tuple[TrackedAlert, ...] = ()
        self._revision = 0
        self._grown: set[str] = set()  # counted up since they were remembered: a disk write for each would be too many
        self._limit_reached: type | None = None
        self._reader = bus.read()
        self._stops: list[Callable[[], None]] = []
        self._tasks = Tasks("alerts", self._failed)

    async def start(self) -> None:
        """Take up what the last run left, and listen from now on. Raises JournalFailed."""
        remembered = (await self._journal.recall(ENGINE, PREFIX)).values()
        known = [alert for alert in map(from_plain, remembered) if alert is not None]
        self._alerts = tuple(sorted(known, key=lambda alert: alert.last_s, reverse=True))
        self._publish()
        self._stops = [
            self._bus.handle(AcknowledgeAlerts, self._acknowledge),
            self._bus.watch(GridSnapshot, self._look_at_grid),
        ]
        self._tasks.start(self._follow(), name="follow")

    async def close(self) -> None:
        """Take in what was said last, then listen no longer."""
        for stop in self._stops:
            stop()
        self._stops = []
        await self._tasks.close()
        for event in self._reader.drain():
            self._take(event)
        self._reader.close()
        self._remember(tuple(alert for alert in self._alerts if alert.key in self._grown))

    async def _follow(self) -> None:
        while True:
            for event in await self._reader.next():
                self._take(event)

    def _take(self, event: Event) -> None:
        severity = alert_severity(event)
        if severity is not None:
            self._raise(event, severity)

    def _look_at_grid(self, snapshot: GridSnapshot) -> None:
        """A limit that the grid reached: once each time it begins to hold."""
        reached = type(snapshot.why) if isinstance(snapshot.why, LIMITS) else None
        if reached is not None and reached is not self._limit_reached and snapshot.why is not None:
            self._raise(GridNote(at_s=snapshot.at_s, reason=snapshot.why), Severity.GRAVE)
        self._limit_reached = reached

    def _raise(self, event: Event, severity: Severity) -> None:
        key = f"{type(event).__name__}/{self._wall.now():.3f}/{uuid.uuid4().hex[:8]}"
        alerts, alert, opened = taken(self._alerts, event, severity, key)
        self._keep(alerts, (alert,) if opened else ())
        if not opened:
            self._grown.add(alert.key)
        else:
            _log.warning("alert %s (%s)", alert.key, severity.value)
            self.told(alert)

    async def _acknowledge(self, command: AcknowledgeAlerts) -> Answer:
        wanted, now_s = frozenset(command.keys), self._wall.now()
        seen = {
            alert.key: replace(alert, acknowledged_s=now_s)
            for alert in self._alerts
            if alert.key in wanted and alert.acknowledged_s is None
        }
        self._keep(tuple(seen.get(alert.key, alert) for alert in self._alerts), tuple(seen.values()))
        return Acknowledged({"acknowledged": len(seen)})

    def _keep(self, alerts: tuple[TrackedAlert, ...], changed: tuple[TrackedAlert, ...]) -> None:
        self._alerts, gone = trimmed(alerts)
        self._remember(changed, gone)
        self._publish()

    def _remember(self, changed: tuple[TrackedAlert, ...], gone: tuple[TrackedAlert, ...] = ()) -> None:
        now_s = self._clock.now()
        forgotten = {alert.key for alert in gone}
        self._grown -= forgotten | {alert.key for alert in changed}
        kept = (Memory(ENGINE, PREFIX + one.key, to_plain(one), now_s) for one in changed if one.key not in forgotten)
        left = (Memory(ENGINE, PREFIX + key, None, now_s) for key in forgotten)
        batch = Batch(remember=(*kept, *left))
        if not batch.empty:
            self._journal.post(batch)

    def _publish(self) -> None:
        self._revision += 1
        self._bus.publish(AlertsSnapshot(at_s=self._clock.now(), alerts=self._alerts, revision=self._revision))

    def _failed(self, failure: TaskFailure) -> None:
        _log.error("alerts are kept no longer: %r", failure.error, exc_info=failure.error)
