"""The folder that belongs to one operator's set-up: configuration, revisions, journal. One program uses it at a time.

Two engines on one key would trade twice, so the lock is held by the operating system and goes with the process.
"""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path
from typing import IO


class ProfileInUse(RuntimeError):
    """Another running Evenkeel holds this profile."""


class ProfileUnusable(RuntimeError):
    """The folder cannot be made, read or written."""


class Profile:
    """Paths of one profile, and its lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: IO[str] | None = None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def identity(self) -> str:
        """What the keyring knows this profile by: made once, kept when the folder moves. Only while acquired."""
        file = self.folder / "identity"
        if not file.exists():
            file.write_text(uuid.uuid4().hex, encoding="ascii")
        return file.read_text(encoding="ascii").strip()

    @property
    def options_file(self) -> Path:
        return self.folder / "evenkeel.toml"

    @property
    def revisions_file(self) -> Path:
        return self.folder / "revisions.jsonl"

    @property
    def journal_file(self) -> Path:
        return self.folder / "journal.sqlite"

    def acquire(self) -> None:
        """Make the folder (readable by its owner alone) and take its lock. Raises ProfileInUse or ProfileUnusable."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise ProfileUnusable(
                f"the profile {self.folder} cannot be used ({error.strerror}); name another with --profile DIR"
            ) from error
        if not _locked(lock):
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise ProfileInUse(
                f"the profile {self.folder} is in use by a running Evenkeel (process {holder}); "
                "end that one, or name another with --profile DIR"
            )
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def release(self) -> None:
        """Let another program have it. Safe to call twice."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


if sys.platform == "win32":
    import msvcrt

    def _locked(file: IO[str]) -> bool:
        try:
            file.seek(1 << 20)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _locked(file: IO[str]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
