"""Where a plot is drawn: two axes with what lies between them, and what the pointer does there."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFont, QMouseEvent
from PySide6.QtWidgets import QFrame, QGraphicsGridLayout, QSizePolicy, QToolTip, QWidget

from gui.plots.axes import TimeAxis, ValueAxis
from gui.plots.marks import Marks
from gui.plots.quantity import Quantity
from gui.plots.signs import FOOT_PX, SIGN_PX, Signs
from gui.plots.words import tip_text
from gui.theme import Space, theme_of

# Raster, hard edges: OpenGL grows without bound here (pyqtgraph 3372), and smooth edges cost several times as much.
pg.setConfigOptions(antialias=False, useOpenGL=False)

LEAST_SPAN_S = 2.0
MOST_SPAN_S = 20 * 365 * 86_400.0
_ANY = QSizePolicy.Policy.Ignored


class Canvas(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """Shows a stretch of time and a range of values; the left button pans, the wheel zooms.

    moved: the stretch was changed with the pointer. pointed: the time under the pointer, None when it has left.
    mark_taken, mark_moved, mark_dropped: a threshold is dragged, to a plotted value. asked_back: a double click.
    """

    moved = Signal()
    pointed = Signal(object)
    mark_taken = Signal(str)
    mark_moved = Signal(float)
    mark_dropped = Signal()
    asked_back = Signal()

    def __init__(self, quantity: Quantity, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dragging = False
        self._held_off_px = 0.0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizePolicy(_ANY, _ANY)  # it would ask for the size of its scene, which follows its own
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setMouseTracking(True)
        self.box = pg.ViewBox(enableMenu=False, defaultPadding=0.0)
        self.box.setMouseEnabled(x=True, y=False)
        self.box.disableAutoRange()
        self.box.setLimits(minXRange=LEAST_SPAN_S, maxXRange=MOST_SPAN_S)
        self._time_axis, self._value_axis = TimeAxis(), ValueAxis(quantity)
        self._root = pg.GraphicsWidget()
        grid = QGraphicsGridLayout(self._root)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addItem(self.box, 0, 0)
        grid.addItem(self._value_axis, 0, 1)
        grid.addItem(self._time_axis, 1, 0)
        for axis in (self._time_axis, self._value_axis):
            axis.linkToView(self.box)
        self.setCentralItem(self._root)
        self.marks, self.signs = Marks(), Signs()
        self.box.addItem(self.marks, ignoreBounds=True)
        self.box.addItem(self.signs, ignoreBounds=True)
        self.box.sigRangeChangedManually.connect(lambda _: self.moved.emit())

    @property
    def stretch(self) -> tuple[float, float]:
        """First and last second in view."""
        start_s, end_s = self.box.viewRange()[0]
        return float(start_s), float(end_s)

    @property
    def columns(self) -> int:
        """How many pixels of the screen the stretch is wide."""
        return max(round(self.box.width() * self.devicePixelRatioF()), 1)

    @property
    def foot_ratio(self) -> float:
        """Which share of the height the signs need at the foot; 0 without any."""
        happenings = self.signs.happenings
        return 0.0 if happenings is None or not len(happenings) else min(FOOT_PX / max(self.box.height(), 1.0), 0.25)

    @property
    def frame(self) -> QRectF:
        """Where curves are drawn, in pixels of this widget."""
        return QRectF(self.mapFromScene(self.box.sceneBoundingRect()).boundingRect())

    def show_stretch(self, start_s: float, end_s: float) -> None:
        """Bring a stretch of time into view."""
        if self.stretch != (start_s, end_s):
            self.box.setXRange(start_s, end_s, padding=0)

    def show_values(self, low: float, high: float) -> None:
        """Bring a range of values into view."""
        self.box.setYRange(low, high, padding=0)

    def settle(self) -> None:
        """Let a new range reach everything that is drawn; left to the paint event it would cause a second one."""
        self.scene().prepareForPaint()

    def take_colours(self, font: QFont, digit_px: int, line_px: int) -> None:
        """Follow the theme. digit_px, line_px: how wide a digit and how high a line of the font is."""
        theme = theme_of()
        self.setBackground(theme.surface)
        for axis in (self._time_axis, self._value_axis):
            axis.set_inks(theme.grid, theme.border, theme.muted, font)
        self._time_axis.setHeight(line_px + Space.TIGHT)
        self._value_axis.setWidth(digit_px * 6 + Space.TIGHT)

    def show_tip(self, t_s: float) -> str:
        """Say what happened at a time, beside its sign; returns what was said."""
        low, said = self.box.viewRange()[1][0], self._tip(t_s, 0.0)
        at = self.mapFromScene(self.box.mapViewToScene(QPointF(t_s, low)))
        QToolTip.showText(self.viewport().mapToGlobal(at), said, self.viewport())
        return said

    def let_go(self) -> None:
        """The mark that is dragged is no longer."""
        self._dragging = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a threshold, or begin to pan."""
        under = self._mark_under(event.position())
        if event.button() is Qt.MouseButton.LeftButton and under is not None:
            self._dragging = True
            name, self._held_off_px = under
            self.mark_taken.emit(name)
            event.accept()
        elif event.button() is not Qt.MouseButton.RightButton:  # that one asks for the menu
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move what is held; else read the curves here."""
        if self._dragging:
            edge = event.position() + QPointF(0.0, self._held_off_px)
            self.mark_moved.emit(float(self._value_under(edge).y()))
            return
        super().mouseMoveEvent(event)
        at = event.position()
        held = bool(event.buttons())
        over = not held and self._mark_under(at) is not None
        self.viewport().setCursor(Qt.CursorShape.SizeVerCursor if over else Qt.CursorShape.ArrowCursor)
        self.pointed.emit(float(self._value_under(at).x()) if self.frame.contains(at) else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of a threshold."""
        if self._dragging and event.button() is Qt.MouseButton.LeftButton:
            self._dragging = False
            self.mark_dropped.emit()
            return
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go back to where the plot began."""
        self.asked_back.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu is the plot's."""
        event.ignore()

    def viewportEvent(self, event: QEvent) -> bool:
        """Say what happened where the pointer rests."""
        if event.type() == QEvent.Type.ToolTip:
            at = QPointF(event.pos())  # type: ignore[attr-defined]
            start_s, end_s = self.stretch
            reach_s = SIGN_PX / max(self.frame.width(), 1.0) * (end_s - start_s)
            text = self._tip(float(self._value_under(at).x()), reach_s) if self.frame.contains(at) else ""
            QToolTip.showText(event.globalPos(), text, self.viewport())  # type: ignore[attr-defined]
            return True
        return bool(super().viewportEvent(event))

    def _tip(self, t_s: float, reach_s: float) -> str:
        return tip_text(self.signs.near(t_s, reach_s))

    def _value_under(self, at: QPointF) -> QPointF:
        return QPointF(self.box.mapSceneToView(self.viewportTransform().inverted()[0].map(at)))

    def _mark_under(self, at: QPointF) -> tuple[str, float] | None:
        if not self.frame.contains(at):
            return None
        box = self.box.sceneBoundingRect()
        return self.marks.near(
            self.viewportTransform().inverted()[0].map(at).y(), box, self.box.childGroup.sceneTransform()
        )
