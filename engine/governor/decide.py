"""One call for the loop around the governor: observation in, state, snapshot and events out."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.messages import Decision, Event
from engine.governor.actuator import EntrySide, skew_multiplier
from engine.governor.controller import Control, next_update_s, step
from engine.governor.damping import recent_flips
from engine.governor.messages import (
    ClockSteppedBack,
    Condition,
    GapObserved,
    GovernorSnapshot,
    OscillationDamped,
    SkewChanged,
)
from engine.governor.options import GovernorOptions
from engine.governor.reach import reach_of
from engine.governor.reasons import ObservationRejected
from engine.governor.signal import Observation
from engine.governor.state import ControllerState


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to publish: `updated` tells an update (which is logged) from a call in between."""

    updated: bool
    snapshot: GovernorSnapshot
    events: tuple[Event, ...]


def decide(
    state: ControllerState, observation: Observation, options: GovernorOptions, now_s: float
) -> Decision[ControllerState, Outcome]:
    """Step the controller and say what came of it. Save the state whenever it differs from the one passed in.

    Between updates the decision's reason is NotDue; the snapshot's reason explains the skew at any time.
    """
    decision = step(state, observation, options, now_s)
    control = decision.output
    at_s = control.at_s
    outcome = Outcome(
        updated=control.updated,
        snapshot=_snapshot(decision.state, control, observation, options, at_s),
        events=_events(state, decision.state, control, at_s),
    )
    return Decision(decision.state, outcome, decision.reason)


def _snapshot(
    state: ControllerState, control: Control, observation: Observation, options: GovernorOptions, at_s: float
) -> GovernorSnapshot:
    believed = not isinstance(control.signal_reason, ObservationRejected)
    return GovernorSnapshot(
        at_s=at_s,
        enabled=options.enabled,
        master_on=observation.master_on,
        condition=_condition(control, observation, options),
        reason=control.why,
        signal_reason=control.signal_reason,
        observed_usd=observation.observed_usd if believed else None,
        usd_runway_floor=observation.usd_runway_floor if believed else None,
        observed_doge=observation.observed_doge if believed else None,
        doge_runway_floor=observation.doge_runway_floor if believed else None,
        capacity_band=observation.capacity_band,
        idle_ratio=control.idle_ratio,
        target_idle_ratio=options.target_idle_ratio,
        neutral_band=options.neutral_band,
        error=control.error,
        smoothed_error=state.smoothed_error,
        velocity=state.velocity,
        kp=options.kp,
        kd=options.kd,
        p=control.p,
        d=control.d,
        raw=control.raw,
        skew=control.skew,
        cap=control.cap,
        size_mult_a=float(skew_multiplier(EntrySide.A, control.skew, options)),
        size_mult_b=float(skew_multiplier(EntrySide.B, control.skew, options)),
        damped=control.damped,
        damped_until_s=state.damped_until_s if control.damped else None,
        sign_flips_1h=len(recent_flips(state, options, at_s)),
        last_update_s=state.last_update_s,
        next_update_s=next_update_s(state, options, at_s),
        reach=None if control.error is None else reach_of(observation, control.error, options),
    )


def _condition(control: Control, observation: Observation, options: GovernorOptions) -> Condition:
    if not options.enabled or observation.master_on is not True:
        return Condition.OFF
    if control.held:
        return Condition.HELD
    if control.damped:
        return Condition.DAMPED
    return Condition.NEUTRAL if control.skew == 0 else Condition.ACTING


def _events(before: ControllerState, after: ControllerState, control: Control, at_s: float) -> tuple[Event, ...]:
    events: list[Event] = []
    if control.stepped_back_s > 0:
        events.append(ClockSteppedBack(at_s=at_s, by_s=control.stepped_back_s))
    if control.gap is not None:
        events.append(GapObserved(at_s=at_s, silent_s=control.gap.silent_s, counted_s=control.gap.counted_s))
    if control.damping_started:
        events.append(
            OscillationDamped(at_s=at_s, flips=len(after.flip_times_s), cap=control.cap, until_s=after.damped_until_s)
        )
    if after.skew != before.skew:
        events.append(SkewChanged(at_s=at_s, previous_skew=before.skew, skew=after.skew, reason=control.why))
    return tuple(events)
