"""Everything is done by keys, and everything has a name to be read out, walked over the real window (panel spec 15)."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QAccessible, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTabWidget,
    QTextEdit,
    QWidget,
)

from gui.actions import ACTIONS, Standing
from gui.window import PAGES
from tests.gui.conftest import Panel

INTERACTIVE = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
)
MADE_BY_QT = QAbstractItemView | QComboBox | QLineEdit | QTabBar | QAbstractSpinBox
"""What these make for themselves (headers, pop-ups, the arrows of a tab bar) is reached through them."""
SCROLL_BAR = "QScrollBar"


def interactive(panel: Panel) -> Iterator[QWidget]:
    """What a person can use on the page in sight, and the window around it."""
    for widget in panel.window.findChildren(QWidget):
        if not isinstance(widget, INTERACTIVE) or not widget.isVisible():
            continue
        if isinstance(widget.parent(), MADE_BY_QT) or widget.metaObject().className() == SCROLL_BAR:
            continue
        yield widget


def tabs(panel: Panel) -> Iterator[str]:
    """Turn over every page, and every tab of it."""
    for page in PAGES:
        shown = panel.page(page)
        yield page
        for tab_widget in shown.findChildren(QTabWidget):
            for number in range(tab_widget.count()):
                tab_widget.setCurrentIndex(number)
                panel.window.redraw.draw()
                yield f"{page}, {tab_widget.tabText(number)}"


def named(widget: QWidget) -> str:
    """What a screen reader says of it."""
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def told(widget: QWidget) -> str:
    return f"{type(widget).__name__} {named(widget) or widget.objectName()!r}"


def pressed(where: QWidget, key: str) -> None:
    combination: QKeyCombination = QKeySequence(key)[0]
    QTest.keyClick(where, combination.key(), combination.keyboardModifiers())


async def test_every_interactive_widget_of_every_tab_has_a_name_to_be_read_out(panel: Panel) -> None:
    nameless = [
        f"{tab}: {type(widget).__name__}"
        for tab in tabs(panel)
        for widget in interactive(panel)
        if not isinstance(widget, QTabBar) and not named(widget).strip()
    ]
    assert nameless == []


async def test_the_key_of_every_action_works_wherever_the_focus_is(panel: Panel) -> None:
    """No field, table or tab bar keeps a key of the table for itself."""
    used: list[str] = []
    for spec, action in panel.window.actions_table:
        action.triggered.disconnect()
        action.triggered.connect(lambda _=False, name=spec.name: used.append(name))
    panel.window.activateWindow()
    deaf: list[str] = []
    for tab in tabs(panel):
        for _, action in panel.window.actions_table:
            action.setEnabled(True)
        for kind, widget in {type(widget): widget for widget in interactive(panel) if widget.isEnabled()}.items():
            widget.setFocus()
            for spec in ACTIONS:
                for key in spec.keys:
                    used.clear()
                    pressed(widget, key)
                    if used != [spec.name]:
                        deaf.append(f"{tab}: {key} in a {kind.__name__} does {used} and not {spec.name}")
    panel.window.actions_table.refresh(Standing())
    assert deaf == []


async def test_the_tab_key_alone_goes_through_everything_that_can_be_used(panel: Panel) -> None:
    """And comes round again: nothing holds the focus for ever."""
    missed: list[str] = []
    for tab in tabs(panel):
        wanted = {widget for widget in interactive(panel) if widget.isEnabled()}
        panel.window.activateWindow()
        panel.window.setFocus()
        passed: set[QWidget] = set()
        for _ in range(4 * len(wanted) + 200):
            focused = QApplication.focusWidget() or panel.window
            QTest.keyClick(focused, Qt.Key.Key_Tab)
            now = QApplication.focusWidget()
            assert now is not None
            passed.add(now)
            if wanted <= passed:
                break
        missed += [f"{tab}: {told(widget)}" for widget in wanted - passed if not in_a_group(widget)]
    assert missed == []


def in_a_group(widget: QWidget) -> bool:
    """Of buttons that exclude one another the tab key reaches one, and the arrow keys the others."""
    return isinstance(widget, QAbstractButton) and (widget.autoExclusive() or widget.group() is not None)


async def test_no_shortcut_is_in_the_window_twice(panel: Panel) -> None:
    """Those of the table and any other that a page made for itself."""
    for page in PAGES:
        panel.page(page)
    keys = [
        (sequence.toString(), action.objectName() or action.text())
        for widget in (panel.window, *panel.window.findChildren(QWidget))
        for action in widget.actions()
        for sequence in action.shortcuts()
    ]
    keys += [(shortcut.key().toString(), "a shortcut") for shortcut in panel.window.findChildren(QShortcut)]
    owners: dict[str, set[str]] = {}
    for key, owner in keys:
        owners.setdefault(key, set()).add(owner)
    assert {key: names for key, names in owners.items() if len(names) > 1} == {}
