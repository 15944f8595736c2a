"""Numbers as the panel writes them, where they reach over many orders of size."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui import formats


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ("61234.123", "$61,234.12"),
        ("3012.44", "$3,012.44"),
        ("15.2137", "$15.214"),
        ("1.00012", "$1.0001"),
        ("0.096412", "$0.096412"),
        ("0.00001234", "$0.000012340"),
        ("0", "$0.00"),
    ],
)
def test_a_price_has_five_significant_digits_and_two_decimals_at_least(price: str, said: str) -> None:
    assert formats.usd_price(Decimal(price)) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("7.827541797084888662", "7.8275417"),
        ("1234567.891", "1,234,567.8"),
        ("123456789.9", "123,456,789"),
        ("0.000000123456789", "0.00000012345678"),
        ("12", "12"),
        ("100", "100"),
        ("0", "0"),
    ],
)
def test_an_amount_of_tokens_is_cut_and_never_rounded_up(amount: str, said: str) -> None:
    assert formats.units(Decimal(amount)) == said


@given(st.decimals(min_value=0, max_value=10**12, places=18))
def test_no_amount_is_shown_as_more_than_it_is(amount: Decimal) -> None:
    assert Decimal(formats.units(amount).replace(",", "")) <= amount


@pytest.mark.parametrize(
    ("wei", "said"), [(12_500_000_000, "12.5 gwei"), (7, "0.000000007 gwei"), (0, "0 gwei"), (None, "–")]
)
def test_gas_is_told_in_gwei(wei: int | None, said: str) -> None:
    assert formats.gwei(wei) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [("950.4", "$950"), ("60180", "$60.2k"), ("1250000", "$1.25M"), ("-60180", "−$60.2k"), ("3.1e9", "$3.10B")],
)
def test_in_a_list_large_sums_are_short(amount: str, said: str) -> None:
    assert formats.usd_short(Decimal(amount)) == said
