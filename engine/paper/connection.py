"""What lies between a client and the exchange: a socket's two directions, and the distance that `round-trip` puts in.

Distance delays and never serialises: any number of messages are on their way at once, and each direction keeps its
order. A new connection first costs two round trips, as the handshakes of TCP and TLS do at Kraken, and a WebSocket one
more for its upgrade. What a client has sent arrives though it has left meanwhile; a broken connection loses it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Literal
from weakref import WeakSet

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from engine.paper.faults import Faults

Json = dict[str, Any]
HEARTBEAT_S = 1.0
TICKER_EVERY_S = 0.05
QUEUE_LIMIT = 10_000
HANDSHAKES = 2
CLOCK_SLACK_S = 0.001
"""A timer of the event loop may ring this much early."""


def distance(faults: Faults) -> Middleware:
    """Delays requests of the exchange's own addresses by the way there, and answers by the way back."""
    known: WeakSet[asyncio.Transport] = WeakSet()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        is_socket = request.path == "/v2"
        if not is_socket and not request.path.startswith("/0/"):
            return await handler(request)
        ways = 2 if is_socket else 1
        if request.transport is not None and request.transport not in known:
            known.add(request.transport)
            ways += 2 * HANDSHAKES
        if faults.one_way_s:
            await asyncio.sleep(ways * faults.one_way_s)
        answer = await handler(request)
        if faults.one_way_s and not is_socket:
            await asyncio.sleep(faults.one_way_s)
        return answer

    return middleware


class Line:
    """One direction of a socket: texts come out in order, each when it has been on its way long enough."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._texts: deque[tuple[float, str]] = deque()
        self.wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._texts)

    def put(self, text: str) -> None:
        loop, one_way_s = asyncio.get_running_loop(), self._faults.one_way_s
        ahead_s = self._texts[-1][0] if self._texts else 0.0
        due_s = max(loop.time() + one_way_s, ahead_s)
        self._texts.append((due_s, text))
        if one_way_s:
            loop.call_at(due_s, self.wake.set)
        else:
            self.wake.set()

    def due(self) -> Iterator[str]:
        """Take out what has arrived."""
        loop = asyncio.get_running_loop()
        while self._texts and self._texts[0][0] <= loop.time() + CLOCK_SLACK_S:
            yield self._texts.popleft()[1]

    def clear(self) -> None:
        """Lose what is on its way."""
        self._texts.clear()


class Connection:
    """One client: what it listens to and what is on its way to it and from it.

    ticker: makes the latest ticker message; only the latest is ever sent. is_mute: whether nothing may be sent. number:
    which connection it is.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        faults: Faults,
        ticker: Callable[[], Json],
        is_mute: Callable[[], bool] = lambda: False,
        number: int = 1,
    ) -> None:
        self.socket = socket
        self.number = number
        self.channels: dict[str, Any] = {}
        self.ticker_due = False
        self._transport = transport
        self._faults = faults
        self._ticker = ticker
        self._is_mute = is_mute
        self._ticker_at_s = 0.0
        self._to_client = Line(faults)
        self._from_client = Line(faults)
        self._left = False
        self._held: str | None = None
        self._sequences: dict[str, itertools.count[int]] = {}

    @property
    def coming(self) -> int:
        """How many messages of the client are on their way."""
        return len(self._from_client)

    def say(self, message: Json) -> None:
        """Send a message that may not be lost."""
        self._to_client.put(json.dumps(message))
        if len(self._to_client) > QUEUE_LIMIT:
            self.cut()

    def publish(self, channel: str, kind: Literal["snapshot", "update"], rows: list[Json]) -> None:
        """Send a message of a private channel with its sequence number; faults may double it or hold it back."""
        if kind == "snapshot":
            self._sequences[channel] = itertools.count(1)
        message = {"channel": channel, "type": kind, "data": rows, "sequence": next(self._sequences[channel])}
        if kind == "update" and self._held is None and self._faults.event_is("reorder", channel):
            self._held = json.dumps(message)
            return
        self.say(message)
        if kind == "update" and self._faults.event_is("duplicate-answer", channel):
            self.say(message)
        self._release()

    def offer_ticker(self) -> None:
        """The ticker has changed; it is sent as soon as a ticker may be sent again."""
        self.ticker_due = self.ticker_due or "ticker" in self.channels

    def nudge(self) -> None:
        """Let the writer look whether a ticker may be sent again."""
        if self._may_send_ticker():
            self._to_client.wake.set()

    def hear(self, text: str) -> None:
        """Take what the client has sent."""
        self._from_client.put(text)
        if len(self._from_client) > QUEUE_LIMIT:
            self.cut()

    def leave(self) -> None:
        """The client has said its last word."""
        self._left = True
        self._from_client.wake.set()

    def cut(self) -> None:
        """Break the connection without a farewell; what is on its way is lost."""
        self._from_client.clear()
        if self._transport is not None:
            self._transport.abort()

    def watch(self, task: asyncio.Task[None]) -> None:
        """Break the connection when this task of it fails: nobody waits for answers that cannot come."""
        task.add_done_callback(lambda done: None if done.cancelled() or done.exception() is None else self.cut())

    async def listen(self, answer: Callable[[Connection, str], Awaitable[None]]) -> None:
        """Have everything answered that the client sends, one after the other, until it has left."""
        while True:
            for text in self._from_client.due():
                await answer(self, text)
            if self._left and not self._from_client:
                return
            await self._from_client.wake.wait()
            self._from_client.wake.clear()

    async def write(self) -> None:
        """Send what is due, and a heartbeat where nothing else is."""
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._to_client.wake.wait()
            except TimeoutError:
                self._release()
                if self.channels and not self._to_client:
                    self.say({"channel": "heartbeat"})
            self._to_client.wake.clear()
            if self._is_mute():
                continue
            if self._may_send_ticker():
                self.ticker_due = False
                self._ticker_at_s = asyncio.get_running_loop().time()
                self.say(self._ticker())
            for text in self._to_client.due():
                await self.socket.send_str(text)

    def _may_send_ticker(self) -> bool:
        return self.ticker_due and asyncio.get_running_loop().time() - self._ticker_at_s >= TICKER_EVERY_S

    def _release(self) -> None:
        """Let go of a message that was held back."""
        if self._held is not None:
            self._to_client.put(self._held)
            self._held = None
