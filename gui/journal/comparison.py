"""What was expected of an effect beside what it really cost and brought (panel spec 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QCoreApplication

from engine.core.journal_query import JournalRow
from gui import formats
from gui.journal.lines import amount, small_usd
from gui.journal.words import field
from gui.sentences.recorded import number_in
from gui.theme import Tone

translate = QCoreApplication.translate
_WORSE_RATIO = Decimal("0.10")
_Write = Callable[[Decimal], str]


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure. tone: DAMPED where it came out clearly worse than expected."""

    at: int
    name: str
    expected: str
    real: str
    difference: str
    tone: Tone | None = None


def compared(row: JournalRow, related: Sequence[JournalRow]) -> list[Compared]:
    """Expected against real for the matter of a row; empty while nothing real is known, or nothing was expected."""
    rows = (row, *related)
    found: list[Compared] = []
    for kind, compare in (("rebalance", _rebalance), ("batch", _batch)):
        for one in rows:
            if one.kind == kind:
                found += compare(one)
    placed = next((one for one in rows if one.kind == "place_order"), None)
    if placed is not None:
        found += _order(placed, rows)
    return [Compared(at, one.name, one.expected, one.real, one.difference, one.tone) for at, one in enumerate(found)]


def _rebalance(row: JournalRow) -> Iterator[Compared]:
    yield _one(
        translate("JournalCompared", "Gas"), amount(row, "expected_gas_usd"), amount(row, "gas_cost_usd"), small_usd
    )
    for leg in field(row, "legs") or ():
        name = f"{leg.get('sell')} → {leg.get('buy')}"
        quoted, came = number_in(leg.get("usd_quoted")), number_in(leg.get("usd_out"))
        yield _one(name, quoted, came, formats.usd, more_is_worse=False)
        least, out = number_in(leg.get("min_out")), number_in(leg.get("amount_out"))
        at_least = translate("JournalCompared", "{pair}, at least (base units)").format(pair=name)
        yield _one(at_least, least, out, _whole, more_is_worse=False)
    yield _one(translate("JournalCompared", "Pool fees"), None, amount(row, "fee_usd"), formats.usd)
    yield _one(translate("JournalCompared", "Price impact"), None, amount(row, "impact_usd"), formats.usd)


def _batch(row: JournalRow) -> Iterator[Compared]:
    yield _one(translate("JournalCompared", "Gas used"), amount(row, "predicted_gas"), amount(row, "gas_used"), _whole)
    taken, paid, refunded = (amount(row, name) for name in ("gas_taken_usd", "gas_paid_usd", "refunded_usd"))
    yield _one(translate("JournalCompared", "Gas taken from users, and paid"), taken, paid, formats.usd)
    yield _one(translate("JournalCompared", "Given back to users"), None, refunded, formats.usd)
    yield _one(translate("JournalCompared", "Hub fees"), None, amount(row, "hub_fees_usd"), formats.usd)


def _order(placed: JournalRow, rows: Sequence[JournalRow]) -> Iterator[Compared]:
    """Asked against filled; an order that was moved is held against what it was moved to last."""
    moved = [one for one in rows if one.kind == "amend_order" and one.state == "delivered"]
    asked = max(moved, key=lambda one: one.at_s, default=placed)
    fills = [one for one in rows if one.kind == "fill"]
    price, quantity = amount(asked, "price"), amount(asked, "quantity")
    if not fills:
        return
    filled = sum((amount(one, "quantity") or Decimal(0) for one in fills), Decimal(0))
    worth = sum(
        ((amount(one, "quantity") or Decimal(0)) * (amount(one, "price") or Decimal(0)) for one in fills), Decimal(0)
    )
    buys = field(placed, "side") == "buy"
    got = worth / filled if filled else None
    yield _one(translate("JournalCompared", "Price"), price, got, formats.price, more_is_worse=buys)
    yield _one(translate("JournalCompared", "Quantity (DOGE)"), quantity, filled, formats.quantity, more_is_worse=False)
    if price is not None and quantity is not None:
        name = translate("JournalCompared", "Paid") if buys else translate("JournalCompared", "Received")
        yield _one(name, price * quantity, worth, lambda value: formats.usd(value, 4), more_is_worse=buys)
    fee = sum((amount(one, "fee_usd") or Decimal(0) for one in fills), Decimal(0))
    yield _one(translate("JournalCompared", "Fee"), None, fee, lambda value: formats.usd(value, 4))
    for trip in (one for one in rows if one.kind == "round_trip"):
        yield _one(
            translate("JournalCompared", "Profit of the round trip"),
            _aimed_at(placed, trip),
            amount(trip, "profit_usd"),
            lambda value: formats.usd_change(value, 4),
            more_is_worse=False,
        )


def _aimed_at(placed: JournalRow, trip: JournalRow) -> Decimal | None:
    """What the exit was priced for, before fees: its distance from the entry on what was open."""
    percent = number_in((placed.reason or {}).get("profit_pct"))
    position: Mapping[str, Any] = field(trip, "position") or {}
    cost = number_in(position.get("cost_usd"))
    return None if percent is None or cost is None else cost * percent / 100


def _one(
    name: str, expected: Decimal | None, real: Decimal | None, write: _Write, *, more_is_worse: bool = True
) -> Compared:
    said = [formats.UNKNOWN if value is None else write(value) for value in (expected, real)]
    if expected is None or real is None or not expected:
        return Compared(0, name, *said, formats.UNKNOWN)
    off = (real - expected) / abs(expected)
    worse = off > _WORSE_RATIO if more_is_worse else off < -_WORSE_RATIO
    return Compared(0, name, *said, formats.percent_change(float(off), 1), Tone.DAMPED if worse else None)


def _whole(value: Decimal) -> str:
    return f"{int(value):,}"
