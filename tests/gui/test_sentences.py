"""Every reason and event that an engine can send has words (style page, "A reason is data")."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import pkgutil
import string
from collections.abc import Iterator
from decimal import Decimal
from types import ModuleType

import pytest

import engine.chain
import engine.core
import engine.desk
import engine.drift
import engine.governor
import engine.grid
import engine.hub
import engine.notify
import engine.venue
from engine.chain.life import FeesAboveCap, Final
from engine.core.gate import ModeHolds
from engine.core.messages import Event, Reason
from engine.core.modes import AskedByPerson, Mode, Switch, SwitchMoved
from engine.drift.alerts import Alert, AlertKind
from engine.drift.legs import Oversize
from engine.drift.messages import (
    AlertRaised,
    Dismissed,
    HeldAtGate,
    NotConfirmedInTime,
    NothingWatched,
    PlanDropped,
    PlanProposed,
    PortfolioState,
    SimulationReverted,
)
from engine.drift.options import Confirm, PriceSource
from engine.drift.prices import PricesDisagree, PriceStale
from engine.drift.reasons import BelowMinimum, DestinationMoved, EndsOutside, Unhealthy, WithinThreshold
from engine.drift.records import Status
from engine.governor.reasons import AtCap, CapacityHold, InNeutralBand, StarvationGuarded, UsdRunwayBreached
from engine.grid.events import OrderTurnedDown
from engine.grid.limits import DailyLossReached
from engine.grid.ports import PostOnlyRejected
from engine.grid.slot import Trade
from gui.sentences import sentence, word
from gui.sentences.events import _WRITERS, Severity, event_sentence, event_severity
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


ROOMS = (
    engine.core,
    engine.desk,
    engine.governor,
    engine.grid,
    engine.venue,
    engine.drift,
    engine.hub,
    engine.chain,
    engine.notify,
)
REASONS = [reason for reason in declared_in(Reason, *ROOMS) if reason.code]
EVENTS = declared_in(Event, *ROOMS)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.code)
def test_every_reason_has_a_sentence_that_uses_only_its_own_numbers(reason: type[Reason]) -> None:
    assert reason.code in SENTENCES, f"{reason.__module__}.{reason.__name__} has no sentence in engine/desk/sentences"
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
        (
            WithinThreshold(0.1234, 0.15),
            "The largest drift is 12.34%, within the threshold of 15.00%: it is left as it is.",
        ),
        (
            PricesDisagree(Decimal("61234.123"), Decimal("59000"), 0.0379, 0.02),
            "The sources disagree: $61,234.12 and $59,000.00 are 3.79% apart (limit 2.00%).",
        ),
        (
            PriceStale("second", 400.0, 300.0),
            "The newest price from the second source is 6 min 40 s old (limit 5 min 00 s).",
        ),
        (Unhealthy("OFF_PEG"), "Not traded (Off its peg); its value counts in the total."),
        (EndsOutside(-0.0123, 0.0), "After the plan it is still off by −1.23% (destination ±0.00%)."),
        (
            DestinationMoved(0.412, 0.4),
            "What cannot be traded keeps its value, so the destination here is a share of 41.20% instead of 40.00%.",
        ),
        (
            BelowMinimum(Decimal("12.345"), Decimal(50)),
            "A trade of $12.34 would be below the minimum of $50.00 and is left out.",
        ),
        (SimulationReverted(0, "K"), "Tried on a copy of the newest block, it failed (K); nothing was sent."),
        (SimulationReverted(2, "K"), "Tried on a copy of the newest block, swap 2 failed (K); nothing was sent."),
        (HeldAtGate(ModeHolds(Mode.OBSERVE)), "Held back: Nothing leaves in mode Observe."),
        (NothingWatched("portfolios.toml"), "No portfolio is listed in portfolios.toml yet. Add one there."),
        (
            FeesAboveCap(31_500_000_000, 25_000_000_000),
            "Gas costs 31.5 gwei, above the cap of 25 gwei. It waits and goes on by itself when gas is cheaper.",
        ),
        (Final(812, succeeded=False), "Final in block 812: it reverted."),
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


def test_a_plan_that_a_person_dismissed_asks_for_nothing_and_one_that_nobody_confirmed_does() -> None:
    dismissed = PlanDropped(at_s=1.0, portfolio="main", plan="ab12", reason=Dismissed())
    late = dataclasses.replace(dismissed, reason=NotConfirmedInTime(300.0))
    proposed = PlanProposed(at_s=1.0, portfolio="main", plan="ab12")
    assert [event_severity(event) for event in (dismissed, late, proposed)] == [
        Severity.INFO,
        Severity.WARNING,
        Severity.WARNING,
    ]
    assert event_sentence(late) == "main: plan ab12 not sent. Nobody confirmed the plan within 5 min 00 s; " + (
        "nothing was sent."
    )


@pytest.mark.parametrize(
    ("kind", "value", "limit", "severity", "said"),
    [
        (AlertKind.HIGH_DRIFT, 0.31, 0.25, Severity.WARNING, "main: out of balance by 31.0% (alert above 25.0%)."),
        (
            AlertKind.HIGH_GAS_COST,
            2.4,
            2.0,
            Severity.WARNING,
            "main: gas cost ×2.40 what was expected (alert above ×2.00).",
        ),
        (
            AlertKind.REBALANCE_FAILED,
            1.0,
            0.5,
            Severity.GRAVE,
            "main: the rebalance failed on the chain. See its transaction in the history.",
        ),
    ],
)
def test_an_alert_of_drift_says_what_passed_which_limit(
    kind: AlertKind, value: float, limit: float, severity: Severity, said: str
) -> None:
    """Drift spec 17."""
    event = AlertRaised(at_s=1.0, alert=Alert(kind, "main", value, limit, 1.0))
    assert (event_severity(event), event_sentence(event)) == (severity, said)


@pytest.mark.parametrize(
    "value", [*PortfolioState, *AlertKind, *Status, *Oversize, *PriceSource, *Confirm], ids=lambda value: value.name
)
def test_every_value_that_drift_shows_has_a_word(value: enum.Enum) -> None:
    assert value.value in WORDS


@pytest.mark.parametrize("text", sorted(WORDS))
def test_words_are_not_empty(text: str) -> None:
    assert word(text)
