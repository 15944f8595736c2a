"""The governor's words to machines: log line, warning, status payload and kept row (seed 9.1, 10.1 and 10.2)."""

from __future__ import annotations

from typing import Any

from engine.core.messages import Event
from engine.governor.messages import ClockSteppedBack, GapObserved, GovernorSnapshot, OscillationDamped

_PAYLOAD_DECIMALS = 9


def log_line(snapshot: GovernorSnapshot) -> str:
    """The line of seed 10.1, once per update; `err` is the smoothed error."""
    idle = "unknown" if snapshot.idle_ratio is None else f"{snapshot.idle_ratio:.2f}"
    return (
        f"[REBAL] idle={idle} target={snapshot.target_idle_ratio:.2f} err={snapshot.smoothed_error:+z.2f} "
        f"vel={snapshot.velocity:+z.3f} skew={snapshot.skew:+z.2f} "
        f"size_a=×{snapshot.size_mult_a:.2f} size_b=×{snapshot.size_mult_b:.2f}"
    )


def warning(event: Event) -> str | None:
    """The line for an event that an operator should find in the log (seed 10.2; spec 2 and 4); None for any other."""
    match event:
        case OscillationDamped():
            return oscillation_warning(event)
        case GapObserved(silent_s=silent_s, counted_s=counted_s):
            return f"[REBAL] WARNING: {silent_s:.0f} s since the last update, of which {counted_s:.0f} s are counted"
        case ClockSteppedBack(by_s=by_s):
            return f"[REBAL] WARNING: the clock went back by {by_s:.0f} s; the next update is one interval away"
        case _:
            return None


def oscillation_warning(event: OscillationDamped) -> str:
    """The warning of seed 10.2."""
    return f"[REBAL] WARNING: oscillation detected ({event.flips} flips/hr), auto-damping MAX_SKEW to {event.cap:.2f}"


def status_payload(snapshot: GovernorSnapshot) -> dict[str, Any]:
    """The object of seed 9.1, key and all: `{"rebalancer": {...}}`. `enabled` is false while either switch is off.

    idle_ratio and error are None while the observation cannot be believed.
    """
    return {
        "rebalancer": {
            "enabled": snapshot.enabled and snapshot.master_on,
            "idle_ratio": _rounded(snapshot.idle_ratio),
            "target": snapshot.target_idle_ratio,
            "error": _rounded(snapshot.error),
            "smoothed_error": _rounded(snapshot.smoothed_error),
            "velocity": _rounded(snapshot.velocity),
            "skew": _rounded(snapshot.skew),
            "skew_direction": snapshot.direction.value,
            "size_mult_a": snapshot.size_mult_a,
            "size_mult_b": snapshot.size_mult_b,
            "damped": snapshot.damped,
            "sign_flips_1h": snapshot.sign_flips_1h,
        }
    }


def update_row(snapshot: GovernorSnapshot) -> dict[str, Any]:
    """One update as it is kept for good, under the names that `governor replay` prints (spec 10)."""
    return {
        "ts": snapshot.at_s,
        "idle_ratio": snapshot.idle_ratio,
        "error": snapshot.error,
        "smoothed_error": snapshot.smoothed_error,
        "velocity": snapshot.velocity,
        "p": snapshot.p,
        "d": snapshot.d,
        "raw": snapshot.raw,
        "skew": snapshot.skew,
        "cap": snapshot.cap,
        "damped": snapshot.damped,
        "sign_flips_1h": snapshot.sign_flips_1h,
        "size_mult_a": snapshot.size_mult_a,
        "size_mult_b": snapshot.size_mult_b,
        "reason": snapshot.reason.code,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _PAYLOAD_DECIMALS)
