"""ccxt's Kraken with four seams: our nonces, numbers kept as text, our reading of socket messages, dials that end.

Importing this module imports ccxt, which takes the better part of a second: only `client.build` does, in a worker
thread. What is relied on in ccxt 4.5.90 is pinned by tests/engine/venue/test_ccxt_contract.py.

Orders leave by the socket as raw messages (`send`); ccxt sends only what subscribes.

Why socket messages are read here and not with ccxt's `watch_orders` and `watch_my_trades` (ccxt/pro/kraken.py):
one `executions` message is taken for trades or for orders as a whole by its first entry, so a trade behind an order
update is lost; both calls share one subscription, so the second one's snapshot is never asked for; the sequence
number is not looked at; client ids are dropped; and numbers are floats. Connecting, subscribing, pinging and noticing
a dead connection are ccxt's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

import aiohttp
import ccxt.pro

from engine.venue.errors import AnswerUnreadable, HttpStatusError
from engine.venue.nonces import Nonces
from engine.venue.order_socket import NotSentError

_FAREWELL_S = 1.0
"""How long the other side may take to answer a close; then the connection is broken off."""

_LONGEST_SECONDS = 6
SocketListener = Callable[[str, Any], None]
SentListener = Callable[[float, int, str], None]
"""Told when a request has been handed to the network: time of the loop, bytes of its body, method or endpoint."""


def _not_a_number(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def loads(text: str) -> Any:
    """JSON with every fraction kept as the text it was; raises ValueError on NaN and on what is not JSON."""
    try:
        return json.loads(text, parse_float=str, parse_constant=_not_a_number)
    except RecursionError:
        raise ValueError("JSON that is nested too deeply") from None


class KrakenWire(ccxt.pro.kraken):  # type: ignore[misc]
    """One connection pool for REST and sockets."""

    def __init__(self, config: dict[str, Any], nonces: Nonces) -> None:
        self.nonces = nonces
        self.listener: SocketListener | None = None
        self.on_sent: SentListener | None = None
        self.timeout_on_exit = 0
        super().__init__(config)

    def open(self, lazy: bool = False) -> None:
        """ccxt's; the requests of its connection pool say when they have left."""
        super().open(lazy)
        if self.session is not None:
            self.session._request_class = partial(_NotedRequest, self)

    def incrementing_nonce(self) -> int:
        """Ours: strictly rising over restarts too."""
        return self.nonces.next()

    def on_json_response(self, response_body: str) -> Any:
        """REST answers with fractions as text."""
        return loads(response_body)

    def handle_errors(
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        headers: dict[str, str],
        body: str,
        response: Any,
        request_headers: Any,
        request_body: Any,
    ) -> Any:
        """ccxt's, which takes for granted that errors come as a list of text, and a status for Kraken's own."""
        words = response.get("error", []) if isinstance(response, dict) else []
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise AnswerUnreadable("error", words)
        if code >= HTTPStatus.BAD_REQUEST and not words:
            raise HttpStatusError(code, reason, _seconds_in(headers))
        return super().handle_errors(code, reason, url, method, headers, body, response, request_headers, request_body)

    def client(self, url: str) -> Any:
        """The socket to `url`; a new one reads its messages with `loads` and remembers the task that dials."""
        known = self.clients.get(url) if self.clients else None
        client = super().client(url)
        if client is not known:
            client.handle_text_or_binary_message = partial(self._read, client)
            client.dial = None
            client.open = partial(_dial, client, client.open)
        return client

    def handle_message(self, client: Any, message: Any) -> None:
        """Pongs are ccxt's, everything else is the listener's. A socket that was hung up is not heard any more."""
        if self.clients.get(client.url) is not client:
            return
        if isinstance(message, dict) and message.get("method") == "pong":
            self.handle_pong(client, message)
        elif self.listener is not None:
            self.listener(client.url, message)

    def on_error(self, client: Any, error: Any) -> None:
        """ccxt forgets whichever socket the address has now; only the one that failed may be forgotten."""
        if self.clients.get(client.url) is client:
            super().on_error(client, error)

    def on_close(self, client: Any, error: Any) -> None:
        """As `on_error`."""
        if self.clients.get(client.url) is client:
            super().on_close(client, error)

    async def send(self, url: str, text: str, what: str) -> None:
        """Hand a message to the open socket to `url`. Raises NotSentError when nothing of it was written."""
        client = self.clients.get(url) if self.clients else None
        connection = None if client is None else client.connection
        if connection is None or connection.closed or connection._writer.transport.is_closing():
            raise NotSentError("the private socket is closed")
        # Up to the write nothing is awaited: what is raised from here on may be raised after it.
        await connection.send_str(text)
        self.note_sent(len(text.encode()), what)

    def note_sent(self, size: int, what: str) -> None:
        """A request has been handed to the network."""
        if self.on_sent is not None:
            self.on_sent(asyncio.get_running_loop().time(), size, what)

    async def hang_up(self, url: str) -> None:
        """Close the socket to `url` and wait for everything that ccxt started for it."""
        client = self.clients.pop(url, None) if self.clients else None
        if client is None:
            return
        self.ws_dial_backoff: dict[str, Any] = {}
        if client.dial is not None and not client.dial.done():
            client.dial.cancel()
            await asyncio.wait([client.dial])
        client.error = client.error or ConnectionError("hung up")
        looper = client.ping_looper
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await client.close()
        if looper is not None:
            await asyncio.wait([looper])
        # ccxt's receive loop sees the closed socket one turn of the event loop later and closes it once more.
        for _ in range(3):
            await asyncio.sleep(0)

    def _read(self, client: Any, data: Any) -> None:
        try:
            message: Any = loads(data.decode() if isinstance(data, bytes) else data)
        except ValueError:
            message = data
        self.handle_message(client, message)


def _seconds_in(headers: Mapping[str, str]) -> float:
    """How long the answer asks to be left alone; its other form, a date, is passed over."""
    wanted = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < _LONGEST_SECONDS else 0.0


async def _dial(client: Any, open_socket: Callable[..., Any], session: Any, backoff_delay: float = 0) -> None:
    client.dial = asyncio.current_task()
    await open_socket(session, backoff_delay)


class _NotedRequest(aiohttp.ClientRequest):
    """A request that tells its wire when its body was written."""

    def __init__(self, wire: KrakenWire, method: str, url: Any, **named: Any) -> None:
        super().__init__(method, url, **named)
        self._wire = wire

    async def write_bytes(self, writer: Any, conn: Any, content_length: int | None = None) -> None:
        await super().write_bytes(writer, conn, content_length)
        self._wire.note_sent(content_length or 0, self.url.path)
