"""Answers what the panel asks about the journal: listings, pages, single rows, exports (panel spec 7).

One listing is open at a time, and it is the only thing kept in memory: eight bytes a row. Whatever reads the file does
so in a worker thread, beside the journal's own writer; whatever leaves here was redacted.
"""

from __future__ import annotations

import asyncio
import logging
from array import array
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.journal import Journal
from engine.core.journal_query import JournalFilter, JournalRow
from engine.core.journal_reading import MOST_LISTED, MOST_ROWS, GivenUp, JournalReader, JournalUnread
from engine.core.messages import Acknowledged, Answer, Command, Reason, Refused
from engine.core.tasks import TaskFailure, Tasks
from engine.desk.journal_export import ExportStopped, export
from engine.desk.journal_messages import (
    CancelExport,
    CloseJournal,
    ExportFailed,
    ExportJournal,
    ExportSnapshot,
    ExportUnderWay,
    FollowJournal,
    JournalUnreadable,
    ListingClosed,
    ListingSnapshot,
    NoSuchRow,
    OpenJournal,
    ReadJournalPage,
    ReadJournalRow,
    WorkState,
)
from engine.desk.journal_redaction import Redact, redacted
from engine.desk.journal_relations import related

FINISH_WITHIN_S = 5.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Listing:
    """The rows of one filter. fresh: what was recorded since it was made, oldest first."""

    number: int
    wanted: JournalFilter
    older: array[int] = field(default_factory=lambda: array("q"))
    fresh: array[int] = field(default_factory=lambda: array("q"))
    newest: tuple[int, int] = (0, 0)
    undecided: tuple[int, ...] = ()
    rounds: int = -1
    state: WorkState = WorkState.UNDER_WAY
    why: Reason | None = None
    given_up: Event = field(default_factory=Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    following: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def count(self) -> int:
        return len(self.fresh) + len(self.older)

    def numbers(self, first: int, count: int) -> list[int]:
        """Of the rows at the places from `first` on; below 0 is what was recorded since it was made."""
        places = range(max(first, -len(self.fresh)), min(first + count, len(self.older)))
        return [self.older[at] if at >= 0 else self.fresh[-1 - at] for at in places]


@dataclass(frozen=True, slots=True)
class _Export:
    path: str
    given_up: Event = field(default_factory=Event)


class JournalDesk:
    """`start` it on a session's bus; `close` gives up what is under way."""

    def __init__(self, journal: Journal, redact: Redact, bus: Bus, clock: Clock) -> None:
        self._journal = journal
        self._reader = JournalReader(journal.path)
        self._redact = redact
        self._bus = bus
        self._clock = clock
        self._tasks = Tasks("journal", self._task_failed)
        self._listing: _Listing | None = None
        self._listings = 0
        self._export: _Export | None = None

    def start(self) -> None:
        """Answer from now on."""
        handlers: tuple[tuple[type[Command], Callable[[Any], Awaitable[Answer]]], ...] = (
            (OpenJournal, self._open),
            (ReadJournalPage, self._page),
            (FollowJournal, self._follow),
            (CloseJournal, self._close),
            (ReadJournalRow, self._row),
            (ExportJournal, self._begin_export),
            (CancelExport, self._cancel_export),
        )
        for kind, handler in handlers:
            self._bus.handle(kind, partial(self._answered, handler))

    async def close(self) -> None:
        """Nothing reads the file afterwards. Safe to call twice."""
        self._give_up_listing()
        if self._export is not None:
            self._export.given_up.set()
        await self._tasks.close(finish_within_s=FINISH_WITHIN_S)

    async def _answered(self, handler: Callable[[Any], Awaitable[Answer]], command: Command) -> Answer:
        try:
            return await handler(command)
        except JournalUnread as error:
            return Refused(self._unreadable(error))

    async def _open(self, command: OpenJournal) -> Answer:
        self._give_up_listing()
        self._listings += 1
        listing = self._listing = _Listing(self._listings, self._of_world(command.wanted, here=command.here))
        self._tasks.start(self._list(listing), name="list")
        await listing.begun.wait()
        return Acknowledged({"listing": listing.number}) if listing.why is None else Refused(listing.why)

    async def _list(self, listing: _Listing) -> None:
        loop = asyncio.get_running_loop()

        def found(numbers: array[int]) -> None:
            loop.call_soon_threadsafe(self._take, listing, numbers)

        listing.rounds = self._journal.rounds
        try:
            listed = await asyncio.to_thread(self._reader.list_rows, listing.wanted, found, listing.given_up)
        except GivenUp:
            listing.state = WorkState.GIVEN_UP
            listing.why = ListingClosed()
        except JournalUnread as error:
            listing.state, listing.why = WorkState.FAILED, self._unreadable(error)
        else:
            listing.newest, listing.undecided = listed.newest, listed.undecided
            listing.state = WorkState.DONE if listed.complete else WorkState.CUT
        finally:
            self._tell_listing(listing)
            listing.begun.set()

    def _take(self, listing: _Listing, numbers: array[int]) -> None:
        listing.older.extend(numbers)
        self._tell_listing(listing)
        listing.begun.set()

    async def _page(self, command: ReadJournalPage) -> Answer:
        listing = self._open_listing(command.listing)
        if listing is None:
            return Refused(ListingClosed())
        rows = await asyncio.to_thread(self._read, listing.numbers(command.first, min(command.count, MOST_ROWS)))
        return Acknowledged({"rows": rows})

    async def _follow(self, command: FollowJournal) -> Answer:
        listing = self._open_listing(command.listing)
        if listing is None:
            return Refused(ListingClosed())
        rounds = self._journal.rounds
        if listing.state is WorkState.UNDER_WAY or rounds == listing.rounds or listing.following.locked():
            return Acknowledged({"fresh": 0, "changed": False})
        async with listing.following:
            found, newest, undecided = await asyncio.to_thread(
                self._reader.recorded_since, listing.wanted, listing.newest, listing.undecided
            )
        if newest == listing.newest:  # else there may be more, which the next call finds
            listing.rounds = rounds
        listing.newest, listing.undecided = newest, undecided
        fresh = found[: max(0, MOST_LISTED - listing.count)]
        listing.fresh.extend(reversed(fresh))
        return Acknowledged({"fresh": len(fresh), "changed": True})

    async def _close(self, command: CloseJournal) -> Answer:
        if self._open_listing(command.listing) is not None:
            self._give_up_listing()
        return Acknowledged()

    async def _row(self, command: ReadJournalRow) -> Answer:
        found = await asyncio.to_thread(self._row_and_related, command.number)
        if found is None:
            return Refused(NoSuchRow(command.number))
        return Acknowledged({"row": found[0], "related": found[1]})

    def _row_and_related(self, number: int) -> tuple[JournalRow, tuple[JournalRow, ...]] | None:
        rows = self._reader.rows([number], in_full=True)
        if not rows:
            return None
        others = related(self._reader, rows[0])
        return redacted(rows[0], self._redact), tuple(redacted(one, self._redact) for one in others)

    def _read(self, numbers: list[int]) -> tuple[JournalRow, ...]:
        return tuple(redacted(row, self._redact) for row in self._reader.rows(numbers))

    async def _begin_export(self, command: ExportJournal) -> Answer:
        if self._export is not None:
            return Refused(ExportUnderWay(self._export.path))
        ending = f".{command.format.value}"
        if not command.path.lower().endswith(ending):  # whatever is chosen by mistake is no file of the profile
            return Refused(ExportFailed(f"its name does not end with {ending}"))
        running = self._export = _Export(command.path)
        self._tell_export(running, 0, WorkState.UNDER_WAY)
        self._tasks.start(self._run_export(running, command), name="export")
        return Acknowledged()

    async def _run_export(self, running: _Export, command: ExportJournal) -> None:
        loop = asyncio.get_running_loop()
        wanted = self._of_world(command.wanted, here=command.here)
        count = 0

        def written(rows: int) -> None:
            loop.call_soon_threadsafe(self._tell_export, running, rows, WorkState.UNDER_WAY)

        state = WorkState.DONE
        why: Reason | None = None
        try:
            count = await asyncio.to_thread(
                export,
                self._reader,
                wanted,
                Path(command.path),
                command.format,
                self._redact,
                written,
                running.given_up,
            )
        except (GivenUp, ExportStopped):
            state = WorkState.GIVEN_UP
        except JournalUnread as error:
            state, why = WorkState.FAILED, self._unreadable(error)
        except OSError as error:
            state, why = WorkState.FAILED, ExportFailed(error.strerror or str(error))
        finally:
            self._export = None
            running.given_up.set()
        self._tell_export(running, count, state, why)

    async def _cancel_export(self, command: CancelExport) -> Answer:
        if self._export is not None:
            self._export.given_up.set()
        return Acknowledged()

    def _of_world(self, wanted: JournalFilter, *, here: bool) -> JournalFilter:
        return wanted.in_world(self._journal.world) if here else wanted

    def _open_listing(self, number: int) -> _Listing | None:
        return self._listing if self._listing is not None and self._listing.number == number else None

    def _give_up_listing(self) -> None:
        if self._listing is not None:
            self._listing.given_up.set()
        self._listing = None

    def _unreadable(self, error: JournalUnread) -> JournalUnreadable:
        return JournalUnreadable(self._redact(str(error)))

    def _tell_listing(self, listing: _Listing) -> None:
        if listing is self._listing:
            self._bus.publish(
                ListingSnapshot(
                    at_s=self._clock.now(),
                    listing=listing.number,
                    count=listing.count,
                    state=listing.state,
                    why=listing.why,
                )
            )

    def _tell_export(self, running: _Export, written: int, state: WorkState, why: Reason | None = None) -> None:
        if state is WorkState.UNDER_WAY and running.given_up.is_set():
            return  # said by the worker before it learned of its end
        snapshot = ExportSnapshot(at_s=self._clock.now(), path=running.path, written=written, state=state, why=why)
        self._bus.publish(snapshot)

    def _task_failed(self, failure: TaskFailure) -> None:
        _log.error("reading the journal failed (%s)", failure.task, exc_info=failure.error)
