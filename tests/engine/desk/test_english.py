"""Reasons in English where there is no panel: one catalogue, numbers by their unit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from engine.core.gate import SwitchHolds
from engine.core.messages import Reason
from engine.core.modes import AskedByPerson, Switch
from engine.desk.sentences.english import english
from engine.grid.limits import DailyLossReached
from engine.grid.messages import PriceAwaited


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (None, ""),
        (AskedByPerson("terminal"), "A person asked for it in the terminal."),
        (SwitchHolds(Switch.PAUSED), "The master switch is paused, which holds this back."),
        (PriceAwaited(), "Waiting for the first price."),
        (
            DailyLossReached(Decimal("-3.02"), Decimal(3)),
            "Today's realised result is -$3.02, at the daily limit of $3.00. "
            "No entry is placed until the UTC day ends.",
        ),
    ],
)
def test_a_reason_is_said_with_its_numbers(reason: Reason | None, said: str) -> None:
    assert english(reason) == said


def test_a_reason_without_words_is_said_with_its_numbers_rather_than_hidden() -> None:
    @dataclass(frozen=True, slots=True)
    class Unforeseen(Reason, code="unforeseen_by_the_catalogue"):
        waited_s: float

    assert english(Unforeseen(200.0)) == "unforeseen_by_the_catalogue (waited_s: 3 min 20 s)"
