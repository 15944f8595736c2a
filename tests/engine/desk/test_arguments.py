"""What both programs take on their command line."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from engine.core.modes import Mode
from engine.desk.arguments import FAULTS, REGIMES, PaperOnly, add_session_arguments, session_arguments
from engine.paper import config
from engine.paper.faults import KINDS, parse_faults


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="evenkeel")
    add_session_arguments(parser)
    return parser.parse_args(words)


def test_the_help_names_every_kind_of_fault_and_every_regime() -> None:
    """They are written down twice, so that the panel's first frame waits for neither."""
    assert tuple(kind.partition(":")[0] for kind in FAULTS) == KINDS
    assert {*REGIMES, "file"} == set(config.REGIMES)


def test_faults_may_be_given_together_or_one_by_one() -> None:
    arguments = session_arguments(parsed("--fault", "lose-answer:0.05,delay:2s", "--fault", "reorder:0.1"))
    assert arguments.faults == "lose-answer:0.05,delay:2s,reorder:0.1"
    assert [fault.kind for fault in parse_faults(arguments.faults)] == ["lose-answer", "delay", "reorder"]


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE, Mode.LIVE])
def test_what_paper_alone_has_is_refused_in_every_other_mode(mode: Mode) -> None:
    for words in (("--fault", "reorder:0.1"), ("--fresh",)):
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
