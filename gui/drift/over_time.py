"""The picked portfolio's largest drift over time, with the threshold, as a plot and as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QComboBox, QSplitter, QVBoxLayout, QWidget

from engine.core.series import Series
from engine.drift.messages import PortfolioSnapshot, Rebalanced
from engine.drift.records import RebalanceRecord
from gui.plots.happenings import Happenings
from gui.plots.live import LivePlot
from gui.plots.quantity import RATIO
from gui.plots.readings import Readings
from gui.plots.thresholds import level
from gui.theme import Space, Tone

translate = QCoreApplication.translate
HOUR_S = 3600.0
SPANS_S = (HOUR_S, 6 * HOUR_S, 24 * HOUR_S, 168 * HOUR_S)


class DriftOverTime(QWidget):
    """Plot and table twin; the plot is made once and shown another series when another portfolio is picked."""

    def __init__(self, series: Series, now: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curve = translate("DriftOverTime", "Largest drift")
        self.plot = LivePlot(self._curve, RATIO, span_s=SPANS_S[0], now=now)
        self.plot.add_curve(self._curve, series)
        self._happened = Happenings()
        self.plot.set_happenings(self._happened)
        self.readings = Readings((self.plot,))
        self.span = QComboBox()
        self.span.setAccessibleName(translate("DriftOverTime", "Time shown in the plot"))
        self.span.addItems(
            [
                translate("DriftOverTime", "Last hour"),
                translate("DriftOverTime", "Last 6 hours"),
                translate("DriftOverTime", "Last day"),
                translate("DriftOverTime", "Last 7 days"),
            ]
        )
        self.span.currentIndexChanged.connect(lambda at: self.plot.set_span(SPANS_S[at]))
        parts = QSplitter()
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(Space.MEDIUM)
        parts.addWidget(self.plot)
        parts.addWidget(self.readings)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(self.span, 0, Qt.AlignmentFlag.AlignRight)
        column.addWidget(parts, 1)

    def show_snapshot(
        self, known: PortfolioSnapshot | None, series: Series, records: Sequence[RebalanceRecord] = ()
    ) -> None:
        """Show the series of a portfolio, its threshold, and when it was rebalanced."""
        self._happened.show(Rebalanced(at_s=record.at_s, record=record) for record in records)
        self.plot.set_series(self._curve, series)
        name = translate("DriftOverTime", "Threshold")
        if known is None:
            self.plot.remove_mark(name)
        else:
            self.plot.set_target(name, known.threshold, Tone.DAMPED, threshold=level("drift.threshold"))

    def redraw(self) -> None:
        """Bring plot and table up to date, when they are in sight."""
        if self.isVisible():
            self.plot.redraw()
            self.readings.redraw()
