"""One series as a line of a plot: what was drawn last, and whether there is anything new to draw."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from engine.core.pyramid import Floats
from engine.core.series import Point, Series
from gui.theme import Tone, theme_of

_UNSEEN_COLUMNS = 1 / 8
"""By how much of a column the end of a line may lag behind the newest point."""


class Curve:
    """A line for `series`. order: which of the theme's plot colours it has, unless `tone` gives it one by meaning.

    low, high: the extremes of what was drawn last, NaN when that was nothing.
    """

    def __init__(self, name: str, series: Series, order: int, tone: Tone | None, dashed: bool) -> None:
        self.name = name
        self.series = series
        self.dashed = dashed
        self.low = math.nan
        self.high = math.nan
        self.item = pg.PlotCurveItem(connect="finite")
        self.item.setZValue(0 if tone is Tone.NEUTRAL else order + 1)
        self._order = order
        self._tone = tone
        self._drawn: tuple[Point | None, float, float, int] | None = None
        self._seen: Point | None = None
        self._newest_column = (math.nan, math.nan)

    def colour(self) -> QColor:
        """Its colour in the theme in force."""
        theme = theme_of()
        return QColor(theme.tones[self._tone].text if self._tone else theme.series[self._order % len(theme.series)])

    def take_colour(self) -> None:
        """One opaque pixel in the theme's colour; what is wider or softer costs several times as much."""
        style = Qt.PenStyle.DashLine if self.dashed else Qt.PenStyle.SolidLine
        self.item.setPen(pg.mkPen(self.colour(), width=1, style=style))

    def follow(self, series: Series) -> None:
        """Draw another series from now on."""
        self.series = series
        self._drawn = self._seen = None

    def draw(self, start_s: float, end_s: float, columns: int) -> None:
        """Show the series between two times; nothing is done when nothing came in and the stretch is the same."""
        wanted = (self.series.latest, start_s, end_s, columns)
        if self._drawn == wanted or self._looks_the_same(start_s, end_s, columns):
            return
        self._drawn, self._seen = wanted, self.series.latest
        t, y = with_dots(*self.series.view(start_s, end_s, columns), reach_s=(end_s - start_s) / columns)
        self.item.setData(t, y)
        self.low, self.high = (float(np.nanmin(y)), float(np.nanmax(y))) if len(y) else (math.nan, math.nan)
        self._newest_column = (float(y[-3:].min()), float(y[-3:].max())) if len(y) else (math.nan, math.nan)

    def _looks_the_same(self, start_s: float, end_s: float, columns: int) -> bool:
        """Whether all that came in since lies within the newest column as it is drawn: with a year in view that is so
        for hours. NaN compares as outside."""
        if self._drawn is None or self._drawn[1:] != (start_s, end_s, columns):
            return False
        drawn, seen, latest = self._drawn[0], self._seen, self.series.latest
        if drawn is None or seen is None or latest is None or latest.t_s <= seen.t_s:
            return latest == seen
        low, high = self._newest_column
        near = latest.t_s - drawn.t_s <= (end_s - start_s) / columns * _UNSEEN_COLUMNS
        if not (near and low <= latest.value <= high and low <= seen.value <= high):
            return False
        came = self.series.summary(seen.t_s, latest.t_s)
        self._seen = latest
        return came is not None and low <= came.minimum and came.maximum <= high

    def value(self, at_s: float | None) -> float:
        """The value at a time, or the newest one for None; NaN where there is none."""
        if at_s is not None:
            return self.series.value_at(at_s)
        return self.series.latest.value if self.series.latest else math.nan


def with_dots(t: Floats, y: Floats, reach_s: float) -> tuple[Floats, Floats]:
    """Points that stand alone between two gaps become dashes of `2 * reach_s`; a line of one point would not show."""
    edge = np.concatenate(([True], np.isnan(y), [True]))
    alone = edge[:-2] & edge[2:] & ~edge[1:-1]
    if not alone.any():
        return t, y
    ends = np.flatnonzero(np.repeat(alone, alone + 1))
    t, y = np.repeat(t, alone + 1), np.repeat(y, alone + 1)
    t[ends[0::2]] -= reach_s
    t[ends[1::2]] += reach_s
    return t, y
