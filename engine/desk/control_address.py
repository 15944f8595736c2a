"""Where a running session can be asked: its profile's `control.json` says, and only its owner can read that.

On systems with Unix sockets it is one in the profile's folder; where that path is too long for a socket, one in a
folder of this user for what runs. Elsewhere it is a port on loopback, with a token beside it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import stat
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
MAX_LINE_BYTES = 64 * 1024
ANSWER_WITHIN_S = 30.0
"""A Stop waits until each of its cancels was answered; what is not answered by then goes on all the same."""

CONTROL_FILE = "control.json"
SOCKET_FILE = "control.sock"
MAX_SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103
"""What the kernel's address of a Unix socket holds, its closing zero taken off."""

HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX") and os.name == "posix"


class ControlAddressError(RuntimeError):
    """The file that says where a session can be asked cannot be read, or no safe place for its socket was found."""


@dataclass(frozen=True, slots=True)
class ControlAddress:
    """A Unix socket at `path`; or, where `path` is empty, `port` on loopback and the token that it asks for."""

    path: str = ""
    port: int = 0
    token: str = ""

    def write(self, profile: Path) -> None:
        """Say so in the profile, for its owner alone. Blocks. Raises OSError."""
        from engine.core.option_file import PreparedFile  # the command line that asks needs none of that

        PreparedFile(profile / CONTROL_FILE, json.dumps(asdict(self))).commit()

    @classmethod
    def read(cls, profile: Path) -> ControlAddress | None:
        """What the session that runs, or ran last, said; None when none ever did, or it ended in order. Blocks."""
        try:
            found = json.loads((profile / CONTROL_FILE).read_bytes())
            address = cls(str(found["path"]), int(found["port"]), str(found["token"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ControlAddressError(
                f"{profile / CONTROL_FILE} cannot be read ({type(error).__name__}); it is written anew by each session"
            ) from error
        return address

    def remove(self, profile: Path) -> None:
        """Take socket and file away. Safe to call twice. Blocks."""
        for file in (profile / CONTROL_FILE, *((Path(self.path),) if self.path else ())):
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)


def socket_path(profile: Path) -> Path | None:
    """Where the profile's Unix socket belongs; None where no place has a path that is short enough. Blocks.

    Raises ControlAddressError where the folder for it is not this user's alone.
    """
    beside = profile / SOCKET_FILE
    if _fits(beside):
        return beside
    folder = _runtime_folder()
    short = folder / f"{hashlib.sha256(os.fsencode(profile)).hexdigest()[:16]}.sock"
    if not _fits(short):
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_shared(folder)
    return short


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES


def _runtime_folder() -> Path:
    named = os.environ.get("XDG_RUNTIME_DIR")
    if named and Path(named).is_dir():
        return Path(named) / "evenkeel"
    return Path(tempfile.gettempdir()) / f"evenkeel-{os.geteuid()}"


def _refuse_shared(folder: Path) -> None:
    """A folder that another user made or may write to could hold another user's socket under our name."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise ControlAddressError(f"{folder} is not a folder of this user alone (0700); remove it and start again")
