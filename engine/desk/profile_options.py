"""The options of a profile for tools that run beside a session: read as a session reads them, and nothing written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.core import option_file
from engine.core.option_catalogue import Catalogue
from engine.core.option_problems import KnownOption, OptionProblem, RuleHolds
from engine.core.option_succession import superseded_in
from engine.core.options import OptionSpec
from engine.core.profile import Profile
from engine.core.settings import Given, Settings, from_environment, validated
from engine.desk.options import SECTIONS


class OptionsRefusedError(ValueError):
    """The options cannot be in force: one line for each thing that is wrong."""

    def __init__(self, problems: Sequence[OptionProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))


def profile_settings(
    folder: Path, environment: Mapping[str, str], assignments: Sequence[str] = (), *, section: str = ""
) -> Settings:
    """What the profile's file and the environment say, with `assignments` (NAME=VALUE) laid over both.

    A profile without a file has the defaults. NAME: `section.name`, the name in the source document, or the bare name
    of an option of `section`. Raises OptionsRefusedError; OSError and UnicodeDecodeError where the file cannot be read.
    """
    catalogue = Catalogue(SECTIONS)
    found = option_file.read(option_file.read_file(Profile(folder).options_file) or "", catalogue)
    held = {**superseded_in(catalogue, environment)[0], **from_environment(catalogue, environment)}
    given = {**found.given, **held, **_assigned(assignments, catalogue, section)}
    outcome = validated(catalogue, given)
    problems = (*found.problems, *outcome.problems)
    if problems or outcome.settings is None:
        raise OptionsRefusedError(problems)
    return outcome.settings


def _assigned(assignments: Sequence[str], catalogue: Catalogue, section: str) -> dict[str, Given]:
    given: dict[str, Given] = {}
    for assignment in assignments:
        name, equals, value = (part.strip() for part in assignment.partition("="))
        if not equals:
            wrong = RuleHolds("assignment", f"expected NAME=VALUE, as in kp=0.5, got {assignment!r}")
            raise OptionsRefusedError([OptionProblem("--set", None, wrong)])
        spec = _named(name, catalogue, section)
        if spec is None:
            raise OptionsRefusedError([OptionProblem(name, None, KnownOption(catalogue.nearest(section, name)))])
        given[spec.path] = Given(value)
    return given


def _named(name: str, catalogue: Catalogue, section: str) -> OptionSpec | None:
    of_section, dot, key = name.rpartition(".")
    return catalogue.find(of_section if dot else section, key) or catalogue.by_environment.get(name)
