"""What rebalancing was worth (drift spec 16)."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.drift.analytics import (
    attribution,
    costs_of,
    holding_return,
    max_drawdown,
    returns_of,
    sharpe_ratio,
    sortino_ratio,
    summarise,
)
from engine.drift.records import LegRecord, RebalanceRecord, Sample, Status


def sample(day: int, prices: tuple[str, ...], units: tuple[str, ...], drift: float = 0.1) -> Sample:
    worth = [Decimal(price) * Decimal(unit) for price, unit in zip(prices, units, strict=True)]
    return Sample(
        day * 86_400.0,
        sum(worth, Decimal(0)),
        drift,
        tuple(Decimal(price) for price in prices),
        tuple(Decimal(unit) for unit in units),
    )


def record(status: Status = Status.SUCCESS, quote: int = 1000, out: int = 990) -> RebalanceRecord:
    leg = LegRecord("A", "B", 1000, quote, 900, out, Decimal(1000), Decimal(quote), Decimal(out), ("A", "B"))
    return RebalanceRecord(
        0.0, "p", status, "0x1", 300_000, Decimal(5), Decimal(4), 0.2, (leg,), Decimal(3), Decimal(2), 1200, 1
    )


def test_sharpe_is_the_mean_over_the_sample_deviation_for_a_year_of_365_days() -> None:
    returns = [0.01, -0.02, 0.015, 0.003]
    expected = statistics.mean(returns) / statistics.stdev(returns) * math.sqrt(365)
    assert sharpe_ratio(returns, 365) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("seed", "sharpe", "sortino", "drawdown", "total"),
    [
        (1, 2.449782764668407, 3.8455766240086984, -0.10822663076672509, 0.13568421558540233),
        (2, -6.223644249813896, -6.886285487656084, -0.413383242152336, -0.3760548785820057),
        (3, -4.758593835624967, -5.588463168247261, -0.36248983771665627, -0.2834720507028907),
    ],
)
def test_the_ratios_are_those_of_an_independent_library(
    seed: int, sharpe: float, sortino: float, drawdown: float, total: float
) -> None:
    """Issue 4, 7: what empyrical-reloaded 0.7.1 says of the same 60 returns (annualization=365)."""
    chance = random.Random(seed)
    returns = [chance.gauss(0.0004, 0.02) for _ in range(60)]
    values = list(itertools.accumulate(returns, lambda value, one: value * (1 + one), initial=1.0))
    found = (sharpe_ratio(returns, 365), sortino_ratio(returns, 365), max_drawdown(values), values[-1] - 1)
    assert found == pytest.approx((sharpe, sortino, drawdown, total), abs=1e-9)


def test_sortino_counts_only_what_lies_below_the_required_return() -> None:
    returns = [0.01, -0.02, 0.015, -0.01]
    downside = math.sqrt((0.02**2 + 0.01**2) / 4)
    assert sortino_ratio(returns, 365) == pytest.approx(statistics.mean(returns) / downside * math.sqrt(365))


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, 0.01]])
def test_a_ratio_that_is_not_defined_is_none_and_not_a_number(returns: list[float]) -> None:
    assert sharpe_ratio(returns, 365) is None
    assert sortino_ratio(returns, 365) is None


def test_the_drawdown_is_the_deepest_fall_from_a_peak() -> None:
    assert max_drawdown([100, 120, 90, 130, 110]) == pytest.approx(-0.25)
    assert max_drawdown([]) == 0.0


def test_holding_keeps_the_first_units() -> None:
    samples = [sample(0, ("1", "10"), ("100", "10")), sample(1, ("1", "12"), ("120", "8"))]
    assert holding_return(samples) == pytest.approx(0.1)


def test_the_summary_sets_rebalancing_beside_holding_and_beside_itself_without_costs() -> None:
    samples = [
        sample(0, ("1", "10"), ("100", "10")),
        sample(1, ("1", "12"), ("110", "9")),
        sample(2, ("1", "10"), ("110", "9.5")),
    ]
    found = summarise([record(), record(Status.FAILED)], samples)
    assert found.rebalances == 2
    assert found.success_rate == 0.5
    assert found.average_drift == pytest.approx(0.1)
    assert found.total_return == pytest.approx(0.025)
    assert found.holding_return == pytest.approx(0.0)
    assert found.alpha == pytest.approx(0.025)
    assert found.slippage_bps == pytest.approx(100.0)
    assert found.gas_per_usd == pytest.approx(0.01)
    assert found.cost_drag == pytest.approx(25 / 200)
    assert found.costs.total_usd == Decimal(3 + 2 + 10 + 10)


def test_a_failed_rebalance_cost_its_gas_and_nothing_else() -> None:
    costs = costs_of([record(Status.FAILED)])
    assert (costs.gas_usd, costs.total_usd) == (Decimal(5), Decimal(5))


def test_without_samples_nothing_is_claimed() -> None:
    found = summarise([], [])
    assert (found.success_rate, found.total_return, found.sharpe, found.average_drift) == (None, None, None, None)


amounts = st.decimals("0.01", "1000", places=2)


@given(st.lists(st.tuples(amounts, amounts, amounts, amounts), min_size=2, max_size=8))
def test_the_contributions_sum_to_the_change_in_value(rows: list[tuple[Decimal, ...]]) -> None:
    samples = [
        Sample(float(day), row[0] * row[2] + row[1] * row[3], 0.0, (row[0], row[1]), (row[2], row[3]))
        for day, row in enumerate(rows)
    ]
    parts = attribution(samples)
    change = samples[-1].value_usd - samples[0].value_usd
    assert sum((part.price_usd + part.trading_usd for part in parts), Decimal(0)) == change


def test_returns_are_relative_changes() -> None:
    assert returns_of([100.0, 110.0, 99.0]) == pytest.approx([0.1, -0.1])
