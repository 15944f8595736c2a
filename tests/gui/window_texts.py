"""Every text that a page of the panel shows or tells a screen reader."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QTabBar,
    QTableView,
    QTabWidget,
    QWidget,
)

from tests.gui.conftest import Panel


def shown(panel: Panel, page: str) -> set[str]:
    """Every text of a page and its tabs: on it, in its tables, and what a screen reader says of it."""
    widget = panel.page(page)
    found: set[str] = set()
    for tabs in widget.findChildren(QTabWidget):
        for at in range(tabs.count()):
            tabs.setCurrentIndex(at)
            panel.window.redraw.draw()
            found |= set(texts_of(widget))
    return found | set(texts_of(widget)) | set(texts_of(panel.window.header)) | set(texts_of(panel.window.navigation))


def texts_of(root: QWidget) -> Iterator[str]:
    for widget in root.findChildren(QWidget):
        yield from (widget.accessibleName(), widget.accessibleDescription(), widget.toolTip())
        if isinstance(widget, QLabel | QAbstractButton):
            yield widget.text()
        if isinstance(widget, QLineEdit):
            yield widget.placeholderText()
        if isinstance(widget, QComboBox):
            yield from (widget.itemText(at) for at in range(widget.count()))
        if isinstance(widget, QTabBar):
            yield from (widget.tabText(at) for at in range(widget.count()))
        if isinstance(widget, QTableView):
            yield from texts_in(widget)
        if callable(describe := getattr(widget, "describe", None)):
            yield describe()


def texts_in(view: QAbstractItemView) -> Iterator[str]:
    model: QAbstractItemModel = view.model()
    for column in range(model.columnCount()):
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            yield str(model.headerData(column, Qt.Orientation.Horizontal, role) or "")
            for row in range(min(model.rowCount(), 40)):
                yield str(model.index(row, column).data(role) or "")
