"""An alert in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.desk.alerts import TrackedAlert
from engine.desk.severity import Severity
from gui import formats
from gui.sentences.events import event_sentence

translate = QCoreApplication.translate


def alert_words(alert: TrackedAlert) -> str:
    """What happened, as of the newest time."""
    return event_sentence(alert.event)


def severity_word(severity: Severity) -> str:
    """How much it matters, in one word."""
    if severity is Severity.GRAVE:
        return translate("Alerts", "Grave")
    return translate("Alerts", "Warning")


def alert_times(alert: TrackedAlert) -> str:
    """When it happened, how often, and whether somebody has seen it."""
    text = formats.date_time(alert.last_s)
    if alert.count > 1:
        text = translate("Alerts", "{count} times, from {first} to {last}").format(
            count=alert.count, first=formats.date_time(alert.first_s), last=formats.date_time(alert.last_s)
        )
    if alert.acknowledged_s is None:
        return text
    seen = translate("Alerts", "acknowledged {time}").format(time=formats.date_time(alert.acknowledged_s))
    return f"{text}  ·  {seen}"
