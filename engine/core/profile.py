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


class HeldFile:
    """A file that one program holds, with its process number in it; the operating system lets go with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: IO[str] | None = None

    def take(self) -> str | None:
        """Hold it: None, or the number of the process that does so already. Raises OSError."""
        file = self._path.open("a+", encoding="utf-8")
        if not _locked(file):
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            return holder
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        self._held = file
        return None

    def release(self) -> None:
        """Let another program have it. Safe to call twice."""
        if self._held is not None:
            self._held.close()
            self._held = None


class Profile:
    """Paths of one profile, and its lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = HeldFile(folder / "lock")

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
            holder = self._lock.take()
        except OSError as error:
            raise ProfileUnusable(
                f"the profile {self.folder} cannot be used ({error.strerror}); name another with --profile DIR"
            ) from error
        if holder is not None:
            raise ProfileInUse(
                f"the profile {self.folder} is in use by a running Evenkeel (process {holder}); "
                "end that one, or name another with --profile DIR"
            )

    def release(self) -> None:
        """Let another program have it. Safe to call twice."""
        self._lock.release()


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
