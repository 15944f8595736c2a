"""A plot in words and in figures: summary, table, numbers for a file (panel spec 15)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication

from engine.core.messages import Event
from engine.core.pyramid import Floats
from gui.formats import clock_time, date_time
from gui.plots.curve import Curve
from gui.plots.marks import Mark
from gui.plots.quantity import Quantity, span_text
from gui.sentences.events import event_sentence

translate = QCoreApplication.translate
_TIP_LINES = 6
_NUMBER_COLUMNS = 50_000


class PlotTable(NamedTuple):
    """What a plot shows, to be read as text: a time, one value a curve and what happened then; oldest first."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a plot shows, for a file. headers: of the values. columns: `(t, y)` of each curve, NaN for a gap, scaled as
    shown. happened: time and sentence of each thing that the engines did."""

    headers: tuple[str, ...]
    columns: tuple[tuple[Floats, Floats], ...]
    happened: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """All that a plot shows at a moment."""

    title: str
    quantity: Quantity
    curves: Sequence[Curve]
    marks: Sequence[Mark]
    happened: Sequence[Event]
    start_s: float
    end_s: float
    following: bool

    def summary(self) -> str:
        """The plot in a few sentences."""
        span = span_text(self.end_s - self.start_s)
        if self.following:
            when = translate("LivePlot", "last {span}").format(span=span)
        else:
            when = translate("LivePlot", "{span} from {start}").format(span=span, start=date_time(self.start_s))
        parts = [f"{self.title}, {when}."]
        parts += [self._curve_summary(curve) for curve in self.curves]
        parts += [f"{mark.name}: {mark_text(mark, self.quantity)}." for mark in self.marks]
        if self.happened:
            text = translate("LivePlot", "What happened: {count}, last at {time}: {what}")
            last = self.happened[-1]
            count, what = len(self.happened), event_sentence(last)
            parts.append(text.format(count=count, time=clock_time(last.at_s), what=what))
        return " ".join(parts)

    def at(self, t_s: float) -> str:
        """Every curve's value at a time, in words."""
        values = [f"{curve.name} {self.quantity.text(curve.value(t_s))}" for curve in self.curves]
        return f"{time_text(t_s, self.end_s - self.start_s)}: {', '.join(values)}."

    def table(self, max_rows: int) -> PlotTable:
        """At most `max_rows` rows, what happened not counted."""
        unit = f" ({self.quantity.unit})" if self.quantity.unit else ""
        headers = [translate("LivePlot", "Time"), *(f"{curve.name}{unit}" for curve in self.curves)]
        views = [curve.series.view(self.start_s, self.end_s, max(max_rows // 2, 1)) for curve in self.curves]
        times = np.unique(np.concatenate([t for t, _ in views])) if views else np.empty(0)
        times = times[(times >= self.start_s) & (times <= self.end_s)]
        every = max(math.ceil(len(times) / max_rows), 1)
        shown = [(t, "") for t in times[::every].tolist()]
        if self.happened:
            headers.append(translate("LivePlot", "What happened"))
            shown = sorted(shown + [(event.at_s, event_sentence(event)) for event in self.happened[-max_rows:]])
        rows = []
        for t, what in shown:
            values = (self.quantity.number(curve.series.value_at(t)) for curve in self.curves)
            rows.append((date_time(t), *values, *((what,) if self.happened else ())))
        return PlotTable(tuple(headers), tuple(rows))

    def numbers(self) -> Numbers:
        """Every point in view, up to 100,000 a curve; of more, the lowest and the highest of each step."""
        unit = f" ({self.quantity.unit})" if self.quantity.unit else ""
        columns = []
        for curve in self.curves:
            t, y = curve.series.view(self.start_s, self.end_s, _NUMBER_COLUMNS)
            inside = (t >= self.start_s) & (t <= self.end_s)
            columns.append((t[inside], y[inside] * self.quantity.scale))
        return Numbers(
            tuple(f"{curve.name}{unit}" for curve in self.curves),
            tuple(columns),
            tuple((event.at_s, event_sentence(event)) for event in self.happened),
        )

    def _curve_summary(self, curve: Curve) -> str:
        text = self.quantity.text
        summary = curve.series.summary(self.start_s, self.end_s)
        if summary is None:
            return translate("LivePlot", "{name}: nothing known.").format(name=curve.name)
        said = translate("LivePlot", "{name}: last {last} at {time}, lowest {low}, highest {high}, mean {mean}.")
        return said.format(
            name=curve.name,
            last=text(summary.last.value),
            time=clock_time(summary.last.t_s),
            low=text(summary.minimum),
            high=text(summary.maximum),
            mean=text(summary.mean),
        )


def time_text(t_s: float, span_s: float) -> str:
    """A time, with its day where more than one day is in view."""
    return clock_time(t_s) if span_s <= 86_400 else date_time(t_s)


def mark_text(mark: Mark, quantity: Quantity, edges: tuple[float, float] | None = None) -> str:
    """Where a mark stands, or would stand at other edges."""
    low, high = edges or (mark.low, mark.high)
    if low == high:
        return quantity.text(low)
    return translate("LivePlot", "{low} to {high}").format(low=quantity.number(low), high=quantity.text(high))


def tip_text(events: Sequence[Event]) -> str:
    """What happened, a line each, the newest last; empty for nothing."""
    lines = [f"{clock_time(event.at_s)}  {event_sentence(event)}" for event in events[-_TIP_LINES:]]
    if len(events) > _TIP_LINES:
        lines.insert(0, translate("LivePlot", "{count} earlier ones here").format(count=len(events) - _TIP_LINES))
    return "\n".join(lines)
