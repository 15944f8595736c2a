"""What the panel knows of the hub engine, in bounded memory however long it runs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable

from engine.core.bus import Bus
from engine.core.messages import Event
from engine.core.series import Series
from engine.core.supervisor import EngineCrashed, EngineSnapshot
from engine.hub.messages import (
    BatchEnded,
    BatchSent,
    HubHalted,
    HubSnapshot,
    ItemDropped,
    PullAsked,
    RequestAccepted,
    RequestEnded,
    SoftLimitSet,
)
from engine.hub.records import BatchRecord
from gui.plots.happenings import Happenings

ENGINE = "hub"
RECORDS_KEPT = 500
POINTS_KEPT = 16_384
GAP_S = 900.0
HUB_EVENTS: tuple[type[Event], ...] = (
    RequestAccepted,
    RequestEnded,
    BatchSent,
    BatchEnded,
    ItemDropped,
    SoftLimitSet,
    PullAsked,
    HubHalted,
)


class KnownHub:
    """Listens to the bus until `close`; `follow` takes in events until it is cancelled.

    snapshot: None before the engine told anything. life: whether it runs, None before that was told. gas_gwei,
    soft_limit_usd, minimum_usd: over time. happened: batches, for the time axis. monotonic: seconds of a clock that
    is never set.
    """

    def __init__(self, bus: Bus, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.snapshot: HubSnapshot | None = None
        self.life: EngineSnapshot | None = None
        self.last_action: Event | None = None
        self.revision = 0
        self.happened = Happenings(RECORDS_KEPT)
        self.gas_gwei, self.soft_limit_usd, self.minimum_usd = _series(), _series(), _series()
        self._monotonic = monotonic
        self._heard_s = 0.0
        self._records: dict[tuple[float, int, str], BatchRecord] = {}
        for kind, topic in ((HubSnapshot, ""), (EngineSnapshot, ENGINE)):
            known = bus.latest(kind, topic)
            if known is not None:
                self._take_snapshot(known)
        self._reader = bus.read(*HUB_EVENTS, EngineCrashed)
        self._stops = [bus.watch(kind, self._take_snapshot) for kind in (HubSnapshot, EngineSnapshot)]

    @property
    def silent_s(self) -> float | None:
        """How long ago the engine was last heard of; None before it was."""
        return None if self.snapshot is None else max(0.0, self._monotonic() - self._heard_s)

    @property
    def now_s(self) -> float:
        """The engine's own clock, which runs on between two of its words; the machine's before the first."""
        return time.time() if self.snapshot is None else self.snapshot.at_s + (self.silent_s or 0.0)

    @property
    def records(self) -> list[BatchRecord]:
        """What came of the newest batches, newest first."""
        return sorted(self._records.values(), key=lambda record: (record.at_s, record.nonce), reverse=True)

    async def follow(self) -> None:
        """Take in events as they come, window hidden or not."""
        while True:
            self.take(await self._reader.next())

    def take(self, events: Iterable[Event]) -> None:
        """Keep what these events tell, newest last."""
        for event in events:
            if isinstance(event, BatchEnded):
                self._keep(event.record)
            elif isinstance(event, BatchSent | HubHalted):
                self.happened.take(event)
            if isinstance(event, HUB_EVENTS) or (isinstance(event, EngineCrashed) and event.engine == ENGINE):
                self.last_action = event
        self.revision += 1

    def close(self) -> None:
        """Stop listening."""
        for stop in self._stops:
            stop()
        self._stops = []
        self._reader.close()

    def _take_snapshot(self, snapshot: HubSnapshot | EngineSnapshot) -> None:
        if isinstance(snapshot, HubSnapshot):
            self._take_hub(snapshot)
        elif snapshot.engine == ENGINE:
            self.life = snapshot
            self.revision += 1

    def _take_hub(self, snapshot: HubSnapshot) -> None:
        self.snapshot, self._heard_s = snapshot, self._monotonic()
        for record in snapshot.recent[-RECORDS_KEPT:]:
            self._keep(record)
        gas = snapshot.gas
        for series, value in (
            (self.gas_gwei, None if gas is None else gas.price_gwei),
            (self.soft_limit_usd, None if gas is None else gas.soft_limit_usd),
            (self.minimum_usd, None if gas is None else gas.effective_usd),
        ):
            series.append(snapshot.at_s, math.nan if value is None else float(value))
        self.revision += 1

    def _keep(self, record: BatchRecord) -> None:
        key = (record.at_s, record.nonce, record.transaction_hash)
        if key not in self._records:
            self.happened.take(BatchEnded(at_s=record.at_s, record=record))
        self._records[key] = record
        if len(self._records) > RECORDS_KEPT:
            del self._records[min(self._records)]


def _series() -> Series:
    return Series(gap_s=GAP_S, max_points=POINTS_KEPT)
