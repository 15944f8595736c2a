"""Revisions and drafts: what is in force, and what was proposed to change it. Pure; nothing here reads or writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.core.option_catalogue import Catalogue
from engine.core.option_file import RESET
from engine.core.option_problems import Dropped, Notice, OptionProblem, SetByEnvironment
from engine.core.revisions import RevisionRecord
from engine.core.settings import Change, Given, Origin, Settings, differences, validated


@dataclass(frozen=True, slots=True)
class Revision:
    """One configuration that was in force from `at_s` (seconds of the clock) on.

    author: who made it: a person's name, `file` for an edit by hand, `start` for what a start found changed.
    changes: what differs from the revision before, empty for the one that a start found unchanged. restores: the
    number of the revision that it brought back, if it did.
    """

    number: int
    at_s: float
    author: str
    settings: Settings
    origins: Mapping[str, Origin]
    changes: tuple[Change, ...]
    restores: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """Changes that were proposed, checked against the revision `based_on`; nothing has happened yet.

    changes: by path, the value as it will stand in the file, or RESET. diff: what would differ in effect.
    """

    based_on: int
    changes: Mapping[str, Any]
    settings: Settings | None
    problems: tuple[OptionProblem, ...]
    diff: tuple[Change, ...]
    notices: tuple[Notice, ...] = ()
    restores: int | None = None

    @property
    def is_valid(self) -> bool:
        """Whether `Configuration.apply` may take it."""
        return self.settings is not None


@dataclass(frozen=True, slots=True)
class Base:
    """What a draft starts from: the revision in force, what the file sets, and what the environment holds, by path."""

    revision: Revision
    in_file: Mapping[str, Given]
    held: Mapping[str, Given]


def drafted(catalogue: Catalogue, base: Base, changes: Mapping[str, Any]) -> Draft:
    """`changes` (path -> value, the text of a form, or RESET) laid over `base` and checked."""
    given: dict[str, Given] = dict(base.in_file)
    refused: list[OptionProblem] = []
    for path, value in changes.items():
        if path in base.held:
            refused += _change_of_held(catalogue, base, path, value)
        elif value is RESET:
            given.pop(path, None)
        else:
            given[path] = Given(value)
    outcome = validated(catalogue, {**given, **base.held})
    problems = (*refused, *outcome.problems)
    if problems or outcome.settings is None:
        return Draft(base.revision.number, dict(changes), None, problems, ())
    before, after = base.revision.settings.by_path, outcome.settings.by_path
    written = {
        path: RESET if value is RESET else after[path]
        for path, value in changes.items()
        if path not in base.held and (path in base.in_file if value is RESET else after[path] != before[path])
    }
    diff = differences(catalogue, base.revision.settings, outcome.settings)
    return Draft(base.revision.number, written, outcome.settings, (), diff)


def restoring(catalogue: Catalogue, base: Base, record: RevisionRecord) -> Draft:
    """What brings back the file values of `record`. Options that the environment holds now stay as they are."""
    of_today, gone = catalogue.of_today(record.file_values)
    wanted: dict[str, Any] = {**dict.fromkeys(base.in_file, RESET), **of_today}
    draft = drafted(catalogue, base, {path: value for path, value in wanted.items() if path not in base.held})
    return replace(draft, notices=tuple(map(Dropped, gone)), restores=record.restores or record.number)


def _change_of_held(catalogue: Catalogue, base: Base, path: str, value: Any) -> list[OptionProblem]:
    """A problem, unless a form gave the option back as it was."""
    held = base.held[path]
    if value is not RESET:
        outcome = validated(catalogue, {**base.in_file, **base.held, path: Given(value)})
        if outcome.settings is not None and outcome.settings.by_path[path] == base.revision.settings.by_path[path]:
            return []
    expected = SetByEnvironment(held.environment_name or "", held.value)
    return [OptionProblem(path, None if value is RESET else value, expected, environment_name=held.environment_name)]
