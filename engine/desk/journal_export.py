"""Writes rows of the journal to a file, as CSV or JSON, in bounded memory. Blocking; for a worker thread.

The file appears under its name when it is whole; given up or failed, nothing of it is left.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from array import array
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import IO, Any, Protocol

from engine.core.journal_query import JournalFilter, JournalRow
from engine.core.journal_reading import MOST_ROWS, JournalReader
from engine.desk.journal_messages import ExportFormat
from engine.desk.journal_redaction import Redact, redacted

COLUMNS = (
    "number",
    "recorded_as",
    "time_utc",
    "at_s",
    "world",
    "engine",
    "kind",
    "key",
    "mode",
    "revision",
    "exposure",
    "state",
    "answered_s",
    "reason_code",
    "reason",
    "payload",
    "outcome",
)
_NESTED = ("reason", "payload", "outcome")
_OPENS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ExportStopped(Exception):
    """Whoever asked has given it up."""


def export(
    reader: JournalReader,
    wanted: JournalFilter,
    path: Path,
    format: ExportFormat,
    redact: Redact,
    written: Callable[[int], None],
    given_up: Event,
) -> int:
    """Write what `wanted` lets through, newest first; returns how many rows. `written` is called as it goes on.

    Raises GivenUp or ExportStopped, JournalUnread, and OSError when the file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with open(part, "w", encoding="utf-8", newline="", opener=_for_its_owner) as file:
            count = _write_all(reader, wanted, _FORMS[format](file), redact, written, given_up)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    return count


def as_data(row: JournalRow) -> dict[str, Any]:
    """A row under the names of COLUMNS."""
    return {
        "number": row.number,
        "recorded_as": "fact" if row.is_fact else "intent",
        "time_utc": datetime.fromtimestamp(row.at_s, UTC).isoformat(timespec="milliseconds"),
        "at_s": row.at_s,
        "world": row.world,
        "engine": row.engine,
        "kind": row.kind,
        "key": row.key,
        "mode": row.mode,
        "revision": row.revision,
        "exposure": row.exposure,
        "state": row.state,
        "answered_s": row.answered_s,
        "reason_code": (row.reason or {}).get("code", ""),
        "reason": row.reason,
        "payload": row.payload,
        "outcome": row.outcome,
    }


class _Form(Protocol):
    def __init__(self, file: IO[str]) -> None: ...

    def write(self, row: dict[str, Any]) -> None: ...

    def end(self) -> None: ...


class _Csv:
    def __init__(self, file: IO[str]) -> None:
        self._lines = csv.writer(file, lineterminator="\n")
        self._lines.writerow(COLUMNS)

    def write(self, row: dict[str, Any]) -> None:
        self._lines.writerow([_cell(name, row[name]) for name in COLUMNS])

    def end(self) -> None:
        """A line is whole by itself."""


class _Json:
    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._before = "[\n"

    def write(self, row: dict[str, Any]) -> None:
        self._file.write(f"{self._before}{_json(row)}")
        self._before = ",\n"

    def end(self) -> None:
        self._file.write("[]\n" if self._before == "[\n" else "\n]\n")


_FORMS: dict[ExportFormat, type[_Form]] = {ExportFormat.CSV: _Csv, ExportFormat.JSON: _Json}


def _write_all(
    reader: JournalReader,
    wanted: JournalFilter,
    form: _Form,
    redact: Redact,
    written: Callable[[int], None],
    given_up: Event,
) -> int:
    count = 0

    def write(numbers: array[int]) -> None:
        nonlocal count
        for at in range(0, len(numbers), MOST_ROWS):
            if given_up.is_set():
                raise ExportStopped
            for row in reader.rows(numbers[at : at + MOST_ROWS], in_full=True):
                form.write(as_data(redacted(row, redact)))
                count += 1
            written(count)

    reader.list_rows(wanted, write, given_up, most=sys.maxsize - 1)
    form.end()
    return count


def _cell(name: str, value: Any) -> Any:
    """Texts that a spreadsheet would take for a formula are written as texts."""
    if name in _NESTED:
        return "" if value is None else _json(value)
    if isinstance(value, str) and value.startswith(_OPENS_A_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
