"""Reading Kraken's records to the last page (governor spec 18)."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.venue.errors import AnswerUnreadable
from engine.venue.history import client_ids, find, trades_since
from engine.venue.translate import PairNames

NAMES = PairNames("DOGE/USD", "DOGE", "USD", "XDGUSD", "XXDG", "ZUSD", frozenset({"XDGUSD", "DOGEUSD"}))


class TradesServer:
    """Pages of 50, the latest first, while trades go on: `arriving` happen before each further page."""

    def __init__(self, trades: int, arriving: list[int]) -> None:
        self.trades = [f"T{number}" for number in range(trades)]
        self._arriving = iter(arriving)
        self._pages = 0

    async def read(self, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        assert path == "TradesHistory"
        if self._pages:
            self.trades += [f"N{self._pages}.{number}" for number in range(next(self._arriving, 0))]
        self._pages += 1
        start = int((params or {})["ofs"])
        assert start <= len(self.trades)
        page = list(reversed(self.trades))[start : start + 50]
        return {"trades": {trade_id: {"pair": "XDGUSD"} for trade_id in page}, "count": len(self.trades)}


@given(st.integers(0, 400), st.lists(st.integers(0, 70), max_size=12))
def test_every_trade_is_read_though_others_happen_meanwhile(trades, arriving):
    server = TradesServer(trades, arriving)
    before = set(server.trades)
    read = asyncio.run(trades_since(server, NAMES, 1000.0))
    assert before <= set(read)


class Answers:
    """Answers each path with what it was given, a page of trades only once."""

    def __init__(self, **answers: dict[str, Any]) -> None:
        self._answers = answers

    async def read(self, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        if (params or {}).get("ofs", "0") != "0":
            return {**self._answers[path], "trades": {}}
        return self._answers[path]


async def test_pages_that_end_too_early_are_unreadable():
    page = {"trades": {"T1": {"pair": "XDGUSD"}}, "count": 3}
    with pytest.raises(AnswerUnreadable, match="3"):
        await trades_since(Answers(TradesHistory=page), NAMES, 0.0)


async def test_trades_of_other_pairs_are_left_out():
    page = {"trades": {"T1": {"pair": "XDGUSD"}, "T2": {"pair": "XXBTZUSD", "ordertxid": "O2"}}, "count": 2}
    assert set(await trades_since(Answers(TradesHistory=page), NAMES, 0.0)) == {"T1"}


async def test_a_trade_of_our_own_order_is_never_left_out_as_another_pairs():
    page = {"trades": {"T2": {"pair": "NaN", "ordertxid": "O2"}}, "count": 1}
    with pytest.raises(AnswerUnreadable, match="pair"):
        await trades_since(Answers(TradesHistory=page), NAMES, 0.0, {"O2"})


@pytest.mark.parametrize("count", [0, -1, 1, "2", None])
async def test_a_count_below_what_is_listed_is_unreadable(count):
    page = {"trades": {"T1": {"pair": "XDGUSD"}, "T2": {"pair": "XDGUSD"}}, "count": count}
    with pytest.raises(AnswerUnreadable, match="count"):
        await trades_since(Answers(TradesHistory=page), NAMES, 0.0)


async def test_an_order_that_carries_no_client_id_is_not_passed_over_in_a_search_for_one():
    """Passed over, an order that is there would be sent again."""
    with pytest.raises(AnswerUnreadable, match="cl_ord_id"):
        await find(Answers(OpenOrders={"open": {"O1": {"descr": {"pair": "XDGUSD"}}}}), NAMES, "a1")


async def test_an_order_that_kraken_leaves_out_of_a_query_is_unreadable():
    with pytest.raises(AnswerUnreadable, match="O2"):
        await client_ids(Answers(QueryOrders={"O1": {"cl_ord_id": "a1"}}), ["O1", "O2"])
