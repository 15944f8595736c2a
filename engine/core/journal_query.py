"""What is asked of the journal by whoever reads it beside the writer, and what a row of it looks like (panel spec 7).

Intents and facts are one list here, newest first. A row is named by one number over both tables, which never changes:
twice its id, and one more for a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

RECORDED = "recorded"
"""Stands where an intent has its state: a fact happened, and nothing more comes of it."""
INTENT_STATES = ("admitted", "delivered", "rejected", "unknown", "held")
EVERYTHING = ""


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which rows; every part that is empty lets all through.

    world: one exchange account in one mode. kinds: exact, or up to a dot for all below it (`chain.broadcast.`).
    states: of INTENT_STATES, or RECORDED. from_s, to_s: seconds since the epoch, the latter not included. text: found
    in payload, reason, outcome or key, whatever its case; a space stands for any one character.
    """

    world: str = EVERYTHING
    engines: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    from_s: float | None = None
    to_s: float | None = None
    text: str = ""

    def in_world(self, world: str) -> JournalFilter:
        """The same of one world."""
        return replace(self, world=world)


@dataclass(frozen=True, slots=True)
class JournalRow:
    """An intent, or a fact (which has neither mode nor revision, reason nor outcome).

    number: its name in every question. shortened: long texts and lists of it were cut, as in a page of rows.
    """

    number: int
    world: str
    engine: str
    kind: str
    key: str
    at_s: float
    payload: Any
    state: str = RECORDED
    mode: str = ""
    revision: int | None = None
    exposure: str = ""
    reason: Mapping[str, Any] | None = None
    outcome: Mapping[str, Any] | None = None
    answered_s: float | None = None
    shortened: bool = False

    @property
    def is_fact(self) -> bool:
        """Something that happened, not something that was intended."""
        return self.number % 2 == 1

    @property
    def took_s(self) -> float | None:
        """From the intent to its outcome."""
        return None if self.answered_s is None else self.answered_s - self.at_s


def number_of(id: int, *, fact: bool) -> int:
    """The number of a row by its id in its table."""
    return 2 * id + fact
