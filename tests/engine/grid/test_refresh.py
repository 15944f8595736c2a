"""Moving what drifted, and what is never moved (governor spec 13 and 14)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.grid.entries import place_entries, wants
from engine.grid.events import (
    Amend,
    Cancel,
    Filled,
    NeverArrived,
    Place,
    Request,
    Seen,
    Silent,
    Taken,
    TurnedDown,
    World,
)
from engine.grid.limits import Losses
from engine.grid.machine import transition
from engine.grid.ports import BelowMinimum, OrderFate, OrderGone, PostOnlyRejected, VenueRefused
from engine.grid.slot import Cause, Order, Role, Slot, Stage, Trade
from engine.grid.volatility import WITHOUT_DATA_S
from tests.engine.grid.table import RICH, after, base_size, entered, filled, moved, with_exit_resting, world

D = Decimal
PAST_WAIT_S = WITHOUT_DATA_S + 1.0


def moving(market: str = "0.097") -> tuple[Slot, Order]:
    """A slot whose selling entry is on its way to a lower price."""
    made = place_entries([entered()], RICH, world(market), sizer=base_size, losses=Losses(), allowed=0, hold=None)
    (action,) = made.actions
    assert isinstance(action, Amend)
    (slot,) = made.slots
    return slot, action.order


def test_a_move_keeps_the_orders_identity() -> None:
    slot, order = moving()
    assert (order.trade, order.stage, order.client_id) == (Trade.A, Stage.AMENDING, entered().a.order.client_id)  # type: ignore[union-attr]
    assert slot.a.order == order


def test_an_entry_that_cannot_be_moved_is_cancelled_and_placed_only_when_it_is_gone() -> None:
    """Never place while a cancel is unconfirmed."""
    slot, order = moving()
    step = moved(slot, TurnedDown(order.key, Request.AMEND, BelowMinimum(), 0.0, by_exchange=True), world("0.097"))
    (cancel,) = step.actions
    assert isinstance(cancel, Cancel)
    assert step.slot.a.order is not None
    assert step.slot.a.order.stage is Stage.CANCELLING
    assert Trade.A not in {want.trade for want in wants(step.slot, world("0.097", 100.0))}
    gone = Seen(order.key, "O", order.price, order.quantity, D(0), OrderFate.CANCELLED)
    free = moved(step.slot, gone, world("0.097")).slot
    (want,) = (want for want in wants(free, world("0.097", 100.0)) if want.trade is Trade.A)
    assert (want.cause, want.cause.scaled, want.order) == (Cause.REFRESH, True, None)


@pytest.mark.parametrize(
    "reason", [OrderGone(), PostOnlyRejected(), VenueRefused("EOrder:Rate limit exceeded", "retry")]
)
def test_a_refusal_that_says_nothing_against_the_order_leaves_it_where_it_is(
    reason: OrderGone | PostOnlyRejected | VenueRefused,
) -> None:
    slot, order = moving()
    step = moved(slot, TurnedDown(order.key, Request.AMEND, reason, 15.0, by_exchange=True), world("0.097", 5.0))
    assert step.actions == ()
    assert step.slot.a.order is not None
    assert (step.slot.a.order.stage, step.slot.a.retry_s) == (Stage.OPEN, 20.0)


def test_a_move_without_an_answer_is_looked_up_and_not_asked_again() -> None:
    slot, order = moving()
    doubted = moved(slot, Silent(order.key, Request.AMEND), world("0.097")).slot
    assert doubted.a.order is not None
    assert doubted.a.order.stage is Stage.UNKNOWN
    made = place_entries([doubted], RICH, world("0.095"), sizer=base_size, losses=Losses(), allowed=0, hold=None)
    assert [action for action in made.actions if action.order.trade is Trade.A] == []


@pytest.mark.parametrize("market", ["0.05", "0.0999", "0.2"])
def test_an_exit_is_never_moved_however_far_the_market_goes(market: str) -> None:
    slot = with_exit_resting(Trade.B)
    made = place_entries([slot], RICH, world(market, 1e6), sizer=base_size, losses=Losses(), allowed=100, hold=None)
    assert {action.order.role for action in made.actions} <= {Role.ENTRY}
    assert {changed.b.order for changed in made.slots} <= {slot.b.order}


def test_a_recovery_order_is_neither_moved_nor_resized() -> None:
    """Spec 14; seed, scope out 3."""
    slot = after(with_exit_resting(Trade.B), PAST_WAIT_S, "0.09").slot
    (recovery,) = slot.recoveries
    for market in ("0.05", "0.08", "0.2"):
        assert recovery not in [want.order for want in wants(slot, world(market, 1e6))]
        step = after(slot, 1e6, market)
        assert [(o.price, o.quantity) for o in step.slot.recoveries] == [(recovery.price, recovery.quantity)]
        assert not any(isinstance(action, Amend) for action in step.actions)


def test_a_recovery_order_that_fills_books_its_round_trip_and_leaves_the_slot() -> None:
    slot = after(with_exit_resting(Trade.B), PAST_WAIT_S, "0.09").slot
    (recovery,) = slot.recoveries
    where = world("0.101", PAST_WAIT_S + 100)
    step = transition(
        slot, Filled(recovery.key, "T", recovery.price, recovery.quantity, D(0), PAST_WAIT_S + 100), where
    )
    assert step.slot.recoveries == ()
    assert [trip.evicted for trip in step.round_trips] == [False]


def test_a_recovery_order_that_never_arrived_is_placed_again() -> None:
    slot = after(with_exit_resting(Trade.B), PAST_WAIT_S, "0.09").slot
    (recovery,) = slot.recoveries
    lost = moved(slot, NeverArrived(recovery.key), world("0.09", PAST_WAIT_S + 100)).slot
    (place,) = (action for action in after(lost, PAST_WAIT_S + 101, "0.09").actions if isinstance(action, Place))
    assert (place.order.role, place.order.quantity) == (Role.RECOVERY, recovery.quantity)
    assert place.order.key != recovery.key


def test_a_drifted_entry_that_is_partly_filled_is_cancelled_and_its_part_gets_an_exit() -> None:
    """Spec 16: the filled part of a cancelled order always gets its exit."""
    slot = filled(entered(), Trade.B, world("0.1"), part="0.7").slot
    step = after(slot, 10.0, "0.102")
    (cancel,) = (action for action in step.actions if isinstance(action, Cancel))
    order = cancel.order
    gone = Seen(order.key, "O", order.price, order.quantity, order.filled, OrderFate.CANCELLED)
    (place,) = moved(step.slot, gone, world("0.102")).actions
    assert isinstance(place, Place)
    assert (place.order.role, place.order.quantity) == (Role.EXIT, order.filled)


def test_a_chase_the_other_way_starts_its_count_again() -> None:
    """Spec 13: the third refresh in the same direction."""
    slot = entered()
    slot = slot.with_leg(replace(slot.b, order=None, retry_s=1e9))
    moves = []
    for now_s, market in enumerate(("0.104", "0.108", "0.104", "0.100", "0.096")):
        where = world(market, float(now_s))
        made = place_entries([slot], RICH, where, sizer=base_size, losses=Losses(), allowed=0, hold=None)
        (action,) = made.actions
        assert isinstance(action, Amend)
        slot = settled(made.slots[0], action.order, where)
        moves.append((slot.a.chase.direction, slot.a.chase.moves, len(made.notes)))
    assert moves == [(1, 1, 0), (1, 2, 0), (-1, 1, 0), (-1, 2, 0), (-1, 0, 1)]


def settled(slot: Slot, order: Order, where: World) -> Slot:
    return transition(slot, Taken(order.key, Request.AMEND, "", None, None), where).slot
