"""What holds entries back, seen from the whole grid (governor spec 15 to 18b)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.core.gate import Delivered, SwitchHolds
from engine.core.modes import Switch
from engine.grid.arrivals import Answered, LookUp
from engine.grid.books import Books
from engine.grid.client_ids import client_id_of
from engine.grid.decider import Decider
from engine.grid.entries import BlockedBy, Sizer
from engine.grid.events import Action, Place
from engine.grid.limits import (
    Band,
    BelowStopFloor,
    DailyLossReached,
    Losses,
    PriceStale,
    ProfitBelowFees,
    profit_below_fees,
)
from engine.grid.messages import Disconnected, PriceAwaited, Reconciling
from engine.grid.options import GridOptions
from engine.grid.ports import (
    Balances,
    OrderFate,
    OrderTaken,
    PairRules,
    Quote,
    Side,
    StreamBack,
    StreamLost,
    VenueFill,
    VenueOrder,
    VenueSilent,
)
from engine.grid.slot import Role, Trade
from engine.grid.troubles import EarlierOrders
from tests.engine.grid.table import RULES, base_size

D = Decimal
DAY_S = 86_400.0
NOON_S = 20_000 * DAY_S + DAY_S / 2
OPTIONS = GridOptions(slots=1)


def a_decider(
    *,
    usd: str = "42",
    doge: str = "1000",
    losses: Losses | None = None,
    rules: PairRules = RULES,
    sizer: Sizer = base_size,
) -> Decider:
    books = Books()
    if losses is not None:
        books.losses = losses
    decider = Decider(books, rules, Balances(D(usd), D(doge), NOON_S), "t", sizer)
    decider.ensure_slots(1)
    return decider


def read(decider: Decider, now_s: float = NOON_S, *, foreign_orders: int = 0) -> Decider:
    """The sockets are up, a price is there, and the account was read to the end."""
    decider.take_in(StreamBack(), OPTIONS, now_s)
    decider.take_in(quoted(now_s), OPTIONS, now_s)
    foreign = tuple(
        VenueOrder("", f"F{number}", Side.BUY, D("0.01"), D(13), D(0), OrderFate.OPEN, now_s, holds=("EUR", D(1)))
        for number in range(foreign_orders)
    )
    reading = LookUp(complete=True, session=decider.session, foreign=foreign, asked_s=now_s)
    decider.take_in(reading, OPTIONS, now_s)
    return decider


def quoted(at_s: float, mid: str = "0.0966") -> Quote:
    return Quote(D(mid) - D("0.0001"), D(mid) + D("0.0001"), at_s)


def ticked(
    decider: Decider, now_s: float = NOON_S, options: GridOptions = OPTIONS, switch: Switch = Switch.RUNNING
) -> list[Action]:
    return decider.tick(switch, options, now_s)


def blocked(decider: Decider, options: GridOptions = OPTIONS) -> dict[tuple[Side, BlockedBy], int]:
    counts = decider.snapshot(options, NOON_S).blocked
    return {(row.side, row.cause): row.count for row in counts}


def test_nothing_is_placed_before_orders_and_trades_were_read() -> None:
    """Spec 18."""
    decider = a_decider()
    assert ticked(decider) == []
    assert isinstance(decider.snapshot(OPTIONS, NOON_S).why, Reconciling)
    decider.take_in(StreamBack(), OPTIONS, NOON_S)
    decider.take_in(quoted(NOON_S), OPTIONS, NOON_S)
    assert ticked(decider) == []
    decider.take_in(LookUp(complete=True, session=decider.session), OPTIONS, NOON_S)
    assert [type(action) for action in ticked(decider)] == [Place, Place]


def test_a_reading_that_began_before_the_sockets_were_up_does_not_count() -> None:
    decider = a_decider()
    began = decider.session
    decider.take_in(StreamBack(), OPTIONS, NOON_S)
    decider.take_in(quoted(NOON_S), OPTIONS, NOON_S)
    decider.take_in(LookUp(complete=True, session=began), OPTIONS, NOON_S)
    assert ticked(decider) == []


def test_when_the_sockets_drop_nothing_is_placed_until_the_missed_part_was_read() -> None:
    decider = read(a_decider())
    decider.take_in(StreamLost(VenueSilent("gone")), OPTIONS, NOON_S)
    assert ticked(decider) == []
    assert isinstance(decider.snapshot(OPTIONS, NOON_S).why, Disconnected)
    decider.take_in(StreamBack(), OPTIONS, NOON_S)
    assert ticked(decider) == []
    assert len(ticked(read(decider))) == 2


def test_without_a_price_nothing_is_placed() -> None:
    decider = a_decider()
    decider.take_in(StreamBack(), OPTIONS, NOON_S)
    decider.take_in(LookUp(complete=True, session=decider.session), OPTIONS, NOON_S)
    assert ticked(decider) == []
    assert decider.snapshot(OPTIONS, NOON_S).why == PriceAwaited()


def test_a_price_older_than_60_s_pauses_entries_exits_and_moves_and_is_counted() -> None:
    """Spec 17 and 18b."""
    decider = read(a_decider())
    assert ticked(decider, NOON_S + 60.5) == []
    assert isinstance(decider.snapshot(OPTIONS, NOON_S + 60.5).why, PriceStale)
    assert blocked(decider) == {(Side.SELL, BlockedBy.PRICE_AGE): 1, (Side.BUY, BlockedBy.PRICE_AGE): 1}
    decider.take_in(quoted(NOON_S + 61), OPTIONS, NOON_S + 61)
    assert len(ticked(decider, NOON_S + 61)) == 2


def test_the_daily_loss_holds_entries_and_no_resume_lifts_it_before_the_utc_day_ends() -> None:
    """Spec 17: pauses, cannot be resumed while it holds."""
    losses = Losses(day=20_000, realised_usd=D("-3.00"))
    decider = read(a_decider(losses=losses))
    for position in (Switch.RUNNING, Switch.PAUSED, Switch.RUNNING):
        assert ticked(decider, switch=position) == []
    assert decider.snapshot(OPTIONS, NOON_S).why == DailyLossReached(D("-3.00"), D("3.00"))
    assert blocked(decider) == {(Side.SELL, BlockedBy.LIMIT): 1, (Side.BUY, BlockedBy.LIMIT): 1}
    midnight_s = 20_001 * DAY_S
    decider.take_in(quoted(midnight_s), OPTIONS, midnight_s)
    assert len(ticked(decider, midnight_s)) == 2


def test_the_daily_loss_is_remembered_over_a_restart() -> None:
    decider = a_decider(losses=Losses(day=20_000, realised_usd=D("-3.00")))
    decider.books._changed.add("losses")
    memories, _ = decider.books.take_changes(NOON_S)
    restored = Books.restore({memory.name: memory.value for memory in memories}, [])
    assert restored.losses == decider.books.losses


def test_under_the_stop_floor_nothing_is_entered() -> None:
    """Spec 17: total value = 42 + 1000 x 0.0966 = 138.60."""
    options = GridOptions(slots=1, stop_floor_usd=D("138.61"))
    decider = read(a_decider())
    assert ticked(decider, options=options) == []
    assert decider.snapshot(options, NOON_S).why == BelowStopFloor(D("138.6000"), D("138.61"))
    assert len(ticked(decider, options=GridOptions(slots=1, stop_floor_usd=D("138.60")))) == 2


def test_an_exit_that_does_not_earn_its_fees_holds_entries() -> None:
    """Spec 12: profit_pct is more than the round trip of maker fees read from the exchange."""
    options = GridOptions(slots=1, profit_pct=D("0.5"))
    decider = read(a_decider())
    assert ticked(decider, options=options) == []
    assert decider.snapshot(options, NOON_S).why == ProfitBelowFees(D("0.5"), D("0.5013"))
    assert len(ticked(decider, options=GridOptions(slots=1, profit_pct=D("0.51")))) == 2


@pytest.mark.parametrize("fee", ["0", "0.0010", "0.0025", "0.01"])
def test_a_round_trip_beyond_the_bound_earns_and_one_at_it_does_not(fee: str) -> None:
    """Bought at 1 and sold at 1 + profit, each with its fee; the mirrored trade earns as soon as this one does."""
    rules = replace(RULES, maker_fee_ratio=D(fee))
    for step in range(1, 400):
        profit_pct = D(step) / 100
        bought_first = D(1 - D(fee)) * (1 + profit_pct / 100) - (1 + D(fee))
        refused = profit_below_fees(rules, GridOptions(profit_pct=profit_pct)) is not None
        assert refused == (bought_first <= 0)


def test_orders_of_other_programs_take_up_capacity() -> None:
    """Spec 16: 60 x 0.75 = 45 places; 36 foreign orders leave 9, which is fewer than 10."""
    decider = read(a_decider(), foreign_orders=36)
    assert ticked(decider) == []
    assert decider.snapshot(OPTIONS, NOON_S).band is Band.STOP
    assert blocked(decider) == {(Side.SELL, BlockedBy.CAPACITY): 1, (Side.BUY, BlockedBy.CAPACITY): 1}


def test_near_capacity_one_entry_a_pass_is_placed() -> None:
    decider = read(a_decider(), foreign_orders=26)
    assert decider.snapshot(OPTIONS, NOON_S).band is Band.CAUTION
    assert len(ticked(decider)) == 1


def test_a_want_is_counted_once_for_as_long_as_one_cause_blocks_it() -> None:
    """Spec 18b: by slot, side and cause."""
    decider = read(a_decider(usd="0.5"))
    for _ in range(5):
        ticked(decider)
    assert blocked(decider) == {(Side.BUY, BlockedBy.FUNDS): 1}
    assert {row.slot_id for row in decider.snapshot(OPTIONS, NOON_S).blocked} == {1}


def test_too_small_an_entry_is_counted_as_below_the_minimum() -> None:
    """The minimum comes from the exchange (spec 15)."""
    rules = replace(RULES, minimum_quantity=D(500))
    decider = read(a_decider(usd="100", doge="5000", rules=rules))
    assert ticked(decider) == []
    assert set(blocked(decider)) == {(Side.SELL, BlockedBy.MINIMUM), (Side.BUY, BlockedBy.MINIMUM)}


def test_losses_in_a_row_are_counted_as_cooldown() -> None:
    losses = Losses(streaks=((1, Trade.B, 5, NOON_S - 10),))
    decider = read(a_decider(losses=losses))
    (placed,) = ticked(decider)
    assert placed.order.trade is Trade.A
    assert blocked(decider) == {(Side.BUY, BlockedBy.COOLDOWN): 1}


def test_paused_or_stopped_nothing_is_entered_and_stop_takes_orders_off_the_book() -> None:
    decider = read(a_decider())
    assert ticked(decider, switch=Switch.PAUSED) == []
    assert decider.snapshot(OPTIONS, NOON_S).why == SwitchHolds(Switch.PAUSED)
    placed = ticked(decider)
    assert {action.order.role for action in placed} == {Role.ENTRY}
    cancels = ticked(decider, switch=Switch.STOPPED)
    assert {action.order.key for action in cancels} == {action.order.key for action in placed}


def test_a_time_of_the_exchange_that_lies_ahead_neither_hides_a_loss_nor_trades_to_come() -> None:
    """A trade told with a time of next year counts for today, and today is read again."""
    decider = read(a_decider())
    entry = next(action.order for action in ticked(decider) if action.order.trade is Trade.B)
    seen = VenueOrder(entry.client_id, "O", Side.BUY, entry.price, entry.quantity, D(0), OrderFate.OPEN, NOON_S)
    decider.take_in(seen, OPTIONS, NOON_S)
    next_year_s = NOON_S + 365 * DAY_S
    fill = VenueFill("T", "O", entry.client_id, Side.BUY, entry.price, entry.quantity, D(0), True, next_year_s)
    decider.take_in(LookUp(fills=(fill,), complete=True, session=decider.session), OPTIONS, NOON_S)
    assert decider.books.last_read_s == NOON_S
    (exit_,) = (order for order in decider.orders if order.role is Role.EXIT)
    loss = VenueFill("T2", "O2", exit_.client_id, Side.SELL, exit_.price / 2, exit_.quantity, D(0), True, next_year_s)
    decider.take_in(loss, OPTIONS, NOON_S)
    assert decider.books.losses.day == 20_000
    assert decider.books.losses.realised_usd < 0


def test_a_breach_halts_its_slot_with_both_numbers_shown_and_the_other_slots_go_on() -> None:
    """Spec 7 and 11; seed 5, invariant 9."""
    options = GridOptions(slots=2)
    decider = a_decider()
    decider.ensure_slots(2)
    action = ticked(read(decider), options=options)[0]
    taken = OrderTaken("O", action.order.price, action.order.quantity - D("0.00000001"))
    decider.take_in(Answered(action, Delivered(taken)), options, NOON_S)
    assert decider.snapshot(options, NOON_S).halted
    (trouble,) = decider.troubles
    assert f"asked for {action.order.quantity}" in str(trouble.reason)
    assert [way.verb for way in trouble.ways] == ["accept", "release"]
    later = ticked(decider, NOON_S + 1, options)
    assert {placed.order.key.split(".")[1][0] for placed in later} == {"2"}


@pytest.mark.parametrize(("pair", "placed"), [("", 0), ("ETH/USD", 2)])
def test_no_entry_is_placed_beside_orders_of_an_earlier_life_on_the_pair(pair: str, placed: int) -> None:
    """Issue 13, 6: a person is asked what becomes of them first."""
    decider = a_decider()
    decider.take_in(StreamBack(), OPTIONS, NOON_S)
    decider.take_in(quoted(NOON_S), OPTIONS, NOON_S)
    name = client_id_of("life-0a1b2c3.1A.entry.0")
    order = VenueOrder(name, "F", Side.SELL, D("0.1"), D(20), D(0), OrderFate.OPEN, NOON_S, pair)
    decider.take_in(LookUp(complete=True, session=decider.session, foreign=(order,), asked_s=NOON_S), OPTIONS, NOON_S)
    assert len(ticked(decider)) == placed
    why = decider.snapshot(OPTIONS, NOON_S).why
    assert why == (None if placed else EarlierOrders(1))
