"""Too many changes of sign halve the cap for a while (spec 6; seed 4.4)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.governor.options import GovernorOptions
from engine.governor.state import ControllerState, sign


@dataclass(frozen=True, slots=True)
class Damping:
    """The oscillation guard after a step; `started` is whether this step saw one flip too many."""

    flip_times_s: tuple[float, ...]
    last_sign: int
    damped_until_s: float
    started: bool


def is_damped(state: ControllerState, now_s: float) -> bool:
    """Whether the cap is halved at `now_s`."""
    return now_s < state.damped_until_s


def cap_of(options: GovernorOptions, damped: bool) -> float:
    """The largest skew to either side."""
    return options.max_skew / 2 if damped else options.max_skew


def watch(state: ControllerState, skew: float, options: GovernorOptions, now_s: float) -> Damping:
    """Count `skew` after the state's last one.

    A flip is a change of sign between consecutive skews that are not 0, whatever zeros lie in between. Each flip that
    brings the window to `damping_flips` or more damps for `damping_duration_s` from now.
    """
    flip_times_s = recent_flips(state, options, now_s)
    new_sign = sign(skew) or state.last_sign
    if new_sign * state.last_sign >= 0:
        return Damping(flip_times_s, new_sign, state.damped_until_s, started=False)
    flip_times_s = (*flip_times_s, now_s)
    started = len(flip_times_s) >= options.damping_flips
    damped_until_s = now_s + options.damping_duration_s if started else state.damped_until_s
    return Damping(flip_times_s, new_sign, damped_until_s, started)


def recent_flips(state: ControllerState, options: GovernorOptions, now_s: float) -> tuple[float, ...]:
    """Times of the flips that still lie in the window."""
    if not state.flip_times_s:
        return ()
    return tuple(time_s for time_s in state.flip_times_s if abs(now_s - time_s) < options.damping_window_s)
