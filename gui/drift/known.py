"""What the panel knows of the drift engine, in bounded memory however many portfolios there are."""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.core.bus import Bus
from engine.core.messages import Event
from engine.core.series import Series
from engine.drift.messages import (
    DriftSnapshot,
    PlanDropped,
    PlanSent,
    PlanView,
    PortfolioSnapshot,
    PortfolioState,
    Rebalanced,
)
from engine.drift.records import RebalanceRecord

RECORDS_KEPT = 2000
SERIES_KEPT = 64
POINTS_KEPT = 4096
GAP_S = 900.0


class KnownDrift:
    """Listens to the bus until `close`; events are handed in with `take`.

    engine: None before the engine told anything. largest: the largest drift of all portfolios over time. changed: is
    called with each change.
    """

    def __init__(self, bus: Bus, changed: Callable[[], None]) -> None:
        self.engine: DriftSnapshot | None = None
        self.revision = 0
        self.largest = _series()
        self._changed = changed
        self._watchers: list[Callable[[], None]] = []
        self._portfolios: dict[str, PortfolioSnapshot] = {}
        self._records: dict[tuple[str, str], RebalanceRecord] = {}
        self._series: dict[str, Series] = {}
        self._ended: dict[str, str] = {}
        known = bus.latest(DriftSnapshot)
        if known is not None:
            for row in known.rows:
                portfolio = bus.latest(PortfolioSnapshot, row.name)
                if portfolio is not None:
                    self._take_portfolio(portfolio)
            self._take_engine(known)
        self._stops = [bus.watch(DriftSnapshot, self._take_engine), bus.watch(PortfolioSnapshot, self._take_portfolio)]

    @property
    def now_s(self) -> float | None:
        """The engine's own clock, as it was last heard of."""
        return None if self.engine is None else self.engine.at_s

    def portfolio(self, name: str) -> PortfolioSnapshot | None:
        """One portfolio as it was last told in full; None for one that is not watched or was not told yet."""
        return self._portfolios.get(name)

    def records(self, name: str) -> list[RebalanceRecord]:
        """What came of a portfolio's plans, newest first."""
        found = [record for (portfolio, _), record in self._records.items() if portfolio == name]
        return sorted(found, key=lambda record: record.at_s, reverse=True)

    def series(self, name: str) -> Series:
        """A portfolio's drift over time, kept from now on at the latest."""
        if name not in self._series:
            if len(self._series) >= SERIES_KEPT:
                del self._series[next(iter(self._series))]
            self._series[name] = _series()
            if name in self._portfolios:
                self._plot(self._portfolios[name])
        return self._series[name]

    def waiting_plan(self, name: str) -> PlanView | None:
        """The plan of a portfolio that waits for a person, as far as the engine has said."""
        known = self._portfolios.get(name)
        if known is None or known.plan is None or known.state is not PortfolioState.PROPOSED:
            return None
        late = max(known.at_s, self.now_s or known.at_s) > known.plan.valid_until_s
        return None if late or self._ended.get(name) == known.plan.id else known.plan

    def on_change(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` with each change; it must be quick."""
        self._watchers.append(watcher)

    def take(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case Rebalanced(record=record):
                self._keep(record)
            case PlanDropped(portfolio=portfolio, plan=plan) | PlanSent(portfolio=portfolio, plan=plan):
                self._ended[portfolio] = plan
            case _:
                return
        self._has_changed()

    def close(self) -> None:
        """Stop listening."""
        for stop in self._stops:
            stop()
        self._stops = []
        self._watchers = []

    def _take_engine(self, snapshot: DriftSnapshot) -> None:
        before, self.engine = self.engine, snapshot
        if before is None or before.rows != snapshot.rows:
            names = {row.name for row in snapshot.rows}
            for gone in [name for name in self._portfolios if name not in names]:
                del self._portfolios[gone]
        drifts = [row.max_drift for row in snapshot.rows if row.max_drift is not None]
        self.largest.append(snapshot.at_s, max(drifts, default=math.nan))
        self._has_changed()

    def _take_portfolio(self, snapshot: PortfolioSnapshot) -> None:
        self._portfolios[snapshot.name] = snapshot
        for record in snapshot.recent or (() if snapshot.last is None else (snapshot.last,)):
            self._keep(record)
        if snapshot.name in self._series:
            self._plot(snapshot)
        elif len(self._series) < SERIES_KEPT:
            self.series(snapshot.name)
        self._has_changed()

    def _keep(self, record: RebalanceRecord) -> None:
        self._records[record.portfolio, record.transaction_hash] = record
        if len(self._records) > RECORDS_KEPT:
            del self._records[next(iter(self._records))]

    def _plot(self, snapshot: PortfolioSnapshot) -> None:
        drift = math.nan if snapshot.max_drift is None else snapshot.max_drift
        self._series[snapshot.name].append(snapshot.at_s, drift)

    def _has_changed(self) -> None:
        self.revision += 1
        self._changed()
        for watcher in self._watchers:
            watcher()


def _series() -> Series:
    return Series(gap_s=GAP_S, max_points=POINTS_KEPT)
