"""Reading Kraken's records to the last page (governor spec 18)."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.gate import Rejection
from engine.grid.ports import RowSetAside, VenueFill, VenueOrder, VenueRefused
from engine.venue.errors import AnswerUnreadable
from engine.venue.history import client_ids, fills, find, open_orders, trades_since
from engine.venue.symbols import Symbols
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
    read = asyncio.run(trades_since(server, 1000.0))
    assert before <= set(read)


class Answers:
    """Answers each path with what it was given, a page of trades only once."""

    def __init__(self, **answers: dict[str, Any]) -> None:
        self._answers = answers
        self.looked: list[dict[str, Any]] = []

    async def look(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        if path not in self._answers:
            raise Rejection(VenueRefused("EQuery:Unknown asset pair", "stop"))
        self.looked.append(params)
        return self._answers[path]

    async def read(self, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        if (params or {}).get("ofs", "0") != "0":
            return {**self._answers[path], "trades": {}}
        return self._answers[path]


async def test_pages_that_end_too_early_are_unreadable():
    page = {"trades": {"T1": {"pair": "XDGUSD"}}, "count": 3}
    with pytest.raises(AnswerUnreadable, match="3"):
        await trades_since(Answers(TradesHistory=page), 0.0)


@pytest.mark.parametrize("count", [0, -1, 1, "2", None])
async def test_a_count_below_what_is_listed_is_unreadable(count):
    page = {"trades": {"T1": {"pair": "XDGUSD"}, "T2": {"pair": "XDGUSD"}}, "count": count}
    with pytest.raises(AnswerUnreadable, match="count"):
        await trades_since(Answers(TradesHistory=page), 0.0)


async def test_an_order_that_carries_no_client_id_is_not_passed_over_in_a_search_for_one():
    """Passed over, an order that is there would be sent again."""
    with pytest.raises(AnswerUnreadable, match="cl_ord_id"):
        await find(Answers(OpenOrders={"open": {"O1": {"descr": {"pair": "XDGUSD"}}}}), NAMES, "a1")


async def test_an_order_that_kraken_leaves_out_of_a_query_is_unreadable():
    with pytest.raises(AnswerUnreadable, match="O2"):
        await client_ids(Answers(QueryOrders={"O1": {"cl_ord_id": "a1"}}), ["O1", "O2"])


MINE, HAND, OTHER = "OAAAAA-AAAAA-AAAAAA", "OBBBBB-BBBBB-BBBBBB", "OCCCCC-CCCCC-CCCCCC"
BTC_EUR = {"XXBTZEUR": {"altname": "XBTEUR", "wsname": "XBT/EUR"}}


def order(pair: str = "XDGUSD", kind: str = "limit", **fields: Any) -> dict[str, Any]:
    described = {"pair": pair, "type": "buy", "ordertype": kind, "price": "0.08", "leverage": "none"}
    row = {"status": "open", "opentm": "1767225600.5", "vol": "30", "vol_exec": "0", "descr": described}
    return {**row, **fields}


def trade(pair: str = "XDGUSD", order_id: str = MINE, **fields: Any) -> dict[str, Any]:
    row = {"ordertxid": order_id, "pair": pair, "time": "1767225600.5", "type": "buy", "ordertype": "limit"}
    return {**row, "price": "0.08", "vol": "30", "fee": "0.006", "maker": True, **fields}


def read_orders(
    rows: dict[str, Any], known: dict[str, str] | None = None, **answers: Any
) -> tuple[list[VenueOrder], list[RowSetAside]]:
    calls, aside = Answers(OpenOrders={"open": rows}, **answers), list[RowSetAside]()
    return asyncio.run(open_orders(calls, NAMES, Symbols(calls), known or {}, aside.append)), aside


def read_fills(
    rows: dict[str, Any], known: dict[str, str] | None = None, **answers: Any
) -> tuple[list[VenueFill], list[RowSetAside]]:
    calls, aside = Answers(**answers), list[RowSetAside]()
    told = asyncio.run(fills(calls, rows, 0.0, NAMES, Symbols(calls), known or {}, aside.append))
    return told, aside


def test_resting_orders_of_every_pair_are_listed_and_the_grids_own_pair_is_empty():
    rows = {MINE: order(cl_ord_id="a1"), OTHER: order("XBTEUR")}
    orders, aside = read_orders(rows, AssetPairs=BTC_EUR)
    assert {item.order_id: item.pair for item in orders} == {MINE: "", OTHER: "BTC/EUR"}
    assert {item.order_id: item.holds for item in orders}[OTHER] == ("EUR", orders[0].price * 30)
    assert aside == []


def test_another_pair_is_asked_for_once():
    calls = Answers(OpenOrders={"open": {HAND: order("XBTEUR"), OTHER: order("XBTEUR")}}, AssetPairs=BTC_EUR)
    symbols = Symbols(calls)
    for _ in range(2):
        asyncio.run(open_orders(calls, NAMES, symbols, {}, [].append))
    assert calls.looked == [{"pair": "XBTEUR"}]


@pytest.mark.parametrize(
    ("name", "pair"), [("OLDEUR", "OLD/EUR"), ("XXRPZJPY", "XRP/JPY"), ("OLDUSDT", "OLD/USDT"), ("XBTETH", "BTC/ETH")]
)
def test_a_pair_that_is_not_listed_any_more_is_told_from_its_name(name, pair):
    (listed,), _ = read_orders({OTHER: order(name)})
    assert (listed.pair, listed.holds) == (pair, (pair.partition("/")[2], listed.price * 30))


def test_a_pair_of_which_the_name_tells_nothing_keeps_it_and_what_the_order_holds_is_not_told():
    (listed,), _ = read_orders({OTHER: order("OLDNEW")})
    assert (listed.pair, listed.holds) == ("OLDNEW", None)


def test_an_order_of_a_foreign_type_is_listed_without_a_price():
    (listed,), aside = read_orders({HAND: order(kind="trailing-stop")})
    assert (listed.order_type, listed.price, listed.holds, aside) == ("trailing-stop", 0, None, [])


@pytest.mark.parametrize(
    "unreadable",
    [
        order("XBTEUR", status="lost", cl_ord_id="b1"),
        order(kind="swap", cl_ord_id="b1"),
        order(status="lost"),
        order(vol="?", cl_ord_id=None),
    ],
)
def test_an_order_of_somebody_else_that_cannot_be_read_is_set_aside_and_the_others_count(unreadable):
    orders, aside = read_orders({OTHER: unreadable, MINE: order(cl_ord_id="a1")}, AssetPairs=BTC_EUR)
    assert [item.order_id for item in orders] == [MINE]
    assert [(row.channel, row.order_id) for row in aside] == [("OpenOrders", OTHER)]


@pytest.mark.parametrize(
    ("row", "known"),
    [
        (order(vol="?", cl_ord_id="a1"), {}),
        (order(vol="?", cl_ord_id=5), {}),
        (order(vol="?"), {MINE: "a1"}),
        (order("XBTEUR"), {MINE: "a1"}),
        ("?", {}),
    ],
)
def test_an_order_that_may_be_ours_and_cannot_be_read_is_never_passed_over(row, known):
    with pytest.raises(AnswerUnreadable):
        read_orders({MINE: row}, known, AssetPairs=BTC_EUR)


def test_trades_of_every_pair_are_told_and_only_orders_of_the_grids_pair_are_asked_for():
    rows = {"TAAAAA-AAAAA-AAAAAA": trade(), "TBBBBB-BBBBB-BBBBBB": trade("XXBTZEUR", OTHER)}
    told, _ = read_fills(rows, QueryOrders={MINE: {"cl_ord_id": "a1"}}, AssetPairs=BTC_EUR)
    assert {(fill.order_id, fill.client_id, fill.pair) for fill in told} == {(MINE, "a1", ""), (OTHER, "", "BTC/EUR")}


@pytest.mark.parametrize(
    ("row", "known"),
    [
        (trade("XXBTZEUR", OTHER, maker="?"), {}),
        (trade(order_id=HAND, vol="?"), {HAND: ""}),
        (trade(order_id="?", ordertype="market"), {}),
    ],
)
def test_a_trade_of_somebody_else_that_cannot_be_read_is_set_aside_and_the_others_count(row, known):
    rows = {"TAAAAA-AAAAA-AAAAAA": trade(), "TBBBBB-BBBBB-BBBBBB": row}
    told, aside = read_fills(rows, {MINE: "a1", **known}, AssetPairs=BTC_EUR)
    assert [fill.order_id for fill in told] == [MINE]
    assert [item.channel for item in aside] == ["TradesHistory"]


@pytest.mark.parametrize(
    ("row", "known"),
    [
        (trade(vol="?"), {MINE: "a1"}),
        (trade("XXBTZEUR"), {MINE: "a1"}),
        (trade("NaN"), {MINE: "a1"}),
        (trade(order_id="?"), {}),
    ],
)
def test_a_trade_that_may_be_ours_and_cannot_be_read_is_never_passed_over(row, known):
    with pytest.raises(AnswerUnreadable):
        read_fills({"TAAAAA-AAAAA-AAAAAA": row}, known, AssetPairs=BTC_EUR)
