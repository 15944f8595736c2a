"""What `plain` made of a message becomes the same message again, or is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.core.messages import Event, plain
from engine.core.modes import AskedByPerson, Switch, SwitchMoved
from engine.core.revival import NotRevived, revived_by_name
from engine.core.supervisor import EngineCrashed
from engine.drift.alerts import Alert, AlertKind
from engine.drift.messages import AlertRaised
from engine.grid.limits import DailyLossReached
from engine.grid.messages import GridNote

EVENTS = (
    SwitchMoved(at_s=1.5, before=Switch.RUNNING, after=Switch.STOPPED, why=AskedByPerson("panel")),
    GridNote(at_s=2.0, reason=DailyLossReached(Decimal("-3.02"), Decimal("3")), grave=True),
    AlertRaised(at_s=3.0, alert=Alert(AlertKind.HIGH_DRIFT, "main", 0.31, 0.25, 3.0)),
    EngineCrashed(at_s=4.0, engine="grid", error="ValueError: no", again_in_s=1.0),
)


def name_of(event: Event) -> str:
    return f"{type(event).__module__}.{type(event).__qualname__}"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    assert revived_by_name(Event, name_of(event), plain(event)) == event


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("engine.core.modes.Gone", {}),
        ("engine.core.modes.SwitchMoved", {"at_s": 1.0}),
        ("engine.core.modes.SwitchMoved", []),
        ("engine.core.modes.SwitchMoved", {**plain(EVENTS[0]), "after": "sideways"}),
        ("engine.core.modes.SwitchMoved", {**plain(EVENTS[0]), "why": {"code": "never_heard_of"}}),
        ("engine.core.supervisor.EngineCrashed", {**plain(EVENTS[3]), "again_in_s": "soon"}),
    ],
)
def test_what_does_not_fit_is_refused(name: str, data: object) -> None:
    with pytest.raises(NotRevived):
        revived_by_name(Event, name, data)
