"""Alerts told on a real bus by the real keeper of alerts, on a journal of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.journal import Journal
from engine.core.messages import Event
from engine.core.mirror_messages import MirrorLost, StoreUnreachable
from engine.core.modes import GuardRaised, Switch, SwitchMoved
from engine.core.supervisor import EngineCrashed
from engine.desk.alerting import Alerting
from engine.drift.alerts import Alert, AlertKind
from engine.drift.messages import AlertRaised
from engine.grid.limits import DailyLossReached
from engine.grid.messages import GridNote, Halted
from engine.hub.messages import HubHalted


@asynccontextmanager
async def alerting(folder: Path, bus: Bus, clock: Clock) -> AsyncIterator[Alerting]:
    """The desk's own keeper of alerts."""
    journal = Journal(folder / "journal.sqlite", "test")
    await asyncio.to_thread(journal.open)
    keeper = Alerting(bus, journal, clock)
    await keeper.start()
    try:
        yield keeper
    finally:
        await keeper.close()
        await asyncio.to_thread(journal.close)


def crash(engine: str = "grid", at_s: float = 5.0) -> EngineCrashed:
    """An engine's crash."""
    return EngineCrashed(at_s=at_s, engine=engine, error="ValueError: no", again_in_s=1.0)


def every_kind(now_s: float) -> list[Event]:
    """One event of each engine that asks for attention, oldest first."""
    stopped = SwitchMoved(
        at_s=now_s - 340, before=Switch.RUNNING, after=Switch.STOPPED, why=GuardRaised("journal", "disk full")
    )
    return [
        MirrorLost(at_s=now_s - 900, reason=StoreUnreachable("db.example.net", 5432, "connection refused")),
        AlertRaised(at_s=now_s - 700, alert=Alert(AlertKind.HIGH_DRIFT, "main", 0.31, 0.25, now_s - 700)),
        GridNote(at_s=now_s - 500, reason=DailyLossReached(Decimal("-3.02"), Decimal("3")), grave=True),
        crash("drift", now_s - 420),
        crash("drift", now_s - 400),
        stopped,
        GridNote(at_s=now_s - 200, reason=Halted("slot 3 holds 12 DOGE more than the exchange"), grave=True),
        HubHalted(at_s=now_s - 60, reason=Halted("a batch is not known")),
    ]
