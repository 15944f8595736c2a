"""Where Kraken's hosts seem to be: TLS on port 443, behind it the paper exchange; and all that may go wrong between."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum

API, PUBLIC_SOCKET, PRIVATE_SOCKET = "api.kraken.com", "ws.kraken.com", "ws-auth.kraken.com"
HOSTS = {API: "127.0.0.11", PUBLIC_SOCKET: "127.0.0.12", PRIVATE_SOCKET: "127.0.0.13"}
TLS_PORT = 443
_PIECE_BYTES = 65_536
_BAD_GATEWAY = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    b"<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
)


class Manner(Enum):
    """How a host behaves.

    HANG: connections are taken and nothing comes back; what was sent meanwhile arrives when the hanging ends. CUT:
    every connection is reset, and so is what was on its way. BAD_GATEWAY: each request is answered 502 with a page of
    HTML and goes no further; sockets that stood are reset. LOSE_ANSWERS: requests arrive, their answers are lost with
    the connection.
    """

    PASS = "pass"
    HANG = "hang"
    CUT = "cut"
    BAD_GATEWAY = "bad_gateway"
    LOSE_ANSWERS = "lose_answers"


@dataclass(eq=False)
class _Passage:
    """One connection of a client, and the one behind it."""

    host: str
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    upgraded: bool = False

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


class Front:
    """All hosts. way_s: how long everything takes each way, in seconds of the loop. `start`, then `close`.

    exchange_port: asked at each connection, so that an exchange may be started anew. certificates: what each host
    shows, None for plain TCP. port: 0 gives each host any free one (`ports`).
    """

    def __init__(
        self,
        exchange_port: Callable[[], int],
        certificates: Callable[[str], ssl.SSLContext] | None,
        port: int = TLS_PORT,
    ) -> None:
        self._exchange_port = exchange_port
        self._certificates = certificates
        self._port = port
        self._manners = dict.fromkeys(HOSTS, Manner.PASS)
        self._changed = asyncio.Event()
        self._shown: dict[str, ssl.SSLContext] = {}
        self._passages: set[_Passage] = set()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.way_s = 0.0
        self.ports: dict[str, int] = {}
        self.taken = dict.fromkeys(HOSTS, 0)
        """Connections of each host."""
        self.taken_first_s: float | None = None
        """When the first connection came, by the loop's time."""

    async def start(self) -> None:
        for host, address in HOSTS.items():
            await self._listen(host, address)

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for passage in list(self._passages):
            passage.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()

    def behave(self, manner: Manner, hosts: Iterable[str] = HOSTS) -> None:
        """From now on these hosts behave so."""
        for host in hosts:
            self._manners[host] = manner
        for passage in list(self._passages):
            here = self._manners[passage.host]
            if here is Manner.CUT or (here is Manner.BAD_GATEWAY and passage.upgraded):
                passage.cut()
        self._changed.set()
        self._changed = asyncio.Event()

    def show(self, certificate: ssl.SSLContext, hosts: Iterable[str]) -> None:
        """New connections of these hosts see this certificate."""
        for host in hosts:
            self._shown[host] = certificate

    async def _listen(self, host: str, address: str) -> None:
        def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(host, reader, writer), name=f"front {host}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        greeting = None
        if self._certificates is not None:
            greeting = self._shown[host] = self._certificates(host)

            def choose(connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
                connection.context = self._shown[host]

            greeting.sni_callback = choose
        server = await asyncio.start_server(taken, address, self._port, ssl=greeting)
        self.ports[host] = int(server.sockets[0].getsockname()[1])
        self._servers.append(server)

    async def _serve(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken[host] += 1
        if self.taken_first_s is None:
            self.taken_first_s = asyncio.get_running_loop().time()
        passage = _Passage(host, [writer])
        self._passages.add(passage)
        try:
            if self._manners[host] is Manner.CUT:
                return
            behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self._exchange_port())
            passage.writers.append(behind_writer)
            there = asyncio.create_task(self._carry(reader, lambda piece: self._there(passage, piece)))
            back = asyncio.create_task(self._carry(behind_reader, lambda piece: self._back(passage, piece)))
            try:
                await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (there, back):
                    task.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
        except OSError:
            return
        finally:
            self._passages.discard(passage)
            passage.cut()

    async def _carry(self, reader: asyncio.StreamReader, deliver: Callable[[bytes], Awaitable[None]]) -> None:
        """Every piece that is read is delivered `way_s` later; returns when there are no more, raises OSError."""
        loop = asyncio.get_running_loop()
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                due_s, piece = await on_the_way.get()
                if (wait_s := due_s - loop.time()) > 0:
                    await asyncio.sleep(wait_s)
                if not piece:
                    return
                await deliver(piece)

        arriving = asyncio.create_task(arrive())
        try:
            piece = b"-"
            while piece and not arriving.done():
                with suppress(OSError):
                    piece = await reader.read(_PIECE_BYTES)
                    on_the_way.put_nowait((loop.time() + self.way_s, piece))
                    continue
                piece = b""
                on_the_way.put_nowait((loop.time() + self.way_s, piece))
            await arriving
        finally:
            arriving.cancel()
            await asyncio.gather(arriving, return_exceptions=True)

    async def _there(self, passage: _Passage, piece: bytes) -> None:
        await self._while_hanging(passage.host)
        if self._manners[passage.host] is Manner.BAD_GATEWAY:
            await self._answer_bad_gateway(passage, piece)
            return
        if b"\r\nupgrade: websocket" in piece.lower():
            passage.upgraded = True
        passage.writers[1].write(piece)
        await passage.writers[1].drain()

    async def _back(self, passage: _Passage, piece: bytes) -> None:
        await self._while_hanging(passage.host)
        if self._manners[passage.host] is Manner.LOSE_ANSWERS:
            passage.cut()
            return
        passage.writers[0].write(piece)
        await passage.writers[0].drain()

    async def _answer_bad_gateway(self, passage: _Passage, piece: bytes) -> None:
        """The whole request is read first, else the client sees a reset instead of the answer."""
        if b" HTTP/1." not in piece:  # the body of a request whose head was answered, or of a socket
            return
        head = f"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: {len(_BAD_GATEWAY)}\r\n\r\n"
        passage.writers[0].write(head.encode() + _BAD_GATEWAY)
        await passage.writers[0].drain()

    async def _while_hanging(self, host: str) -> None:
        while self._manners[host] is Manner.HANG:
            await self._changed.wait()
