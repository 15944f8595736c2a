"""Plots as tables, for those who read rather than look (panel spec 15)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QTableView, QVBoxLayout, QWidget

from gui.labels import Prose
from gui.plots.live import LivePlot
from gui.theme import Space

READINGS_SHOWN = 200


class Readings(QWidget):
    """One plot in words and as a table, newest first; where there are several, the operator chooses."""

    def __init__(self, plots: Sequence[LivePlot], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plots = tuple(plots)
        self._shown: object = None
        self._choice = QComboBox()
        self._choice.setAccessibleName(self.tr("Plot to read as a table"))
        self._choice.addItems([plot.title for plot in plots])
        if len(self._plots) == 1:
            self._choice.hide()
        self._choice.currentIndexChanged.connect(lambda _: self.redraw())
        self._summary = Prose(muted=True)
        self._summary.setFixedHeight(2 * self._summary.fontMetrics().lineSpacing())
        self._model = QStandardItemModel(self)
        self._view = QTableView()
        self._view.setModel(self._model)
        self._view.setAccessibleName(self.tr("Readings"))
        self._view.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self._view.setTabKeyNavigation(False)
        self._view.verticalHeader().hide()
        self._view.horizontalHeader().setStretchLastSection(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(self._choice)
        column.addWidget(self._summary)
        column.addWidget(self._view, 1)

    def redraw(self) -> None:
        """Read the chosen plot anew, if it changed; newest first."""
        if not self.isVisible():
            return
        plot = self._plots[self._choice.currentIndex()]
        self._summary.say(plot.describe())
        self._summary.setToolTip(self._summary.text())
        shown = plot.as_table(READINGS_SHOWN)
        if shown == self._shown:
            return
        self._shown = shown
        self._model.clear()
        self._model.setHorizontalHeaderLabels(list(shown.headers))
        for row in reversed(shown.rows):
            self._model.appendRow([QStandardItem(text) for text in row])
        self._view.resizeColumnsToContents()
