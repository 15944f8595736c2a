"""Reasons as the journal has them, their fields in plain form, as the sentences that fresh ones get."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QCoreApplication

from gui import formats
from gui.sentences.figures import figure, short_id
from gui.sentences.reasons import CONTEXT, SENTENCES
from gui.sentences.words import WORDS, word

_NUMBER = re.compile(r"-?\d+(\.\d+)?(E[+-]?\d+)?")
_VERBATIM = frozenset({"words", "error", "detail", "key", "id", "plan", "path", "portfolio", "found", "expected"})
_NOT_KNOWN = re.compile(r" ?\([^()]*?–\)")


def recorded_sentence(reason: Mapping[str, Any] | None) -> str:
    """What a reason of the journal says; empty for None. A code without words is shown with its numbers."""
    if not reason:
        return ""
    code = str(reason.get("code", ""))
    room = code.partition(".")[0]
    figures = {name: recorded_figure(name, value, room) for name, value in reason.items() if name != "code"}
    text = SENTENCES.get(code)
    if text is None:
        return f"{code or '?'} ({', '.join(f'{name}: {value}' for name, value in figures.items())})"
    said = QCoreApplication.translate(CONTEXT, text).format_map(_Said(figures))
    return _NOT_KNOWN.sub("", said)


def recorded_figure(name: str, value: Any, room: str = "") -> str:
    """One field in plain form, written as the same field of a fresh reason or message is."""
    if isinstance(value, Mapping):
        if "code" in value:
            return recorded_sentence(value)
        return ", ".join(f"{key}: {recorded_figure(key, one, room)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(recorded_figure(name, one, room) for one in value) or formats.UNKNOWN
    if isinstance(value, str):
        return _text(name, value, room)
    return _written(name, value, room)


def number_in(value: Any) -> Decimal | None:
    """An amount in plain form, which is text; None for what is no number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


class _Said(dict[str, str]):
    """A field that an older program did not record is a dash."""

    def __missing__(self, name: str) -> str:
        return formats.UNKNOWN


def _text(name: str, value: str, room: str) -> str:
    if name in _VERBATIM:
        return value
    if _NUMBER.fullmatch(value):
        return _written(name, Decimal(value), room)
    return word(value) if value in WORDS else short_id(value) if value.startswith("0x") else value


def _written(name: str, value: Any, room: str) -> str:
    try:
        return figure(name, value, room)
    except (ArithmeticError, TypeError, ValueError):
        return str(value)
