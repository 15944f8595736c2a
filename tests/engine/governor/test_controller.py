"""The controller's law, its timing, and what takes precedence (spec 2 to 5)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from engine.core.messages import Decision
from engine.governor.actuator import EntrySide, skew_multiplier
from engine.governor.controller import Control, Gap, step
from engine.governor.messages import CapacityBand
from engine.governor.options import GovernorOptions
from engine.governor.reasons import (
    AtCap,
    CapacityHold,
    Disabled,
    DogeRunwayBreached,
    InNeutralBand,
    MasterOff,
    NotDue,
    NoUsdObserved,
    ObservationRejected,
    Ramping,
    UsdRunwayBreached,
)
from engine.governor.signal import Observation
from engine.governor.state import ControllerState

Observe = Callable[..., Observation]
Run = Callable[..., list[Decision[ControllerState, Control]]]

T0 = 1_760_000_000.0


def _every_interval(observation: Observation, count: int, start_s: float = T0) -> list[tuple[float, Observation]]:
    return [(start_s + 300 * i, observation) for i in range(count)]


def _pushing(skew: float = 0.30, smoothed_error: float = 0.35, **changes: Any) -> ControllerState:
    """A state that has been pushing for long, last updated at T0."""
    return dataclasses.replace(
        ControllerState(smoothed_error=smoothed_error, skew=skew, last_update_s=T0, last_sign=(skew > 0) - (skew < 0)),
        **changes,
    )


def test_the_golden_case_from_rest(observe: Observe, options: GovernorOptions, run: Run) -> None:
    """Spec 4: idle ratio held at 0.75 from rest, to 1e-4."""
    decisions = run(_every_interval(observe("0.75"), 10), options)
    smoothed = [decision.state.smoothed_error for decision in decisions]
    skews = [decision.output.skew for decision in decisions]
    assert smoothed[:6] == pytest.approx([0.0537, 0.0992, 0.1377, 0.1703, 0.1979, 0.2212], abs=1e-4)
    assert skews[:6] == pytest.approx([0.05, 0.10, 0.15, 0.20, 0.25, 0.30], abs=1e-4)
    assert smoothed[8] < 0.28 <= smoothed[9]
    assert Decimal("1.65") * skew_multiplier(EntrySide.B, skews[0], options) == Decimal("1.7325")


def test_at_the_default_gain_the_trend_contributes_next_to_nothing(
    observe: Observe, options: GovernorOptions, run: Run
) -> None:
    """Spec 3: the share of D is about 0.00003 of skew; the source's 0.001 is never reached."""
    shares = [abs(decision.output.d) for decision in run(_every_interval(observe("0.75"), 12), options)]
    assert 0.00002 < max(shares) < 0.00004


@pytest.mark.parametrize(
    ("smoothed_error", "velocity", "compared"),
    [(0.2, 1e-4, "stronger"), (0.2, -1e-4, "weaker"), (-0.2, -1e-4, "stronger"), (-0.2, 1e-4, "weaker")],
)
def test_the_sign_convention_of_the_source(
    observe: Observe, smoothed_error: float, velocity: float, compared: str
) -> None:
    """Seed 2.1: the trend pushes harder while the error gets worse and eases off while it improves."""
    options = GovernorOptions(kp=1.0, kd=1000.0, max_skew=1.0)
    state = _pushing(skew=smoothed_error, smoothed_error=smoothed_error, velocity=velocity)
    control = step(state, observe(), options, T0 + 1).output
    assert math.copysign(1, control.p) == math.copysign(1, smoothed_error)
    assert math.copysign(1, control.d) == math.copysign(1, velocity)
    assert math.copysign(1, control.raw) == math.copysign(1, smoothed_error)
    assert (abs(control.raw) > abs(control.p)) == (compared == "stronger")


def test_inside_the_neutral_band_nothing_is_asked_for(observe: Observe, options: GovernorOptions, run: Run) -> None:
    decision = run(_every_interval(observe("0.44"), 60), options)[-1]
    assert decision.state.smoothed_error == pytest.approx(0.04, abs=1e-4)
    assert decision.output.p == pytest.approx(0.08, abs=1e-3)
    assert (decision.output.raw, decision.output.skew) == (0.0, 0.0)
    assert isinstance(decision.reason, InNeutralBand)


def test_too_little_idle_usd_pushes_the_other_way(observe: Observe, options: GovernorOptions, run: Run) -> None:
    decisions = run(_every_interval(observe("0.05"), 12), options)
    assert decisions[-1].output.skew == -0.30
    assert isinstance(decisions[0].reason, Ramping)
    assert isinstance(decisions[-1].reason, AtCap)


def test_the_way_back_to_zero_is_rate_limited_too(observe: Observe, options: GovernorOptions) -> None:
    state = _pushing(smoothed_error=0.0)
    assert step(state, observe("0.40"), options, T0 + 300).output.skew == 0.25


def test_between_updates_nothing_changes_and_the_next_one_is_named(observe: Observe, options: GovernorOptions) -> None:
    state = _pushing(skew=0.10)
    decision = step(state, observe("0.75"), options, T0 + 299)
    assert decision.state == state
    assert decision.reason == NotDue(next_update_s=T0 + 300)
    assert not decision.output.updated


def test_the_rate_of_the_loop_does_not_matter(observe: Observe, options: GovernorOptions, run: Run) -> None:
    slow = run(_every_interval(observe("0.75"), 7), options)
    fast = run([(T0 + 10 * i, observe("0.75")) for i in range(181)], options)
    assert fast[-1].state == slow[-1].state
    assert sum(decision.output.updated for decision in fast) == 7


def test_a_tick_on_time_is_not_early_by_a_rounding_error(observe: Observe, options: GovernorOptions) -> None:
    now_s = T0
    for _ in range(3000):
        now_s += 0.1
    assert now_s < T0 + 300
    assert step(_pushing(), observe(), options, now_s).output.updated


def test_the_first_update_ever_counts_one_interval(observe: Observe, options: GovernorOptions, run: Run) -> None:
    (decision,) = run([(T0, observe("0.75"))], options)
    assert decision.state.smoothed_error == pytest.approx(0.35 * (1 - math.exp(-300 / 1800)))


def test_a_first_update_at_time_zero_is_followed_one_interval_later(
    observe: Observe, options: GovernorOptions, run: Run
) -> None:
    decisions = run([(0.0, observe()), (10.0, observe()), (300.0, observe())], options)
    assert [decision.output.updated for decision in decisions] == [True, False, True]


def test_dt_is_the_real_time_since_the_last_update(observe: Observe, options: GovernorOptions) -> None:
    decision = step(_pushing(smoothed_error=0.0), observe("0.75"), options, T0 + 450)
    assert decision.state.smoothed_error == pytest.approx(0.35 * (1 - math.exp(-450 / 1800)))
    assert decision.output.gap is None


def test_after_a_long_gap_only_three_intervals_count_and_the_gap_is_told(
    observe: Observe, options: GovernorOptions
) -> None:
    decision = step(_pushing(skew=0.0, smoothed_error=0.0), observe("0.75"), options, T0 + 86_400)
    assert decision.state.smoothed_error == pytest.approx(0.35 * (1 - math.exp(-900 / 1800)))
    assert decision.output.gap == Gap(silent_s=86_400, counted_s=900)
    assert decision.output.skew == 0.05


def test_exactly_three_intervals_are_no_gap(observe: Observe, options: GovernorOptions) -> None:
    assert step(_pushing(), observe(), options, T0 + 900).output.gap is None


def test_a_clock_set_back_causes_no_burst_and_no_wait(observe: Observe, options: GovernorOptions, run: Run) -> None:
    back_s = T0 - 7 * 86_400
    decisions = run([(back_s + 10 * i, observe()) for i in range(61)], options, _pushing(skew=0.10))
    assert decisions[0].output.stepped_back_s == 7 * 86_400
    assert decisions[0].output.skew == 0.10
    assert [i for i, decision in enumerate(decisions) if decision.output.updated] == [30, 60]


def test_a_clock_set_back_leaves_flips_their_age_and_damping_its_rest(
    observe: Observe, options: GovernorOptions
) -> None:
    state = _pushing(skew=0.05, flip_times_s=(T0 - 1000, T0 - 100), damped_until_s=T0 + 500)
    after = step(state, observe(), options, 5000.0).state
    assert after.last_update_s == 5000.0
    assert after.flip_times_s == (4000.0, 4900.0)
    assert after.damped_until_s == 5500.0


def test_damping_never_lasts_longer_than_its_duration(observe: Observe, options: GovernorOptions) -> None:
    state = _pushing(skew=0.05, damped_until_s=T0 + 10**9)
    assert step(state, observe(), options, T0 + 10).state.damped_until_s == T0 + 10 + 3600


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"capacity_band": CapacityBand.CAUTION}, CapacityHold("caution")),
        ({"capacity_band": CapacityBand.STOP}, CapacityHold("stop")),
        ({"master_on": False}, MasterOff()),
    ],
)
@pytest.mark.parametrize("seconds_later", [1, 300])
def test_a_gate_drops_the_skew_at_once_on_update_or_between(
    observe: Observe, options: GovernorOptions, changes: dict[str, Any], reason: Any, seconds_later: int
) -> None:
    decision = step(_pushing(), observe(**changes), options, T0 + seconds_later)
    assert decision.output.skew == decision.state.skew == 0.0
    assert decision.reason == reason


def test_switched_off_in_its_options_it_lets_go_at_once(observe: Observe) -> None:
    decision = step(_pushing(), observe(), GovernorOptions(enabled=False), T0 + 1)
    assert decision.output.skew == 0.0
    assert decision.reason == Disabled()


def test_the_signal_is_smoothed_on_while_a_gate_holds(observe: Observe, options: GovernorOptions, run: Run) -> None:
    held = run(_every_interval(observe(capacity_band=CapacityBand.STOP), 6), options)
    free = run(_every_interval(observe(), 6), options)
    assert held[-1].state.smoothed_error == free[-1].state.smoothed_error > 0
    assert held[-1].state.velocity == free[-1].state.velocity


def test_after_a_gate_the_skew_climbs_again_step_by_step(observe: Observe, options: GovernorOptions, run: Run) -> None:
    held = step(_pushing(), observe(capacity_band=CapacityBand.STOP), options, T0 + 1).state
    decisions = run([(T0 + s, observe()) for s in (2, 100, 300, 600)], options, held)
    assert [decision.output.skew for decision in decisions] == [0.0, 0.0, 0.05, 0.10]


def test_a_breached_usd_runway_stops_buying_at_once(observe: Observe, options: GovernorOptions) -> None:
    observation = observe(observed_usd=Decimal(10), usd_runway_floor=Decimal(11))
    decision = step(_pushing(), observation, options, T0 + 1)
    assert decision.output.skew == 0.0
    assert decision.reason == UsdRunwayBreached(Decimal(10), Decimal(11))


def test_a_breached_usd_runway_stops_a_skew_that_is_only_fading_away(
    observe: Observe, options: GovernorOptions
) -> None:
    observation = observe(observed_usd=Decimal(10), usd_runway_floor=Decimal(11))
    decision = step(_pushing(skew=0.20, smoothed_error=-0.10), observation, options, T0 + 1)
    assert decision.output.raw < 0
    assert decision.output.skew == 0.0


def test_a_breached_usd_runway_does_not_stop_the_sells_that_refill_it(
    observe: Observe, options: GovernorOptions
) -> None:
    observation = observe(observed_usd=Decimal(10), usd_runway_floor=Decimal(11))
    decision = step(_pushing(skew=-0.20, smoothed_error=-0.3), observation, options, T0 + 300)
    assert decision.output.skew == -0.25


def test_a_breached_doge_runway_stops_selling_and_not_buying(observe: Observe, options: GovernorOptions) -> None:
    doge = {"observed_doge": Decimal(99), "doge_runway_floor": Decimal(100)}
    selling = step(_pushing(skew=-0.30, smoothed_error=-0.3), observe("0.10", **doge), options, T0 + 1)
    buying = step(_pushing(skew=0.30), observe(**doge), options, T0 + 1)
    assert selling.output.skew == 0.0
    assert selling.reason == DogeRunwayBreached(Decimal(99), Decimal(100))
    assert buying.output.skew == 0.30


def test_a_lowered_cap_holds_at_once(observe: Observe) -> None:
    assert step(_pushing(), observe(), GovernorOptions(max_skew=0.10), T0 + 1).output.skew == 0.10


def test_no_usd_observed_is_told_beside_the_reason(observe: Observe, options: GovernorOptions) -> None:
    control = step(ControllerState(), observe(observed_usd=Decimal(0)), options, T0).output
    assert control.idle_ratio == 0.0
    assert control.signal_reason == NoUsdObserved()


@pytest.mark.parametrize("seconds_later", [1, 300])
def test_an_observation_that_cannot_be_believed_drops_the_skew_and_keeps_the_signal(
    observe: Observe, options: GovernorOptions, seconds_later: int
) -> None:
    state = _pushing(velocity=1e-5)
    decision = step(state, observe(observed_usd=Decimal("NaN")), options, T0 + seconds_later)
    assert decision.state == dataclasses.replace(state, skew=0.0)
    assert isinstance(decision.reason, ObservationRejected)
    assert decision.output.idle_ratio is None
    assert not decision.output.updated


def test_the_next_good_observation_counts_the_time_since_the_last_good_one(
    observe: Observe, options: GovernorOptions, run: Run
) -> None:
    bad, good = observe(observed_usd=Decimal("NaN")), observe("0.75")
    state = _pushing(smoothed_error=0.0)
    decision = run([(T0 + 300, bad), (T0 + 600, good)], options, state)[-1]
    assert decision.state.smoothed_error == pytest.approx(0.35 * (1 - math.exp(-600 / 1800)))
    assert decision.output.skew == 0.05


@pytest.mark.parametrize("now_s", [math.nan, math.inf, -math.inf, -1.0])
def test_a_time_that_cannot_be_believed_drops_the_skew(
    observe: Observe, options: GovernorOptions, now_s: float
) -> None:
    state = _pushing(damped_until_s=T0 + 100)
    decision = step(state, observe(), options, now_s)
    assert decision.state == dataclasses.replace(state, skew=0.0)
    assert isinstance(decision.reason, ObservationRejected)
    assert decision.reason.field == "now_s"


def test_half_of_a_step_is_reached_after_1248_s() -> None:
    """Spec 2: 1800 s is a time constant, alpha = 1 - exp(-dt / 1800) taken literally."""
    options = GovernorOptions(interval_s=10)
    state, error = ControllerState(), 0.35
    passed_s = 0.0
    while state.smoothed_error < error / 2:
        state = step(state, _at(0.75), options, T0 + passed_s).state
        passed_s += 10
    assert passed_s == pytest.approx(1800 * math.log(2), abs=10)
    assert 1800 * math.log(2) == pytest.approx(1248, abs=0.5)


def test_velocity_is_smoothed_with_the_same_alpha() -> None:
    """Spec 3: in ratio per second, from rest at an idle ratio of 0.75."""
    alpha = 1 - math.exp(-300 / 1800)
    first = step(ControllerState(), _at(0.75), GovernorOptions(), T0).state
    assert first.velocity == pytest.approx(alpha * (alpha * 0.35) / 300)
    second = step(first, _at(0.75), GovernorOptions(), T0 + 300).state
    moved = second.smoothed_error - first.smoothed_error
    assert second.velocity == pytest.approx(alpha * moved / 300 + (1 - alpha) * first.velocity)


def test_the_sources_example_is_clamped_and_then_rate_limited() -> None:
    """Appendix C, 3 to 5 and 9: 2.0 x 0.28 + 0.5 x 0.001 is above the cap; the first update gives 0.05, then 0.10."""
    options = GovernorOptions()
    state = ControllerState(smoothed_error=0.28, velocity=0.001, last_update_s=T0)
    assert options.kp * 0.28 + options.kd * 0.001 == pytest.approx(0.5605)
    first = step(state, _at(0.75), options, T0 + 300)
    assert (first.output.raw, first.state.skew) == (0.30, 0.05)
    assert step(first.state, _at(0.75), options, T0 + 600).state.skew == 0.10


def test_as_the_ratio_comes_back_to_target_the_skew_fades_to_nothing() -> None:
    """Appendix C, 13 and 14."""
    options = GovernorOptions()
    state, skews = ControllerState(), []
    for number in range(120):
        ratio = max(0.40, 0.75 - 0.005 * number)
        state = step(state, _at(ratio), options, T0 + 300 * number).state
        skews.append(state.skew)
    top = skews.index(max(skews))
    assert skews[top] == 0.30
    assert skews[-1] == 0
    assert all(later <= earlier for earlier, later in zip(skews[top:], skews[top + 1 :], strict=False))


def _at(idle_ratio: float) -> Observation:
    floor = Decimal(100) * (1 - Decimal(str(round(idle_ratio, 6))))
    return Observation(
        observed_usd=Decimal(100), usd_runway_floor=floor, capacity_band=CapacityBand.NORMAL, master_on=True
    )
