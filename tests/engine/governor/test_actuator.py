"""Sizes of entries (spec 7; seed sections 3 and 5)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from engine.governor.actuator import (
    SCALED_ORIGINS,
    EntryOrigin,
    EntryRequest,
    EntrySide,
    Funds,
    compounded_size_usd,
    reserve,
    size_and_reserve,
    size_entry,
    volume_drift,
)
from engine.governor.options import GovernorOptions
from engine.governor.reasons import (
    BelowMinimum,
    Disabled,
    DogeRunwayBreached,
    InsufficientFunds,
    NoSkew,
    NotScaledHere,
    OtherSide,
    Scaled,
    SizeCapped,
    SkewRejected,
    StarvationGuarded,
    UsdRunwayBreached,
    VolumeDrift,
)

MakeFunds = Callable[..., Funds]

BASE = Decimal("1.65")
PRICE = Decimal("0.0966")
MINIMUM = Decimal(13)


def _size(side: EntrySide, skew: float, funds: Funds, options: GovernorOptions, **changes: Any) -> Any:
    arguments: dict[str, Any] = {"compounded_usd": BASE, "price": PRICE, "min_volume_doge": MINIMUM} | changes
    return size_entry(side, skew=skew, funds=funds, options=options, **arguments)


def test_the_b_side_of_the_golden_case_is_exact(funds: MakeFunds, options: GovernorOptions) -> None:
    """Spec 4: 1.65 dollars at skew 0.05."""
    sizing = _size(EntrySide.B, 0.05, funds(), options)
    assert sizing.effective_usd == Decimal("1.7325")
    assert sizing.multiplier == Decimal("1.05")
    assert sizing.reason == Scaled(0.05, Decimal("1.05"))
    assert sizing.blocked is None


def test_full_skew_of_the_sources_appendix(funds: MakeFunds, options: GovernorOptions) -> None:
    assert _size(EntrySide.B, 0.30, funds(), options).effective_usd == Decimal("2.145")
    assert _size(EntrySide.A, 0.30, funds(), options).effective_usd == BASE


def test_a_skew_with_a_rounding_error_gives_the_clean_multiplier(funds: MakeFunds, options: GovernorOptions) -> None:
    assert _size(EntrySide.B, 0.05 + 0.05 + 0.05, funds(), options).multiplier == Decimal("1.15")


@pytest.mark.parametrize(("skew", "scaled"), [(0.2, EntrySide.B), (-0.2, EntrySide.A)])
def test_only_the_excess_side_is_scaled(
    funds: MakeFunds, options: GovernorOptions, skew: float, scaled: EntrySide
) -> None:
    for side in EntrySide:
        sizing = _size(side, skew, funds(), options)
        assert sizing.effective_usd == (BASE * Decimal("1.2") if side is scaled else BASE)
        assert isinstance(sizing.reason, Scaled if side is scaled else OtherSide)


def test_without_skew_both_sides_have_their_base_size(funds: MakeFunds, options: GovernorOptions) -> None:
    for side in EntrySide:
        sizing = _size(side, 0.0, funds(), options)
        assert (sizing.effective_usd, sizing.reason) == (BASE, NoSkew())


def test_profit_compounds_and_loss_does_not_shrink() -> None:
    assert compounded_size_usd(Decimal("1.50"), Decimal("0.15")) == Decimal("1.65")
    assert compounded_size_usd(Decimal("1.50"), Decimal("-0.40")) == Decimal("1.50")


def test_no_entry_exceeds_one_and_a_half_times_its_base(funds: MakeFunds) -> None:
    options = GovernorOptions(max_skew=1.0, size_sensitivity=5.0)
    sizing = _size(EntrySide.B, 0.9, funds(), options)
    assert sizing.effective_usd == BASE * Decimal("1.5")
    assert sizing.reason == SizeCapped(0.9, Decimal("1.5"))


def test_a_skew_beyond_its_cap_is_taken_as_the_cap(funds: MakeFunds, options: GovernorOptions) -> None:
    assert _size(EntrySide.B, 0.45, funds(), options).multiplier == Decimal("1.3")


@pytest.mark.parametrize("skew", [math.nan, math.inf, -math.inf])
def test_a_skew_that_is_no_number_scales_nothing(funds: MakeFunds, options: GovernorOptions, skew: float) -> None:
    for side in EntrySide:
        sizing = _size(side, skew, funds(), options)
        assert sizing.effective_usd == BASE
        assert isinstance(sizing.reason, SkewRejected)


def test_switched_off_it_scales_nothing(funds: MakeFunds) -> None:
    sizing = _size(EntrySide.B, 0.3, funds(), GovernorOptions(enabled=False))
    assert (sizing.effective_usd, sizing.reason) == (BASE, Disabled())


@pytest.mark.parametrize("origin", list(EntryOrigin))
def test_only_entries_of_the_normal_course_are_scaled(
    funds: MakeFunds, options: GovernorOptions, origin: EntryOrigin
) -> None:
    """Spec 7: after a completed cycle, after an orphan and on refresh."""
    sizing = _size(EntrySide.B, 0.3, funds(), options, origin=origin)
    if origin in {EntryOrigin.CYCLE, EntryOrigin.ORPHAN, EntryOrigin.REFRESH}:
        assert sizing.effective_usd > BASE
    else:
        assert (sizing.effective_usd, sizing.reason) == (BASE, NotScaledHere(origin.value))


def test_a_breached_runway_is_total_against_floor_on_either_side(funds: MakeFunds, options: GovernorOptions) -> None:
    short_usd = funds(total_usd="19.99", usd_runway_floor="20")
    short_doge = funds(total_doge="199.99", doge_runway_floor="200")
    buying = _size(EntrySide.B, 0.3, short_usd, options)
    selling = _size(EntrySide.A, -0.3, short_doge, options)
    assert (buying.effective_usd, selling.effective_usd) == (BASE, BASE)
    assert isinstance(buying.reason, UsdRunwayBreached)
    assert isinstance(selling.reason, DogeRunwayBreached)
    assert _size(EntrySide.B, 0.3, short_doge, options).effective_usd > BASE
    assert _size(EntrySide.A, -0.3, short_usd, options).effective_usd > BASE


def test_little_free_usd_with_a_sound_total_is_no_breach(funds: MakeFunds, options: GovernorOptions) -> None:
    """Orders on the book hold most of the balance; the floor is not compared with what is free."""
    assert _size(EntrySide.B, 0.3, funds(available_usd="10", total_usd="200"), options).effective_usd > BASE


def test_the_starvation_guard_leaves_a_base_size_free(funds: MakeFunds, options: GovernorOptions) -> None:
    """Seed 3.5."""
    sizing = _size(EntrySide.B, 0.3, funds(available_usd="3.50"), options)
    assert sizing.effective_usd == Decimal("1.85")
    assert sizing.reason == StarvationGuarded(Decimal("2.145"), Decimal("1.85"), Decimal("3.50"))


def test_the_starvation_guard_never_goes_below_base(funds: MakeFunds, options: GovernorOptions) -> None:
    assert _size(EntrySide.B, 0.3, funds(available_usd="2.00"), options).effective_usd == BASE


def test_the_starvation_guard_counts_doge_at_its_price_on_the_other_side(
    funds: MakeFunds, options: GovernorOptions
) -> None:
    sizing = _size(EntrySide.A, -0.3, funds(available_doge="35"), options, price=Decimal("0.1"))
    assert sizing.effective_usd == Decimal("1.85")


def test_five_slots_do_not_commit_the_same_free_money(funds: MakeFunds, options: GovernorOptions) -> None:
    """Spec 7: five slots with 3.50 dollars free must not commit 9.25 together."""
    start = funds(available_usd="3.50")
    alone = [_size(EntrySide.B, 0.3, start, options).effective_usd for _ in range(5)]
    assert sum(alone) == Decimal("9.25")

    requests = [EntryRequest(slot, EntrySide.B, EntryOrigin.CYCLE, BASE, PRICE) for slot in range(5)]
    sizings, left = size_and_reserve(requests, 0.3, start, options, min_volume_doge=MINIMUM)
    placed = [sizing.effective_usd for sizing in sizings if sizing.blocked is None]
    assert placed == [Decimal("1.85"), Decimal("1.65")]
    assert left.available_usd == 0
    assert [sizing.blocked for sizing in sizings[2:]] == [InsufficientFunds("USD", BASE, Decimal("0.00"))] * 3


def test_a_blocked_entry_reserves_nothing(funds: MakeFunds, options: GovernorOptions) -> None:
    start = funds(available_usd="1")
    sizing = _size(EntrySide.B, 0.0, start, options)
    assert isinstance(sizing.blocked, InsufficientFunds)
    assert reserve(start, sizing, PRICE) is start


def test_sells_reserve_doge_and_buys_reserve_usd(funds: MakeFunds, options: GovernorOptions) -> None:
    requests = [
        EntryRequest(0, EntrySide.A, EntryOrigin.CYCLE, Decimal(2), Decimal("0.1")),
        EntryRequest(0, EntrySide.B, EntryOrigin.CYCLE, Decimal(2), Decimal("0.1")),
    ]
    _, left = size_and_reserve(requests, 0.0, funds(), options, min_volume_doge=MINIMUM)
    assert (left.available_usd, left.available_doge) == (98, 980)
    assert (left.total_usd, left.total_doge) == (200, 5000)


def test_what_a_sell_reserves_is_never_worth_less_than_its_size(funds: MakeFunds, options: GovernorOptions) -> None:
    start, price = funds(), Decimal("0.0967")
    left = reserve(start, _size(EntrySide.A, 0.0, start, options, price=price), price)
    assert (start.available_doge - left.available_doge) * price >= BASE


@pytest.mark.parametrize("side", list(EntrySide))
def test_the_minimum_volume_holds_on_both_sides(funds: MakeFunds, options: GovernorOptions, side: EntrySide) -> None:
    sizing = _size(side, 0.0, funds(), options, min_volume_doge=Decimal(18))
    assert sizing.blocked == BelowMinimum(BASE / PRICE, Decimal(18))
    assert _size(side, 0.0, funds(), options, min_volume_doge=Decimal(17)).blocked is None


@pytest.mark.parametrize("name", ["compounded_usd", "price", "min_volume_doge"])
@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal(0), Decimal(-1)])
def test_money_that_is_not_positive_is_refused_by_name(
    funds: MakeFunds, options: GovernorOptions, name: str, value: Decimal
) -> None:
    with pytest.raises(ValueError, match=name):
        _size(EntrySide.B, 0.1, funds(), options, **{name: value})


def test_funds_that_are_not_finite_are_refused_by_name(funds: MakeFunds) -> None:
    with pytest.raises(ValueError, match="total_doge"):
        funds(total_doge="NaN")


def test_a_difference_of_volumes_shows_both_numbers() -> None:
    assert volume_drift(Decimal("17.08"), Decimal("17.08000")) is None
    assert volume_drift(Decimal("17.08"), Decimal("17.07")) == VolumeDrift(Decimal("17.08"), Decimal("17.07"))


def test_sizes_keep_their_bounds_over_ten_thousand_random_rounds(funds: MakeFunds) -> None:
    """Seed section 5: never below base, never above 1.5 x base, deficit side exactly base, no more than is free."""
    chance = random.Random(20261120)
    menus = [
        GovernorOptions(max_skew=max_skew, size_sensitivity=sensitivity)
        for max_skew, sensitivity in product((0.05, 0.3, 1.0), (0.0, 1.0, 5.0))
    ]
    for _ in range(10_000):
        start = funds(
            available_usd=f"{chance.uniform(-1, 20):.4f}",
            available_doge=f"{chance.uniform(0, 200):.4f}",
            total_usd=f"{chance.uniform(0, 40):.2f}",
        )
        requests = [
            EntryRequest(
                slot,
                chance.choice(list(EntrySide)),
                chance.choice(list(EntryOrigin)),
                Decimal(f"{chance.uniform(1.3, 4):.6f}"),
                Decimal(f"{chance.uniform(0.05, 0.2):.5f}"),
            )
            for slot in range(4)
        ]
        skew = chance.choice([math.nan, 0.0, chance.uniform(-1, 1)])
        sizings, left = size_and_reserve(requests, skew, start, chance.choice(menus), min_volume_doge=MINIMUM)

        for request, sizing in zip(requests, sizings, strict=True):
            base = request.compounded_usd
            assert base <= sizing.effective_usd <= base * Decimal("1.5")
            favoured = skew > 0 if request.side is EntrySide.B else skew < 0
            if not favoured or request.origin not in SCALED_ORIGINS:
                assert sizing.effective_usd == base
        spent_usd = sum(s.effective_usd for s in sizings if s.blocked is None and s.side is EntrySide.B)
        assert left.available_usd == start.available_usd - spent_usd
        assert left.available_usd >= min(Decimal(0), start.available_usd)
        assert left.available_doge >= 0
