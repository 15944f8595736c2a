"""Values are written the same everywhere."""

from __future__ import annotations

import math

import pytest

from gui.plots.quantity import MULTIPLIER, RATIO, SIGNED_RATIO, USD, Quantity, span_text


@pytest.mark.parametrize(
    ("quantity", "value", "text"),
    [
        (RATIO, 0.752, "75.2%"),
        (RATIO, math.nan, "–"),
        (SIGNED_RATIO, 0.15, "+15.0%"),
        (SIGNED_RATIO, -0.15, "−15.0%"),
        (SIGNED_RATIO, -0.0001, "0.0%"),
        (MULTIPLIER, 1.15, "×1.15"),
        (USD, -1234.5, "−$1,234.50"),
        (Quantity("gwei"), 3.0, "3.00 gwei"),
    ],
)
def test_a_value_is_written_with_sign_unit_and_decimals(quantity, value, text):
    assert quantity.text(value) == text


def test_a_number_alone_has_no_unit():
    assert (USD.number(12.0), RATIO.number(0.5, 0)) == ("12.00", "50")


@pytest.mark.parametrize(
    ("span_s", "text"), [(90, "90 s"), (60, "1 min"), (900, "15 min"), (6 * 3600, "6 h"), (216_000, "2.5 d")]
)
def test_a_stretch_is_written_in_its_largest_fitting_unit(span_s, text):
    assert span_text(span_s) == text
