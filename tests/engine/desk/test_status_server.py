"""`GET /api/status` over real sockets (governor spec 9, seed 9.1)."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.core.modes import Mode
from engine.core.supervisor import EngineSnapshot, EngineState
from engine.desk.desk import Desk
from engine.desk.messages import DeskNote, StatusPageRefused, StatusPageSnapshot
from engine.desk.options import DeskOptions
from engine.governor.messages import GovernorSnapshot
from tests.engine.desk.running_desk import Place, acquired, exchange_in_process

Until = Callable[..., Awaitable[None]]

TYPES: dict[str, tuple[type, ...]] = {
    "enabled": (bool,),
    "idle_ratio": (float,),
    "target": (float,),
    "error": (float,),
    "smoothed_error": (float,),
    "velocity": (float,),
    "skew": (float,),
    "skew_direction": (str,),
    "size_mult_a": (float,),
    "size_mult_b": (float,),
    "damped": (bool,),
    "sign_flips_1h": (int,),
}
"""Seed 9.1, in its order, with its JSON types."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def asked(port: int, method: str = "GET", path: str = "/api/status", **headers: str) -> tuple[int, Any, dict[str, str]]:
    """Status, JSON body and headers (names in lower case) of one request. `Host` is this machine's unless given."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text or "null"), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def listening_at(port: int) -> list[str]:
    """The addresses at which anybody on this machine listens to this port, as the kernel has them."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = [row[1].partition(":") for row in rows if row[3] == "0A"]
    return [socket.inet_ntoa(bytes.fromhex(host)[::-1]) for host, _, number in addresses if int(number, 16) == port]


def refuses(port: int) -> bool:
    try:
        asked(port)
    except ConnectionRefusedError:
        return True
    return False


async def set_port(desk: Desk, port: int) -> None:
    await desk.configuration.apply(desk.configuration.draft({"desk.status_port": port}), "test")


def page(desk: Desk) -> StatusPageSnapshot | None:
    return desk.bus.latest(StatusPageSnapshot)


@pytest.fixture
async def off(tmp_path: Path) -> AsyncIterator[Place]:
    """A session that connects to nothing: all that the page needs but a governor."""
    async with acquired(tmp_path / "p", Mode.OFF) as place:
        yield place


@pytest.fixture
async def served(off: Place, until: Until) -> AsyncIterator[tuple[Desk, int]]:
    port = free_port()
    async with off.session() as desk:
        await set_port(desk, port)
        await until(lambda: (shown := page(desk)) is not None and shown.port == port)
        yield desk, port


async def test_a_running_governor_is_shown_as_the_source_document_has_it(tmp_path: Path, until: Until) -> None:
    port = free_port()
    async with exchange_in_process() as (_, world), acquired(tmp_path / "p", Mode.PAPER, world) as place:
        place.environment = {"EVENKEEL_DESK_STATUS_PORT": str(port)}
        async with place.session() as desk:
            await until(lambda: desk.bus.latest(GovernorSnapshot) is not None, within_s=15)
            status, body, headers = await to_thread(asked, port)
    assert status == 200
    assert list(body) == ["rebalancer"]
    assert list(body["rebalancer"]) == list(TYPES)
    assert {name: type(value) for name, value in body["rebalancer"].items() if type(value) not in TYPES[name]} == {}
    assert body["rebalancer"]["target"] == 0.4
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"].startswith("application/json")
    assert [name for name in headers if name.startswith("access-control")] == []


async def test_it_is_off_until_it_is_switched_on(off: Place) -> None:
    async with off.session() as desk:
        assert desk.configuration.settings.of(DeskOptions).status_port == 0
        assert page(desk) is None


async def test_before_the_governor_has_decided_anything_it_says_so(served: tuple[Desk, int]) -> None:
    desk, port = served
    assert (await to_thread(asked, port))[:2] == (503, {"error": "the governor is not running"})
    engine = EngineSnapshot(at_s=1.0, engine="governor", state=EngineState.RUNNING, crashes=0, last_error="")
    desk.bus.publish(engine)
    assert (await to_thread(asked, port))[:2] == (503, {"error": "the governor has not decided anything yet"})


async def test_it_can_be_read_only(served: tuple[Desk, int]) -> None:
    for method in ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        status, _, headers = await to_thread(asked, served[1], method)
        assert (status, headers["allow"]) == (405, "GET"), method


async def test_there_is_nothing_else(served: tuple[Desk, int]) -> None:
    for path in ("/", "/api", "/api/status/", "/api/status/x", "/paper/control", "//api/status"):
        assert (await to_thread(asked, served[1], "GET", path))[0] == 404, path


async def test_a_request_that_names_another_host_is_refused(served: tuple[Desk, int]) -> None:
    """DNS rebinding: a page on evil.example that was made to point here still says evil.example."""
    port = served[1]
    for host in (f"evil.example:{port}", "evil.example", "127.0.0.1", f"127.0.0.1:{port + 1}", f"127.0.0.1:{port}."):
        assert (await to_thread(asked, port, Host=host))[0] == 421, host
    for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
        assert (await to_thread(asked, port, Host=host))[0] == 503, host


async def test_it_listens_on_this_machine_alone(served: tuple[Desk, int]) -> None:
    assert listening_at(served[1]) == ["127.0.0.1"]


async def test_while_the_session_runs_it_is_moved_and_switched_off(served: tuple[Desk, int], until: Until) -> None:
    desk, first = served
    second = free_port()
    await set_port(desk, second)
    await until(lambda: (shown := page(desk)) is not None and shown.port == second)
    assert (await to_thread(asked, second))[0] == 503
    assert await to_thread(refuses, first)
    await set_port(desk, 0)
    await until(lambda: (shown := page(desk)) is not None and shown.port is None)
    assert await to_thread(refuses, second)


async def test_a_port_that_is_taken_is_told_and_the_session_goes_on(served: tuple[Desk, int], until: Until) -> None:
    desk, first = served
    reader = desk.bus.read(DeskNote)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = int(other.getsockname()[1])
        await set_port(desk, taken)
        await until(lambda: (shown := page(desk)) is not None and shown.port is None)
    (told,) = reader.drain()
    reader.close()
    assert isinstance(told, DeskNote)
    assert isinstance(told.reason, StatusPageRefused)
    assert (told.reason.port, told.grave) == (taken, False)
    await set_port(desk, first)
    await until(lambda: (shown := page(desk)) is not None and shown.port == first)


@pytest.mark.qasync
async def test_the_panels_loop_serves_it_too(served: tuple[Desk, int]) -> None:
    assert (await to_thread(asked, served[1]))[0] == 503


async def test_a_reader_that_stays_connected_does_not_keep_the_session_from_ending(off: Place) -> None:
    port = free_port()
    off.environment = {"EVENKEEL_DESK_STATUS_PORT": str(port)}
    with socket.socket() as reader:
        async with asyncio.timeout(10), off.session():
            await to_thread(reader.connect, ("127.0.0.1", port))
            await to_thread(reader.sendall, f"GET /api/status HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            assert (await to_thread(reader.recv, 12)) == b"HTTP/1.1 503"


async def test_the_port_is_free_again_when_the_session_has_ended(off: Place) -> None:
    port = free_port()
    off.environment = {"EVENKEEL_DESK_STATUS_PORT": str(port)}
    async with off.session():
        assert (await to_thread(asked, port))[0] == 503
    assert await to_thread(refuses, port)
