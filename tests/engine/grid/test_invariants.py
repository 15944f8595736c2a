"""A slot that contradicts itself is told with everything that does not hold (governor spec 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from engine.grid.invariants import InvariantBreach, check
from engine.grid.ports import Side
from engine.grid.slot import Order, Position, Role, Slot, Trade
from engine.grid.volatility import WITHOUT_DATA_S
from tests.engine.grid.table import after, aged, entered, with_exit_resting

D = Decimal


def entry_of(slot: Slot) -> Order:
    assert slot.b.order is not None
    return slot.b.order


def recovering() -> Slot:
    return after(with_exit_resting(Trade.B), WITHOUT_DATA_S + 1, "0.09").slot


CONTRADICTIONS: list[tuple[str, Callable[[], Slot], str]] = [
    ("negative position", lambda: entered().with_leg(replace(entered().a, position=Position(D(-1)))), "negative"),
    ("negative dust", lambda: entered().with_leg(replace(entered().a, dust=Position(D(-1)))), "negative"),
    (
        "an order of the other trade",
        lambda: entered().with_leg(replace(entered().a, order=entry_of(entered()))),
        "holds an order of trade B",
    ),
    (
        "an exit of another volume than its position",
        lambda: aged(with_exit_resting(Trade.B), Trade.B, quantity=D(13)),
        "exit of 13 for a position of",
    ),
    (
        "an entry while a position waits for its exit",
        lambda: entered().with_leg(replace(entered().b, position=Position(D(20), D(2)))),
        "wait for an exit",
    ),
    ("a recovery order in a leg", lambda: aged(entered(), Trade.B, role=Role.RECOVERY), "works a recovery order"),
    ("an entry that goes the wrong way", lambda: aged(entered(), Trade.B, side=Side.SELL), "goes the wrong way"),
    ("a price of zero", lambda: aged(entered(), Trade.B, price=D(0)), "has price 0"),
    ("a quantity of zero", lambda: aged(entered(), Trade.B, quantity=D(0)), "quantity 0"),
    ("fills below zero", lambda: aged(entered(), Trade.B, filled=D(-1)), "has fills of -1"),
    (
        "two orders of one key",
        lambda: replace(recovering(), recoveries=recovering().recoveries * 2),
        "two orders share a key",
    ),
    (
        "a recovery order of another volume than its position",
        lambda: replace(recovering(), recoveries=(replace(recovering().recoveries[0], quantity=D(13)),)),
        "recovery of 13 for a position of",
    ),
]


@pytest.mark.parametrize(("slot", "told"), [row[1:] for row in CONTRADICTIONS], ids=[row[0] for row in CONTRADICTIONS])
def test_a_contradiction_is_told_with_the_slot(slot: Callable[[], Slot], told: str) -> None:
    broken = slot()
    with pytest.raises(InvariantBreach, match=told) as breach:
        check(broken)
    assert breach.value.slot is broken
    assert str(breach.value).startswith("slot 1: ")


@pytest.mark.parametrize("slot", [Slot(1, "t"), entered(), with_exit_resting(Trade.A), recovering()])
def test_a_sound_slot_passes(slot: Slot) -> None:
    check(slot)


def test_all_that_does_not_hold_is_told_at_once() -> None:
    with pytest.raises(InvariantBreach, match=r"has price 0 and quantity .*; .* has fills of -1"):
        check(aged(entered(), Trade.B, price=D(0), filled=D(-1)))
