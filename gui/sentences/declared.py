"""Declared options in the operator's language: names, texts, units and bounds.

They are declared in `engine`, where there is no Qt and no lupdate looks; `packaging/translate` hands it what `sources`
lists instead. Paths, choices and environment names are written as the file and the environment have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from gui.sentences.words import word

if TYPE_CHECKING:  # sentences are there before any option is loaded
    from engine.core.options import OptionSpec

translate = QCoreApplication.translate
NAME, TEXT, UNIT, SECTION = "OptionName", "OptionText", "OptionUnit", "OptionSection"

CHOICES: dict[str, str] = {
    "system": QT_TRANSLATE_NOOP("OptionChoice", "As the system"),
    "leave": QT_TRANSLATE_NOOP("OptionChoice", "Leave them"),
    "cancel_entries": QT_TRANSLATE_NOOP("OptionChoice", "Cancel the entries"),
    "cancel_all": QT_TRANSLATE_NOOP("OptionChoice", "Cancel all"),
    "en": QT_TRANSLATE_NOOP("OptionChoice", "English"),
    "de": QT_TRANSLATE_NOOP("OptionChoice", "Deutsch (German)"),
    "light": QT_TRANSLATE_NOOP("OptionChoice", "Light"),
    "dark": QT_TRANSLATE_NOOP("OptionChoice", "Dark"),
    "entries": QT_TRANSLATE_NOOP("OptionChoice", "Base entries"),
    "committed": QT_TRANSLATE_NOOP("OptionChoice", "Committed"),
    "starter": QT_TRANSLATE_NOOP("OptionChoice", "Starter"),
    "intermediate": QT_TRANSLATE_NOOP("OptionChoice", "Intermediate"),
    "pro": QT_TRANSLATE_NOOP("OptionChoice", "Pro"),
    "flat": QT_TRANSLATE_NOOP("OptionChoice", "Flat"),
    "up": QT_TRANSLATE_NOOP("OptionChoice", "Up"),
    "down": QT_TRANSLATE_NOOP("OptionChoice", "Down"),
    "spike": QT_TRANSLATE_NOOP("OptionChoice", "Spike"),
    "gap": QT_TRANSLATE_NOOP("OptionChoice", "Gap"),
    "file": QT_TRANSLATE_NOOP("OptionChoice", "From a file"),
}
"""Choices that only options have; the others are words of the engines."""

_BOUND = r"-?[\d.]+(?:[eE][-+]?\d+)?"
_BOUNDS = re.compile(rf"(?P<low>(?:above )?{_BOUND}) to (?P<high>(?:below )?{_BOUND})")
_ONE_SIDED = re.compile(rf"(?P<word>at least|at most|above|below) (?P<number>{_BOUND})")


def option_name(spec: OptionSpec) -> str:
    """What the option is called in the form."""
    return translate(NAME, _english_name(spec))


def option_text(spec: OptionSpec) -> str:
    """What it does, in a sentence or two."""
    return translate(TEXT, spec.text)


def option_unit(unit: str) -> str:
    """The unit of its value; empty for none."""
    return translate(UNIT, unit) if unit else ""


def choice_word(choice: str) -> str:
    """What one choice of an option is called."""
    known = CHOICES.get(choice)
    return word(choice) if known is None else translate("OptionChoice", known)


def section_title(section: str) -> str:
    """What a section of options is called."""
    return translate(SECTION, section.capitalize())


def bounds_text(bounds: str) -> str:
    """`OptionSpec.bounds` in the operator's language: `above 0 to 1`, `at least 5`; empty for none."""
    both = _BOUNDS.fullmatch(bounds)
    if both is None:
        return _one_sided(bounds)
    return translate("OptionBounds", "{low} to {high}").format(
        low=_one_sided(both["low"]), high=_one_sided(both["high"])
    )


def option_words(spec: OptionSpec) -> str:
    """All that a search for the option may say, in English and in the operator's language."""
    spoken = (option_name(spec), option_text(spec), option_unit(spec.unit))
    return " ".join((spec.path, spec.name.replace("_", " "), spec.source, spec.text, spec.unit, *spoken)).casefold()


def sources(specs: Iterable[OptionSpec]) -> Iterator[tuple[str, str]]:
    """Context and English text of everything here that comes from a declaration."""
    for spec in specs:
        yield SECTION, spec.section.capitalize()
        yield NAME, _english_name(spec)
        yield TEXT, spec.text
        if spec.unit:
            yield UNIT, spec.unit


def _english_name(spec: OptionSpec) -> str:
    return spec.name.removesuffix("_s").removesuffix("_usd").replace("_", " ").capitalize()


def _one_sided(bound: str) -> str:
    found = _ONE_SIDED.fullmatch(bound)
    if found is None:
        return bound
    text = {
        "at least": translate("OptionBounds", "at least {number}"),
        "at most": translate("OptionBounds", "at most {number}"),
        "above": translate("OptionBounds", "above {number}"),
        "below": translate("OptionBounds", "below {number}"),
    }[found["word"]]
    return text.format(number=found["number"])
