"""Stop to the last cancel handed to the venue, under load (panel spec 9: 250 ms or less).

The panel's loop, the real grid, gate, journal and venue, and a paper exchange in a process of its own. Before each Stop
the book is full and the market moves, so that orders are placed and moved as it comes; beside it a window of live plots
is drawn and a journal is written. A sample ends when the last cancel has been handed to the exchange's port; that the
exchange has taken every order off is waited for, and counted apart (`stop_to_empty_book`).

Floor: as many bare ccxt `cancel_order` as there were orders, one after the other as one key's nonces have it.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
import sys
import tempfile
import time
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

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
ORDERS = 8
HISTORY = 3_600
PRICE, STEP = Decimal("0.0966000"), Decimal("0.0000001")
WITHIN_S = 20.0


class NotedVenue(KrakenVenue):
    """Notes when the last cancel was handed over."""

    handed_s = 0.0
    cancels = 0

    async def cancel(self, order: CancelOrder) -> None:
        self.handed_s = time.perf_counter()
        self.cancels += 1
        await super().cancel(order)


class Session:
    """The grid, as a desk runs it, and the load beside it."""

    def __init__(self, exchange: PaperExchange, venue: NotedVenue, folder: Path) -> None:
        self.exchange, self.venue, self.bus = exchange, venue, Bus()
        self.journal = Journal(folder / "journal.sqlite", "bench")
        self.switch = MasterSwitch(Mode.PAPER, self.bus, lambda position: None, exchange.clock.now())
        gate = Gate(mode=Mode.PAPER, switch=self.switch, journal=self.journal, clock=exchange.clock, revision=lambda: 1)
        options = GridOptions()
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

    async def stop(self) -> tuple[float, float, int]:
        """Seconds to the last cancel handed over, seconds to the empty book, and how many cancels there were."""
        before = self.venue.cancels
        began_s = time.perf_counter()
        self.switch.stop(AskedByPerson("bench"), self.exchange.clock.now())
        await self.grid.stop_orders()
        handed_s = self.venue.handed_s - began_s
        await self.until(lambda seen: seen.open_orders == 0)
        return handed_s, time.perf_counter() - began_s, self.venue.cancels - before

    async def resume(self) -> None:
        """Until the book is full again; the cancels cost most of what our own rate counter allows."""
        await asyncio.sleep(1.0)
        self.switch.resume(AskedByPerson("bench"), self.exchange.clock.now())
        await self.until(lambda seen: seen.open_orders >= ORDERS)

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
        number = 0
        while True:
            number += 1
            await self.exchange.control(price=str(PRICE + (number % 5) * STEP))
            self.journal.post(Batch(facts=(Fact("bench", "load", f"{number}", {"at": number}, float(number)),)))
            await asyncio.sleep(0.1)


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
    panel = Panel(HISTORY)
    panel.show()
    try:
        await exchange.control(hold=True)
        handed, emptied, floors = await measure(exchange, keys, folder, panel)
    finally:
        panel.close()
        panel.deleteLater()
        await exchange.stop()
    for share, name in ((0.5, "p50"), (1.0, "max")):
        figure(f"stop_to_last_cancel_handed_{name}", quantile(handed, share) * 1e3, "ms", quantile(floors, share) * 1e3)
        figure(f"stop_to_empty_book_{name}", quantile(emptied, share) * 1e3, "ms", quantile(floors, share) * 1e3)
    return 0


async def measure(
    exchange: PaperExchange, keys: list[tuple[str, str]], folder: Path, panel: Panel
) -> tuple[list[float], list[float], list[float]]:
    """Seconds of each Stop, to the hand-over and to the empty book, and of as many bare cancels."""
    venue = await NotedVenue.connect(
        Mode.PAPER,
        loopback(exchange.port),
        Keys(Secret(keys[0][0]), Secret(keys[0][1])),
        VenueOptions(tier=Tier.PRO),
        exchange.clock,
        NoncesInMemory(),
    )
    assert isinstance(venue, NotedVenue)
    session = Session(exchange, venue, folder)
    await asyncio.to_thread(session.journal.open)
    running = [asyncio.create_task(session.grid.run(), name="grid"), asyncio.create_task(session.load(), name="load")]
    running.append(asyncio.create_task(_points(panel), name="points"))
    handed, emptied, floors = [], [], []
    try:
        for _ in range(SAMPLES):
            await session.resume()
            one, whole, cancels = await session.stop()
            handed.append(one)
            emptied.append(whole)
            floors.append(await bare_cancels(exchange, keys[1], cancels))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await venue.close()
        await asyncio.to_thread(session.journal.close)
    return handed, emptied, floors


async def _points(panel: Panel) -> None:
    """What is drawn goes on growing."""
    while True:
        for feed in panel.feeds:
            feed.give_live()
        await asyncio.sleep(0.1)


async def bare_cancels(exchange: PaperExchange, key: tuple[str, str], count: int) -> float:
    """Place `count` orders, then the time in which ccxt alone cancels them."""
    client = ccxt.async_support.kraken({"apiKey": key[0], "secret": key[1], "enableRateLimit": False})
    exchange.point(client)
    try:
        await client.load_markets()
        placed = [
            (await client.create_order("DOGE/USD", "limit", "buy", 20.0, 0.09, {"postOnly": True}))["id"]
            for _ in range(count)
        ]
        began_s = time.perf_counter()
        for order in placed:
            await client.cancel_order(order, "DOGE/USD")
        return time.perf_counter() - began_s
    finally:
        with suppress(Exception):
            await client.close()


if __name__ == "__main__":
    logging.getLogger().setLevel(logging.WARNING)
    app = QApplication(sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    apply_theme(DARK)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        code = loop.run(main(Path(folder)), app, on_problem=lambda problem: print(problem, file=sys.stderr))
    loop.leave(code)
