"""Runs that were made already, in a file of lines, so that a long series goes on where it ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

ROOT = Path(__file__).resolve().parents[2]

Row = dict[str, Any]
Name = TypeVar("Name")


def program_version(*folders: str) -> str:
    """Changes whenever something in these folders does: what another program did proves nothing of this one."""
    found = hashlib.sha256()
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            found.update(file.read_bytes())
    return found.hexdigest()[:16]


class Done(Generic[Name]):
    """The rows that were added already, by name; without a file in memory alone."""

    def __init__(self, file: Path | None, version: str, name_of: Callable[[Row], Name]) -> None:
        self._file = file
        self._version = version
        self._name_of = name_of
        self.rows: dict[Name, Row] = {}
        if file is not None and file.exists():
            lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
            self.rows = {name_of(row): row for row in lines if row.get("version") == version}

    def add(self, row: Row) -> None:
        """Keep it, in the file too."""
        self.rows[self._name_of(row)] = row
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"version": self._version, **row}, ensure_ascii=False) + "\n")
