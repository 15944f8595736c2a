"""The log of configuration revisions: one JSON line each, only ever appended to, on disk before it counts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.core.option_file import sync_folder


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """One option that a revision changed, in plain JSON values."""

    path: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class RevisionRecord:
    """What is kept of a revision, in plain JSON values, so that it outlives options that come and go.

    values: every option in force, by path. file_values: those that the file set; an environment variable may have
    held another one. origins: default, file or environment, by path. restores: the number of the revision that this
    one brought back, if it did.
    """

    number: int
    at_s: float
    author: str
    changes: tuple[RecordedChange, ...]
    values: Mapping[str, Any]
    file_values: Mapping[str, Any]
    origins: Mapping[str, str]
    restores: int | None = None


class RevisionLogDamaged(RuntimeError):
    """A line in the middle of the log cannot be read. The log is left as it is."""

    def __init__(self, path: Path, line: int, detail: str) -> None:
        super().__init__(
            f"{path.name}, line {line}: expected one revision as a JSON object with rising numbers, {detail}. "
            "Restore the file from a backup, or move it away to start a new history"
        )


class RevisionLog:
    """The file of revisions at `path`. Blocks; call it in a worker thread. One writer at a time.

    A last line that was torn by a crash never counted (its `append` did not return) and is cut off by the next append.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._good_bytes = 0
        self._next_number = 1

    def load(self) -> tuple[RevisionRecord, ...]:
        """All revisions that count, oldest first. Raises RevisionLogDamaged, OSError."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            content = b""
        whole, _, _ = content.rpartition(b"\n")
        lines = whole.split(b"\n") if whole else []
        records: dict[int, RevisionRecord] = {}
        self._good_bytes = 0
        self._next_number = 1
        for index, line in enumerate(lines, start=1):
            try:
                self._take(line, records)
            except (ValueError, TypeError, KeyError) as error:
                if index == len(lines):
                    break  # the end of a file that grew before its content reached the disk
                raise RevisionLogDamaged(self._path, index, f"got a {type(error).__name__}") from error
            self._good_bytes += len(line) + 1
        return tuple(records.values())

    @property
    def next_number(self) -> int:
        """The number of the next revision; none is used twice."""
        return self._next_number

    def append(self, record: RevisionRecord) -> None:
        """On disk when it returns. Raises OSError, and then the revision does not count."""
        if record.number != self._next_number:
            raise ValueError(f"expected revision {self._next_number}, got {record.number}")
        self._write(asdict(record))
        self._next_number += 1

    def withdraw(self, number: int) -> None:
        """The revision never took effect, because the file could not be put in place."""
        self._write({"withdrawn": number})

    def _take(self, line: bytes, records: dict[int, RevisionRecord]) -> None:
        found = json.loads(line)
        if "withdrawn" in found:
            records.pop(found["withdrawn"])
            return
        found["changes"] = tuple(RecordedChange(**change) for change in found["changes"])
        record = RevisionRecord(**found)
        if record.number < self._next_number:
            raise ValueError(f"number {record.number} came after {self._next_number - 1}")
        records[record.number] = record
        self._next_number = record.number + 1

    def _write(self, content: dict[str, Any]) -> None:
        line = json.dumps(content, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        is_new = not self._path.exists()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "r+b") as stream:
            stream.truncate(self._good_bytes)
            try:
                stream.seek(self._good_bytes)
                stream.write(line)
                stream.flush()
                os.fsync(stream.fileno())
            except BaseException:
                stream.truncate(self._good_bytes)
                raise
        if is_new:
            sync_folder(self._path.parent)
        self._good_bytes += len(line)
