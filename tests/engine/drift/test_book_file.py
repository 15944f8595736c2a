"""BOOK.json in, plan as JSON out (issue 4)."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.drift.book_file import BadBook, plan_json, read_book
from engine.drift.plan import plan


def book(**changes: Any) -> dict[str, Any]:
    return {
        "threshold": "0.15",
        "destination_band": 0,
        "min_trade_usd": "50",
        "max_trade_usd": 10000,
        "oversize": "slice",
        "slippage_bps": 100,
        "max_impact": 0.05,
        "tokens": [
            {"symbol": "WETH", "decimals": 18, "balance": str(2 * 10**18), "price_usd": "3000", "target_bps": 5000},
            {"symbol": "USDC", "decimals": 6, "balance": "2000000000", "price_usd": "1", "target_bps": 5000},
        ],
        **changes,
    }


def planned(text: dict[str, Any]) -> dict[str, Any]:
    found, policy = read_book(json.dumps(text))
    made = json.loads(json.dumps(plan_json(found, plan(found, policy))))
    assert isinstance(made, dict)
    return made


def test_a_book_becomes_a_plan_with_every_field() -> None:
    made = planned(book())
    assert made["action"] == "REBALANCE"
    assert made["drifts"] == {"WETH": 0.5, "USDC": -0.5}
    assert made["legs"] == [
        {
            "sell": "WETH",
            "buy": "USDC",
            "amount_in": "666666666666666666",
            "quote_out": "1999999999",
            "min_out": "1979999999",
            "price_impact": 0.0,
            "usd": "1999.999999",
            "path": ["WETH", "USDC"],
        }
    ]
    assert set(made["reasons"]) == {"WETH", "USDC"}
    assert abs(made["residual_drifts"]["WETH"]) < 1e-4


def test_with_pools_the_quote_is_the_pools() -> None:
    pools = [{"a": "WETH", "b": "USDC", "reserve_a": str(10**21), "reserve_b": str(3 * 10**12)}]
    leg = planned(book(pools=pools))["legs"][0]
    amount = int(leg["amount_in"])
    assert int(leg["quote_out"]) == amount * 997 * 3 * 10**12 // (10**21 * 1000 + amount * 997)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"threshold": 0}, "threshold"),
        ({"threshold": "NaN"}, "threshold"),
        ({"destination_band": 1}, "destination_band"),
        ({"oversize": "both"}, "oversize"),
        ({"slippage_bps": 10_000}, "slippage_bps"),
        ({"max_impact": "2"}, "max_impact"),
        ({"tokens": []}, "tokens"),
        ({"tokens": [{"symbol": "A"}]}, "tokens.0.decimals"),
        ({"pools": [{"a": "A", "b": "B", "reserve_a": "1.5", "reserve_b": "1"}]}, "pools.0.reserve_a"),
        ({"minimum": 1}, "minimum"),
    ],
)
def test_a_field_that_does_not_fit_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(BadBook, match=named):
        read_book(json.dumps(book(**change)))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"tokens": 1}', "1e400"])
def test_what_is_no_book_is_refused_with_words(text: str) -> None:
    with pytest.raises(BadBook):
        read_book(text)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), st.lists, max_leaves=4))
def test_any_value_in_any_field_is_refused_with_words_or_planned(value: Any) -> None:
    for field in book():
        text = json.dumps(book(**{field: value}))
        with contextlib.suppress(BadBook):
            found, policy = read_book(text)
            plan(found, policy)
