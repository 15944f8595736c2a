"""Tables that are brought up to date in place, so that a selection and the scroll position stay where they are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.theme import Space, Tone, number_font, theme_of

Row = TypeVar("Row")
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: its title, the text of a row in it, and, where it has a meaning, a tone.

    tip: what the column is. hint: what there is to know beyond the text; empty for nothing.
    """

    title: str
    text: Callable[[Row], str]
    right: bool = False
    tone: Callable[[Row], Tone | None] | None = None
    tip: str = ""
    hint: Callable[[Row], str] | None = None


class RowsModel(QAbstractTableModel, Generic[Row]):
    """Rows that are told apart by `key`. `show_rows` changes only what changed."""

    shown = Signal()

    def __init__(
        self, columns: Sequence[Column[Row]], key: Callable[[Row], Hashable], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._key = key
        self._rows: list[Row] = []
        self._keys: list[Hashable] = []

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown, top to bottom."""
        return tuple(self._rows)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows in this order; keys must be unique."""
        keys = [self._key(row) for row in rows]
        if len(set(keys)) != len(keys):
            raise ValueError("rows of a table need different keys")
        if keys == self._keys and all(new == old for new, old in zip(rows, self._rows, strict=True)):
            return
        self._drop_all_but(set(keys))
        self._insert_or_update(rows, keys)
        self.shown.emit()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  (Qt's own default)
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column.right)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        column, row = self._columns[index.column()], self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return (column.hint is not None and column.hint(row)) or column.text(row)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole and column.hint is not None:
            return column.hint(row) or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column.right)
        if role == Qt.ItemDataRole.ForegroundRole and column.tone is not None:
            tone = column.tone(row)
            return None if tone is None else QColor(theme_of().tones[tone].text)
        return None

    def _drop_all_but(self, wanted: set[Hashable]) -> None:
        for at in range(len(self._keys) - 1, -1, -1):
            if self._keys[at] not in wanted:
                self.beginRemoveRows(QModelIndex(), at, at)
                del self._keys[at], self._rows[at]
                self.endRemoveRows()

    def _insert_or_update(self, rows: Sequence[Row], keys: list[Hashable]) -> None:
        for at, (key, row) in enumerate(zip(keys, rows, strict=True)):
            if at < len(self._keys) and self._keys[at] == key:
                if self._rows[at] != row:
                    self._rows[at] = row
                    self.dataChanged.emit(self.index(at, 0), self.index(at, len(self._columns) - 1))
                continue
            if key in self._keys[at:]:
                self._move(self._keys.index(key, at), at)
                self._rows[at] = row
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(self._columns) - 1))
                continue
            self.beginInsertRows(QModelIndex(), at, at)
            self._keys.insert(at, key)
            self._rows.insert(at, row)
            self.endInsertRows()

    def _move(self, source: int, target: int) -> None:
        self.beginMoveRows(QModelIndex(), source, source, QModelIndex(), target)
        self._keys.insert(target, self._keys.pop(source))
        self._rows.insert(target, self._rows.pop(source))
        self.endMoveRows()


def _alignment(right: bool) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class LiveTable(QTableView):
    """Read and selected by row; the column `stretch` takes the rest of the width.

    The others grow to what they have to show and never shrink, so that nothing jumps.
    """

    def __init__(self, model: RowsModel[Any], name: str, *, stretch: int | None = None) -> None:
        super().__init__()
        self.setModel(model)
        model.setParent(self)
        self.setAccessibleName(name)
        self.setFont(number_font(self.font()))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + Space.SMALL)
        self.horizontalHeader().setHighlightSections(False)
        self._stretch = stretch
        if stretch is not None:
            self.horizontalHeader().setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
        model.shown.connect(self.fit)

    def fit(self) -> None:
        """Widen the columns that are too narrow for what they show."""
        header = self.horizontalHeader()
        for column in range(self.model().columnCount()):
            if column == self._stretch:
                continue
            wanted = max(self.sizeHintForColumn(column) + Space.MEDIUM, header.sectionSizeHint(column))
            if wanted > header.sectionSize(column) or header.sectionSize(column) == header.defaultSectionSize():
                header.resizeSection(column, wanted)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.fit()
