"""When what was declared happens, and what has happened.

Each entry draws from a generator of its own, made of the seed, its place and its words, so that one entry more or less
changes nothing for the others.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from engine.paper.occurrences import Occurrence

LOG_KEPT = 1000
RETRY_S = 5.0
"""How long an entry waits that found nothing to happen to."""


@dataclass(slots=True)
class Due:
    """An entry with its next time, in epoch seconds of paper time."""

    at_s: float
    number: int
    occurrence: Occurrence
    random: random.Random


@dataclass(frozen=True, slots=True)
class Happened:
    """What came of an entry. note: empty when it happened as declared."""

    at_s: float
    what: str
    note: str = ""


@dataclass(slots=True)
class Schedule:
    """Entries by time. `take` gives what is due; its caller then calls `done` or `wait`."""

    seed: int
    log: deque[Happened] = field(default_factory=lambda: deque(maxlen=LOG_KEPT))
    _due: list[Due] = field(default_factory=list)
    _declared: int = 0

    def declare(self, occurrences: Iterable[Occurrence], from_s: float) -> None:
        """Add entries whose offsets count from `from_s`."""
        for occurrence in occurrences:
            self._declared += 1
            draw = random.Random(f"{self.seed}/{self._declared}/{occurrence}")
            after_s = draw.expovariate(1 / occurrence.after_s) if occurrence.by_chance else occurrence.after_s
            self._due.append(Due(from_s + after_s, self._declared, occurrence, draw))

    def take(self, now_s: float) -> Due | None:
        """The entry whose time came first, taken off the list; None when none is due."""
        first = min(self._due, key=lambda due: (due.at_s, due.number), default=None)
        if first is None or first.at_s > now_s:
            return None
        self._due.remove(first)
        return first

    def next_s(self) -> float | None:
        return min((due.at_s for due in self._due), default=None)

    def done(self, due: Due, note: str = "") -> None:
        """It has happened, or cannot; by chance it comes again."""
        self.log.append(Happened(due.at_s, str(due.occurrence.act), note))
        if due.occurrence.by_chance:
            due.at_s += due.random.expovariate(1 / due.occurrence.after_s)
            self._due.append(due)

    def wait(self, due: Due, cause: str) -> None:
        """There was nothing for it to happen to: it is tried again soon, or by chance later."""
        if due.occurrence.by_chance:
            self.done(due, cause)
        else:
            due.at_s += RETRY_S
            self._due.append(due)

    def note(self, at_s: float, what: str, note: str = "") -> None:
        """Log what happened by itself."""
        self.log.append(Happened(at_s, what, note))

    def pending(self) -> list[dict[str, Any]]:
        """What is still to come, the next first."""
        return [
            {"at_s": due.at_s, "what": str(due.occurrence)}
            for due in sorted(self._due, key=lambda due: (due.at_s, due.number))
        ]
