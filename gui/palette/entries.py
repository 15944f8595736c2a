"""What the palette finds, and in which order. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to find. group: a word in the operator's language. why_not: why it cannot be used now, else empty.

    more: further words by which it is found and that are not shown.
    """

    group: str
    title: str
    detail: str
    icon: str
    act: Callable[[], object]
    keys: str = ""
    why_not: str = ""
    more: str = ""

    def rank(self, words: Sequence[str]) -> int | None:
        """How well the words (case folded) fit: less is better; None where one of them does not occur."""
        title, rest = self.title.casefold(), f"{self.detail} {self.group} {self.more} {self.keys}".casefold()
        if title == " ".join(words):
            return -1
        worst = 0
        for word in words:
            if title.startswith(word):
                fit = 0
            elif f" {word}" in f" {title}".replace(".", " ").replace("_", " "):
                fit = 1
            elif word in title:
                fit = 2
            elif word in rest:
                fit = 3
            else:
                return None
            worst = max(worst, fit)
        return worst


def found(entries: Iterable[Entry], typed: str, most: int = 60) -> list[Entry]:
    """The entries that have every typed word, the best first; what can be used stands before what cannot."""
    words = typed.casefold().split()
    ranked = [(rank, bool(entry.why_not), entry) for entry in entries if (rank := entry.rank(words)) is not None]
    ranked.sort(key=lambda one: one[:2])
    return [entry for _, _, entry in ranked[:most]]
