"""The measured signal: idle ratio, floors, and what is not believed (spec 1)."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from statistics import correlation
from typing import Any

import pytest

from engine.governor.options import GovernorOptions, RunwayFloor
from engine.governor.reasons import NoUsdObserved, ObservationRejected
from engine.governor.signal import (
    Observation,
    Signal,
    doge_runway_floor,
    idle_ratio,
    idle_ratio_of_percent,
    measure,
    runway_floor,
)

Observe = Callable[..., Observation]


def test_the_idle_ratio_is_what_lies_above_the_floor_over_all_usd() -> None:
    assert idle_ratio(Decimal(100), Decimal(25)) == 0.75


def test_the_idle_ratio_is_never_below_zero() -> None:
    assert idle_ratio(Decimal(10), Decimal(25)) == 0.0


def test_nothing_observed_is_said_and_not_silent(observe: Observe) -> None:
    signal = measure(observe(observed_usd=Decimal(0), usd_runway_floor=Decimal(5)))
    assert signal == Signal(idle_ratio=0.0, usd_runway_breached=True, doge_runway_breached=False, note=NoUsdObserved())


def test_a_percent_is_divided_at_the_boundary() -> None:
    assert idle_ratio_of_percent(75.0) == 0.75


@pytest.mark.parametrize("percent", [-0.1, 100.1, float("nan"), float("inf")])
def test_a_percent_outside_of_its_range_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        idle_ratio_of_percent(percent)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("observed_usd", Decimal("NaN")),
        ("observed_usd", Decimal("sNaN")),
        ("observed_usd", Decimal("Infinity")),
        ("observed_usd", Decimal("-0.01")),
        ("observed_usd", Decimal("1e999999")),
        ("observed_usd", 100.0),
        ("observed_usd", None),
        ("usd_runway_floor", Decimal("NaN")),
        ("usd_runway_floor", Decimal(-1)),
        ("capacity_band", "normal"),
        ("capacity_band", None),
        ("master_on", 1),
        ("master_on", None),
    ],
)
def test_an_input_that_cannot_be_believed_is_named(observe: Observe, field: str, value: Any) -> None:
    rejected = measure(observe(**{field: value}))
    assert isinstance(rejected, ObservationRejected)
    assert rejected.field == field


def test_a_doge_balance_without_its_floor_is_not_believed(observe: Observe) -> None:
    rejected = measure(observe(observed_doge=Decimal(100)))
    assert isinstance(rejected, ObservationRejected)
    assert rejected.field == "doge_runway_floor"


def test_the_entries_floor_is_so_many_base_entries_per_slot_whatever_is_on_the_book() -> None:
    floors = {
        runway_floor(
            RunwayFloor.ENTRIES,
            base_entry_usd=Decimal("1.65"),
            slots=4,
            live_buy_orders_usd=Decimal(live),
            next_entries_usd=Decimal("6.60"),
            factor=Decimal("2.5"),
        )
        for live in (0, 3, 50)
    }
    assert floors == {Decimal("16.500")}


def test_the_committed_floor_is_live_buys_and_one_and_a_half_times_the_next_entries() -> None:
    floor = runway_floor(
        RunwayFloor.COMMITTED,
        base_entry_usd=Decimal("1.65"),
        slots=4,
        live_buy_orders_usd=Decimal("6.60"),
        next_entries_usd=Decimal("6.60"),
        factor=Decimal("1.5"),
    )
    assert floor == Decimal("16.500")


def test_the_doge_floor_is_the_same_in_the_other_currency() -> None:
    price = Decimal("0.1")
    amounts: dict[str, Any] = {"base_entry_usd": Decimal(2), "slots": 3, "next_entries_usd": Decimal(6), "price": price}
    entries = doge_runway_floor(RunwayFloor.ENTRIES, live_sell_orders_doge=Decimal(7), factor=Decimal("2.5"), **amounts)
    committed = doge_runway_floor(
        RunwayFloor.COMMITTED, live_sell_orders_doge=Decimal(7), factor=Decimal("1.5"), **amounts
    )
    assert entries == 150
    assert committed == 97


class SmallGrid:
    """Slots with a sell-entry trade (A) and a buy-entry trade (B) each, as simple as a grid can be; it counts USD.

    Entries follow the market when it is further away than 1 %; exits wait 1 % from where the entry filled.
    """

    BASE_USD = 1.65

    def __init__(self, slots: int, price: float, usd: float) -> None:
        self.usd = usd
        self.slots = slots
        self.a_entries = {slot: price * self._above(slot) for slot in range(slots)}
        self.b_entries = {slot: price / self._above(slot) for slot in range(slots)}
        self.a_exits: dict[int, float] = {}
        self.b_exits: dict[int, float] = {}

    @staticmethod
    def _above(slot: int) -> float:
        """Slots stand 0.4 % apart, so that they do not all trade in the same minute."""
        return 1.002 + 0.004 * slot

    def trade(self, price: float) -> None:
        for slot in range(self.slots):
            self._trade_a(slot, price)
            self._trade_b(slot, price)

    def _trade_a(self, slot: int, price: float) -> None:
        if slot in self.a_exits:
            if price <= self.a_exits[slot]:
                self.usd -= self.BASE_USD / 1.01
                del self.a_exits[slot]
                self.a_entries[slot] = price * self._above(slot)
        elif price >= self.a_entries[slot]:
            self.usd += self.BASE_USD
            self.a_exits[slot] = self.a_entries.pop(slot) / 1.01
        elif price * self._above(slot) < self.a_entries[slot] * 0.99:
            self.a_entries[slot] = price * self._above(slot)

    def _trade_b(self, slot: int, price: float) -> None:
        if slot in self.b_exits:
            if price >= self.b_exits[slot]:
                self.usd += self.BASE_USD * 1.01
                del self.b_exits[slot]
                self.b_entries[slot] = price / self._above(slot)
        elif price <= self.b_entries[slot]:
            self.usd -= self.BASE_USD
            self.b_exits[slot] = self.b_entries.pop(slot) * 1.01
        elif price / self._above(slot) > self.b_entries[slot] * 1.01:
            self.b_entries[slot] = price / self._above(slot)

    def live_buy_orders_usd(self) -> float:
        return self.BASE_USD * len(self.b_entries) + self.BASE_USD / 1.01 * len(self.a_exits)


def _correlation_of_hourly_changes(kind: RunwayFloor) -> float:
    options = GovernorOptions(runway_floor=kind)
    market = random.Random(20261120)
    grid, price = SmallGrid(slots=8, price=0.0966, usd=132.0), 0.0966
    ratios, balances = [], []
    for tick in range(12 * 24 * 40):
        price *= 1 + market.gauss(0, 0.004) + 0.004 * (0.0966 / price - 1)
        grid.trade(price)
        if tick % 12 == 0:
            observed_usd = Decimal(repr(grid.usd))
            floor = runway_floor(
                kind,
                base_entry_usd=Decimal("1.65"),
                slots=grid.slots,
                live_buy_orders_usd=Decimal(repr(grid.live_buy_orders_usd())),
                next_entries_usd=Decimal("1.65") * grid.slots,
                factor=options.runway_factor,
            )
            ratios.append(idle_ratio(observed_usd, floor))
            balances.append(grid.usd)
    changes = [[after - before for before, after in pairwise(series)] for series in (ratios, balances)]
    assert sum(change != 0 for change in changes[1]) > 100, "the simulated grid must trade"
    return correlation(changes[0], changes[1])


def test_with_the_default_floor_the_signal_moves_with_usd() -> None:
    """Spec 1: correlation of hourly changes +0.9 or more."""
    assert _correlation_of_hourly_changes(RunwayFloor.ENTRIES) >= 0.9


def test_with_the_hosts_floor_the_signal_moves_against_usd() -> None:
    """Spec 1: the host's floor turns the sign."""
    assert _correlation_of_hourly_changes(RunwayFloor.COMMITTED) <= -0.9
