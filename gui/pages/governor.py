"""The governor on its grid: what waits for a person, what held entries back, what it does and why, curves, tables."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

from engine.core.clock import Clock
from gui.governor.blocked import BlockedEntries
from gui.governor.conditions import Conditions
from gui.governor.lines import GovernorLines
from gui.governor.numbers import GovernorNumbers
from gui.governor.plots import GovernorPlots
from gui.governor.tables import GridTables
from gui.read_model import ReadModel
from gui.reflow import Reflow
from gui.theme import Space
from gui.troubles.choosing import Chooser
from gui.troubles.waiting import Waiting

HOUR_S = 3600.0
SPANS_S = (HOUR_S, 6 * HOUR_S, 24 * HOUR_S, 168 * HOUR_S)
FIRST_SPAN = 0


class GovernorPage(QScrollArea):
    """Needs a running session: made when one is attached. chooser: what is asked of the grid."""

    def __init__(self, model: ReadModel, clock: Clock, chooser: Chooser, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._clock = clock
        self._drawn = -1
        self.waiting = Waiting(chooser.choose)
        self.lines = GovernorLines()
        self.numbers = GovernorNumbers()
        self.blocked = BlockedEntries()
        self.conditions = Conditions()
        self.plots = GovernorPlots(model, clock.now, SPANS_S[FIRST_SPAN])
        self.tables = GridTables(self.plots.all, chooser.cancel_foreign)
        self.span = QComboBox()
        self.span.setAccessibleName(self.tr("Time shown in the plots"))
        self.span.addItems([self.tr("Last hour"), self.tr("Last 6 hours"), self.tr("Last day"), self.tr("Last 7 days")])
        self.span.setCurrentIndex(FIRST_SPAN)
        self.span.currentIndexChanged.connect(lambda at: self.plots.set_span(SPANS_S[at]))
        self._compose()

    def redraw(self) -> None:
        """Show what the read model holds."""
        model = self._model
        self.numbers.show_snapshot(model.governor, self._clock.now())
        if model.revision != self._drawn:
            self._drawn = model.revision
            self.waiting.show_troubles(model.waiting)
            self.lines.show_snapshot(model.governor)
            self.plots.show_snapshot(model.governor)
            self.blocked.show_rows(() if model.grid is None else model.grid.blocked)
            self.conditions.show_conditions(() if model.grid is None else model.grid.conditions)
            self.tables.show_grid(model.grid, list(model.fills))
            self.tables.metrics.show_snapshots(model.governor, model.grid)
        self.plots.redraw()

    def _compose(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        top = Reflow(
            (self.blocked, self.lines, self.numbers),
            ((((0, 5), (1, 5), (2, 5)),), (((0, 1), (1, 1)), ((2, 1),)), (((0, 1),), ((1, 1),), ((2, 1),))),
        )
        self.tables.setCornerWidget(self.span, Qt.Corner.TopRightCorner)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(Space.MEDIUM)
        parts.addWidget(self.plots)
        parts.addWidget(self.tables)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.MEDIUM)
        column.addWidget(self.waiting)
        column.addWidget(self.conditions)
        column.addWidget(top)
        column.addWidget(parts, 1)
        self.setWidget(inside)
