"""A plain user made for a trial, its screen and its session bus with an unlocked keyring; all of it goes away again."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

NAME = "evenkeel-smoke"
SCREEN = "1600x1000x24"
_POLL_S = 0.05


class TrialFailed(Exception):
    """What was tried did not come out as it should."""


@dataclass(frozen=True)
class Guest:
    """environment: all that the user's programs get. They find nothing by name: no Python, pip, npm or compiler."""

    home: Path
    environment: dict[str, str]

    def start(self, command: list[str], said: IO[bytes], stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Run `command` as the user; everything it says goes to `said`."""
        return subprocess.Popen(
            command,
            env=self.environment,
            cwd=self.home,
            stdin=stdin,
            stdout=said,
            stderr=said,
            user=NAME,
            group=NAME,
            extra_groups=[],
            umask=0o077,
        )

    def run(self, command: list[str], within_s: float = 60.0) -> str:
        """What `command` said; raises TrialFailed when it failed."""
        file = self.home / "said"
        with file.open("wb") as said:
            code = self.start(command, said).wait(within_s)
        text = file.read_text(errors="replace")
        if code != 0:
            raise TrialFailed(f"{' '.join(command)} ended with {code}: {text}")
        return text


def wait_for(condition: Callable[[], object], what: str, within_s: float) -> None:
    """Look until it holds; raises TrialFailed when it does not in time."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise TrialFailed(f"{what} did not happen within {within_s:g} s")
        time.sleep(_POLL_S)


@contextmanager
def screen() -> Iterator[str]:
    """A virtual screen; its DISPLAY."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp", "-ac"]
    server = subprocess.Popen(command, pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        if not number:
            raise TrialFailed("Xvfb did not start")
        yield f":{number}"
    finally:
        _end(server)


@contextmanager
def guest(display: str) -> Iterator[Guest]:
    """The user, with its own session bus and keyring on `display`."""
    _remove_user()
    subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", NAME], check=True)
    home = Path(pwd.getpwnam(NAME).pw_dir)
    try:
        for name in ("runtime", "nothing"):
            (home / name).mkdir(mode=0o700)
            shutil.chown(home / name, NAME, NAME)
        address = f"unix:path={home / 'runtime' / 'bus'}"
        environment = {
            "HOME": str(home),
            "PATH": str(home / "nothing"),
            "XDG_RUNTIME_DIR": str(home / "runtime"),
            "DBUS_SESSION_BUS_ADDRESS": address,
            "DISPLAY": display,
            "LC_ALL": "C.UTF-8",
        }
        made = Guest(home, environment)
        with (home / "services.log").open("wb") as log, _services(made, address, log):
            yield made
    finally:
        _remove_user()


@contextmanager
def _services(made: Guest, address: str, log: IO[bytes]) -> Iterator[None]:
    bus = made.start(
        [_path("dbus-daemon"), "--session", "--nofork", "--nopidfile", f"--address={address}"],
        log,
    )
    try:
        wait_for((made.home / "runtime" / "bus").exists, "the session bus", 15.0)
        daemon = [_path("gnome-keyring-daemon"), "--foreground", "--unlock", "--components=secrets"]
        keyring = made.start(daemon, log, stdin=subprocess.PIPE)
        try:
            assert keyring.stdin is not None
            keyring.stdin.write(b"only for the trial")
            keyring.stdin.close()
            wait_for((made.home / ".local/share/keyrings/login.keyring").exists, "the keyring", 15.0)
            yield
        finally:
            _end(keyring)
    finally:
        _end(bus)


def _path(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise TrialFailed(f"{program} is not installed; `make setup-test` installs it")
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _remove_user() -> None:
    """With its home; its processes have ended, or are ended by number."""
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        return
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == entry.pw_uid:
                os.kill(int(folder.name), 9)
        except (FileNotFoundError, ProcessLookupError):
            continue
    subprocess.run(["userdel", "--force", "--remove", NAME], check=True, capture_output=True)
