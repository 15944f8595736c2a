"""The PD controller: one step from an observation to a skew (spec 2 to 6; seed sections 2 and 4).

What each step does, in this order:

1. A clock that reads less than at the last update re-anchors the state: every remembered time moves with it, so that
   flips keep their age and damping its remaining time, and the next update is one interval away. There is no burst
   and no waiting for the old time to come round again.
2. When the interval has passed, error and velocity are smoothed on, gate or no gate.
3. The skew moves towards what the controller asks for, at most one step per update.
4. What makes it smaller for safety applies on every call, due or not: switches, capacity band, runway, cap.
5. A change of sign is counted; too many of them halve the cap at once.

An observation that cannot be believed counts as a closed gate and not as an update: the skew drops to 0, because size
is never raised on unknown balances, and the smoothed signal waits. From the next good observation on the skew climbs
again step by step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.core.messages import Decision, Reason
from engine.governor.damping import cap_of, is_damped, watch
from engine.governor.messages import CapacityBand
from engine.governor.options import GovernorOptions
from engine.governor.reasons import (
    AtCap,
    AtDampedCap,
    CapacityHold,
    Disabled,
    DogeRunwayBreached,
    EarningHold,
    Following,
    InNeutralBand,
    MasterOff,
    NotDue,
    ObservationRejected,
    Ramping,
    UsdRunwayBreached,
)
from engine.governor.signal import Observation, Signal, measure
from engine.governor.state import ControllerState

_DUE_TOLERANCE_S = 1e-3
"""Differences of epoch seconds are off by up to 1e-6 s; a tick that comes on time must not count as early."""

_SKEW_DECIMALS = 12
"""Sums of steps are rounded here, so that three steps of 0.05 are 0.15 and not 0.15000000000000002."""

_SAME_SKEW = 10.0**-_SKEW_DECIMALS


@dataclass(frozen=True, slots=True)
class Gap:
    """`silent_s` passed since the last update, of which the update counted `counted_s`."""

    silent_s: float
    counted_s: float


@dataclass(frozen=True, slots=True)
class Control:
    """What one step found and set.

    at_s: the time that was counted with, which is the last update's when the clock's reading cannot be believed.
    updated: whether the signal was smoothed on. idle_ratio, error: None when the observation was rejected.
    p, d: contributions before clamping. raw: what is asked for after clamp and neutral band. held: whether a gate
    bounds the skew. why: the reason for the skew, between updates too. signal_reason: what was odd about the
    observation. stepped_back_s: by how much the clock went back. damping_started: one flip too many in this step.
    """

    at_s: float
    updated: bool
    idle_ratio: float | None
    error: float | None
    p: float
    d: float
    raw: float
    cap: float
    skew: float
    damped: bool
    held: bool
    why: Reason
    signal_reason: Reason | None
    gap: Gap | None
    stepped_back_s: float
    damping_started: bool


def step(
    state: ControllerState, observation: Observation, options: GovernorOptions, now_s: float
) -> Decision[ControllerState, Control]:
    """One call of the controller; an update only when the interval has passed.

    now_s: wall clock, seconds since the epoch. The output's skew is within +-cap, and cap within options.max_skew. The
    decision's reason is NotDue between updates unless a gate holds. Never raises on numbers, whatever they are.
    """
    measured: Signal | ObservationRejected
    if math.isfinite(now_s) and now_s >= 0:
        measured = measure(observation)
        state, stepped_back_s = _reanchored(state, options, now_s)
    else:
        measured = ObservationRejected("now_s", repr(now_s), "seconds since the epoch")
        now_s, stepped_back_s = state.last_update_s or 0.0, 0.0

    error = measured.idle_ratio - options.target_idle_ratio if isinstance(measured, Signal) else None
    advance = _advanced(state, error, options, now_s)
    damped = is_damped(state, now_s)
    raw = _asked(advance, cap_of(options, damped), options)
    skew = _one_step_towards(raw, state.skew, options.max_skew_step) if advance.updated else state.skew
    gate = _gate(observation, measured, options, wanted=skew or raw)
    skew = _within(skew, cap_of(options, damped), gate)

    damping = watch(state, skew, options, now_s)
    if damping.started:
        damped = True
        raw = _asked(advance, cap_of(options, damped), options)
        skew = _within(skew, cap_of(options, damped), gate)

    after = ControllerState(
        smoothed_error=advance.smoothed_error,
        velocity=advance.velocity,
        skew=skew,
        last_update_s=advance.last_update_s,
        flip_times_s=damping.flip_times_s,
        damped_until_s=damping.damped_until_s,
        last_sign=damping.last_sign,
    )
    why = gate.reason or _explained(after, raw, damped, options)
    control = Control(
        at_s=now_s,
        updated=advance.updated,
        idle_ratio=measured.idle_ratio if isinstance(measured, Signal) else None,
        error=error,
        p=options.kp * advance.smoothed_error,
        d=options.kd * advance.velocity,
        raw=raw,
        cap=cap_of(options, damped),
        skew=skew,
        damped=damped,
        held=gate.reason is not None,
        why=why,
        signal_reason=measured.note if isinstance(measured, Signal) else measured,
        gap=advance.gap,
        stepped_back_s=stepped_back_s,
        damping_started=damping.started,
    )
    reason = why if advance.updated or gate.reason else NotDue(next_update_s(after, options, now_s))
    return Decision(after, control, reason)


def next_update_s(state: ControllerState, options: GovernorOptions, now_s: float) -> float:
    """When the next update is due, seconds of the same clock; now, when there never was one."""
    return now_s if state.last_update_s is None else state.last_update_s + options.interval_s


def _reanchored(state: ControllerState, options: GovernorOptions, now_s: float) -> tuple[ControllerState, float]:
    """The state with its times moved back along with the clock, and by how much; damping is kept to its duration."""
    last_update_s = state.last_update_s
    back_s = max(0.0, last_update_s - now_s) if last_update_s is not None else 0.0
    latest_s = now_s + options.damping_duration_s
    if back_s == 0 and state.damped_until_s <= latest_s:
        return state, 0.0
    moved = ControllerState(
        smoothed_error=state.smoothed_error,
        velocity=state.velocity,
        skew=state.skew,
        last_update_s=None if last_update_s is None else last_update_s - back_s,
        flip_times_s=tuple(time_s - back_s for time_s in state.flip_times_s),
        damped_until_s=max(0.0, min(state.damped_until_s - back_s, latest_s)),
        last_sign=state.last_sign,
    )
    return moved, back_s


@dataclass(frozen=True, slots=True)
class _Advance:
    """The smoothed signal after this call."""

    smoothed_error: float
    velocity: float
    last_update_s: float | None
    updated: bool
    gap: Gap | None


def _advanced(state: ControllerState, error: float | None, options: GovernorOptions, now_s: float) -> _Advance:
    """Smooth error and velocity on when an update is due; the first ever counts one interval (spec 2 and 3)."""
    if state.last_update_s is None:
        silent_s = options.interval_s
    else:
        silent_s = now_s - state.last_update_s
    if error is None or silent_s < options.interval_s - _DUE_TOLERANCE_S:
        return _Advance(state.smoothed_error, state.velocity, state.last_update_s, updated=False, gap=None)
    dt_s = min(silent_s, options.gap_cap_intervals * options.interval_s)
    alpha = 1 - math.exp(-dt_s / options.ema_halflife_s)
    smoothed_error = alpha * error + (1 - alpha) * state.smoothed_error
    velocity = alpha * (smoothed_error - state.smoothed_error) / dt_s + (1 - alpha) * state.velocity
    gap = Gap(silent_s, dt_s) if silent_s > dt_s else None
    return _Advance(smoothed_error, velocity, now_s, updated=True, gap=gap)


def _asked(advance: _Advance, cap: float, options: GovernorOptions) -> float:
    """What the controller asks for after clamp and neutral band (spec 4)."""
    if abs(advance.smoothed_error) < options.neutral_band:
        return 0.0
    return min(max(options.kp * advance.smoothed_error + options.kd * advance.velocity, -cap), cap)


def _one_step_towards(raw: float, skew: float, max_step: float) -> float:
    return round(min(max(raw, skew - max_step), skew + max_step), _SKEW_DECIMALS)


@dataclass(frozen=True, slots=True)
class _Gate:
    """The bounds that safety leaves to the skew, and the reason when they bite."""

    low: float
    high: float
    reason: Reason | None


_OPEN = _Gate(-1.0, 1.0, None)


def _gate(
    observation: Observation, measured: Signal | ObservationRejected, options: GovernorOptions, wanted: float
) -> _Gate:
    """The first gate that holds the skew (spec 5). wanted: the skew, or what is asked for while it is 0.

    A breached runway stops only the side that would spend more of it.
    """
    if not options.enabled:
        return _Gate(0.0, 0.0, Disabled())
    if not isinstance(measured, Signal):
        return _Gate(0.0, 0.0, measured)
    if not observation.master_on:
        return _Gate(0.0, 0.0, MasterOff())
    if observation.capacity_band is not CapacityBand.NORMAL:
        return _Gate(0.0, 0.0, CapacityHold(observation.capacity_band.value))
    if observation.earning_ratio > options.earning_limit_ratio:
        return _Gate(0.0, 0.0, EarningHold(observation.earning_ratio, options.earning_limit_ratio))
    if wanted > 0 and measured.usd_runway_breached:
        return _Gate(-1.0, 0.0, UsdRunwayBreached(observation.observed_usd, observation.usd_runway_floor))
    doge, floor = observation.observed_doge, observation.doge_runway_floor
    if wanted < 0 and measured.doge_runway_breached and doge is not None and floor is not None:
        return _Gate(0.0, 1.0, DogeRunwayBreached(doge, floor))
    return _OPEN


def _within(skew: float, cap: float, gate: _Gate) -> float:
    return min(max(skew, -cap, gate.low), cap, gate.high)


def _explained(state: ControllerState, raw: float, damped: bool, options: GovernorOptions) -> Reason:
    """Why the skew is what it is when no gate holds it."""
    if abs(state.skew - raw) > _SAME_SKEW:
        return Ramping(raw, state.skew, options.max_skew_step)
    if abs(state.smoothed_error) < options.neutral_band:
        return InNeutralBand(state.smoothed_error, options.neutral_band)
    cap = cap_of(options, damped)
    if abs(state.skew) >= cap - _SAME_SKEW:
        return AtDampedCap(cap, state.damped_until_s) if damped else AtCap(cap)
    return Following(state.smoothed_error, state.skew)
