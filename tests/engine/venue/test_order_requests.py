"""What is asked of Kraken's book, to the digit."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.venue.order_requests import MAX_BATCH, exact_json, rest_cancel, socket_cancel

amounts = st.decimals(min_value=Decimal("1e-18"), max_value=Decimal("1e15"), allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | amounts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_whatever_is_asked_is_json_and_no_digit_of_an_amount_is_lost(value):
    read = json.loads(exact_json(value), parse_float=Decimal, parse_int=Decimal)
    assert _same(read, value)


@given(amounts)
def test_an_amount_leaves_as_it_is_written_without_an_exponent(amount):
    text = exact_json({"limit_price": amount})
    assert text == f'{{"limit_price":{amount:f}}}'
    assert "e" not in text.removeprefix('{"limit_price":').lower()


@pytest.mark.parametrize("count", [1, 2, MAX_BATCH])
def test_a_cancel_names_our_own_ids_and_nothing_else(count):
    ours = [f"client-{number}" for number in range(count)]
    _, params = socket_cancel(ours)
    _, form = rest_cancel(ours)
    assert params["cl_ord_id"] == ours
    assert form.get("cl_ord_ids", [form.get("cl_ord_id")]) == ours
    assert not params.get("orders")
    assert not form.get("orders")


def _same(read: object, asked: object) -> bool:
    if isinstance(asked, dict) and isinstance(read, dict):
        return read.keys() == asked.keys() and all(_same(read[name], part) for name, part in asked.items())
    if isinstance(asked, list) and isinstance(read, list):
        return len(read) == len(asked) and all(map(_same, read, asked))
    return read == asked
