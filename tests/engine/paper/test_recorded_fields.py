"""The paper exchange's answers have the fields that Kraken's have: none is missing, none is made up.

What Kraken's have is in `recorded_fields.toml`; where recordings lie beside the project, the table is held to them.
"""

from __future__ import annotations

import itertools
import json
import time
from collections import defaultdict
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from engine.paper.auth import signature
from engine.paper.config import MarketSpec
from tests.engine.paper.field_table import TABLE, faults, recorded_message, recordings

KEY, SYMBOL = "paper-key", "DOGE/USD"
OTHERS = (
    "place:buy:0.001@20000:BTC/USD:type=iceberg:id=theirs; place:sell:20@0.2:type=stop-loss; "
    "place:sell:20@0.2:type=trailing-stop-limit; deposit:btc:0.5; stake:btc:0.2:M; earn:usd:5; deposit:doge:50"
)
RECORDED = [
    (group, kind, name)
    for group, kinds in TABLE.items()
    for kind, entry in kinds.items()
    for name in entry.get("corpus", ())
]


class Caller:
    """Signs and sends REST requests as they are, and gives the JSON of answers as it is."""

    def __init__(self, paper: Any, session: aiohttp.ClientSession) -> None:
        self._paper = paper
        self._session = session
        self._nonces = itertools.count(1)
        self.results: dict[str, list[Any]] = defaultdict(list)

    async def ask(self, method: str, **fields: Any) -> Any:
        """The result of one request."""
        paper = self._paper.exchange
        if method in paper.rest.public_methods:
            sending = self._session.get(f"{paper.address}/0/public/{method}", params=fields)
        else:
            path, nonce = f"/0/private/{method}", str(next(self._nonces))
            body = json.dumps({"nonce": nonce, **fields}).encode()
            headers = {
                "API-Key": KEY,
                "API-Sign": signature(paper.world.keys.keys[KEY].api_key.secret, path, nonce, body),
                "Content-Type": "application/json",
            }
            sending = self._session.post(paper.address + path, data=body, headers=headers)
        async with sending as response:
            answer = await response.json()
        assert set(answer) == {"error", "result"}, answer
        assert answer["error"] == []
        self.results[method].append(answer["result"])
        return answer["result"]


def order(**fields: Any) -> dict[str, Any]:
    usual = {"pair": "XDGUSD", "type": "buy", "ordertype": "limit", "volume": "20", "price": "0.09", "oflags": "post"}
    return {**usual, **fields}


async def test_every_answer_of_rest_has_the_recorded_fields(open_paper):
    world = open_paper(market=MarketSpec(liquidity=Decimal(15)), happen=OTHERS, rate_limits=False, usd=Decimal(1000))
    async with world as paper, aiohttp.ClientSession() as session:
        caller = Caller(paper, session)
        await paper.advance(120)
        for method in ("Time", "SystemStatus", "Assets", "AssetPairs"):
            await caller.ask(method)
        for method in ("Ticker", "Depth", "Trades", "OHLC"):
            await caller.ask(method, pair="XDGUSD")
        [name] = (await caller.ask("AddOrder", **order(cl_ord_id="ours")))["txid"]
        await caller.ask("AmendOrder", txid=name, limit_price="0.091")
        await caller.ask("AddOrder", **order(ordertype="market", price="", oflags=""))
        await caller.ask("OpenOrders", trades=True)
        await caller.ask("QueryOrders", txid=name, trades=True)
        names = [(await caller.ask("AddOrder", **order(price="0.08")))["txid"][0] for _ in range(3)]
        await caller.ask("CancelOrder", txid=name)
        await caller.ask("CancelOrderBatch", orders=names[:2])
        await caller.ask("CancelAllOrdersAfter", timeout=60)
        await caller.ask("CancelAll")
        await caller.ask("ClosedOrders", trades=True)
        trades = await caller.ask("TradesHistory", ledgers=True)
        await caller.ask("QueryTrades", txid=next(iter(trades["trades"])))
        for method in ("Balance", "BalanceEx", "TradeBalance", "TradeVolume", "GetApiKeyInfo", "GetWebSocketsToken"):
            await caller.ask(method)

        served = paper.exchange.rest.public_methods | paper.exchange.rest.private_methods

    assert [
        words for method, told in caller.results.items() for one in told for words in faults("rest", method, one)
    ] == []
    assert set(caller.results) == set(TABLE["rest"]) == served


async def test_every_row_of_executions_has_the_recorded_fields(open_paper, connect, listen):
    seen = defaultdict(list)
    async with (
        open_paper(market=MarketSpec(liquidity=Decimal(15)), happen=f"{OTHERS}; 2s:kfee", rate_limits=False) as paper,
        connect(paper.exchange.address) as client,
    ):
        await paper.advance(1)
        partial = await client.create_order(SYMBOL, "limit", "buy", 40, 0.0965, {"postOnly": True})
        await paper.price("0.0960")
        async with listen(paper, "executions") as listener:
            snapshot = await listener.next("executions")
            seen["snapshot"] += snapshot["data"]
            await client.edit_order(partial["id"], SYMBOL, "limit", "buy", 45, 0.0965)
            while paper.book.open.get(partial["id"]):
                await paper.advance(1)
            await client.create_order(SYMBOL, "limit", "buy", 20, 0.05, {"expiretm": "+5", "timeinforce": "GTD"})
            cancelled = await client.create_order(SYMBOL, "limit", "buy", 20, 0.05, {"clientOrderId": "ours"})
            await client.cancel_order(cancelled["id"])
            await paper.advance(10)
            while "expired" not in seen:
                for row in (message := await listener.next("executions"))["data"]:
                    seen[row["exec_type"]].append(row)
                assert set(message) == {"channel", "type", "data", "sequence"}

    assert [words for kind, rows in seen.items() for row in rows for words in faults("row", kind, row)] == []
    assert set(seen) == set(TABLE["row"]) - {"any"}


class Hearer:
    """Sorts the messages of a socket by what the table calls them."""

    def __init__(self) -> None:
        self.messages: dict[str, list[Any]] = defaultdict(list)

    def hear(self, message: dict[str, Any]) -> None:
        self.messages[self._kind(message)].append(message)

    def _kind(self, message: dict[str, Any]) -> str:
        channel, method = message.get("channel"), message.get("method")
        if channel == "balances":
            return f"balances {message['type']}"
        if channel is not None:
            return str(channel)
        if not message.get("success", True):
            return "failure"
        if method in ("subscribe", "unsubscribe"):
            return f"{method} {message['result']['channel']}"
        return str(method)


async def test_every_message_of_a_socket_has_the_recorded_fields(open_paper):
    hearer = Hearer()
    later = "40s:earn:usd:1; 40s:unearn:usd:1; 40s:withdraw:usd:1; 40s:status:post_only:5s"
    world = open_paper(happen=f"{OTHERS}; {later}", rate_limits=False)
    async with world as paper, aiohttp.ClientSession() as session:
        await paper.advance(30)
        address = paper.exchange.address.replace("http", "ws") + "/v2"
        keys = paper.exchange.world.keys
        token = keys.issue_token(keys.keys[KEY], time.monotonic())
        numbers = itertools.count(1)

        async with session.ws_connect(address) as socket:

            async def ask(method, **params):
                number = next(numbers)
                await socket.send_json({"method": method, "params": {"token": token, **params}, "req_id": number})
                while True:
                    message = await socket.receive_json(timeout=5)
                    hearer.hear(message)
                    if message.get("req_id") == number:
                        return message

            async def place(price, **params):
                asked = {"side": "buy", "order_type": "limit", "order_qty": 20, "limit_price": price, "symbol": SYMBOL}
                return (await ask("add_order", **asked, **params))["result"]["order_id"]

            for channel in ("ticker", "trade", "book"):
                await ask("subscribe", channel=channel, symbol=[SYMBOL], snapshot=True)
            for channel in ("executions", "balances"):
                await ask("subscribe", channel=channel)
            await ask("ping")
            names = [await place(0.05, cl_ord_id=f"ours-{at}") for at in range(4)]
            await ask("amend_order", cl_ord_id="ours-0", limit_price=0.051)
            await ask("amend_order", order_id=names[0], limit_price=0.052)
            await ask("cancel_order", order_id=names[:1])
            await ask("cancel_order", order_id=names[:1])
            await ask("batch_cancel", orders=names[1:3])
            await ask("cancel_all_orders_after", timeout=60)
            await ask("cancel_all")
            await place(0.2)
            await paper.price("0.0950")
            await paper.advance(30)
            await ask("unsubscribe", channel="ticker", symbol=[SYMBOL])
            while not {"heartbeat", "balances update"} <= set(hearer.messages):
                hearer.hear(await socket.receive_json(timeout=5))

    told = {kind: messages for kind, messages in hearer.messages.items() if kind != "executions"}
    assert [words for kind, messages in told.items() for one in messages for words in faults("socket", kind, one)] == []
    assert set(hearer.messages) == set(TABLE["socket"]) - {"done"}


def test_what_is_said_to_be_recorded_names_its_recordings():
    for kinds in TABLE.values():
        for kind, entry in kinds.items():
            if entry["source"].startswith("recording") and kind != "done":
                assert entry.get("corpus"), kind
            else:
                assert "documentation" in entry["source"] or kind == "done", kind


@pytest.mark.parametrize(("group", "kind", "name"), RECORDED, ids=lambda part: str(part))
def test_a_recorded_message_is_as_the_table_says(group, kind, name):
    folder = recordings()
    if folder is None:
        pytest.skip("no recordings lie beside the project")
    message = recorded_message(folder / name)

    assert faults(group, kind, message["result"] if group == "rest" else message) == []


def test_a_field_that_is_missing_made_up_or_of_another_type_is_told():
    message = {"method": "batch_cancel", "success": 1, "time_in": "", "result": {"count": "2", "orders": []}}

    assert faults("socket", "batch_cancel", message) == [
        "batch_cancel: .time_out is missing",
        "batch_cancel: .success is 1, not boolean",
        "batch_cancel: .result.count is '2', not integer",
        "batch_cancel: .result.orders is not documented",
    ]
