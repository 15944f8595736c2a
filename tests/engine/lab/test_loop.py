"""What a closed loop must show (governor spec, last section), in its short form; the long one is in tests/bench."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest

from engine.governor.options import GovernorOptions
from engine.governor.signal import RunwayFloor
from engine.lab.loop import LabSpec, Loop, run
from engine.lab.result import LabResult
from engine.paper.config import MarketSpec

REGIMES = ("flat", "up", "down", "spike", "gap")
DAYS = 2.0
ONE_TICK_RATIO = 1e-7 / 0.05
OFF = GovernorOptions(enabled=False)


@cache
def figures(regime: str, *, governed: bool) -> LabResult:
    governor = GovernorOptions() if governed else OFF
    return run(LabSpec(market=MarketSpec(regime=regime), seed=2, days=DAYS, governor=governor))  # type: ignore[arg-type]


@pytest.mark.parametrize("regime", REGIMES)
def test_the_skew_changes_its_sign_at_most_three_times_in_any_hour(regime: str) -> None:
    assert figures(regime, governed=True).flips_in_worst_hour <= 3


@pytest.mark.parametrize("regime", REGIMES)
def test_the_margin_of_a_round_trip_is_what_it_is_without_the_governor(regime: str) -> None:
    """Within one price tick of profit_pct, on and off."""
    for governed in (True, False):
        margin = figures(regime, governed=governed).least_margin
        assert margin is not None
        assert margin >= 0.01 - ONE_TICK_RATIO


@pytest.mark.parametrize("regime", REGIMES)
def test_no_volume_drifts_no_order_takes_and_nothing_halts(regime: str) -> None:
    found = figures(regime, governed=True)
    assert (found.volume_drifts, found.taker_fills, found.halted) == (0, 0, False)
    assert found.round_trips > 50


@pytest.mark.parametrize("regime", REGIMES)
def test_entries_are_scaled_and_never_above_one_and_a_half_times_their_base(regime: str) -> None:
    assert 1.0 < figures(regime, governed=True).largest_multiple <= 1.5
    assert figures(regime, governed=False).largest_multiple == 1.0


def test_slots_fall_back_to_one_side_no_more_often_than_without_the_governor() -> None:
    """Over the regimes together; regime by regime the two paths part too far for a single seed to be compared."""
    governed, free = ([figures(regime, governed=on) for regime in REGIMES] for on in (True, False))
    assert sum(one.long_only + one.short_only for one in governed) <= sum(
        one.long_only + one.short_only for one in free
    )


@pytest.mark.parametrize("seed", [5, 6])
def test_the_signal_follows_the_usd_with_the_floor_of_entries(seed: int) -> None:
    """Spec 1: hourly changes correlate at +0.9 or more. Measured where the ratio is not cut off at 0."""
    spec = LabSpec(seed=seed, days=2.0, usd=Decimal(300), doge=Decimal(5000), governor=OFF)
    assert (run(spec).signal_usd_correlation or 0.0) >= 0.9


@pytest.mark.parametrize("seed", [5, 6])
def test_the_floor_of_the_host_turns_the_sign_of_the_signal(seed: int) -> None:
    """Spec 1: a filled buy lowers balance and commitment alike, so the ratio rises while USD falls."""
    committed = GovernorOptions(runway_floor=RunwayFloor.COMMITTED, enabled=False)
    spec = LabSpec(seed=seed, days=2.0, usd=Decimal(300), doge=Decimal(5000), governor=committed)
    assert (run(spec).signal_usd_correlation or 0.0) < -0.3


def test_a_restart_of_the_governor_changes_nothing() -> None:
    """Spec 8: it resumes without a spike."""
    straight, restarted = (Loop(LabSpec(seed=3, days=1.0)) for _ in range(2))
    for loop in (straight, restarted):
        loop.go_on(0.5)
    restarted.restart_governor()
    for loop in (straight, restarted):
        loop.go_on(0.5)
    assert restarted.result() == straight.result()


def test_oscillation_is_damped_over_a_restart() -> None:
    """Spec 6: the window of flips and the damping are remembered."""
    nervous = GovernorOptions(kp=50.0, neutral_band=0.0, max_skew_step=1.0, ema_halflife_s=1.0, interval_s=60.0)
    loop = Loop(LabSpec(seed=3, days=1.0, governor=nervous, usd=Decimal(42)))
    while loop.state.damped_until_s == 0.0 and loop.now_s < 1_767_225_600.0 + 3 * 86_400.0:
        loop.go_on(1 / 96)
    damped_until_s = loop.state.damped_until_s
    assert damped_until_s > loop.now_s - 3600.0
    loop.restart_governor()
    assert loop.state.damped_until_s == damped_until_s
    loop.go_on(1 / 288)
    assert abs(loop.state.skew) <= nervous.max_skew / 2 or loop.now_s > damped_until_s


def test_the_same_spec_gives_the_same_figures() -> None:
    spec = LabSpec(seed=9, days=0.5)
    assert run(spec) == run(replace(spec))
