"""How this program starts the other programs that it is: from the source tree by module, and frozen by one hidden word.

A frozen program has no Python to start, so it starts itself; `engine.desk.child_process` is where it then arrives.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MODULES: Final[Mapping[str, str]] = {"paper-exchange": "engine.paper", "paper-node": "engine.paper.node"}
"""The hidden words, each with the module that `python -m` runs in its place."""

_SEARCH_PATHS: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def is_frozen() -> bool:
    """Whether this is the packaged program."""
    return bool(getattr(sys, "frozen", False))


def child_command(word: str) -> list[str]:
    """The start of the command line of the child that `word` (one of MODULES) names."""
    return [sys.executable, word] if is_frozen() else [sys.executable, "-m", MODULES[word]]


def child_environment() -> dict[str, str]:
    """This process's environment, with `engine` importable from wherever it was imported here."""
    if is_frozen():
        return dict(os.environ)
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def foreign_environment() -> dict[str, str]:
    """The environment for a program that is not ours: the package's own libraries are not for it to load."""
    environment = dict(os.environ)
    if is_frozen():
        for name in _SEARCH_PATHS:
            before = environment.pop(f"{name}_ORIG", None)
            environment.pop(name, None)
            if before is not None:
                environment[name] = before
    return environment
