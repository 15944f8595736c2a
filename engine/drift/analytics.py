"""What rebalancing was worth and what it cost (drift spec 16).

Returns are per sample of equal spacing; ratios are scaled to a year of PERIOD_DAYS days. Standard deviations divide
by n - 1. Sources: W. F. Sharpe, "The Sharpe Ratio" (1994), and F. A. Sortino and L. N. Price, "Performance Measurement
in a Downside Risk Framework" (1994).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.drift.records import RebalanceRecord, Sample, Status

PERIOD_DAYS = 365
DAY_S = 86_400.0


def returns_of(values: Sequence[float]) -> list[float]:
    """The relative change from each value to the next."""
    return [after / before - 1 for before, after in itertools.pairwise(values)]


def sharpe_ratio(returns: Sequence[float], periods_per_year: float, risk_free: float = 0.0) -> float | None:
    """Mean over standard deviation of the returns above `risk_free` (per period), for a year; None where undefined."""
    if len(returns) < 2:
        return None
    above = [one - risk_free for one in returns]
    mean = math.fsum(above) / len(above)
    deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in above) / (len(above) - 1))
    return mean / deviation * math.sqrt(periods_per_year) if deviation > 0 else None


def sortino_ratio(returns: Sequence[float], periods_per_year: float, required: float = 0.0) -> float | None:
    """Mean above `required` over the downside deviation below it, for a year; None without any downside."""
    if not returns:
        return None
    above = [one - required for one in returns]
    downside = math.sqrt(math.fsum(min(0.0, one) ** 2 for one in above) / len(above))
    return math.fsum(above) / len(above) / downside * math.sqrt(periods_per_year) if downside > 0 else None


def max_drawdown(values: Sequence[float]) -> float:
    """The deepest fall from a peak, as a ratio of the peak, 0 or below."""
    peak, deepest = -math.inf, 0.0
    for value in values:
        peak = max(peak, value)
        if peak > 0:
            deepest = min(deepest, value / peak - 1)
    return deepest


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading took, in USD: all of it is value lost at the mid price."""

    fee_usd: Decimal = Decimal(0)
    impact_usd: Decimal = Decimal(0)
    slippage_usd: Decimal = Decimal(0)
    gas_usd: Decimal = Decimal(0)

    @property
    def total_usd(self) -> Decimal:
        return self.fee_usd + self.impact_usd + self.slippage_usd + self.gas_usd


@dataclass(frozen=True, slots=True)
class Summary:
    """A portfolio's record. Ratios are None where the samples do not define them.

    success_rate: of 1. gas_per_usd: gas in USD for each dollar traded. slippage_bps: actual below quoted, weighted by
    size. alpha: return above holding the first sample's units. cost_drag: return of the same trades without their
    costs, less the return as it was.
    """

    rebalances: int
    success_rate: float | None
    average_drift: float | None
    turnover_usd: Decimal
    gas_per_usd: float | None
    slippage_bps: float | None
    total_return: float | None
    holding_return: float | None
    alpha: float | None
    cost_drag: float | None
    sharpe: float | None
    sortino: float | None
    max_drawdown: float
    costs: Costs


def summarise(records: Sequence[RebalanceRecord], samples: Sequence[Sample]) -> Summary:
    """Everything that is shown of one portfolio; samples in order of time."""
    costs = costs_of(records)
    done = [record for record in records if record.status is Status.SUCCESS]
    turnover = sum((record.turnover_usd for record in done), Decimal(0))
    values = [float(sample.value_usd) for sample in samples]
    total_return = values[-1] / values[0] - 1 if len(values) > 1 and values[0] > 0 else None
    holding = holding_return(samples)
    spacing_s = (samples[-1].at_s - samples[0].at_s) / (len(samples) - 1) if len(samples) > 1 else 0.0
    per_year = PERIOD_DAYS * DAY_S / spacing_s if spacing_s > 0 else 0.0
    returns = returns_of(values) if min(values, default=0.0) > 0 else []
    return Summary(
        rebalances=len(records),
        success_rate=len(done) / len(records) if records else None,
        average_drift=math.fsum(sample.max_drift for sample in samples) / len(samples) if samples else None,
        turnover_usd=turnover,
        gas_per_usd=float(costs.gas_usd / turnover) if turnover else None,
        slippage_bps=float(costs.slippage_usd / turnover * 10_000) if turnover else None,
        total_return=total_return,
        holding_return=holding,
        alpha=None if total_return is None or holding is None else total_return - holding,
        cost_drag=float(costs.total_usd) / values[0] if total_return is not None else None,
        sharpe=sharpe_ratio(returns, per_year) if per_year else None,
        sortino=sortino_ratio(returns, per_year) if per_year else None,
        max_drawdown=max_drawdown(values),
        costs=costs,
    )


def costs_of(records: Sequence[RebalanceRecord]) -> Costs:
    """What all of them cost; a failed one cost its gas."""
    done = [record for record in records if record.status is Status.SUCCESS]
    return Costs(
        fee_usd=sum((record.fee_usd for record in done), Decimal(0)),
        impact_usd=sum((record.impact_usd for record in done), Decimal(0)),
        slippage_usd=sum((record.slippage_usd for record in done), Decimal(0)),
        gas_usd=sum((record.gas_cost_usd for record in records), Decimal(0)),
    )


def holding_return(samples: Sequence[Sample]) -> float | None:
    """What the units of the first sample would have returned by the last, untouched."""
    if len(samples) < 2:
        return None
    first, last = samples[0], samples[-1]
    before = _worth(first.units, first.prices)
    return float(_worth(first.units, last.prices) / before) - 1 if before > 0 else None


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one token added to the return between two samples: its own price move, and trading it."""

    price_usd: Decimal
    trading_usd: Decimal


def attribution(samples: Sequence[Sample]) -> tuple[Contribution, ...]:
    """How much of the change in value came from each token's price, and how much from changing its units.

    Over each step the units held at its beginning earn the price move; the change of units counts at the new price.
    The parts sum to the change in value.
    """
    if not samples:
        return ()
    by_price = [Decimal(0)] * len(samples[0].units)
    by_trading = [Decimal(0)] * len(samples[0].units)
    for before, after in itertools.pairwise(samples):
        for at, (units, new_units) in enumerate(zip(before.units, after.units, strict=True)):
            by_price[at] += units * (after.prices[at] - before.prices[at])
            by_trading[at] += (new_units - units) * after.prices[at]
    return tuple(Contribution(price, trading) for price, trading in zip(by_price, by_trading, strict=True))


def _worth(units: Sequence[Decimal], prices: Sequence[Decimal]) -> Decimal:
    return sum((unit * price for unit, price in zip(units, prices, strict=True)), Decimal(0))
