"""A real Secret Service of the tests' own: a private session bus and a GNOME keyring in a folder that goes away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_STARTS_WITHIN_S = 15.0
_STOPS_WITHIN_S = 5.0

# Without a folder of services, so that the bus starts nothing by itself.
_BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@dataclass(frozen=True)
class SecretService:
    """bus_address: where it is reached. keyring: the daemon, for tests in which it falls silent."""

    bus_address: str
    keyring: subprocess.Popen[bytes]

    @contextmanager
    def silent(self) -> Iterator[None]:
        """As long as this lasts, calls are taken and not answered."""
        self.keyring.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.keyring.send_signal(signal.SIGCONT)


@contextmanager
def private_secret_service(home: Path) -> Iterator[SecretService]:
    """Both programs with `home` as their home: unlocked, empty; gone afterwards."""
    for program, package in (("dbus-daemon", "dbus-daemon"), ("gnome-keyring-daemon", "gnome-keyring")):
        if shutil.which(program) is None:
            pytest.fail(f"{program} is missing; install it first (Debian: apt-get install {package})", pytrace=False)
    socket, config = home / "bus", home / "bus.conf"
    config.write_text(_BUS.format(socket=socket))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_RUNTIME_DIR": str(home),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={socket}",
        "LC_ALL": "C.UTF-8",
    }
    with (home / "programs.log").open("wb") as log, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBUS_SESSION_BUS_ADDRESS", environment["DBUS_SESSION_BUS_ADDRESS"])

        def start(*command: str) -> subprocess.Popen[bytes]:
            return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log)

        with _running(start("dbus-daemon", f"--config-file={config}", "--nofork")):
            _wait(socket.exists, "the bus", home)
            with _running(start("gnome-keyring-daemon", "--unlock", "--components=secrets", "--foreground")) as keyring:
                assert keyring.stdin is not None
                keyring.stdin.write(b"only for tests")
                keyring.stdin.close()
                _wait(_is_unlocked, "the keyring", home)
                yield SecretService(environment["DBUS_SESSION_BUS_ADDRESS"], keyring)


@pytest.fixture(scope="session")
def running_secret_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    """Started once for all tests."""
    with private_secret_service(tmp_path_factory.mktemp("keyring")) as service:
        yield service


@pytest.fixture
def secret_service(running_secret_service: SecretService, monkeypatch: pytest.MonkeyPatch) -> SecretService:
    """The Secret Service, as the session bus of this test."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", running_secret_service.bus_address)
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    return running_secret_service


def _is_unlocked() -> bool:
    import secretstorage

    try:
        with closing(secretstorage.dbus_init()) as connection:
            if not secretstorage.check_service_availability(connection):
                return False
            return not secretstorage.get_default_collection(connection).is_locked()
    except secretstorage.exceptions.SecretStorageException:
        return False


def _wait(condition: Callable[[], bool], what: str, home: Path) -> None:
    deadline_s = time.monotonic() + _STARTS_WITHIN_S
    while not condition():
        if time.monotonic() > deadline_s:
            said = (home / "programs.log").read_text(errors="replace")
            pytest.fail(f"{what} did not start within {_STARTS_WITHIN_S:g} s; it said:\n{said}", pytrace=False)
        time.sleep(0.02)


@contextmanager
def _running(program: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield program
    finally:
        program.terminate()
        try:
            program.wait(_STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
        if program.stdin is not None:
            program.stdin.close()
