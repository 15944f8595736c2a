"""Every portfolio in one list, ten thousand as well as three: rows of a model, no widget each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from engine.drift.messages import PortfolioRow, PortfolioState
from gui import formats
from gui.looks import PORTFOLIO_STATES
from gui.sentences import word
from gui.tables import LiveTable
from gui.theme import Space, Tone, set_look, theme_of

_Index = QModelIndex | QPersistentModelIndex
NAME, STATE, DRIFT, VALUE = range(4)
MEASURED_ROWS = 30
"""Below those in sight, for the width of the columns; Qt's own 1000 take a fifth of a second."""
URGENCY = {
    PortfolioState.PROPOSED: 0,
    PortfolioState.BLOCKED: 1,
    PortfolioState.UNDER_WAY: 2,
    PortfolioState.READY: 3,
    PortfolioState.COOLING: 4,
    PortfolioState.UNKNOWN: 5,
    PortfolioState.CALM: 6,
}
"""What a person should see first."""

_ORDERS: dict[int, Callable[[PortfolioRow], Any]] = {
    NAME: lambda row: row.name.casefold(),
    STATE: lambda row: URGENCY[row.state],
    DRIFT: lambda row: -1.0 if row.max_drift is None else row.max_drift,
    VALUE: lambda row: -1 if row.value_usd is None else row.value_usd,
}


def state_text(state: PortfolioState) -> str:
    """Shape and word of a state."""
    return f"{PORTFOLIO_STATES[state.value].glyph}  {word(state)}"


class PortfolioRows(QAbstractTableModel):
    """The rows of the engine, those that match the search, in the engine's order or sorted by a column.

    rearranged: other rows, or another order; whoever shows them looks for its own again. shown: something changed.
    """

    rearranged = Signal()
    shown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._titles = (self.tr("Portfolio"), self.tr("State"), self.tr("Drift"), self.tr("Value"))
        self._all: tuple[PortfolioRow, ...] = ()
        self._rows: list[PortfolioRow] = []
        self._sought = ""
        self._sorted_by = -1
        self._descending = False

    @property
    def rows(self) -> list[PortfolioRow]:
        """What is shown, top to bottom."""
        return self._rows

    def show_rows(self, rows: tuple[PortfolioRow, ...]) -> None:
        """Show these rows of the engine."""
        if rows != self._all:
            self._all = rows
            self._bring_up_to_date()

    def search(self, text: str) -> None:
        """Show only rows whose name or state contains `text`."""
        self._sought = text.strip().casefold()
        self._bring_up_to_date()

    def row_of(self, name: str) -> int:
        """Where `name` is shown; -1 where it is not."""
        return next((at for at, row in enumerate(self._rows) if row.name == name), -1)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By `column`; by none, as the engine has them."""
        self._sorted_by, self._descending = column, order is Qt.SortOrder.DescendingOrder
        self._bring_up_to_date()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  (Qt's own default)
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.ToolTipRole and column == VALUE:
            return formats.usd(row.value_usd)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole and column == STATE:
            tone = PORTFOLIO_STATES[row.state.value].tone
            return None if tone is Tone.NEUTRAL else QColor(theme_of().tones[tone].text)
        return None

    def _bring_up_to_date(self) -> None:
        wanted = [row for row in self._all if self._matches(row)]
        if self._sorted_by >= 0:
            wanted.sort(key=_ORDERS[self._sorted_by], reverse=self._descending)
        if [row.name for row in wanted] == [row.name for row in self._rows]:
            self._update(wanted)
        else:
            self.beginResetModel()
            self._rows = wanted
            self.endResetModel()
            self.rearranged.emit()
        self.shown.emit()

    def _update(self, wanted: list[PortfolioRow]) -> None:
        changed = [at for at, (new, old) in enumerate(zip(wanted, self._rows, strict=True)) if new != old]
        self._rows = wanted
        if changed:
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], len(self._titles) - 1))

    def _matches(self, row: PortfolioRow) -> bool:
        return not self._sought or self._sought in row.name.casefold() or self._sought in word(row.state).casefold()


def _text(row: PortfolioRow, column: int) -> str:
    if column == NAME:
        return row.name
    if column == STATE:
        return state_text(row.state)
    return formats.percent(row.max_drift, 1) if column == DRIFT else formats.usd_short(row.value_usd)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in (DRIFT, VALUE) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class PortfolioList(QFrame):
    """Search and list. picked: a person went to a row."""

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(self.tr("Portfolios"))
        self.name = ""
        self.model = PortfolioRows()
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search name or state"))
        self.search.setAccessibleName(self.tr("Search portfolios by name or state"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.model.search)
        self._count = QLabel()
        set_look(self._count, role="muted")
        self.view = LiveTable(self.model, self.tr("Portfolios: name, state, drift, value"), stretch=NAME)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setMinimumSize(300, 120)
        self.view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        header = self.view.horizontalHeader()
        header.setResizeContentsPrecision(MEASURED_ROWS)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.view.setSortingEnabled(True)
        self.view.selectionModel().currentRowChanged.connect(self._went_to)
        self.model.rearranged.connect(self._find_again)
        self.model.shown.connect(self._say_count)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.MEDIUM, Space.SMALL)
        column.setSpacing(Space.SMALL)
        column.addWidget(self.search)
        column.addWidget(self.view, 1)
        column.addWidget(self._count)

    def show_rows(self, rows: tuple[PortfolioRow, ...]) -> None:
        """Show these; while none of them was picked, what needs a person most is."""
        self.model.show_rows(rows)
        if rows and all(row.name != self.name for row in rows):
            self.pick(min(rows, key=_ORDERS[STATE]).name)

    def pick(self, name: str) -> None:
        """Go to `name`."""
        if name == self.name:
            return
        self.name = name
        self._find_again()
        self.picked.emit(name)

    def _went_to(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid():
            self.pick(self.model.rows[current.row()].name)

    def _find_again(self) -> None:
        at = self.model.row_of(self.name)
        if at >= 0 and self.view.currentIndex().row() != at:
            self.view.selectRow(at)

    def _say_count(self) -> None:
        shown, every = len(self.model.rows), len(self.model._all)
        text = self.tr("{count} portfolios") if shown == every else self.tr("{shown} of {count} portfolios")
        self._count.setText(text.format(shown=f"{shown:,}", count=f"{every:,}"))
