"""What both programs take on their command line."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from engine.core.modes import Mode
from engine.desk.arguments import FAULTS, HAPPENINGS, REGIMES, PaperOnly, add_session_arguments, session_arguments
from engine.paper import config, faults, occurrences
from engine.paper.faults import parse_faults
from engine.paper.occurrences import parse_occurrences


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="evenkeel")
    add_session_arguments(parser)
    return parser.parse_args(words)


def test_the_help_names_every_kind_of_fault_and_happening_and_every_regime() -> None:
    """They are written down twice, so that the panel's first frame waits for none of them."""
    assert tuple(kind.partition(":")[0] for kind in FAULTS) == faults.KINDS
    assert tuple(kind.partition(":")[0].partition("[")[0] for kind in HAPPENINGS) == occurrences.KINDS
    assert {*REGIMES, "file"} == set(config.REGIMES)


def test_faults_may_be_given_together_or_one_by_one() -> None:
    arguments = session_arguments(parsed("--fault", "lose-answer:0.05,delay:2s", "--fault", "reorder:0.1"))
    assert arguments.faults == "lose-answer:0.05,delay:2s,reorder:0.1"
    assert [fault.kind for fault in parse_faults(arguments.faults)] == ["lose-answer", "delay", "reorder"]


def test_happenings_may_be_given_together_or_one_by_one() -> None:
    given = ("--happen", "600s:amend:buy:+45%; ~2h:deposit:usd:50", "--happen", "1h:status:cancel_only:20m")
    arguments = session_arguments(parsed(*given))
    assert arguments.happen is not None
    assert [str(item) for item in parse_occurrences(arguments.happen)] == [
        "10m:amend:buy:+45%",
        "~2h:deposit:usd:50",
        "1h:status:cancel_only:20m",
    ]


def test_a_happening_that_makes_no_sense_ends_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--happen", "10m:amend:buy")
    assert "argument --happen: happening '10m:amend:buy': expected a change" in capsys.readouterr().err


def test_the_help_is_written_out() -> None:
    parser = argparse.ArgumentParser(prog="evenkeel")
    add_session_arguments(parser)
    assert "600s:amend:buy:+45%" in parser.format_help()


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE, Mode.LIVE])
def test_what_paper_alone_has_is_refused_in_every_other_mode(mode: Mode) -> None:
    for words in (("--fault", "reorder:0.1"), ("--happen", "0s:kfee"), ("--fresh",)):
        arguments = session_arguments(parsed(*words))
        arguments.check_mode(Mode.PAPER)
        with pytest.raises(PaperOnly, match=f"{words[0]} is for the paper exchange alone, and the mode is {mode.name}"):
            arguments.check_mode(mode)


def test_reading_arguments_loads_no_engine() -> None:
    script = (
        "import sys, argparse; from engine.desk.arguments import *; parser = argparse.ArgumentParser();"
        "add_session_arguments(parser); session_arguments(parser.parse_args(['--mode', 'paper', '--market', 'up']));"
        "print(sorted({'engine.paper', 'engine.venue', 'engine.grid', 'engine.governor'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
