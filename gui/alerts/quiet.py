"""Quiet hours and what they hold. Pure."""

from __future__ import annotations

from datetime import time

from engine.desk.options import DeskOptions
from engine.desk.severity import Severity


def is_quiet(now: time, quiet_from: str, quiet_to: str) -> bool:
    """Whether `now` (local) lies in the quiet hours, which may pass midnight. Times as `HH:MM`; empty: never."""
    if not quiet_from or not quiet_to or quiet_from == quiet_to:
        return False
    begin, end, at = time.fromisoformat(quiet_from), time.fromisoformat(quiet_to), now.replace(tzinfo=None)
    return begin <= at < end if begin < end else at >= begin or at < end


def may_notify(severity: Severity, options: DeskOptions, now: time) -> bool:
    """Whether the desktop may be told of an alert of this severity now."""
    if severity is Severity.GRAVE and options.quiet_lets_grave:
        return True
    return not is_quiet(now, options.quiet_from, options.quiet_to)
