"""What is wrong with a configuration, as data: which option, which value, what was expected, and where it stands.

The panel makes its own sentence from an expectation's class and numbers; `str()` gives the plain English one for the
command line and the log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.core.messages import Reason
from engine.core.options import OptionSpec


@dataclass(frozen=True, slots=True)
class Expectation(Reason):
    """What a value, a name or a file should have been. `str()` completes the sentence "expected ..."."""


@dataclass(frozen=True, slots=True)
class OfKind(Expectation, code="of_kind"):
    """A value of the declared type: bool, int, float, decimal or str."""

    kind: str

    def __str__(self) -> str:
        return _KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class WithinBounds(Expectation, code="within_bounds"):
    """A number within the declared bounds (`OptionSpec.bounds` in words)."""

    bounds: str
    unit: str

    def __str__(self) -> str:
        return f"{self.bounds} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class OneOf(Expectation, code="one_of"):
    """One of the declared choices."""

    choices: tuple[str, ...]

    def __str__(self) -> str:
        return "one of " + ", ".join(self.choices)


@dataclass(frozen=True, slots=True)
class RuleHolds(Expectation, code="rule_holds"):
    """A rule that an Options class checks by itself, often across options.

    rule: the error's type, `value_error` where the class raised a plain ValueError. text: what is wrong and what to do,
    as the class says it. numbers: the error's context.
    """

    rule: str
    text: str
    numbers: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class KnownOption(Expectation, code="known_option"):
    """The name of a declared option; `nearest` is the one most like it, or empty."""

    nearest: str

    def __str__(self) -> str:
        return "the name of an option" + (f"; did you mean {self.nearest}?" if self.nearest else "")


@dataclass(frozen=True, slots=True)
class KnownSection(Expectation, code="known_section"):
    """The name of a declared section."""

    sections: tuple[str, ...]

    def __str__(self) -> str:
        return "one of the sections " + ", ".join(f"[{name}]" for name in self.sections)


@dataclass(frozen=True, slots=True)
class PlainTable(Expectation, code="plain_table"):
    """One `[section]` with `name = value` lines: nothing nested, and no value outside a section."""

    def __str__(self) -> str:
        return "plain `name = value` lines below a [section] header, with nothing nested"


@dataclass(frozen=True, slots=True)
class GivenOnce(Expectation, code="given_once"):
    """A name that stands in the file once; `first_line` is where it stood before, where that is known."""

    first_line: int | None

    def __str__(self) -> str:
        return "a name that is given once" + (f"; it stands on line {self.first_line} too" if self.first_line else "")


@dataclass(frozen=True, slots=True)
class ValidToml(Expectation, code="valid_toml"):
    """Text that is TOML; `detail` is what the parser stumbled over."""

    detail: str

    def __str__(self) -> str:
        return f"valid TOML in UTF-8: {self.detail}"


@dataclass(frozen=True, slots=True)
class ReadableFile(Expectation, code="readable_file"):
    """A file that can be read; `detail` is what the operating system said."""

    detail: str

    def __str__(self) -> str:
        return f"a file that can be read: {self.detail}"


@dataclass(frozen=True, slots=True)
class SetByEnvironment(Expectation, code="set_by_environment"):
    """No change, because an environment variable holds the option; `value` is what it is held at."""

    variable: str
    value: Any

    def __str__(self) -> str:
        return f"no change while the environment variable {self.variable} holds it at {self.value}"


_KINDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a decimal number",
    "str": "text",
}


@dataclass(frozen=True, slots=True)
class OptionProblem:
    """One thing that keeps a configuration from being valid.

    path: `section.name`, or the section alone for a rule across its options, or empty for the file as a whole.
    value: what came; None for a name that is not known, because what stands there may be anything, a secret too.
    line: where in the file. environment_name: the variable that it came from.
    """

    path: str
    value: Any
    expectation: Expectation
    line: int | None = None
    environment_name: str | None = None

    def __str__(self) -> str:
        place = f" (line {self.line})" if self.line is not None else ""
        if self.environment_name is not None and not isinstance(self.expectation, SetByEnvironment):
            place = f" (environment variable {self.environment_name})"
        if isinstance(self.expectation, RuleHolds):
            return f"{self.path}{place}: {self.expectation}"
        came = f", got {self.value!r}" if self.value is not None else ""
        return f"{self.path or 'configuration file'}{place}: expected {self.expectation}{came}"


@dataclass(frozen=True, slots=True)
class Renamed(Reason, code="renamed"):
    """A notice: the file uses an option's old name; it is renamed when the file is written next."""

    path: str
    old_name: str
    line: int

    def __str__(self) -> str:
        return f"line {self.line}: {self.old_name} is now {self.path}; it is renamed when the file is written next"


@dataclass(frozen=True, slots=True)
class Superseded(Reason, code="superseded"):
    """A notice: another option stands in the place of one that a file or the environment still sets.

    kept: whether its value holds for the new option; it does not where it was the old default, or where the new option
    is set beside it. line: None for a variable of the environment.
    """

    path: str
    old_name: str
    value: Any
    kept: bool
    line: int | None = None

    def __str__(self) -> str:
        place = "the environment" if self.line is None else f"line {self.line}"
        came_of_it = (
            f"its value {self.value} is kept" if self.kept else f"its value {self.value} has no effect any more"
        )
        return f"{place}: {self.path} stands in the place of {self.old_name}; {came_of_it}"


@dataclass(frozen=True, slots=True)
class UnknownVariable(Reason, code="unknown_variable"):
    """A notice: an environment variable looks like an option's but is none, so it has no effect."""

    variable: str
    nearest: str

    def __str__(self) -> str:
        hint = f"; did you mean {self.nearest}?" if self.nearest else ""
        return f"the environment variable {self.variable} is no option's and has no effect{hint}"


@dataclass(frozen=True, slots=True)
class Dropped(Reason, code="dropped"):
    """A notice: an earlier revision sets an option that no longer exists; it is left out."""

    path: str

    def __str__(self) -> str:
        return f"{self.path} no longer exists and is left out"


Notice = Renamed | Superseded | UnknownVariable | Dropped


def expected_of(spec: OptionSpec, error_type: str, text: str, context: dict[str, Any]) -> Expectation:
    """The expectation behind one of pydantic's errors for the option `spec`."""
    if error_type in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return WithinBounds(spec.bounds, spec.unit)
    if spec.kind == "choice":
        return OneOf(spec.choices)
    if error_type.endswith(("_type", "_parsing", "_parsing_size", "_from_float", "_unicode", "finite_number")):
        return OfKind(spec.kind)
    return rule(error_type, text, context)


def rule(error_type: str, text: str, context: dict[str, Any]) -> RuleHolds:
    """The rule that a validator of an Options class found broken."""
    numbers = {name: value for name, value in context.items() if not isinstance(value, Exception)}
    return RuleHolds(error_type, text.removeprefix("Value error, ").removeprefix("Assertion failed, "), numbers)
