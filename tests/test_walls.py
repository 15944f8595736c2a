"""The import contracts of pyproject.toml find what crosses a wall, also in rooms that are not there yet."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = (
    "engine/__init__", "engine/cli", "engine/desk", "engine/core/__init__", "engine/core/clock", "engine/core/messages",
    "engine/core/journal", "gui/__init__", "gui/pages",
    *(f"engine/{room}/__init__" for room in ("governor", "grid", "drift", "hub", "venue", "chain", "paper", "lab")),
    *(f"engine/{room}/options" for room in ("governor", "grid", "drift", "hub")),
    "engine/governor/signal", "engine/governor/reasons", "engine/governor/loop", "engine/grid/machine",
    "engine/drift/plan", "engine/hub/fees", "engine/hub/messages", "engine/venue/kraken",
)  # fmt: skip


@pytest.fixture
def house(tmp_path):
    """A house with every room and nothing in them."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for module in MODULES:
        path = tmp_path / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def judge(house: Path, **imports: str) -> str:
    """What import-linter says of a house whose `room__module` starts with the given line; empty when it keeps all."""
    for module, line in imports.items():
        (house / f"{module.replace('__', '/')}.py").write_text(line + "\n")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    judged = subprocess.run(
        [*command, "--no-cache"], cwd=house, capture_output=True, text=True, timeout=60, check=False
    )
    return judged.stdout + judged.stderr if judged.returncode else ""


def test_what_the_walls_allow_passes(house):
    assert (
        judge(
            house,
            engine__cli="import engine.desk, engine.lab, engine.paper",
            engine__desk="import engine.venue, engine.chain, engine.paper, engine.governor.loop, engine.hub.fees",
            engine__core__clock="import asyncio, time",
            engine__core__journal="import sqlalchemy, engine.core.clock",
            engine__governor__signal="import engine.core.messages, engine.governor.options",
            engine__governor__loop="import asyncio, engine.core.clock, engine.governor.signal",
            engine__venue__kraken="import ccxt, engine.grid.options",
            gui__pages="import PySide6, engine.desk, engine.core.journal, engine.governor.reasons, engine.hub.messages",
        )
        == ""
    )


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("engine__desk", "import PySide6.QtCore"),
        ("engine__hub__fees", "import gui.pages"),
        ("engine__core__clock", "import engine.governor.options"),
        ("engine__core__journal", "import engine.paper"),
        ("engine__governor__loop", "import engine.grid.machine"),
        ("engine__grid__machine", "import engine.governor.options"),
        ("engine__hub__fees", "import engine.drift.plan"),
        ("engine__drift__plan", "def later():\n    import engine.chain"),
        ("engine__venue__kraken", "import engine.paper"),
        ("engine__venue__kraken", "import engine.desk"),
        ("engine__governor__signal", "import asyncio"),
        ("engine__grid__machine", "from time import monotonic"),
        ("engine__drift__plan", "import random"),
        ("gui__pages", "import engine.governor.loop"),
        ("gui__pages", "import engine.venue.kraken"),
        ("gui__pages", "import engine.paper"),
        ("gui__pages", "import ccxt"),
        ("gui__pages", "import keyring.backends"),
        ("gui__pages", "import sqlalchemy"),
    ],
)
def test_what_crosses_a_wall_is_found(house, module, line):
    assert "BROKEN" in judge(house, **{module: line})


def test_a_decision_may_not_reach_the_clock_through_another_module(house):
    assert "BROKEN" in judge(
        house, engine__core__clock="import time", engine__governor__signal="import engine.core.clock"
    )


def test_a_room_that_no_wall_knows_of_is_found(house):
    assert "engine.attic" in judge(house, engine__attic="")
