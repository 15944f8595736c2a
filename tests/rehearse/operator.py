"""A person with a profile of their own, in process: sessions as `evenkeel` would open them, heard at every message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.core.bus import Bus
from engine.core.configuration import Configuration
from engine.core.messages import plain
from engine.core.modes import Mode, ModeSnapshot, Stop
from engine.core.option_catalogue import Catalogue
from engine.core.profile import Profile
from engine.core.redaction import Redactor
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk.arguments import SessionArguments
from engine.desk.desk import Desk
from engine.desk.opening import SECRETS
from engine.desk.options import SECTIONS
from engine.desk.worlds import API_KEY, API_SECRET, live_world
from engine.grid.messages import GridSnapshot
from engine.paper.config import ApiKey
from tests.rehearse.programs import words_of
from tests.rehearse.stage import Stage
from tests.soak.virtual_time import VirtualClock

PANEL_WAITS_S = 10.0


class Keyring(SecretStore):
    """The keyring of one profile for a history: what a person entered last."""

    def __init__(self) -> None:
        super().__init__("rehearsal", SecretNames(SECRETS), lambda secret: None)
        self._kept: dict[str, Secret] = {}

    def enter(self, key: ApiKey) -> None:
        self._kept = {API_KEY: Secret(key.key), API_SECRET: Secret(key.secret)}

    async def read(self, name: str) -> Secret | None:
        return self._kept.get(name)


@dataclass
class Operator:
    """A person with one profile, and the session that runs on it. before: the one whose machine was lost."""

    name: str
    there: Stage
    clock: VirtualClock
    folder: Path
    keyring: Keyring = field(default_factory=Keyring)
    desk: Desk | None = None
    asked: bool = False
    before: Operator | None = None

    @asynccontextmanager
    async def session(self, mode: Mode) -> AsyncIterator[Desk]:
        """The session that `evenkeel` would open. Raises one of CANNOT_START."""
        profile = Profile(self.folder)
        profile.acquire()
        may_place = mode is Mode.LIVE
        try:
            configuration = await Configuration.open(profile.options_file, Catalogue(SECTIONS), {}, self.clock)
            redactor = Redactor()
            world = replace(await live_world(mode, self.keyring), clock=self.clock)
            arguments = SessionArguments(profile.folder, mode, None, None, None, None)
            self.there.live += may_place
            desk = await Desk.open(
                arguments, profile, configuration, self.keyring, redactor.redact, live_confirmed=True, world=world
            )
            try:
                self.desk = desk
                self._watch(desk.bus)
                yield desk
            finally:
                self.desk = None
                await desk.close()
                self.there.watch.silent(self.name)
        finally:
            self.there.live -= may_place
            profile.release()

    def grid(self) -> GridSnapshot | None:
        return None if self.desk is None else self.desk.bus.latest(GridSnapshot)

    async def stop(self) -> None:
        """As the panel does: its header says that Stop is not acknowledged until it is, or PANEL_WAITS_S have gone."""
        assert self.desk is not None
        self.asked = True
        asked = asyncio.create_task(self.desk.bus.ask(Stop(where="rehearsal")), name="stop")
        await asyncio.wait((asked,), timeout=PANEL_WAITS_S)
        self.asked = False
        self.hear(self.desk.bus)
        await asked

    def hear(self, bus: Bus) -> None:
        """Compare what is said now with what rests."""
        said = {type(one).__name__: plain(one) for kind in (ModeSnapshot, GridSnapshot) if (one := bus.latest(kind))}
        self.there.watch.heard(self.name, words_of(said) + ("; not acknowledged" if self.asked else ""))

    def _watch(self, bus: Bus) -> None:
        for kind in (ModeSnapshot, GridSnapshot):
            bus.watch(kind, lambda _: self.hear(bus))
