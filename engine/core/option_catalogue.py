"""All options of a program, found by section, path, name in a file and environment name."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any

from engine.core.options import Options, OptionSpec, Replaced, declared


class Catalogue:
    """The declared sections, in their order.

    Raises TypeError for a declaration that could not be told apart from another one in a file or the environment.
    """

    def __init__(self, sections: Sequence[type[Options]]) -> None:
        self.sections: Mapping[str, type[Options]] = MappingProxyType({kind.section: kind for kind in sections})
        if len(self.sections) != len(sections) or "" in self.sections:
            raise TypeError("each Options class needs a section of its own: class X(Options, section='name')")
        self._specs = {spec.path: spec for kind in sections for spec in declared(kind)}
        self.defaults: Mapping[str, Any] = MappingProxyType(
            {f"{section}.{name}": value for section, kind in self.sections.items() for name, value in fields(kind())}
        )
        self.by_environment: Mapping[str, OptionSpec] = MappingProxyType(self._unique_environment_names())
        self._by_key = self._unique_keys()
        self._replaced = {
            (spec.section, key): (spec, replaced)
            for spec in self
            for replaced in spec.replaces
            for key in filter(None, (replaced.name, replaced.source))
        }
        for section, key in self._replaced:
            if (section, key) in self._by_key:
                raise TypeError(f"{section}.{key} is replaced by another option and declared all the same")
        for path, default in self.defaults.items():
            if self._specs[path].optional and default == "":
                raise TypeError(f'{path}: "" stands for "not set" in a file; use None as the default')

    def __iter__(self) -> Iterator[OptionSpec]:
        return iter(self._specs.values())

    def __contains__(self, path: object) -> bool:
        return path in self._specs

    def spec(self, path: str) -> OptionSpec:
        """The option at `section.name`. Raises KeyError."""
        return self._specs[path]

    def of_section(self, section: str) -> tuple[OptionSpec, ...]:
        """The options of one section, in the order of their declaration."""
        return tuple(spec for spec in self if spec.section == section)

    def find(self, section: str, key: str) -> OptionSpec | None:
        """The option that a file means by `key` in `section`: its name, its source name or an old name."""
        return self._by_key.get((section, key))

    def replaced(self, section: str, key: str) -> tuple[OptionSpec, Replaced] | None:
        """The option that stands in the place of what earlier files called `key` in `section`, and what that was."""
        return self._replaced.get((section, key))

    def of_today(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Values by path as an earlier version recorded them, by today's paths; and the paths that no longer exist."""
        found: dict[str, Any] = {}
        set_before: dict[str, Any] = {}
        gone: list[str] = []
        for path, value in values.items():
            place = path.partition(".")[::2]
            replaced = self.replaced(*place)
            if spec := self.find(*place):
                found[spec.path] = value
            elif replaced is None:
                gone.append(path)
            elif not replaced[1].is_default(value):
                set_before.setdefault(replaced[0].path, value)
        return {**set_before, **found}, tuple(gone)

    def nearest(self, section: str, key: str) -> str:
        """The name in `section` that is most like `key`, or empty."""
        names = [name for of_section, name in self._by_key if of_section == section]
        return next(iter(difflib.get_close_matches(key, names, n=1)), "")

    def nearest_variable(self, variable: str) -> str:
        """The environment name that is most like `variable`, or empty."""
        return next(iter(difflib.get_close_matches(variable, list(self.by_environment), n=1)), "")

    def _unique_environment_names(self) -> dict[str, OptionSpec]:
        found: dict[str, OptionSpec] = {}
        for spec in self:
            other = found.setdefault(spec.environment_name, spec)
            if other is not spec:
                raise TypeError(f"{other.path} and {spec.path} share the environment name {spec.environment_name}")
        return found

    def _unique_keys(self) -> dict[tuple[str, str], OptionSpec]:
        found: dict[tuple[str, str], OptionSpec] = {}
        for spec in self:
            for key in filter(None, (spec.name, spec.source, *spec.old_names)):
                other = found.setdefault((spec.section, key), spec)
                if other is not spec:
                    raise TypeError(f"{other.path} and {spec.path} share the name {key}")
        return found


def fields(options: Options) -> Iterator[tuple[str, Any]]:
    """Name and value of each option of a section."""
    return ((name, getattr(options, name)) for name in type(options).model_fields)


def plain(value: Any) -> bool | int | float | str | None:
    """An option's value as JSON and TOML have it: a Decimal as its exact text, a choice as its word."""
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
