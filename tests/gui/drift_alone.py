"""The drift page alone in a window, which takes far less time to make than the whole panel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QVBoxLayout, QWidget

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.tasks import Tasks
from gui.notices import NoticeBar
from gui.pages.drift import DriftPage
from gui.read_model import ReadModel
from gui.theme import DARK, apply_theme, theme_of
from tests.gui.conftest import Panel
from tests.gui.drift_scene import DriftScene
from tests.gui.scene import START_S


class Shell(QWidget):
    """A window with the page alone in it."""

    def __init__(self, bus: Bus) -> None:
        super().__init__()
        self.notices, self.model = NoticeBar(), ReadModel(bus)
        self.tasks = Tasks("tests", lambda failure: pytest.fail(repr(failure.error)))
        self.page = DriftPage(self.model, bus, self.tasks, self.notices)
        column = QVBoxLayout(self)
        column.addWidget(self.notices)
        column.addWidget(self.page, 1)
        self.resize(1080, 760)


@dataclass(frozen=True, slots=True)
class Alone:
    """The page without the rest of the panel, which takes seconds to make."""

    window: Shell
    bus: Bus
    clock: ManualClock

    def page(self, _: str) -> DriftPage:
        self.window.page.redraw()
        return self.window.page


@pytest.fixture
async def alone() -> AsyncIterator[Alone]:
    if theme_of() is not DARK:
        apply_theme(DARK)
    bus = Bus()
    window = Shell(bus)
    window.tasks.start(window.model.follow(), name="events")
    window.show()
    yield Alone(window, bus, ManualClock(START_S))
    await window.tasks.close()
    window.model.close()
    window.hide()
    window.deleteLater()


@pytest.fixture
def drift(request: pytest.FixtureRequest) -> DriftScene:
    """An engine that has told nothing yet."""
    if "alone" in request.fixturenames:
        alone = request.getfixturevalue("alone")
        return DriftScene(alone.bus, alone.clock)
    panel = request.getfixturevalue("panel")
    return DriftScene(panel.bus, panel.scene.clock)


def draw(panel: Panel | Alone):  # type: ignore[no-untyped-def]
    return panel.page("drift")


def text(view: QAbstractItemView, row: int, column: int, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> str:
    return str(view.model().index(row, column).data(role))


def cells(model: object, row: int) -> list[str]:
    return [str(model.index(row, column).data()) for column in range(model.columnCount())]  # type: ignore[attr-defined]
