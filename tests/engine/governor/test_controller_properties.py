"""What holds for the controller whatever it is fed: 10,000 random sequences, seeded, driven in one place."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Iterator
from decimal import Decimal

from engine.core.messages import Decision
from engine.governor.actuator import EntrySide, skew_multiplier
from engine.governor.controller import Control, step
from engine.governor.messages import CapacityBand
from engine.governor.options import GovernorOptions
from engine.governor.signal import Observation
from engine.governor.state import ControllerState

SEQUENCES = 10_000
STEPS = 12
ROUNDING = 1e-11

AMOUNTS = [Decimal(text) for text in ("0", "1e-9", "0.01", "10", "25", "99.5", "100", "1e15")]
BAD_AMOUNTS = [Decimal(text) for text in ("NaN", "sNaN", "Infinity", "-Infinity", "-1", "1e999999")]
WAITS_S = [0.0, 1.0, 299.9, 300.0, 300.0, 300.0, 310.0, 900.0, 901.0, 1e6, 1e300, -1.0, -300.0, -1e9]
BAD_TIMES_S = [math.nan, math.inf, -math.inf, -5.0]

Call = tuple[ControllerState, Observation, GovernorOptions, float, Decision[ControllerState, Control]]


def _options(chance: random.Random) -> GovernorOptions:
    return GovernorOptions(
        enabled=chance.random() > 0.02,
        target_idle_ratio=chance.choice([0.0, 0.4, 1.0]),
        kp=chance.choice([0.0, 2.0, 50.0]),
        kd=chance.choice([0.0, 0.5, 5_000.0, 1_000_000.0]),
        max_skew=chance.choice([0.01, 0.3, 1 / 3, 1.0]),
        max_skew_step=chance.choice([0.001, 0.05, 1.0]),
        neutral_band=chance.choice([0.0, 0.05]),
        ema_halflife_s=chance.choice([1.0, 1800.0, 604_800.0]),
        size_sensitivity=chance.choice([0.0, 1.0, 5.0]),
    )


def _observation(chance: random.Random) -> Observation:
    odd = chance.random() < 0.1
    return Observation(
        observed_usd=chance.choice(BAD_AMOUNTS if odd else AMOUNTS),
        usd_runway_floor=chance.choice(BAD_AMOUNTS if chance.random() < 0.05 else AMOUNTS),
        capacity_band=chance.choices(list(CapacityBand), [20, 1, 1])[0],
        master_on=chance.random() > 0.03,
        observed_doge=chance.choice(AMOUNTS),
        doge_runway_floor=chance.choice(AMOUNTS),
    )


def _calls() -> Iterator[Call]:
    chance = random.Random(20261120)
    menus = [_options(chance) for _ in range(200)]
    for _ in range(SEQUENCES):
        options, state, time_s = chance.choice(menus), ControllerState(), chance.choice([0.0, 300.0, 1.76e9])
        for _ in range(STEPS):
            time_s = max(0.0, time_s + chance.choice(WAITS_S))
            now_s = chance.choice(BAD_TIMES_S) if chance.random() < 0.02 else time_s
            observation = _observation(chance)
            decision = step(state, observation, options, now_s)
            yield state, observation, options, now_s, decision
            state = decision.state


def _numbers(decision: Decision[ControllerState, Control]) -> list[float]:
    named = [getattr(part, field.name) for part in (decision.state, decision.output) for field in _fields(part)]
    return [number for number in named if isinstance(number, float)] + list(decision.state.flip_times_s)


def _fields(part: ControllerState | Control) -> tuple[dataclasses.Field[object], ...]:
    return dataclasses.fields(part)


def _may_drop(before: ControllerState, control: Control) -> bool:
    """Whether safety, and not the law, moved this skew."""
    return control.held or abs(before.skew) > control.cap


def test_bounds_hold_over_ten_thousand_random_sequences() -> None:
    """Spec 5 and 7, seed section 5: bounded skew, bounded steps, no NaN, gates at once, sizes within 1 and 1.5."""
    updates = 0
    for before, observation, options, _, decision in _calls():
        control, after = decision.output, decision.state
        updates += control.updated

        assert all(math.isfinite(number) for number in _numbers(decision))
        assert abs(after.skew) <= control.cap <= options.max_skew
        assert -1 <= after.smoothed_error <= 1
        if not _may_drop(before, control):
            assert abs(after.skew - before.skew) <= options.max_skew_step + ROUNDING
            assert control.updated or after.skew == before.skew
        if not (options.enabled and observation.master_on and observation.capacity_band is CapacityBand.NORMAL):
            assert after.skew == 0
        if control.idle_ratio is None:
            assert after.skew == 0
            assert not control.updated

        mult_a = skew_multiplier(EntrySide.A, after.skew, options)
        mult_b = skew_multiplier(EntrySide.B, after.skew, options)
        assert 1 <= max(mult_a, mult_b) <= Decimal("1.5")
        assert min(mult_a, mult_b) == 1
    assert updates > SEQUENCES
