"""Options in whose place others stand now: what an earlier file or environment set of them is carried over. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from engine.core.option_catalogue import Catalogue
from engine.core.option_problems import Superseded
from engine.core.options import OptionSpec, Replaced
from engine.core.settings import Given


@dataclass(frozen=True, slots=True)
class SetBefore:
    """A value that was given for `replaced`, in whose place `spec` stands; `name` as it was written."""

    spec: OptionSpec
    replaced: Replaced
    name: str
    given: Given


def carried_over(found: Sequence[SetBefore], taken: Container[str]) -> tuple[dict[str, Given], tuple[Superseded, ...]]:
    """By today's path, the values that still hold; and a notice for each of `found`.

    taken: paths that are given under today's name. Of several values for one option the first declared counts.
    """
    kept: dict[str, Given] = {}
    notices: list[Superseded] = []
    for before in sorted(found, key=lambda one: one.spec.replaces.index(one.replaced)):
        path, given = before.spec.path, before.given
        holds = path not in taken and path not in kept and not before.replaced.is_default(given.value)
        if holds:
            kept[path] = given
        notices.append(Superseded(path, before.name, given.value, holds, given.line))
    return kept, tuple(notices)


def superseded_in(
    catalogue: Catalogue, environment: Mapping[str, str]
) -> tuple[dict[str, Given], tuple[Superseded, ...]]:
    """`carried_over` of what environment variables set."""
    found = [
        SetBefore(spec, replaced, name, Given(environment[name], environment_name=name))
        for spec in catalogue
        for replaced in spec.replaces
        if (name := replaced.environment_name(spec.section)) in environment
    ]
    return carried_over(found, {spec.path for spec in catalogue if spec.environment_name in environment})
