"""Alerts of every engine, one list for panel and webhook: grouped while nobody has acknowledged them. Pure.

An alert is what first happened of one kind at one subject, at one severity. The same again while it is not
acknowledged counts up; after that it opens a new alert.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from engine.core.messages import Command, Event, Reason, Snapshot, plain
from engine.core.modes import AskedByPerson, SwitchMoved
from engine.core.revival import NotRevived, revived, revived_by_name
from engine.desk.severity import Severity, event_severity

MOST_KEPT = 200
MOST_ACKNOWLEDGED = 50


@dataclass(frozen=True, slots=True)
class TrackedAlert:
    """One alert. key: its name for ever. event: the newest of `count`; first_s, last_s: seconds of the engines' clock.

    acknowledged_s: when a person acknowledged it (wall clock); None while nobody has.
    """

    key: str
    severity: Severity
    event: Event
    first_s: float
    last_s: float
    count: int = 1
    acknowledged_s: float | None = None

    @property
    def group(self) -> tuple[str, str, Severity]:
        """What belongs together while nobody has acknowledged it."""
        return type(self.event).__name__, subject(self.event), self.severity


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsSnapshot(Snapshot):
    """Every alert that is kept, newest first. revision: rises with each change; counts within this run."""

    alerts: tuple[TrackedAlert, ...]
    revision: int

    @property
    def waiting(self) -> tuple[TrackedAlert, ...]:
        """Those that nobody has acknowledged, newest first."""
        return tuple(alert for alert in self.alerts if alert.acknowledged_s is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlerts(Command):
    """A person has seen these; `keys` that are not known (any more) are passed over."""

    keys: tuple[str, ...]


def alert_severity(event: Event) -> Severity | None:
    """How much an event matters as an alert; None for no alert. What a person did is no news to people."""
    if isinstance(event, SwitchMoved) and isinstance(event.why, AskedByPerson):
        return None
    severity = event_severity(event)
    return None if severity is Severity.INFO else severity


def subject(event: Event) -> str:
    """What the event is about: an engine, a portfolio, a reason's code; empty where its kind says all."""
    named = [getattr(event, name, None) for name in ("engine", "portfolio", "item")]
    alert = getattr(event, "alert", None)
    if alert is not None:
        named += [alert.kind.value, alert.portfolio]
    record = getattr(event, "record", None)
    status = getattr(record, "status", None)
    if status is not None:
        named.append(str(status.value))
    reasons = (getattr(event, name, None) for name in ("reason", "why", "stops"))
    named += [_reason_subject(reason) for reason in reasons if isinstance(reason, Reason)]
    return "/".join(part for part in named if isinstance(part, str) and part)


def _reason_subject(reason: Reason) -> str:
    """The same of another slot, asset or rule is another alert."""
    about = (getattr(reason, name, None) for name in ("slot_id", "asset", "rule"))
    return "/".join((reason.code, *(str(part) for part in about if part is not None)))


def taken(
    alerts: tuple[TrackedAlert, ...], event: Event, severity: Severity, key: str
) -> tuple[tuple[TrackedAlert, ...], TrackedAlert, bool]:
    """`alerts` (newest first) with this event: them, the alert it belongs to, and whether that was opened by it."""
    fresh = TrackedAlert(key, severity, event, event.at_s, event.at_s)
    known = next((one for one in alerts if one.acknowledged_s is None and one.group == fresh.group), None)
    if known is None:
        return (fresh, *alerts), fresh, True
    grown = replace(known, event=event, last_s=event.at_s, count=known.count + 1)
    return (grown, *(one for one in alerts if one is not known)), grown, False


def trimmed(alerts: tuple[TrackedAlert, ...]) -> tuple[tuple[TrackedAlert, ...], tuple[TrackedAlert, ...]]:
    """`alerts` within bounds, and those that are forgotten: acknowledged ones first, the oldest first."""
    kept: list[TrackedAlert] = []
    gone: list[TrackedAlert] = []
    acknowledged = 0
    for alert in alerts:
        acknowledged += alert.acknowledged_s is not None
        too_many = acknowledged > MOST_ACKNOWLEDGED and alert.acknowledged_s is not None
        (gone if too_many or len(kept) >= MOST_KEPT else kept).append(alert)
    return tuple(kept), tuple(gone)


def to_plain(alert: TrackedAlert) -> dict[str, Any]:
    """As JSON types, for the journal's memory."""
    kind = type(alert.event)
    return {**plain(alert), "kind": f"{kind.__module__}.{kind.__qualname__}"}


def from_plain(value: Any) -> TrackedAlert | None:
    """What `to_plain` made; None for one of another version of the program, which cannot be worded any more."""
    try:
        event = revived_by_name(Event, value["kind"], value["event"])
        seen_s = value["acknowledged_s"]
        return TrackedAlert(
            key=revived(str, value["key"]),
            severity=revived(Severity, value["severity"]),
            event=event,
            first_s=revived(float, value["first_s"]),
            last_s=revived(float, value["last_s"]),
            count=revived(int, value["count"]),
            acknowledged_s=None if seen_s is None else revived(float, seen_s),
        )
    except (NotRevived, KeyError, TypeError):
        return None
