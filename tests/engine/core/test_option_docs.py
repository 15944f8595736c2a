"""The documentation of options comes from their declaration, and leaves none out."""

from __future__ import annotations

import re

from engine.core.option_docs import markdown
from engine.core.option_file import generated
from engine.core.option_problems import UnknownVariable
from engine.core.settings import from_environment, unknown_variables
from tests.sample_options import CATALOGUE, SECTIONS

PAGE = markdown(SECTIONS)


def test_file_environment_docs_and_declaration_name_the_same_options() -> None:
    declared = {f"{section.section}.{name}" for section in SECTIONS for name in section.model_fields}
    documented, section = set(), ""
    for line in PAGE.splitlines():
        section = line.removeprefix("## ") if line.startswith("## ") else section
        if found := re.match(r"\| `(\w+)`", line):
            documented.add(f"{section}.{found[1]}")
    in_file, section = set(), ""
    for line in generated(CATALOGUE).splitlines():
        section = line.strip("[]") if line.startswith("[") else section
        if found := re.match(r"#(\w+) =", line):
            in_file.add(f"{section}.{found[1]}")
    in_environment = set(from_environment(CATALOGUE, dict.fromkeys(CATALOGUE.by_environment, "1")))
    assert documented == in_file == in_environment == declared


def test_a_row_says_all_there_is_to_know_of_an_option() -> None:
    assert "| `kp` | `STEER_KP` | float | skew per ratio | `2.0` | 0 to 50 | no | size | How hard it pushes. |" in PAGE
    assert (
        "| `interval_s` | `EVENKEEL_STEER_INTERVAL_S` | int | s | `300` | at least 10 | no | timing "
        "| Time between two updates. Earlier name: `interval`, `period_s`. |" in PAGE
    )
    assert "| `retries` | `EVENKEEL_SPEND_RETRIES` | int, may be empty |  |  | 0 to 9 | yes | none |" in PAGE
    assert "| `side` | `EVENKEEL_SPEND_SIDE` | choice |  | `buy` | `buy`, `sell` | no |" in PAGE


def test_every_row_has_as_many_cells_as_the_heading() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {10}


def test_a_section_begins_with_what_its_class_says_of_itself() -> None:
    assert "## steer\n\nHow the sample steers.\n\n| Option |" in PAGE


def test_a_variable_that_is_almost_an_options_is_noticed() -> None:
    variables = {"EVENKEEL_STEER_INTERVALS": "5", "EVENKEEL_PROFILE": "x", "STEER_KP": "1", "HOME": "/"}
    assert unknown_variables(CATALOGUE, variables) == (
        UnknownVariable("EVENKEEL_STEER_INTERVALS", "EVENKEEL_STEER_INTERVAL_S"),
    )
