"""What the governor can do on a given grid (spec 18c)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.governor.options import GovernorOptions, RunwayFloor
from engine.governor.reach import reach
from engine.governor.signal import idle_ratio, runway_floor


def test_the_sources_own_example_moves_three_points_against_an_error_of_thirty_five(options: GovernorOptions) -> None:
    """Spec 18c: with the host's floor and an idle ratio of 0.75 the balance is ten times the resting buys."""
    resting = Decimal("1.65") * 4
    floor = runway_floor(
        RunwayFloor.COMMITTED,
        base_entry_usd=Decimal("1.65"),
        slots=4,
        live_buy_orders_usd=resting,
        next_entries_usd=resting,
        factor=Decimal("1.5"),
    )
    observed = floor / Decimal("0.25")
    error = idle_ratio(observed, floor) - options.target_idle_ratio
    found = reach(error, resting, observed, floor, options)
    assert found is not None
    assert error == pytest.approx(0.35)
    assert found.points_per_day == pytest.approx(3.0)
    assert found.distance_points == pytest.approx(30.0)
    assert found.days_to_target == pytest.approx(10.0)
    assert found.out_of_reach


def test_the_floor_held_figure_is_the_change_of_the_measured_ratio(options: GovernorOptions) -> None:
    resting, observed, floor = Decimal("6.60"), Decimal(66), Decimal("16.50")
    moved = resting * Decimal("0.3")
    found_buying = reach(0.35, resting, observed, floor, options)
    found_selling = reach(-0.35, resting, observed, floor, options)
    assert found_buying is not None
    assert found_selling is not None
    now = idle_ratio(observed, floor)
    assert found_buying.floor_held_points_per_day == pytest.approx(100 * (now - idle_ratio(observed - moved, floor)))
    assert found_selling.floor_held_points_per_day == pytest.approx(100 * (idle_ratio(observed + moved, floor) - now))


@pytest.mark.parametrize(("error", "out"), [(0.04, False), (0.07, False), (0.09, True), (-0.07, False), (-0.09, True)])
def test_the_target_is_out_of_reach_when_the_band_is_more_than_a_day_away(
    options: GovernorOptions, error: float, out: bool
) -> None:
    found = reach(error, Decimal(10), Decimal(100), Decimal(25), options)
    assert found is not None
    assert found.out_of_reach is out


def test_the_size_cap_limits_the_reach() -> None:
    found = reach(0.35, Decimal(10), Decimal(100), Decimal(25), GovernorOptions(max_skew=1.0, size_sensitivity=5.0))
    assert found is not None
    assert found.points_per_day == pytest.approx(5.0)


def test_with_nothing_resting_nothing_moves(options: GovernorOptions) -> None:
    found = reach(0.35, Decimal(0), Decimal(100), Decimal(25), options)
    assert found is not None
    assert found.out_of_reach
    assert found.days_to_target is None


@pytest.mark.parametrize("observed", ["0", "NaN", "-1", "1e-999999", "1e999999"])
def test_without_a_balance_to_set_it_against_there_is_no_reach(options: GovernorOptions, observed: str) -> None:
    assert reach(0.35, Decimal(10), Decimal(observed), Decimal(25), options) is None
