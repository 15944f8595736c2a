"""The journal page alone in a window, over a real journal file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.tasks import Tasks
from gui.journal.model import PAGE
from gui.notices import NoticeBar
from gui.pages.journal import JournalPage
from gui.theme import DARK, apply_theme, theme_of
from tests.gui.journal_scene import JournalScene
from tests.gui.scene import START_S

Until = Callable[..., Any]


class Shell(QWidget):
    """A window with the page alone in it."""

    def __init__(self, bus: Bus, clock: ManualClock) -> None:
        super().__init__()
        self.notices = NoticeBar()
        self.tasks = Tasks("tests", lambda failure: pytest.fail(repr(failure.error)))
        self.page = JournalPage(bus, self.tasks, self.notices, clock.now)
        column = QVBoxLayout(self)
        column.addWidget(self.notices)
        column.addWidget(self.page, 1)
        self.resize(1240, 720)


@dataclass(frozen=True, slots=True)
class Alone:
    """The page without the rest of the panel, and the journal behind it."""

    shell: Shell
    scene: JournalScene
    until: Until

    @property
    def page(self) -> JournalPage:
        return self.shell.page

    async def opened(self, count: int | None = None) -> JournalPage:
        """Draw the page until its list is whole (and has so many rows), and its first rows are here."""
        page = self.page
        page.redraw()
        await self.until(lambda: str(page.source.state) == "WorkState.DONE")
        if count is not None:
            assert page.model.rowCount() == count
        await self.here(0)
        return page

    async def here(self, row: int) -> list[str]:
        """The texts of a row, once its page has come."""
        model = self.page.model
        if model.rowCount():
            await self.until(lambda: model.line(row) is not None and not self.page.source.busy)
        return [str(model.index(row, column).data()) for column in range(model.columnCount())]

    async def texts(self, column: int, first: int = 0, count: int = PAGE) -> list[str]:
        """One column, from the top."""
        model = self.page.model
        last = min(first + count, model.rowCount())
        for row in range(first, last, PAGE):
            await self.here(row)
        if last > first:
            await self.here(last - 1)
        return [str(model.index(row, column).data()) for row in range(first, last)]


@pytest.fixture
async def alone(tmp_path: Path, until: Until) -> AsyncIterator[Alone]:
    if theme_of() is not DARK:
        apply_theme(DARK)
    bus, clock = Bus(), ManualClock(START_S)
    scene = JournalScene(bus, clock, tmp_path / "journal.sqlite")
    await scene.open()
    shell = Shell(bus, clock)
    shell.show()
    yield Alone(shell, scene, until)
    await shell.tasks.close()
    await scene.close()
    shell.hide()
    shell.deleteLater()
    await asyncio.sleep(0)
