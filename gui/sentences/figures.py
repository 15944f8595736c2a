"""How a field of a reason is written: by the unit that its name carries."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any

from gui import formats
from gui.sentences.words import word

_BY_NAME: dict[str, Callable[[Any], str]] = {
    "skew": formats.percent_change,
    "previous_skew": formats.percent_change,
    "raw": formats.percent_change,
    "cap": formats.percent,
    "max_skew_step": formats.percent,
    "smoothed_error": formats.points,
    "neutral_band": lambda value: formats.points(value).lstrip("+"),
    "multiplier": formats.multiplier,
    "max_size_mult": formats.multiplier,
    "drift_ratio": lambda value: formats.percent_change(float(value), 2),
    "entry_price": formats.price,
    "exit_price": formats.price,
    "price": formats.price,
    "until_s": formats.clock_time,
    "damped_until_s": formats.clock_time,
    "next_update_s": formats.clock_time,
    "profit_usd": formats.usd_change,
    "realised_usd": formats.usd_change,
    "usd_runway_floor": formats.usd,
    "doge_runway_floor": formats.doge,
}

_BY_SUFFIX: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("_usd", formats.usd),
    ("_doge", formats.doge),
    ("_pct", lambda value: f"{formats.quantity(value)}%"),
    ("_ratio", lambda value: formats.percent(float(value), 1)),
    ("_s", formats.duration),
)


def figure(name: str, value: Any) -> str:
    """The value of a reason's field as text; a value of a kind nobody foresaw is written as it is."""
    if value is None:
        return formats.UNKNOWN
    if isinstance(value, Enum):
        return word(value)
    if isinstance(value, str):
        return word(value) if name in _WORDED else value
    if isinstance(value, bool):
        return str(value)
    known = _BY_NAME.get(name) or next((write for suffix, write in _BY_SUFFIX if name.endswith(suffix)), None)
    if known is not None:
        return known(value)
    if isinstance(value, Decimal):
        return formats.quantity(value)
    return formats.signed(f"{value:g}") if isinstance(value, float) else str(value)


_WORDED = frozenset({"where", "band", "origin", "switch", "mode", "engine"})
