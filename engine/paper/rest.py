"""Kraken's REST endpoints over the world: read a request, check who sends it, act, answer in Kraken's shape."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from engine.paper import answers, arguments, errors, public_answers
from engine.paper.auth import KeyState
from engine.paper.errors import KrakenError, invalid
from engine.paper.faults import Faults, Plan
from engine.paper.history import closed_orders, open_orders, orders_named, trades_named, trades_page
from engine.paper.orders import Order, describe
from engine.paper.store import Store
from engine.paper.world import World

Json = dict[str, Any]
Arguments = Mapping[str, Any]
CHANGES = frozenset({"AddOrder", "AmendOrder", "CancelOrder", "CancelOrderBatch", "CancelAll", "CancelAllOrdersAfter"})
DEAD_MAN_MAX_S = 86_400


class RestApi:
    """`/0/public/*` and `/0/private/*`."""

    def __init__(self, world: World, faults: Faults, store: Store | None) -> None:
        self._world = world
        self._faults = faults
        self._store = store
        self.requests: dict[str, int] = {}
        self._pending: set[asyncio.Task[None]] = set()
        self._public: dict[str, Callable[[Arguments], Json]] = {
            "Time": lambda _: answers.server_time(self._world.shown_s),
            "SystemStatus": lambda _: answers.system_status(self._world.shown_s, self._world.conditions.system_status),
            "Assets": lambda _: answers.assets(),
            "AssetPairs": self._asset_pairs,
            "Ticker": self._ticker,
            "Depth": self._depth,
            "Trades": self._trades,
            "OHLC": self._candles,
        }
        self._private: dict[str, Callable[[Arguments, KeyState], Json]] = {
            "Balance": lambda *_: answers.balance(self._world.holdings),
            "BalanceEx": lambda *_: answers.balance_ex(self._world.holdings),
            "TradeBalance": lambda *_: answers.trade_balance(self._world.book),
            "TradeVolume": self._trade_volume,
            "OpenOrders": lambda given, _: open_orders(self._world.book, given, self._seen_s()),
            "ClosedOrders": lambda given, _: closed_orders(self._world.book, given, self._seen_s()),
            "QueryOrders": lambda given, _: orders_named(self._world.book, given, self._seen_s()),
            "TradesHistory": lambda given, _: trades_page(self._world.book, given, self._seen_s()),
            "QueryTrades": lambda given, _: trades_named(self._world.book, given, self._seen_s()),
            "AddOrder": self._add_order,
            "AmendOrder": self._amend_order,
            "CancelOrder": self._cancel_order,
            "CancelOrderBatch": self._cancel_batch,
            "CancelAll": lambda *_: {"count": self._world.cancel_all()},
            "CancelAllOrdersAfter": self._cancel_all_after,
            "GetApiKeyInfo": lambda _, state: answers.api_key_info(state, self._world.config.epoch_s),
            "GetWebSocketsToken": self._token,
        }

    @property
    def public_methods(self) -> frozenset[str]:
        """The endpoints below `/0/public/`."""
        return frozenset(self._public)

    @property
    def private_methods(self) -> frozenset[str]:
        """The endpoints below `/0/private/`."""
        return frozenset(self._private)

    @property
    def pending(self) -> int:
        """How many cancellations were promised and are still to come."""
        return len(self._pending)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/0/public/{method}", self._answer),
            web.post("/0/public/{method}", self._answer),
            web.post("/0/private/{method}", self._answer),
        ]

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.requests[method] = self.requests.get(method, 0) + 1
        plan = self._faults.plan(method)
        if plan.lose_request:
            return _broken(request)
        if plan.delay_request_s:
            await asyncio.sleep(plan.delay_request_s)
        await self._world.hang_over()
        if (page := self._world.conditions.page()) is not None:
            status, content_type, text = page
            return web.Response(status=status, content_type=content_type, text=text)
        try:
            if plan.error:
                raise KrakenError(plan.error)
            result = await self._carry_out(request, method, plan)
        except KrakenError as refusal:
            body: Json = {"error": [refusal.words]}
        else:
            body = {"error": [], "result": result}
        if plan.delay_answer_s:
            await asyncio.sleep(plan.delay_answer_s)
        if plan.lose_answer:
            return _broken(request)
        return web.json_response(body)

    async def _carry_out(self, request: web.Request, method: str, plan: Plan) -> Json:
        if request.path.startswith("/0/public/"):
            if method not in self._public:
                raise KrakenError(errors.UNKNOWN_METHOD)
            self._world.catch_up()
            given: Arguments = {**request.query, **_form(await request.read())}
            return self._public[method](given)
        if method not in self._private:
            raise KrakenError(errors.UNKNOWN_METHOD)
        self._world.conditions.admit()
        given, state = await self._caller(request)
        state.require(method)
        self._world.catch_up()
        self._world.rates.call(state.api_key.key, method, self._now_s())
        try:
            if plan.pending_s:
                return self._leave_pending(method, given, state, plan.pending_s)
            return self._private[method](given, state)
        finally:
            if method in CHANGES:
                await self._world.settle(self._store, save=True)

    async def _caller(self, request: web.Request) -> tuple[Arguments, KeyState]:
        body = await request.read()
        given = _form(body) if request.content_type != "application/json" else _json(body)
        state = self._world.keys.check(
            key=request.headers.get("API-Key", ""),
            sign=request.headers.get("API-Sign", ""),
            path=request.path,
            nonce=str(given.get("nonce", "")),
            body=body,
            now_s=self._world.clock.now(),
        )
        return given, state

    def _now_s(self) -> float:
        return self._world.book.now_s

    def _seen_s(self) -> float:
        """The time whose state REST shows; behind now under the fault `stale`."""
        return self._now_s() - self._faults.stale_s

    def _asset_pairs(self, given: Arguments) -> Json:
        pair = arguments.text(given, "pair")
        if pair is not None:
            arguments.known_pair(pair)
        return answers.asset_pairs(*self._world.first_fees, self._world.book.terms, self._world.conditions.pair_status)

    def _ticker(self, given: Arguments) -> Json:
        for pair in (arguments.text(given, "pair") or "XDGUSD").split(","):
            arguments.known_pair(pair)
        return public_answers.ticker(self._world.book.quote, self._world.tape.day())

    def _trades(self, given: Arguments) -> Json:
        arguments.known_pair(arguments.text(given, "pair"))
        return public_answers.trades(self._world.tape, given)

    def _candles(self, given: Arguments) -> Json:
        arguments.known_pair(arguments.text(given, "pair"))
        return public_answers.candles(self._world.tape, self._world.book, given)

    def _depth(self, given: Arguments) -> Json:
        arguments.known_pair(arguments.text(given, "pair"))
        count = min(max(arguments.whole(given, "count", 100), 1), public_answers.LEVELS_MOST)
        return public_answers.depth(self._world.book.market, self._world.book.quote, self._now_s(), count)

    def _trade_volume(self, given: Arguments, _: KeyState) -> Json:
        book = self._world.book
        month = [trade.cost for trade in book.trades.values() if trade.at_s > self._now_s() - 30 * 86_400]
        paid = book.terms.maker_fee, book.terms.taker_fee
        return answers.trade_volume(paid, self._world.first_fees, sum(month, Decimal(0)))

    def _add_order(self, given: Arguments, _: KeyState) -> Json:
        new = arguments.rest_order(given, self._now_s())
        text = {"order": describe(new.side, new.volume, new.price)}
        if arguments.flag(given, "validate"):
            self._world.book.check(new)
            return {"descr": text}
        return {"descr": text, "txid": [self._world.place(new).id]}

    def _amend_order(self, given: Arguments, _: KeyState) -> Json:
        order = self._world.find(arguments.text(given, "txid"), arguments.text(given, "cl_ord_id"))[0]
        amend_id = self._world.amend(
            order,
            volume=arguments.number(given, "order_qty"),
            price=arguments.number(given, "limit_price"),
            post_only=arguments.flag(given, "post_only"),
            deadline_s=arguments.moment(given, "deadline"),
        )
        return {"amend_id": amend_id}

    def _cancel_order(self, given: Arguments, _: KeyState) -> Json:
        orders = self._meant(given)
        for order in orders:
            self._world.cancel(order)
        return {"count": len(orders)}

    def _meant(self, given: Arguments) -> list[Order]:
        """The open orders that a CancelOrder means. Raises KrakenError when there is none."""
        txid = arguments.text(given, "txid")
        userref = int(txid) if txid is not None and txid.lstrip("-").isdecimal() else None
        return self._world.find(txid, arguments.text(given, "cl_ord_id"), userref)

    def _leave_pending(self, method: str, given: Arguments, state: KeyState, after_s: float) -> Json:
        """Promise a cancellation, and keep the promise `after_s` from now if there is still something to cancel."""
        count = len(self._meant(given) if method == "CancelOrder" else self._world.book.open)
        task = asyncio.create_task(self._cancel_later(method, given, state, after_s), name="paper-pending-cancel")
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)
        return {"count": count, "pending": True}

    async def _cancel_later(self, method: str, given: Arguments, state: KeyState, after_s: float) -> None:
        await asyncio.sleep(after_s)
        self._world.catch_up()
        with suppress(KrakenError):
            self._private[method](given, state)
        await self._world.settle(self._store, save=True)

    def _cancel_batch(self, given: Arguments, _: KeyState) -> Json:
        return {"count": self._world.cancel_batch(*arguments.batch(given, "orders", "cl_ord_ids", least=1))}

    def _cancel_all_after(self, given: Arguments, _: KeyState) -> Json:
        timeout_s = arguments.whole(given, "timeout", -1)
        if not 0 <= timeout_s <= DEAD_MAN_MAX_S:
            raise invalid("timeout")
        book = self._world.book
        book.cancel_all_after(timeout_s)
        armed = book.cancel_all_at_s
        return {"currentTime": _seconds(book.now_s), "triggerTime": "0" if armed is None else _seconds(armed)}

    def _token(self, given: Arguments, state: KeyState) -> Json:
        return {"token": self._world.keys.issue_token(state, asyncio.get_running_loop().time()), "expires": 900}


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        raise KrakenError("EGeneral:Invalid arguments") from None


def _json(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body, parse_float=Decimal)
    except ValueError:
        raise KrakenError("EGeneral:Invalid arguments") from None
    if not isinstance(given, dict):
        raise KrakenError("EGeneral:Invalid arguments")
    return given


def _broken(request: web.Request) -> web.Response:
    """Break the connection; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


def _seconds(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
