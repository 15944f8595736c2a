"""What the governor can do on a given grid (spec 18c)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.governor.messages import CapacityBand
from engine.governor.options import GovernorOptions, RunwayFloor
from engine.governor.reach import reach, reach_of, size_advice
from engine.governor.signal import Observation, idle_ratio, runway_floor


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


def test_one_order_of_2_usd_moves_2_9_points_on_42_usd_and_a_fifth_of_the_band_on_120(options: GovernorOptions) -> None:
    """Spec 18c, with its own numbers."""
    advice = size_advice(Decimal(2), Decimal(42), Decimal(10), options)
    assert advice is not None
    assert advice.order_points == pytest.approx(2.857, abs=1e-3)
    assert advice.band_points == 5.0
    assert (advice.advised_balance_usd, advice.advised_floor_usd) == (Decimal(120), Decimal(72))
    assert advice.advised_floor_factor == pytest.approx(7.2)
    assert advice.too_coarse


def test_on_the_advised_account_one_order_is_a_fifth_of_the_band_and_the_ratio_is_the_target(
    options: GovernorOptions,
) -> None:
    advice = size_advice(Decimal(2), Decimal(120), Decimal(10), options)
    assert advice is not None
    assert advice.order_points == pytest.approx(1.0)
    assert not advice.too_coarse
    assert idle_ratio(advice.advised_balance_usd, advice.advised_floor_usd) == pytest.approx(options.target_idle_ratio)
    spent = idle_ratio(advice.advised_balance_usd - 2, advice.advised_floor_usd)
    assert 100 * (options.target_idle_ratio - spent) == pytest.approx(advice.order_points, rel=0.02)


def test_the_band_that_is_held_changes_nothing_of_the_advice() -> None:
    narrow = GovernorOptions(neutral_band=0.01)
    assert size_advice(Decimal(2), Decimal(42), Decimal(10), narrow) == size_advice(
        Decimal(2), Decimal(42), Decimal(10), GovernorOptions()
    )


@pytest.mark.parametrize(("order", "balance"), [("2", "0"), ("0", "42"), ("2", "NaN"), ("-2", "42"), ("2", "1e999999")])
def test_without_an_order_or_a_balance_there_is_no_advice(options: GovernorOptions, order: str, balance: str) -> None:
    assert size_advice(Decimal(order), Decimal(balance), Decimal(10), options) is None


def test_the_advice_comes_with_the_reach_of_an_observation_before_anything_is_switched_on() -> None:
    seen = Observation(
        observed_usd=Decimal(42),
        usd_runway_floor=Decimal(25),
        capacity_band=CapacityBand.NORMAL,
        master_on=False,
        resting_buy_usd=Decimal(10),
        resting_sell_usd=Decimal(10),
        entry_usd=Decimal(2),
    )
    found = reach_of(seen, 0.005, GovernorOptions(enabled=False))
    assert found is not None
    assert found.size == size_advice(Decimal(2), Decimal(42), Decimal(10), GovernorOptions())
