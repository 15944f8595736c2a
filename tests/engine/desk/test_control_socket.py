"""A running session is asked from outside over its control socket: real profile, real session, real sockets."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.core.messages import Acknowledged, Answer, Reason
from engine.core.modes import Mode, ModeSnapshot, Switch
from engine.core.troubles import TakeWay, Trouble, TroublesSnapshot, Way
from engine.desk import control_socket
from engine.desk.control_address import (
    CONTROL_FILE,
    MAX_LINE_BYTES,
    ControlAddress,
    ControlAddressError,
    socket_path,
)
from engine.desk.control_client import NoSessionError, SessionSilentError, ask_session
from engine.desk.control_socket import MAX_CONNECTIONS, ControlSocket
from engine.desk.desk import Desk
from engine.paper.exchange import Exchange
from tests.engine.desk.running_desk import Place, acquired, exchange_in_process, grid

Until = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SlotIsStuck(Reason, code="slot_is_stuck_in_a_test"):
    slot_id: int


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with acquired(tmp_path / "p", Mode.OFF) as found:
        yield found


async def asked(profile: Path, command: str, **fields: str) -> dict[str, Any]:
    return await to_thread(ask_session, profile, command, **fields)


def sent(profile: Path, content: bytes) -> dict[str, Any]:
    """The answer to these bytes, whatever they are."""
    address = ControlAddress.read(profile)
    assert address is not None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(10)
        connection.connect(address.path)
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        answer: dict[str, Any] = json.loads(connection.makefile("rb").readline())
        return answer


async def test_a_session_says_how_it_stands(place: Place) -> None:
    async with place.session():
        answer = await asked(place.profile.folder, "status")
    assert answer["ok"]
    result = answer["result"]
    assert (result["mode"], result["switch"], result["why"], result["grid"]) == ("off", "running", None, None)
    assert result["process"] == os.getpid()
    assert result["effects"]["stop"]["words"].startswith("Stop takes every order off the book (0 now)")


async def test_the_verbs_of_a_person_move_the_switch_and_name_the_terminal(place: Place) -> None:
    async with place.session() as desk:
        for verb, stands in (("pause", Switch.PAUSED), ("stop", Switch.STOPPED), ("resume", Switch.RUNNING)):
            answer = await asked(place.profile.folder, verb)
            assert answer["ok"]
            assert answer["result"]["switch"] == stands.value
            mode = desk.bus.latest(ModeSnapshot)
            assert mode is not None
            assert mode.switch is stands
        why = (await asked(place.profile.folder, "status"))["result"]["why"]
    assert why["words"] == "A person asked for it in the terminal."


async def test_a_stop_takes_every_order_off_the_book(tmp_path: Path, until: Until) -> None:
    async with exchange_in_process() as (exchange, world), acquired(tmp_path / "p", world=world) as place:
        await check_that_a_stop_clears(exchange, place, until)


@pytest.mark.qasync
async def test_on_the_loop_of_the_panel_it_is_the_same(tmp_path: Path, until: Until) -> None:
    async with exchange_in_process() as (exchange, world), acquired(tmp_path / "p", world=world) as place:
        await check_that_a_stop_clears(exchange, place, until)


async def check_that_a_stop_clears(exchange: Exchange, place: Place, until: Until) -> None:
    async with place.session() as desk:
        await until(lambda: (found := grid(desk)) is not None and found.open_orders >= 2, within_s=15)
        status = (await asked(place.profile.folder, "status"))["result"]
        assert status["grid"]["open_orders"] >= 2
        assert {one["engine"]: one["state"] for one in status["engines"]}["grid"] == "running"
        assert (await asked(place.profile.folder, "stop"))["ok"]
        assert not exchange.world.book.open


async def offering(desk: Desk) -> list[TakeWay]:
    """A trouble of one slot in the session, and what was asked about it."""
    taken: list[TakeWay] = []

    async def take(command: TakeWay) -> Answer:
        taken.append(command)
        return Acknowledged({"slot": 3})

    desk.bus.handle(TakeWay, take)
    ways = (Way("release", "3", SlotIsStuck(3)),)
    trouble = Trouble("slot 3", SlotIsStuck(3), 100.0, ways)
    desk.bus.publish(TroublesSnapshot(at_s=101.0, engine="grid", troubles=(trouble,)))
    return taken


async def test_what_waits_for_a_person_is_listed_with_its_ways_out(place: Place) -> None:
    async with place.session() as desk:
        await offering(desk)
        answer = await asked(place.profile.folder, "ways")
    (trouble,) = answer["result"]["troubles"]
    assert (trouble["engine"], trouble["name"], trouble["since_s"]) == ("grid", "slot 3", 100.0)
    assert trouble["reason"]["words"] == "slot_is_stuck_in_a_test (slot_id: 3)"
    assert [(way["verb"], way["target"]) for way in trouble["ways"]] == [("release", "3")]


async def test_a_way_that_is_offered_is_taken(place: Place) -> None:
    async with place.session() as desk:
        taken = await offering(desk)
        answer = await asked(place.profile.folder, "take", verb="release", target="3")
    assert answer == {"ok": True, "result": {"slot": 3}}
    assert taken == [TakeWay(verb="release", target="3", where="terminal")]


async def test_a_way_that_nobody_offers_is_refused_with_those_that_are(place: Place) -> None:
    async with place.session() as desk:
        taken = await offering(desk)
        answer = await asked(place.profile.folder, "take", verb="adopt", target="3")
    assert (answer["ok"], answer["error"]["code"], taken) == (False, "way_not_offered", [])
    assert [(way["verb"], way["target"]) for way in answer["error"]["offered"]] == [("release", "3")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"command": "status"}', "bad_request"),
        (b"status\n", "bad_request"),
        (b"[1]\n", "unknown_command"),
        (b'{"command": "withdraw"}\n', "unknown_command"),
        (b'{"command": ["stop"]}\n', "unknown_command"),
        (b'{"command": "take", "verb": 1, "target": "3"}\n', "bad_request"),
        (b"[" * 60_000 + b"\n", "bad_request"),
        (b" " * (MAX_LINE_BYTES + 2) + b"\n", "too_long"),
    ],
    ids=["no end", "no json", "no object", "unknown", "no text", "no verb", "deep", "long"],
)
async def test_what_is_no_request_is_refused_by_name(place: Place, content: bytes, code: str) -> None:
    async with place.session():
        answer = await to_thread(sent, place.profile.folder, content)
        assert (answer["ok"], answer["error"]["code"]) == (False, code)
        assert (await asked(place.profile.folder, "status"))["ok"]


async def test_the_socket_is_its_owners_alone_and_goes_with_the_session(place: Place) -> None:
    folder = place.profile.folder
    async with place.session():
        address = ControlAddress.read(folder)
        assert address is not None
        assert Path(address.path) == folder / "control.sock"
        modes = [stat.S_IMODE(file.stat().st_mode) for file in (folder, folder / CONTROL_FILE, Path(address.path))]
        assert modes == [0o700, 0o600, 0o600]
    assert [name for name in os.listdir(folder) if name.startswith("control")] == []
    with pytest.raises(NoSessionError, match="no session runs on the profile"):
        await asked(folder, "status")


async def test_a_socket_that_a_killed_session_left_means_that_none_runs_and_is_in_nobodys_way(place: Place) -> None:
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(str(place.profile.folder / "control.sock"))
    left.close()
    ControlAddress(path=str(place.profile.folder / "control.sock")).write(place.profile.folder)
    with pytest.raises(NoSessionError):
        await asked(place.profile.folder, "status")
    async with place.session():
        assert (await asked(place.profile.folder, "status"))["ok"]


async def test_a_profile_whose_path_is_too_long_for_a_socket_has_it_in_a_short_place(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 60) / ("b" * 60)
    async with acquired(folder, Mode.OFF) as place, place.session():
        address = ControlAddress.read(folder)
        assert address is not None
        path = Path(address.path)
        assert path.parent == Path(os.environ["XDG_RUNTIME_DIR"]) / "evenkeel"
        assert [stat.S_IMODE(one.stat().st_mode) for one in (path.parent, path)] == [0o700, 0o600]
        assert (await asked(folder, "status"))["result"]["profile"] == str(folder)
    assert os.listdir(path.parent) == []


def test_a_short_place_that_others_may_write_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "evenkeel").mkdir()
    (tmp_path / "evenkeel").chmod(0o777)
    with pytest.raises(ControlAddressError, match="not a folder of this user alone"):
        socket_path(tmp_path / ("a" * 60) / ("b" * 60))


async def test_without_unix_sockets_it_is_loopback_for_whoever_shows_the_token(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_socket, "HAS_UNIX_SOCKETS", False)
    folder = place.profile.folder
    async with place.session():
        assert (await asked(folder, "status"))["ok"]
        address = ControlAddress.read(folder)
        assert address is not None
        assert (address.path, stat.S_IMODE((folder / CONTROL_FILE).stat().st_mode)) == ("", 0o600)
        ControlAddress(port=address.port, token="another").write(folder)
        answer = await asked(folder, "stop")
        assert (answer["ok"], answer["error"]["code"]) == (False, "wrong_token")


async def test_another_user_is_not_answered(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async with place.session():
        monkeypatch.setattr(control_socket.os, "geteuid", lambda: os.getuid() + 1)
        answer = await asked(place.profile.folder, "stop")
    assert (answer["ok"], answer["error"]["code"]) == (False, "wrong_user")


async def test_a_caller_that_says_nothing_is_let_go_and_many_of_them_keep_nobody_waiting_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_socket, "READ_WITHIN_S", 0.2)
    sockets = ControlSocket(tmp_path, _nothing, lambda text: text)
    await sockets.start()
    try:
        callers = [await asyncio.open_unix_connection(str(tmp_path / "control.sock")) for _ in range(MAX_CONNECTIONS)]
        lines = [json.loads(await reader.readline()) for reader, _ in callers]
        assert {line["error"]["code"] for line in lines} == {"late"}
        assert (await asked(tmp_path, "status"))["ok"]
        for _, writer in callers:
            writer.close()
    finally:
        await sockets.close()


async def test_a_request_without_an_answer_in_time_goes_on_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_socket, "ANSWER_WITHIN_S", 0.1)
    go_on, done = asyncio.Event(), asyncio.Event()

    async def slow(_request: Any) -> dict[str, Any]:
        await go_on.wait()
        done.set()
        return {"ok": True}

    sockets = ControlSocket(tmp_path, slow, lambda text: text)
    await sockets.start()
    try:
        answer = await asked(tmp_path, "stop")
        assert (answer["ok"], answer["error"]["code"]) == (False, "unanswered")
        go_on.set()
        await done.wait()
    finally:
        await sockets.close()


async def test_nothing_secret_leaves_by_it(tmp_path: Path) -> None:
    async def leaks(_request: Any) -> dict[str, Any]:
        return {"ok": True, "result": {"words": ["the key is swordfish1"]}}

    sockets = ControlSocket(tmp_path, leaks, lambda text: text.replace("swordfish1", "[redacted]"))
    await sockets.start()
    try:
        assert (await asked(tmp_path, "status"))["result"] == {"words": ["the key is [redacted]"]}
    finally:
        await sockets.close()


def test_a_session_that_ends_the_line_early_is_silent_not_absent(tmp_path: Path) -> None:
    import threading

    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(tmp_path / "s"))
    listening.listen()
    ControlAddress(path=str(tmp_path / "s")).write(tmp_path)

    def hang_up() -> None:
        connection, _ = listening.accept()
        connection.recv(1024)
        connection.close()

    caller = threading.Thread(target=hang_up)
    caller.start()
    with pytest.raises(SessionSilentError, match="without a whole answer"):
        ask_session(tmp_path, "status")
    caller.join()
    listening.close()


async def _nothing(_request: Any) -> dict[str, Any]:
    return {"ok": True}
