"""`evenkeel-engine hub plan STATE.json`: the next batch from a file (issue 5)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli import main
from engine.hub.state_file import BadState, plan_of_state

STATE: dict[str, Any] = {
    "gas_gwei": "10",
    "native_usd": "3500",
    "now_s": 20,
    "tokens": [{"token_id": 1, "decimals": 6, "price_usd": "1", "reserve": "1500000000"}],
    "requests": [
        {"id": "a", "user": "u1", "token_id": 1, "amount": "1000000000", "made_at_s": 5},
        {"id": "b", "user": "u2", "token_id": 1, "amount": "900000000", "made_at_s": 6},
        {"id": "c", "user": "u3", "token_id": 1, "amount": "400000000", "made_at_s": 7},
    ],
    "pulls": [{"user": "u4", "token_id": 1, "amount": "300000000", "signed": True}],
}


def test_a_state_becomes_a_batch_with_a_reason_for_everyone() -> None:
    found = plan_of_state(json.dumps(STATE))
    assert found["soft_limit_usd"] == "525.00"
    assert {push["id"] for push in found["pushes"]} == {"a", "c"}
    assert found["pulls"] == []
    assert found["reasons"]["b"] == {"code": "hub.waits_for_funds", "short": "500"}
    assert found["reasons"]["a"]["code"] == "hub.in_batch"
    assert found["gas"] > 0


def test_the_tool_prints_it_and_names_what_does_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "state.json"
    file.write_text(json.dumps(STATE), "utf-8")
    assert main(["hub", "plan", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["pushes"]
    file.write_text(json.dumps(STATE | {"tokens": []}), "utf-8")
    assert main(["hub", "plan", str(file)]) == 2
    assert "tokens" in capsys.readouterr().err
    assert main(["hub", "plan", str(tmp_path / "none.json")]) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gas_gwei": "-1"}, "gas_gwei"),
        ({"native_usd": "0"}, "native_usd"),
        ({"requests": [{"id": "a", "user": "u", "token_id": 9, "amount": "1"}]}, "requests.0.token_id"),
        ({"requests": [{"id": "a", "user": "u", "token_id": 1, "amount": "0.5"}]}, "requests.0.amount"),
        ({"requests": [{"id": "a", "user": "u", "token_id": 1, "amount": "1"}] * 2}, "each id once"),
        ({"tokens": STATE["tokens"] * 2}, "each token_id once"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_field_that_does_not_fit_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadState, match=said):
        plan_of_state(json.dumps(STATE | change))


@given(st.text(max_size=60))
def test_any_text_is_planned_or_refused_with_words(text: str) -> None:
    with pytest.raises(BadState):
        plan_of_state(text)
