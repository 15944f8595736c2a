"""Which entries are placed and how large, all slots together (governor spec 7, 13, 15 to 18b)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.governor.actuator import EntrySide, size_entry
from engine.governor.actuator import Funds as GovernorFunds
from engine.governor.options import GovernorOptions
from engine.grid.entries import (
    BlockedBy,
    EntryPass,
    Funds,
    MissingFunds,
    Sizing,
    SizingRequest,
    compounded_usd,
    free_funds,
    place_entries,
)
from engine.grid.events import Amend, Request, RoundTrip, Taken
from engine.grid.limits import Band, Losses, PriceStale, band, book, entries_allowed, headroom, hold_all, rests
from engine.grid.machine import transition
from engine.grid.options import GridOptions
from engine.grid.ports import Side
from engine.grid.slot import Cause, Position, Slot, Stage, Trade
from tests.engine.grid.table import OPTIONS, RICH, RULES, base_size, entered, world

D = Decimal
DAY_S = 86400.0


def governed(request: SizingRequest) -> Sizing:
    """The real actuator at full skew towards buys."""
    funds = GovernorFunds(
        available_usd=request.free.usd,
        available_doge=request.free.doge,
        total_usd=request.total.usd,
        total_doge=request.total.doge,
        usd_runway_floor=D(0),
        doge_runway_floor=D(0),
    )
    sized = size_entry(
        EntrySide(request.trade.value),
        request.base_usd,
        0.3,
        funds,
        request.price,
        GovernorOptions(),
        min_volume_doge=request.minimum_quantity,
    )
    return Sizing(sized.effective_usd, 0.3, sized.reason)


def decided(
    slots: list[Slot],
    total: Funds = RICH,
    market: str = "0.1",
    *,
    options: GridOptions = OPTIONS,
    allowed: int = 100,
    now_s: float = 0.0,
    losses: Losses | None = None,
    governor: bool = False,
) -> EntryPass:
    sizer = governed if governor else base_size
    where = world(market, now_s, options)
    return place_entries(slots, total, where, sizer=sizer, losses=losses or Losses(), allowed=allowed, hold=None)


def wanting(count: int, cause: Cause) -> list[Slot]:
    """Slots of which only the buying trade wants an entry."""
    found = []
    for number in range(count):
        slot = replace(entered(), slot_id=number + 1)
        found.append(slot.with_leg(replace(slot.b, order=None, wants=cause)))
    return found


def test_five_slots_with_3_50_dollars_free_do_not_commit_9_25_together() -> None:
    """Spec 7: funds are reserved atomically across slots."""
    slots = wanting(5, Cause.CYCLE)
    total = Funds(D("3.50"), D(10000))
    made = decided(slots, total, options=GridOptions(order_size_usd=D("1.85")), governor=True)
    spent = sum(action.order.reserved_usd for action in made.actions)
    assert len(made.actions) == 1
    assert spent <= D("3.50")
    assert {blocked.cause for blocked in made.blocked} == {BlockedBy.FUNDS}


def test_only_the_favoured_side_is_scaled_and_the_other_is_exactly_its_base() -> None:
    slot = entered()
    slot = replace(
        slot, a=replace(slot.a, order=None, wants=Cause.CYCLE), b=replace(slot.b, order=None, wants=Cause.CYCLE)
    )
    sizes = {a.order.trade: a.order.size_usd for a in decided([slot], governor=True).actions}
    assert sizes == {Trade.A: D(2), Trade.B: D("2.6")}


def test_a_bootstrap_is_never_scaled() -> None:
    made = decided([Slot(1, "t")], governor=True)
    assert {action.order.size_usd for action in made.actions} == {D(2)}


def test_profit_makes_the_base_larger_and_loss_never_smaller() -> None:
    """Seed 3.6."""
    slot = Slot(1, "t")
    assert compounded_usd(replace(slot, profit_usd=D("0.5")), D(2)) == D("2.5")
    assert compounded_usd(replace(slot, profit_usd=D("-0.5")), D(2)) == D(2)


def test_without_dollars_a_slot_starts_short_only_at_twice_the_minimum() -> None:
    """Spec 15: 13 DOGE at 0.1 are 1.30; twice that and a margin for the price."""
    (action,) = decided([Slot(1, "t")], Funds(D(0), D(1000))).actions
    assert action.order.trade is Trade.A
    assert D(26) <= action.order.quantity < D("26.2")


def test_without_doge_a_slot_starts_long_only_at_twice_the_minimum() -> None:
    (action,) = decided([Slot(1, "t")], Funds(D(100), D(0))).actions
    assert action.order.trade is Trade.B
    assert D(26) <= action.order.quantity < D("26.2")


def test_with_too_little_for_the_base_a_slot_starts_with_one_side_at_the_minimum() -> None:
    (action,) = decided([Slot(1, "t")], Funds(D("1.5"), D(0))).actions
    assert D(13) <= action.order.quantity < D("13.1")


def test_with_nothing_a_slot_pauses_and_names_what_is_missing() -> None:
    made = decided([Slot(1, "t")], Funds(D("0.5"), D(3)))
    assert made.actions == ()
    missing = {b.trade: b.reason for b in made.blocked}
    assert missing == {
        Trade.A: MissingFunds(Side.SELL, D(20), D(3)),
        Trade.B: MissingFunds(Side.BUY, D(2), D("0.5")),
    }


def test_an_entry_beyond_1_percent_from_the_market_is_moved_one_a_pass() -> None:
    """Spec 13: A at 0.1002 and B at 0.0998 are 1.2 % and 0.8 % above 0.099."""
    made = decided([entered()], market="0.099")
    (action,) = made.actions
    assert isinstance(action, Amend)
    assert (action.order.trade, action.order.stage) == (Trade.A, Stage.AMENDING)
    assert action.order.amended_price == D("0.099198")


def test_the_third_move_in_one_direction_starts_a_rest_that_ends_by_itself() -> None:
    """Spec 13: 300 s from the third move."""
    slot = entered()
    slot = slot.with_leg(replace(slot.a, order=None, retry_s=1e9))
    market, moved_at = D("0.1"), []
    for now_s in (0.0, 1.0, 2.0, 3.0, 301.9, 302.0):
        market *= D("1.03")
        made = decided([slot], market=str(market), now_s=now_s)
        if made.actions:
            moved_at.append(now_s)
            slot = settled(made.slots[0])
    assert moved_at == [0.0, 1.0, 2.0, 302.0]


def settled(slot: Slot) -> Slot:
    """The exchange took the amendment of B's entry."""
    order = slot.b.order
    assert order is not None
    return transition(slot, Taken(order.key, Request.AMEND, "", None, None), world("0.1")).slot


def test_at_most_so_many_entries_a_pass_and_waiting_for_the_next_is_not_blocked() -> None:
    made = decided(wanting(5, Cause.CYCLE), allowed=2)
    assert (len(made.actions), made.blocked) == (2, ())


def test_capacity_stop_blocks_every_entry() -> None:
    made = decided(wanting(2, Cause.CYCLE), allowed=0)
    assert {blocked.cause for blocked in made.blocked} == {BlockedBy.CAPACITY}


def test_capacity_is_three_quarters_of_the_tier_less_what_rests() -> None:
    """Spec 16: 60 x 0.75 = 45."""
    free = [headroom(used, RULES, OPTIONS) for used in (25, 26, 35, 36)]
    assert free == [20, 19, 10, 9]
    bands = [band(places, Losses(), OPTIONS, 0.0) for places in free]
    assert bands == [Band.NORMAL, Band.CAUTION, Band.CAUTION, Band.STOP]
    assert [entries_allowed(each, OPTIONS) for each in (Band.NORMAL, Band.CAUTION, Band.STOP)] == [2, 1, 0]


def test_a_cancel_after_a_partial_fill_stops_capacity_for_an_hour() -> None:
    losses = Losses(partial_cancel_s=1000.0)
    assert band(40, losses, OPTIONS, 4599.9) is Band.STOP
    assert band(40, losses, OPTIONS, 4600.0) is Band.NORMAL


def lost(usd: str, at_s: float) -> RoundTrip:
    return RoundTrip("k", 1, Trade.B, Position(D(20), D(2)), D("0.1"), D(0), D(usd), evicted=False, at_s=at_s)


def test_three_dollars_lost_in_a_utc_day_hold_entries_until_it_ends() -> None:
    """Spec 17."""
    losses = book(book(Losses(), lost("-2", DAY_S + 10)), lost("-1", DAY_S + 20))
    assert hold_all(losses, None, 0.0, OPTIONS, 2 * DAY_S - 1) is not None
    assert hold_all(losses, None, 0.0, OPTIONS, 2 * DAY_S) is None


def test_a_price_older_than_60_s_holds_entries() -> None:
    assert hold_all(Losses(), None, 60.0, OPTIONS, 0.0) is None
    assert hold_all(Losses(), None, 60.1, OPTIONS, 0.0) == PriceStale(60.1, 60.0)


def test_losses_in_a_row_make_a_trade_wait_longer_and_a_gain_ends_it() -> None:
    """Spec 17: backoff from 3, cooldown from 5."""
    losses, waits = Losses(), []
    for number in range(5):
        losses = book(losses, lost("-0.1", float(number)))
        resting = rests(losses, 1, Trade.B, OPTIONS, float(number))
        waits.append(None if resting is None else resting.until_s - number)
    assert waits == [None, None, 60.0, 120.0, 3600.0]
    assert rests(book(losses, lost("0.1", 5.0)), 1, Trade.B, OPTIONS, 5.0) is None


@given(
    usd=st.decimals("0", "40", places=4),
    doge=st.decimals("0", "400", places=4),
    market=st.decimals("0.05", "0.3", places=7),
    profits=st.lists(st.decimals("-1", "3", places=3), min_size=1, max_size=6),
)
def test_a_pass_never_reserves_more_than_there_is_and_sizes_stay_in_bounds(
    usd: D, doge: D, market: D, profits: list[D]
) -> None:
    slots = [replace(Slot(n + 1, "t"), profit_usd=profit) for n, profit in enumerate(profits)]
    slots = [replace(s, a=replace(s.a, wants=Cause.CYCLE), b=replace(s.b, wants=Cause.CYCLE)) for s in slots]
    made = decided(slots, Funds(usd, doge), str(market), governor=True)
    left = free_funds(Funds(usd, doge), made.slots, RULES)
    assert left.usd >= 0
    assert left.doge >= 0
    for action in made.actions:
        base = action.order.base_usd
        assert base <= action.order.size_usd <= base * D("1.5")
        assert action.order.trade is Trade.B or action.order.size_usd == base
        assert action.order.quantity >= RULES.minimum_quantity
