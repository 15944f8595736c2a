"""What keys do in a plot: all that the pointer can (panel spec 15).

Left and Right move the crosshair, with Shift ten times as far, with Control the whole stretch. Up and Down go to the
next and the previous thing that happened. + and - zoom, Home shows all that is known, End follows the present, 0 goes
back to where the plot began, Return opens the menu. While a threshold is moved: Up and Down, with Shift ten times as
far, then Return to see what would change, or Escape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeyEvent

if TYPE_CHECKING:
    from gui.plots.live import LivePlot

translate = QCoreApplication.translate
_STEPS = 100
_FAR = 10
_SIDES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_LEVELS = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Keys:
    """The keys of one plot."""

    def __init__(self, plot: LivePlot) -> None:
        self._plot = plot

    @property
    def hint(self) -> str:
        """What to press while a threshold is moved; empty else."""
        if self._plot.mover.name is None:
            return ""
        return translate("LivePlot", "Enter: see the change. Esc: leave it")

    def pressed(self, event: QKeyEvent) -> bool:
        """Do what the key says; False for a key that says nothing here."""
        key, far = Qt.Key(event.key()), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if self._plot.mover.name is not None:
            return self._move_threshold(key, far)
        if key in _SIDES:
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.pan(_SIDES[key])
            else:
                self._move_crosshair(_SIDES[key] * (_FAR if far else 1))
            return True
        if key in _LEVELS:
            return self._go_to_happening(_LEVELS[key])
        return self._change_sight(key)

    def pan(self, side: int) -> None:
        """Move the stretch by a fifth; side: -1 for the past, 1 for what comes."""
        start_s, end_s = self._plot.stretch
        by_s = side * (end_s - start_s) / 5
        self._plot.look(start_s + by_s, end_s + by_s)

    def zoom(self, factor: float) -> None:
        """Show `factor` times as much time, around the crosshair or the middle."""
        start_s, end_s = self._plot.stretch
        at_s = self._plot.pointer_s
        if at_s is None or not start_s <= at_s <= end_s:
            at_s = (start_s + end_s) / 2
        self._plot.look(at_s - (at_s - start_s) * factor, at_s + (end_s - at_s) * factor)

    def show_all(self) -> None:
        """Show from the oldest known second to the present."""
        first_s, newest_s = self._plot.first_s, self._plot.newest_s
        end_s = max(self._plot.stretch[1], newest_s or 0.0)
        if first_s is not None and first_s < end_s:
            self._plot.look(first_s, end_s, following=True)

    def _change_sight(self, key: Qt.Key) -> bool:
        plot = self._plot
        match key:
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(0.5)
            case Qt.Key.Key_Minus:
                self.zoom(2.0)
            case Qt.Key.Key_Home:
                self.show_all()
            case Qt.Key.Key_End:
                plot.follow()
            case Qt.Key.Key_0:
                plot.reset()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                plot.show_menu()
            case Qt.Key.Key_Escape if plot.pointer_s is not None:
                plot.point(None)
            case _:
                return False
        return True

    def _move_crosshair(self, steps: int) -> None:
        start_s, end_s = self._plot.stretch
        at_s = self._plot.pointer_s
        if at_s is None:
            at_s = min(max(self._plot.newest_s or end_s, start_s), end_s)
        else:
            at_s = min(max(at_s + steps * (end_s - start_s) / _STEPS, start_s), end_s)
        self._plot.point(at_s)
        self._plot.say(self._plot.sight().at(at_s))

    def _go_to_happening(self, side: int) -> bool:
        """The next or the previous one; the stretch follows where it is out of sight."""
        plot = self._plot
        if plot.happenings is None or not len(plot.happenings):
            return False
        start_s, end_s = plot.stretch
        from_s = end_s if plot.pointer_s is None else plot.pointer_s
        event = plot.happenings.after(from_s) if side > 0 else plot.happenings.before(from_s)
        if event is None:
            return True
        if not start_s <= event.at_s <= end_s:
            half_s = (end_s - start_s) / 2
            plot.look(event.at_s - half_s, event.at_s + half_s)
        plot.point(event.at_s)
        plot.say(f"{plot.sight().at(event.at_s)} {plot.canvas.show_tip(event.at_s)}")
        return True

    def _move_threshold(self, key: Qt.Key, far: bool) -> bool:
        plot = self._plot
        if key in _LEVELS:
            plot.step_threshold(_LEVELS[key] * (_FAR if far else 1))
        elif key in _ENTER:
            plot.propose()
        elif key == Qt.Key.Key_Escape:
            plot.settle()
        else:
            return False
        return True
