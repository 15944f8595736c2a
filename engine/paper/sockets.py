"""Kraken's WebSocket v2 over the world: the private channels executions and balances, the public ones, order methods.

Each connection has a reader (aiohttp's handler), a listener that answers in order, and a writer. What may not be lost
waits in the writer's queue; of the ticker only the latest quote is ever sent, at most every `TICKER_EVERY_S` of real
time, so a slow client lags in nothing but freshness. A client that lets `QUEUE_LIMIT` messages pile up is cut off.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from aiohttp import WSMsgType, web

from engine.paper import arguments, channels, public_channels
from engine.paper.auth import KeyState
from engine.paper.book import Happening
from engine.paper.channels import rfc3339
from engine.paper.conditions import StatusChange
from engine.paper.connection import Connection
from engine.paper.errors import KrakenError
from engine.paper.faults import Faults
from engine.paper.public_feed import PublicFeed, public_channel
from engine.paper.rates import TRADING_LIMIT
from engine.paper.socket_orders import PERMISSION_OF, SocketOrders
from engine.paper.store import Store
from engine.paper.world import News, World

Json = dict[str, Any]
PRIVATE = ("executions", "balances")
SNAPSHOT_TRADES = 50


class Sockets:
    """`/v2`, for public and private clients alike; private channels and methods ask for a token."""

    def __init__(self, world: World, faults: Faults, store: Store | None) -> None:
        self._world = world
        self._faults = faults
        self._store = store
        self._orders = SocketOrders(world)
        self._connections: set[Connection] = set()
        self._feed = PublicFeed(world)
        self._numbers = itertools.count(1)
        world.on_news = self._on_news

    @property
    def count(self) -> int:
        return len(self._connections)

    @property
    def coming(self) -> int:
        """How many messages of clients are on their way."""
        return sum(connection.coming for connection in self._connections)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v2", self._serve)]

    def tick(self) -> None:
        """Tell the public channels what has changed."""
        self._feed.tick(self._connections)

    def drop_all(self) -> None:
        """Break every connection, as a failing network does."""
        for connection in list(self._connections):
            connection.cut()

    async def close(self) -> None:
        """Say goodbye to every client."""
        for connection in list(self._connections):
            with suppress(ConnectionError):
                await connection.socket.close(code=1001, message=b"going away")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if (page := self._world.conditions.page()) is not None:
            status, content_type, text = page
            return web.Response(status=status, content_type=content_type, text=text)
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        connection = Connection(
            socket, request.transport, self._faults, self._feed.ticker, self._is_mute, next(self._numbers)
        )
        self._connections.add(connection)
        tasks = [
            asyncio.create_task(connection.write(), name="paper-socket-writer"),
            asyncio.create_task(connection.listen(self._answer), name="paper-socket-listener"),
        ]
        for task in tasks:
            connection.watch(task)
        self._say_status(connection, self._world.conditions.system_status)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    connection.hear(message.data)
            connection.leave()
            await tasks[1]
        finally:
            self._connections.discard(connection)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return socket

    async def _answer(self, connection: Connection, text: str) -> None:
        received_s = self._shown_s()
        message = _request(text)
        if message is None:
            connection.say({"error": "Malformed request", "success": False})
            return
        method = message["method"]
        plan = self._faults.plan(method)
        if plan.lose_request:
            return
        if plan.delay_request_s:
            await asyncio.sleep(plan.delay_request_s)
        params = message.get("params", {})
        if method != "ping":
            await self._world.hang_over()
        try:
            if plan.error:
                raise KrakenError(plan.error)
            results = await self._carry_out(connection, method, params)
        except KrakenError as refusal:
            results = [{"success": False, "error": refusal.words}]
        if plan.delay_answer_s:
            await asyncio.sleep(plan.delay_answer_s)
        if plan.lose_answer:
            return
        for result in results:
            answer = {"method": "pong"} if method == "ping" else {"method": method, "success": True, **result}
            if message.get("req_id") is not None:
                answer["req_id"] = message["req_id"]
            answer["time_in"] = rfc3339(received_s)
            answer["time_out"] = rfc3339(self._shown_s())
            connection.say(answer)
            await self._follow(connection, answer, params)

    async def _carry_out(self, connection: Connection, method: str, params: Mapping[str, Any]) -> list[Json]:
        """The answers to a request, without what every answer has. Raises KrakenError."""
        if method == "ping":
            return [{}]
        if method == "subscribe":
            return self._subscribe(connection, params)
        if method == "unsubscribe":
            return self._unsubscribe(connection, params)
        if method not in PERMISSION_OF:
            raise KrakenError("Unsupported method")
        self._world.conditions.admit()
        self._owner(params).require(PERMISSION_OF[method])
        self._world.catch_up()
        try:
            return self._orders.carry_out(method, params)
        finally:
            await self._world.settle(self._store, save=True)

    def _subscribe(self, connection: Connection, params: Mapping[str, Any]) -> list[Json]:
        channel = _channel(params)
        public = public_channel(channel)
        if public is None:
            self._world.conditions.admit()
            self._owner(params)
        if channel in connection.channels:
            raise KrakenError("Already subscribed")
        if public is not None:
            return [{"result": self._feed.acknowledged(public, params)}]
        result: Json = {"channel": channel}
        if channel == "executions":
            result["maxratecount"] = int(TRADING_LIMIT[self._world.config.tier][0])
            result["snap_orders"] = arguments.flag(params, "snap_orders", default=True)
            result["snap_trades"] = arguments.flag(params, "snap_trades")
        else:
            result["snapshot"] = arguments.flag(params, "snapshot", default=True)
        return [{"result": result}]

    def _unsubscribe(self, connection: Connection, params: Mapping[str, Any]) -> list[Json]:
        channel = _channel(params)
        if channel not in connection.channels:
            raise KrakenError("Subscription Not Found")
        public = public_channel(channel)
        result = {"channel": channel} if public is None else self._feed.left(public, params)
        del connection.channels[channel]
        return [{"result": result}]

    async def _follow(self, connection: Connection, answer: Json, params: Mapping[str, Any]) -> None:
        """After the answer to a subscription comes its snapshot, and from then on updates."""
        if answer["method"] != "subscribe" or not answer["success"]:
            return
        channel = answer["result"]["channel"]
        self._world.catch_up()
        await self._world.settle(self._store)
        if public_channel(channel) is not None:
            self._feed.join(connection, answer["result"], params)
            return
        connection.channels[channel] = True
        book = self._world.book
        if channel == "balances":
            rows = channels.balances_snapshot(self._world.holdings) if answer["result"]["snapshot"] else []
            connection.publish(channel, "snapshot", rows)
        else:
            rows = []
            if answer["result"]["snap_orders"]:
                rows += [channels.order_row(order) for order in book.open.values()]
            if answer["result"]["snap_trades"]:
                latest = list(book.trades.values())[-SNAPSHOT_TRADES:]
                rows += [channels.past_trade_row(trade, book.order(trade.order_id)) for trade in latest]
            connection.publish(channel, "snapshot", rows)

    def _owner(self, params: Mapping[str, Any]) -> KeyState:
        return self._world.keys.owner_of(
            params.get("token"), asyncio.get_running_loop().time(), self._world.clock.now()
        )

    def _on_news(self, news: list[News]) -> None:
        for item in news:
            if isinstance(item, StatusChange):
                for connection in self._connections:
                    self._say_status(connection, item.system)
                continue
            rows: list[Json] = []
            if isinstance(item, Happening):
                rows = [channels.execution(item)]
                ledger = channels.balance_updates(item, self._world.config.seed)
            else:
                ledger = [channels.ledger_row(item)]
            for connection in self._connections:
                if rows and "executions" in connection.channels:
                    connection.publish("executions", "update", rows)
                for entry in ledger if "balances" in connection.channels else ():
                    connection.publish("balances", "update", [entry])

    def _say_status(self, connection: Connection, system: str) -> None:
        connection.say(public_channels.status(system, connection.number))

    def _is_mute(self) -> bool:
        return "mute" in self._world.conditions.in_force

    def _shown_s(self) -> float:
        """What the exchange's clock shows."""
        return self._world.clock.now() + self._world.book.clock_ahead_s


def _channel(params: Mapping[str, Any]) -> str:
    """The channel that is named. Raises KrakenError for one that is not served."""
    channel = params.get("channel")
    if channel in PRIVATE or public_channel(channel) is not None:
        return str(channel)
    raise KrakenError("Subscription name invalid")


def _request(text: str) -> Json | None:
    """The request in a text frame, None when it has not the form of one."""
    try:
        message = json.loads(text, parse_float=Decimal)
    except ValueError:
        return None
    if not isinstance(message, dict) or not isinstance(message.get("method"), str):
        return None
    return message if isinstance(message.get("params", {}), dict) else None
