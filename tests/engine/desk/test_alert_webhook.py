"""Alerts of every engine at the operator's own address: signed, each once, through the gate (issue 6)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from engine.core.bus import Bus, EventReader
from engine.core.clock import WallClock
from engine.core.configuration import Configuration
from engine.core.gate import Gate
from engine.core.journal import IntentRow, Journal
from engine.core.modes import Exposure, Mode
from engine.core.option_catalogue import Catalogue
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.core.switch import MasterSwitch
from engine.desk.alert_webhook import ALERT_WEBHOOK_SECRET, AlertWebhook
from engine.desk.alerting import Alerting
from engine.desk.messages import DeskNote
from engine.desk.options import SECTIONS
from engine.drift.alerts import Alert, AlertKind
from engine.drift.messages import AlertRaised
from engine.grid.messages import GridNote, Halted
from engine.hub.messages import HubHalted
from engine.notify.webhook import SIGNATURE
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service

SHARED = "shared-with-the-receiver"
HALTED = GridNote(at_s=2.0, reason=Halted("volumes differ"), grave=True)
DRIFTED = AlertRaised(at_s=4.0, alert=Alert(AlertKind.HIGH_DRIFT, "main", 0.31, 0.25, 4.0))


@dataclass
class Session:
    """What a desk has around its alerts."""

    bus: Bus
    journal: Journal
    notes: EventReader

    async def told(self) -> list[IntentRow]:
        return await self.journal.intents("notify")


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[str, list[tuple[str, str]]]]:
    got: list[tuple[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        got.append((request.headers[SIGNATURE], await request.text()))
        return web.Response(status=204)

    application = web.Application()
    application.router.add_post("/alerts", take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/alerts", got
    await runner.cleanup()


@asynccontextmanager
async def session(folder: Path, options: str, *, secret: str | None = SHARED) -> AsyncIterator[Session]:
    (folder / "evenkeel.toml").write_text(options)
    clock, bus = WallClock(), Bus()
    configuration = await Configuration.open(folder / "evenkeel.toml", Catalogue(SECTIONS), {}, clock)
    vault = SecretStore(folder.name, SecretNames((ALERT_WEBHOOK_SECRET,)), lambda _: None)
    if secret is not None:
        await vault.save(ALERT_WEBHOOK_SECRET, Secret(secret))
    journal = Journal(folder / "journal.sqlite", "test")
    await asyncio.to_thread(journal.open)
    switch = MasterSwitch(Mode.PAPER, bus, lambda _: None, 0.0)
    gate = Gate(mode=Mode.PAPER, switch=switch, journal=journal, clock=clock, revision=lambda: 1)
    webhook, alerting = AlertWebhook(configuration, vault, bus, str), Alerting(bus, journal, clock)
    alerting.told = webhook.put
    notes = bus.read(DeskNote)
    await alerting.start()
    try:
        bus.emit(HALTED)  # before there is a gate
        await asyncio.sleep(0)
        webhook.start(gate)
        yield Session(bus, journal, notes)
    finally:
        await alerting.close()
        await webhook.close()
        await asyncio.to_thread(journal.close)


@pytest.mark.usefixtures("secret_service")
async def test_alerts_of_every_engine_are_posted_once_each_and_signed(tmp_path: Path, receiver, until) -> None:
    address, got = receiver
    async with session(tmp_path, f'[desk]\nwebhook_url = "{address}"\n') as running:
        for event in (HALTED, HubHalted(at_s=3.0, reason=Halted("a batch")), DRIFTED, DRIFTED):
            running.bus.emit(event)
        await until(lambda: len(got) == 3, within_s=30)
        rows = await running.told()
    assert {row.exposure for row in rows} == {Exposure.TELLS.value}
    kinds = [json.loads(body)["kind"] for _, body in got]
    assert kinds == ["GridNote", "HubHalted", "AlertRaised"]
    for signed, body in got:
        stamp, digest = (part.split("=")[1] for part in signed.split(","))
        assert digest == hmac.new(SHARED.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    about = json.loads(got[0][1])["about"]
    assert (about["severity"], about["subject"]) == ("grave", "halted")


@pytest.mark.usefixtures("secret_service")
async def test_what_was_told_in_an_earlier_run_is_not_told_again(tmp_path: Path, receiver, until) -> None:
    address, got = receiver
    options = f'[desk]\nwebhook_url = "{address}"\n'
    for _ in range(2):
        async with session(tmp_path, options) as running:
            await until(lambda: got, within_s=30)
            running.bus.emit(HALTED)
            await asyncio.sleep(0)
    assert len(got) == 1


@pytest.mark.usefixtures("secret_service")
async def test_drifts_own_webhook_at_the_same_address_tells_its_alerts_itself(tmp_path: Path, receiver, until) -> None:
    address, got = receiver
    options = f'[desk]\nwebhook_url = "{address}"\n[drift]\nwebhook_url = "{address}"\n'
    async with session(tmp_path, options) as running:
        running.bus.emit(DRIFTED)
        running.bus.emit(HubHalted(at_s=3.0, reason=Halted("a batch")))
        await until(lambda: len(got) == 2, within_s=30)
    assert [json.loads(body)["kind"] for _, body in got] == ["GridNote", "HubHalted"]


@pytest.mark.usefixtures("secret_service")
@pytest.mark.parametrize(
    ("address", "secret", "fault"),
    [
        ("http://example.org/alerts", SHARED, "begins with https://"),
        ("https://example.org/alerts", None, "secret is not in the keyring"),
    ],
)
async def test_a_webhook_that_cannot_be_is_told_in_words_without_its_address(
    tmp_path: Path, until, address: str, secret: str | None, fault: str
) -> None:
    notes: list[DeskNote] = []
    async with session(tmp_path, f'[desk]\nwebhook_url = "{address}"\n', secret=secret) as running:
        await until(lambda: notes.extend(running.notes.drain()) or notes, within_s=30)
    assert fault in notes[0].reason.fault
    assert "example.org" not in notes[0].reason.fault


async def test_without_an_address_nothing_is_posted_and_nothing_is_wrong(tmp_path: Path) -> None:
    async with session(tmp_path, "", secret=None) as running:
        await asyncio.sleep(0)
        assert await running.told() == []
        assert running.notes.drain() == []
