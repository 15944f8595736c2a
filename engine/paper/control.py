"""The hidden hand: `/paper/control` lets tests and the panel's lab break things while the exchange runs.

GET answers how things stand. POST takes any of:

- `{"faults": "lose-answer:0.1"}` replaces all faults;
- `{"next": "lose-answer@AddOrder", "count": 1}` commits faults on the next occasions only;
- `{"price": "0.0950"}` moves the market, `{"hold": true}` stops it and `{"hold": false}` lets it go on;
- `{"drop_sockets": true}` breaks every socket now;
- `{"happen": "amend:buy:+45%; 10m:status:maintenance:5m"}` lets things happen, now or so long from now
  (`engine.paper.occurrences`).

Both ask for the header `Paper-Control` with the token of the config; without a token in the config there is no such
address. Kraken has nothing like it.
"""

from __future__ import annotations

import dataclasses
import hmac
import json
from decimal import Decimal, InvalidOperation
from typing import Any

from aiohttp import web

from engine.paper.faults import Faults, parse_faults
from engine.paper.occurrences import parse_occurrences
from engine.paper.pair import PRICE_UNIT
from engine.paper.rest import RestApi
from engine.paper.sockets import Sockets
from engine.paper.store import Store
from engine.paper.world import World

HEADER = "Paper-Control"
COMMANDS = frozenset({"faults", "next", "count", "price", "hold", "drop_sockets", "happen"})


class Control:
    """The control address."""

    def __init__(self, world: World, faults: Faults, rest: RestApi, sockets: Sockets, store: Store | None) -> None:
        self._world = world
        self._faults = faults
        self._rest = rest
        self._sockets = sockets
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        if not self._world.config.control_token:
            return []
        return [web.get("/paper/control", self._status), web.post("/paper/control", self._obey)]

    async def _status(self, request: web.Request) -> web.Response:
        self._admit(request)
        self._world.catch_up()
        return web.json_response(self._standing())

    async def _obey(self, request: web.Request) -> web.Response:
        self._admit(request)
        try:
            command = json.loads(await request.read())
            if not isinstance(command, dict) or not command or set(command) - COMMANDS:
                raise ValueError(f"expected an object of {', '.join(sorted(COMMANDS))}")
            self._carry_out(command)
        except (ValueError, InvalidOperation) as error:
            return web.json_response({"error": str(error) or "not a number"}, status=400)
        await self._world.settle(self._store, save=True)
        return web.json_response(self._standing())

    def _carry_out(self, command: dict[str, Any]) -> None:
        book = self._world.book
        self._world.catch_up()
        if "faults" in command:
            self._faults.declare(parse_faults(str(command["faults"])))
        if "next" in command:
            self._faults.strike_next(parse_faults(str(command["next"])), int(command.get("count", 1)))
        if "price" in command:
            price = Decimal(str(command["price"])).quantize(PRICE_UNIT)
            if not price > 0:
                raise ValueError(f"a price is above 0, got {price}")
            held = book.market.is_held
            book.market.set_price(book.step, price)
            if held:
                book.market.hold(book.step)
            book.rematch()
        if "hold" in command and bool(command["hold"]) != book.market.is_held:
            (book.market.hold if command["hold"] else book.market.release)(book.step)
        if command.get("drop_sockets"):
            self._sockets.drop_all()
        if "happen" in command:
            self._world.schedule.declare(parse_occurrences(str(command["happen"])), book.now_s)
            self._world.catch_up()

    def _standing(self) -> dict[str, Any]:
        book = self._world.book
        return {
            "now_s": book.now_s,
            "step": book.step,
            "bid": str(book.quote.bid_price),
            "ask": str(book.quote.ask_price),
            "held": book.market.is_held,
            "orders_made": book.orders_made,
            "trades_made": book.trades_made,
            "open_orders": len(book.open),
            "usd": str(book.usd),
            "doge": str(book.doge),
            "trading_counter": self._world.rates.trading.now(book.now_s),
            "requests": dict(self._rest.requests),
            "sockets": self._sockets.count,
            "faults": [fault.kind for fault in self._faults.declared],
            "happened": [dataclasses.asdict(item) for item in self._world.schedule.log],
            "pending": self._world.schedule.pending(),
            "in_force": dict(self._world.conditions.in_force),
        }

    def _admit(self, request: web.Request) -> None:
        given = request.headers.get(HEADER, "")
        if not hmac.compare_digest(given.encode(), self._world.config.control_token.encode()):
            raise web.HTTPForbidden(text="the control token is missing or wrong")
