"""The governor's options: names, defaults and the combinations that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from engine.core.options import declared
from engine.governor.options import GovernorOptions

SEED_SECTION_8 = {
    "REBALANCE_ENABLED": True,
    "REBALANCE_TARGET_IDLE_PCT": 0.40,
    "REBALANCE_KP": 2.0,
    "REBALANCE_KD": 0.5,
    "REBALANCE_MAX_SKEW": 0.30,
    "REBALANCE_MAX_SKEW_STEP": 0.05,
    "REBALANCE_NEUTRAL_BAND": 0.05,
    "REBALANCE_EMA_HALFLIFE": 1800,
    "REBALANCE_INTERVAL_SEC": 300,
    "REBALANCE_SIZE_SENSITIVITY": 1.0,
    "REBALANCE_MAX_SIZE_MULT": 1.5,
}


def test_every_parameter_of_the_source_keeps_its_name_and_default() -> None:
    assert {spec.source: spec.default for spec in declared(GovernorOptions) if spec.source} == SEED_SECTION_8


def test_every_number_has_bounds_on_both_ends_and_a_unit() -> None:
    for spec in declared(GovernorOptions):
        if spec.kind in {"int", "float", "decimal"}:
            assert spec.ge is not None or spec.gt is not None, spec.path
            assert spec.le is not None or spec.lt is not None, spec.path
            assert spec.unit, spec.path


def test_the_halflife_says_that_it_is_a_time_constant() -> None:
    (spec,) = [spec for spec in declared(GovernorOptions) if spec.source == "REBALANCE_EMA_HALFLIFE"]
    assert "time constant" in spec.text
    assert "1248 s" in spec.text


def test_the_runway_floor_is_entries_unless_chosen_otherwise() -> None:
    assert GovernorOptions().runway_floor.value == "entries"
    assert str(GovernorOptions().runway_factor) == "2.5"
    assert str(GovernorOptions(runway_floor="committed").runway_factor) == "1.5"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"neutral_band": 0.6}, "neutral_band"),
        ({"neutral_band": 0.5, "target_idle_ratio": 0.5}, "neutral_band"),
        ({"interval_s": 1800.0}, "damping_flips"),
        ({"damping_window_s": 600.0}, "damping_flips"),
        ({"target_idle_ratio": 40}, "target_idle_ratio"),
        ({"max_size_mult": 1.6}, "max_size_mult"),
        ({"max_skew": 0.0}, "max_skew"),
        ({"kp": float("nan")}, "kp"),
        ({"kd": float("inf")}, "kd"),
    ],
)
def test_what_could_never_work_or_is_out_of_bounds_is_refused_by_name(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        GovernorOptions(**changes)
