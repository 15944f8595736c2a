"""What a run left is read rightly: an exit that is taken off without leave is found."""

from __future__ import annotations

import random

import pytest

from engine.core.journal import IntentRow
from engine.grid.intents import CANCEL
from engine.paper.occurrences import parse_occurrences
from tests.interfere.kinds import KINDS
from tests.interfere.traces import exits_taken_off


def cancel(key: str, code: str) -> IntentRow:
    return IntentRow(key, "grid", CANCEL, "cancels", {}, {"code": code}, "paper", 1, "delivered", 0.0)


@pytest.mark.parametrize("role", ["exit", "recovery"])
def test_an_exit_that_nobody_asked_to_take_off_is_found(role: str) -> None:
    (found,) = exits_taken_off([cancel(f"t.1B.{role}.3/c4", "halted")])
    assert "halted" in found


@pytest.mark.parametrize("code", ["stopped", "slot_released", "adopted", "evicted_by_person"])
def test_a_person_or_a_rule_may_take_an_exit_off(code: str) -> None:
    assert exits_taken_off([cancel("t.1B.exit.3/c4", code)]) == []


def test_entries_and_orders_of_others_may_be_taken_off() -> None:
    assert exits_taken_off([cancel("t.1B.entry.3/c4", "refresh"), cancel("foreign.O1/c2", "cancels_orders")]) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_whatever_is_drawn_of_a_kind_can_be_played(kind) -> None:  # type: ignore[no-untyped-def]
    for seed in range(20):
        strike = kind.draw(random.Random(seed))
        assert parse_occurrences(strike.acts)
        parse_occurrences(strike.undo)


def test_there_are_thirty_kinds() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) == 30
