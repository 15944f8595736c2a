"""Fields of a row under the operator's names, with their units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from gui import formats
from gui.sentences.figures import short_id
from gui.sentences.recorded import number_in, recorded_figure
from gui.sentences.words import lowered

translate = QCoreApplication.translate
MOST_FIGURES = 60
_A_MOMENT_S = 1e9

NAMES: dict[str, str] = {
    "client_id": QT_TRANSLATE_NOOP("JournalField", "Our id of the order"),
    "order_id": QT_TRANSLATE_NOOP("JournalField", "The exchange's id"),
    "order_key": QT_TRANSLATE_NOOP("JournalField", "Order"),
    "side": QT_TRANSLATE_NOOP("JournalField", "Side"),
    "price": QT_TRANSLATE_NOOP("JournalField", "Price (USD per DOGE)"),
    "exit_price": QT_TRANSLATE_NOOP("JournalField", "Exit price (USD per DOGE)"),
    "entry_price": QT_TRANSLATE_NOOP("JournalField", "Entry price (USD per DOGE)"),
    "quantity": QT_TRANSLATE_NOOP("JournalField", "Quantity (DOGE)"),
    "filled": QT_TRANSLATE_NOOP("JournalField", "Filled (DOGE)"),
    "deadline_s": QT_TRANSLATE_NOOP("JournalField", "Not after"),
    "expires_s": QT_TRANSLATE_NOOP("JournalField", "Expires"),
    "fee_usd": QT_TRANSLATE_NOOP("JournalField", "Fee"),
    "profit_pct": QT_TRANSLATE_NOOP("JournalField", "Profit aimed at"),
    "base_usd": QT_TRANSLATE_NOOP("JournalField", "Base size"),
    "size_usd": QT_TRANSLATE_NOOP("JournalField", "Size"),
    "cause": QT_TRANSLATE_NOOP("JournalField", "Cause"),
    "skew": QT_TRANSLATE_NOOP("JournalField", "Skew"),
    "idle_ratio": QT_TRANSLATE_NOOP("JournalField", "Idle USD"),
    "error": QT_TRANSLATE_NOOP("JournalField", "Error"),
    "smoothed_error": QT_TRANSLATE_NOOP("JournalField", "Smoothed error"),
    "velocity": QT_TRANSLATE_NOOP("JournalField", "Velocity (per second)"),
    "p": QT_TRANSLATE_NOOP("JournalField", "P contribution"),
    "d": QT_TRANSLATE_NOOP("JournalField", "D contribution"),
    "raw": QT_TRANSLATE_NOOP("JournalField", "Skew asked for"),
    "cap": QT_TRANSLATE_NOOP("JournalField", "Cap"),
    "size_mult_a": QT_TRANSLATE_NOOP("JournalField", "Size A"),
    "size_mult_b": QT_TRANSLATE_NOOP("JournalField", "Size B"),
    "ts": QT_TRANSLATE_NOOP("JournalField", "At"),
    "at_s": QT_TRANSLATE_NOOP("JournalField", "At"),
    "portfolio": QT_TRANSLATE_NOOP("JournalField", "Portfolio"),
    "max_drift": QT_TRANSLATE_NOOP("JournalField", "Largest drift"),
    "gas_used": QT_TRANSLATE_NOOP("JournalField", "Gas used"),
    "predicted_gas": QT_TRANSLATE_NOOP("JournalField", "Gas predicted"),
    "gas_cost_usd": QT_TRANSLATE_NOOP("JournalField", "Gas paid"),
    "expected_gas_usd": QT_TRANSLATE_NOOP("JournalField", "Gas expected"),
    "gas_price_wei": QT_TRANSLATE_NOOP("JournalField", "Price of gas"),
    "max_fee_wei": QT_TRANSLATE_NOOP("JournalField", "Most for one gas"),
    "priority_wei": QT_TRANSLATE_NOOP("JournalField", "Tip for one gas"),
    "native_usd": QT_TRANSLATE_NOOP("JournalField", "The native coin"),
    "transaction_hash": QT_TRANSLATE_NOOP("JournalField", "Transaction"),
    "hash": QT_TRANSLATE_NOOP("JournalField", "Hash"),
    "execution_ms": QT_TRANSLATE_NOOP("JournalField", "Took (ms)"),
    "amount_in": QT_TRANSLATE_NOOP("JournalField", "Sold (base units)"),
    "quote_out": QT_TRANSLATE_NOOP("JournalField", "Quoted (base units)"),
    "min_out": QT_TRANSLATE_NOOP("JournalField", "At least (base units)"),
    "amount_out": QT_TRANSLATE_NOOP("JournalField", "Came (base units)"),
    "until_s": QT_TRANSLATE_NOOP("JournalField", "Until"),
    "nonce": QT_TRANSLATE_NOOP("JournalField", "Number"),
    "token_id": QT_TRANSLATE_NOOP("JournalField", "Token"),
    "user": QT_TRANSLATE_NOOP("JournalField", "User"),
    "amount": QT_TRANSLATE_NOOP("JournalField", "Amount"),
    "call_key": QT_TRANSLATE_NOOP("JournalField", "Carries"),
}
_RATIOS = frozenset({"idle_ratio", "max_drift"})
_MULTIPLIERS = frozenset({"size_mult_a", "size_mult_b"})
_LIMITING = ("limit", "cap", "max_", "min_", "minimum", "maximum", "threshold", "floor", "destination", "deadline")
_PLAIN = frozenset({"p", "d", "velocity", "error"})


@dataclass(frozen=True, slots=True)
class Figure:
    """One field: where it stands, what it is called, what it says. at: its place, which tells it from others."""

    at: int
    name: str
    text: str
    whole: str = ""


def figures(values: Any, room: str = "") -> list[Figure]:
    """Every field of a payload or a reason, nested ones under the name of what holds them; at most MOST_FIGURES."""
    found = list(_flat(values, "", room))
    rows = [Figure(at, name, text, whole) for at, (name, text, whole) in enumerate(found[:MOST_FIGURES])]
    if len(found) > MOST_FIGURES:
        more = translate("JournalField", "{count} more; copy the row as JSON to see all").format(
            count=len(found) - MOST_FIGURES
        )
        rows.append(Figure(MOST_FIGURES, "…", more))
    return rows


def limits(reason: Mapping[str, Any] | None) -> dict[str, Any]:
    """The fields of a reason that are bounds, as their names say."""
    return {name: value for name, value in (reason or {}).items() if _is_limit(name)}


def inputs(reason: Mapping[str, Any] | None) -> dict[str, Any]:
    """The other numbers of a reason."""
    return {name: value for name, value in (reason or {}).items() if name != "code" and not _is_limit(name)}


def field_name(name: str) -> str:
    """What a field is called; one that nobody foresaw by its own name."""
    known = NAMES.get(name)
    return name.replace("_", " ").capitalize() if known is None else translate("JournalField", known)


def _is_limit(name: str) -> bool:
    return any(part in name for part in _LIMITING) and name not in ("max_drift", "max_fee_wei")


def _flat(values: Any, above: str, room: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(values, Mapping) and "code" not in values:
        for name, value in values.items():
            nested = isinstance(value, Mapping | list) and value and not _is_short_list(value)
            label = field_name(name) if not above else f"{above} · {lowered(field_name(name))}"
            if nested:
                yield from _flat(value, label, room)
            else:
                yield label, _text(name, value, room), "" if value is None else str(value)
    elif isinstance(values, list):
        for at, value in enumerate(values, 1):
            yield from _flat(value, f"{above} {at}", room)
    elif values is not None:
        yield above, recorded_figure("", values, room), str(values)


def _is_short_list(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(one, Mapping | list) for one in value)


def _text(name: str, value: Any, room: str) -> str:
    """As a reason's field, and in places where a payload's differs, by its own meaning."""
    if value is None:
        return formats.UNKNOWN
    number = None if isinstance(value, bool) else number_in(value)
    if number is not None:
        if name in _RATIOS:
            return formats.percent(float(number), 2)
        if name in _MULTIPLIERS:
            return formats.multiplier(number)
        if name.endswith("_usd") and name != "native_usd":
            return formats.usd(number, 2 if not number or abs(number) >= 1 else 4)
        if name in _PLAIN:
            return formats.number(float(number))
        if (name == "ts" or name.endswith("_s")) and number > _A_MOMENT_S:
            return formats.date_time(float(number))
        if isinstance(value, int) or (
            name.endswith(("_out", "_in", "amount")) and number == number.to_integral_value()
        ):
            return recorded_figure(name, value, room) if name.endswith("_wei") else f"{int(number):,}"
    if isinstance(value, bool):
        return translate("JournalField", "yes") if value else translate("JournalField", "no")
    if isinstance(value, str) and (value.startswith("0x") or len(value) > 40):
        return short_id(value)
    return recorded_figure(name, value, room)
