"""Reads `recorded_fields.toml` and holds JSON messages to it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TABLE = tomllib.loads(Path(__file__).with_name("recorded_fields.toml").read_text(encoding="utf-8"))
ROOT = Path(__file__).parents[3]


@dataclass
class Place:
    """One place in a message: what may stand there, and what is in it."""

    types: frozenset[str] = frozenset()
    always: bool = False
    inner: dict[str, Place] = field(default_factory=dict)

    def add(self, path: str, types: str, always: bool) -> None:
        """Describe what stands at `path` below this place; always: it and all that holds it are there."""
        place = self
        for step in re.findall(r"\[\d*\]|[^.\[\]]+", path):
            place = place.inner.setdefault(step, Place())
            place.always = place.always or always
        place.types = frozenset(types.split("|"))

    def faults(self, value: Any, at: str = "") -> Iterator[str]:
        """Every way in which `value` is not as described here."""
        if any(step.startswith("[") for step in self.inner):
            yield from self._faults_of_list(value, at)
        elif self.inner:
            yield from self._faults_of_object(value, at)
        elif not self.types & _types_of(value):
            yield f"{at} is {value!r}, not {' or '.join(sorted(self.types))}"

    def _faults_of_list(self, value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{at} is {value!r}, not array"
        elif "[]" in self.inner:
            for number, entry in enumerate(value):
                yield from self.inner["[]"].faults(entry, f"{at}[{number}]")
        elif len(value) != len(self.inner):
            yield f"{at} has {len(value)} entries, not {len(self.inner)}"
        else:
            for number, entry in enumerate(value):
                yield from self.inner[f"[{number}]"].faults(entry, f"{at}[{number}]")

    def _faults_of_object(self, value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{at} is {value!r}, not object"
            return
        for name, place in self.inner.items():
            if place.always and name != "*" and name not in value:
                yield f"{at}.{name} is missing"
        for name, entry in value.items():
            known = self.inner.get(name, self.inner.get("*"))
            if known is None:
                yield f"{at}.{name} is not documented"
            else:
                yield from known.faults(entry, f"{at}.{name}")


def place_of(group: str, kind: str) -> Place:
    """The whole message of one kind."""
    place = Place()
    _describe(place, group, kind, "")
    return place


def _describe(place: Place, group: str, kind: str, below: str) -> None:
    entry: Mapping[str, Any] = TABLE[group][kind]
    if "like" in entry:
        inner = f"{below}{entry['below']}." if "below" in entry else below
        _describe(place, group, entry["like"], inner)
    for always in (False, True):
        for path, types in entry.get("always" if always else "sometimes", {}).items():
            place.add(f"{below}{path}", types, always)
    for name in entry.get("never", ()):
        del place.inner[name]


def faults(group: str, kind: str, message: Any) -> list[str]:
    """How a message differs from the table, each with its kind."""
    return [f"{kind}: {words}" for words in place_of(group, kind).faults(message)]


def recordings() -> Path | None:
    """The folder of recorded messages beside the project, None where there is none."""
    folders = (parent / "shared" / "corpus" / "kraken" for parent in ROOT.parents)
    return next((folder for folder in folders if folder.is_dir()), None)


def recorded_message(file: Path) -> Any:
    """The message in a file of recordings; one of a client's tests has lines of its own before it."""
    text = file.read_text(encoding="utf-8").replace("|1|", "1")
    if file.suffix == ".txt":
        text = text.rpartition("\n=\n")[2]
        text = text[text.index("{") :]
    return json.loads(text)


def _types_of(value: Any) -> frozenset[str]:
    match value:
        case None:
            return frozenset({"null"})
        case bool():
            return frozenset({"boolean"})
        case int():
            return frozenset({"integer", "number"})
        case float():
            return frozenset({"number"})
        case str():
            return frozenset({"string"})
        case list():
            return frozenset({"array"})
        case _:
            return frozenset({"object"})
