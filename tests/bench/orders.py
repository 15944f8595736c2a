"""From a ticker message to the order's answer: the real grid, gate, journal and venue on the panel's loop.

Floor: on the same loop, server and disk, a bare ccxt `create_order` and one durable commit of SQLite. The two are
taken in turns, one sample each, so that the noise of the machine hits both alike.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication
from report import figure, quantile

from engine.core.bus import Bus
from engine.core.clock import ScaledClock
from engine.core.gate import Gate
from engine.core.journal import Journal
from engine.core.modes import AskedByPerson, Mode
from engine.core.secrets import Secret
from engine.core.switch import MasterSwitch
from engine.grid.engine import GridEngine
from engine.grid.entries import Sizing
from engine.grid.messages import GridSnapshot
from engine.grid.options import GridOptions
from engine.grid.ports import OrderTaken, PlaceOrder
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.launch import PaperExchange, start_exchange
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from engine.venue.kraken import KrakenVenue
from engine.venue.nonces import NoncesInMemory
from engine.venue.options import VenueOptions
from engine.venue.rates import Tier
from gui import loop

ORDERS_AT_ONCE = 8
SAMPLES = 75
WARM_UP = 15
PRICE = Decimal("0.0966000")
STEP = Decimal("0.0000001")


class TimedVenue(KrakenVenue):
    """Notes when a ticker message came in and when an order was answered."""

    answered: asyncio.Event
    ticker_s = 0.0
    took_s: list[float]

    async def place(self, order: PlaceOrder) -> OrderTaken:
        taken = await super().place(order)
        if self.ticker_s:
            self.took_s.append(time.perf_counter() - self.ticker_s)
            self.ticker_s = 0.0
            self.answered.set()
        return taken


async def main(folder: Path) -> int:
    keys = [
        (base64.b64encode(secrets.token_bytes(42)).decode(), base64.b64encode(secrets.token_bytes(64)).decode())
        for _ in range(2)
    ]
    config = PaperConfig(
        keys=tuple(ApiKey(key, secret) for key, secret in keys),
        epoch_s=time.time(),
        speed=20,
        market=MarketSpec(regime="flat", start_price=PRICE),
        usd=Decimal(1_000_000),
        doge=Decimal(1_000_000),
        tier="pro",
        rate_limits=False,
        control_token="bench",
    )
    exchange = await start_exchange(config)
    try:
        await exchange.control(hold=True)
        values, floors = await measure(exchange, keys, folder)
    finally:
        await exchange.stop()
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        figure(f"ticker_to_order_answer_{name}", quantile(values, share) * 1e3, "ms", quantile(floors, share) * 1e3)
    return 0


async def measure(
    exchange: PaperExchange, keys: list[tuple[str, str]], folder: Path
) -> tuple[list[float], list[float]]:
    """Seconds of each order of the grid, and of each bare order with its commit."""
    clock = exchange.clock
    venue = await connected(exchange, Keys(Secret(keys[0][0]), Secret(keys[0][1])), clock)
    bare, close_bare = await bare_order(exchange, keys[1], folder)
    bus, journal = Bus(), Journal(folder / "journal.sqlite", "bench")
    await asyncio.to_thread(journal.open)
    switch = MasterSwitch(Mode.PAPER, bus, lambda position: None, clock.now())
    gate = Gate(mode=Mode.PAPER, switch=switch, journal=journal, clock=clock, revision=lambda: 1)
    options = GridOptions(entries_per_tick=1)
    grid = GridEngine(
        exchange=venue,
        gate=gate,
        switch=switch,
        journal=journal,
        bus=bus,
        clock=clock,
        options=lambda: options,
        sizer=lambda request: Sizing(request.base_usd, 0.0),
        namespace="bench",
    )
    running = asyncio.create_task(grid.run(), name="grid")
    floors: list[float] = []
    try:
        for number in range(SAMPLES):
            venue.answered.clear()
            await exchange.control(price=str(PRICE + (number % 2) * STEP))
            async with asyncio.timeout(10):
                await venue.answered.wait()
            await asyncio.sleep(0.02)
            floors.append(await bare())
            if number % ORDERS_AT_ONCE == ORDERS_AT_ONCE - 1:
                await clear_book(switch, grid, bus, clock)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await venue.close()
        await close_bare()
        await asyncio.to_thread(journal.close)
    return venue.took_s[-len(floors) :][WARM_UP:], floors[WARM_UP:]


async def clear_book(switch: MasterSwitch, grid: GridEngine, bus: Bus, clock: ScaledClock) -> None:
    """Stop, wait until every order is off the book, resume: the slots want their entries again."""
    cleared = asyncio.Event()
    unwatch = bus.watch(GridSnapshot, lambda snapshot: None if snapshot.open_orders else cleared.set())
    switch.stop(AskedByPerson("bench"), clock.now())
    await grid.stop_orders()
    async with asyncio.timeout(10):
        await cleared.wait()
    unwatch()
    await asyncio.sleep(1.0)  # the cancels cost most of what our own rate counter allows
    switch.resume(AskedByPerson("bench"), clock.now())


async def connected(exchange: PaperExchange, keys: Keys, clock: ScaledClock) -> TimedVenue:
    options = VenueOptions(tier=Tier.PRO)
    venue = await TimedVenue.connect(Mode.PAPER, loopback(exchange.port), keys, options, clock, NoncesInMemory())
    assert isinstance(venue, TimedVenue)
    venue.answered, venue.took_s = asyncio.Event(), []
    wire: Any = venue._client
    handle = wire.handle_message

    def noted(client: Any, message: Any) -> None:
        if isinstance(message, dict) and message.get("channel") == "ticker":
            venue.ticker_s = time.perf_counter()
        handle(client, message)

    wire.handle_message = noted
    return venue


async def bare_order(
    exchange: PaperExchange, keys: tuple[str, str], folder: Path
) -> tuple[Callable[[], Awaitable[float]], Callable[[], Awaitable[None]]]:
    import ccxt.async_support

    client = ccxt.async_support.kraken({"apiKey": keys[0], "secret": keys[1], "enableRateLimit": False})
    exchange.point(client)
    await client.load_markets()
    disk = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    disk.execute("PRAGMA journal_mode=WAL")
    disk.execute("PRAGMA synchronous=FULL")
    disk.execute("CREATE TABLE intents (key TEXT PRIMARY KEY, payload TEXT)")

    async def order() -> float:
        began_s = time.perf_counter()
        disk.execute("INSERT INTO intents VALUES (?, ?)", (secrets.token_hex(8), "x" * 200))
        await client.create_order("DOGE/USD", "limit", "buy", 20.0, 0.09, {"postOnly": True})
        return time.perf_counter() - began_s

    async def close() -> None:
        disk.close()
        await client.close()

    return order, close


if __name__ == "__main__":
    logging.getLogger().setLevel(logging.WARNING)
    app = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        code = loop.run(main(Path(folder)), app, on_problem=lambda problem: print(problem, file=sys.stderr))
    loop.leave(code)
