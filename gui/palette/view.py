"""The palette on the screen: a field, and below it what was found; used by keys alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from gui.icons import paint_icon
from gui.overlay import Overlay
from gui.palette.entries import Entry, found
from gui.theme import Space, scaled_font, set_look, theme_of

Index = QModelIndex | QPersistentModelIndex
WIDTH_PX, HEIGHT_PX = 680, 460
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class _Found(QAbstractListModel):
    """Entries as a list; a screen reader hears all that stands in the row."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: Sequence[Entry] = ()

    def show(self, entries: Sequence[Entry]) -> None:
        """Show these."""
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt declares it
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (entry.title, entry.group, entry.keys, entry.why_not or entry.detail)))
        return None


class _Row(QStyledItemDelegate):
    """Icon, title and group above, the detail (or why not) below, the key at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, 2 * option.fontMetrics.height() + Space.MEDIUM)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, _Found)
        entry, theme = model.entries[index.row()], theme_of()
        area: QRect = option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(theme.hover))
            painter.fillRect(QRect(area.left(), area.top(), 3, area.height()), QColor(theme.accent))
        usable = not entry.why_not
        inside = area.adjusted(Space.MEDIUM, Space.TIGHT, -Space.MEDIUM, -Space.TIGHT)
        paint_icon(painter, entry.icon, theme.text if usable else theme.disabled, _icon_area(inside))
        words = inside.adjusted(18 + Space.MEDIUM, 0, 0, 0)
        half = words.height() // 2
        top, below = words.adjusted(0, 0, 0, -half), words.adjusted(0, half, 0, 0)
        small = scaled_font(option.font, 0.9)
        keys = f"{entry.keys}   {entry.group}" if entry.keys else entry.group
        painter.setFont(small)
        painter.setPen(QColor(theme.muted))
        painter.drawText(top, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), keys)
        taken = painter.fontMetrics().horizontalAdvance(keys) + Space.MEDIUM
        _line(painter, below, entry.why_not or entry.detail)
        painter.setFont(option.font)
        painter.setPen(QColor(theme.text if usable else theme.muted))
        _line(painter, top.adjusted(0, 0, -taken, 0), entry.title)
        painter.restore()


def _icon_area(inside: QRect) -> Any:
    from PySide6.QtCore import QRectF

    return QRectF(inside.left(), inside.center().y() - 8, 18, 18)


def _line(painter: QPainter, area: QRect, text: str) -> None:
    cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), cut)


class Palette(Overlay):
    """`entries` are made anew at each opening, so that keys and reasons are those of now."""

    def __init__(self, window: QWidget, entries: Callable[[], Sequence[Entry]]) -> None:
        super().__init__(window, self.tr("Find anything"))
        self._make = entries
        self._entries: Sequence[Entry] = ()
        self.field = QLineEdit()
        self.field.setAccessibleName(self.tr("What to find"))
        self.field.setPlaceholderText(self.tr("Type an action, a page, a setting, or words of a notice"))
        self.field.setFont(scaled_font(self.field.font(), 1.15))
        self.field.installEventFilter(self)
        self.found = _Found(self)
        self.list = QListView()
        self.list.setModel(self.found)
        self.list.setItemDelegate(_Row(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName(self.tr("Found"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.said = QLabel()
        self.said.setWordWrap(True)
        set_look(self.said, role="muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.MEDIUM, Space.SMALL)
        column.setSpacing(Space.SMALL)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        column.addWidget(self.said)
        self.first = self.field
        self.field.textChanged.connect(self._find)
        self.list.clicked.connect(lambda index: self._use(index.row()))

    def area(self, window: QRect) -> QRect:
        width, height = min(WIDTH_PX, window.width() - 40), min(HEIGHT_PX, window.height() - 80)
        return QRect((window.width() - width) // 2, max(40, window.height() // 8), width, height)

    def open(self) -> None:
        """Show it, empty, with everything below."""
        self._entries = self._make()
        self.field.clear()
        self._find("")
        super().open()

    @property
    def chosen(self) -> Entry | None:
        """What Return would use."""
        at = self.list.currentIndex().row()
        return self.found.entries[at] if 0 <= at < len(self.found.entries) else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up, down and Return in the field belong to the list."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _MOVES:
                QApplication.sendEvent(self.list, event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._use(self.list.currentIndex().row())
                return True
            return False
        return super().eventFilter(watched, event)

    def _find(self, typed: str) -> None:
        self.found.show(found(self._entries, typed))
        if self.found.entries:
            self.list.setCurrentIndex(self.found.index(0, 0))
        self._say(
            self.tr("{count} found. Up and Down choose, Return uses, Escape closes.").format(
                count=len(self.found.entries)
            )
            if self.found.entries
            else self.tr("Nothing has these words.")
        )

    def _use(self, at: int) -> None:
        if not 0 <= at < len(self.found.entries):
            return
        entry = self.found.entries[at]
        if entry.why_not:
            self._say(self.tr("{title} cannot be used now. {why}").format(title=entry.title, why=entry.why_not))
            return
        self.dismiss()
        entry.act()

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.setAccessibleName(text)
