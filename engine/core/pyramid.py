"""What a `Series` is made of: rings of numpy columns, and the reduction of many points to a few extremes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_FIRST_CAPACITY = 256
_SPARE_ROWS = 8


class Ring:
    """Columns of equal length in time order: rows come in at the end and, beyond `max_rows`, leave at the front.

    The rows stay contiguous, so that a column is one plain array: they slide back to the start of their memory each
    time it is used up, at most once per `max_rows / 4` rows. Rows have absolute indices from `start` to `stop`, which
    never change while a row is kept.
    """

    def __init__(self, columns: Mapping[str, DTypeLike], max_rows: int) -> None:
        self.max_rows = max_rows
        self.start = 0
        self._limit = max_rows + max_rows // 4 + _SPARE_ROWS
        self._columns: dict[str, NDArray[Any]] = {
            name: np.empty(min(_FIRST_CAPACITY, self._limit), dtype) for name, dtype in columns.items()
        }
        self._names = tuple(columns)
        self._begin = 0
        self._end = 0
        self._capacity = min(_FIRST_CAPACITY, self._limit)

    def __len__(self) -> int:
        return self._end - self._begin

    def __getitem__(self, name: str) -> NDArray[Any]:
        """One column, oldest row first; a view that is valid until the next row comes in."""
        return self._columns[name][self._begin : self._end]

    @property
    def stop(self) -> int:
        """Absolute index after the newest row."""
        return self.start + self._end - self._begin

    @property
    def nbytes(self) -> int:
        return sum(column.nbytes for column in self._columns.values())

    @property
    def max_nbytes(self) -> int:
        return sum(column.itemsize * self._limit for column in self._columns.values())

    def rows(self, name: str, lo: int, hi: int) -> NDArray[Any]:
        """One column from absolute index `lo` up to `hi`."""
        shift = self._begin - self.start
        return self._columns[name][lo + shift : hi + shift]

    def push_one(self, *values: float) -> None:
        """Add one row, its values in the order of the columns."""
        if self._end == self._capacity:
            self._make_room(1)
        for name, value in zip(self._names, values, strict=True):
            self._columns[name][self._end] = value
        self._advance(1)

    def push(self, rows: Mapping[str, NDArray[Any]]) -> None:
        """Add a few rows, at most `max_rows // 4 + 8`."""
        count = len(rows[self._names[0]])
        if self._end + count > self._capacity:
            self._make_room(count)
        for name in self._names:
            self._columns[name][self._end : self._end + count] = rows[name]
        self._advance(count)

    def _advance(self, count: int) -> None:
        self._end += count
        surplus = self._end - self._begin - self.max_rows
        if surplus > 0:
            self._begin += surplus
            self.start += surplus

    def _make_room(self, count: int) -> None:
        kept = len(self)
        if kept + count > self._capacity:
            self._capacity = min(max(2 * self._capacity, kept + count), self._limit)
            for name, column in self._columns.items():
                grown = np.empty(self._capacity, column.dtype)
                grown[:kept] = column[self._begin : self._end]
                self._columns[name] = grown
        else:
            for column in self._columns.values():
                column[:kept] = column[self._begin : self._end]
        self._begin, self._end = 0, kept


@dataclass(frozen=True, slots=True)
class Extremes:
    """Runs of neighbouring points in time order, each as its extremes; a single point is a run of one.

    t: time of the first point. t_min, y_min, t_max, y_max: the first lowest and the first highest point. total, count:
    sum and number of the values. gap_before: a gap lies between this run and the one before. gap_inside: a gap lies
    between two of its points.
    """

    t: Floats
    t_min: Floats
    y_min: Floats
    t_max: Floats
    y_max: Floats
    total: Floats
    count: Ints
    gap_before: Flags
    gap_inside: Flags

    @classmethod
    def of_points(cls, t: Floats, y: Floats, gap_before: Flags) -> Extremes:
        return cls(t, t, y, t, y, y, np.ones(len(t), np.int64), gap_before, np.zeros(len(t), np.bool_))

    @classmethod
    def joined(cls, parts: list[Extremes]) -> Extremes:
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))

    def __len__(self) -> int:
        return len(self.t)

    def merged(self, starts: Ints) -> Extremes:
        """One run for each index in `starts`, reaching to the next one; `starts` rises and begins with 0."""
        group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(self))))
        y_min = np.minimum.reduceat(self.y_min, starts)
        y_max = np.maximum.reduceat(self.y_max, starts)
        inside = self.gap_before.copy()
        inside[starts] = False
        inside |= self.gap_inside
        return Extremes(
            t=self.t[starts],
            t_min=self.t_min[_first_hits(self.y_min == y_min[group], group)],
            y_min=y_min,
            t_max=self.t_max[_first_hits(self.y_max == y_max[group], group)],
            y_max=y_max,
            total=np.add.reduceat(self.total, starts),
            count=np.add.reduceat(self.count, starts),
            gap_before=self.gap_before[starts],
            gap_inside=np.logical_or.reduceat(inside, starts),
        )

    def polyline(self) -> tuple[Floats, Floats]:
        """Two points a run, lowest and highest in time order (one where they are the same), NaN wherever a gap lies.

        A gap inside a run is drawn between that run and the next.
        """
        low_first = self.t_min <= self.t_max
        t = np.empty((len(self), 3))
        y = np.empty((len(self), 3))
        t[:, 0], y[:, 0] = self.t, np.nan
        t[:, 1], y[:, 1] = np.where(low_first, self.t_min, self.t_max), np.where(low_first, self.y_min, self.y_max)
        t[:, 2], y[:, 2] = np.where(low_first, self.t_max, self.t_min), np.where(low_first, self.y_max, self.y_min)
        shown = np.ones((len(self), 3), np.bool_)
        shown[0, 0] = False
        shown[1:, 0] = self.gap_before[1:] | self.gap_inside[:-1]
        shown[:, 2] = (self.t_min != self.t_max) | (self.y_min != self.y_max)
        return t[shown], y[shown]


def _first_hits(hit: Flags, group: Ints) -> Ints:
    """The index of the first hit in each group; each group has one."""
    hits = np.flatnonzero(hit)
    of_group = group[hits]
    first = np.empty(len(hits), np.bool_)
    first[0] = True
    np.not_equal(of_group[1:], of_group[:-1], out=first[1:])
    return hits[first]
