"""Stop with 40 orders on the book and 100 ms of round trip, under load (panel spec 9: 250 ms or less).

The panel's loop, the real grid, gate, journal and venue, and a paper exchange in a process of its own. Before each Stop
the book is full and the market moves, so that orders are moved as it comes; beside it a window of live plots is drawn
and a journal is written. Two figures from the moment of Stop: when the last cancel's bytes were handed to the socket,
and when the last of them was answered, which is one round trip later at best.

Floors, at an exchange of their own: one durable commit of as many rows, and that with one bare `batch_cancel` of as
many orders, answered.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import logging
import secrets
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import ccxt.async_support
from frames import Panel
from PySide6.QtWidgets import QApplication
from report import figure, quantile

from engine.core.bus import Bus
from engine.core.gate import Gate
from engine.core.journal import Batch, Fact, Journal
from engine.core.modes import AskedByPerson, Mode
from engine.core.secrets import Secret
from engine.core.switch import MasterSwitch
from engine.grid.engine import GridEngine
from engine.grid.entries import Sizing
from engine.grid.messages import GridSnapshot
from engine.grid.options import GridOptions
from engine.grid.ports import CancelOrder
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.launch import PaperExchange, start_exchange
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from engine.venue.kraken import KrakenVenue
from engine.venue.nonces import NoncesInMemory
from engine.venue.options import VenueOptions
from engine.venue.rates import Tier
from gui import loop
from gui.theme import DARK, apply_theme

SAMPLES = 20
ORDERS = 40
ROUND_TRIP = "round-trip:100ms"
HISTORY = 3_600
PRICE, STEP = Decimal("0.0966000"), Decimal("0.0000001")
WITHIN_S = 30.0
KeyPair = tuple[str, str]
CANCELS = frozenset({"cancel_order", "batch_cancel", "/0/private/CancelOrder", "/0/private/CancelOrderBatch"})


class NotedVenue(KrakenVenue):
    """Notes when the bytes of the last cancel left, and when the last one was answered."""

    left_s = 0.0
    answered_s = 0.0

    def listen(self) -> None:
        wire: Any = self._client
        wire.on_sent = self._left

    def _left(self, _at_s: float, _size: int, what: str) -> None:
        if what in CANCELS:
            self.left_s = time.perf_counter()

    async def cancel(self, order: CancelOrder) -> None:
        try:
            await super().cancel(order)
        finally:
            self.answered_s = time.perf_counter()

    def _spend(self, cost: float, now_s: float) -> None:
        """The exchange counts nothing here, and so many orders a minute are more than a real one would take."""


class Session:
    """The grid, as a desk runs it, and the load beside it."""

    def __init__(self, exchange: PaperExchange, venue: NotedVenue, folder: Path) -> None:
        self.exchange, self.venue, self.bus = exchange, venue, Bus()
        self.journal = Journal(folder / "journal.sqlite", "bench")
        self.switch = MasterSwitch(Mode.PAPER, self.bus, lambda position: None, exchange.clock.now())
        gate = Gate(mode=Mode.PAPER, switch=self.switch, journal=self.journal, clock=exchange.clock, revision=lambda: 1)
        options = GridOptions(slots=ORDERS // 2)
        self.grid = GridEngine(
            exchange=venue,
            gate=gate,
            switch=self.switch,
            journal=self.journal,
            bus=self.bus,
            clock=exchange.clock,
            options=lambda: options,
            sizer=lambda request: Sizing(request.base_usd, 0.0),
            namespace="bench",
        )

    async def stop(self) -> tuple[float, float]:
        """Seconds until the last cancel's bytes left and until the book was empty."""
        began_s = time.perf_counter()
        self.switch.stop(AskedByPerson("bench"), self.exchange.clock.now())
        await self.grid.stop_orders()
        await self.until(lambda seen: seen.open_orders == 0)
        return self.venue.left_s - began_s, self.venue.answered_s - began_s

    async def resume(self) -> None:
        """Until the book is full again."""
        self.switch.resume(AskedByPerson("bench"), self.exchange.clock.now())
        await self.until(lambda seen: seen.open_orders >= ORDERS)
        await asyncio.sleep(0.5)

    async def until(self, condition: Any) -> None:
        held = asyncio.Event()
        unwatch = self.bus.watch(GridSnapshot, lambda seen: held.set() if condition(seen) else None)
        try:
            async with asyncio.timeout(WITHIN_S):
                await held.wait()
        finally:
            unwatch()

    async def load(self) -> None:
        """A market that moves at each tenth of a second, and facts that are recorded."""
        for number in itertools.count(1):
            await self.exchange.control(price=str(PRICE + (number % 5) * STEP))
            self.journal.post(Batch(facts=(Fact("bench", "load", f"{number}", {"at": number}, float(number)),)))
            await asyncio.sleep(0.1)


class Bare:
    """A durable commit, and orders that are cancelled over a bare WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, token: str, disk: sqlite3.Connection) -> None:
        self._socket = socket
        self._token = token
        self._disk = disk

    async def stop(self, count: int) -> tuple[float, float]:
        """Place `count` orders; then seconds of the commit, and until one message has taken all of them off."""
        names = [str(uuid.uuid4()) for _ in range(count)]
        common = {"order_type": "limit", "side": "buy", "symbol": "DOGE/USD", "order_qty": 20, "limit_price": 0.09}
        for number, name in enumerate(names):
            await self._ask("add_order", {**common, "post_only": True, "cl_ord_id": name}, number)
        for number in range(count):
            await self._answer(number)
        began_s = time.perf_counter()
        self._disk.execute("BEGIN")
        self._disk.executemany("INSERT INTO intents VALUES (?, ?)", [(name, "x" * 200) for name in names])
        self._disk.execute("COMMIT")
        committed_s = time.perf_counter()
        await self._ask("batch_cancel", {"orders": [], "cl_ord_id": names}, count)
        await self._answer(count)
        return committed_s - began_s, time.perf_counter() - began_s

    async def _ask(self, method: str, params: dict[str, Any], number: int) -> None:
        message = {"method": method, "params": {**params, "token": self._token}, "req_id": number}
        await self._socket.send_str(json.dumps(message))

    async def _answer(self, number: int) -> None:
        while (message := await self._socket.receive_json()).get("req_id") != number:
            pass
        if message["success"] is not True:
            raise RuntimeError(f"the bare order was refused: {message}")


@asynccontextmanager
async def bare(exchange: PaperExchange, key: KeyPair, folder: Path) -> AsyncIterator[Bare]:
    client = ccxt.async_support.kraken({"apiKey": key[0], "secret": key[1], "enableRateLimit": False})
    exchange.point(client)
    disk = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    for statement in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "CREATE TABLE intents (key TEXT PRIMARY KEY, payload TEXT)",
    ):
        disk.execute(statement)
    try:
        token = (await client.privatePostGetWebSocketsToken())["result"]["token"]
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{exchange.port}/v2") as socket,
        ):
            yield Bare(socket, token, disk)
    finally:
        disk.close()
        await client.close()


async def main(folder: Path) -> int:
    panel = Panel(HISTORY)
    panel.show()
    try:
        async with (
            exchange_of_its_own() as (exchange, key),
            exchange_of_its_own() as (beside, bare_key),
            bare(beside, bare_key, folder) as floor,
        ):
            samples = await measure(exchange, key, floor, folder, panel)
    finally:
        panel.close()
        panel.deleteLater()
    lefts, empties, commits, floors = zip(*samples, strict=True)
    for share, name in ((0.5, "p50"), (1.0, "max")):
        figure(f"stop_to_last_cancel_bytes_{name}", quantile(lefts, share) * 1e3, "ms", quantile(commits, share) * 1e3)
        figure(f"stop_to_empty_book_{name}", quantile(empties, share) * 1e3, "ms", quantile(floors, share) * 1e3)
    return 0


@asynccontextmanager
async def exchange_of_its_own() -> AsyncIterator[tuple[PaperExchange, KeyPair]]:
    """An exchange far away whose market moves when it is told to, and the key of its account."""
    key = base64.b64encode(secrets.token_bytes(42)).decode(), base64.b64encode(secrets.token_bytes(64)).decode()
    config = PaperConfig(
        keys=(ApiKey(*key),),
        epoch_s=time.time(),
        market=MarketSpec(regime="flat", start_price=PRICE),
        usd=Decimal(1_000_000),
        doge=Decimal(1_000_000),
        tier="pro",
        rate_limits=False,
        control_token="bench",
        faults=ROUND_TRIP,
    )
    exchange = await start_exchange(config)
    try:
        await exchange.control(hold=True)
        yield exchange, key
    finally:
        await exchange.stop()


async def measure(
    exchange: PaperExchange, key: KeyPair, floor: Bare, folder: Path, panel: Panel
) -> list[tuple[float, float, float, float]]:
    """Seconds of each Stop, to the last bytes and to the empty book, and of the bare ones in turn."""
    venue = await NotedVenue.connect(
        Mode.PAPER,
        loopback(exchange.port),
        Keys(Secret(key[0]), Secret(key[1])),
        VenueOptions(tier=Tier.PRO),
        exchange.clock,
        NoncesInMemory(),
    )
    assert isinstance(venue, NotedVenue)
    venue.listen()
    session = Session(exchange, venue, folder)
    await asyncio.to_thread(session.journal.open)
    running = [asyncio.create_task(session.grid.run(), name="grid"), asyncio.create_task(session.load(), name="load")]
    running.append(asyncio.create_task(_points(panel), name="points"))
    samples: list[tuple[float, float, float, float]] = []
    try:
        for _ in range(SAMPLES):
            await session.resume()
            samples.append((*await session.stop(), *await floor.stop(ORDERS)))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await venue.close()
        await asyncio.to_thread(session.journal.close)
    return samples


async def _points(panel: Panel) -> None:
    """What is drawn goes on growing."""
    while True:
        for feed in panel.feeds:
            feed.give_live()
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    logging.getLogger().setLevel(logging.WARNING)
    app = QApplication(sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    apply_theme(DARK)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        code = loop.run(main(Path(folder)), app, on_problem=lambda problem: print(problem, file=sys.stderr))
    loop.leave(code)
