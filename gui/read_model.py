"""What the panel knows: the latest snapshots, what is plotted of them, and the recent events, in bounded memory.

It listens to the bus at all times, so that nothing is missed while the window is hidden; widgets read from it when
they are drawn, four times a second, and hold no engine state of their own.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from engine.core.bus import Bus
from engine.core.messages import Event, Snapshot
from engine.core.mirror_messages import MirrorCaughtUp, MirrorLost, MirrorRewound, MirrorSnapshot
from engine.core.modes import ModeSnapshot, SwitchMoved
from engine.core.series import Series
from engine.core.supervisor import EngineCrashed, EngineSnapshot
from engine.core.troubles import Trouble, TroublesSnapshot
from engine.desk.messages import DeskNote, StatusPageSnapshot
from engine.drift.messages import AlertRaised, PlanDropped, PlanProposed, PlanSent, Rebalanced
from engine.governor.messages import ClockSteppedBack, GapObserved, GovernorSnapshot, OscillationDamped, SkewChanged
from engine.grid.messages import FillBooked, GridNote, GridSnapshot, OrderPlaced, RoundTripBooked
from gui.drift.known import KnownDrift
from gui.plots.happenings import Happenings
from gui.sentences.events import Severity, event_severity

SnapshotT = TypeVar("SnapshotT", bound=Snapshot)

EVENTS_KEPT = 500
FILLS_KEPT = 500
ALERTS_KEPT = 200
POINTS_KEPT = 16_384
GAP_S = 900.0


class Plotted(Enum):
    """Every quantity that is kept over time."""

    IDLE_RATIO = "idle_ratio"
    TARGET = "target"
    SMOOTHED_ERROR = "smoothed_error"
    VELOCITY = "velocity"
    SKEW = "skew"
    CAP_HIGH = "cap_high"
    CAP_LOW = "cap_low"
    SIZE_MULT_A = "size_mult_a"
    SIZE_MULT_B = "size_mult_b"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that asks for the operator's attention."""

    event: Event
    severity: Severity


_ENGINE_OF: tuple[tuple[str, tuple[type[Event], ...]], ...] = (
    ("governor", (SkewChanged, OscillationDamped, GapObserved, ClockSteppedBack)),
    ("grid", (OrderPlaced, FillBooked, RoundTripBooked, GridNote)),
    ("drift", (PlanProposed, PlanSent, PlanDropped, Rebalanced, AlertRaised)),
    ("desk", (SwitchMoved, DeskNote, MirrorLost, MirrorCaughtUp, MirrorRewound)),
)


HAPPENED: dict[Plotted, tuple[type[Event], ...]] = {
    Plotted.IDLE_RATIO: (OrderPlaced, FillBooked),
    Plotted.SKEW: (SkewChanged, OscillationDamped),
    Plotted.SIZE_MULT_B: (OrderPlaced, FillBooked),
    Plotted.SMOOTHED_ERROR: (SkewChanged, OscillationDamped),
    Plotted.VELOCITY: (GapObserved, ClockSteppedBack),
}
"""What is drawn as a sign on a quantity's plot."""


class ReadModel:
    """One session as the panel sees it. `follow` takes in events until it is cancelled; `close` stops listening."""

    def __init__(self, bus: Bus) -> None:
        self.mode: ModeSnapshot | None = None
        self.governor: GovernorSnapshot | None = None
        self.grid: GridSnapshot | None = None
        self.mirror: MirrorSnapshot | None = None
        self.status_page: StatusPageSnapshot | None = None
        self.engines: dict[str, EngineSnapshot] = {}
        self.troubles: dict[str, TroublesSnapshot] = {}
        self.series = {what: Series(gap_s=GAP_S, max_points=POINTS_KEPT) for what in Plotted}
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self.fills: deque[FillBooked] = deque(maxlen=FILLS_KEPT)
        self.alerts: deque[Alert] = deque(maxlen=ALERTS_KEPT)
        self.last_action: dict[str, Event] = {}
        self.happened = {on: Happenings() for on in HAPPENED}
        self.revision = 0
        self._mode_watchers: list[Callable[[ModeSnapshot], None]] = []
        self._grid_watchers: list[Callable[[GridSnapshot], None]] = []
        self.drift = KnownDrift(bus, self._changed)
        self._reader = bus.read()
        self._stops = [
            self._watch(bus, ModeSnapshot, self._take_mode),
            self._watch(bus, GovernorSnapshot, self._take_governor),
            self._watch(bus, GridSnapshot, self._take_grid),
            self._watch(bus, MirrorSnapshot, self._take_mirror),
            self._watch(bus, StatusPageSnapshot, self._take_status_page),
            bus.watch(EngineSnapshot, self._take_engine),
            bus.watch(TroublesSnapshot, self._take_troubles),
        ]
        for engine in ("governor", "grid", "drift"):
            known = bus.latest(EngineSnapshot, engine)
            if known is not None:
                self._take_engine(known)
            waiting = bus.latest(TroublesSnapshot, engine)
            if waiting is not None:
                self._take_troubles(waiting)

    @property
    def waiting(self) -> tuple[Trouble, ...]:
        """Everything that waits for a person."""
        return tuple(trouble for known in self.troubles.values() for trouble in known.troubles)

    async def follow(self) -> None:
        """Take in events as they come, window hidden or not."""
        while True:
            self.take(await self._reader.next())

    def take(self, events: Iterable[Event]) -> None:
        """Keep these events, newest last."""
        for event in events:
            self._take(event)
        self.revision += 1

    def on_mode(self, watcher: Callable[[ModeSnapshot], None]) -> None:
        """Tell `watcher` of each acknowledged mode at once, and of the one that holds now."""
        self._mode_watchers.append(watcher)
        if self.mode is not None:
            watcher(self.mode)

    def on_grid(self, watcher: Callable[[GridSnapshot], None]) -> None:
        """Tell `watcher` of each snapshot of the grid at once."""
        self._grid_watchers.append(watcher)

    def close(self) -> None:
        """Stop listening."""
        for stop in self._stops:
            stop()
        self._stops = []
        self.drift.close()
        self._reader.close()

    def _changed(self) -> None:
        self.revision += 1

    @staticmethod
    def _watch(bus: Bus, kind: type[SnapshotT], take: Callable[[SnapshotT], None]) -> Callable[[], None]:
        known = bus.latest(kind)
        if known is not None:
            take(known)
        return bus.watch(kind, take)

    def _take_mode(self, snapshot: ModeSnapshot) -> None:
        self.mode = snapshot
        self.revision += 1
        for watcher in self._mode_watchers:
            watcher(snapshot)

    def _take_governor(self, snapshot: GovernorSnapshot) -> None:
        self.governor = snapshot
        self.revision += 1
        values = {
            Plotted.IDLE_RATIO: snapshot.idle_ratio,
            Plotted.TARGET: snapshot.target_idle_ratio,
            Plotted.SMOOTHED_ERROR: snapshot.smoothed_error,
            Plotted.VELOCITY: snapshot.velocity,
            Plotted.SKEW: snapshot.skew,
            Plotted.CAP_HIGH: snapshot.cap,
            Plotted.CAP_LOW: -snapshot.cap,
            Plotted.SIZE_MULT_A: snapshot.size_mult_a,
            Plotted.SIZE_MULT_B: snapshot.size_mult_b,
        }
        for what, value in values.items():
            self.series[what].append(snapshot.at_s, math.nan if value is None else value)

    def _take_grid(self, snapshot: GridSnapshot) -> None:
        self.grid = snapshot
        self.revision += 1
        price = math.nan if snapshot.price is None else float(snapshot.price)
        self.series[Plotted.PRICE].append(snapshot.at_s, price)
        for watcher in self._grid_watchers:
            watcher(snapshot)

    def _take_mirror(self, snapshot: MirrorSnapshot) -> None:
        self.mirror = snapshot
        self.revision += 1

    def _take_status_page(self, snapshot: StatusPageSnapshot) -> None:
        self.status_page = snapshot
        self.revision += 1

    def _take_engine(self, snapshot: EngineSnapshot) -> None:
        self.engines[snapshot.engine] = snapshot
        self.revision += 1

    def _take_troubles(self, snapshot: TroublesSnapshot) -> None:
        self.troubles[snapshot.engine] = snapshot
        self.revision += 1

    def _take(self, event: Event) -> None:
        self.events.append(event)
        self.drift.take(event)
        if isinstance(event, FillBooked):
            self.fills.append(event)
        severity = event_severity(event)
        if severity is not Severity.INFO:
            self.alerts.append(Alert(event, severity))
        for on, kinds in HAPPENED.items():
            if isinstance(event, kinds):
                self.happened[on].take(event)
        if isinstance(event, EngineCrashed):
            self.last_action[event.engine] = event
        for engine, kinds in _ENGINE_OF:
            if isinstance(event, kinds):
                self.last_action[engine] = event
