"""Which buttons, labels, tabs and column titles of the whole panel are cut off, in which language.

QT_SCALE_FACTOR=1.5 python -m tests.gui.cut_off de en

One JSON line: for each language `{page/tab/place in the tree: text}`. The window is as large as a screen of 1920 × 1080
pixels lets it be at the scaling of this process. A button, a tab, a title or a line of text is cut off where it is
narrower than it asks for; a text that wraps, where it is lower than its width makes it. What is shown in full as a tool
tip (`ElidedLabel`, a plot's summary) or asks for no width (the header's reason) is cut by intent.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QSizePolicy,
    QTabBar,
    QTableView,
    QTabWidget,
    QWidget,
)

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.configuration import Configuration
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.secrets import SecretNames, SecretStore
from engine.desk.opening import SECRETS
from engine.desk.options import SECTIONS
from engine.drift.cooldown import Rest
from engine.drift.messages import Rebalanced
from gui.context import PanelContext
from gui.labels import ElidedLabel
from gui.languages import speak
from gui.loop import run
from gui.navigation import Navigation
from gui.pill import Pill
from gui.theme import DARK, apply_theme
from gui.window import PAGES, MainWindow
from tests.gui.drift_scene import LEVEL, SHIFTED, DriftScene, records
from tests.gui.hub_scene import HubScene
from tests.gui.scene import START_S, Scene, governor_snapshot, grid_snapshot
from tests.gui.scene import _events as events

SCREEN_PX = (1920, 1080)


async def measure(languages: list[str]) -> int:
    """Print what is cut off in each language."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    found = {}
    for code in languages:
        missing = speak(app, code)
        assert not missing, missing
        found[code] = await _cut_off(app)
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    return 0


async def _cut_off(app: QApplication) -> dict[str, str]:
    window, bus, clock = MainWindow(), Bus(), ManualClock(START_S)
    ratio = window.devicePixelRatio()
    window.resize(*(min(own, round(px / ratio)) for own, px in zip((1280, 860), SCREEN_PX, strict=True)))
    window.show()
    with tempfile.TemporaryDirectory(prefix="evenkeel-cut-off-") as home:
        configuration = await Configuration.open(Path(home, "evenkeel.toml"), Catalogue(SECTIONS), {}, clock)
        secrets = SecretStore("tests", SecretNames(SECRETS), lambda secret: None)
        window.attach(PanelContext(bus, clock, Mode.PAPER, configuration, secrets, "tests"))
        _tell(bus, clock)
        found: dict[str, str] = {}
        for page in PAGES:
            window.show_page(page)
            found |= {f"{page}/{place}": text async for place, text in _on_page(window, window.page_widget(page))}
        found |= dict(_in_header(window))
        await window.detach()
    window.hide()
    window.deleteLater()
    return found


def _tell(bus: Bus, clock: ManualClock) -> None:
    """Something to show on every page, without hours of history, which no text needs."""
    now_s = clock.now()
    scene, drift, hub = Scene(bus, clock), DriftScene(bus, clock), HubScene(bus, clock)
    scene.publish_mode()
    scene.publish_services()
    bus.publish(governor_snapshot(now_s))
    bus.publish(grid_snapshot(now_s))
    for event in events(now_s):
        bus.emit(event)
    drift.tell_portfolio("treasury", SHIFTED)
    drift.tell_portfolio("grants", LEVEL, without=("chainlink",))
    drift.tell_portfolio("operations", SHIFTED, rest=Rest(last_s=now_s - 300.0, failures=0))
    drift.tell_engine()
    for record in records("treasury", now_s):
        bus.emit(Rebalanced(at_s=record.at_s, record=record))
    hub.tell_snapshot(gas=hub.gas_at(240, now_s))


def _in_header(window: MainWindow) -> Iterator[tuple[str, str]]:
    yield from (("header/" + place, text) for place, text in _cut(window.header))
    yield from (("navigation/" + place, text) for place, text in _cut_entries(window.navigation))


async def _on_page(window: MainWindow, page: QWidget):  # type: ignore[no-untyped-def]
    """Tab by tab where the page has tabs."""
    stacks = page.findChildren(QTabWidget)
    for at in range(max((stack.count() for stack in stacks), default=1)):
        for stack in stacks:
            stack.setCurrentIndex(min(at, stack.count() - 1))
        window.redraw.draw()
        for _ in range(3):  # a wrapped text, then what stands around it, finds its height
            await asyncio.sleep(0)
        for place, text in _cut(page):
            yield f"{at}/{place}", text


def _cut(root: QWidget) -> Iterator[tuple[str, str]]:
    for widget in root.findChildren(QWidget):
        if widget.isVisible() and _text(widget) and _is_cut(widget):
            yield _place(widget, root), _text(widget)
        if widget.isVisible() and isinstance(widget, QTableView):
            yield from ((f"{_place(widget, root)}.{column}", text) for column, text in _cut_titles(widget))


def _cut_titles(table: QTableView) -> Iterator[tuple[int, str]]:
    """Columns that are narrower than their title."""
    header, model = table.horizontalHeader(), table.model()
    for column in range(model.columnCount()):
        if not table.isColumnHidden(column) and header.sectionSizeHint(column) > header.sectionSize(column) + 1:
            yield column, str(model.headerData(column, Qt.Orientation.Horizontal))


def _cut_entries(navigation: Navigation) -> Iterator[tuple[str, str]]:
    """The entries paint their text themselves, in bold where the page is in sight."""
    for entry in navigation.findChildren(QAbstractButton):
        bold = entry.font()
        bold.setBold(True)
        entry.setFont(bold)
        if entry.fontMetrics().horizontalAdvance(entry.text()) > entry.width() - 46:
            yield _place(entry, navigation), entry.text()


def _text(widget: QWidget) -> str:
    if isinstance(widget, QLabel | QAbstractButton | Pill):
        return str(widget.text if isinstance(widget, Pill) else widget.text())
    return widget.tabText(0) if isinstance(widget, QTabBar) and widget.count() else ""


def _is_cut(widget: QWidget) -> bool:
    if isinstance(widget, ElidedLabel) or widget.toolTip() == _text(widget):
        return False
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.heightForWidth(widget.width()) > widget.height() + 1
    if widget.sizePolicy().horizontalPolicy() is QSizePolicy.Policy.Ignored:
        return False
    wanted = widget.minimumSizeHint() if isinstance(widget, QTabBar) else widget.sizeHint()
    return wanted.width() > widget.width() + 1


def _place(widget: QWidget, root: QWidget) -> str:
    """The way down to the widget, which is the same in every language."""
    way = []
    while widget is not root and (above := widget.parentWidget()) is not None:
        way.append(f"{type(widget).__name__}{above.children().index(widget)}")
        widget = above
    return ".".join(reversed(way))


def main() -> int:
    app = QApplication(sys.argv[:1])
    apply_theme(DARK)
    return run(measure(sys.argv[1:]), app, on_problem=lambda problem: sys.stderr.write(f"{problem}\n"))


if __name__ == "__main__":
    sys.exit(main())
