"""How much an event asks of the operator; the panel, its notifications and the webhook all go by this."""

from __future__ import annotations

from enum import Enum

from engine.core.bus import EventsLost
from engine.core.messages import Event
from engine.core.mirror_messages import MirrorLost, MirrorRewound
from engine.core.modes import AskedByPerson, Switch, SwitchMoved
from engine.core.supervisor import EngineCrashed
from engine.desk.messages import DeskNote, StatusPageRefused, WebhookNotReady
from engine.drift.alerts import AlertKind
from engine.drift.messages import AlertRaised, Dismissed, PlanDropped, PlanProposed
from engine.drift.reasons import WithinThreshold
from engine.governor.messages import ClockSteppedBack, GapObserved, OscillationDamped
from engine.grid.conditions import OrderBelowMinimum
from engine.grid.events import (
    CancelledByOther,
    EnlargedByOther,
    InventoryAbandoned,
    MovedByOther,
    ReducedByOther,
    TooSmallToClose,
)
from engine.grid.messages import ForeignNotCancelled, GridNote, OrderSetAside, RoundTripBooked, RulesChanged
from engine.grid.picture import CannotBeTraded, UnexplainedChange
from engine.grid.volatility import FewExitsFill
from engine.hub.messages import BatchEnded, HubHalted, ItemDropped, RequestEnded, SoftLimitSet
from engine.hub.records import BatchStatus


class Severity(Enum):
    """How much an event asks of the operator: nothing, attention, action."""

    INFO = "info"
    WARNING = "warning"
    GRAVE = "grave"


_BATCH_SEVERITIES = {
    BatchStatus.SETTLED: Severity.INFO,
    BatchStatus.UNSENT: Severity.WARNING,
    BatchStatus.REVERTED: Severity.GRAVE,
    BatchStatus.REPLACED: Severity.GRAVE,
}


_WORTH_A_LOOK = (
    EnlargedByOther,
    ReducedByOther,
    MovedByOther,
    CancelledByOther,
    TooSmallToClose,
    UnexplainedChange,
    CannotBeTraded,
    RulesChanged,
    OrderSetAside,
    ForeignNotCancelled,
)
"""What somebody else did to the account or the exchange to its rules: told even where nothing waits for a person."""


def event_severity(event: Event) -> Severity:
    """How much `event` asks of the operator."""
    match event:
        case SwitchMoved(after=Switch.STOPPED, why=why):
            return Severity.WARNING if isinstance(why, AskedByPerson) else Severity.GRAVE
        case GridNote(reason=reason) if isinstance(reason, _WORTH_A_LOOK):
            return Severity.WARNING if not event.grave else Severity.GRAVE
        case GridNote(grave=True) | DeskNote(grave=True) | EngineCrashed():
            return Severity.GRAVE
        case DeskNote(reason=StatusPageRefused() | WebhookNotReady()) | MirrorLost() | MirrorRewound():
            return Severity.WARNING
        case SwitchMoved() | OscillationDamped() | GapObserved() | ClockSteppedBack() | EventsLost():
            return Severity.WARNING
        case RoundTripBooked(evicted=True):
            return Severity.WARNING
        case GridNote(reason=OrderBelowMinimum() | FewExitsFill() | InventoryAbandoned()):
            return Severity.WARNING
        case AlertRaised(alert=alert):
            return Severity.GRAVE if alert.kind is AlertKind.REBALANCE_FAILED else Severity.WARNING
        case PlanDropped(reason=Dismissed() | WithinThreshold()):
            return Severity.INFO
        case PlanProposed() | PlanDropped():
            return Severity.WARNING
        case BatchEnded(record=record):
            return _BATCH_SEVERITIES[record.status]
        case HubHalted():
            return Severity.GRAVE
        case ItemDropped() | RequestEnded():
            return Severity.WARNING
        case SoftLimitSet(stops=stops):
            return Severity.INFO if stops is None else Severity.WARNING
    return Severity.INFO
