"""What the page asks of the desk about the journal, and what came of it. At most two pages are asked for at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.core.bus import Bus
from engine.core.journal_query import JournalFilter, JournalRow
from engine.core.messages import Answer, Command, Reason, Refused
from engine.core.tasks import Tasks
from engine.desk.journal_messages import (
    FollowJournal,
    ListingSnapshot,
    OpenJournal,
    ReadJournalPage,
    ReadJournalRow,
    WorkState,
)
from gui.journal.model import JournalModel

ANSWER_WITHIN_S = 30.0
MOST_AT_ONCE, MOST_WAITING = 2, 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter, and whether it is of this session's world alone."""

    rows: JournalFilter = field(default_factory=JournalFilter)
    here: bool = False


class JournalSource(QObject):
    """Fills `model`. changed: how the listing stands. put_on_top: rows came in above. explained: one row in full, with
    what belongs to it."""

    changed = Signal()
    put_on_top = Signal(int)
    explained = Signal(object, object)

    def __init__(self, model: JournalModel, bus: Bus, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.wanted = Wanted()
        self.state: WorkState | None = None
        self.why: Reason | None = None
        self._bus = bus
        self._tasks = tasks
        self._listing = 0
        self._opening = 0
        self._waiting: list[int] = []
        self._wished = asyncio.Event()
        self._readers = False
        self._reading = 0
        self._following = False
        self._row = 0
        self._unwatch = bus.watch(ListingSnapshot, self._listed)
        model.wanted.connect(self._page_wanted)
        self.destroyed.connect(self._unwatch)

    def close(self) -> None:
        """Listen no more; what is shown stays."""
        self._unwatch()

    @property
    def busy(self) -> bool:
        """Whether a page is being read, or waits to be."""
        return bool(self._waiting) or self._reading > 0

    def open(self, wanted: Wanted) -> None:
        """List what is wanted now; what was listed before is gone."""
        self.wanted = wanted
        self._opening += 1
        self._listing, self.state, self.why = 0, WorkState.UNDER_WAY, None
        self._waiting.clear()
        self.model.reset()
        self.changed.emit()
        if not self._readers:
            self._readers = True
            for _ in range(MOST_AT_ONCE):
                self._start(self._read_pages(), "read-pages")
        self._start(self._open(self._opening), "open-journal")

    def follow(self) -> None:
        """Take in what was recorded since, if anything was."""
        if self._listing and self.state in (WorkState.DONE, WorkState.CUT) and not self._following:
            self._following = True
            self._start(self._follow(self._listing), "follow-journal")

    def explain(self, number: int) -> None:
        """Read one row in full; the answer is dropped when another was asked for meanwhile."""
        self._row = number
        self._start(self._explain(number), "explain-row")

    async def _open(self, opening: int) -> None:
        answer = await self._ask(OpenJournal(wanted=self.wanted.rows, here=self.wanted.here))
        if opening != self._opening:
            return
        if answer is None or isinstance(answer, Refused):
            self._failed(answer)
            return
        self._listing = answer.detail["listing"]
        self._wished.set()
        snapshot = self._bus.latest(ListingSnapshot)
        if snapshot is not None:
            self._listed(snapshot)
        self.changed.emit()

    async def _follow(self, listing: int) -> None:
        try:
            answer = await self._ask(FollowJournal(listing=listing))
        finally:
            self._following = False
        if listing != self._listing or answer is None:
            return
        if isinstance(answer, Refused):
            self._failed(answer)
            return
        fresh = answer.detail["fresh"]
        if fresh:
            self.model.put_on_top(fresh)
            self.put_on_top.emit(fresh)
        if answer.detail["changed"]:
            self.model.age()
            self.changed.emit()

    async def _explain(self, number: int) -> None:
        answer = await self._ask(ReadJournalRow(number=number))
        if number != self._row or answer is None or isinstance(answer, Refused):
            return
        row: JournalRow = answer.detail["row"]
        related: tuple[JournalRow, ...] = answer.detail["related"]
        self.explained.emit(row, related)

    def _page_wanted(self, page: int) -> None:
        """Noted only, for it is asked while the table is painted. The newest wish comes first; of many, as while
        scrolling fast, the oldest are forgotten."""
        self._waiting.append(page)
        for forgotten in self._waiting[:-MOST_WAITING]:
            self.model.forget(forgotten)
        del self._waiting[:-MOST_WAITING]
        if _loop_runs():  # not so where a window is painted before or after it; the next wish wakes the readers
            self._wished.set()

    async def _read_pages(self) -> None:
        while True:
            await self._wished.wait()
            if self._waiting and self._listing:
                await self._read(self._listing, self._waiting.pop())
            else:
                self._wished.clear()

    async def _read(self, listing: int, page: int) -> None:
        first, count = self.model.bounds(page)
        self._reading += 1
        try:
            answer = await self._ask(ReadJournalPage(listing=listing, first=first, count=count))
        finally:
            self._reading -= 1
        if listing != self._listing:
            return
        if answer is None or isinstance(answer, Refused):
            self._failed(answer)
        else:
            self.model.show_page(page, answer.detail["rows"])

    def _listed(self, snapshot: ListingSnapshot) -> None:
        if snapshot.listing != self._listing or self.state is not WorkState.UNDER_WAY:
            return
        self.model.grow(snapshot.count)
        self.state, self.why = snapshot.state, snapshot.why
        self.changed.emit()

    def _failed(self, answer: Answer | None) -> None:
        self.state = WorkState.FAILED
        self.why = answer.reason if isinstance(answer, Refused) else None
        self.changed.emit()

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        try:
            self._tasks.start(work, name=name)
        except RuntimeError:  # the session has ended; what is shown stays
            self._following = False

    async def _ask(self, command: Command) -> Answer | None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self._bus.ask(command)
        except TimeoutError:
            return None


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
