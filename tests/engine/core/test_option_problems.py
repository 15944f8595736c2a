"""A problem is data, and its plain sentence says what was expected, what came and where it stands."""

from __future__ import annotations

import pytest

from engine.core.option_problems import (
    Dropped,
    Expectation,
    GivenOnce,
    KnownOption,
    KnownSection,
    OfKind,
    OneOf,
    OptionProblem,
    PlainTable,
    ReadableFile,
    Renamed,
    RuleHolds,
    SetByEnvironment,
    UnknownVariable,
    ValidToml,
    WithinBounds,
)


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (OptionProblem("a.b", 99, WithinBounds("0 to 50", "s"), 4), "a.b (line 4): expected 0 to 50 s, got 99"),
        (OptionProblem("a.b", 99, WithinBounds("0 to 50", "")), "a.b: expected 0 to 50, got 99"),
        (OptionProblem("a.b", "x", OfKind("int"), 4), "a.b (line 4): expected a whole number, got 'x'"),
        (
            OptionProblem("a.b", "x", OfKind("bool"), None, "A_B"),
            "a.b (environment variable A_B): expected true or false, got 'x'",
        ),
        (OptionProblem("a.b", "x", OneOf(("u", "v"))), "a.b: expected one of u, v, got 'x'"),
        (OptionProblem("a", None, RuleHolds("value_error", "b is above c; lower it")), "a: b is above c; lower it"),
        (
            OptionProblem("a.bb", None, KnownOption("b"), 4),
            "a.bb (line 4): expected the name of an option; did you mean b?",
        ),
        (OptionProblem("a.x", None, KnownOption("")), "a.x: expected the name of an option"),
        (OptionProblem("x", None, KnownSection(("a", "c")), 1), "x (line 1): expected one of the sections [a], [c]"),
        (
            OptionProblem("x", None, PlainTable(), 1),
            "x (line 1): expected plain `name = value` lines below a [section] header, with nothing nested",
        ),
        (
            OptionProblem("a.b", None, GivenOnce(2), 4),
            "a.b (line 4): expected a name that is given once; it stands on line 2 too",
        ),
        (OptionProblem("a.b", None, GivenOnce(None), 4), "a.b (line 4): expected a name that is given once"),
        (
            OptionProblem("", None, ValidToml("invalid number"), 4),
            "configuration file (line 4): expected valid TOML in UTF-8: invalid number",
        ),
        (
            OptionProblem("", None, ReadableFile("x.toml is missing")),
            "configuration file: expected a file that can be read: x.toml is missing",
        ),
        (
            OptionProblem("a.b", 5, SetByEnvironment("A_B", "4"), None, "A_B"),
            "a.b: expected no change while the environment variable A_B holds it at 4, got 5",
        ),
    ],
)
def test_a_problem_has_a_plain_sentence(problem: OptionProblem, sentence: str) -> None:
    assert str(problem) == sentence


def test_a_notice_has_a_plain_sentence() -> None:
    assert str(Renamed("a.b", "old", 3)) == "line 3: old is now a.b; it is renamed when the file is written next"
    assert str(UnknownVariable("A_B", "")) == "the environment variable A_B is no option's and has no effect"
    assert str(Dropped("a.b")) == "a.b no longer exists and is left out"


def test_each_expectation_has_a_code_of_its_own() -> None:
    codes = {kind.__name__: kind.code for kind in Expectation.__subclasses__()}
    assert all(codes.values())
    assert len(set(codes.values())) == len(codes)
