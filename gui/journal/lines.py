"""A row of the journal as one line of the table: its numbers in short, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QCoreApplication

from engine.core.journal_query import JournalRow
from gui import formats
from gui.journal.words import engine_word, field, mode_of, standing, what
from gui.looks import MODES, Look
from gui.sentences import word
from gui.sentences.figures import short_id
from gui.sentences.recorded import number_in, recorded_sentence

translate = QCoreApplication.translate
_MODE_GLYPHS = {mode.value: look.glyph for mode, look in MODES.items()}
_SAID = frozenset({"rejected", "unknown", "held"})


@dataclass(frozen=True, slots=True)
class Line:
    """The texts of one row, made once."""

    number: int
    at_s: float
    engine: str
    mode: str
    mode_glyph: str
    what: str
    numbers: str
    state: str
    look: Look
    why: str


def line_of(row: JournalRow) -> Line:
    """What the table shows of `row`."""
    state, look = standing(row)
    return Line(
        number=row.number,
        at_s=row.at_s,
        engine=engine_word(row.engine),
        mode=word(mode_of(row)),
        mode_glyph=_MODE_GLYPHS.get(mode_of(row), ""),
        what=what(row),
        numbers=numbers(row),
        state=state,
        look=look,
        why=why(row),
    )


def numbers(row: JournalRow) -> str:
    """The key numbers of a row; empty where a kind has none."""
    write = _NUMBERS.get(row.kind) or (_broadcast if row.kind.startswith("chain.broadcast.") else None)
    return "" if write is None else write(row)


def why(row: JournalRow) -> str:
    """The rule that it follows from; where it did not go through, after what was answered."""
    if row.is_fact:
        return _WHY.get(row.kind, lambda _: "")(row)
    said = recorded_sentence(row.reason)
    answered = recorded_sentence(row.outcome) if row.state in _SAID and row.outcome and "code" in row.outcome else ""
    return " ".join(part for part in (answered, said) if part)


def amount(row: JournalRow, name: str) -> Decimal | None:
    """A number of the payload."""
    return number_in(field(row, name))


def _order(row: JournalRow) -> str:
    return translate("JournalLine", "{quantity} DOGE at {price}").format(
        quantity=formats.quantity(amount(row, "quantity")), price=formats.price(amount(row, "price"))
    )


def _fill(row: JournalRow) -> str:
    return translate("JournalLine", "{order}, fee {fee}").format(
        order=_order(row), fee=formats.usd(amount(row, "fee_usd"), 4)
    )


def _trip(row: JournalRow) -> str:
    return formats.usd_change(amount(row, "profit_usd"), 4)


def _abandoned(row: JournalRow) -> str:
    position = field(row, "position") or {}
    return translate("JournalLine", "{quantity} DOGE traded for {cost}").format(
        quantity=formats.quantity(number_in(position.get("quantity"))),
        cost=formats.usd(number_in(position.get("cost_usd")), 4),
    )


def _update(row: JournalRow) -> str:
    return translate("JournalLine", "idle {idle}, skew {skew}, A {a}, B {b}").format(
        idle=formats.percent(_ratio(row, "idle_ratio"), 1),
        skew=formats.percent_change(_ratio(row, "skew"), 1),
        a=formats.multiplier(amount(row, "size_mult_a") or 1),
        b=formats.multiplier(amount(row, "size_mult_b") or 1),
    )


def _plan(row: JournalRow) -> str:
    return translate("JournalLine", "{portfolio}, swaps {count}").format(
        portfolio=field(row, "portfolio"), count=len(field(row, "swaps") or field(row, "lets") or ())
    )


def _rebalance(row: JournalRow) -> str:
    legs: list[dict[str, Any]] = field(row, "legs") or []
    traded = sum((number_in(leg.get("usd_in")) or Decimal(0) for leg in legs), Decimal(0))
    return translate("JournalLine", "{portfolio}: {traded} traded, gas {gas}").format(
        portfolio=field(row, "portfolio"), traded=formats.usd(traded), gas=small_usd(amount(row, "gas_cost_usd"))
    )


def _sample(row: JournalRow) -> str:
    return translate("JournalLine", "{portfolio}: {value}, drift {drift}").format(
        portfolio=field(row, "portfolio"),
        value=formats.usd(amount(row, "value_usd")),
        drift=formats.percent(_ratio(row, "max_drift"), 1),
    )


def _sealed(row: JournalRow) -> str:
    order = field(row, "order") or {}
    return translate("JournalLine", "No. {nonce}: pushes {pushes}, pulls {pulls}").format(
        nonce=field(row, "nonce"), pushes=len(order.get("pushes", ())), pulls=len(order.get("pulls", ()))
    )


def _batch(row: JournalRow) -> str:
    got, paid = ("hub_fees_usd", "gas_taken_usd"), ("gas_paid_usd", "refunded_usd")
    profit = sum((amount(row, name) or Decimal(0) for name in got), Decimal(0))
    profit -= sum((amount(row, name) or Decimal(0) for name in paid), Decimal(0))
    return translate("JournalLine", "No. {nonce}: {pushed} pushed, profit {profit}").format(
        nonce=field(row, "nonce"),
        pushed=formats.usd(amount(row, "pushed_usd")),
        profit=formats.usd_change(profit),
    )


def _broadcast(row: JournalRow) -> str:
    fee = number_in((row.reason or {}).get("max_fee_wei"))
    return translate("JournalLine", "{hash}, up to {fee} a gas").format(
        hash=short_id(str(field(row, "hash"))), fee=formats.gwei(None if fee is None else int(fee))
    )


def _units(row: JournalRow) -> str:
    units = amount(row, "amount")
    return translate("JournalLine", "{units} base units of token {token}").format(
        units=formats.UNKNOWN if units is None else f"{int(units):,}", token=field(row, "token_id")
    )


def _ended(row: JournalRow) -> str:
    fees = [number_in(one) for one in field(row, "fees") or ()]
    return translate("JournalLine", "{units} base units of token {token}").format(
        units=f"{int(fees[0]):,}" if fees and fees[0] is not None else formats.UNKNOWN, token=field(row, "token_id")
    )


def small_usd(value: Decimal | None) -> str:
    """A cost that may be far under a cent: two significant digits of it then."""
    if value is None or value == 0 or abs(value) >= Decimal("0.01"):
        return formats.usd(value)
    return formats.usd(value, min(12, 1 - value.adjusted()))


def _ratio(row: JournalRow, name: str) -> float | None:
    value = amount(row, name)
    return None if value is None else float(value)


_NUMBERS: dict[str, Callable[[JournalRow], str]] = {
    "place_order": _order,
    "amend_order": _order,
    "cancel_order": lambda row: row.key.partition("/")[0],
    "fill": _fill,
    "round_trip": _trip,
    "abandoned": _abandoned,
    "update": _update,
    "drift.sign": _plan,
    "rebalance": _rebalance,
    "sample": _sample,
    "hub.sign": _sealed,
    "batch": _batch,
    "accepted": lambda row: short_id(str(field(row, "id") or "")),
    "ended": _ended,
    "payment": _units,
    "pull": _units,
    "carried": lambda row: translate("JournalLine", "nonce {nonce}").format(nonce=field(row, "nonce")),
    "notify.webhook": lambda row: word(str(field(row, "kind") or "")),
}


def _why_update(row: JournalRow) -> str:
    return recorded_sentence({**row.payload, "code": field(row, "reason")}) if field(row, "reason") else ""


def _why_trip(row: JournalRow) -> str:
    opened_s = number_in((field(row, "position") or {}).get("opened_s"))
    if field(row, "evicted") is True:
        text = translate("JournalLine", "The oldest recovery order was given up after {held}; its loss is booked.")
    elif field(row, "worked_off") is True:
        text = translate("JournalLine", "{order} worked abandoned inventory off that had been open for {held}.")
    else:
        text = translate("JournalLine", "{order} closed what had been open for {held}.")
    return text.format(
        order=field(row, "order_key"), held=formats.duration(None if opened_s is None else row.at_s - float(opened_s))
    )


def _why_rebalance(row: JournalRow) -> str:
    return translate("JournalLine", "It was out of balance by {drift} (swaps: {legs}).").format(
        drift=formats.percent(_ratio(row, "max_drift"), 1), legs=len(field(row, "legs") or ())
    )


def _why_batch(row: JournalRow) -> str:
    return translate("JournalLine", "Pushes {pushes}, pulls {pulls}; it was on its way for {waited}.").format(
        pushes=len(field(row, "pushes") or ()),
        pulls=len(field(row, "pulls") or ()),
        waited=formats.duration(_ratio(row, "waited_s")),
    )


_WHY: dict[str, Callable[[JournalRow], str]] = {
    "update": _why_update,
    "fill": lambda row: translate("JournalLine", "Of order {key}.").format(key=field(row, "key")),
    "round_trip": _why_trip,
    "abandoned": lambda row: translate("JournalLine", "Recovery order {order} was given up.").format(order=row.key),
    "rebalance": _why_rebalance,
    "batch": _why_batch,
    "ended": lambda row: str(field(row, "words") or ""),
    "pull": lambda row: str(field(row, "words") or ""),
}
