"""The rehearsal in short: the programs as they are at a look-alike of Kraken, and drawn histories (issue 13)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rehearse.namespace import NO_NAMESPACE
from tests.rehearse.scenes import SCENES
from tests.rehearse.watch import says_all_is_off

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 110.0
SHORT_HISTORIES = "6"


def rehearsed(*words: str) -> list[str]:
    """The lines of a rehearsal in a process of its own: namespaces are entered by a process that has one thread."""
    command = [sys.executable, "-m", "tests.rehearse", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    if done.returncode == NO_NAMESPACE:
        pytest.skip(done.stderr.strip())
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", [one.name for one in SCENES if one.short])
def test_the_programs_do_at_a_look_alike_of_kraken_what_the_scene_says(name: str) -> None:
    line, summary = rehearsed("--scenes", name, "--histories", "0")
    assert json.loads(line)["wrong"] == [], summary


def test_stop_never_says_stopped_alone_while_an_order_rests_whatever_stands_in_its_way() -> None:
    *wrong, summary = rehearsed("--scenes", "none", "--histories", SHORT_HISTORIES)
    assert wrong == [], summary


@pytest.mark.parametrize("words", ["Stopped", "LIVE | Stopped | since 09:28:00. A person asked for it in the panel."])
def test_stopped_without_a_word_of_orders_says_that_nothing_rests(words: str) -> None:
    assert says_all_is_off(words)


@pytest.mark.parametrize(
    "words",
    ["Stopped; 5 orders still rest at Kraken", "LIVE | Stopped | Stop was asked for; not acknowledged yet.", "Running"],
)
def test_stopped_beside_what_is_left_does_not(words: str) -> None:
    assert not says_all_is_off(words)
