"""The market process: the same seed gives the same path, and each regime does what it says (governor spec 22)."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.paper.config import REGIMES, MarketSpec
from engine.paper.market import BLOCK_S, DAY_S, Market

SEEDED = [regime for regime in REGIMES if regime != "file"]
HOUR_S = 3600


def mids(market, steps):
    return [float(market.quote(step).mid_price) for step in steps]


@pytest.mark.parametrize("regime", SEEDED)
def test_a_market_starts_at_its_start_price(regime):
    assert abs(Market(MarketSpec(regime=regime), seed=1).quote(0).mid_price - Decimal("0.0966")) < Decimal("0.000001")


@settings(max_examples=20)
@given(st.sampled_from(SEEDED), st.integers(0, 2**32), st.lists(st.integers(0, 3 * DAY_S), min_size=1, max_size=20))
def test_a_path_depends_on_its_seed_and_not_on_how_it_is_asked(regime, seed, steps):
    asked, walked = Market(MarketSpec(regime=regime), seed), Market(MarketSpec(regime=regime), seed)

    at_random = {step: asked.quote(step) for step in steps}

    assert {step: walked.quote(step) for step in sorted(set(steps))} == at_random


def test_another_seed_gives_another_path():
    first, second = (Market(MarketSpec(), seed) for seed in (1, 2))

    assert mids(first, range(1000, 1010)) != mids(second, range(1000, 1010))


@pytest.mark.parametrize("regime", SEEDED)
def test_thirty_days_end_in_a_plausible_place(regime):
    for seed in range(3):
        path = mids(Market(MarketSpec(regime=regime), seed), range(0, 30 * DAY_S, HOUR_S))
        low, high = {"up": (0.9, 2.0), "down": (0.5, 1.1)}.get(regime, (0.75, 1.3))
        assert low * 0.0966 < min(path)
        assert max(path) < high * 0.0966


@pytest.mark.parametrize(("regime", "sign"), [("up", 1), ("down", -1)])
def test_a_trend_moves_two_per_cent_an_hour_in_the_first_hours(regime, sign):
    moves = [np.log(np.divide(*mids(Market(MarketSpec(regime=regime), seed), (6 * HOUR_S, 0)))) for seed in range(30)]

    assert 0.10 < sign * np.mean(moves) < 0.14


def test_noise_is_about_one_per_cent_an_hour():
    path = np.log(mids(Market(MarketSpec(), 5), range(0, 30 * DAY_S, HOUR_S)))

    assert 0.007 < np.std(np.diff(path)) < 0.012


def test_a_gap_is_one_step_wide():
    market = Market(MarketSpec(regime="gap"), 4)

    steps = np.abs(np.diff(np.log(mids(market, range(HOUR_S, 2 * HOUR_S)))))

    assert np.sum(steps > 0.015) == 1


def test_a_spike_comes_and_goes():
    market, flat = Market(MarketSpec(regime="spike"), 4), Market(MarketSpec(), 4)
    steps = range(0, 12 * HOUR_S, 60)

    away = np.abs(np.log(np.divide(mids(market, steps), mids(flat, steps))))

    assert away[0] < 0.001
    assert 0.06 < away.max() < 0.10
    assert away[-1] < 0.01


@settings(max_examples=30)
@given(st.sampled_from(SEEDED), st.integers(0, 99), st.integers(0, 2 * DAY_S), st.floats(0, 50))
def test_the_ask_is_above_the_bid(regime, seed, step, spread_bps):
    quote = Market(MarketSpec(regime=regime, spread_bps=spread_bps), seed).quote(step)

    assert 0 < quote.bid < quote.ask
    assert quote.quantity > 0


@settings(max_examples=30)
@given(st.integers(0, 99), st.integers(0, 3 * BLOCK_S), st.integers(0, 2 * BLOCK_S), st.integers(-200, 200))
def test_a_search_finds_what_a_walk_finds(seed, first, length, offset):
    market = Market(MarketSpec(), seed)
    level = 966_000 + offset * 10
    steps = range(first, first + length + 1)

    asks = next((step for step in steps if market.quote(step).ask <= level), None) if length < 300 else ...
    found = market.first_ask_at_or_below(level, first, first + length)

    if asks is not ...:
        assert found == asks
    elif found is not None:
        assert market.quote(found).ask <= level
        assert found == first or market.quote(found - 1).ask > level


def test_a_market_moved_by_hand_goes_on_from_there():
    market = Market(MarketSpec(), 1)
    before = mids(market, range(90, 100))

    market.set_price(100, Decimal("0.0800"))

    assert mids(market, range(90, 100)) == before
    assert mids(market, [100]) == [pytest.approx(0.08, rel=1e-5)]
    assert mids(market, [200])[0] == pytest.approx(0.08, rel=0.02)


def test_a_market_that_is_held_stands_still_until_it_is_released():
    market = Market(MarketSpec(), 1)
    market.hold(100)
    held = mids(market, [100, 500, 5000])
    assert len(set(held)) == 1

    market.release(6000)

    assert mids(market, [5999]) == held[:1]
    assert mids(market, [6000])[0] == pytest.approx(held[0], rel=1e-5)
    assert mids(market, [6500]) != held[:1]


@settings(max_examples=20)
@given(st.sampled_from(SEEDED), st.integers(0, 2**32))
def test_a_market_had_a_day_before_its_start_that_leads_up_to_it(regime, seed):
    market = Market(MarketSpec(regime=regime), seed)

    before = mids(market, range(-DAY_S, 1, HOUR_S))
    steps = np.abs(np.diff(np.log(mids(market, range(-300, 2)))))

    assert all(0.8 * 0.0966 < price < 1.25 * 0.0966 for price in before)
    assert steps.max() < 0.002


def test_a_market_has_nothing_more_than_a_day_before_its_start():
    with pytest.raises(ValueError, match="24 hours before step 0"):
        Market(MarketSpec(), 1).quote(-DAY_S - 1)


def test_a_price_file_is_followed(tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text("seconds,price\n0,0.10\n10,0.11\n7200,0.12\n")
    market = Market(MarketSpec(regime="file", price_file=str(file), spread_bps=0), 1)

    assert mids(market, [0, 9, 10, 7199, 7200, 99_999]) == [0.1, 0.1, 0.11, 0.11, 0.12, 0.12]


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "no prices found"), ("0,0.1\nx,y\n", "line 2"), ("0,0.1\n0,0.2\n", "seconds rise"), ("0,-1\n", "above 0")],
)
def test_a_price_file_that_makes_no_sense_is_named(tmp_path, text, told):
    file = tmp_path / "prices.csv"
    file.write_text(text)

    with pytest.raises(ValueError, match=told):
        Market(MarketSpec(regime="file", price_file=str(file)), 1)
