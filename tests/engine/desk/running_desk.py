"""A profile, a paper world and sessions on them, for tests that open a desk as the programs do."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.core.clock import ScaledClock, WallClock
from engine.core.configuration import Configuration
from engine.core.journal import Journal
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.profile import Profile
from engine.core.redaction import Redactor
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk.arguments import SessionArguments
from engine.desk.desk import Desk
from engine.desk.options import SECTIONS
from engine.desk.worlds import NoncesInJournal, World
from engine.grid.messages import GridSnapshot
from engine.paper.config import TRADING_PERMISSIONS, ApiKey, PaperConfig
from engine.paper.exchange import Exchange
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from engine.venue.kraken import KrakenVenue
from engine.venue.options import VenueOptions

SPEED = 60.0
KEY = "stand-in-key"
SECRET = base64.b64encode(bytes(range(64))).decode()


@dataclass
class Place:
    """A profile and a world that outlive the sessions on them; without a world each session makes its own."""

    profile: Profile
    world: World | None
    arguments: SessionArguments
    environment: Mapping[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def session(self, **person: Any) -> AsyncIterator[Desk]:
        """person: what a person let happen (`live_confirmed`, `withdrawal_phrase`)."""
        configuration = await Configuration.open(
            self.profile.options_file, Catalogue(SECTIONS), {**os.environ, **self.environment}, WallClock()
        )
        redactor = Redactor()
        vault = SecretStore("test", SecretNames(("kraken.api_key", "kraken.api_secret")), redactor.register)
        desk = await Desk.open(
            self.arguments, self.profile, configuration, vault, redactor.redact, world=self.world, **person
        )
        try:
            yield desk
        finally:
            await desk.close()

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[KrakenVenue]:
        """The account over the same key, between two sessions: nonces go on where they were."""
        assert self.world is not None
        journal = Journal(self.profile.journal_file, self.world.name)
        await asyncio.to_thread(journal.open)
        nonces = NoncesInJournal(journal, self.world.clock)
        venue = await KrakenVenue.connect(
            Mode.PAPER, self.world.addresses, self.world.keys, VenueOptions(), self.world.clock, nonces
        )
        try:
            await venue.rules()
            yield venue
        finally:
            await venue.close()
            await asyncio.to_thread(journal.close)


@asynccontextmanager
async def acquired(folder: Path, mode: Mode = Mode.PAPER, world: World | None = None) -> AsyncIterator[Place]:
    """A place on a new profile."""
    profile = Profile(folder)
    profile.acquire()
    try:
        yield Place(profile, world, SessionArguments(profile.folder, mode, None, SPEED, 4, "flat"))
    finally:
        profile.release()


@asynccontextmanager
async def exchange_in_process(
    permissions: tuple[str, ...] = TRADING_PERMISSIONS, speed: float = SPEED
) -> AsyncIterator[tuple[Exchange, World]]:
    """A stand-in for Kraken that a test can look into, and the world that points at it."""
    clock = ScaledClock(time.time(), speed)
    exchange = Exchange(PaperConfig(keys=(ApiKey(KEY, SECRET, permissions),), seed=4, epoch_s=clock.epoch_s), clock)
    keys = Keys(Secret(KEY), Secret(SECRET))
    await exchange.start()
    running = asyncio.create_task(exchange.run(), name="exchange")
    try:
        yield exchange, World("stand-in:kraken", "s1", clock, loopback(exchange.port), keys, None)
    finally:
        exchange.stopping.set()
        await running
        await exchange.close()


def grid(desk: Desk) -> GridSnapshot | None:
    """The latest snapshot of the grid."""
    return desk.bus.latest(GridSnapshot)
