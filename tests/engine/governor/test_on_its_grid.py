"""Governor and grid as the desk joins them: what is measured, and what becomes of the sizes (seed 3, 7; spec 1, 7)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.bus import Bus
from engine.core.modes import AskedByPerson, Mode
from engine.core.switch import MasterSwitch
from engine.governed import Governed
from engine.governor.messages import CapacityBand
from engine.governor.options import GovernorOptions, RunwayFloor
from engine.governor.reasons import StarvationGuarded, UsdRunwayBreached
from engine.governor.signal import Observation, measure
from engine.grid.books import Books
from engine.grid.decider import Decider
from engine.grid.entries import Funds, SizingRequest, compounded_usd, place_entries
from engine.grid.events import Place
from engine.grid.limits import Losses
from engine.grid.options import GridOptions
from engine.grid.ports import Balances, PairRules, Quote, StreamBack
from engine.grid.slot import Cause, Slot, Trade
from tests.engine.grid.table import OPTIONS, RULES, world

D = Decimal


@dataclass
class Joined:
    """The desk's wiring around a grid's snapshot, with a skew set by hand."""

    governed: Governed
    bus: Bus
    switch: MasterSwitch
    skew: float = 0.0


def joined(usd: str = "42", options: GovernorOptions | None = None, slots: int = 5) -> Joined:
    """Slots of 2 dollars, five as the paper default has them, at 0.0966, with 1000 DOGE."""
    bus = Bus()
    switch = MasterSwitch(Mode.PAPER, bus, lambda position: None, 0.0)
    held = Joined(None, bus, switch)  # type: ignore[arg-type]
    chosen = options or GovernorOptions()
    held.governed = Governed(bus, switch, lambda: chosen, lambda: held.skew)
    decider = Decider(Books(), RULES, Balances(D(usd), D(1000), 0.0), "t", held.governed.size)
    decider.ensure_slots(slots)
    grid = GridOptions(slots=slots)
    for arrival in (StreamBack(), Quote(D("0.0965"), D("0.0967"), 0.0)):
        decider.take_in(arrival, grid, 0.0)
    bus.publish(decider.snapshot(grid, 0.0))
    return held


def asked(trade: Trade, *, usd: str = "42", total: str = "42") -> SizingRequest:
    free, all_of_it = Funds(D(usd), D(1000)), Funds(D(total), D(1000))
    return SizingRequest(trade, D(2), D("0.0966"), free, all_of_it, D(13))


def test_the_floor_is_two_and_a_half_base_entries_for_each_slot() -> None:
    """Spec 1: 2.5 x 2.00 x 5 = 25.00 of 42.00, so 17.00 are idle."""
    observation = joined().governed.observe()
    assert observation is not None
    assert (observation.observed_usd, observation.usd_runway_floor) == (D(42), D(25))
    measured = measure(observation)
    assert measured.idle_ratio == pytest.approx(17 / 42)  # type: ignore[union-attr]


def test_the_hosts_floor_can_be_chosen() -> None:
    """Spec 1: live buy orders + 1.5 x next entries; nothing rests yet, five buys of 2.00 come next."""
    chosen = GovernorOptions(runway_floor=RunwayFloor.COMMITTED)
    observation = joined(options=chosen).governed.observe()
    assert observation is not None
    assert observation.usd_runway_floor == D(15)


def test_before_the_grid_has_shown_a_price_there_is_nothing_to_observe() -> None:
    bus = Bus()
    switch = MasterSwitch(Mode.PAPER, bus, lambda position: None, 0.0)
    assert Governed(bus, switch, GovernorOptions, lambda: 0.3).observe() is None


def test_the_grids_own_band_is_the_governors_and_the_switch_is_told() -> None:
    """Seed 5, invariant 5: existing band semantics, no new gate."""
    held = joined()
    observation = held.governed.observe()
    assert observation is not None
    assert (observation.capacity_band, observation.master_on) == (CapacityBand.NORMAL, True)
    held.switch.stop(AskedByPerson("here"), 1.0)
    observation = held.governed.observe()
    assert observation is not None
    assert observation.master_on is False


def test_one_skew_holds_for_every_slot() -> None:
    """Seed 6.3: computed once, read by each slot as it sizes its next order."""
    held = joined()
    held.skew = 0.2
    sizes = {held.governed.size(asked(Trade.B)).size_usd for _ in range(5)}
    assert sizes == {D("2.4")}
    assert "slot_id" not in {field.name for field in fields(SizingRequest)}


@pytest.mark.parametrize(("skew", "a", "b"), [(0.3, "2", "2.6"), (-0.3, "2.6", "2"), (0.0, "2", "2")])
def test_only_the_excess_side_grows(skew: float, a: str, b: str) -> None:
    """Seed 3.2."""
    held = joined()
    held.skew = skew
    assert [held.governed.size(asked(trade)).size_usd for trade in (Trade.A, Trade.B)] == [D(a), D(b)]


def test_the_guards_of_the_order_hold_when_the_desk_joins_them() -> None:
    """Seed 5, invariants 3 and 4: the total is compared with the floor, what is free with the next base size."""
    held = joined(slots=1)
    held.skew = 0.3
    breached = held.governed.size(asked(Trade.B, total="4.99"))
    assert (breached.size_usd, type(breached.reason)) == (D(2), UsdRunwayBreached)
    guarded = held.governed.size(asked(Trade.B, usd="4.10"))
    assert (guarded.size_usd, type(guarded.reason)) == (D("2.10"), StarvationGuarded)


def test_no_market_order_and_no_other_order_comes_of_a_skew() -> None:
    """Seed, locked decisions 1 to 3: the same entries at the same prices, of which only some sizes differ."""
    held = joined(usd="200")
    plain_, skewed = (placed(held, skew) for skew in (0.0, 0.3))
    assert [(place.order.key, place.order.side, place.order.price) for place in plain_] == [
        (place.order.key, place.order.side, place.order.price) for place in skewed
    ]
    assert [place.order.quantity for place in plain_] != [place.order.quantity for place in skewed]


def placed(held: Joined, skew: float) -> list[Place]:
    held.skew = skew
    slots = [Slot(number, "t") for number in range(1, 6)]
    slots = [replace(s, a=replace(s.a, wants=Cause.CYCLE), b=replace(s.b, wants=Cause.CYCLE)) for s in slots]
    funds = Funds(D(200), D(5000))
    made = place_entries(
        slots, funds, world("0.0966"), sizer=held.governed.size, losses=Losses(), allowed=10, hold=None
    )
    return [action for action in made.actions if isinstance(action, Place)]


@given(
    trade=st.sampled_from(Trade),
    skew=st.sampled_from([-0.3, -0.15, -0.05, 0.05, 0.15, 0.3]),
    profit=st.decimals("-1", "3", places=3),
    share=st.decimals("0.9", "2.5", places=3),
)
def test_a_skew_blocks_no_entry_that_would_be_placed_without_it(trade: Trade, skew: float, profit: D, share: D) -> None:
    """Seed 3.4 and 3.5: no slot is degraded. One slot, no floor, and `share` times the base size of either currency."""
    held = joined(options=GovernorOptions(runway_entries_factor=D(0)), slots=1)
    slot = replace(Slot(1, "t"), profit_usd=profit)
    other = slot.leg(Trade.B if trade is Trade.A else Trade.A)
    slot = slot.with_leg(replace(other, retry_s=1e9)).with_leg(replace(slot.leg(trade), wants=Cause.CYCLE))
    usd = compounded_usd(slot, OPTIONS.order_size_usd) * share
    placed_with = []
    for each in (0.0, skew):
        held.skew = each
        made = place_entries(
            [slot],
            Funds(usd, usd / D("0.0966")),
            world("0.0966"),
            sizer=held.governed.size,
            losses=Losses(),
            allowed=2,
            hold=None,
        )
        placed_with.append(len(made.actions))
    assert placed_with[0] == placed_with[1]


def test_the_governor_has_no_word_about_prices_slots_exits_or_pairs() -> None:
    """Seed, scope: out of it are entry_pct, exit prices, recovery orders, slot counts and other pairs."""
    grid_options = {name for name in GridOptions.model_fields if name.endswith(("_pct", "slots", "slot"))}
    assert {"entry_pct", "profit_pct", "refresh_pct", "slots"} <= grid_options
    assert not grid_options & set(GovernorOptions.model_fields)
    observed = {field.name for field in fields(Observation)}
    assert not observed & {"price", "pair", "entry_pct", "exit_price"}
    assert PairRules.__dataclass_fields__.keys() & observed == set()


def test_no_option_lets_the_governor_shrink_an_entry_or_integrate_an_error() -> None:
    """Seed, scope out 7, and 2.1: the multiple is never below 1, and there is no integral gain."""
    assert GovernorOptions.model_fields["max_size_mult"].metadata[0].ge == 1
    assert not {"ki", "min_size_mult"} & set(GovernorOptions.model_fields)


def test_the_grids_orders_are_sized_by_one_number() -> None:
    """Seed 3.3 and 7.1: the scaled dollars become the volume once, and that is the volume on the wire."""
    held = joined(usd="200")
    for place in placed(held, 0.3):
        wanted = (place.order.size_usd / place.order.price).quantize(D("1e-8"), rounding="ROUND_FLOOR")
        assert place.order.quantity == wanted
        assert place.order.base_usd == OPTIONS.order_size_usd
