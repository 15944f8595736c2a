"""From a ticker message to an order's bytes and its answer: the real grid, gate, journal and venue on the panel's loop.

Two regimes. Beside the exchange: the whole path, to the answer. At 100 ms of round trip, with a reading of the account
always on its way: until the order's bytes are handed to the socket (`KrakenWire.on_sent`), which is all that is ours.

Floors, on the same loop and disk, at an exchange of their own (the grid takes a stranger's orders on its account for
another program): for the whole path a bare ccxt `create_order` and one durable commit of SQLite, for the bytes the
commit alone. Value and floor are taken in turns, one sample each, so that the noise of the machine hits both alike.
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
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication
from report import figure, quantile

from engine.core.bus import Bus
from engine.core.clock import ScaledClock
from engine.core.gate import Gate, NoAnswer, Rejection
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

SAMPLES, FAR_SAMPLES, WARM_UP = 600, 300, 15
SLOTS, ORDERS_AT_ONCE = 20, 30
"""So many slots want twice as many entries; the book is cleared before all of them rest."""

ROUND_TRIP = "round-trip:100ms"
PRICE, STEP = Decimal("0.0966000"), Decimal("0.0000001")
KeyPair = tuple[str, str]
Bare = Callable[[], Awaitable[tuple[float, float]]]
"""Seconds of a commit, and of the commit and an order after it."""


class TimedVenue(KrakenVenue):
    """Notes when a ticker message came in, when an order's bytes left, and when it was answered."""

    answered: asyncio.Event
    ticker_s = 0.0
    left_s: float | None = None
    sample: tuple[float, float]

    async def place(self, order: PlaceOrder) -> OrderTaken:
        began_s, self.ticker_s = self.ticker_s, 0.0
        if began_s:
            self.left_s = None  # nothing is awaited from here to where it leaves
        taken = await super().place(order)
        if began_s and self.left_s is not None:
            self.sample = self.left_s - began_s, time.perf_counter() - began_s
            self.answered.set()
        return taken

    def _spend(self, cost: float, now_s: float) -> None:
        """The exchange counts nothing here, and so many orders a minute are more than a real one would take."""


class Session:
    """The grid as a desk runs it."""

    def __init__(self, exchange: PaperExchange, venue: TimedVenue, folder: Path) -> None:
        self.exchange, self.venue, self.bus = exchange, venue, Bus()
        self.journal = Journal(folder / "journal.sqlite", "bench")
        self.clock: ScaledClock = exchange.clock
        self.switch = MasterSwitch(Mode.PAPER, self.bus, lambda position: None, self.clock.now())
        gate = Gate(mode=Mode.PAPER, switch=self.switch, journal=self.journal, clock=self.clock, revision=lambda: 1)
        options = GridOptions(slots=SLOTS, entries_per_tick=1)
        self.grid = GridEngine(
            exchange=venue,
            gate=gate,
            switch=self.switch,
            journal=self.journal,
            bus=self.bus,
            clock=self.clock,
            options=lambda: options,
            sizer=lambda request: Sizing(request.base_usd, 0.0),
            namespace="bench",
        )
        self._number = 0

    async def order(self) -> tuple[float, float] | None:
        """One ticker message, one order: seconds until its bytes left and until its answer. None when none came."""
        self._number += 1
        self.venue.answered.clear()
        self.venue.ticker_s = 0.0
        await self.exchange.control(price=str(PRICE + (self._number % 2) * STEP))
        try:
            async with asyncio.timeout(2):
                await self.venue.answered.wait()
        except TimeoutError:
            return None
        return self.venue.sample

    async def clear_book(self) -> None:
        """Stop, wait until every order is off the book, resume: the slots want their entries again."""
        cleared = asyncio.Event()
        unwatch = self.bus.watch(GridSnapshot, lambda snapshot: None if snapshot.open_orders else cleared.set())
        self.switch.stop(AskedByPerson("bench"), self.clock.now())
        await self.grid.stop_orders()
        async with asyncio.timeout(20):
            await cleared.wait()
        unwatch()
        self.switch.resume(AskedByPerson("bench"), self.clock.now())

    async def read(self) -> None:
        """A reading of the account is always on its way."""
        while True:
            with suppress(Rejection, NoAnswer):
                await self.venue.fills_since(0)
                await self.venue.open_orders()


async def main(folder: Path) -> int:
    async with exchange_of_its_own() as (exchange, key), exchange_of_its_own() as (beside, bare_key):
        near, far = await measure(exchange, key, beside, bare_key, folder)
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        taken, floor = (
            quantile([whole for (_, whole), _ in near], share),
            quantile([bare for _, (_, bare) in near], share),
        )
        figure(f"ticker_to_order_answer_{name}", taken * 1e3, "ms", floor * 1e3)
        left, commit = quantile([sent for (sent, _), _ in far], share), quantile([one for _, (one, _) in far], share)
        figure(f"ticker_to_order_bytes_while_reading_{name}", left * 1e3, "ms", commit * 1e3)
    return 0


@asynccontextmanager
async def exchange_of_its_own() -> AsyncIterator[tuple[PaperExchange, KeyPair]]:
    """An exchange whose market stands still, and the key of its account."""
    key = base64.b64encode(secrets.token_bytes(42)).decode(), base64.b64encode(secrets.token_bytes(64)).decode()
    config = PaperConfig(
        keys=(ApiKey(*key),),
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
        yield exchange, key
    finally:
        await exchange.stop()


Samples = list[tuple[tuple[float, float], tuple[float, float]]]


async def measure(
    exchange: PaperExchange, key: KeyPair, beside: PaperExchange, bare_key: KeyPair, folder: Path
) -> tuple[Samples, Samples]:
    """Each order of the grid with the bare one in turn: close to the exchange, and far from it."""
    venue = await connected(exchange, Keys(Secret(key[0]), Secret(key[1])), exchange.clock)
    session = Session(exchange, venue, folder)
    bare, close_bare = await bare_order(beside, bare_key, folder)
    await asyncio.to_thread(session.journal.open)
    running = [asyncio.create_task(session.grid.run(), name="grid")]
    try:
        near = await taken_in_turns(session, bare, SAMPLES)
        for one in (exchange, beside):
            await one.control(faults=ROUND_TRIP)
        running.append(asyncio.create_task(session.read(), name="reading"))
        far = await taken_in_turns(session, bare, FAR_SAMPLES)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await venue.close()
        await close_bare()
        await asyncio.to_thread(session.journal.close)
    return near, far


async def taken_in_turns(session: Session, bare: Bare, count: int) -> Samples:
    samples: Samples = []
    since_cleared = 0
    while len(samples) < count + WARM_UP:
        taken = await session.order()
        since_cleared += 1
        if taken is not None:
            await asyncio.sleep(0.02)
            samples.append((taken, await bare()))
        if taken is None or since_cleared >= ORDERS_AT_ONCE:
            await session.clear_book()
            since_cleared = 0
    return samples[WARM_UP:]


async def connected(exchange: PaperExchange, keys: Keys, clock: ScaledClock) -> TimedVenue:
    options = VenueOptions(tier=Tier.PRO)
    venue = await TimedVenue.connect(Mode.PAPER, loopback(exchange.port), keys, options, clock, NoncesInMemory())
    assert isinstance(venue, TimedVenue)
    venue.answered = asyncio.Event()
    wire: Any = venue._client
    handle = wire.handle_message

    def noted(client: Any, message: Any) -> None:
        if isinstance(message, dict) and message.get("channel") == "ticker":
            venue.ticker_s = time.perf_counter()
        handle(client, message)

    def left(_at_s: float, _size: int, what: str) -> None:
        if what in ("add_order", "/0/private/AddOrder") and venue.left_s is None:
            venue.left_s = time.perf_counter()

    wire.handle_message, wire.on_sent = noted, left
    return venue


async def bare_order(
    exchange: PaperExchange, keys: KeyPair, folder: Path
) -> tuple[Bare, Callable[[], Awaitable[None]]]:
    import ccxt.async_support

    client = ccxt.async_support.kraken({"apiKey": keys[0], "secret": keys[1], "enableRateLimit": False})
    exchange.point(client)
    await client.load_markets()
    disk = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    disk.execute("PRAGMA journal_mode=WAL")
    disk.execute("PRAGMA synchronous=FULL")
    disk.execute("CREATE TABLE intents (key TEXT PRIMARY KEY, payload TEXT)")

    async def order() -> tuple[float, float]:
        began_s = time.perf_counter()
        disk.execute("INSERT INTO intents VALUES (?, ?)", (secrets.token_hex(8), "x" * 200))
        committed_s = time.perf_counter()
        placed = await client.create_order("DOGE/USD", "limit", "buy", 20.0, 0.09, {"postOnly": True})
        done_s = time.perf_counter()
        await client.cancel_order(placed["id"], "DOGE/USD")
        return committed_s - began_s, done_s - began_s

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
