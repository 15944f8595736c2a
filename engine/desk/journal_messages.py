"""What a session is asked about its journal, and what it tells (panel spec 7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from engine.core.journal_query import JournalFilter
from engine.core.messages import Command, Reason, Snapshot


class ExportFormat(Enum):
    """CSV: a line each row, what is nested as JSON in its cell. JSON: one list of objects."""

    CSV = "csv"
    JSON = "json"


class WorkState(Enum):
    """Of a listing or an export. CUT: the listing has as many rows as it may; a filter on time reaches the others."""

    UNDER_WAY = "under_way"
    DONE = "done"
    CUT = "cut"
    GIVEN_UP = "given_up"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJournal(Command):
    """List what `wanted` lets through; the listing that was open before is closed.

    here: of this session's world alone. Acknowledged with `listing`, its number, once the first rows are known.
    """

    wanted: JournalFilter
    here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadJournalPage(Command):
    """`count` rows of a listing from the place `first` on, at most 500. Acknowledged with `rows`, long texts cut.

    Places never move: 0 is the row that was the newest when the listing was made, -1 the first recorded since.
    """

    listing: int
    first: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowJournal(Command):
    """Take what was recorded since into a listing that is done. Acknowledged with `fresh`, how many rows came in at
    its top, and `changed`: whether anything was written since the last time, outcomes included."""

    listing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseJournal(Command):
    """Nobody looks at this listing any more."""

    listing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadJournalRow(Command):
    """One row in full. Acknowledged with `row`, and `related`: what else was recorded of the same matter, by time."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJournal(Command):
    """Write what `wanted` lets through to the file `path`, newest first; one export at a time.

    Acknowledged when it has begun; `ExportSnapshot` says the rest. Secrets are never written.
    """

    path: str
    format: ExportFormat
    wanted: JournalFilter
    here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelExport(Command):
    """Give the export up; nothing is left at its path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingSnapshot(Snapshot):
    """How far a listing is: `count` rows are known of it."""

    listing: int
    count: int
    state: WorkState
    why: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSnapshot(Snapshot):
    """How far the export to `path` is."""

    path: str
    written: int
    state: WorkState
    why: Reason | None = None


@dataclass(frozen=True, slots=True)
class JournalUnreadable(Reason, code="journal.unreadable"):
    """The database's own words."""

    words: str


@dataclass(frozen=True, slots=True)
class ListingClosed(Reason, code="journal.listing_closed"):
    """Another listing was opened since."""


@dataclass(frozen=True, slots=True)
class NoSuchRow(Reason, code="journal.no_such_row"):
    """The journal has no row of this number."""

    number: int


@dataclass(frozen=True, slots=True)
class ExportUnderWay(Reason, code="journal.export_under_way"):
    """Another export is being written."""

    path: str


@dataclass(frozen=True, slots=True)
class ExportFailed(Reason, code="journal.export_failed"):
    """The file could not be written; `words` of the system. Nothing is left of it."""

    words: str
