"""What may go wrong between the program and the exchange, one behaviour each, over plain sockets of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.rehearse.front import API, HOSTS, PRIVATE_SOCKET, Front, Manner
from tests.rehearse.plans import plan_of
from tests.soak.virtual_time import VirtualTimeLoop, run

REQUEST = b"POST /0/private/CancelOrder HTTP/1.1\r\nHost: api\r\nContent-Length: 0\r\n\r\n"
WITHIN_S = 10.0


@dataclass
class Behind:
    """What stands in for the exchange: it keeps what it got and answers in capitals."""

    got: list[bytes] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65_536):
                self.got.append(piece)
                writer.write(piece.upper())
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Front, Behind]]:
    behind = Behind()
    server = await asyncio.start_server(behind.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    front = Front(lambda: port, None, port=0)
    await front.start()
    try:
        yield front, behind
    finally:
        await front.close()
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def connected(front: Front, host: str = API) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(HOSTS[host], front.ports[host])
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def said(reader: asyncio.StreamReader) -> bytes:
    """What comes next; empty for an end or a reset."""
    async with asyncio.timeout(WITHIN_S):
        try:
            return await reader.read(65_536)
        except ConnectionError:
            return b""


async def test_bytes_pass_both_ways() -> None:
    async with opened() as (front, _), connected(front) as (reader, writer):
        writer.write(b"hello")
        assert await said(reader) == b"HELLO"


async def test_what_was_sent_while_it_hung_arrives_when_the_hanging_ends() -> None:
    async with opened() as (front, behind), connected(front) as (reader, writer):
        writer.write(b"before ")
        await said(reader)
        front.behave(Manner.HANG)
        writer.write(b"during")
        await writer.drain()
        await asyncio.sleep(0)
        assert behind.got == [b"before "]
        front.behave(Manner.PASS)
        assert await said(reader) == b"DURING"


async def test_a_cut_resets_what_stands_and_what_comes() -> None:
    async with opened() as (front, behind), connected(front) as (reader, _):
        front.behave(Manner.CUT)
        assert await said(reader) == b""
        async with connected(front) as (reader, writer):
            writer.write(b"hello")
            assert await said(reader) == b""
        assert behind.got == []


async def test_a_bad_gateway_answers_html_and_lets_nothing_through() -> None:
    async with opened() as (front, behind):
        front.behave(Manner.BAD_GATEWAY)
        async with connected(front) as (reader, writer):
            writer.write(REQUEST)
            assert (await said(reader)).startswith(b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n")
        assert behind.got == []


async def test_a_lost_answer_is_one_to_a_request_that_arrived() -> None:
    async with opened() as (front, behind):
        front.behave(Manner.LOSE_ANSWERS)
        async with connected(front) as (reader, writer):
            writer.write(REQUEST)
            assert await said(reader) == b""
        assert behind.got == [REQUEST]


async def test_one_host_may_fail_while_the_others_go_on() -> None:
    async with opened() as (front, _):
        front.behave(Manner.CUT, (PRIVATE_SOCKET,))
        async with connected(front) as (reader, writer):
            writer.write(b"hello")
            assert await said(reader) == b"HELLO"
        async with connected(front, PRIVATE_SOCKET) as (reader, _):
            assert await said(reader) == b""


@pytest.mark.parametrize("way_s", [0.0, 0.12, 0.4])
def test_distance_is_taken_each_way(way_s: float) -> None:
    async def work(loop: VirtualTimeLoop) -> float:
        async with opened() as (front, _), connected(front) as (reader, writer):
            front.way_s = way_s
            began_s = loop.time()
            writer.write(b"hello")
            assert await said(reader) == b"HELLO"
            return loop.time() - began_s

    assert run(work) == pytest.approx(2 * way_s)


def test_a_history_follows_from_its_seed() -> None:
    assert [plan_of(seed) for seed in range(50)] == [plan_of(seed) for seed in range(50)]
    assert len({plan_of(seed) for seed in range(50)}) == 50
