"""A plot of series that are still growing: made once, fed with as many points as it has pixels (panel spec 14, 15)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.core.series import Series
from gui.formats import clock_time, date_time
from gui.plots.axes import TimeAxis, ValueAxis
from gui.plots.curve import Curve
from gui.plots.legend import Entry, Legend, Swatch
from gui.plots.marks import Mark, Marks
from gui.plots.quantity import Quantity, span_text
from gui.theme import Space, Tone, number_font, scaled_font, set_look, theme_of

# Raster, hard edges: OpenGL grows without bound here (pyqtgraph 3372), and smooth edges cost several times as much.
pg.setConfigOptions(antialias=False, useOpenGL=False)

DESCRIBE_EVERY_S = 5.0
_MIN_SPAN_S = 2.0
_MAX_SPAN_S = 20 * 365 * 86_400.0
_PLAIN = Quantity()
_ANY = QSizePolicy.Policy.Ignored


class PlotTable(NamedTuple):
    """What a plot shows, to be read as text: a time and one value a curve in each row, oldest first."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class LivePlot(QFrame):
    """Curves, targets and bands over time, in a card with a title, a legend and a text summary.

    It follows the present until the operator zooms or pans, and then stays until Follow is pressed. `redraw` brings it
    up to date; register it with the window's `Redraw`. Keys: Left and Right pan, + and - zoom, End follows.

    title: also the accessible name. quantity: unit and scale of every curve. span_s: how much time is seen while
    following. now: seconds since the epoch; by default the newest point is the present, and with it a feed that fell
    silent shows as an empty right edge.
    """

    following_changed = Signal(bool)

    def __init__(
        self,
        title: str,
        quantity: Quantity = _PLAIN,
        *,
        span_s: float = 3600.0,
        now: Callable[[], float] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.quantity = quantity
        self._span_s = span_s
        self._now = now
        self._following = True
        self._curves: dict[str, Curve] = {}
        self._fixed_y: tuple[float, float] | None = None
        self._y_range = (0.0, 1.0)
        self._described_at_s = -math.inf
        self._build_header()
        self._build_view()
        self._compose()
        self.set_span(span_s)
        self._colour()

    def add_curve(self, name: str, series: Series, *, tone: Tone | None = None, dashed: bool = False) -> None:
        """Draw `series` under a name that is not taken yet; in the colour of `tone`, else the next of the theme.

        A neutral curve lies under the others.
        """
        if name in self._curves:
            raise ValueError(f"{self.title!r} has a curve {name!r} already")
        curve = self._curves[name] = Curve(name, series, len(self._curves), tone, dashed)
        self._box.addItem(curve.item, ignoreBounds=True)
        self._colour()

    def set_series(self, name: str, series: Series) -> None:
        """Let the curve `name` show another series. Raises KeyError when there is no such curve."""
        if self._curves[name].series is not series:
            self._curves[name].follow(series)

    def set_target(self, name: str, value: float, tone: Tone | None = None) -> None:
        """Draw a dashed level line, or move it."""
        self._set_mark(Mark(name, value, value, tone))

    def set_band(self, name: str, low: float, high: float, tone: Tone | None = None) -> None:
        """Tint the ground between two values, or move it."""
        self._set_mark(Mark(name, min(low, high), max(low, high), tone))

    def remove_mark(self, name: str) -> None:
        """Take a target or band away, if it is there."""
        if self._marks.marks.pop(name, None) is not None:
            self._marks.update()

    def set_y_range(self, low: float, high: float) -> None:
        """Keep the value axis as it is given, whatever the curves do."""
        self._fixed_y = (low, high)
        self._show_y(low, high)

    def set_span(self, span_s: float) -> None:
        """Follow with so much time in view."""
        if not _MIN_SPAN_S <= span_s <= _MAX_SPAN_S:
            raise ValueError(f"a plot shows {_MIN_SPAN_S} s to 20 years, got {span_s!r} s")
        self._span_s = span_s
        self.follow()

    @property
    def following(self) -> bool:
        """Whether the present stays in view."""
        return self._following

    def follow(self) -> None:
        """Return to the present."""
        self._set_following(True)
        self.redraw()

    def redraw(self) -> None:
        """Show what the series hold now. Costs nothing more where nothing came in."""
        if self._following:
            self._move_to_now()
        start_s, end_s = self._box.viewRange()[0]
        columns = max(math.ceil(self._box.width() * self.devicePixelRatioF()), 1)
        for curve in self._curves.values():
            curve.draw(start_s, end_s, columns)
        if self._fixed_y is None:
            self._fit_y()
        # A new range reaches the items only here; left to the paint event, it would cause a second one.
        self._view.scene().prepareForPaint()
        self._update_legend()
        self._describe_now_and_then()

    def describe(self) -> str:
        """What the plot shows, in words."""
        start_s, end_s = self._box.viewRange()[0]
        shown = span_text(end_s - start_s)
        when = (
            self.tr("last {span}").format(span=shown)
            if self._following
            else self.tr("{span} from {start}").format(span=shown, start=date_time(start_s))
        )
        parts = [f"{self.title}, {when}."]
        parts += [self._describe_curve(curve, start_s, end_s) for curve in self._curves.values()]
        parts += [f"{mark.name}: {self._mark_text(mark)}." for mark in self._marks.marks.values()]
        return " ".join(parts)

    def as_table(self, max_rows: int = 500) -> PlotTable:
        """The stretch in view as text, for those who read rather than look; at most `max_rows` rows."""
        start_s, end_s = self._box.viewRange()[0]
        unit = f" ({self.quantity.unit})" if self.quantity.unit else ""
        headers = (self.tr("Time"), *(f"{name}{unit}" for name in self._curves))
        views = [curve.series.view(start_s, end_s, max(max_rows // 2, 1)) for curve in self._curves.values()]
        times = np.unique(np.concatenate([t for t, _ in views])) if views else np.empty(0)
        times = times[(times >= start_s) & (times <= end_s)]
        every = max(math.ceil(len(times) / max_rows), 1)
        rows = tuple(
            (
                date_time(t),
                *(self.quantity.number(curve.series.value_at(t)) for curve in self._curves.values()),
            )
            for t in times[::every].tolist()
        )
        return PlotTable(headers, rows)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The pointer's moves, by key."""
        start_s, end_s = self._box.viewRange()[0]
        span_s = end_s - start_s
        match event.key():
            case Qt.Key.Key_Left:
                self._look_at(start_s - span_s / 5, end_s - span_s / 5)
            case Qt.Key.Key_Right:
                self._look_at(start_s + span_s / 5, end_s + span_s / 5)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self._look_at(start_s + span_s / 4, end_s - span_s / 4)
            case Qt.Key.Key_Minus:
                self._look_at(start_s - span_s / 2, end_s + span_s / 2)
            case Qt.Key.Key_End:
                self.follow()
            case _:
                super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_box"):
            self._colour()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer line goes with the pointer."""
        super().leaveEvent(event)
        self._point_at(None)

    def _build_header(self) -> None:
        self._title_label = QLabel(self.title)
        set_look(self._title_label, role="title")
        self._unit_label = QLabel(self.quantity.unit)
        set_look(self._unit_label, role="muted")
        self._legend = Legend()
        self._follow_button = QToolButton()
        set_look(self._follow_button, button=True)
        self._follow_button.setText(self.tr("Follow"))
        self._follow_button.setToolTip(self.tr("Return to the present (End)"))
        self._follow_button.setAccessibleName(self.tr("Follow {title}").format(title=self.title))
        self._follow_button.clicked.connect(self.follow)
        policy = self._follow_button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._follow_button.setSizePolicy(policy)
        self._follow_button.hide()

    def _build_view(self) -> None:
        self._view = pg.GraphicsView(self)
        self._view.setFrameShape(QFrame.Shape.NoFrame)
        self._view.setSizePolicy(_ANY, _ANY)  # it would ask for the size of its scene, which follows its own
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.viewport().setMouseTracking(True)
        self._box = pg.ViewBox(enableMenu=False, defaultPadding=0.0)
        self._box.setMouseEnabled(x=True, y=False)
        self._box.disableAutoRange()
        self._box.setLimits(minXRange=_MIN_SPAN_S, maxXRange=_MAX_SPAN_S)
        self._time_axis, self._value_axis = TimeAxis(), ValueAxis(self.quantity)
        self._root = pg.GraphicsWidget()
        grid = QGraphicsGridLayout(self._root)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addItem(self._box, 0, 0)
        grid.addItem(self._value_axis, 0, 1)
        grid.addItem(self._time_axis, 1, 0)
        for axis in (self._time_axis, self._value_axis):
            axis.linkToView(self._box)
        self._view.setCentralItem(self._root)
        self._marks = Marks()
        self._box.addItem(self._marks, ignoreBounds=True)
        self._box.sigRangeChangedManually.connect(self._left_the_present)
        self._view.scene().sigMouseMoved.connect(self._pointer_moved)

    def _compose(self) -> None:
        set_look(self, card=True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.title)
        heading = QHBoxLayout()
        heading.setSpacing(Space.SMALL)
        heading.addWidget(self._title_label)
        heading.addWidget(self._unit_label)
        heading.addStretch(1)
        heading.addWidget(self._follow_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.TIGHT, Space.TIGHT)
        column.setSpacing(Space.TIGHT)
        header = QVBoxLayout()
        header.setContentsMargins(0, 0, Space.SMALL, 0)
        header.setSpacing(Space.HAIR)
        header.addLayout(heading)
        header.addWidget(self._legend)
        column.addLayout(header)
        column.addWidget(self._view, 1)
        self.setMinimumSize(max(220, column.minimumSize().width()), 140)

    def _colour(self) -> None:
        theme = theme_of()
        self._view.setBackground(theme.surface)
        font = number_font(scaled_font(self.font(), 0.88))
        metrics = self.fontMetrics()
        for axis in (self._time_axis, self._value_axis):
            axis.set_inks(theme.grid, theme.border, theme.muted, font)
        self._time_axis.setHeight(metrics.height() + Space.TIGHT)
        self._value_axis.setWidth(metrics.horizontalAdvance("0") * 6 + Space.TIGHT)
        for curve in self._curves.values():
            curve.take_colour()
        for mark in self._marks.marks.values():
            mark.colour = self._mark_ink(mark)
        self._marks.pointer_colour = QColor(theme.muted)
        self._update_legend()

    def _mark_ink(self, mark: Mark) -> QColor:
        return QColor(theme_of().tones[mark.tone or Tone.NEUTRAL].text)

    def _set_mark(self, mark: Mark) -> None:
        if not (math.isfinite(mark.low) and math.isfinite(mark.high)):
            raise ValueError(f"a mark needs finite values, got {mark.low!r} and {mark.high!r} for {mark.name!r}")
        mark.colour = self._mark_ink(mark)
        if self._marks.marks.get(mark.name) != mark:
            self._marks.marks[mark.name] = mark
            self._marks.update()

    def _move_to_now(self) -> None:
        if self._now is not None:
            now_s = self._now()
        else:
            newest = [curve.series.latest.t_s for curve in self._curves.values() if curve.series.latest]
            now_s = max(newest, default=time.time())
        # Moving by whole pixels leaves axis and grid as they are until there is something to move.
        pixel_s = self._span_s / max(self._box.width(), 1.0)
        end_s = math.ceil(now_s / pixel_s) * pixel_s
        self._show_x(end_s - self._span_s, end_s)

    def _shown_span_s(self) -> float:
        start_s, end_s = self._box.viewRange()[0]
        return float(end_s - start_s)

    def _show_x(self, start_s: float, end_s: float) -> None:
        if self._box.viewRange()[0] != [start_s, end_s]:
            self._box.setXRange(start_s, end_s, padding=0)

    def _show_y(self, low: float, high: float) -> None:
        if (low, high) != self._y_range:
            self._y_range = (low, high)
            self._box.setYRange(low, high, padding=0)

    def _fit_y(self) -> None:
        """Widen at once when something would be out of sight, narrow only when half of the room is empty."""
        ends = [end for curve in self._curves.values() for end in (curve.low, curve.high)]
        ends += [end for mark in self._marks.marks.values() for end in (mark.low, mark.high)]
        ends = [end for end in ends if not math.isnan(end)]
        if not ends:
            return
        low, high = min(ends), max(ends)
        shown_low, shown_high = self._y_range
        if shown_low <= low and high <= shown_high and high - low >= 0.5 * (shown_high - shown_low):
            return
        room = (high - low) * 0.12 or max(abs(high), 1.0 / self.quantity.scale) * 0.1
        if (low - room, high + room) != self._y_range:
            self._show_y(low - room, high + room)

    def _update_legend(self) -> None:
        at_s = self._marks.pointer_s
        widest = max((self.quantity.text(end) for end in self._y_range), key=len)
        entries = [
            Entry(
                curve.name if curve.name != self.title else "",
                self.quantity.text(curve.value(at_s)),
                curve.colour(),
                Swatch.DASHES if curve.dashed else Swatch.LINE,
                widest,
            )
            for curve in self._curves.values()
        ]
        entries += [
            Entry(mark.name, self._mark_text(mark), mark.colour, Swatch.BAND if mark.is_band else Swatch.DASHES)
            for mark in self._marks.marks.values()
        ]
        written = clock_time if self._shown_span_s() <= 86_400 else date_time
        self._legend.show_entries(entries, "" if at_s is None else written(at_s))

    def _mark_text(self, mark: Mark) -> str:
        if not mark.is_band:
            return self.quantity.text(mark.low)
        return self.tr("{low} to {high}").format(low=self.quantity.number(mark.low), high=self.quantity.text(mark.high))

    def _describe_curve(self, curve: Curve, start_s: float, end_s: float) -> str:
        text = self.quantity.text
        summary = curve.series.summary(start_s, end_s)
        if summary is None:
            return self.tr("{name}: nothing known.").format(name=curve.name)
        return self.tr("{name}: last {last} at {time}, lowest {low}, highest {high}, mean {mean}.").format(
            name=curve.name,
            last=text(summary.last.value),
            time=clock_time(summary.last.t_s),
            low=text(summary.minimum),
            high=text(summary.maximum),
            mean=text(summary.mean),
        )

    def _describe_now_and_then(self) -> None:
        now_s = time.monotonic()
        if now_s - self._described_at_s >= DESCRIBE_EVERY_S:
            self._described_at_s = now_s
            self.setAccessibleDescription(self.describe())

    def _look_at(self, start_s: float, end_s: float) -> None:
        self._box.setXRange(start_s, end_s, padding=0)
        self._left_the_present()

    def _left_the_present(self, *_: object) -> None:
        self._set_following(False)
        self.redraw()

    def _set_following(self, following: bool) -> None:
        if following != self._following:
            self._following = following
            self._follow_button.setVisible(not following)
            self.following_changed.emit(following)

    def _pointer_moved(self, at: QPointF) -> None:
        inside = self._box.sceneBoundingRect().contains(at)
        self._point_at(float(self._box.mapSceneToView(at).x()) if inside else None)

    def _point_at(self, t_s: float | None) -> None:
        if t_s != self._marks.pointer_s:
            self._marks.pointer_s = t_s
            self._marks.update()
            self._update_legend()
