"""The hub page alone in a window, which takes far less time to make than the whole panel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.tasks import Tasks
from gui.hub.known import KnownHub
from gui.notices import NoticeBar
from gui.pages.hub import HubPage
from gui.theme import DARK, apply_theme, theme_of
from tests.gui.conftest import Panel
from tests.gui.hub_scene import HubScene
from tests.gui.scene import START_S


class Shell(QWidget):
    """A window with the page alone in it, whose time is moved by hand."""

    def __init__(self, bus: Bus, clock: ManualClock) -> None:
        super().__init__()
        self.known, self.notices = KnownHub(bus, clock.now), NoticeBar()
        self.tasks = Tasks("tests", lambda failure: pytest.fail(repr(failure.error)))
        self.page = HubPage(self.known, bus, self.tasks, self.notices)
        column = QVBoxLayout(self)
        column.addWidget(self.notices)
        column.addWidget(self.page, 1)
        self.resize(1080, 800)


@dataclass(frozen=True, slots=True)
class Alone:
    """The page without the rest of the panel, which takes seconds to make."""

    shell: Shell
    hub: HubScene

    def draw(self, tab: str = "") -> HubPage:
        """The page as it is after a beat, with one of its tabs in sight."""
        page = self.shell.page
        if tab:
            page.tabs.setCurrentWidget(getattr(page, tab))
        page.redraw()
        return page

    def later(self, seconds: float) -> None:
        """The clock moves; the engine says nothing."""
        self.hub.clock.set(self.hub.clock.now() + seconds)


@pytest.fixture
async def alone() -> AsyncIterator[Alone]:
    if theme_of() is not DARK:
        apply_theme(DARK)
    bus, clock = Bus(), ManualClock(START_S)
    shell = Shell(bus, clock)
    shell.tasks.start(shell.known.follow(), name="hub-events")
    shell.show()
    yield Alone(shell, HubScene(bus, clock))
    await shell.tasks.close()
    shell.known.close()
    shell.hide()
    shell.deleteLater()


@pytest.fixture
def hub(panel: Panel) -> HubScene:
    """An engine beside the whole panel that has told nothing yet."""
    return HubScene(panel.bus, panel.scene.clock)


def cells(model: object, row: int) -> list[str]:
    return [str(model.index(row, column).data()) for column in range(model.columnCount())]  # type: ignore[attr-defined]


def figures(model: object) -> dict[str, str]:
    return {row.name: row.text for row in model.rows}  # type: ignore[attr-defined]
