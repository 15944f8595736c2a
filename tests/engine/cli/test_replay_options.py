"""`governor replay` with the options of a profile, and with others (cases, "Replay")."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli import main

ROWS = "ts,observed_usd,usd_runway_floor,capacity_band\n0,100,25,normal\n"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile whose governor steps by 0.01, and observations beside its file."""
    (tmp_path / "evenkeel.toml").write_text("[governor]\nmax_skew_step = 0.01\n")
    (tmp_path / "observations.csv").write_text(ROWS)
    return tmp_path


def replayed(profile: Path, *more: str) -> int:
    return main(["governor", "replay", str(profile / "observations.csv"), "--profile", str(profile), *more])


def test_the_profiles_own_options_are_used(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replayed(profile) == 0
    assert json.loads(capsys.readouterr().out)["skew"] == 0.01


def test_the_profile_may_be_named_before_the_command(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--profile", str(profile), "governor", "replay", str(profile / "observations.csv")]) == 0
    assert json.loads(capsys.readouterr().out)["skew"] == 0.01


def test_an_option_that_is_set_wins_over_the_profile(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("--set", "max_skew_step=0.02", "--set", "governor.kp = 4", "--set", "REBALANCE_MAX_SKEW=0.015")
    assert replayed(profile, *names) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["skew"], line["cap"]) == (0.015, 0.015)


def test_a_profile_that_is_not_there_yet_has_the_defaults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "observations.csv").write_text(ROWS)
    arguments = ["governor", "replay", str(tmp_path / "observations.csv"), "--profile", str(tmp_path / "none")]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["skew"] == 0.05
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("kpp=1", "kpp: expected the name of an option; did you mean kp?"),
        ("kp", "--set: expected NAME=VALUE, as in kp=0.5, got 'kp'"),
        ("kp=many", "governor.kp: expected a number, got 'many'"),
        ("max_skew=7", "governor.max_skew: expected above 0 to 1 ratio, got '7'"),
    ],
)
def test_an_option_that_cannot_be_is_told_in_one_line(
    profile: Path, capsys: pytest.CaptureFixture[str], given: str, told: str
) -> None:
    assert replayed(profile, "--set", given) == 2
    assert capsys.readouterr().err == f"evenkeel-engine governor replay: {told}\n"


def test_reading_a_profiles_options_writes_nothing_into_it(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in profile.iterdir())
    assert replayed(profile) == 0
    assert sorted(path.name for path in profile.iterdir()) == before
