"""The saved state (spec 8; seed 6.1)."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from engine.governor.state import ControllerState, from_plain

FULL = ControllerState(
    smoothed_error=0.28,
    velocity=-1.5e-5,
    skew=0.15,
    last_update_s=1_760_000_000.25,
    flip_times_s=(1_759_999_000.0, 1_759_999_900.0),
    damped_until_s=1_760_003_000.0,
    last_sign=1,
)

SEED_FIELDS = {
    "rebalancer_smoothed_error",
    "rebalancer_smoothed_velocity",
    "rebalancer_current_skew",
    "rebalancer_last_update_ts",
    "rebalancer_sign_flips_1h",
    "rebalancer_damped_until",
}


def test_the_plain_form_has_the_sources_fields_and_the_flip_times() -> None:
    plain = FULL.to_plain()
    assert set(plain) == SEED_FIELDS | {"rebalancer_flip_times", "rebalancer_last_sign"}
    assert plain["rebalancer_sign_flips_1h"] == 2


@pytest.mark.parametrize("state", [FULL, ControllerState()])
def test_it_comes_back_from_json_as_it_was(state: ControllerState) -> None:
    restored = from_plain(json.loads(json.dumps(state.to_plain())))
    assert restored.state == state
    assert restored.notices == ()


@pytest.mark.parametrize("saved", [None, {}])
def test_nothing_saved_is_a_start_at_rest_without_notice(saved: Any) -> None:
    restored = from_plain(saved)
    assert restored.state == ControllerState()
    assert restored.notices == ()


@pytest.mark.parametrize("missing", sorted(FULL.to_plain()))
def test_a_missing_field_starts_at_zero_and_leaves_the_others(missing: str) -> None:
    saved = FULL.to_plain()
    del saved[missing]
    restored = from_plain(saved)
    assert restored.notices == ()
    kept = restored.state.to_plain()
    for name in set(saved) - {"rebalancer_sign_flips_1h", "rebalancer_last_sign"}:
        assert kept[name] == saved[name]


@pytest.mark.parametrize("field", sorted(FULL.to_plain()))
@pytest.mark.parametrize(
    "garbage", [math.nan, math.inf, -math.inf, "0.3", None, True, {"a": 1}, [None], 10**400, -(10**400), [math.nan]]
)
def test_a_garbage_field_is_told_by_name_and_never_raises(field: str, garbage: Any) -> None:
    restored = from_plain(FULL.to_plain() | {field: garbage})
    assert [notice.field for notice in restored.notices] == [field]
    numbers = [value for value in restored.state.to_plain().values() if isinstance(value, float)]
    assert all(math.isfinite(number) for number in numbers)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rebalancer_smoothed_error", 1.5),
        ("rebalancer_current_skew", -2),
        ("rebalancer_last_update_ts", -1),
        ("rebalancer_last_sign", 3),
    ],
)
def test_a_number_out_of_range_starts_at_zero(field: str, value: float) -> None:
    restored = from_plain({field: value})
    assert restored.state == ControllerState()
    assert [notice.field for notice in restored.notices] == [field]


@pytest.mark.parametrize("saved", ["text", 3, [1, 2], True])
def test_a_state_that_is_no_object_is_told(saved: Any) -> None:
    restored = from_plain(saved)
    assert restored.state == ControllerState()
    assert [notice.field for notice in restored.notices] == ["state"]


def test_without_a_saved_sign_it_is_the_skews() -> None:
    saved = FULL.to_plain() | {"rebalancer_current_skew": -0.1}
    del saved["rebalancer_last_sign"]
    assert from_plain(saved).state.last_sign == -1
