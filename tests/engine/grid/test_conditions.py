"""What keeps a grid from coming to anything is shown while it lasts and told once (governor spec 14 and 18c)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.core.gate import Rejected
from engine.core.messages import Reason
from engine.core.modes import Switch
from engine.grid.arrivals import Answered, LookUp, RulesRead
from engine.grid.books import Books
from engine.grid.conditions import OrderBelowMinimum, standing
from engine.grid.decider import Decider
from engine.grid.entries import Sizing
from engine.grid.events import CapacityEvictedReason, InventoryAbandoned
from engine.grid.messages import GridNote
from engine.grid.options import GridOptions
from engine.grid.ports import (
    Balances,
    BelowMinimum,
    Close,
    LedgerEntry,
    LedgerKind,
    MarketSaid,
    MarketStatus,
    OrderFate,
    Quote,
    Side,
    StreamBack,
    VenueOrder,
    VenueRefused,
    Wallet,
)
from engine.grid.slot import Slot, Stage
from engine.grid.volatility import WITHOUT_DATA_S, FewExitsFill, exit_wait
from tests.engine.grid.table import OPTIONS, RULES, entered, world
from tests.engine.grid.test_recovery import BY_CAPACITY, recovering

D = Decimal


def decider(options: GridOptions = OPTIONS) -> Decider:
    found = Decider(Books(), RULES, Balances(D(100), D(3000), 0.0), "t", lambda asked: Sizing(asked.base_usd, 0.0))
    found.ensure_slots(options.slots)
    for arrival in (StreamBack(), LookUp(complete=True, session=1)):
        found.take_in(arrival, options, 0.0)
    return found


def ticked(grid: Decider, price: str, at_s: float, options: GridOptions = OPTIONS) -> list[object]:
    """The reasons told by one tick at this price."""
    grid.events.clear()
    grid.take_in(Quote(D(price), D(price), at_s), options, at_s)
    grid.tick(Switch.RUNNING, options, at_s)
    return [event.reason for event in grid.events if isinstance(event, GridNote)]


@pytest.mark.parametrize("said", [status for status in MarketStatus if status is not MarketStatus.ONLINE])
def test_a_status_that_the_exchange_says_is_shown_until_it_is_over(said: MarketStatus) -> None:
    """Before the rules are read again they say online still."""
    grid = decider()
    for status in (said, MarketStatus.ONLINE):
        grid.take_in(MarketSaid(status, 1.0), OPTIONS, 1.0)
        assert grid.snapshot(OPTIONS, 1.0).market is status


def test_a_pair_that_was_closed_is_traded_as_soon_as_its_rules_say_so() -> None:
    grid = decider()
    grid.take_in(MarketSaid(MarketStatus.ONLINE, 1.0), OPTIONS, 1.0)
    shown = []
    for status in (MarketStatus.CANCEL_ONLY, MarketStatus.ONLINE):
        grid.take_in(RulesRead(replace(RULES, status=status)), OPTIONS, 1.0)
        ticked(grid, "0.1", 1.0)
        shown.append((grid.snapshot(OPTIONS, 1.0).state, grid.snapshot(OPTIONS, 1.0).market))
    assert shown == [("held", MarketStatus.CANCEL_ONLY), ("running", MarketStatus.ONLINE)]


@pytest.mark.parametrize("refusal", [BelowMinimum(), VenueRefused("EOrder:Invalid price", "reread")])
def test_a_refusal_that_the_rules_would_have_told_makes_them_be_read_again(refusal: Reason) -> None:
    grid = decider()
    grid.take_in(Quote(D("0.1"), D("0.1"), 1.0), OPTIONS, 1.0)
    action = grid.tick(Switch.RUNNING, OPTIONS, 1.0)[0]
    assert not grid.wants_rules
    grid.take_in(Answered(action, Rejected(refusal)), OPTIONS, 2.0)
    assert grid.wants_rules


def test_an_order_below_the_exchange_s_minimum_is_told_once_for_as_long_as_it_lasts() -> None:
    """2 USD buy less than 13 DOGE above 0.1538."""
    grid = decider()
    assert ticked(grid, "0.15", 1.0) == []
    (told,) = ticked(grid, "0.16", 2.0)
    assert told == OrderBelowMinimum(D("2"), D("13") * D("0.16"), D("0.16"))
    assert ticked(grid, "0.17", 3.0) == []
    (shown,) = grid.snapshot(OPTIONS, 3.0).conditions
    assert isinstance(shown, OrderBelowMinimum)
    assert shown.price == D("0.17")
    assert ticked(grid, "0.15", 4.0) == []
    assert grid.snapshot(OPTIONS, 4.0).conditions == ()
    assert len(ticked(grid, "0.16", 5.0)) == 1


def test_a_slot_whose_profit_lifts_its_orders_above_the_minimum_trades() -> None:
    rich = Slot(2, "t", profit_usd=D(1))
    where = world("0.16")
    assert len(standing([Slot(1, "t")], exit_wait(D(1), None, None), where)) == 1
    assert standing([Slot(1, "t"), rich], exit_wait(D(1), None, None), where) == ()


def test_a_wait_by_which_few_exits_have_filled_is_told_with_their_share() -> None:
    impatient = OPTIONS.model_copy(update={"orphan_after": "600"})
    grid = decider(impatient)
    grid.closes.learn([Close(60.0 * at, D("0.1") if at % 2 else D("0.1001")) for at in range(100)])
    (told,) = ticked(grid, "0.1", 6000.0, impatient)
    assert isinstance(told, FewExitsFill)
    assert (told.wait_s, told.profit_pct) == (600.0, D("1.0"))
    assert 0 < told.fill_ratio < 0.3
    assert grid.snapshot(impatient, 6000.0).exit_wait.seconds == 600.0


def test_exits_wait_as_long_as_the_market_asks_for_once_there_is_data() -> None:
    grid = decider()
    ticked(grid, "0.1", 1.0)
    assert grid.snapshot(OPTIONS, 1.0).exit_wait.seconds == WITHOUT_DATA_S
    grid.closes.learn([Close(60.0 * at, D("0.1") if at % 2 else D("0.1001")) for at in range(100)])
    assert grid.snapshot(OPTIONS, 6000.0).exit_wait.seconds != WITHOUT_DATA_S


def test_where_places_run_out_a_recovery_order_is_given_up_and_its_inventory_is_listed() -> None:
    """45 places, five orders of others fewer: with two entries' room missing one recovery order goes."""
    grid = decider(BY_CAPACITY)
    slot = recovering()
    working = entered(options=BY_CAPACITY).b.order
    assert working is not None
    grid.books.put(slot.with_leg(replace(slot.b, order=replace(working, key="t.1B.entry.77"))))
    others = tuple(
        VenueOrder("", f"F{number}", Side.BUY, D("0.01"), D(13), D(0), OrderFate.OPEN, 800.0, holds=("EUR", D(1)))
        for number in range(33)
    )
    grid.take_in(LookUp(complete=True, session=1, foreign=others, asked_s=800.0), BY_CAPACITY, 800.0)
    grid.take_in(Quote(D("0.09"), D("0.09"), 800.0), BY_CAPACITY, 800.0)
    actions = grid.tick(Switch.RUNNING, BY_CAPACITY, 800.0)
    (cancel,) = (action for action in actions if isinstance(action.reason, CapacityEvictedReason))
    assert cancel.order.stage is Stage.CANCELLING
    again = grid.tick(Switch.RUNNING, BY_CAPACITY, 801.0)
    assert not [action for action in again if isinstance(action.reason, CapacityEvictedReason)]
    assert not [event for event in grid.events if isinstance(getattr(event, "reason", None), InventoryAbandoned)]


def test_a_deposit_is_no_result() -> None:
    grid = decider()
    ticked(grid, "0.1", 1.0)
    deposit = LedgerEntry("L", "USD", Wallet.SPOT, LedgerKind.DEPOSIT, "deposit", "", D(50), D(0), 2.0)
    grid.take_in(deposit, OPTIONS, 2.0)
    money = grid.snapshot(OPTIONS, 2.0).money
    assert (money.value_usd, money.against_holding_usd) == (D(450), 0)
