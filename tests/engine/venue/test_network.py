"""A company's certificate and proxy: a look-alike of Kraken behind TLS, and a tunnelling proxy before it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.core.clock import ManualClock
from engine.core.gate import Rejection
from engine.core.modes import Mode
from engine.core.secrets import Secret
from engine.grid.ports import Quote, StreamBack, StreamLost
from engine.venue.addresses import Addresses
from engine.venue.client import Keys
from engine.venue.kraken import KrakenVenue
from engine.venue.network import proxy_for
from engine.venue.nonces import NoncesInMemory
from engine.venue.options import SYSTEM_PROXY, Trust, VenueOptions
from tests.engine.venue.conftest import EPOCH_S, SECRET, World
from tests.rehearse.authority import Authority

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on this machine; its port."""
    open_now: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_now[task] = writer
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        await gone(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for writer in open_now.values():
            writer.transport.abort()
        await asyncio.gather(*open_now)


async def gone(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def passing_on(port: int) -> Serve:
    """Hands every byte to `port` and back."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await tunnel(reader, writer, port)

    return serve


async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port)
    both = [asyncio.create_task(copied(reader, back_writer)), asyncio.create_task(copied(back_reader, writer))]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        await gone(back_writer)


async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


class Proxy:
    """Tunnels to wherever it is asked, and notes it; or refuses with `status`."""

    def __init__(self, status: int = 200) -> None:
        self.asked: list[str] = []
        self._status = status

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split("\r\n", 1)[0].split(" ")
        self.asked.append(f"{method} {target}")
        writer.write(f"HTTP/1.1 {self._status} Said so\r\n\r\n".encode())
        await writer.drain()
        if self._status == 200:
            await tunnel(reader, writer, int(target.rpartition(":")[2]))


@asynccontextmanager
async def connected(port: int, sockets: int | None = None, **options: Any) -> AsyncIterator[KrakenVenue]:
    """sockets: where they are; without it where REST is."""
    address = f"wss://localhost:{sockets or port}/v2"
    where = Addresses(f"https://localhost:{port}", address, address)
    venue = await KrakenVenue.connect(
        Mode.OBSERVE,
        where,
        Keys(Secret("paper-key"), Secret(SECRET)),
        VenueOptions(request_timeout_s=3, **options),
        ManualClock(EPOCH_S),
        NoncesInMemory(),
    )
    try:
        yield venue
    finally:
        await venue.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def behind_tls(world: World, authority: Authority) -> AsyncIterator[int]:
    async with serving(passing_on(world.exchange.port), authority.server(["localhost"])) as port:
        yield port


async def test_a_certificate_that_is_not_trusted_is_named_with_the_way_out(behind_tls):
    async with connected(behind_tls) as venue:
        with pytest.raises(Rejection) as refused:
            await venue.rules()
    assert refused.value.reason.advice == "person"
    assert "certificate" in refused.value.reason.words
    assert "venue.trust = system" in refused.value.reason.words


async def test_the_stream_names_a_certificate_that_is_not_trusted(behind_tls, next_of):
    async with connected(behind_tls) as venue:
        lost = await next_of(venue.stream(), StreamLost, StreamBack)
    assert "venue.trust = system" in lost.reason.words


async def test_the_certificates_of_this_computer_count_when_that_is_chosen(behind_tls, authority, monkeypatch, next_of):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    async with connected(behind_tls, trust=Trust.SYSTEM) as venue:
        assert (await venue.rules()).pair == "DOGE/USD"
        assert isinstance(await next_of(venue.stream(), Quote, StreamLost), Quote)


async def test_a_certificate_that_has_expired_is_named_as_that(world, authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    async with (
        serving(passing_on(world.exchange.port), authority.server(["localhost"], expired=True)) as port,
        connected(port, trust=Trust.SYSTEM) as venue,
    ):
        with pytest.raises(Rejection) as refused:
            await venue.rules()
    assert "expired" in refused.value.reason.words


@pytest.mark.parametrize("by_system", [False, True])
async def test_requests_and_sockets_go_through_the_proxy(world, behind_tls, authority, monkeypatch, next_of, by_system):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    proxy = Proxy()
    async with (
        serving(proxy.serve) as proxy_port,
        serving(passing_on(world.exchange.port), authority.server(["localhost"])) as sockets,
    ):
        address = f"http://127.0.0.1:{proxy_port}"
        if by_system:
            monkeypatch.setenv("HTTPS_PROXY", address)
            for name in ("NO_PROXY", "no_proxy"):
                monkeypatch.delenv(name, raising=False)
        chosen = SYSTEM_PROXY if by_system else address
        async with connected(behind_tls, sockets, trust=Trust.SYSTEM, proxy=chosen) as venue:
            assert isinstance(await next_of(venue.stream(), Quote, StreamLost), Quote)
    assert set(proxy.asked) == {f"CONNECT localhost:{behind_tls}", f"CONNECT localhost:{sockets}"}


@pytest.mark.parametrize(("status", "advice"), [(407, "person"), (403, "person"), (502, "retry")])
async def test_a_proxy_that_lets_nothing_through_is_named(behind_tls, status, advice):
    async with (
        serving(Proxy(status).serve) as proxy_port,
        connected(behind_tls, proxy=f"http://127.0.0.1:{proxy_port}") as venue,
    ):
        with pytest.raises(Rejection) as refused:
            await venue.rules()
    assert refused.value.reason.advice == advice
    assert f"HTTP {status}" in refused.value.reason.words


async def test_a_proxy_that_is_not_there_is_named(behind_tls):
    async with serving(Proxy().serve) as port:
        pass
    async with connected(behind_tls, proxy=f"http://127.0.0.1:{port}") as venue:
        with pytest.raises(Rejection) as refused:
            await venue.rules()
    assert "proxy" in refused.value.reason.words


def test_an_address_that_the_system_reaches_by_itself_goes_through_no_proxy(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.delenv("no_proxy", raising=False)
    assert proxy_for("https://localhost:1", SYSTEM_PROXY) is None
    assert proxy_for("https://api.kraken.com", SYSTEM_PROXY) == "http://proxy.example:3128"
    assert proxy_for("https://api.kraken.com", "") is None


async def test_paper_goes_through_no_proxy(open_world, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    async with open_world(VenueOptions(proxy=SYSTEM_PROXY)) as world:
        assert (await world.venue.rules()).pair == "DOGE/USD"
