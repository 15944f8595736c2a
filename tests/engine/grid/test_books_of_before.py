"""Books that a program wrote before inventory could be abandoned and money was counted are read (governor spec 14).

`books_of_before.json` is what the memories of a run of that program were: two slots with two recovery orders each.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.core.modes import Switch
from engine.grid.arrivals import LookUp
from engine.grid.books import Books
from engine.grid.decider import Decider
from engine.grid.entries import Sizing
from engine.grid.events import Ticked, World
from engine.grid.machine import transition
from engine.grid.money import figures, open_result_usd
from engine.grid.options import GridOptions
from engine.grid.ports import Balances, Quote, Side, StreamBack, VenueFill
from engine.grid.slot import Role
from tests.engine.grid.table import RULES

OPTIONS = GridOptions(slots=2)
NOW_S = 1_767_260_000.0
MID = Decimal("0.09")


@pytest.fixture
def memories() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(__file__).with_name("books_of_before.json").read_text())
    return read


def begun(memories: dict[str, Any]) -> Decider:
    """A decider on these books that has read everything and has a price."""
    balances = Balances(Decimal(40), Decimal(900), NOW_S)
    decider = Decider(Books.restore(memories, []), RULES, balances, "lab", lambda asked: Sizing(asked.base_usd, 0.0))
    for arrival in (StreamBack(), LookUp(complete=True, session=1), Quote(MID, MID, NOW_S)):
        decider.take_in(arrival, OPTIONS, NOW_S)
    return decider


def test_every_slot_order_and_position_of_before_is_there(memories: dict[str, Any]) -> None:
    books = Books.restore(memories, [])
    assert [len(slot.recoveries) for _, slot in sorted(books.slots.items())] == [2, 2]
    for slot in books.slots.values():
        for order, remembered in zip(slot.recoveries, memories[f"slot:{slot.slot_id}"]["recoveries"], strict=True):
            assert (order.key, order.price) == (remembered["key"], Decimal(remembered["price"]))
            assert order.position.cost_usd == Decimal(remembered["position"]["cost_usd"])
        assert slot.abandoned == ()
    assert books.money is None


def test_none_of_its_recovery_orders_is_given_up_for_being_old(memories: dict[str, Any]) -> None:
    for slot in Books.restore(memories, []).slots.values():
        step = transition(slot, Ticked(), World(MID, RULES, OPTIONS, NOW_S + 1e6))
        assert step.slot.recoveries == slot.recoveries
        assert not [action for action in step.actions if action.order.role is Role.RECOVERY]


def test_money_is_counted_from_the_first_tick_on_and_what_was_open_then_has_gained_nothing_yet(
    memories: dict[str, Any],
) -> None:
    decider = begun(memories)
    decider.tick(Switch.RUNNING, OPTIONS, NOW_S)
    shown = decider.snapshot(OPTIONS, NOW_S).money
    assert (shown.since_s, shown.value_usd, shown.against_holding_usd) == (NOW_S, 40 + 900 * MID, 0)
    assert shown.unrealised_usd == open_result_usd(decider.books.slots.values(), MID) != 0


def test_what_closes_later_realises_its_whole_result_and_gained_only_what_came_since(memories: dict[str, Any]) -> None:
    decider = begun(memories)
    books = decider.books
    books.begin_money(Balances(Decimal(40), Decimal(900), NOW_S), MID, NOW_S)
    before_usd = open_result_usd(books.slots.values(), MID)
    recovery = next(slot.recoveries[0] for slot in books.slots.values())
    assert recovery.side is Side.SELL
    fee = recovery.remaining * recovery.price * RULES.maker_fee_ratio
    fill = VenueFill(
        "T1", recovery.order_id, recovery.client_id, recovery.side, recovery.price, recovery.remaining, fee, True, NOW_S
    )
    decider.take_in(fill, OPTIONS, NOW_S)
    shown = figures(books.money, books.slots.values(), MID, NOW_S)
    assert shown.value_usd - shown.holding_usd == shown.edge_usd + shown.inventory_usd - shown.fees_usd
    assert shown.realised_usd != 0
    after_usd = open_result_usd(books.slots.values(), MID)
    assert shown.unrealised_usd == pytest.approx(after_usd)
    assert shown.against_holding_usd == pytest.approx(shown.realised_usd + after_usd - before_usd)
