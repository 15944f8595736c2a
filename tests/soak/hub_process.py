"""A hub in a process of its own: takes its place as JSON on standard input, tells its port, ends with its input.

python -m tests.soak.hub_process < place.json
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from engine.chain.keys import LocalSigner
from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.configuration import Configuration
from engine.core.gate import Gate
from engine.core.journal import Journal
from engine.core.messages import plain
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.core.switch import MasterSwitch
from engine.desk.hub_room import HUB_SECRETS, HubPlace, HubRoom
from engine.desk.options import SECTIONS
from engine.hub.market import Listed
from engine.hub.messages import HubSnapshot


class GivenRoom(HubRoom):
    """A room whose place is somebody else's world."""

    given: HubPlace

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[HubPlace]:
        yield self.given


async def place_of(given: dict[str, Any]) -> HubPlace:
    return HubPlace(
        rpc=Secret(given["rpc"]),
        outlet=None,
        chain_id=given["chain_id"],
        contract=given["contract"],
        hub=await LocalSigner.of(Secret(given["hub_key"])),
        sender=await LocalSigner.of(Secret(given["sender_key"])),
        tokens=tuple(Listed(*one) for one in given["tokens"]),
        oracle=given["oracle"],
        oracle_key=None,
        native_coin=given["native_coin"],
    )


async def live(given: dict[str, Any]) -> None:
    clock, bus, folder = WallClock(), Bus(), Path(given["folder"])
    environment = {f"EVENKEEL_HUB_{name.upper()}": value for name, value in given["options"].items()}
    configuration = await Configuration.open(folder / "options.toml", Catalogue(SECTIONS), environment, clock)
    journal = Journal(folder / "journal.sqlite", "soak")
    await asyncio.to_thread(journal.open)
    switch = MasterSwitch(Mode.PAPER, bus, lambda _: None, clock.now())
    gate = Gate(mode=Mode.PAPER, switch=switch, journal=journal, clock=clock, revision=lambda: 1)
    room = GivenRoom(
        mode=Mode.PAPER,
        vault=SecretStore("soak", SecretNames(HUB_SECRETS), lambda _: None),
        configuration=configuration,
        journal=journal,
        gate=gate,
        bus=bus,
        tokens_file=folder / "hub.toml",
    )
    room.given = await place_of(given)
    running = asyncio.create_task(room.run())
    try:
        await told_port(bus)
        await asyncio.to_thread(sys.stdin.read)
    finally:
        running.cancel()
        await asyncio.wait((running,))
        await asyncio.to_thread(journal.close)
    snapshot = bus.latest(HubSnapshot)
    assert snapshot is not None
    print(json.dumps({"totals": plain(snapshot.totals), "queue": snapshot.queue_length}), flush=True)


async def told_port(bus: Bus) -> None:
    while True:
        snapshot = bus.latest(HubSnapshot)
        if snapshot is not None and snapshot.http_port and snapshot.trouble is None:
            print(json.dumps({"port": snapshot.http_port}), flush=True)
            return
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(live(json.loads(sys.stdin.readline())))
