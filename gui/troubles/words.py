"""The words of what a person may do about a state that waits for one."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from engine.core.troubles import Way
from gui.looks import Look
from gui.theme import Tone

CONTEXT = "Way"

WAYS: dict[str, str] = {
    "adopt": QT_TRANSLATE_NOOP("Way", "Adopt"),
    "dismiss": QT_TRANSLATE_NOOP("Way", "Leave it to me"),
    "release": QT_TRANSLATE_NOOP("Way", "Release slot"),
    "accept": QT_TRANSLATE_NOOP("Way", "Take Kraken's word"),
    "cancel": QT_TRANSLATE_NOOP("Way", "Cancel"),
    "evict": QT_TRANSLATE_NOOP("Way", "Give up"),
    "go_on": QT_TRANSLATE_NOOP("Way", "Go on"),
}

_TAKES_OFF = frozenset({"release", "cancel", "evict"})
"""What takes orders off the book and cannot be taken back."""


def way_word(way: Way) -> str:
    """What the button of a way says; a way without a word is shown by its name, never hidden."""
    known = WAYS.get(way.verb)
    return way.verb if known is None else QCoreApplication.translate(CONTEXT, known)


def way_look(way: Way) -> Look:
    """Red for what takes orders off the book."""
    return Look("delete", "✕", Tone.DANGER) if way.verb in _TAKES_OFF else Look("help", "?", Tone.PAPER)
