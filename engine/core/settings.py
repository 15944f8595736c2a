"""The values in force: validated, immutable, and each with where it came from. Pure; nothing here reads or writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from engine.core.option_catalogue import Catalogue, fields
from engine.core.option_problems import (
    KnownOption,
    KnownSection,
    OfKind,
    OneOf,
    OptionProblem,
    UnknownVariable,
    expected_of,
    rule,
)
from engine.core.options import Options, OptionSpec, Risk

Section = TypeVar("Section", bound=Options)


class Origin(Enum):
    """Where the value in force came from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Given:
    """A value that someone gave for an option, and where: a line of the file, an environment variable, or a draft."""

    value: Any
    line: int | None = None
    environment_name: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One option that differs between two settings. old, new: the values as Python has them."""

    path: str
    old: Any
    new: Any
    unit: str
    risk: Risk
    restart: bool


class Settings(Mapping[str, Options]):
    """Section name -> its Options instance; nothing in it can be changed."""

    def __init__(self, sections: Mapping[str, Options]) -> None:
        self._sections = dict(sections)

    def __getitem__(self, section: str) -> Options:
        return self._sections[section]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sections)

    def __len__(self) -> int:
        return len(self._sections)

    def of(self, kind: type[Section]) -> Section:
        """The section declared by `kind`. Raises KeyError where it is not part of this program's catalogue."""
        options = self._sections[kind.section]
        if not isinstance(options, kind):
            raise KeyError(f"section {kind.section} is {type(options).__name__}, not {kind.__name__}")
        return options

    @property
    def by_path(self) -> dict[str, Any]:
        """Every option's value by `section.name`."""
        return {f"{section}.{name}": value for section in self for name, value in fields(self[section])}


@dataclass(frozen=True, slots=True)
class Validated:
    """What came of `validated`: settings, or the problems that stand in their way."""

    settings: Settings | None
    problems: tuple[OptionProblem, ...]


def validated(catalogue: Catalogue, given: Mapping[str, Given]) -> Validated:
    """The defaults with `given` (by path) laid over them, checked option by option and section by section."""
    problems: list[OptionProblem] = []
    sections: dict[str, Options] = {}
    for path, where in given.items():
        if path not in catalogue:
            problems.append(_unknown(catalogue, path, where))
    for section, kind in catalogue.sections.items():
        values: dict[str, Any] = {}
        wrong: list[OptionProblem] = []
        for spec in catalogue.of_section(section):
            if (where_given := given.get(spec.path)) is not None:
                if _of_kind(spec, where_given.value):
                    values[spec.name] = _unset_when_empty(spec, where_given.value)
                else:
                    expected = OneOf(spec.choices) if spec.kind == "choice" else OfKind(spec.kind)
                    wrong.append(_problem(spec, where_given, expected))
        try:
            sections[section] = kind(**values)
        except ValidationError as error:
            wrong.extend(_translated(catalogue, section, given, error, with_rules=not wrong))
        problems.extend(wrong)
    return Validated(None if problems else Settings(sections), tuple(problems))


def from_environment(catalogue: Catalogue, environment: Mapping[str, str]) -> dict[str, Given]:
    """What environment variables say, by path."""
    return {
        spec.path: Given(environment[name], environment_name=name)
        for name, spec in catalogue.by_environment.items()
        if name in environment
    }


def unknown_variables(catalogue: Catalogue, environment: Mapping[str, str]) -> tuple[UnknownVariable, ...]:
    """Variables that begin like an option of a known section and are none: most likely misspelt."""
    prefixes = tuple(f"EVENKEEL_{section}_".upper() for section in catalogue.sections)
    known = {*catalogue.by_environment}
    known |= {replaced.environment_name(spec.section) for spec in catalogue for replaced in spec.replaces}
    return tuple(
        UnknownVariable(name, catalogue.nearest_variable(name))
        for name in sorted(environment)
        if name.startswith(prefixes) and name not in known
    )


def differences(catalogue: Catalogue, old: Settings, new: Settings) -> tuple[Change, ...]:
    """The options that differ, in the order of their declaration."""
    before, after = old.by_path, new.by_path
    return tuple(
        Change(spec.path, before[spec.path], after[spec.path], spec.unit, spec.risk, spec.restart)
        for spec in catalogue
        if before[spec.path] != after[spec.path]
    )


def origins(
    catalogue: Catalogue, in_file: Mapping[str, Any], in_environment: Mapping[str, Any]
) -> Mapping[str, Origin]:
    """Where each option's value comes from: the environment wins over the file, and the file over the default."""
    return MappingProxyType(
        {
            spec.path: Origin.ENVIRONMENT
            if spec.path in in_environment
            else Origin.FILE
            if spec.path in in_file
            else Origin.DEFAULT
            for spec in catalogue
        }
    )


def _of_kind(spec: OptionSpec, value: Any) -> bool:
    """Refuses what pydantic would bend: `true` as the number 1, a table or a date as text."""
    if isinstance(value, bool):
        return spec.kind == "bool"
    if spec.kind == "bool":
        return isinstance(value, str)
    return value is None or not isinstance(value, Mapping | list | tuple)


def _unset_when_empty(spec: OptionSpec, value: Any) -> Any:
    return None if spec.optional and value == "" else value


def _translated(
    catalogue: Catalogue, section: str, given: Mapping[str, Given], error: ValidationError, *, with_rules: bool
) -> list[OptionProblem]:
    """with_rules: whether to tell of rules across options; not when a value that is missing here could be the cause."""
    problems = []
    for found in error.errors(include_url=False):
        name = str(found["loc"][0]) if found["loc"] else ""
        context = dict(found.get("ctx", {}))
        path = f"{section}.{name}"
        if path in catalogue:
            spec = catalogue.spec(path)
            where = given.get(path) or Given(found["input"])
            problems.append(_problem(spec, where, expected_of(spec, found["type"], found["msg"], context)))
        elif with_rules:
            problems.append(OptionProblem(section, None, rule(found["type"], found["msg"], context)))
    return problems


def _problem(spec: OptionSpec, where: Given, expectation: Any) -> OptionProblem:
    return OptionProblem(spec.path, where.value, expectation, where.line, where.environment_name)


def _unknown(catalogue: Catalogue, path: str, where: Given) -> OptionProblem:
    section, _, name = path.partition(".")
    if section not in catalogue.sections:
        return OptionProblem(path, None, KnownSection(tuple(catalogue.sections)), where.line)
    return OptionProblem(path, None, KnownOption(catalogue.nearest(section, name)), where.line)
