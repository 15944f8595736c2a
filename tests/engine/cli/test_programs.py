"""`evenkeel-engine` as a person uses it: a child process, a profile of its own, a real paper exchange."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import exit_codes
from engine.core.option_catalogue import Catalogue
from engine.desk.options import SECTIONS
from tests.engine.cli.running_program import PROGRAM, exchange_of, has_ended
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service

PAPER = ["--mode", "paper", "--speed", "120", "--market", "down"]


def ran(
    *words: str, profile: Path | None = None, timeout_s: float = 60, **environment: str
) -> subprocess.CompletedProcess[str]:
    where = [] if profile is None else ["--profile", str(profile)]
    return subprocess.run(
        [*PROGRAM, *where, *words],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
        check=False,
    )


def test_a_paper_session_trades_says_so_and_ends_clean(tmp_path: Path) -> None:
    done = ran(*PAPER, "--for", "8", "--seed", "1", "--json", profile=tmp_path / "p")
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["type"] for line in lines} == {"ModeSnapshot", "EngineSnapshot", "GovernorSnapshot", "GridSnapshot"}
    grids = [line for line in lines if line["type"] == "GridSnapshot"]
    assert grids[-1]["entries_filled"] > 0
    assert "[REBAL] idle=" in done.stderr
    assert "Traceback" not in done.stderr
    assert "[redacted]" not in done.stderr


def test_a_reader_that_goes_away_ends_the_session_quietly(tmp_path: Path) -> None:
    words = [*PROGRAM, "--profile", str(tmp_path / "p"), *PAPER, "--for", "30", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.wait(timeout=25) == 0
        assert "Traceback" not in child.stderr.read()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_the_session_clean_and_takes_the_exchange_along(tmp_path: Path, number: int) -> None:
    child = started(tmp_path / "p")
    exchange = exchange_of(child)
    child.send_signal(number)
    assert child.wait(timeout=20) == 0
    assert has_ended(exchange)


def test_killed_the_program_leaves_no_exchange_and_the_profile_can_be_used_again(tmp_path: Path) -> None:
    child = started(tmp_path / "p")
    exchange = exchange_of(child)
    child.kill()
    child.wait()
    assert has_ended(exchange, within_s=10)
    assert ran("--mode", "off", "--for", "0.2", profile=tmp_path / "p").returncode == 0


def test_a_profile_is_used_by_one_program_at_a_time(tmp_path: Path) -> None:
    child = started(tmp_path / "p")
    second = ran("--mode", "off", "--for", "1", profile=tmp_path / "p")
    child.terminate()
    child.wait(timeout=20)
    assert second.returncode == 1
    assert f"in use by a running Evenkeel (process {child.pid})" in second.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--speed", "0"], "--speed: expected a number above 0 and at most 1000, got '0'"),
        (["--for", "soon"], "--for: expected a number of seconds above 0, got 'soon'"),
        (["--seed", "-1"], "--seed: expected a whole number from 0 on, got '-1'"),
        (["--market", "sideways"], "--market: expected flat, up, down, spike, gap or the path of a price file"),
        (["--mode", "demo"], "--mode: invalid choice: 'demo'"),
    ],
    ids=["speed", "for", "seed", "market", "mode"],
)
def test_a_wrong_argument_is_named_with_what_was_expected(words: list[str], said: str) -> None:
    done = ran(*words)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_wrong_environment_variable_is_named_with_its_bounds(tmp_path: Path) -> None:
    done = ran("--mode", "off", "--for", "1", profile=tmp_path / "p", REBALANCE_KP="99")
    assert done.returncode == 1
    assert "governor.kp (environment variable REBALANCE_KP): expected 0 to 50 skew per ratio, got '99'" in done.stderr


def test_a_wrong_value_in_the_file_is_named_with_its_line_and_the_last_good_revision_holds(tmp_path: Path) -> None:
    ran("--mode", "off", "--for", "0.2", profile=tmp_path / "p")
    file = tmp_path / "p" / "evenkeel.toml"
    text = file.read_text().replace("#kp = 2.0", "kp = 99")
    file.write_text(text)
    line = text.splitlines().index("kp = 99") + 1
    done = ran("--mode", "off", "--for", "0.2", profile=tmp_path / "p")
    assert done.returncode == 0
    assert "the last good revision is" in done.stderr
    assert "governor.kp" in done.stderr
    assert f"line {line}" in done.stderr


@pytest.mark.usefixtures("secret_service")
def test_observe_without_keys_says_what_to_do(tmp_path: Path) -> None:
    done = ran("--mode", "observe", "--for", "1", profile=tmp_path / "p")
    assert done.returncode == exit_codes.PERSON_NEEDED
    assert "the keyring holds no API key; save key and secret on the Keys page" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("secret_service")
def test_live_without_a_person_is_refused(tmp_path: Path) -> None:
    done = ran("--mode", "live", "--for", "1", profile=tmp_path / "p")
    assert done.returncode == exit_codes.PERSON_NEEDED
    assert "confirmed by a person" in done.stderr


def test_every_declared_option_is_documented_once() -> None:
    done = ran("options", "--markdown")
    assert done.returncode == 0
    rows = [line for line in done.stdout.splitlines() if line.startswith("| `")]
    documented = sorted(row.split("`")[1] for row in rows)
    assert documented == sorted(spec.name for spec in Catalogue(SECTIONS))


def test_the_engine_program_never_loads_qt() -> None:
    script = (
        "import sys, importlib;"
        "[importlib.import_module(m) for m in ('engine.cli', 'engine.cli.headless', 'engine.desk.opening')];"
        "print(sorted({'PySide6', 'qasync', 'pyqtgraph', 'gui'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def started(profile: Path) -> subprocess.Popen[str]:
    """A paper session that has said its first governor line."""
    words = [*PROGRAM, "--profile", str(profile), *PAPER, "--for", "60"]
    child = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    for line in child.stderr:
        if "[REBAL]" in line:
            break
    child.stderr.close()
    return child
