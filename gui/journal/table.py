"""The list itself: rows of one height, the newest at the top, which stays in sight while nobody scrolls away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.journal.model import ENGINE, MODE, NUMBERS, STATE, TIME, WHAT, WHY, JournalModel
from gui.theme import Space, number_font

_SAMPLES = {
    TIME: "2026-11-20 14:02:11",
    ENGINE: "Governor",
    WHAT: "Send a transaction",
    NUMBERS: "26.74280824 DOGE at 0.12345, fee",
    STATE: "◌  Being looked up",
    MODE: "Mode",
}


class JournalTable(QTableView):
    """chosen: the number of the row that is the current one now. Nothing is measured by looking at rows: a million of
    them are never all here."""

    chosen = Signal(int)

    def __init__(self, model: JournalModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = model
        self._told: int | None = None
        self.setModel(model)
        self.setAccessibleName(self.tr("Journal, newest first"))
        self.setFont(number_font(self.font()))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        side = self.verticalHeader()
        side.hide()
        side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        side.setDefaultSectionSize(self.fontMetrics().height() + Space.SMALL)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(False)
        for column, sample in _SAMPLES.items():
            self.setColumnWidth(column, self.fontMetrics().horizontalAdvance(sample) + Space.WIDE)
        header.setSectionResizeMode(WHY, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(48)
        self.selectionModel().currentRowChanged.connect(lambda *_: self.tell())
        model.dataChanged.connect(self._come)
        model.modelReset.connect(self._forget)

    @property
    def row_px(self) -> int:
        """The height of a row."""
        return self.verticalHeader().defaultSectionSize()

    @property
    def at_top(self) -> bool:
        """Whether the newest row is in sight."""
        return self.verticalScrollBar().value() <= self.row_px // 2

    def tell(self) -> None:
        """Say which row is the current one, where it is here already."""
        line = self._rows.line(self.currentIndex().row())
        if line is not None and line.number != self._told:
            self._told = line.number
            self.chosen.emit(line.number)

    def stay(self, fresh: int) -> None:
        """Rows came in above: what is looked at stays where it is, unless it is the top that is looked at."""
        if not self.at_top:
            self.updateGeometries()  # or the bar does not reach as far yet
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + fresh * self.row_px)

    def _forget(self) -> None:
        self._told = None

    def _come(self, first: object, last: object) -> None:
        """A page came: when the current row is in it, it can be told."""
        at = self.currentIndex().row()
        if at >= 0 and first.row() <= at <= last.row():  # type: ignore[attr-defined]
            self.tell()
