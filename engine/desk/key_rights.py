"""What the exchange key in the keyring may do, as Kraken tells it (`GetApiKeyInfo`; panel spec 6).

Read when a person saves a key or asks, and at each start that uses it. It is the one request that goes to Kraken in
PAPER too: it changes nothing, and a person asked for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from engine.core.bus import Bus
from engine.core.clock import Clock, WallClock
from engine.core.gate import ModeHolds, NoAnswer, Rejection
from engine.core.journal import Journal
from engine.core.messages import Acknowledged, Answer, Reason
from engine.core.modes import Mode
from engine.core.secrets import KeyringUnavailable, SecretStore
from engine.desk import worlds
from engine.desk.messages import KeyRightsSnapshot, KeyRightsUnread, NoKeyKept, ReadKeyRights
from engine.venue.client import Keys
from engine.venue.kraken import KrakenVenue
from engine.venue.options import VenueOptions
from engine.venue.permissions import KeyPermissions, key_warnings, live_verdict

WITHIN_S = 25.0


class Connected(NamedTuple):
    """The session's own connection, and the keys that it uses."""

    keys: Keys
    venue: KrakenVenue


class KeyRights:
    """Answers `ReadKeyRights` and publishes what came of it; `tell` publishes rights that were read elsewhere."""

    def __init__(
        self, mode: Mode, vault: SecretStore, journal: Journal, bus: Bus, clock: Clock, options: Callable[[], Any]
    ) -> None:
        self._mode = mode
        self._vault = vault
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._options: Callable[[], VenueOptions] = options
        self._one_at_a_time = asyncio.Lock()
        self.connected: Connected | None = None

    async def read(self, command: ReadKeyRights) -> Answer:
        """Read the rights of the key that the keyring has now; the snapshot says what came of it."""
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(WITHIN_S):
                    self.tell(await self._rights())
            except _Unread as unread:
                self._say_unread(unread.reason)
            except (Rejection, NoAnswer) as error:
                self._say_unread(error.reason)
            except (KeyringUnavailable, TimeoutError) as error:
                self._say_unread(KeyRightsUnread(str(error) or f"no answer within {WITHIN_S:g} s"))
        return Acknowledged()

    def tell(self, rights: KeyPermissions) -> None:
        """Publish what the key may do."""
        self._bus.publish(
            KeyRightsSnapshot(
                at_s=self._clock.now(),
                rights=tuple(sorted(rights.rights)),
                can_query=rights.can_query,
                can_trade=rights.can_trade,
                can_withdraw=rights.can_withdraw,
                why=live_verdict(rights, self._clock.now()),
                warnings=key_warnings(rights, self._clock.now()),
                name=rights.name,
                valid_until_s=rights.valid_until_s,
                query_from_s=rights.query_from_s,
                query_to_s=rights.query_to_s,
                addresses=rights.addresses,
            )
        )

    def _say_unread(self, why: Reason) -> None:
        self._bus.publish(KeyRightsSnapshot(at_s=self._clock.now(), rights=None, why=why))

    async def _rights(self) -> KeyPermissions:
        if self._mode is Mode.OFF:
            raise _Unread(ModeHolds(self._mode))
        key, secret = await self._vault.read(worlds.API_KEY), await self._vault.read(worlds.API_SECRET)
        if key is None or secret is None:
            raise _Unread(NoKeyKept())
        keys = Keys(key, secret)
        if self.connected is not None and self.connected.keys == keys:
            return await self.connected.venue.permissions()
        clock = WallClock()
        account = worlds.account_of(key)
        nonces = worlds.NoncesInJournal(self._journal, clock, account)
        counters = worlds.CountersInJournal(self._journal, clock, account)
        venue = await KrakenVenue.connect(Mode.OBSERVE, worlds.LIVE, keys, self._options(), clock, nonces, counters)
        try:
            return await venue.permissions()
        finally:
            await venue.close()


class _Unread(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason
