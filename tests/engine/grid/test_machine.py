"""The slot machine, one behaviour each (governor spec 11 to 14)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.grid.events import (
    Cancel,
    EnlargedByOther,
    EvictedReason,
    Filled,
    Place,
    ReducedByOther,
    Request,
    Seen,
    Silent,
    Taken,
    TurnedDown,
)
from engine.grid.invariants import InvariantBreach
from engine.grid.machine import cancel_all, transition
from engine.grid.options import Evict, GridOptions
from engine.grid.ports import InsufficientFunds, OrderFate, Side
from engine.grid.prices import entry_price, exit_price
from engine.grid.slot import Cause, Phase, Role, Stage, Trade
from tests.engine.grid.table import OPTIONS, RULES, after, entered, filled, moved, with_exit_resting, world

D = Decimal


def test_entries_stand_0_2_percent_from_the_market_rounded_away_from_it() -> None:
    """Spec 12."""
    assert entry_price(Trade.A, D("0.0966"), OPTIONS, RULES) == D("0.0967932")
    assert entry_price(Trade.B, D("0.09660007"), OPTIONS, RULES) == D("0.0964068")


@pytest.mark.parametrize(
    ("trade", "entry", "market", "price"),
    [
        (Trade.B, "0.1", "0.1", "0.101"),
        (Trade.B, "0.1", "0.104", "0.104208"),
        (Trade.A, "0.1", "0.1", "0.099"),
        (Trade.A, "0.1", "0.096", "0.095808"),
    ],
    ids=["B at profit", "B above a risen market", "A at profit", "A below a fallen market"],
)
def test_an_exit_takes_its_profit_and_never_crosses_the_market(
    trade: Trade, entry: str, market: str, price: str
) -> None:
    """Spec 12: max(fill * (1 + profit), market * (1 + entry_pct)), buys mirrored."""
    assert exit_price(trade, D(entry), D(market), OPTIONS, RULES) == D(price)


def test_the_phase_follows_from_which_trades_wait_for_their_exit() -> None:
    """Spec 11."""
    slot = entered()
    one = filled(slot, Trade.A, world("0.1")).slot
    both = filled(one, Trade.B, world("0.1")).slot
    assert [s.phase for s in (slot, one, filled(slot, Trade.B, world("0.1")).slot, both)] == [
        Phase.S0,
        Phase.S1A,
        Phase.S1B,
        Phase.S2,
    ]


def test_a_filled_entry_places_an_exit_of_the_volume_that_was_filled() -> None:
    slot = entered()
    entry = slot.b.order
    assert entry is not None
    step = filled(slot, Trade.B, world("0.1"))
    (place,) = step.actions
    assert isinstance(place, Place)
    assert (place.order.role, place.order.side, place.order.quantity) == (Role.EXIT, Side.SELL, entry.quantity)


def test_a_partly_filled_entry_waits_for_the_rest() -> None:
    step = filled(entered(), Trade.B, world("0.1"), part="0.5")
    assert step.actions == ()
    assert not step.slot.b.exiting


def test_the_filled_part_of_a_cancelled_entry_gets_its_exit() -> None:
    """Spec 16."""
    slot = filled(entered(), Trade.B, world("0.1"), part="0.7").slot
    order = slot.b.order
    assert order is not None
    gone = Seen(order.key, "O", order.price, order.quantity, order.filled, OrderFate.CANCELLED)
    (place,) = moved(slot, gone, world("0.1")).actions
    assert place.order.quantity == order.filled


def test_a_part_too_small_for_an_exit_goes_along_with_the_next_entry() -> None:
    slot = filled(entered(), Trade.B, world("0.1"), part="0.1").slot
    order = slot.b.order
    assert order is not None
    gone = Seen(order.key, "O", order.price, order.quantity, order.filled, OrderFate.CANCELLED)
    step = moved(slot, gone, world("0.1"))
    assert step.actions == ()
    assert step.slot.b.dust.quantity == order.filled


def test_a_cancelled_order_whose_fills_are_not_all_in_waits_for_them() -> None:
    slot = entered()
    order = slot.b.order
    assert order is not None
    gone = Seen(order.key, "O", order.price, order.quantity, order.quantity, OrderFate.FILLED)
    waiting = moved(slot, gone, world("0.1")).slot
    assert waiting.b.order is not None
    assert waiting.b.order.stage is Stage.CLOSING
    assert filled(waiting, Trade.B, world("0.1")).slot.b.exiting


def test_a_round_trip_books_the_difference_less_both_fees() -> None:
    """Bought 20.04 at 0.0998, sold at 0.100798, 0.25 % each way."""
    slot = with_exit_resting(Trade.B)
    entry, order = slot.b.position, slot.b.order
    assert order is not None
    (trip,) = filled(slot, Trade.B, world("0.101")).round_trips
    gain = order.quantity * order.price - entry.cost_usd
    fees = (order.quantity * order.price + entry.cost_usd) * D("0.0025")
    assert (trip.profit_usd, trip.fees_usd) == (gain - fees, fees)
    assert trip.profit_usd > 0


def test_after_a_round_trip_the_next_entry_is_wanted_and_scaled() -> None:
    """Spec 7."""
    slot = filled(with_exit_resting(Trade.A), Trade.A, world("0.099")).slot
    assert (slot.a.wants, slot.a.wants.scaled, slot.a.cycles) == (Cause.CYCLE, True, 1)


@pytest.mark.parametrize("cause", [Cause.BOOTSTRAP, Cause.RESEED, Cause.REPAIR])
def test_bootstrap_reseed_and_repair_are_not_scaled(cause: Cause) -> None:
    """Spec 7."""
    assert not cause.scaled


def test_the_oldest_recovery_order_is_evicted_and_its_loss_is_booked_at_the_market() -> None:
    """Spec 14."""
    options = GridOptions(slots=1, order_size_usd=D("2"), recoveries_per_slot=0, orphan_after="600", evict=Evict.BY_AGE)
    where = world("0.09", 700.0, options)
    step = after(with_exit_resting(Trade.B), 700.0, "0.09", options)
    (cancel,) = step.actions
    assert isinstance(cancel, Cancel)
    assert cancel.reason == EvictedReason(0)
    order = cancel.order
    gone = Seen(order.key, "O", order.price, order.quantity, D(0), OrderFate.CANCELLED)
    (trip,) = transition(step.slot, gone, where).round_trips
    assert trip.evicted
    assert trip.profit_usd == order.quantity * D("0.09") - order.position.cost_usd - order.position.fees_usd


def test_an_acknowledged_quantity_that_differs_halts_with_both_numbers() -> None:
    """Spec 7: state volume is placed volume."""
    slot = entered()
    order = slot.a.order
    assert order is not None
    sent = slot.with_leg(replace(slot.a, order=replace(order, stage=Stage.SENT)))
    with pytest.raises(InvariantBreach, match=f"asked for {order.quantity}, exchange took 20"):
        moved(sent, Taken(order.key, Request.PLACE, "O", order.price, D(20)), world("0.1"))


def test_a_fill_beyond_the_order_tells_that_somebody_else_enlarged_it() -> None:
    """Spec 7: 20.04 were asked for; the trade is the first that is heard of the amendment."""
    slot = filled(entered(), Trade.B, world("0.1"), part="0.9").slot
    order = slot.b.order
    assert order is not None
    step = moved(slot, Filled(order.key, "T", D("0.1"), order.quantity, D(0), 0.0), world("0.1"))
    grown = order.filled + order.quantity
    assert EnlargedByOther(1, Trade.B, order.order_id, order.quantity, grown, adopted=False) in step.notes
    looked_up = Seen(order.key, order.order_id, order.price, grown, grown, OrderFate.FILLED, proof=True)
    step = moved(step.slot, looked_up, world("0.1"))
    (surplus,) = step.slot.surpluses
    assert surplus.position.quantity == grown - order.quantity
    (place,) = step.actions
    assert (place.order.role, place.order.quantity) == (Role.EXIT, order.quantity)


def test_an_order_that_is_seen_smaller_than_asked_was_made_so_by_somebody_else_and_halts_nothing() -> None:
    """It was amended before it was seen here at all."""
    slot = entered()
    order = slot.b.order
    assert order is not None
    sent = slot.with_leg(replace(slot.b, order=replace(order, stage=Stage.SENT, order_id="")))
    less = order.quantity - 4
    step = moved(sent, Seen(order.key, "O", order.price, less, D(0), OrderFate.OPEN), world("0.1"))
    assert step.notes == (ReducedByOther(1, Trade.B, "O", order.quantity, less),)
    assert step.slot.b.order is not None
    assert (step.slot.b.order.stage, step.slot.b.order.quantity) == (Stage.OPEN, less)


def test_a_rejected_exit_is_placed_again_after_its_rest() -> None:
    step = filled(entered(), Trade.B, world("0.1"))
    key = step.actions[0].order.key
    down = TurnedDown(key, Request.PLACE, InsufficientFunds(), 15.0, by_exchange=True)
    slot = moved(step.slot, down, world("0.1", 10.0)).slot
    assert slot.b.exiting
    assert after(slot, 24.9, "0.1").actions == ()
    (place,) = after(slot, 25.0, "0.1").actions
    assert place.order.key != key


def test_what_comes_over_the_sockets_does_not_settle_an_amendment_in_doubt() -> None:
    """An event may be older than the amendment; only a look-up after its deadline tells (spec 19)."""
    slot = entered()
    order = slot.a.order
    assert order is not None
    amending = replace(order, stage=Stage.AMENDING, amended_price=D("0.11"), amended_quantity=D(19))
    slot = slot.with_leg(replace(slot.a, order=amending))
    doubted = moved(slot, Silent(order.key, Request.AMEND), world("0.1")).slot
    old = Seen(order.key, "O", order.price, order.quantity, D(0), OrderFate.OPEN)
    still = moved(doubted, old, world("0.1")).slot.a.order
    assert still is not None
    assert still.stage is Stage.UNKNOWN
    proved = moved(doubted, replace(old, quantity=D(19), price=D("0.11"), proof=True), world("0.1")).slot.a.order
    assert proved is not None
    assert (proved.stage, proved.quantity, proved.amended_quantity) == (Stage.OPEN, D(19), None)


def test_stop_cancels_what_rests_and_what_is_in_doubt_and_asks_again_after_a_growing_pause() -> None:
    """Panel spec 9: a cancel may be asked for again; nothing is lost by it."""
    slot = entered()
    slot = moved(slot, Silent(slot.orders[0].key, Request.PLACE), world("0.1")).slot
    step = cancel_all(slot, 0.0)
    assert [action.order.key for action in step.actions] == [order.key for order in slot.orders]
    assert [order.stage for order in step.slot.orders] == [Stage.UNKNOWN, Stage.CANCELLING]
    assert cancel_all(step.slot, 0.2).actions == ()
    again = cancel_all(step.slot, 0.3)
    assert len({action.key for action in (*step.actions, *again.actions)}) == 4
    assert cancel_all(again.slot, 0.7).actions == ()
    assert len(cancel_all(again.slot, 0.91).actions) == 2
