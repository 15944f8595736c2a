"""A series against a plain list of its points (panel spec 14)."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.series import Point, Series

Sample = tuple[float, float]

steps = st.sampled_from([0.0, 0.1, 0.5, 1.0, 1.0, 1.0, 1.0, 3.0, 9.0, 40.0, 700.0])
values = st.one_of(st.integers(-5, 5).map(float), st.floats(-1e6, 1e6), st.just(math.nan))


@dataclass
class Reference:
    """What a series should show, from a list of every point it was ever given."""

    samples: list[Sample]
    gap_s: float

    def known(self) -> list[tuple[float, float, bool]]:
        """(time, value, whether a gap lies before it) of each point that has a value."""
        found: list[tuple[float, float, bool]] = []
        in_gap = False
        for t, y in self.samples:
            if math.isnan(y):
                in_gap = True
                continue
            found.append((t, y, in_gap or (bool(found) and t - found[-1][0] > self.gap_s)))
            in_gap = False
        return found

    def stretch(self, start: float, end: float) -> list[tuple[float, float, bool]]:
        """The points between two times, with the neighbours on each side."""
        known = self.known()
        start = max((t for t, _, _ in known if t < start), default=start)
        end = min((t for t, _, _ in known if t > end), default=end)
        return [point for point in known if start <= point[0] <= end]

    def picture(self, start: float, end: float, column_s: float) -> list[Sample]:
        """The lowest and highest point of each column in time order, NaN between columns that a gap parts."""
        points = self.stretch(start, end)
        if column_s == 0:
            columns = [[point] for point in points]
        else:
            groups = itertools.groupby(points, key=lambda point: point[0] // column_s)
            columns = [list(group) for _, group in groups]
        shown: list[Sample] = []
        broken = False
        for column in columns:
            if shown and (broken or column[0][2]):
                shown.append((column[0][0], math.nan))
            low, high = min(column, key=lambda p: p[1]), max(column, key=lambda p: p[1])
            ends = [low, high] if low[0] <= high[0] else [high, low]
            shown += [(t, y) for t, y, _ in ends[: 1 if low is high else 2]]
            broken = any(gap for _, _, gap in column[1:])
        if shown and points[-1][0] > shown[-1][0]:
            shown.append(points[-1][:2])
        return shown


def line(view: tuple[np.ndarray, np.ndarray]) -> list[Sample]:
    return list(zip(view[0].tolist(), view[1].tolist(), strict=True))


def same(left: list[Sample], right: list[Sample]) -> bool:
    return len(left) == len(right) and all(
        a[0] == b[0] and (a[1] == b[1] or (math.isnan(a[1]) and math.isnan(b[1])))
        for a, b in zip(left, right, strict=True)
    )


@st.composite
def histories(draw: st.DrawFn, longest: int = 300) -> list[Sample]:
    """Points in bursts, at a steady pace, sparse, with gaps by NaN and by silence; from anywhere in time."""
    t = draw(st.sampled_from([0.0, -500.0, 1_800_000_000.0]))
    samples = []
    for _ in range(draw(st.integers(1, 4))):
        step, count = draw(steps), draw(st.integers(1, longest))
        seed = draw(st.integers(0, 2**32 - 1))
        noise = np.random.default_rng(seed)
        level = draw(values)
        for i in range(count):
            t += step
            samples.append((t, level + round(float(noise.normal()), 1) if i % 7 or math.isnan(level) else float(i % 3)))
    return samples


def filled(samples: list[Sample], by_one: int, **options: float) -> Series:
    """The first `by_one` points appended, the rest in one go."""
    series = Series(**options)
    for t, y in samples[:by_one]:
        assert series.append(t, y)
    rest = samples[by_one:]
    series.extend([t for t, _ in rest], [y for _, y in rest])
    return series


@given(
    samples=histories(),
    by_one=st.integers(0, 1200),
    cut=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    columns=st.integers(1, 60),
)
@settings(max_examples=300, deadline=None)
def test_a_view_is_the_extremes_of_its_columns_with_gaps_kept_and_nothing_invented(samples, by_one, cut, columns):
    series = filled(samples, by_one, resolution_s=1.0, gap_s=5.0, max_points=16_384)
    first, last = samples[0][0], samples[-1][0]
    start, end = (first + share * (last - first) for share in sorted(cut))
    end = max(end, start + 0.5)
    reference = Reference(samples, gap_s=5.0)

    column_s = series.column_s(start, end, columns)

    assert same(line(series.view(start, end, columns)), reference.picture(start, end, column_s))


@given(samples=histories(longest=1000), columns=st.integers(1, 50))
@settings(max_examples=100, deadline=None)
def test_a_view_gives_about_two_points_a_column_and_one_more_for_each_gap(samples, columns):
    series = filled(samples, 0, resolution_s=1.0, gap_s=5.0, max_points=4096)
    start, end = samples[0][0], samples[-1][0] + 1.0

    _, y = series.view(start, end, columns)

    assert np.count_nonzero(~np.isnan(y)) <= 2 * columns + 5


@given(samples=histories(), by_one=st.integers(0, 1200))
@settings(max_examples=100, deadline=None)
def test_appending_one_by_one_and_in_bulk_show_the_same(samples, by_one):
    mixed, bulk = (filled(samples, count, resolution_s=1.0, max_points=16_384) for count in (by_one, 0))
    start, end = samples[0][0], samples[-1][0] + 1.0

    assert mixed.latest == pytest.approx(bulk.latest, nan_ok=True)
    assert same(line(mixed.view(start, end, 20)), line(bulk.view(start, end, 20)))
    assert mixed.summary(start, end) == bulk.summary(start, end)


@given(samples=histories(longest=900), cut=st.tuples(st.floats(0, 1), st.floats(0, 1)), bulk=st.booleans())
@settings(max_examples=100, deadline=None)
def test_what_the_points_have_left_is_still_seen_in_its_extremes(samples, cut, bulk):
    series = filled(samples, 0 if bulk else len(samples), resolution_s=1.0, gap_s=5.0, max_points=1024)
    reference = Reference(samples, gap_s=5.0)
    known = reference.known()
    first, last = samples[0][0], samples[-1][0] + 1.0
    start, end = (first + share * (last - first) for share in sorted(cut))
    end = max(end, start + 0.5)

    t, y = series.view(start, end, 10)
    finite = ~np.isnan(y)

    assert (np.diff(t) >= 0).all()
    assert set(zip(t[finite].tolist(), y[finite].tolist(), strict=True)) <= {(at, value) for at, value, _ in known}
    inside = [value for at, value, _ in known if start <= at <= end]
    if inside:
        assert y[finite].min() <= min(inside)
        assert y[finite].max() >= max(inside)


@given(samples=histories(), cut=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@settings(max_examples=200, deadline=None)
def test_a_summary_counts_exactly_the_points_of_its_stretch(samples, cut):
    series = filled(samples, 0, resolution_s=1.0, max_points=16_384)
    first, last = samples[0][0], samples[-1][0]
    start, end = (first + share * (last - first) for share in sorted(cut))
    end = max(end, start + 0.5)
    inside = [(t, y) for t, y in samples if start <= t <= end and not math.isnan(y)]

    summary = series.summary(start, end)

    if not inside:
        assert summary is None
        return
    assert (summary.count, summary.minimum, summary.maximum, summary.last) == (
        len(inside),
        min(y for _, y in inside),
        max(y for _, y in inside),
        inside[-1],
    )
    assert summary.mean == pytest.approx(sum(y for _, y in inside) / len(inside), abs=1e-6)


@given(samples=histories(longest=60), probe=st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_the_value_at_a_time_is_that_of_the_newest_point_up_to_then(samples, probe):
    series = filled(samples, 0, resolution_s=1.0, gap_s=5.0, max_points=16_384)
    at = samples[0][0] + probe * (samples[-1][0] - samples[0][0])
    known = Reference(samples, gap_s=5.0).known()
    before = [i for i, (t, _, _) in enumerate(known) if t <= at]

    value = series.value_at(at)

    if not before:
        assert math.isnan(value)
    elif before[-1] + 1 < len(known) and not known[before[-1] + 1][2]:
        assert value == known[before[-1]][1]
    else:
        assert math.isnan(value) or value == known[before[-1]][1]


def test_few_points_come_as_they_are():
    series = Series()
    series.extend([0.0, 1.0, 2.5, 3.0], [5.0, 4.0, 4.0, 7.0])

    assert line(series.view(0.0, 3.0, 2)) == [(0.0, 5.0), (1.0, 4.0), (2.5, 4.0), (3.0, 7.0)]


def test_a_view_reaches_one_point_beyond_each_edge_so_that_the_line_does():
    series = Series()
    series.extend([0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 2.0, 3.0, 4.0])

    assert line(series.view(1.5, 2.5, 10)) == [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]


def test_the_newest_point_closes_the_line_though_it_is_no_extreme():
    series = Series()
    series.extend(np.arange(1000.0), np.append(np.tile([0.0, 1.0], 499), [0.25, 0.5]))

    t, y = series.view(0.0, 1000.0, 10)

    assert (t[-1], y[-1]) == (999.0, 0.5)


def test_columns_stay_in_place_while_the_stretch_moves_on():
    series = Series()
    noise = np.random.default_rng(1)
    series.extend(1.8e9 + np.arange(50_000.0), noise.normal(size=50_000))
    earlier = set(line(series.view(1.8e9 + 10_000.1, 1.8e9 + 40_000.3, 400)))

    later = line(series.view(1.8e9 + 10_200.1, 1.8e9 + 40_200.3, 400))

    shared = [point for point in later[4:-4] if point[0] < 1.8e9 + 39_800]
    assert len(shared) > 600
    assert set(shared) <= earlier


def test_silence_longer_than_the_gap_and_nan_both_break_the_line():
    series = Series(gap_s=5.0)
    for t, y in [(0.0, 1.0), (5.0, 2.0), (10.1, 3.0), (11.0, math.nan), (12.0, 4.0)]:
        series.append(t, y)

    _, y = series.view(0.0, 12.0, 100)

    assert np.isnan(y).tolist() == [False, False, True, False, True, False]


def test_the_value_ends_where_a_gap_begins():
    series = Series(resolution_s=1.0, gap_s=5.0)
    for t, y in [(0.0, 1.0), (100.0, 2.0), (101.0, math.nan)]:
        series.append(t, y)

    assert series.latest == pytest.approx(Point(101.0, math.nan), nan_ok=True)
    assert [series.value_at(t) for t in (-1.0, 0.5, 50.0, 100.5, 101.0)] == pytest.approx(
        [math.nan, 1.0, math.nan, 2.0, math.nan], nan_ok=True
    )


def test_a_point_older_than_the_newest_is_left_out_and_counted():
    series = Series()
    series.append(10.0, 1.0)

    assert not series.append(9.0, 2.0)
    assert series.append(10.0, 3.0)
    assert (len(series), series.late_points) == (2, 1)


@pytest.mark.parametrize(("t", "y"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, math.inf), (1.0, -math.inf)])
def test_infinite_values_and_times_that_are_not_finite_are_refused(t, y):
    series = Series()

    with pytest.raises(ValueError, match="finite"):
        series.append(t, y)
    with pytest.raises(ValueError, match="finite"):
        series.extend([t], [y])


def test_a_bulk_that_goes_back_in_time_is_refused_whole():
    series = Series()
    series.append(5.0, 1.0)

    for times in ([4.0, 6.0], [6.0, 5.5]):
        with pytest.raises(ValueError, match="rise"):
            series.extend(times, [0.0, 0.0])
    assert len(series) == 1


@pytest.mark.parametrize("stretch", [(1.0, 1.0, 5), (2.0, 1.0, 5), (0.0, math.inf, 5), (0.0, 1.0, 0)])
def test_an_empty_stretch_is_refused(stretch):
    with pytest.raises(ValueError, match="start before its end"):
        Series().view(*stretch)


@pytest.mark.parametrize("options", [{"resolution_s": 0.0}, {"gap_s": 0.0}, {"gap_s": -1.0}, {"max_points": 10}])
def test_a_series_that_could_keep_nothing_is_refused(options):
    with pytest.raises(ValueError, match="a series"):
        Series(**options)


def test_an_empty_series_shows_nothing():
    series = Series()

    assert line(series.view(0.0, 1.0, 10)) == []
    assert (series.latest, series.first_s, series.summary(0.0, 1.0)) == (None, None, None)
    assert math.isnan(series.value_at(0.0))


def test_a_year_at_one_hertz_stays_within_the_stated_memory_and_is_seen_to_its_first_day():
    """Panel spec 14, the later goal: fixed memory at 31,536,000 points."""
    series = Series()
    day = np.sin(np.arange(86_400) / 500)
    for number in range(365):
        series.extend(np.arange(86_400.0) + 86_400 * number, day + number)

    t, y = series.view(0.0, 365 * 86_400.0, 100)

    assert series.nbytes <= series.max_nbytes < 7_200_000
    assert len(series) == 86_400
    assert series.first_s == 0.0
    assert (t[0] < 86_400, y.min() < 0, y.max() > 364) == (True, True, True)


def test_the_stated_memory_is_what_the_arrays_take():
    tracemalloc.start()
    try:
        series = Series(max_points=8192)
        series.extend(np.arange(200_000.0), np.zeros(200_000))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert series.nbytes <= held <= series.nbytes + 50_000


def test_a_sparse_series_keeps_its_oldest_points_through_every_level():
    series = Series(resolution_s=1.0, max_points=1024)
    t = np.arange(5000) * 3600.0
    series.extend(t, np.arange(5000.0))

    summary = series.summary(0.0, float(t[-1]))

    assert (summary.count, summary.minimum, summary.maximum) == (5000, 0.0, 4999.0)
