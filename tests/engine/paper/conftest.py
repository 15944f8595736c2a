"""A paper exchange on loopback whose time a test moves by hand, and real ccxt clients pointed at it."""

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp
import ccxt.pro
import pytest

from engine.core.clock import ManualClock
from engine.paper.config import ApiKey, PaperConfig
from engine.paper.exchange import Exchange
from engine.paper.launch import point_client

SECRET = base64.b64encode(b"a paper secret, 64 bytes long as Kraken issues them" + bytes(13)).decode()
KEY = ApiKey(key="paper-key", secret=SECRET)
TOKEN = "control-token"
SYMBOL = "DOGE/USD"
EPOCH_S = 1_767_225_600.0

Opener = Callable[..., AbstractAsyncContextManager["Paper"]]


@dataclass
class Paper:
    """A listening exchange with a clock that stands still."""

    exchange: Exchange
    clock: ManualClock

    @property
    def book(self) -> Any:
        return self.exchange.world.book

    async def price(self, price: str) -> None:
        """Move the market, and let the exchange notice."""
        self.exchange.world.catch_up()
        self.book.market.set_price(self.book.step, Decimal(price))
        self.book.market.hold(self.book.step)
        self.book.rematch()
        await self.exchange.world.settle(self.exchange.store)

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.exchange.world.catch_up()
        await self.exchange.world.settle(self.exchange.store)


@asynccontextmanager
async def opened(**settings: Any) -> AsyncIterator[Paper]:
    config = PaperConfig(**{"keys": (KEY,), "epoch_s": EPOCH_S, "seed": 7, "control_token": TOKEN, **settings})
    clock = ManualClock(EPOCH_S)
    exchange = Exchange(config, clock)
    await exchange.start()
    running = asyncio.create_task(exchange.run())
    try:
        paper = Paper(exchange, clock)
        if config.market.regime == "flat" and not exchange.world.book.market.is_held:
            exchange.world.book.market.hold(0)
        yield paper
    finally:
        exchange.stopping.set()
        await running
        await exchange.close()


@asynccontextmanager
async def connected(address: str, key: ApiKey = KEY, **settings: Any) -> AsyncIterator[Any]:
    client = ccxt.pro.kraken(
        {"apiKey": key.key, "secret": key.secret, "enableRateLimit": False, "timeout": 3000, **settings}
    )
    point_client(client, address)
    client.timeout_on_exit = 0  # ccxt waits for TLS to say goodbye; there is none here
    try:
        await client.load_markets()
        yield client
    finally:
        await client.close()


@pytest.fixture
async def paper() -> AsyncIterator[Paper]:
    async with opened() as exchange:
        yield exchange


@pytest.fixture
async def client(paper: Paper) -> AsyncIterator[Any]:
    async with connected(paper.exchange.address) as kraken:
        yield kraken


@pytest.fixture
async def happen(paper: Paper) -> AsyncIterator[Callable[[str], Any]]:
    """Let something happen now, by the control address; returns how things stand after it."""
    async with aiohttp.ClientSession(paper.exchange.address, headers={"Paper-Control": TOKEN}) as session:

        async def send(text: str) -> Any:
            async with session.post("/paper/control", json={"happen": text}) as answer:
                assert answer.status == 200, await answer.text()
                return await answer.json()

        yield send


@pytest.fixture
def open_paper() -> Opener:
    """For a test that needs an exchange of its own: `async with open_paper(tier="pro") as paper`."""
    return opened


@pytest.fixture
def connect() -> Callable[..., AbstractAsyncContextManager[Any]]:
    return connected


@pytest.fixture
def next_update() -> Callable[..., Any]:
    """Wait for a ccxt `watch_...` call with a deadline."""

    async def wait(awaitable: Any) -> Any:
        with contextlib.suppress(asyncio.TimeoutError):
            return await asyncio.wait_for(awaitable, 5)
        pytest.fail("nothing came within 5 s")

    return wait


class Listener:
    """A bare socket to the exchange, for what ccxt does not show."""

    def __init__(self, paper: Paper, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._paper = paper
        self._socket = socket

    def client(self) -> AbstractAsyncContextManager[Any]:
        return connected(self._paper.exchange.address)

    async def send(self, message: dict[str, Any]) -> None:
        await self._socket.send_json(message)

    async def send_text(self, text: str) -> None:
        await self._socket.send_str(text)

    async def next_message(self) -> dict[str, Any]:
        while True:
            message = await self._socket.receive_json(timeout=5)
            if message.get("channel") not in ("status", "heartbeat"):
                return message

    async def next(self, channel: str) -> dict[str, Any]:
        while (message := await self._socket.receive_json(timeout=5)).get("channel") != channel:
            pass
        return message

    async def answer(self, method: str) -> dict[str, Any]:
        while (message := await self._socket.receive_json(timeout=5)).get("method") != method:
            pass
        return message


@pytest.fixture
def listen() -> Callable[..., AbstractAsyncContextManager[Listener]]:
    """A bare socket, subscribed to the named channel: `async with listen(paper, "executions") as listener`."""

    @asynccontextmanager
    async def open_listener(paper: Paper, channel: str | None = None) -> AsyncIterator[Listener]:
        address = paper.exchange.address.replace("http", "ws") + "/v2"
        async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
            listener = Listener(paper, socket)
            if channel is not None:
                keys = paper.exchange.world.keys
                token = keys.issue_token(keys.keys[KEY.key], time.monotonic())
                await listener.send({"method": "subscribe", "params": {"channel": channel, "token": token}})
                assert (await listener.answer("subscribe"))["success"]
            yield listener

    return open_listener


@pytest.fixture
def paper_key() -> ApiKey:
    return KEY
