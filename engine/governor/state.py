"""What the governor remembers over restarts, and its plain form for the store (spec 8; seed 6.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from engine.governor.reasons import StateFieldReset

_MAX_FLIPS_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerState:
    """The controller's memory.

    smoothed_error: -1 to 1. velocity: ratio per second. skew: signed ratio. last_update_s: None before the first
    update. flip_times_s: when the skew changed sign, oldest first, within the damping window. damped_until_s: 0 when
    never damped. last_sign: the sign of the last skew that was not 0, else 0.
    """

    smoothed_error: float = 0.0
    velocity: float = 0.0
    skew: float = 0.0
    last_update_s: float | None = None
    flip_times_s: tuple[float, ...] = ()
    damped_until_s: float = 0.0
    last_sign: int = 0

    def to_plain(self) -> dict[str, Any]:
        """JSON types under the seed's names, plus the flip times and the last sign, which the seed leaves out."""
        return {
            "rebalancer_smoothed_error": self.smoothed_error,
            "rebalancer_smoothed_velocity": self.velocity,
            "rebalancer_current_skew": self.skew,
            "rebalancer_last_update_ts": 0.0 if self.last_update_s is None else self.last_update_s,
            "rebalancer_sign_flips_1h": len(self.flip_times_s),
            "rebalancer_damped_until": self.damped_until_s,
            "rebalancer_flip_times": list(self.flip_times_s),
            "rebalancer_last_sign": self.last_sign,
        }


@dataclass(frozen=True, slots=True)
class Restored:
    """A state read back, and a notice for each field that was unreadable and starts at zero."""

    state: ControllerState
    notices: tuple[StateFieldReset, ...]


def from_plain(saved: object) -> Restored:
    """The state out of its plain form. Never raises: a missing field is zero, an unreadable one is zero with a notice.

    `saved` is what the store returned: a mapping as `to_plain` made it, or None when nothing was ever saved.
    """
    if saved is None:
        return Restored(ControllerState(), ())
    if not isinstance(saved, dict):
        return Restored(ControllerState(), (_notice("state", saved, "an object"),))
    fields = _Fields(saved)
    skew = fields.number("rebalancer_current_skew", -1, 1)
    last_sign = fields.sign("rebalancer_last_sign")
    state = ControllerState(
        smoothed_error=fields.number("rebalancer_smoothed_error", -1, 1),
        velocity=fields.number("rebalancer_smoothed_velocity", -2, 2),
        skew=skew,
        last_update_s=fields.number("rebalancer_last_update_ts", 0, math.inf) or None,
        flip_times_s=fields.times("rebalancer_flip_times"),
        damped_until_s=fields.number("rebalancer_damped_until", 0, math.inf),
        last_sign=sign(skew) or last_sign,
    )
    fields.number("rebalancer_sign_flips_1h", 0, math.inf)  # counted from the times; read only to report garbage
    return Restored(state, tuple(fields.notices))


def sign(value: float) -> int:
    """-1, 0 or 1."""
    return (value > 0) - (value < 0)


class _Fields:
    """Reads one field after the other and collects what it could not read."""

    def __init__(self, saved: dict[Any, Any]) -> None:
        self._saved = saved
        self.notices: list[StateFieldReset] = []

    def number(self, name: str, low: float, high: float) -> float:
        value = self._saved.get(name, 0.0)
        number = _finite(value)
        if number is not None and low <= number <= high:
            return number
        self.notices.append(_notice(name, value, f"a number from {low:g} to {high:g}"))
        return 0.0

    def times(self, name: str) -> tuple[float, ...]:
        value = self._saved.get(name, [])
        if isinstance(value, list | tuple) and len(value) <= _MAX_FLIPS_KEPT:
            times = [_finite(item) for item in value]
            if None not in times:
                return tuple(sorted(time for time in times if time is not None))
        self.notices.append(_notice(name, value, "a list of numbers"))
        return ()

    def sign(self, name: str) -> int:
        value = self._saved.get(name, 0)
        number = _finite(value)
        if number in (-1, 0, 1):
            return int(number)
        self.notices.append(_notice(name, value, "-1, 0 or 1"))
        return 0


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _notice(name: str, found: object, expected: str) -> StateFieldReset:
    return StateFieldReset(field=name, found=type(found).__name__ + " " + _short(found), expected=expected)


def _short(found: object) -> str:
    try:
        return repr(found)[:80]
    except Exception:
        return "(unprintable)"
