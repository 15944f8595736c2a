"""One session: opened from arguments and configuration, closed in order. Panel and headless program use it alike."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from engine.core.bus import Bus
from engine.core.clock import Clock, WallClock
from engine.core.configuration import Configuration
from engine.core.gate import Gate, NoAnswer, Rejection
from engine.core.journal import EVERY_WORLD, Batch, Journal, Memory
from engine.core.messages import Acknowledged, Answer, Reason, plain
from engine.core.mirror import Mirror
from engine.core.mirror_messages import StoreFailed
from engine.core.mirror_options import StoreOptions
from engine.core.modes import AskedByPerson, GuardRaised, Mode, Pause, Resume, Stop
from engine.core.profile import Profile
from engine.core.secrets import SecretStore
from engine.core.supervisor import Supervisor
from engine.core.switch import MasterSwitch
from engine.desk.accounts import recognised
from engine.desk.alert_webhook import AlertWebhook
from engine.desk.alerting import Alerting
from engine.desk.arguments import SessionArguments
from engine.desk.control_requests import ControlRequests
from engine.desk.control_socket import ControlSocket
from engine.desk.drift_room import DriftRoom
from engine.desk.ending import Ending
from engine.desk.exchange_watch import ExchangeWatch
from engine.desk.happenings import Happenings
from engine.desk.hub_room import TOKENS_FILE, HubRoom
from engine.desk.journal_desk import JournalDesk
from engine.desk.key_rights import Connected, KeyRights
from engine.desk.messages import NothingRests, ReadKeyRights
from engine.desk.mirroring import RESUME_WITHIN_S, STORE_URL, VIEWS, ReadUrl, mirror_maker
from engine.desk.on_chain import PORTFOLIOS_FILE, PortfolioFile
from engine.desk.options import DeskOptions
from engine.desk.status_server import StatusServer
from engine.desk.worlds import CountersInJournal, NoncesInJournal, World, kraken_world, live_world, paper_world
from engine.governed import Governed
from engine.governor.engine import GovernorEngine
from engine.governor.options import GovernorOptions
from engine.grid.engine import GridEngine
from engine.grid.options import GridOptions
from engine.grid.ports import VenueRefused
from engine.paper.options import PaperOptions
from engine.venue.dead_man import DeadMan
from engine.venue.kraken import KrakenVenue
from engine.venue.options import VenueOptions
from engine.venue.permissions import KeyMayWithdraw, KeyPermissions, key_refused_words, live_verdict, observe_verdict

DESK, SWITCH = "desk", "switch"
GOVERNOR, GRID, DRIFT, HUB = "governor", "grid", "drift", "hub"
DEAD_MAN, MIRROR = "dead_man", "mirror"

_log = logging.getLogger(__name__)


OPENING_PAUSES_S = (0.5, 1.5, 3.0)
"""Between the questions at the start, where the cause of silence may pass."""


class LiveNotConfirmed(RuntimeError):
    """LIVE was asked for and no person confirmed it in this run."""


class KeyRefused(RuntimeError):
    """LIVE or OBSERVE does not use this API key; the reason says what about its rights."""

    def __init__(self, mode: Mode, reason: Reason) -> None:
        super().__init__(f"{mode.value.upper()} refuses the API key in the keyring: {key_refused_words(reason)}")
        self.reason = reason

    @property
    def phrase(self) -> str | None:
        """What a person may type to use the key all the same (`withdrawal_phrase`); None when nothing would do."""
        return self.reason.phrase if isinstance(self.reason, KeyMayWithdraw) else None


class Desk:
    """A running session. `open` makes one; `close` ends it; in between the bus says everything."""

    def __init__(
        self,
        profile: Profile,
        configuration: Configuration,
        vault: SecretStore,
        mode: Mode,
        redact: Callable[[str], str],
    ) -> None:
        self.profile = profile
        self._redact = redact
        self.configuration = configuration
        self.secrets = vault
        self.mode = mode
        self.bus = Bus()
        self.clock: Clock = WallClock()
        self.switch: MasterSwitch
        self._grid: GridEngine | None = None
        self._governor: GovernorEngine | None = None
        self._supervisor: Supervisor | None = None
        self._alert_webhook = AlertWebhook(configuration, vault, self.bus, redact)
        self._store_url: ReadUrl = lambda: vault.read(STORE_URL)
        self._closing = AsyncExitStack()

    @classmethod
    async def open(
        cls,
        arguments: SessionArguments,
        profile: Profile,
        configuration: Configuration,
        vault: SecretStore,
        redact: Callable[[str], str],
        *,
        live_confirmed: bool = False,
        withdrawal_phrase: str | None = None,
        world: World | None = None,
        store_url: ReadUrl | None = None,
    ) -> Desk:
        """Start a session on an acquired profile.

        live_confirmed: a person confirmed LIVE in this run. withdrawal_phrase: what a person typed to let LIVE use a
        key that may withdraw. world: a world that runs already and outlives this session; without one the mode's own
        is made. store_url: reads the address of PostgreSQL; without one the keyring is asked.

        Raises PaperOnly, LiveNotConfirmed, KeyRefused, KeysMissing, PaperExchangeError, JournalFailed; nothing is left
        running then.
        """
        mode = arguments.mode or configuration.settings.of(DeskOptions).mode
        arguments.check_mode(mode)
        if mode is Mode.LIVE and not live_confirmed:
            raise LiveNotConfirmed("LIVE places real orders and is confirmed by a person in each run")
        desk = cls(profile, configuration, vault, mode, redact)
        desk._store_url = store_url or desk._store_url
        try:
            await desk._start(arguments, world, withdrawal_phrase)
        except BaseException:
            await desk.close()
            raise
        return desk

    async def close(self) -> None:
        """Stop the engines in reverse order, then everything below them; `desk.at_end` says what becomes of orders."""
        await self._closing.aclose()

    async def _start(self, arguments: SessionArguments, world: World | None, withdrawal_phrase: str | None) -> None:
        own_world = world is None
        if world is None:
            world = await self._world(arguments)
            if world is not None:
                self._closing.push_async_callback(world.close)
        if world is not None:
            self.clock = world.clock
        journal = await self._opened_journal("off" if world is None else world.name)
        venue = None if world is None else await self._venue(world, journal)
        rights = None
        if world is not None and venue is not None and self.mode is not Mode.PAPER:
            rights = await self._read_rights(venue)
            if world.account is not None:
                journal.world = await self._recognised_world(world.account, rights, venue, journal)
        make_mirror = self._mirror_maker(journal)
        await self._start_alerting(journal)
        past_unknown = await self._resumed(make_mirror)
        self.switch = await self._recalled_switch(journal)
        if past_unknown is not None:
            self.switch.stop(past_unknown, self.clock.now())
        self.bus.handle(Pause, self._pause)
        self.bus.handle(Stop, self._stop)
        self.bus.handle(Resume, self._resume)
        key_rights = KeyRights(
            self.mode, self.secrets, journal, self.bus, self.clock, lambda: self.configuration.settings.of(VenueOptions)
        )
        self.bus.handle(ReadKeyRights, key_rights.read)
        read_journal = JournalDesk(journal, self._redact, self.bus, self.clock)
        self._closing.push_async_callback(read_journal.close)
        read_journal.start()
        if world is not None and venue is not None:
            if rights is not None:
                self._check_key(world, venue, rights, key_rights, withdrawal_phrase)
            self._supervise(world, venue, journal, make_mirror, on_chain=own_world)
        status = StatusServer(self.configuration, self.bus, self.clock)
        self._closing.push_async_callback(status.close)
        await status.start()
        requests = ControlRequests(self.bus, self.clock, self.profile.folder)
        control = ControlSocket(self.profile.folder, requests.answer, self._redact)
        self._closing.push_async_callback(control.close)
        await control.start()
        happenings = Happenings(None if world is None else world.exchange, self.bus)
        self._closing.push_async_callback(happenings.close)
        happenings.start()
        if world is not None and world.exchange is not None:
            watch = ExchangeWatch(world.exchange, self.bus, self.clock, kept=world.kept)
            self._closing.push_async_callback(watch.close)
            watch.start()  # last, so that whoever opens the session reads events before the watch can tell one

    async def _world(self, arguments: SessionArguments) -> World | None:
        """The world of the mode; None in OFF, where nothing connects."""
        if self.mode is Mode.OFF:
            return None
        if self.mode is Mode.PAPER:
            return await paper_world(arguments, self.configuration.settings.of(PaperOptions))
        return await live_world(self.mode, self.secrets)

    async def _resumed(self, make_mirror: Callable[[], Mirror] | None) -> Reason | None:
        """Take up at PostgreSQL what this machine does not know; why that cannot be, None when all is known."""
        if make_mirror is None or self.mode not in (Mode.OBSERVE, Mode.LIVE):
            return None  # a paper world is known on its own machine alone
        try:
            await make_mirror().resume(RESUME_WITHIN_S)
        except StoreFailed as error:
            _log.warning(
                "nothing is known here, and PostgreSQL could not be asked: %s", self._redact(error.reason.words)
            )
            return error.reason
        return None

    async def _opened_journal(self, world: str) -> Journal:
        journal = Journal(self.profile.journal_file, world)
        await asyncio.to_thread(journal.open, VIEWS)
        self._closing.push_async_callback(asyncio.to_thread, journal.close)
        journal.on_failure = self._journal_failed_elsewhere(asyncio.get_running_loop())
        return journal

    def _journal_failed_elsewhere(self, loop: asyncio.AbstractEventLoop) -> Callable[[BaseException], None]:
        def stop(error: BaseException) -> None:
            self.switch.stop(GuardRaised("journal", str(error)), self.clock.now())

        def from_any_thread(error: BaseException) -> None:
            loop.call_soon_threadsafe(stop, error)

        return from_any_thread

    async def _recalled_switch(self, journal: Journal) -> MasterSwitch:
        """The switch as the last run left it; a stop is latched for the whole profile, whatever the world."""

        def remember(position: dict[str, Any]) -> None:
            journal.post(Batch(remember=(Memory(DESK, SWITCH, position, self.clock.now(), world=EVERY_WORLD),)))

        switch = MasterSwitch(self.mode, self.bus, remember, self.clock.now())
        remembered = await journal.recall(DESK, SWITCH, every_world=True)
        switch.restore(remembered.get(SWITCH), self.clock.now())
        return switch

    async def _venue(self, world: World, journal: Journal) -> KrakenVenue:
        options = self.configuration.settings.of(VenueOptions)
        nonces = NoncesInJournal(journal, self.clock, world.account)
        counters = CountersInJournal(journal, self.clock, world.account)
        venue = await KrakenVenue.connect(self.mode, world.addresses, world.keys, options, self.clock, nonces, counters)
        self._closing.push_async_callback(venue.close)
        return venue

    async def _read_rights(self, venue: KrakenVenue) -> KeyPermissions:
        """What the key may do; asked again where the cause may pass within seconds."""
        for pause_s in OPENING_PAUSES_S:
            try:
                return await venue.permissions()
            except (Rejection, NoAnswer) as error:
                if not _may_pass(error):
                    raise
                _log.warning("Kraken did not answer at the start, trying again: %s", self._redact(str(error)))
                await asyncio.sleep(pause_s)
        return await venue.permissions()

    async def _recognised_world(self, key: str, rights: KeyPermissions, venue: KrakenVenue, journal: Journal) -> str:
        def world_of(account: str) -> str:
            return kraken_world(self.mode, account)

        account = await recognised(journal, key, rights.account, world_of, venue.open_orders, self.clock.now())
        return world_of(account)

    def _check_key(
        self, world: World, venue: KrakenVenue, rights: KeyPermissions, key_rights: KeyRights, phrase: str | None
    ) -> None:
        key_rights.connected = Connected(world.keys, venue)
        key_rights.tell(rights)
        live = self.mode is Mode.LIVE
        refused = live_verdict(rights, self.clock.now(), phrase) if live else observe_verdict(rights)
        if refused is not None:
            raise KeyRefused(self.mode, refused)

    async def _start_alerting(self, journal: Journal) -> None:
        """First, so that no event goes by; what it tells waits until there is a gate."""
        alerting = Alerting(self.bus, journal, self.clock)
        alerting.told = self._alert_webhook.put
        self._closing.push_async_callback(self._alert_webhook.close)
        self._closing.push_async_callback(alerting.close)
        await alerting.start()

    def _mirror_maker(self, journal: Journal) -> Callable[[], Mirror] | None:
        options = self.configuration.settings.of(StoreOptions)
        return mirror_maker(options, self.profile.name, journal, self._store_url, self.bus, self.clock, self._redact)

    def _supervise(
        self,
        world: World,
        venue: KrakenVenue,
        journal: Journal,
        make_mirror: Callable[[], Mirror] | None,
        *,
        on_chain: bool,
    ) -> None:
        gate = Gate(
            mode=self.mode,
            switch=self.switch,
            journal=journal,
            clock=self.clock,
            revision=lambda: self.configuration.current.number,
        )
        if self.mode is Mode.LIVE:
            gate.confirm_live()
        self._alert_webhook.start(gate)
        governed = Governed(
            self.bus, self.switch, self._governor_options, lambda: self._governor.skew if self._governor else 0.0
        )

        def governor() -> Callable[[], Awaitable[None]]:
            self._governor = GovernorEngine(
                observe=governed.observe,
                journal=journal,
                bus=self.bus,
                clock=self.clock,
                options=self._governor_options,
            )
            return self._governor.run

        def grid() -> Callable[[], Awaitable[None]]:
            self._grid = GridEngine(
                exchange=venue,
                gate=gate,
                switch=self.switch,
                journal=journal,
                bus=self.bus,
                clock=self.clock,
                options=lambda: self.configuration.settings.of(GridOptions),
                sizer=governed.size,
                namespace=world.namespace,
                pair=self.configuration.settings.of(VenueOptions).pair,
            )
            return self._grid.run

        self._supervisor = Supervisor(self.bus, self.clock, self._redact)
        ending = Ending(self.bus, gate, lambda: self.configuration.settings.of(DeskOptions).at_end, lambda: self._grid)
        dead_man = self._dead_man(venue)
        if dead_man is not None:
            self._closing.push_async_callback(self._disarm, dead_man)
        outlives = world.exchange is None or world.kept  # else its orders end with it, and none stays
        self._closing.push_async_callback(self._stop_engines, self._supervisor, ending, outlives=outlives)
        if make_mirror is not None:  # first, so that it ends last and sends what the others left
            self._supervisor.start(MIRROR, lambda: make_mirror().run)
        if dead_man is not None:
            self._supervisor.start(DEAD_MAN, lambda: dead_man.run)
        self._supervisor.start(GOVERNOR, governor)
        self._supervisor.start(GRID, grid)
        if on_chain:
            self._supervisor.start(DRIFT, lambda: self._drift_room(journal, gate).run)
            self._supervisor.start(HUB, lambda: self._hub_room(journal, gate).run)

    def _drift_room(self, journal: Journal, gate: Gate) -> DriftRoom:
        return DriftRoom(
            mode=self.mode,
            vault=self.secrets,
            configuration=self.configuration,
            journal=journal,
            gate=gate,
            bus=self.bus,
            file=PortfolioFile(self.profile.folder / PORTFOLIOS_FILE),
        )

    def _hub_room(self, journal: Journal, gate: Gate) -> HubRoom:
        return HubRoom(
            mode=self.mode,
            vault=self.secrets,
            configuration=self.configuration,
            journal=journal,
            gate=gate,
            bus=self.bus,
            tokens_file=self.profile.folder / TOKENS_FILE,
        )

    def _dead_man(self, venue: KrakenVenue) -> DeadMan | None:
        options = self.configuration.settings.of(VenueOptions)
        if options.dead_man_s == 0 or not self.mode.may_act:
            return None
        return DeadMan(venue.calls, self.clock, options.dead_man_s, options.dead_man_renew_s, self._dead_man_failed)

    def _dead_man_failed(self, reason: Reason) -> None:
        _log.warning("the dead man's switch could not be pushed back: %s", plain(reason))

    async def _disarm(self, dead_man: DeadMan) -> None:
        try:
            await dead_man.disarm()
        except (Rejection, NoAnswer) as error:
            _log.error("the dead man's switch could not be disarmed and may still act: %s", plain(error.reason))

    async def _stop_engines(self, supervisor: Supervisor, ending: Ending, *, outlives: bool) -> None:
        await ending.carry_out()
        stays = ending.stays()
        await supervisor.stop(self.configuration.settings.of(DeskOptions).stop_deadline_s)
        if outlives or stays == NothingRests():
            ending.tell(stays)

    def _governor_options(self) -> GovernorOptions:
        return self.configuration.settings.of(GovernorOptions)

    async def _pause(self, command: Pause) -> Answer:
        self.switch.pause(AskedByPerson(command.where), self.clock.now())
        return Acknowledged({"switch": self.switch.position.value})

    async def _stop(self, command: Stop) -> Answer:
        """Latch first, so that nothing new leaves while the cancels do."""
        self.switch.stop(AskedByPerson(command.where), self.clock.now())
        asked, left = (0, 0) if self._grid is None else await self._grid.stop_orders()
        return Acknowledged({"switch": self.switch.position.value, "cancelled": asked - left, "left": left})

    async def _resume(self, command: Resume) -> Answer:
        """Let the engines act again."""
        self.switch.resume(AskedByPerson(command.where), self.clock.now())
        return Acknowledged({"switch": self.switch.position.value})


def _may_pass(error: Rejection | NoAnswer) -> bool:
    """Whether the same question may be answered in a moment."""
    reason = error.reason
    return isinstance(error, NoAnswer) or (isinstance(reason, VenueRefused) and reason.advice == "retry")
