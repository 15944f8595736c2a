"""The facade of the loop: snapshot, events, log line, payload (spec 9; seed 9 and 10)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, get_type_hints

import pytest

from engine.core.messages import plain
from engine.governor.decide import decide
from engine.governor.messages import (
    CapacityBand,
    ClockSteppedBack,
    Condition,
    GapObserved,
    GovernorSnapshot,
    OscillationDamped,
    SkewChanged,
    SkewDirection,
)
from engine.governor.options import GovernorOptions
from engine.governor.reasons import NotDue, Ramping
from engine.governor.signal import Observation
from engine.governor.state import ControllerState
from engine.governor.telemetry import log_line, oscillation_warning, status_payload

Observe = Callable[..., Observation]

T0 = 1_760_000_000.0

PUSHING = ControllerState(smoothed_error=0.28, velocity=0.001, skew=0.15, last_update_s=T0, last_sign=1)


def test_the_payload_is_the_sources(observe: Observe, options: GovernorOptions) -> None:
    """Seed 9.1, with its own numbers."""
    snapshot = decide(PUSHING, observe("0.75"), options, T0 + 1).output.snapshot
    assert status_payload(snapshot) == {
        "rebalancer": {
            "enabled": True,
            "idle_ratio": 0.75,
            "target": 0.40,
            "error": 0.35,
            "smoothed_error": 0.28,
            "velocity": 0.001,
            "skew": 0.15,
            "skew_direction": "buy_doge",
            "size_mult_a": 1.0,
            "size_mult_b": 1.15,
            "damped": False,
            "sign_flips_1h": 0,
        }
    }


def test_the_log_line_is_the_sources(observe: Observe, options: GovernorOptions) -> None:
    """Seed 10.1, with its own numbers."""
    snapshot = decide(PUSHING, observe("0.75"), options, T0 + 1).output.snapshot
    assert log_line(snapshot) == (
        "[REBAL] idle=0.75 target=0.40 err=+0.28 vel=+0.001 skew=+0.15 size_a=×1.00 size_b=×1.15"
    )


def test_the_warning_is_the_sources() -> None:
    """Seed 10.2."""
    event = OscillationDamped(at_s=T0, flips=3, cap=0.15, until_s=T0 + 3600)
    assert oscillation_warning(event) == (
        "[REBAL] WARNING: oscillation detected (3 flips/hr), auto-damping MAX_SKEW to 0.15"
    )


def test_the_log_line_has_no_negative_zero(observe: Observe, options: GovernorOptions) -> None:
    state = dataclasses.replace(PUSHING, smoothed_error=-1e-9, velocity=-1e-9, skew=0.0)
    assert "err=+0.00 vel=+0.000 skew=+0.00" in log_line(decide(state, observe(), options, T0 + 1).output.snapshot)


def test_the_three_lines_of_the_panel_as_data(observe: Observe, options: GovernorOptions) -> None:
    """Seed 9.2."""
    figures = decide(PUSHING, observe("0.75"), options, T0 + 1).output.snapshot.panel_figures
    assert figures.direction is SkewDirection.BUY_DOGE
    assert figures.skew_percent == pytest.approx(15)
    assert (figures.size_mult_b, figures.size_mult_a) == (1.15, 1.0)
    assert (figures.idle_percent, figures.target_percent) == (75.0, 40.0)


@pytest.mark.parametrize(
    ("state", "changes", "options", "condition"),
    [
        (PUSHING, {}, GovernorOptions(), Condition.ACTING),
        (ControllerState(last_update_s=T0), {}, GovernorOptions(), Condition.NEUTRAL),
        (PUSHING, {"master_on": False}, GovernorOptions(), Condition.OFF),
        (PUSHING, {}, GovernorOptions(enabled=False), Condition.OFF),
        (PUSHING, {"capacity_band": CapacityBand.CAUTION}, GovernorOptions(), Condition.HELD),
        (PUSHING, {"observed_usd": Decimal("NaN")}, GovernorOptions(), Condition.HELD),
        (dataclasses.replace(PUSHING, damped_until_s=T0 + 60), {}, GovernorOptions(), Condition.DAMPED),
    ],
)
def test_one_word_says_how_it_stands(
    observe: Observe, state: ControllerState, changes: dict[str, Any], options: GovernorOptions, condition: Condition
) -> None:
    assert decide(state, observe(**changes), options, T0 + 1).output.snapshot.condition is condition


def test_between_updates_the_snapshot_explains_the_skew_and_shows_the_fresh_ratio(
    observe: Observe, options: GovernorOptions
) -> None:
    decision = decide(PUSHING, observe("0.60"), options, T0 + 100)
    assert isinstance(decision.reason, NotDue)
    assert isinstance(decision.output.snapshot.reason, Ramping)
    assert decision.output.snapshot.idle_ratio == 0.60
    assert decision.output.snapshot.next_update_s == T0 + 300
    assert not decision.output.updated
    assert decision.output.events == ()


def test_a_change_of_skew_is_an_event_with_its_reason(observe: Observe, options: GovernorOptions) -> None:
    decision = decide(PUSHING, observe(), options, T0 + 300)
    assert decision.output.updated
    assert decision.output.events == (
        SkewChanged(at_s=T0 + 300, previous_skew=0.15, skew=0.20, reason=decision.output.snapshot.reason),
    )


def test_a_gap_and_a_clock_set_back_are_events(observe: Observe, options: GovernorOptions) -> None:
    gap = decide(PUSHING, observe(), options, T0 + 4000).output.events[0]
    back = decide(PUSHING, observe(), options, T0 - 50).output.events[0]
    assert gap == GapObserved(at_s=T0 + 4000, silent_s=4000, counted_s=900)
    assert back == ClockSteppedBack(at_s=T0 - 50, by_s=50)


def test_the_third_flip_is_an_event_with_the_cap_that_holds_now(observe: Observe) -> None:
    options = GovernorOptions(ema_halflife_s=1.0, max_skew_step=1.0)
    state = dataclasses.replace(PUSHING, flip_times_s=(T0 - 600, T0 - 300))
    outcome = decide(state, observe("0.05"), options, T0 + 300).output
    assert outcome.events[0] == OscillationDamped(at_s=T0 + 300, flips=3, cap=0.15, until_s=T0 + 3900)
    assert outcome.snapshot.damped_until_s == T0 + 3900
    assert outcome.snapshot.cap == 0.15
    assert outcome.snapshot.sign_flips_1h == 3


def test_flips_leave_the_count_when_their_hour_is_over_also_between_updates(
    observe: Observe, options: GovernorOptions
) -> None:
    state = dataclasses.replace(PUSHING, flip_times_s=(T0 - 3500, T0 - 100))
    counts = [decide(state, observe(), options, T0 + s).output.snapshot.sign_flips_1h for s in (99, 100)]
    assert counts == [2, 1]


def test_what_cannot_be_believed_is_a_gap_in_the_plots(observe: Observe, options: GovernorOptions) -> None:
    snapshot = decide(PUSHING, observe(observed_usd=Decimal("NaN")), options, T0 + 1).output.snapshot
    assert (snapshot.idle_ratio, snapshot.error, snapshot.reach) == (None, None, None)
    assert (snapshot.observed_usd, snapshot.usd_runway_floor) == (None, None)
    assert status_payload(snapshot)["rebalancer"]["idle_ratio"] is None
    assert "idle=unknown" in log_line(snapshot)


@pytest.mark.parametrize("now_s", [float("nan"), float("inf"), -1.0])
def test_a_snapshot_never_carries_a_time_that_cannot_be(
    observe: Observe, options: GovernorOptions, now_s: float
) -> None:
    assert decide(PUSHING, observe(), options, now_s).output.snapshot.at_s == T0


def test_the_reach_is_said_from_the_side_that_the_error_favours(observe: Observe, options: GovernorOptions) -> None:
    resting = {"resting_buy_usd": Decimal(10), "resting_sell_usd": Decimal(20)}
    much = decide(PUSHING, observe("0.75", **resting), options, T0 + 1).output.snapshot.reach
    little = decide(PUSHING, observe("0.05", **resting), options, T0 + 1).output.snapshot.reach
    assert much is not None
    assert little is not None
    assert much.points_per_day == pytest.approx(3)
    assert little.points_per_day == pytest.approx(6)


@pytest.mark.parametrize("observed", ["100", "NaN", "0"])
def test_snapshot_and_events_have_a_json_form(observe: Observe, options: GovernorOptions, observed: str) -> None:
    outcome = decide(PUSHING, observe(observed_usd=Decimal(observed)), options, T0 + 4000).output
    for message in (outcome.snapshot, *outcome.events, status_payload(outcome.snapshot)):
        json.dumps(plain(message), allow_nan=False)


def test_ratios_are_floats_and_money_is_decimal() -> None:
    """Spec, preamble: of everything that the governor tells."""
    for message in (GovernorSnapshot, SkewChanged, OscillationDamped):
        types = get_type_hints(message)
        for name, kind in types.items():
            if name.startswith(("observed_", "usd_", "doge_")):
                assert kind == Decimal | None, name
            if "skew" in name or name in ("velocity", "p", "d", "raw", "cap", "error", "idle_ratio", "kp", "kd"):
                assert kind in (float, float | None), name
