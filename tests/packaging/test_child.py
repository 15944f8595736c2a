"""A frozen program becomes the child that a hidden word names; from the source tree a module is run in its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.desk.child_process import run_child
from engine.paper import child, exchange, node

ORIGINAL, BUNDLED = "/usr/lib/original", "/opt/evenkeel/_internal"


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)


def test_from_the_source_tree_a_module_is_run() -> None:
    assert child.child_command("paper-exchange") == [sys.executable, "-m", "engine.paper"]
    assert str(Path(child.__file__).parents[2]) in child.child_environment()["PYTHONPATH"]


@pytest.mark.usefixtures("frozen")
def test_frozen_every_hidden_word_leads_to_its_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "main", lambda: 41)
    monkeypatch.setattr(node, "main", lambda words: 42 if words == ["anvil", "--port", "1"] else 0)
    started = {word: child.child_command(word) for word in child.MODULES}
    assert all(command[0] == sys.executable for command in started.values())
    assert run_child([*started["paper-exchange"][1:]]) == 41
    assert run_child([*started["paper-node"][1:], "anvil", "--port", "1"]) == 42


def test_any_other_command_line_is_nobodys_child() -> None:
    assert run_child([]) is None
    assert run_child(["--mode", "paper"]) is None


@pytest.mark.usefixtures("frozen")
def test_another_program_does_not_load_the_packages_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", BUNDLED)
    assert "LD_LIBRARY_PATH" not in child.foreign_environment()
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", ORIGINAL)
    assert child.foreign_environment()["LD_LIBRARY_PATH"] == ORIGINAL


def test_looking_for_a_child_loads_no_engine() -> None:
    """The panel does it before its first frame."""
    code = "import sys; from engine.desk.child_process import run_child; run_child(['x']); print(len(sys.modules))"
    shown = code.replace("len(sys.modules)", "[n for n in sys.modules if n.startswith('engine.paper')]")
    said = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
