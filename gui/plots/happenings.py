"""What the engines did, on the time axis of a plot: kept in bounded memory, in time order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from enum import Enum
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from engine.core.messages import Event
from engine.drift.messages import PlanSent, Rebalanced
from engine.drift.records import Status
from engine.governor.messages import OscillationDamped, SkewChanged
from engine.grid.messages import FillBooked, OrderPlaced
from engine.hub.messages import BatchEnded, BatchSent, HubHalted
from gui.sentences.events import Severity, event_severity
from gui.theme import Tone

KEPT = 2000
_WHEN = attrgetter("at_s")


class Shape(Enum):
    """How a happening is drawn; what it means never hangs on the colour alone."""

    UP = "up"
    DOWN = "down"
    RING = "ring"
    DIAMOND = "diamond"
    SQUARE = "square"
    CROSS = "cross"


class Sign(NamedTuple):
    """The look of a happening."""

    shape: Shape
    tone: Tone


_WEIGHTS = {Shape.CROSS: 3, Shape.SQUARE: 2, Shape.DIAMOND: 1}


class Happenings:
    """Events in time order, each once, the newest `kept` of them. revision: grows with each change."""

    def __init__(self, kept: int = KEPT) -> None:
        self.revision = 0
        self._kept = kept
        self._events: list[Event] = []
        self._laid_out_for = -1
        self._times = np.empty(0)
        self._weights = np.empty(0, np.int64)
        self._signs: list[Sign] = []

    def __len__(self) -> int:
        return len(self._events)

    def take(self, event: Event) -> None:
        """Keep `event`, unless it is kept already."""
        same_time = self.between(event.at_s, event.at_s)
        if event in same_time:
            return
        insort(self._events, event, key=_WHEN)
        del self._events[: -self._kept]
        self.revision += 1

    def show(self, events: Iterable[Event]) -> None:
        """Keep these and no other."""
        wanted = sorted(events, key=_WHEN)[-self._kept :]
        if wanted != self._events:
            self._events = wanted
            self.revision += 1

    def between(self, start_s: float, end_s: float) -> list[Event]:
        """What happened from `start_s` to `end_s`, both included."""
        lo, hi = bisect_left(self._events, start_s, key=_WHEN), bisect_right(self._events, end_s, key=_WHEN)
        return self._events[lo:hi]

    def heaviest(self, start_s: float, end_s: float, slot_s: float) -> list[tuple[float, Sign]]:
        """Time and sign of what matters most in each slot of `slot_s` that has anything."""
        if self._laid_out_for != self.revision:
            self._laid_out_for = self.revision
            self._times = np.array([event.at_s for event in self._events])
            self._signs = [sign_of(event) for event in self._events]
            self._weights = np.array([_WEIGHTS.get(sign.shape, 0) for sign in self._signs], np.int64)
        lo, hi = np.searchsorted(self._times, (start_s, end_s))
        slots = np.floor(self._times[lo:hi] / slot_s)
        ranked = np.lexsort((-self._weights[lo:hi], slots))
        first = ranked[np.flatnonzero(np.diff(slots[ranked], prepend=-np.inf) > 0)] + lo
        return [(float(self._times[at]), self._signs[at]) for at in first.tolist()]

    def after(self, t_s: float) -> Event | None:
        """The first that happened later than `t_s`."""
        at = bisect_right(self._events, t_s, key=_WHEN)
        return self._events[at] if at < len(self._events) else None

    def before(self, t_s: float) -> Event | None:
        """The last that happened earlier than `t_s`."""
        at = bisect_left(self._events, t_s, key=_WHEN)
        return self._events[at - 1] if at else None


def sign_of(event: Event) -> Sign:
    """How `event` is drawn; one that nobody foresaw is a square."""
    severity = event_severity(event)
    match event:
        case HubHalted():
            return Sign(Shape.CROSS, Tone.DANGER)
        case Rebalanced(record=record) if record.status is Status.FAILED:
            return Sign(Shape.CROSS, Tone.DANGER)
        case FillBooked(side=side):
            return Sign(Shape.UP, Tone.PAPER) if side.value == "buy" else Sign(Shape.DOWN, Tone.OBSERVE)
        case OrderPlaced(side=side):
            return Sign(Shape.RING, Tone.PAPER if side.value == "buy" else Tone.OBSERVE)
        case SkewChanged() | Rebalanced():
            return Sign(Shape.DIAMOND, Tone.ACTING)
        case OscillationDamped():
            return Sign(Shape.SQUARE, Tone.DAMPED)
        case BatchSent() | PlanSent():
            return Sign(Shape.RING, Tone.PAPER)
        case BatchEnded() if severity is Severity.INFO:
            return Sign(Shape.DIAMOND, Tone.ACTING)
        case BatchEnded():
            return Sign(Shape.CROSS, Tone.DANGER if severity is Severity.GRAVE else Tone.DAMPED)
    return Sign(Shape.SQUARE, Tone.NEUTRAL)
