"""Whatever stands in the file or in the environment: the option is named, and the last good revision stays in force.

The real options of the program (issue 3, bad input).
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.clock import ManualClock
from engine.core.configuration import Configuration, ConfigurationRefused
from engine.core.option_catalogue import Catalogue
from engine.core.option_file import read
from engine.core.option_problems import OptionProblem
from engine.core.options import OptionSpec
from engine.core.settings import Settings, from_environment, validated
from engine.desk.options import SECTIONS

CATALOGUE = Catalogue(SECTIONS)
SPECS = list(CATALOGUE)
GOOD = "[governor]\nkp = 3.5\n\n[grid]\norder_size_usd = 2.50\n"

JUNK_LITERALS = st.sampled_from(
    [
        *("nan", "+inf", "-inf", "1e400", "-1e400", "-1", "0", "1e-400", "9" * 400, "0x7fffffff", "1_0_0"),
        *("true", "''", "' '", "'NaN'", "'Infinity'", "'-1'", "'٣'", "'\\u0000'", '"\\u0000"', "'" + "x" * 5000 + "'"),
        *("[]", "[1, 2]", "{}", "{ a = 1 }", "[[]]", "1979-05-27", "1979-05-27T07:32:00Z", "07:32:00"),
        *("[" * 200 + "]" * 200, "", "nothing", "1.", ".5", "= 1", "1 2", '"', "'''", "\\"),
    ]
)
JUNK_TEXTS = st.one_of(
    st.sampled_from(
        [
            *(
                "nan",
                "inf",
                "-inf",
                "1e400",
                "-1",
                "",
                " ",
                "9" * 400,
                "٣",
                "1_0",
                "0x10",
                "true",
                "yes",
                "None",
                "null",
            ),
            *("[]", "{}", "1;2", "1,5", "1 2", "\x00", "\udcff", "\n", "x" * 5000),
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
NAMES = st.one_of(st.sampled_from([spec.name for spec in SPECS]), st.sampled_from(["kpp", "", "a.b", "'quoted'", "é"]))
SECTION_NAMES = st.sampled_from([*CATALOGUE.sections, "governer", "", "a.b"])


def is_named(problem: OptionProblem) -> bool:
    """It says which option, or it is the syntax of the file itself; and it has words."""
    return bool(str(problem)) and (bool(problem.path) or not CATALOGUE.find(*problem.path.partition(".")[::2]))


def within_bounds(values: Settings) -> bool:
    return all(bounded(spec, values.by_path[spec.path]) for spec in SPECS)


def bounded(spec: OptionSpec, value: Any) -> bool:
    if spec.kind not in ("int", "float", "decimal") or value is None:
        return True
    finite = Decimal(str(value)).is_finite()
    low = (spec.ge is None or value >= spec.ge) and (spec.gt is None or value > spec.gt)
    high = (spec.le is None or value <= spec.le) and (spec.lt is None or value < spec.lt)
    return finite and low and high


@given(st.lists(st.tuples(SECTION_NAMES, st.lists(st.tuples(NAMES, JUNK_LITERALS), max_size=4)), max_size=4))
def test_a_file_of_junk_is_named_option_by_option_or_is_within_all_bounds(
    sections: list[tuple[str, list[tuple[str, str]]]],
) -> None:
    lines = [line for name, pairs in sections for line in (f"[{name}]", *(f"{key} = {value}" for key, value in pairs))]
    text = "\n".join(lines)
    found = read(text, CATALOGUE)
    outcome = validated(CATALOGUE, found.given)
    problems = (*found.problems, *outcome.problems)
    assert all(is_named(problem) for problem in problems)
    assert problems or (outcome.settings is not None and within_bounds(outcome.settings))


def test_each_option_refuses_each_junk_by_its_own_name_and_line() -> None:
    junk = ("nan", "inf", "-inf", "1e400", "-9e99", "[]", "{}", "1979-05-27", "[[1]]")
    for spec in SPECS:
        for value in junk if spec.kind != "bool" else ("nan", "2", "[]", "'maybe'"):
            text = f"# a comment\n[{spec.section}]\n{spec.name} = {value}\n"
            found = read(text, CATALOGUE)
            problems = (*found.problems, *validated(CATALOGUE, found.given).problems)
            if spec.kind == "str" and not problems:
                continue
            assert [(problem.path, problem.line) for problem in problems] == [(spec.path, 3)], text
            assert spec.path in str(problems[0])


@given(spec=st.sampled_from(SPECS), text=JUNK_TEXTS)
def test_a_variable_of_junk_is_named_or_is_within_its_bounds(spec: OptionSpec, text: str) -> None:
    outcome = validated(CATALOGUE, from_environment(CATALOGUE, {spec.environment_name: text}))
    if outcome.settings is not None:
        assert within_bounds(outcome.settings)
        return
    rules_across = [problem for problem in outcome.problems if problem.environment_name is None]
    assert rules_across or [problem.environment_name for problem in outcome.problems] == [spec.environment_name]
    assert all(spec.section in str(problem) or spec.environment_name in str(problem) for problem in outcome.problems)


@contextmanager
def running(text: str = GOOD) -> Iterator[Configuration]:
    """A configuration whose first revision is good."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evenkeel.toml"
        path.write_text(text)
        yield Configuration.load(path, CATALOGUE, {}, ManualClock(1000.0))


@given(
    at=st.integers(0, len(GOOD)),
    end=st.integers(0, len(GOOD)),
    put=st.binary(max_size=20) | st.sampled_from([b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\x00", b"\r", b"\xed\xa0\x80"]),
)
@settings(max_examples=60)
def test_a_file_that_was_damaged_while_running_leaves_the_last_good_revision_in_force(
    at: int, end: int, put: bytes
) -> None:
    """Bytes changed, taken out, cut off: either a good configuration or the one before, and a restart agrees."""
    with running() as configuration:
        before = configuration.settings.by_path
        damaged = GOOD.encode()[:at] + put + GOOD.encode()[max(at, end) :]
        configuration.path.write_bytes(damaged)
        problems = asyncio.run(configuration.reload())
        assert within_bounds(configuration.settings)
        if problems:
            assert configuration.settings.by_path == before
            assert all(is_named(problem) for problem in problems)
        again = Configuration.load(configuration.path, CATALOGUE, {}, ManualClock(2000.0))
        assert again.settings.by_path == configuration.settings.by_path
        assert bool(again.problems) == bool(problems)


@given(cut=st.integers(0, len(GOOD) - 1))
@settings(max_examples=40)
def test_a_file_that_was_cut_off_is_never_taken_for_more_than_it_says(cut: int) -> None:
    """A value cut short is a value; a value cut off is its default or a problem; no other value can come of it."""
    with running() as configuration:
        configuration.path.write_text(GOOD[:cut])
        asyncio.run(configuration.reload())
        values = configuration.settings.by_path
        assert values["governor.kp"] in (3.5, 3.0, CATALOGUE.defaults["governor.kp"])
        assert values["grid.order_size_usd"] in (Decimal("2.5"), Decimal(2), CATALOGUE.defaults["grid.order_size_usd"])
        untouched = {spec.path for spec in SPECS} - {"governor.kp", "grid.order_size_usd"}
        assert all(values[path] == CATALOGUE.defaults[path] for path in untouched)


@given(name=st.sampled_from(sorted(CATALOGUE.by_environment)), text=JUNK_TEXTS)
@settings(max_examples=60)
def test_a_start_under_a_junk_variable_is_refused_by_its_name_or_within_bounds(name: str, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evenkeel.toml"
        path.write_text(GOOD)
        try:
            configuration = Configuration.load(path, CATALOGUE, {name: text}, ManualClock(1000.0))
        except ConfigurationRefused as refused:
            section = CATALOGUE.by_environment[name].section
            told = str(refused)
            assert name in told or section in told
            assert os.listdir(folder) == ["evenkeel.toml"]
        else:
            assert within_bounds(configuration.settings)
