"""One panel for each profile, with real processes on a real X server (panel spec 12)."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.core.profile import HeldFile
from engine.desk.control_address import CONTROL_FILE
from engine.desk.control_client import ask_session
from gui.single import LOCK, RAISE, RAISED, SOCKET, SinglePanel, asked_to_raise, socket_name

PROGRAM = [sys.executable, "-m", "gui.main"]
MODE = ["--mode", "off", "--no-wizard"]
RAISED_WORDS = "another start of the panel on this profile: its window is raised"


@contextmanager
def panel(profile: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A panel that has painted its first frame."""
    words = [*PROGRAM, "--profile", str(profile), *MODE]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment) as child:
        try:
            said(child, "first frame")
            yield child
        finally:
            child.kill()


def said(child: subprocess.Popen[str], words: str) -> None:
    """Read on until it says so."""
    assert child.stderr is not None
    for line in child.stderr:
        if words in line:
            return
    pytest.fail(f"it ended without saying {words!r}")


def start_again(profile: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    words = [*PROGRAM, "--profile", str(profile), *MODE]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, env=environment, check=False)


def test_a_second_start_raises_the_window_of_the_first_and_ends_with_0(
    tmp_path: Path, x_environment: dict[str, str]
) -> None:
    with panel(tmp_path / "p", x_environment) as first:
        second = start_again(tmp_path / "p", x_environment)
        assert second.returncode == 0
        assert second.stderr.strip().endswith("its window was raised.")
        said(first, RAISED_WORDS)
        assert first.poll() is None


def test_after_a_crash_the_next_start_takes_the_place_and_is_raised_itself(
    tmp_path: Path, x_environment: dict[str, str]
) -> None:
    with panel(tmp_path / "p", x_environment) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert Path(socket_name(tmp_path / "p")).exists()
    with panel(tmp_path / "p", x_environment) as next_one:
        assert start_again(tmp_path / "p", x_environment).returncode == 0
        said(next_one, RAISED_WORDS)


def test_the_headless_program_is_refused_with_words_and_a_panel_beside_it_too(
    tmp_path: Path, x_environment: dict[str, str]
) -> None:
    with panel(tmp_path / "p", x_environment) as first:
        assert first.stderr is not None
        wait_until_held(tmp_path / "p")
        headless = [
            sys.executable,
            "-c",
            "from engine.cli import main; raise SystemExit(main())",
            "--profile",
            str(tmp_path / "p"),
            "--mode",
            "off",
        ]
        done = subprocess.run(headless, capture_output=True, text=True, timeout=60, env=x_environment, check=False)
    assert done.returncode == 1
    assert "is in use by a running Evenkeel" in done.stderr


def test_a_panel_answers_the_command_line_as_a_session_without_a_window_does(
    tmp_path: Path, x_environment: dict[str, str]
) -> None:
    with panel(tmp_path / "p", x_environment) as first:
        while not (tmp_path / "p" / CONTROL_FILE).exists():
            assert first.poll() is None
        assert ask_session(tmp_path / "p", "status")["result"]["process"] == first.pid
        assert ask_session(tmp_path / "p", "stop")["result"]["switch"] == "stopped"


def wait_until_held(profile: Path) -> None:
    """Until the session of a panel has the profile."""
    held: str | None = None
    while held is None:
        if (profile / "lock").exists():
            lock = HeldFile(profile / "lock")
            held = lock.take()
            lock.release()


@pytest.fixture
def first(tmp_path: Path) -> Iterator[tuple[SinglePanel, list[str]]]:
    raised: list[str] = []
    single = SinglePanel(tmp_path)
    assert single.claim()
    single.listen(lambda: raised.append("raised"))
    yield single, raised
    single.close()
    single.deleteLater()


@pytest.mark.usefixtures("qapp")
async def test_whoever_asks_to_raise_is_answered_and_the_socket_is_the_owners_alone(
    tmp_path: Path, first: tuple[SinglePanel, list[str]]
) -> None:
    assert await asked_to_raise(tmp_path)
    assert first[1] == ["raised"]
    assert stat.S_IMODE(os.stat(tmp_path / SOCKET).st_mode) & 0o077 == 0


@pytest.mark.usefixtures("first")
def test_a_profile_is_claimed_once(tmp_path: Path) -> None:
    second = SinglePanel(tmp_path)
    assert not second.claim()
    second.deleteLater()


@pytest.mark.parametrize("words", [b"stop\n\n\n\n", b"raise now\n", b"RAISE\n", RAISE + RAISE, b"\0" * 4096])
async def test_nothing_but_raise_is_understood(
    tmp_path: Path, first: tuple[SinglePanel, list[str]], words: bytes, until
) -> None:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.setblocking(False)
        asking.connect(str(tmp_path / SOCKET))
        asking.send(words)
        answer: list[bytes] = []

        def answered() -> bool:
            try:
                answer.append(asking.recv(64))
            except BlockingIOError:
                return False
            except ConnectionResetError:
                answer.append(b"")
            return True

        await until(answered)
    assert RAISED not in answer
    assert first[1] == []


async def test_without_anyone_who_answers_asking_ends_by_itself(tmp_path: Path) -> None:
    assert not await asked_to_raise(tmp_path, within_s=0.3)


def test_a_profile_deep_in_the_file_system_has_its_socket_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-long-name-of-a-folder"] * 5)
    assert len(os.fsencode(socket_name(deep))) < 108
    assert socket_name(deep) != socket_name(deep / "other")
    assert Path(socket_name(tmp_path)) == tmp_path / SOCKET
    assert LOCK != SOCKET
