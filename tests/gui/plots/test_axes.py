"""Ticks stand on round values and round local times."""

from __future__ import annotations

import itertools
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.plots.axes import DAY, HOUR, round_step, round_times, tick_label, time_step_s, time_ticks, value_ticks
from gui.plots.quantity import RATIO, SIGNED_RATIO, Quantity

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
CLOCKS_FORWARD = 1774746000  # 2026-03-29 02:00 in Berlin, when it turns 03:00


@pytest.fixture(params=["UTC0", BERLIN, "IST-5:30"])
def zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@given(span=st.floats(1.0, 1e9), size=st.floats(100, 4000))
def test_time_labels_have_room(span, size):
    step = time_step_s(span, size)

    assert step * size / span >= 90 or step == 364 * DAY


@pytest.mark.parametrize("step", [1, 30, 300, HOUR, 6 * HOUR, DAY, 7 * DAY])
def test_times_are_round_on_the_local_clock(zone, step):
    times = round_times(1_800_000_123.4, 1_800_000_123.4 + 20 * step, step)

    assert len(times) in (20, 21)
    for at in times:
        local = time.localtime(at)
        assert (local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec) % min(step, DAY) == 0


def test_days_begin_at_midnight_on_both_sides_of_a_change_of_the_clocks(monkeypatch):
    monkeypatch.setenv("TZ", BERLIN)
    time.tzset()
    try:
        times = round_times(CLOCKS_FORWARD - 3 * DAY, CLOCKS_FORWARD + 3 * DAY, DAY)
        assert [time.localtime(at).tm_hour for at in times] == [0] * 6
        assert sorted({b - a for a, b in itertools.pairwise(times)}) == [23 * HOUR, 24 * HOUR]
    finally:
        monkeypatch.undo()
        time.tzset()


@given(start=st.floats(1e9, 2e9), span=st.floats(2.0, 1e8))
def test_ticks_rise_within_the_stretch(start, span):
    times = [at for at, _ in time_ticks(start, start + span, 600)]

    assert times == sorted(set(times))
    assert all(start <= at <= start + span for at in times)


def test_midnight_is_named_by_its_day(zone):
    midnight = time.mktime((2026, 11, 20, 0, 0, 0, 0, 0, -1))

    assert [tick_label(midnight, HOUR), tick_label(midnight + HOUR, HOUR)] == ["20 Nov", "01:00"]
    assert tick_label(midnight + 61, 1) == "00:01:01"
    assert tick_label(midnight + 12 * HOUR, DAY) == "20 Nov"


@given(at_least=st.floats(1e-9, 1e12))
def test_a_round_step_is_the_next_of_one_two_five(at_least):
    step = round_step(at_least)

    assert at_least * (1 - 1e-6) <= step <= at_least * 2.5 * (1 + 1e-6)


def test_values_are_labelled_in_their_unit_with_the_decimals_they_need():
    assert [text for _, text in value_ticks(0.0, 1.0, 220, RATIO)] == ["0", "20", "40", "60", "80", "100"]
    assert [text for _, text in value_ticks(-0.01, 0.01, 100, SIGNED_RATIO)] == ["−1", "0", "+1"]
    assert [text for _, text in value_ticks(1000, 1000.4, 100, Quantity())] == ["1,000.0", "1,000.2", "1,000.4"]


def test_a_low_plot_is_labelled_twice_at_least():
    assert [text for _, text in value_ticks(-0.35, 0.35, 125, SIGNED_RATIO)] == ["−20", "0", "+20"]


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6), size=st.floats(60, 2000))
def test_value_ticks_lie_within_the_range(low, span, size):
    values = [value for value, _ in value_ticks(low, low + span, size, RATIO)]

    assert all(after - before >= 24 / size * span * (1 - 1e-6) for before, after in pairwise(values))
    assert all(low - span * 1e-6 <= value <= low + span * (1 + 1e-6) for value in values)
