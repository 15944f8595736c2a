"""The example of a systemd unit: systemd takes it, and it fits the program that it starts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from engine.cli import _parser, exit_codes

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "packaging" / "linux" / "evenkeel.service"


def setting(name: str) -> str:
    (value,) = (line.partition("=")[2] for line in UNIT.read_text().splitlines() if line.startswith(f"{name}="))
    return value


def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/bin/evenkeel-engine", "/bin/true"))  # where nothing is installed
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_its_command_line_is_one_of_the_program() -> None:
    program, *words = setting("ExecStart").split()
    assert Path(program).name == "evenkeel-engine"
    assert _parser().parse_args(words).mode == "live"


def test_it_is_not_started_again_where_a_person_is_needed() -> None:
    assert setting("RestartPreventExitStatus").split() == [str(exit_codes.USAGE), str(exit_codes.PERSON_NEEDED)]
