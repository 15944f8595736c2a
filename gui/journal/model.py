"""Rows of a listing as a Qt model: as many rows as the listing has, a bounded number of pages of them in memory.

A place never moves while a listing is open: 0 is the row that was the newest when it was made, -1 the first recorded
since. A page is PAGE places from a multiple of PAGE on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor

from engine.core.journal_query import JournalRow
from gui import formats
from gui.journal.lines import Line, line_of
from gui.theme import theme_of

PAGE = 100
MOST_PAGES = 48
_Index = QModelIndex | QPersistentModelIndex
TIME, MODE, ENGINE, WHAT, NUMBERS, STATE, WHY = range(7)


class JournalModel(QAbstractTableModel):
    """wanted: a page is looked at that is not here or may have changed; `show_page` brings it."""

    wanted = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._older = 0
        self._fresh = 0
        self._pages: OrderedDict[int, list[JournalRow | Line]] = OrderedDict()
        self._stale: set[int] = set()
        self._asked: set[int] = set()
        self._titles = (
            self.tr("Time"),
            self.tr("Mode"),
            self.tr("Engine"),
            self.tr("What"),
            self.tr("Key numbers"),
            self.tr("State"),
            self.tr("Why"),
        )

    @property
    def pages(self) -> int:
        """How many pages are in memory."""
        return len(self._pages)

    def reset(self) -> None:
        """Another listing: nothing is known of it yet."""
        self.beginResetModel()
        self._older = self._fresh = 0
        self._pages.clear()
        self._stale.clear()
        self._asked.clear()
        self.endResetModel()

    def grow(self, count: int) -> None:
        """So many rows, of those that were there when the listing was made, are known now."""
        if count > self._older:
            self.beginInsertRows(QModelIndex(), self.rowCount(), self._fresh + count - 1)
            self._stale |= {(self._older - 1) // PAGE} & self._pages.keys()
            self._older = count
            self.endInsertRows()

    def put_on_top(self, fresh: int) -> None:
        """So many rows were recorded since, newest at the top."""
        if fresh:
            self.beginInsertRows(QModelIndex(), 0, fresh - 1)
            self._fresh += fresh
            self.endInsertRows()

    def age(self) -> None:
        """Whatever is here may have changed; what is looked at is asked for anew, and shown as it is until then."""
        self._stale = set(self._pages)
        self._asked.clear()
        if self._pages:
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, WHY))

    def forget(self, page: int) -> None:
        """The page was not brought after all; it is asked for again when it is looked at."""
        self._asked.discard(page)

    def show_page(self, page: int, rows: Sequence[JournalRow]) -> None:
        """Here is a page that was asked for."""
        self._asked.discard(page)
        self._stale.discard(page)
        self._pages[page] = list(rows)
        self._pages.move_to_end(page)
        while len(self._pages) > MOST_PAGES:
            dropped, _ = self._pages.popitem(last=False)
            self._stale.discard(dropped)
        first = max(0, page * PAGE + self._fresh)
        last = min(self.rowCount(), (page + 1) * PAGE + self._fresh) - 1
        if first <= last:
            self.dataChanged.emit(self.index(first, 0), self.index(last, WHY))

    def bounds(self, page: int) -> tuple[int, int]:
        """First place and number of rows of a page, as far as it goes now."""
        first = max(page * PAGE, -self._fresh)
        return first, min((page + 1) * PAGE, self._older) - first

    def line(self, row: int) -> Line | None:
        """What is shown in a row; None while it is not here, and then it is asked for."""
        if not 0 <= row < self.rowCount():
            return None
        place = row - self._fresh
        page = place // PAGE
        held = self._pages.get(page)
        if (held is None or page in self._stale) and page not in self._asked:
            self._asked.add(page)
            self.wanted.emit(page)
        if held is None:
            return None
        self._pages.move_to_end(page)
        at = place - self.bounds_when_read(page, len(held))
        if not 0 <= at < len(held):
            self._ask_anew(page)
            return None
        one = held[at]
        if isinstance(one, JournalRow):
            one = held[at] = line_of(one)
        return one

    def bounds_when_read(self, page: int, count: int) -> int:
        """The first place of a page that was read when it had `count` rows: only the topmost page grows upwards."""
        return page * PAGE if page >= 0 else (page + 1) * PAGE - count

    def _ask_anew(self, page: int) -> None:
        if page not in self._asked:
            self._asked.add(page)
            self.wanted.emit(page)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  (Qt's own default)
        return 0 if parent.isValid() else self._fresh + self._older

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return QSize(0, 0) if role == Qt.ItemDataRole.SizeHintRole else None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return _LEFT if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in _ROLES or not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT
        column = index.column()
        line = self.line(index.row())
        if line is None:
            return "…" if role == Qt.ItemDataRole.DisplayRole and column == TIME else None
        if role == Qt.ItemDataRole.DisplayRole:
            return _TEXTS[column](line)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return line.mode if column == MODE else _TEXTS[column](line)
        return QColor(theme_of().tones[line.look.tone].text) if column == STATE else None


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_ROLES = frozenset(
    {
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.TextAlignmentRole,
    }
)
_TEXTS = {
    TIME: lambda line: formats.date_time(line.at_s),
    MODE: lambda line: line.mode_glyph or line.mode,
    ENGINE: lambda line: line.engine,
    WHAT: lambda line: line.what,
    NUMBERS: lambda line: line.numbers,
    STATE: lambda line: f"{line.look.glyph}  {line.state}",
    WHY: lambda line: line.why,
}
