"""A value over time whose picture costs the same at any length, in memory that stops growing.

The newest points are kept as they came. Above them stands a pyramid: each level keeps, for spans of time eight times
as long as the level below, the lowest and the highest point (panel spec 14). What is too old for one level is still
seen, coarser, in the next: with the defaults a day at 1 Hz is kept point by point, and years in steps of hours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from engine.core.pyramid import Extremes, Flags, Floats, Ints, Ring

FACTOR = 8
LEVELS = 6
MIN_POINTS = 1024

# A view reduces at most this many rows for each column; fewer would make columns up to twice as wide as asked for.
_ROWS_PER_COLUMN = 16
_SUMMARY_ROWS = 4096

_POINT_COLUMNS = {"t": np.float64, "y": np.float64, "gap_before": np.bool_}
_BUCKET_COLUMNS = {
    "t": np.float64,
    "child": np.int64,
    "t_min": np.float64,
    "y_min": np.float64,
    "t_max": np.float64,
    "y_max": np.float64,
    "total": np.float64,
    "count": np.int64,
    "gap_before": np.bool_,
    "gap_inside": np.bool_,
}


class Point(NamedTuple):
    """A value at a time; NaN where a gap begins."""

    t_s: float
    value: float


@dataclass(frozen=True, slots=True)
class Summary:
    """What a text says of a stretch of a series. mean: of the points, not weighted by time."""

    count: int
    minimum: float
    maximum: float
    mean: float
    last: Point


class _Part(NamedTuple):
    """Rows `lo` to `hi` (absolute) of one level."""

    level: int
    lo: int
    hi: int


class Series:
    """One value over time, appended in time order and read as a picture of so many columns.

    resolution_s: the usual time between two points; the spans of the pyramid are `resolution_s * 8 ** level`.
    gap_s: points further apart than this are not joined (default: ten times the resolution). NaN makes a gap at once.
    max_points: how many points are kept exactly; each level of the pyramid keeps an eighth as many spans. `max_nbytes`
    is the memory that the series never exceeds: about 83 bytes for each of `max_points`, 7.2 MB at the default.
    Raises ValueError for a resolution or gap not above 0 or fewer than 1024 points.
    """

    def __init__(self, resolution_s: float = 1.0, *, gap_s: float | None = None, max_points: int = 86_400) -> None:
        gap_s = 10 * resolution_s if gap_s is None else gap_s
        if not (0 < resolution_s < math.inf and gap_s > 0):
            raise ValueError(f"a series needs a resolution and a gap above 0 s, got {resolution_s!r} and {gap_s!r}")
        if max_points < MIN_POINTS:
            raise ValueError(f"a series keeps at least {MIN_POINTS} points, got {max_points!r}")
        self.resolution_s = resolution_s
        self.gap_s = gap_s
        self.max_points = max_points
        self.late_points = 0
        self._rings = [Ring(_POINT_COLUMNS, max_points)]
        self._rings += [Ring(_BUCKET_COLUMNS, max_points // FACTOR) for _ in range(LEVELS)]
        self._latest: Point | None = None
        self._last = Point(-math.inf, math.nan)
        self._promoted = [0] * (LEVELS + 1)
        self._tick = 0

    def __len__(self) -> int:
        """How many points are kept exactly."""
        return len(self._rings[0])

    @property
    def latest(self) -> Point | None:
        """The newest point, with NaN as its value while in a gap; None before the first."""
        return self._latest

    @property
    def first_s(self) -> float | None:
        """Time of the oldest point that a view can show."""
        starts = [float(ring["t"][0]) for ring in self._rings if len(ring)]
        return min(starts, default=None)

    @property
    def nbytes(self) -> int:
        """Memory held now, in bytes."""
        return sum(ring.nbytes for ring in self._rings)

    @property
    def max_nbytes(self) -> int:
        """Memory never exceeded, in bytes."""
        return sum(ring.max_nbytes for ring in self._rings)

    def append(self, t_s: float, value: float) -> bool:
        """Add one point; NaN begins a gap.

        A point older than the newest is left out and counted in `late_points`, and the answer is False: a clock that
        was set back must not fold the picture over itself. Raises ValueError for an infinite value or a time that is
        not finite.
        """
        if not math.isfinite(t_s) or math.isinf(value):
            raise ValueError(f"a series takes finite times and values, or NaN for a gap; got {value!r} at {t_s!r}")
        if self._latest is not None and t_s < self._latest.t_s:
            self.late_points += 1
            return False
        in_gap = self._latest is not None and math.isnan(self._latest.value)
        self._latest = Point(t_s, value)
        if math.isnan(value):
            return True
        points = self._rings[0]
        points.push_one(t_s, value, in_gap or t_s - self._last.t_s > self.gap_s)
        self._last = self._latest
        tick = math.floor(t_s / self.resolution_s)
        if tick // FACTOR != self._tick // FACTOR or points.stop - self._promoted[1] > points.max_rows // 2:
            self._tick = tick
            self._promote()
        return True

    def extend(self, t_s: ArrayLike, values: ArrayLike) -> None:
        """Add many points at once, as `append` would one by one; for replay and benchmarks.

        Raises ValueError unless both are as long, finite (values may be NaN) and times rise from the newest on.
        """
        t = np.asarray(t_s, np.float64)
        y = np.asarray(values, np.float64)
        newest = -math.inf if self._latest is None else self._latest.t_s
        if t.ndim != 1 or t.shape != y.shape:
            raise ValueError(f"times and values must be two lists of the same length, got {t.shape} and {y.shape}")
        if not len(t):
            return
        if not np.isfinite(t).all() or np.isinf(y).any():
            raise ValueError("a series takes finite times and values, or NaN for a gap")
        if t[0] < newest or (np.diff(t) < 0).any():
            raise ValueError(f"times must rise and begin no earlier than {newest!r}")
        in_gap = self._latest is not None and math.isnan(self._latest.value)
        known = np.flatnonzero(~np.isnan(y))
        if len(known):
            # NaN rows are not kept: what is kept of them is that a gap lies before the next point.
            gap = np.diff(known, prepend=-1) > 1
            gap[0] |= in_gap
            gap |= np.diff(t[known], prepend=self._last.t_s) > self.gap_s
            self._extend_known(t[known], y[known], gap)
        self._latest = Point(float(t[-1]), float(y[-1]))

    def _extend_known(self, t: Floats, y: Floats, gap_before: Flags) -> None:
        points = self._rings[0]
        # So few at a time that no level can push out what the next has not taken over, however sparse the points are.
        step = self.max_points // (4 * FACTOR)
        for i in range(0, len(t), step):
            part = slice(i, i + step)
            points.push({"t": t[part], "y": y[part], "gap_before": gap_before[part]})
            self._tick = math.floor(float(t[part][-1]) / self.resolution_s)
            self._promote()
        self._last = Point(float(t[-1]), float(y[-1]))

    def _promote(self) -> None:
        """Move finished spans up the pyramid, level by level, as long as there is something to move."""
        for level in range(1, LEVELS + 1):
            children, ring = self._rings[level - 1], self._rings[level]
            lo, hi = self._promoted[level], children.stop
            span = FACTOR**level
            ticks = self._ticks(children.rows("t", lo, hi)) // span
            if hi - lo <= children.max_rows // 2:
                # A span stays open until time has left it; only a crowded one is closed early, in several parts.
                hi = lo + int(np.searchsorted(ticks, self._tick // span))
            if hi <= lo:
                return
            starts = _run_starts(ticks[: hi - lo])
            merged = self._extremes(_Part(level - 1, lo, hi)).merged(starts)
            rows = {name: getattr(merged, name) for name in Extremes.__slots__}
            rows["child"] = starts + lo
            ring.push(rows)
            self._promoted[level] = hi

    def view(self, start_s: float, end_s: float, columns: int) -> tuple[Floats, Floats]:
        """The picture between two times: `(t, y)`, NaN in `y` wherever a gap lies.

        Up to `2 * columns` points come as they are. More are cut into columns of `column_s`, which begin at its
        multiples, and each column gives its lowest and its highest point in time order; the newest point of the
        stretch closes the line. One neighbour on each side is included, so that a line reaches the edges. The cost
        grows with `columns`, not with the length of the series. Raises ValueError for an empty stretch.
        """
        level, span_s = self._source(start_s, end_s, columns)
        items = self._items(self._cover(level, *self._with_neighbours(start_s, end_s)))
        if not len(items):
            return np.empty(0), np.empty(0)
        if span_s == 0.0:
            return items.polyline()
        if level == 0:
            ticks = np.floor(items.t / span_s)
        else:
            ticks = self._ticks(items.t) // round(span_s / self.resolution_s)
        t, y = items.merged(_run_starts(ticks)).polyline()
        points = self._rings[0]
        newest = min(int(np.searchsorted(points["t"], end_s, "right")), len(points) - 1)
        if points["t"][0] <= end_s and points["t"][newest] > t[-1]:
            t, y = np.append(t, points["t"][newest]), np.append(y, points["y"][newest])
        return t, y

    def column_s(self, start_s: float, end_s: float, columns: int) -> float:
        """How wide a column of this view is, in seconds; 0 where the points come as they are.

        Never narrower than asked for, and at most twice as wide while the pyramid still knows the stretch that well.
        """
        return self._source(start_s, end_s, columns)[1]

    def value_at(self, t_s: float) -> float:
        """The value that held at `t_s`: that of the newest point up to then; NaN in a gap or outside the series.

        Where the points themselves are gone, the nearest extreme that is still kept.
        """
        for level, ring in enumerate(self._rings):
            if len(ring) and ring["t"][0] <= t_s:
                row = int(np.searchsorted(ring["t"], t_s, "right")) - 1
                return self._value_in(level, row, t_s)
        return math.nan

    def summary(self, start_s: float, end_s: float) -> Summary | None:
        """The points between two times in numbers; None where there are none.

        A span whose points are gone and that reaches over an edge of the stretch counts whole.
        """
        self._check(start_s, end_s, 1)
        level = self._finest(start_s, end_s, _SUMMARY_ROWS)
        items = self._items(self._cover(level, start_s, end_s))
        if not len(items):
            return None
        whole = items.merged(np.zeros(1, np.int64))
        low, high = Point(items.t_min[-1], items.y_min[-1]), Point(items.t_max[-1], items.y_max[-1])
        last = max(low, high, key=lambda point: point.t_s)
        count = int(whole.count[0])
        return Summary(
            count=count,
            minimum=float(whole.y_min[0]),
            maximum=float(whole.y_max[0]),
            mean=float(whole.total[0]) / count,
            last=Point(float(last.t_s), float(last.value)),
        )

    def _value_in(self, level: int, row: int, t_s: float) -> float:
        ring = self._rings[level]
        known_s = float(ring["t"][row])
        newest = row + 1 == len(ring)
        if level == 0:
            if newest and self._latest is not None and math.isnan(self._latest.value) and t_s >= self._latest.t_s:
                return math.nan
            reach_s = self.gap_s if newest else self.resolution_s if ring["gap_before"][row + 1] else math.inf
            return float(ring["y"][row]) if t_s - known_s <= reach_s else math.nan
        span_s = self.resolution_s * FACTOR**level
        if not newest and ring["gap_before"][row + 1] and t_s // span_s != known_s // span_s:
            return math.nan
        points = sorted(
            [(ring["t_min"][row], ring["y_min"][row]), (ring["t_max"][row], ring["y_max"][row])],
            key=lambda point: float(point[0]),
        )
        return float(points[1][1] if points[1][0] <= t_s else points[0][1])

    def _check(self, start_s: float, end_s: float, columns: int) -> None:
        if not (math.isfinite(start_s) and math.isfinite(end_s) and start_s < end_s and columns >= 1):
            raise ValueError(
                f"a view needs a start before its end and a column or more; got {start_s!r}, {end_s!r}, {columns!r}"
            )

    def _source(self, start_s: float, end_s: float, columns: int) -> tuple[int, float]:
        """The level to draw from and the width of a column there; width 0 for points as they are."""
        self._check(start_s, end_s, columns)
        if self._knows(0, start_s) and self._rows_between(0, start_s, end_s) <= 2 * columns:
            return 0, 0.0
        level = self._finest(start_s, end_s, _ROWS_PER_COLUMN * columns)
        asked_s = (end_s - start_s) / columns
        # Widths are whole multiples of a step, so that a stretch that moves on keeps its columns where they are.
        step_s = self.resolution_s * FACTOR**level if level else 2.0 ** (math.floor(math.log2(asked_s)) - 6)
        return level, step_s * max(math.ceil(asked_s / step_s - 1e-6), 1)

    def _finest(self, start_s: float, end_s: float, max_rows: int) -> int:
        """The finest level that knows the whole stretch in at most so many rows, else the coarsest that knows it."""
        knowing = [level for level in range(LEVELS + 1) if self._knows(level, start_s)]
        for level in knowing:
            if self._rows_between(level, start_s, end_s) <= max_rows:
                return level
        if knowing:
            return knowing[-1]
        held = [level for level in range(LEVELS + 1) if len(self._rings[level])]
        return min(held, key=lambda level: float(self._rings[level]["t"][0]), default=0)

    def _knows(self, level: int, start_s: float) -> bool:
        """Whether this level still has everything that came in from `start_s` on."""
        ring = self._rings[level]
        return len(ring) > 0 and (ring.start == 0 or bool(ring["t"][0] < start_s))

    def _rows_between(self, level: int, start_s: float, end_s: float) -> int:
        lo, hi = np.searchsorted(self._rings[level]["t"], (start_s, end_s))
        return int(hi - lo)

    def _cover(self, level: int, start_s: float, end_s: float) -> list[_Part]:
        """The rows that hold the points of a stretch, once each: `level` in the middle, finer ones at the edges."""
        parts: list[_Part] = []
        for finer in range(level, -1, -1):
            ring = self._rings[finer]
            lo = ring.start if finer == level else max(ring.start, self._promoted[finer + 1])
            parts += self._within(finer, lo, ring.stop, start_s, end_s)
        return parts

    def _within(self, level: int, lo: int, hi: int, start_s: float, end_s: float) -> list[_Part]:
        """The rows from `lo` to `hi` within a stretch; one that crosses an edge is opened into finer ones."""
        t = self._rings[level].rows("t", lo, hi)
        first, last = lo + int(np.searchsorted(t, start_s)), lo + int(np.searchsorted(t, end_s, "right"))
        if level == 0:
            return [_Part(0, first, last)] if first < last else []
        before = max(first - 1, lo)
        if last - before <= 1:
            return self._opened(level, before, start_s, end_s) if before < last else []
        left = self._opened(level, before, start_s, end_s) if before < first else []
        middle = [_Part(level, first, last - 1)] if first < last - 1 else []
        return [*left, *middle, *self._opened(level, last - 1, start_s, end_s)]

    def _opened(self, level: int, row: int, start_s: float, end_s: float) -> list[_Part]:
        """The finer rows of one row that lie in a stretch; the row itself where the finer ones are gone."""
        ring = self._rings[level]
        lo = int(ring.rows("child", row, row + 1)[0])
        if lo < self._rings[level - 1].start:
            return [_Part(level, row, row + 1)]
        hi = int(ring.rows("child", row + 1, row + 2)[0]) if row + 1 < ring.stop else self._promoted[level]
        return self._within(level - 1, lo, hi, start_s, end_s)

    def _with_neighbours(self, start_s: float, end_s: float) -> tuple[float, float]:
        """The stretch, widened to the next point on each side where that is still known."""
        points = self._rings[0]
        t = points["t"]
        if not len(t) or (points.start > 0 and end_s < t[0]):
            return start_s, end_s
        before, after = int(np.searchsorted(t, start_s)) - 1, int(np.searchsorted(t, end_s, "right"))
        return float(t[before]) if before >= 0 else start_s, float(t[after]) if after < len(t) else end_s

    def _items(self, parts: list[_Part]) -> Extremes:
        return Extremes.joined([self._extremes(part) for part in parts or [_Part(0, 0, 0)]])

    def _extremes(self, part: _Part) -> Extremes:
        ring = self._rings[part.level]
        if part.level == 0:
            return Extremes.of_points(*(ring.rows(name, part.lo, part.hi) for name in _POINT_COLUMNS))
        return Extremes(*(ring.rows(name, part.lo, part.hi) for name in Extremes.__slots__))

    def _ticks(self, t: Floats) -> Ints:
        return np.floor(t / self.resolution_s).astype(np.int64)


def _run_starts(values: Ints | Floats) -> Ints:
    """Where a new value begins in a list of rising values."""
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
