"""Exits that waited too long, what becomes of them, and what is abandoned (governor spec 14)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.grid.events import (
    CapacityEvictedReason,
    EvictedReason,
    InventoryAbandoned,
    Orphaned,
    PersonEvictedReason,
    Seen,
    Step,
)
from engine.grid.limits import Losses, book
from engine.grid.machine import transition
from engine.grid.options import Evict, GridOptions
from engine.grid.ports import OrderFate
from engine.grid.recovery import eviction_by_person, eviction_for_capacity
from engine.grid.slot import Cause, Lot, Order, Position, Role, Slot, Stage, Trade
from tests.engine.grid.table import after, entered, filled, taken, with_exit_resting, world

D = Decimal
BY_CAPACITY = GridOptions(slots=1, order_size_usd=D("2"), orphan_after="600")
BY_AGE = GridOptions(slots=1, order_size_usd=D("2"), orphan_after="600", evict=Evict.BY_AGE)


def both_exits_resting() -> Slot:
    slot = filled(with_exit_resting(Trade.B), Trade.A, world("0.1")).slot
    assert slot.a.order is not None
    return taken(slot, slot.a.order, world("0.1"))


def recovering(options: GridOptions = BY_CAPACITY) -> Slot:
    return after(with_exit_resting(Trade.B), 601.0, "0.09", options).slot


def without_places(options: GridOptions = BY_CAPACITY) -> GridOptions:
    return options.model_copy(update={"recoveries_per_slot": 0})


def off_the_book(slot: Slot, order: Order, market: str, filled: str = "0") -> Step:
    gone = Seen(order.key, "O", order.price, order.quantity, D(filled), OrderFate.CANCELLED)
    return transition(slot, gone, world(market, 700.0, without_places()))


def abandoning(market: str = "0.09") -> Step:
    """A slot whose only recovery order was given up."""
    slot = after(recovering(), 602.0, market, without_places()).slot
    return off_the_book(slot, slot.recoveries[0], market)


@pytest.mark.parametrize("market", ["0.099", "0.1005"])
def test_an_exit_that_waited_too_long_becomes_a_recovery_order_wherever_the_market_went(market: str) -> None:
    slot = with_exit_resting(Trade.B)
    assert after(slot, 600.0, market, BY_CAPACITY).slot.recoveries == ()
    step = after(slot, 600.1, market, BY_CAPACITY)
    (recovery,) = step.slot.recoveries
    assert (recovery.role, step.actions, step.slot.b.wants) == (Role.RECOVERY, (), Cause.ORPHAN)
    assert isinstance(step.notes[0], Orphaned)


def test_of_two_exits_that_waited_too_long_the_farther_one_goes_first() -> None:
    step = after(both_exits_resting(), 601.0, "0.0995", BY_CAPACITY)
    assert [order.trade for order in step.slot.recoveries] == [Trade.B]  # 0.1008 is farther than 0.0992
    assert [order.trade for order in after(step.slot, 602.0, "0.0995", BY_CAPACITY).slot.recoveries] == [
        Trade.B,
        Trade.A,
    ]


def test_no_exit_is_orphaned_while_no_place_is_free_and_none_is_evicted_for_it() -> None:
    full = BY_CAPACITY.model_copy(update={"recoveries_per_slot": 1})
    slot = after(both_exits_resting(), 601.0, "0.0995", full).slot
    step = after(slot, 1e6, "0.0995", full)
    assert (len(step.slot.recoveries), step.actions) == (1, ())
    assert step.slot.a.exiting


def test_what_is_stranded_takes_its_place_too() -> None:
    one = BY_CAPACITY.model_copy(update={"recoveries_per_slot": 1})
    slot = after(both_exits_resting(), 601.0, "0.0995", one).slot
    slot = off_the_book(slot, slot.recoveries[0], "0.0995").slot
    assert len(slot.stranded) == 1
    assert [order.role for order in after(slot, 1e6, "0.0995", one).slot.orders] == [Role.EXIT, Role.RECOVERY]


def test_by_age_a_lone_exit_is_orphaned_only_when_the_market_went_away() -> None:
    slot = with_exit_resting(Trade.B)
    assert after(slot, 5000.0, "0.1005", BY_AGE).slot.recoveries == ()
    assert after(slot, 600.0, "0.099", BY_AGE).slot.recoveries == ()
    assert len(after(slot, 600.1, "0.099", BY_AGE).slot.recoveries) == 1


def test_by_age_of_two_old_exits_the_worse_is_orphaned() -> None:
    assert after(both_exits_resting(), 600.0, "0.0995", BY_AGE).slot.recoveries == ()
    (recovery,) = after(both_exits_resting(), 600.1, "0.0995", BY_AGE).slot.recoveries
    assert recovery.trade is Trade.B


def test_fewer_places_evict_and_what_was_not_closed_is_abandoned_with_its_cost() -> None:
    slot = recovering()
    (order,) = slot.recoveries
    step = after(slot, 602.0, "0.09", without_places())
    (cancel,) = step.actions
    assert cancel.reason == EvictedReason(0)
    gone = off_the_book(step.slot, step.slot.recoveries[0], "0.09")
    assert gone.round_trips == ()
    assert gone.slot.profit_usd == 0
    assert gone.slot.abandoned == gone.abandoned == (Lot(Trade.B, order.position, 700.0, order.key),)
    (told,) = gone.notes
    assert told == InventoryAbandoned(1, Trade.B, order.quantity, order.position.cost_usd, order.quantity * D("0.09"))


def test_what_an_evicted_order_closed_on_its_way_off_the_book_is_booked_and_the_rest_abandoned() -> None:
    slot = after(recovering(), 602.0, "0.09", without_places()).slot
    (order,) = slot.recoveries
    part = D(5)
    slot = replace(slot, recoveries=(replace(order, filled=part, cost_usd=part * order.price),))
    gone = off_the_book(slot, slot.recoveries[0], "0.09", "5")
    (trip,) = gone.round_trips
    assert (trip.position.quantity, trip.evicted) == (part, False)
    assert gone.slot.abandoned[0].position.quantity == order.quantity - part


def test_an_entry_of_the_other_trade_works_abandoned_inventory_off_and_needs_no_exit_for_it() -> None:
    slot = abandoning().slot
    lot = slot.abandoned[0].position
    entry = slot.a.order
    assert entry is not None
    step = filled(slot, Trade.A, world("0.1", 800.0))
    (trip,) = step.round_trips
    assert (trip.worked_off, trip.evicted, trip.trade, trip.order_key) == (True, False, Trade.B, entry.key)
    quantity = min(entry.quantity, lot.quantity)
    assert trip.position.quantity == quantity
    closing = Position(entry.quantity, entry.quantity * entry.price, entry.quantity * entry.price * D("0.0025"))
    gain = closing.part(quantity).cost_usd - lot.part(quantity).cost_usd
    assert trip.profit_usd == gain - lot.part(quantity).fees_usd - closing.part(quantity).fees_usd
    assert step.slot.profit_usd == 0
    assert step.actions == ()
    assert (step.slot.a.wants, step.slot.a.exiting) == (Cause.CYCLE, False)
    left = sum((one.position.quantity for one in step.slot.abandoned), D(0))
    assert left == lot.quantity - quantity
    assert step.slot.a.dust.quantity == entry.quantity - quantity


def test_an_entry_of_the_same_trade_leaves_abandoned_inventory_alone() -> None:
    slot = replace(entered(), abandoned=(Lot(Trade.B, Position(D(20), D(2)), 0.0, "k"),))
    step = filled(slot, Trade.B, world("0.1"))
    assert (step.round_trips, step.slot.abandoned) == ((), slot.abandoned)


def test_abandoned_inventory_is_worked_off_first_in_first_out() -> None:
    lots = tuple(Lot(Trade.B, Position(D(15), D(cost)), float(cost), f"k{cost}") for cost in (1, 2, 3))
    step = filled(replace(entered(), abandoned=lots), Trade.A, world("0.1"))
    assert [trip.position.cost_usd for trip in step.round_trips[:1]] == [1]
    quantity = sum((trip.position.quantity for trip in step.round_trips), D(0))
    assert 15 < quantity < 30
    assert [lot.order_key for lot in step.slot.abandoned] == ["k2", "k3"]
    assert step.slot.abandoned[0].position.quantity == 30 - quantity


def test_what_an_entry_filled_beyond_abandoned_inventory_gets_its_exit() -> None:
    small = Lot(Trade.B, Position(D(3), D("0.3")), 0.0, "k")
    step = filled(replace(entered(), abandoned=(small,)), Trade.A, world("0.1"))
    (place,) = step.actions
    assert place.order.role is Role.EXIT
    assert place.order.quantity == step.slot.a.position.quantity
    assert len(step.round_trips) == 1


def test_abandoning_counts_to_nothing_and_working_off_counts_to_the_day_but_not_to_the_streak() -> None:
    """Spec 14 and 17."""
    step = filled(abandoning().slot, Trade.A, world("0.09", 800.0))
    (trip,) = step.round_trips
    losses = book(Losses(streaks=((1, Trade.B, 2, 5.0),)), replace(trip, profit_usd=D("-0.2")))
    assert losses.realised_usd == D("-0.2")
    assert losses.streaks == ((1, Trade.B, 2, 5.0),)


@pytest.mark.parametrize(("headroom", "evicted"), [(10, False), (9, True), (8, False)])
def test_a_capacity_stop_evicts_only_where_that_lets_entries_be_placed_again(headroom: int, evicted: bool) -> None:
    """With one recovery order, one place more is to be had."""
    found = eviction_for_capacity([recovering()], headroom, world("0.09", 700.0, BY_CAPACITY))
    assert (found is not None) is evicted


def test_a_capacity_stop_evicts_the_recovery_order_farthest_from_the_market_of_all_slots() -> None:
    near, far = recovering(), recovering()
    (order,) = far.recoveries
    farther = replace(order, key="t.2B.exit.9", price=D("0.2"))
    far = replace(far, slot_id=2, recoveries=(farther,))
    found = eviction_for_capacity([near, far], 9, world("0.09", 700.0, BY_CAPACITY))
    assert found is not None
    slot, cancel = found
    assert (slot.slot_id, cancel.order.key) == (2, farther.key)
    assert cancel.reason == CapacityEvictedReason(9)
    assert eviction_for_capacity([near, slot], 9, world("0.09", 700.0, BY_CAPACITY)) is None


def test_a_person_gives_up_a_recovery_order_that_rests_and_nothing_else() -> None:
    slot = recovering()
    found = eviction_by_person(slot, slot.recoveries[0].key, 0.0)
    assert found is not None
    given_up, cancel = found
    assert cancel.reason == PersonEvictedReason()
    gone = off_the_book(given_up, given_up.recoveries[0], "0.09")
    assert [lot.order_key for lot in gone.slot.abandoned] == [slot.recoveries[0].key]
    assert eviction_by_person(given_up, slot.recoveries[0].key, 0.0) is None
    assert eviction_by_person(both_exits_resting(), both_exits_resting().orders[0].key, 0.0) is None


def test_a_cancel_that_came_to_nothing_gave_nothing_up() -> None:
    slot = after(recovering(), 602.0, "0.09", without_places()).slot
    (order,) = slot.recoveries
    in_doubt = replace(slot, recoveries=(replace(order, stage=Stage.UNKNOWN),))
    still = Seen(order.key, "O", order.price, order.quantity, D(0), OrderFate.OPEN, proof=True)
    (back,) = transition(in_doubt, still, world("0.09", 700.0, BY_CAPACITY)).slot.recoveries
    assert (back.stage, back.evicted) == (Stage.OPEN, False)


def test_by_age_no_capacity_stop_evicts() -> None:
    assert eviction_for_capacity([recovering()], 9, world("0.09", 700.0, BY_AGE)) is None


def test_a_recovery_order_that_is_not_on_the_book_yet_is_not_evicted() -> None:
    slot = recovering()
    sent = replace(slot, recoveries=(replace(slot.recoveries[0], stage=Stage.SENT),))
    assert eviction_for_capacity([sent], 9, world("0.09", 700.0, BY_CAPACITY)) is None
