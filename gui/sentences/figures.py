"""How a field of a reason is written: by the unit that its name carries."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any

from PySide6.QtCore import QCoreApplication

from gui import formats
from gui.sentences.declared import bounds_text, option_unit
from gui.sentences.words import word

translate = QCoreApplication.translate


def _percent(ratio: float) -> str:
    return formats.percent(ratio, 2)


def short_id(text: str) -> str:
    """Both ends of an entity or a hash: enough to tell one from another."""
    return text if len(text) <= 16 else f"{text[:8]}…{text[-6:]}"


def gwei_text(price_gwei: Decimal | None) -> str:
    """A price of gas that is given in gwei: `12.5 gwei`."""
    return formats.UNKNOWN if price_gwei is None else f"{formats.units(price_gwei, 5)} gwei"


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
    "ends_s": formats.date_time,
    "begins_s": formats.date_time,
    "expired_s": formats.date_time,
    "damped_until_s": formats.clock_time,
    "next_update_s": formats.clock_time,
    "profit_usd": formats.usd_change,
    "realised_usd": formats.usd_change,
    "usd_runway_floor": formats.usd,
    "doge_runway_floor": formats.doge,
    "usd": formats.usd,
    "max_drift": _percent,
    "threshold": _percent,
    "drift": lambda value: formats.percent_change(value, 2),
    "residual_drift": lambda value: formats.percent_change(value, 2),
    "destination": _percent,
    "price_impact": _percent,
    "max_impact": _percent,
    "deviation": _percent,
    "max_deviation": _percent,
    "drift.share": _percent,
    "drift.target": _percent,
    "drift.price": formats.usd_price,
    "drift.second_price": formats.usd_price,
    "drift.twap": formats.usd_price,
    "paid_out": lambda value: f"{value:,}",
    "arrived": lambda value: f"{value:,}",
    "leg": lambda value: translate("Reason", "swap {leg}").format(leg=value) if value else translate("Reason", "it"),
    "succeeded": lambda value: translate("Reason", "succeeded") if value else translate("Reason", "reverted"),
}

_BY_SUFFIX: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("_usd", formats.usd),
    ("_doge", formats.doge),
    ("_pct", lambda value: f"{formats.quantity(value)}%"),
    ("_ratio", lambda value: formats.percent(float(value), 1)),
    ("_gwei", gwei_text),
    ("_wei", formats.gwei),
    ("_s", formats.duration),
)


def figure(name: str, value: Any, room: str = "") -> str:
    """The value of a reason's field as text; a value of a kind nobody foresaw is written as it is.

    room: where the reason comes from; a name may mean something of its own there.
    """
    if value is None:
        return formats.UNKNOWN
    if isinstance(value, Enum):
        return word(value)
    if isinstance(value, str):
        written = _DECLARED.get(f"{room}.{name}", str)
        return word(value) if name in _WORDED else written(value)
    known = _BY_NAME.get(f"{room}.{name}") or _BY_NAME.get(name)
    if known is not None:
        return known(value)
    if isinstance(value, bool):
        return str(value)
    by_suffix = next((write for suffix, write in _BY_SUFFIX if name.endswith(suffix)), None)
    if by_suffix is not None:
        return by_suffix(value)
    if isinstance(value, Decimal):
        return formats.quantity(value)
    return formats.signed(f"{value:g}") if isinstance(value, float) else str(value)


_DECLARED: dict[str, Callable[[str], str]] = {
    "within_bounds.bounds": bounds_text,
    "within_bounds.unit": option_unit,
}
_WORDED = frozenset({"where", "band", "origin", "switch", "mode", "engine", "health", "source"})
