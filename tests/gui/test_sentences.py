"""Every reason and event that an engine can send has words (style page, "A reason is data")."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import string
from collections.abc import Iterator
from decimal import Decimal
from types import ModuleType

import pytest

import engine.core
import engine.desk
import engine.governor
import engine.grid
import engine.venue
from engine.core.messages import Event, Reason
from engine.core.modes import AskedByPerson, Switch, SwitchMoved
from engine.governor.reasons import AtCap, CapacityHold, InNeutralBand, StarvationGuarded, UsdRunwayBreached
from engine.grid.events import OrderTurnedDown
from engine.grid.limits import DailyLossReached
from engine.grid.ports import PostOnlyRejected
from engine.grid.slot import Trade
from gui.sentences import sentence, word
from gui.sentences.events import _WRITERS, Severity, event_severity
from gui.sentences.reasons import SENTENCES
from gui.sentences.words import WORDS


def modules_of(*packages: ModuleType) -> Iterator[ModuleType]:
    for package in packages:
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def declared_in(kind: type, *packages: ModuleType) -> list[type]:
    """The subclasses as their modules export them: `slots=True` makes each class anew and leaves the first about."""
    modules = {module.__name__: module for module in modules_of(*packages)}
    found: list[type] = []
    left = [kind]
    while left:
        left += (children := left.pop().__subclasses__())
        found += [child for child in children if getattr(modules.get(child.__module__), child.__name__, None) is child]
    return sorted(set(found), key=lambda child: (child.__module__, child.__name__))


ROOMS = (engine.core, engine.desk, engine.governor, engine.grid, engine.venue)
REASONS = [reason for reason in declared_in(Reason, *ROOMS) if reason.code]
EVENTS = declared_in(Event, *ROOMS)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.code)
def test_every_reason_has_a_sentence_that_uses_only_its_own_numbers(reason: type[Reason]) -> None:
    assert reason.code in SENTENCES, f"{reason.__module__}.{reason.__name__} has no sentence in gui/sentences"
    used = {name for _, name, _, _ in string.Formatter().parse(SENTENCES[reason.code]) if name}
    assert used <= {field.name for field in dataclasses.fields(reason)}


def test_every_sentence_belongs_to_a_reason() -> None:
    assert set(SENTENCES) <= {reason.code for reason in REASONS}


def test_no_two_reasons_share_a_code() -> None:
    codes = [reason.code for reason in REASONS]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_every_event_has_a_writer(event: type[Event]) -> None:
    assert event in _WRITERS, f"{event.__module__}.{event.__name__} has no sentence in gui/sentences/events.py"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (AtCap(0.30), "The skew is as large as it may be (±30%)."),
        (
            InNeutralBand(-0.02, 0.05),
            "The smoothed error (−2.0 points) is inside the neutral band (±5.0 points); both sides at base size.",
        ),
        (CapacityHold("caution"), "The grid is near its order limits (capacity: Caution), so nothing is skewed."),
        (
            UsdRunwayBreached(Decimal("12.5"), Decimal("20.625")),
            "USD ($12.50) is below its runway floor ($20.62); buys stay at base size.",
        ),
        (
            StarvationGuarded(Decimal("1.9"), Decimal("1.7"), Decimal("3.35")),
            "$1.70 instead of $1.90, so that a base size of the $3.35 that is free stays for the other side.",
        ),
        (
            DailyLossReached(Decimal("-3.02"), Decimal("3")),
            "Today's realised result is −$3.02, at the daily limit of $3.00. "
            "No entry is placed until the UTC day ends.",
        ),
        (
            OrderTurnedDown(2, Trade.B, PostOnlyRejected(), 15.0),
            "Slot 2, side B: not taken, tried again in 15 s. The price had moved, so the order would have taken "
            "liquidity; it is priced again.",
        ),
        (AskedByPerson("panel"), "A person asked for it in the panel."),
    ],
)
def test_numbers_are_written_in_their_unit(reason: Reason, said: str) -> None:
    assert sentence(reason) == said


def test_a_reason_without_words_is_shown_with_its_numbers_rather_than_hidden() -> None:
    @dataclasses.dataclass(frozen=True, slots=True)
    class Unforeseen(Reason, code="unforeseen_by_the_panel"):
        count: int

    assert sentence(Unforeseen(3)) == "unforeseen_by_the_panel (count: 3)"


def test_a_stop_that_no_person_asked_for_is_grave() -> None:
    asked = SwitchMoved(at_s=1.0, before=Switch.RUNNING, after=Switch.STOPPED, why=AskedByPerson("panel"))
    fell = dataclasses.replace(asked, why=CapacityHold("stop"))
    assert (event_severity(asked), event_severity(fell)) == (Severity.WARNING, Severity.GRAVE)


@pytest.mark.parametrize("text", sorted(WORDS))
def test_words_are_not_empty(text: str) -> None:
    assert word(text)
