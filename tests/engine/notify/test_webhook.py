"""Alerts over a real socket: signed, repeated under one id until they are taken, never in the way (drift spec 17)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.gate import Gate
from engine.core.journal import Journal
from engine.core.modes import AskedByPerson, Mode
from engine.core.secrets import Secret
from engine.core.switch import MasterSwitch
from engine.notify.webhook import ATTEMPTS, DELIVERY, SIGNATURE, Notice, Webhook, WebhookRefused

Until = Callable[..., Awaitable[None]]
SECRET = Secret("shared-with-the-receiver")


class Receiver:
    """Answers with `statuses`, one after the other, then with 204."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.got: list[tuple[dict[str, str], str]] = []
        self.address = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.text()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    taking = Receiver()
    application = web.Application()
    application.router.add_post("/alerts", taking.take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    taking.address = f"http://127.0.0.1:{runner.addresses[0][1]}/alerts"
    yield taking
    await runner.cleanup()


@asynccontextmanager
async def telling(
    folder: Path, address: str, mode: Mode = Mode.PAPER, *, stopped: bool = False
) -> AsyncIterator[Webhook]:
    clock, bus = WallClock(), Bus()
    journal = Journal(folder / "journal.sqlite", "test")
    await asyncio.to_thread(journal.open)
    switch = MasterSwitch(mode, bus, lambda _: None, 0.0)
    if stopped:
        switch.stop(AskedByPerson("test"), 0.0)
    gate = Gate(mode=mode, switch=switch, journal=journal, clock=clock, revision=lambda: 1)
    webhook = Webhook(address, SECRET, gate, clock, first_delay_s=0.01)
    task = asyncio.create_task(webhook.run())
    try:
        yield webhook
    finally:
        task.cancel()
        await asyncio.wait((task,))
        await asyncio.to_thread(journal.close)


def notice(name: str) -> Notice:
    return Notice(name, "HIGH_DRIFT", {"portfolio": "main", "value": 0.3}, 5.0)


async def test_a_receiver_can_check_who_sent_an_alert_and_when(
    tmp_path: Path, receiver: Receiver, until: Until
) -> None:
    async with telling(tmp_path, receiver.address) as webhook:
        webhook.put(notice("a"))
        await until(lambda: receiver.got)
    ((headers, body),) = receiver.got
    stamp, signed = (part.split("=")[1] for part in headers[SIGNATURE].split(","))
    assert signed == hmac.new(SECRET.reveal().encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    assert headers[DELIVERY] == "a"
    assert json.loads(body)["about"] == {"portfolio": "main", "value": 0.3}


async def test_what_is_not_taken_is_sent_again_under_the_same_id(
    tmp_path: Path, receiver: Receiver, until: Until
) -> None:
    receiver.statuses = [500, 429]
    async with telling(tmp_path, receiver.address) as webhook:
        webhook.put(notice("a"))
        webhook.put(notice("b"))
        await until(lambda: len(receiver.got) == 4)
    assert [headers[DELIVERY] for headers, _ in receiver.got] == ["a", "a", "a", "b"]


async def test_what_nobody_takes_is_given_up_and_the_next_goes_out(
    tmp_path: Path, receiver: Receiver, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.statuses = [500] * ATTEMPTS
    async with telling(tmp_path, receiver.address) as webhook:
        webhook.put(notice("a"))
        webhook.put(notice("b"))
        await until(lambda: len(receiver.got) == ATTEMPTS + 1)
    assert "is given up" in caplog.text
    assert SECRET.reveal() not in caplog.text


@pytest.mark.parametrize(("mode", "stopped"), [(Mode.OBSERVE, False), (Mode.PAPER, True)])
async def test_people_are_told_where_nothing_may_be_traded(
    tmp_path: Path, receiver: Receiver, until: Until, mode: Mode, *, stopped: bool
) -> None:
    async with telling(tmp_path, receiver.address, mode, stopped=stopped) as webhook:
        webhook.put(notice("a"))
        await until(lambda: receiver.got)


@pytest.mark.parametrize("address", ["http://example.org/alerts", "ftp://127.0.0.1/", "alerts", ""])
def test_an_address_in_the_clear_or_none_is_refused(tmp_path: Path, address: str) -> None:
    journal = Journal(tmp_path / "journal.sqlite", "test")
    switch = MasterSwitch(Mode.PAPER, Bus(), lambda _: None, 0.0)
    gate = Gate(mode=Mode.PAPER, switch=switch, journal=journal, clock=WallClock(), revision=lambda: 1)
    with pytest.raises(WebhookRefused):
        Webhook(address, SECRET, gate, WallClock())
