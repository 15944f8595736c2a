"""A plot of series that are still growing: made once, fed with as many points as it has pixels (panel spec 14, 15)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engine.core.series import Series
from gui.plots.canvas import LEAST_SPAN_S, MOST_SPAN_S, Canvas
from gui.plots.curve import Curve
from gui.plots.happenings import Happenings
from gui.plots.header import PlotHeader
from gui.plots.keys import Keys
from gui.plots.legend import entries_of
from gui.plots.marks import Mark
from gui.plots.menu import plot_menu
from gui.plots.quantity import Quantity
from gui.plots.service import PlotService
from gui.plots.thresholds import Mover, Threshold
from gui.plots.value_range import ValueRange
from gui.plots.words import PlotTable, Sight, mark_text, time_text
from gui.theme import Space, Tone, number_font, scaled_font, set_look

DESCRIBE_EVERY_S = 5.0
_PLAIN = Quantity()


class LivePlot(QFrame):
    """Curves, targets, bands and what happened, over time, in a card with a title, a legend and a text summary.

    It follows the present until the operator zooms or pans, and then stays until Follow is pressed. `redraw` brings it
    up to date; register it with the window's `Redraw`. Keys are in `gui.plots.keys`, the rest is in its menu.

    title: also the accessible name. quantity: unit and scale of every curve. span_s: how much time is seen at first and
    after a reset. now: seconds since the epoch; by default the newest point is the present, and with it a feed that
    fell silent shows as an empty right edge. looked_at: an operator changed the stretch (start, end, following).
    pointed_at: the crosshair stands at a time, or is gone. service: see `serve_by`.
    """

    following_changed = Signal(bool)
    looked_at = Signal(float, float, bool)
    pointed_at = Signal(object)

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
        self.service: PlotService | None = None
        self._first_span_s = self._span_s = span_s
        self._now = now
        self._following = True
        self._curves: dict[str, Curve] = {}
        self._options: dict[str, Mark] = {}
        self._values = ValueRange(1.0 / quantity.scale)
        self._described_at_s = -math.inf
        self.canvas = Canvas(quantity, self)
        self._marks = self.canvas.marks
        self.mover = Mover(self._marks, quantity)
        self.keys = Keys(self)
        self.header = PlotHeader(title, quantity.unit)
        self._compose()
        self._bind()
        self.set_span(span_s)
        self._colour()

    def add_curve(self, name: str, series: Series, *, tone: Tone | None = None, dashed: bool = False) -> None:
        """Draw `series` under a name that is not taken yet; in the colour of `tone`, else the next of the theme.

        A neutral curve lies under the others.
        """
        if name in self._curves:
            raise ValueError(f"{self.title!r} has a curve {name!r} already")
        curve = self._curves[name] = Curve(name, series, len(self._curves), tone, dashed)
        self.canvas.box.addItem(curve.item, ignoreBounds=True)
        self._colour()

    def set_series(self, name: str, series: Series) -> None:
        """Let the curve `name` show another series. Raises KeyError when there is no such curve."""
        if self._curves[name].series is not series:
            self._curves[name].follow(series)

    def set_happenings(self, happenings: Happenings) -> None:
        """Draw a sign at the foot for each of these."""
        self.canvas.signs.happenings = happenings

    def set_target(
        self,
        name: str,
        value: float,
        tone: Tone | None = None,
        *,
        threshold: Threshold | None = None,
    ) -> None:
        """Draw a dashed level line, or move it."""
        self._marks.put(Mark(name, value, value, tone, threshold=threshold))

    def set_band(
        self,
        name: str,
        low: float,
        high: float,
        tone: Tone | None = None,
        *,
        threshold: Threshold | None = None,
    ) -> None:
        """Tint the ground between two values, or move it."""
        self._marks.put(Mark(name, min(low, high), max(low, high), tone, threshold=threshold))

    def set_option(self, name: str, threshold: Threshold, tone: Tone | None = None, *, in_view: bool = True) -> None:
        """Draw lines where an option has them, once `show_options` tells its value.

        in_view: whether the value axis widens to show them.
        """
        self._options[name] = Mark(name, 0.0, 0.0, tone, tinted=False, in_view=in_view, threshold=threshold)

    def show_options(self, by_path: Mapping[str, Any]) -> None:
        """Move the marks of `set_option` to where the options in force have them."""
        for mark in self._options.values():
            if mark.threshold is not None and mark.threshold.path in by_path:
                low, high = mark.threshold.edges(float(by_path[mark.threshold.path]))
                self._marks.put(replace(mark, low=low, high=high))

    def remove_mark(self, name: str) -> None:
        """Take a target or band away, if it is there."""
        if self.mover.name == name:
            self.settle()
        self._marks.drop(name)

    def serve_by(self, service: PlotService) -> None:
        """Let thresholds be moved, and files be saved."""
        self.service = service
        self._marks.may_move = True

    @property
    def thresholds(self) -> tuple[Mark, ...]:
        """The marks that an operator may move now."""
        return self._marks.thresholds

    def set_y_range(self, low: float, high: float) -> None:
        """Keep the value axis as it is given, whatever the curves do."""
        self._values.fix(low, high)
        self.canvas.show_values(low, high)

    def set_span(self, span_s: float) -> None:
        """Follow with so much time in view."""
        if not LEAST_SPAN_S <= span_s <= MOST_SPAN_S:
            raise ValueError(f"a plot shows {LEAST_SPAN_S} s to 20 years, got {span_s!r} s")
        self._first_span_s = self._span_s = span_s
        self._set_following(True)
        self.redraw()

    @property
    def following(self) -> bool:
        """Whether the present stays in view."""
        return self._following

    @property
    def stretch(self) -> tuple[float, float]:
        """First and last second in view."""
        return self.canvas.stretch

    @property
    def first_s(self) -> float | None:
        """The oldest second that a curve knows."""
        known = [curve.series.first_s for curve in self._curves.values()]
        return min((first for first in known if first is not None), default=None)

    @property
    def newest_s(self) -> float | None:
        """The newest second that a curve knows."""
        known = [curve.series.latest for curve in self._curves.values()]
        return max((latest.t_s for latest in known if latest is not None), default=None)

    @property
    def pointer_s(self) -> float | None:
        """Where the crosshair stands."""
        return self._marks.pointer_s

    @property
    def happenings(self) -> Happenings | None:
        """What the engines did."""
        return self.canvas.signs.happenings

    def follow(self) -> None:
        """Return to the present, with as much time in view as now."""
        start_s, end_s = self.stretch
        self.look(start_s, end_s, following=True)

    def reset(self) -> None:
        """Return to the present and to the span that the plot began with."""
        _, end_s = self.stretch
        self.look(end_s - self._first_span_s, end_s, following=True)

    def look(self, start_s: float, end_s: float, *, following: bool = False) -> None:
        """Show another stretch because an operator wants it; linked plots come along."""
        self.look_at(start_s, end_s, following=following)
        self.looked_at.emit(*self.stretch, self._following)

    def look_at(self, start_s: float, end_s: float, *, following: bool = False) -> None:
        """Show another stretch; following: as much time as it has, up to the present."""
        span_s = min(max(end_s - start_s, LEAST_SPAN_S), MOST_SPAN_S)
        self._span_s = span_s
        if not following:
            self.canvas.show_stretch((start_s + end_s - span_s) / 2, (start_s + end_s + span_s) / 2)
        self._set_following(following)
        self.redraw()

    def point(self, t_s: float | None) -> None:
        """Put the crosshair at a time because an operator wants it; None takes it away."""
        if t_s != self._marks.pointer_s:
            self.point_at(t_s)
            self.pointed_at.emit(t_s)

    def point_at(self, t_s: float | None) -> None:
        """Put the crosshair at a time, and read every curve there."""
        self._marks.pointer_s = t_s
        self._update_legend()
        self._marks.update()

    def redraw(self) -> None:
        """Show what the series hold now. Costs nothing more where nothing came in."""
        if self._following:
            self._move_to_now()
        start_s, end_s = self.stretch
        for curve in self._curves.values():
            curve.draw(start_s, end_s, self.canvas.columns)
        if self.mover.name is None:
            self._fit_values()
        self.canvas.settle()
        self._update_legend()
        now_s = time.monotonic()
        if now_s - self._described_at_s >= DESCRIBE_EVERY_S:
            self._described_at_s = now_s
            self.setAccessibleDescription(self.describe())

    def describe(self) -> str:
        """What the plot shows, in words."""
        return self.sight().summary()

    def as_table(self, max_rows: int = 500) -> PlotTable:
        """The stretch in view as text, for those who read rather than look; at most `max_rows` rows."""
        return self.sight().table(max_rows)

    def sight(self) -> Sight:
        """All that is shown now."""
        start_s, end_s = self.stretch
        happened = [] if self.happenings is None else self.happenings.between(start_s, end_s)
        curves, marks = tuple(self._curves.values()), tuple(self._marks.marks.values())
        return Sight(self.title, self.quantity, curves, marks, happened, start_s, end_s, self._following)

    def say(self, text: str) -> None:
        """Tell a screen reader at once; the summary comes back with a later beat."""
        self._described_at_s = time.monotonic()
        self.setAccessibleDescription(text)

    def move_threshold(self, name: str) -> None:
        """Let the arrow keys move a threshold, until Enter shows what would change or Escape puts it back."""
        self.mover.take(name)
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._show_moved()

    def step_threshold(self, steps: int) -> None:
        """Move it by so many steps of what the plot can write."""
        self.mover.by(steps)
        self._show_moved()

    def propose(self) -> None:
        """Ask whether the option behind the moved threshold shall have its new value."""
        path, value = self.mover.path, self.mover.text
        if not self.mover.moved or self.service is None:
            self.settle()
            return
        self.mover.release()
        self.service.propose(self, path, value)

    def settle(self) -> None:
        """No threshold is on its way any more."""
        self.canvas.let_go()
        self.mover.cancel()
        self._update_legend()

    def show_menu(self, at: QPoint | None = None) -> None:
        """Everything the plot can do; at: of the screen, else below the menu's button."""
        menu = plot_menu(self)
        menu.popup(at or self.header.menu.mapToGlobal(self.header.menu.rect().bottomLeft()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What the pointer can do, by key."""
        if not self.keys.pressed(event):
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu, where the pointer is or below its button."""
        self.show_menu(event.globalPos() if event.reason() is QContextMenuEvent.Reason.Mouse else None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A threshold that was moved by key is put back when the keys go elsewhere."""
        super().focusOutEvent(event)
        if self.mover.name is not None and event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.settle()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "header"):
            self._colour()

    def leaveEvent(self, event: QEvent) -> None:
        """The crosshair goes with the pointer."""
        super().leaveEvent(event)
        self.point(None)

    def _compose(self) -> None:
        set_look(self, card=True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.title)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.TIGHT, Space.TIGHT)
        column.setSpacing(Space.TIGHT)
        column.addWidget(self.header)
        column.addWidget(self.canvas, 1)
        self.setMinimumSize(max(220, column.minimumSize().width()), 140)

    def _bind(self) -> None:
        self.header.follow.clicked.connect(self.follow)
        self.header.menu.clicked.connect(lambda _=False: self.show_menu())
        canvas = self.canvas
        canvas.moved.connect(lambda: self.look(*self.stretch))
        canvas.asked_back.connect(self.reset)
        canvas.pointed.connect(self.point)
        canvas.mark_taken.connect(self.mover.take)
        canvas.mark_moved.connect(self._drag_to)
        canvas.mark_dropped.connect(self.propose)

    def _colour(self) -> None:
        metrics = self.fontMetrics()
        font = number_font(scaled_font(self.font(), 0.88))
        self.canvas.take_colours(font, metrics.horizontalAdvance("0"), metrics.height())
        self.header.recolour()
        for curve in self._curves.values():
            curve.take_colour()
        self._marks.take_colours()
        self._update_legend()

    def _move_to_now(self) -> None:
        if self._now is not None:
            now_s = self._now()
        else:
            newest_s = self.newest_s
            now_s = time.time() if newest_s is None else newest_s
        # Moving by whole pixels leaves axis and grid as they are until there is something to move.
        pixel_s = self._span_s / max(self.canvas.box.width(), 1.0)
        end_s = math.ceil(now_s / pixel_s) * pixel_s
        self.canvas.show_stretch(end_s - self._span_s, end_s)

    def _fit_values(self) -> None:
        ends = [end for curve in self._curves.values() for end in (curve.low, curve.high)]
        ends += [end for mark in self._marks.marks.values() if mark.in_view for end in mark.draft or mark.edges]
        if self._values.fit(ends, self.canvas.foot_ratio):
            self.canvas.show_values(*self._values.shown)

    def _update_legend(self) -> None:
        at_s = self._marks.pointer_s
        widest = max((self.quantity.text(end) for end in self._values.shown), key=len)
        self._marks.pointer_dots = [(curve.value(at_s), curve.colour()) for curve in self._curves.values()]
        entries = entries_of(self.sight(), at_s, widest)
        start_s, end_s = self.stretch
        note = "" if at_s is None else time_text(at_s, end_s - start_s)
        self.header.legend.show_entries(entries, self.keys.hint or note)

    def _drag_to(self, at: float) -> None:
        self.mover.to(at)
        self._update_legend()

    def _show_moved(self) -> None:
        self._update_legend()
        mark = self._marks.marks[self.mover.name or ""]
        self.say(f"{mark.name}: {mark_text(mark, self.quantity, mark.draft)}. {self.keys.hint}")

    def _set_following(self, following: bool) -> None:
        if following != self._following:
            self._following = following
            self.header.follow.setVisible(not following)
            self.following_changed.emit(following)
