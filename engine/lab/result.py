"""What a run of the closed loop came to (governor spec, "What a closed loop must show"; seed 10.3)."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

from engine.governor.messages import GovernorSnapshot
from engine.grid.events import Place
from engine.grid.messages import FillBooked, GridSnapshot, RoundTripBooked
from engine.grid.slot import Role

HOUR_S = 3600.0
DAY_S = 86_400.0
FIXED_BAND = 0.05
"""Within so much of the target counts as in the band; the option of that name moves, and would mislead a tuner."""


@dataclass(frozen=True, slots=True)
class LabResult:
    """Figures of one run.

    deviation: mean of |idle ratio - target|. in_band: share of the time within 5 points of the target, whatever the
    options are. against_holding_usd = edge_usd + inventory_usd - fees_usd (spec 18d), by_day its change over each day;
    realised_usd: what closed trades came to, abandoned_usd what abandoned inventory would come to.
    signal_usd_correlation: of hourly changes of idle ratio and USD. largest_multiple: largest entry over its base.
    least_margin: the smallest of exit over entry price (or its inverse) less 1, eviction and working off left aside.
    volume_drifts, taker_fills: 0 unless something is wrong. equity in USD at mid.
    """

    deviation: float
    in_band: float
    final_idle_ratio: float
    mean_abs_skew: float
    flips_in_worst_hour: int
    deployed_per_hour_usd: float
    against_holding_usd: float
    edge_usd: float
    inventory_usd: float
    fees_usd: float
    realised_usd: float
    abandoned_usd: float
    abandoned_lots: int
    turnover_usd: float
    by_day: tuple[float, ...]
    equity_change_usd: float
    max_drawdown: float
    round_trips: int
    entries_a: int
    entries_b: int
    average_a_usd: float
    average_b_usd: float
    realised_a_usd: float
    realised_b_usd: float
    long_only: int
    short_only: int
    largest_multiple: float
    least_margin: float | None
    volume_drifts: int
    taker_fills: int
    halted: bool
    signal_usd_correlation: float | None


@dataclass(slots=True)
class Tally:
    """Collects while a run goes on."""

    target: float
    samples: list[tuple[float, float, float, float]] = field(default_factory=list)
    results: list[tuple[float, float]] = field(default_factory=list)
    flips_s: list[float] = field(default_factory=list)
    largest_multiple: float = 0.0
    least_margin: float | None = None
    taker_fills: int = 0
    _last_sign: int = 0

    def look(self, grid: GridSnapshot, governor: GovernorSnapshot) -> None:
        """Once an update: idle ratio, USD, equity and skew."""
        if governor.idle_ratio is None or grid.price is None:
            return
        equity = float(grid.usd + grid.doge * grid.price)
        self.results.append((grid.at_s, float(grid.money.against_holding_usd)))
        self.samples.append((governor.idle_ratio, float(grid.usd), equity, governor.skew))
        sign = (governor.skew > 0) - (governor.skew < 0)
        if sign and self._last_sign and sign != self._last_sign:
            self.flips_s.append(governor.at_s)
        self._last_sign = sign or self._last_sign

    def placed(self, place: Place) -> None:
        if place.order.role is Role.ENTRY and place.order.base_usd > 0:
            self.largest_multiple = max(self.largest_multiple, float(place.order.size_usd / place.order.base_usd))

    def filled(self, fill: FillBooked) -> None:
        self.taker_fills += not fill.maker

    def closed(self, trip: RoundTripBooked) -> None:
        if trip.evicted or trip.worked_off:
            return
        low, high = sorted((trip.entry_price, trip.exit_price))
        margin = float(high / low - 1) if _earned(trip) else -float(high / low - 1)
        self.least_margin = margin if self.least_margin is None else min(self.least_margin, margin)

    def result(self, grid: GridSnapshot, *, halted: bool) -> LabResult:
        deviations = [abs(idle - self.target) for idle, _, _, _ in self.samples]
        equities = [equity for _, _, equity, _ in self.samples]
        metrics, money = grid.metrics, grid.money
        return LabResult(
            deviation=_mean(deviations),
            in_band=_mean([float(one < FIXED_BAND) for one in deviations]),
            final_idle_ratio=self.samples[-1][0] if self.samples else 0.0,
            mean_abs_skew=_mean([abs(skew) for _, _, _, skew in self.samples]),
            flips_in_worst_hour=_worst_hour(self.flips_s),
            deployed_per_hour_usd=float(metrics.deployed_usd) / max(1.0, _hours(grid)),
            against_holding_usd=float(money.against_holding_usd),
            edge_usd=float(money.edge_usd),
            inventory_usd=float(money.inventory_usd),
            fees_usd=float(money.fees_usd),
            realised_usd=float(money.realised_usd),
            abandoned_usd=float(money.abandoned_usd),
            abandoned_lots=len(money.abandoned),
            turnover_usd=float(money.turnover_usd),
            by_day=self._by_day(),
            equity_change_usd=equities[-1] - equities[0] if equities else 0.0,
            max_drawdown=_drawdown(equities),
            round_trips=grid.round_trips,
            entries_a=metrics.a.entries,
            entries_b=metrics.b.entries,
            average_a_usd=float(metrics.a.average_usd or 0),
            average_b_usd=float(metrics.b.average_usd or 0),
            realised_a_usd=float(metrics.a.profit_usd),
            realised_b_usd=float(metrics.b.profit_usd),
            long_only=metrics.long_only,
            short_only=metrics.short_only,
            largest_multiple=self.largest_multiple,
            least_margin=self.least_margin,
            volume_drifts=metrics.volume_drifts,
            taker_fills=self.taker_fills,
            halted=halted,
            signal_usd_correlation=self._correlation(),
        )

    def _by_day(self) -> tuple[float, ...]:
        """The change of value against holding over each day since the first look."""
        if not self.results:
            return ()
        start_s = self.results[0][0]
        at_end: dict[int, float] = {}
        for at_s, result in self.results:
            at_end[int((at_s - start_s) // DAY_S)] = result
        levels = [0.0, *(at_end[day] for day in sorted(at_end))]
        return tuple(after - before for before, after in itertools.pairwise(levels))

    def _correlation(self) -> float | None:
        """Of the changes over twelve samples, which is an hour at the usual interval."""
        hourly = self.samples[::12]
        idle = [after[0] - before[0] for before, after in itertools.pairwise(hourly)]
        usd = [after[1] - before[1] for before, after in itertools.pairwise(hourly)]
        return correlation(idle, usd)


def correlation(ones: list[float], others: list[float]) -> float | None:
    """Pearson's; None where one of the two never changes."""
    if len(ones) < 2:
        return None
    mean_one, mean_other = _mean(ones), _mean(others)
    covariance = math.fsum((a - mean_one) * (b - mean_other) for a, b in zip(ones, others, strict=True))
    spread = math.sqrt(math.fsum((a - mean_one) ** 2 for a in ones) * math.fsum((b - mean_other) ** 2 for b in others))
    return covariance / spread if spread > 0 else None


def _earned(trip: RoundTripBooked) -> bool:
    """Whether the exit was on the good side of the entry: A sells first, B buys first."""
    return trip.exit_price <= trip.entry_price if trip.trade.value == "A" else trip.exit_price >= trip.entry_price


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _hours(grid: GridSnapshot) -> float:
    since_s = grid.metrics.since_s
    return 0.0 if since_s is None else (grid.at_s - since_s) / HOUR_S


def _worst_hour(times_s: list[float]) -> int:
    return max((sum(first <= at < first + HOUR_S for at in times_s) for first in times_s), default=0)


def _drawdown(values: list[float]) -> float:
    peak, deepest = -math.inf, 0.0
    for value in values:
        peak = max(peak, value)
        deepest = min(deepest, value / peak - 1)
    return deepest
