"""Reasons as English sentences without a panel: for the command line, the log and the control socket."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from engine.core.messages import Reason
from engine.desk.sentences import SENTENCES

UNKNOWN = "–"


def english(reason: Reason | None) -> str:
    """What `reason` says; empty for None. A code without words is written with its numbers, never hidden."""
    if reason is None:
        return ""
    figures = {field.name: figure(field.name, getattr(reason, field.name)) for field in dataclasses.fields(reason)}
    text = SENTENCES.get(reason.code)
    if text is None:
        numbers = ", ".join(f"{name}: {value}" for name, value in figures.items())
        return f"{reason.code or '?'} ({numbers})"
    return text.format(**figures)


def figure(name: str, value: Any) -> str:
    """The value of a reason's field as text, by the unit that its name carries."""
    if value is None:
        return UNKNOWN
    if isinstance(value, Reason):
        return english(value)
    if isinstance(value, Enum):
        return plain_word(str(value.value))
    if isinstance(value, str):
        return _PLACES.get(value, value) if name == "where" else value
    if isinstance(value, tuple):
        return ", ".join(figure(name, each) for each in value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value)
    if name in _TIMES:
        return clock_time(float(value))
    written = next((write for suffix, write in _BY_SUFFIX if name.endswith(suffix)), None)
    if written is not None:
        return written(value)
    return number(value)


def plain_word(value: str) -> str:
    """A value of an enumeration as it stands in a sentence."""
    return value.replace("_", " ")


def number(value: float | Decimal) -> str:
    """As exact as it is, without idle zeros: `1,234.5`."""
    text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,.8f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def usd(value: float | Decimal) -> str:
    """`$1,234.50`, `-$3.20`."""
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def duration(seconds: float | Decimal) -> str:
    """`45 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def clock_time(at_s: float) -> str:
    """`2026-11-20 14:02:11` in this machine's zone."""
    return datetime.fromtimestamp(at_s).astimezone().strftime("%Y-%m-%d %H:%M:%S")


_PLACES = {"panel": "the panel", "terminal": "the terminal"}
_TIMES = frozenset({"until_s", "ends_s", "begins_s", "damped_until_s", "next_update_s", "expired_s"})
_BY_SUFFIX: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("_usd", usd),
    ("_doge", lambda value: f"{number(value)} DOGE"),
    ("_pct", lambda value: f"{number(value)}%"),
    ("_ratio", lambda value: f"{float(value) * 100:.1f}%"),
    ("_gwei", lambda value: f"{number(value)} gwei"),
    ("_s", duration),
)
