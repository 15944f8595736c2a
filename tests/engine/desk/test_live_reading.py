"""The worst case that a person reads before LIVE is confirmed."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.desk.live_reading import FALL_RATIO, worst_case

AMOUNTS = st.decimals(0, 100_000, places=2)


def test_entries_hold_at_once_what_all_slots_ask_for_at_their_largest() -> None:
    worst = worst_case(5, Decimal(2), Decimal("1.3"), Decimal(42), Decimal(42), Decimal(10))
    assert worst.at_once == Decimal(13)
    assert worst.account == Decimal(52)
    assert worst.after_fall == Decimal(26)


def test_what_others_hold_is_neither_spent_nor_falls() -> None:
    worst = worst_case(5, Decimal(2), Decimal("1.3"), Decimal(50), Decimal(5), Decimal(0))
    assert worst.at_once == Decimal(5)
    assert worst.after_fall == Decimal("47.5")


@given(st.integers(1, 100), AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_it_never_holds_more_than_is_free_nor_loses_more_than_the_fall(
    slots: int, size: Decimal, quote: Decimal, held: Decimal, base_value: Decimal
) -> None:
    worst = worst_case(slots, size, Decimal("1.5"), quote, quote - held, base_value)
    assert worst.at_once <= max(Decimal(0), quote - held)
    assert worst.account * (1 - FALL_RATIO) <= worst.after_fall <= worst.account
