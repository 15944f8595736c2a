"""From the command line to a running desk: profile, configuration, keyring, session; and back again in order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.core.clock import WallClock
from engine.core.configuration import Configuration, ConfigurationRefused
from engine.core.journal import JournalFailed
from engine.core.option_catalogue import Catalogue
from engine.core.profile import Profile, ProfileInUse, ProfileUnusable
from engine.core.revisions import RevisionLogDamaged
from engine.core.secrets import SecretStore
from engine.desk.arguments import SessionArguments
from engine.desk.desk import Desk, LiveNotConfirmed
from engine.desk.options import SECTIONS
from engine.desk.worlds import KeysMissing
from engine.paper.launch import PaperExchangeError

CANNOT_OPEN = (
    ProfileInUse,
    ProfileUnusable,
    ConfigurationRefused,
    RevisionLogDamaged,
    LiveNotConfirmed,
    KeysMissing,
    PaperExchangeError,
    JournalFailed,
)
"""What may keep a session from opening for a cause that its own words explain."""


@asynccontextmanager
async def opened(arguments: SessionArguments, *, live_confirmed: bool = False) -> AsyncIterator[Desk]:
    """A running desk; closed, and its profile released, when the block ends. Raises one of CANNOT_OPEN."""
    profile = Profile(arguments.profile)
    await asyncio.to_thread(profile.acquire)
    try:
        configuration = await Configuration.open(profile.options_file, Catalogue(SECTIONS), os.environ, WallClock())
        vault = SecretStore(profile.name)
        desk = await Desk.open(arguments, profile, configuration, vault, live_confirmed=live_confirmed)
        try:
            yield desk
        finally:
            await desk.close()
    finally:
        await asyncio.to_thread(profile.release)
