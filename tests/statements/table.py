"""The tables that say which test shows which statement of a source document, one table per engine.

Each table of the TOML file is one statement, named by where it stands: `["seed 2.4"]`, `["spec 18b lag"]`.

    claim      what is claimed, in a few words of our own
    shown_by   the tests that show it, `path::test_name`
    ruled_by   the section of the specification that rules where the source says otherwise
    later      why nothing shows it yet; then there are no tests
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TABLES = sorted(Path(__file__).parent.glob("*.toml"))
_FIELDS = frozenset({"claim", "shown_by", "ruled_by", "later"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim of a source document and the tests that show it."""

    id: str
    claim: str
    shown_by: tuple[str, ...] = ()
    ruled_by: str = ""
    later: str = ""


@cache
def statements(table: Path) -> tuple[Statement, ...]:
    """The statements of one file, in its order. ValueError on a field that no statement has."""
    return tuple(_statement(name, row) for name, row in tomllib.loads(table.read_text("utf-8")).items())


@cache
def names_of_tests(path: str) -> frozenset[str]:
    """The names of the tests that a file defines, empty where there is no such file. Nothing is imported."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text("utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    machines = {node.targets[0].id for node in ast.walk(tree) if _names_a_test(node)}  # type: ignore[attr-defined]
    return frozenset(function.name for function in functions if function.name.startswith("test_")) | machines


def covers(found: frozenset[str], required: str) -> bool:
    """Whether an id, or a part of it (`spec 18b lag` of `spec 18b`), is there."""
    return any(name == required or name.startswith(f"{required} ") for name in found)


def _statement(name: str, row: Mapping[str, Any]) -> Statement:
    unknown = row.keys() - _FIELDS
    if unknown:
        raise ValueError(f"{name}: no statement has {', '.join(sorted(unknown))}")
    return Statement(name, row["claim"], tuple(row.get("shown_by", ())), row.get("ruled_by", ""), row.get("later", ""))


def _names_a_test(node: ast.AST) -> bool:
    """`TestGrid = Machine.TestCase`, as a state machine of Hypothesis is made a test."""
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id.startswith("Test")
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "TestCase"
    )
