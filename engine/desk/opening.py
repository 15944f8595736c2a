"""From the command line to a running desk: profile, configuration, keyring, session; and back again in order."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.core.clock import WallClock
from engine.core.configuration import Configuration, ConfigurationRefused
from engine.core.gate import NoAnswer, Rejection
from engine.core.journal import JournalFailed
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.profile import Profile, ProfileInUse, ProfileUnusable
from engine.core.redaction import Redactor
from engine.core.revisions import RevisionLogDamaged
from engine.core.secrets import KeyringUnavailable, SecretNames, SecretStore
from engine.core.upgrade import NewerJournal, refuse_newer
from engine.desk.alert_webhook import ALERT_WEBHOOK_SECRET
from engine.desk.arguments import PaperOnly, SessionArguments
from engine.desk.desk import Desk, KeyRefused, LiveNotConfirmed
from engine.desk.hub_room import HUB_SECRETS
from engine.desk.live_permit import LivePermits, PermitMissing
from engine.desk.mirroring import STORE_URL, url_reader
from engine.desk.on_chain import CHAIN_SECRETS
from engine.desk.options import SECTIONS, DeskOptions
from engine.desk.sentences.english import clock_time, english
from engine.desk.unattended import permit_standing
from engine.desk.worlds import API_KEY, API_SECRET, KeysMissing
from engine.paper.launch import PaperExchangeError

_log = logging.getLogger(__name__)

SECRETS = (API_KEY, API_SECRET, STORE_URL, *CHAIN_SECRETS, *HUB_SECRETS, ALERT_WEBHOOK_SECRET)
CANNOT_OPEN = (
    ProfileInUse,
    ProfileUnusable,
    ConfigurationRefused,
    RevisionLogDamaged,
    PaperOnly,
    LiveNotConfirmed,
    KeyRefused,
    KeysMissing,
    KeyringUnavailable,
    PaperExchangeError,
    JournalFailed,
    NewerJournal,
    Rejection,
    NoAnswer,
)
"""What may keep a session from opening for a cause that its own words explain."""


@asynccontextmanager
async def opened(
    arguments: SessionArguments,
    redactor: Redactor,
    *,
    live_confirmed: bool = False,
    withdrawal_phrase: str | None = None,
    unattended: bool = False,
) -> AsyncIterator[Desk]:
    """A running desk; closed, and its profile released, when the block ends. Raises one of CANNOT_OPEN.

    live_confirmed, withdrawal_phrase: what a person let happen in this run; see `Desk.open`. A `KeyRefused` whose
    `phrase` is not None can be opened again with that phrase, once a person has typed it. unattended: LIVE may start
    without a person in this run, within what one allowed before.
    """
    profile = Profile(arguments.profile)
    await asyncio.to_thread(refuse_newer, profile.journal_file)  # before anything is written there
    await asyncio.to_thread(profile.acquire)
    try:
        configuration = await Configuration.open(profile.options_file, Catalogue(SECTIONS), os.environ, WallClock())
        for problem in configuration.problems:
            _log.warning("the file is not in force, the last good revision is: %s", problem)
        for notice in configuration.notices:
            _log.warning("%s", notice)
        identity = await asyncio.to_thread(lambda: profile.identity)
        vault = SecretStore(identity, SecretNames(SECRETS), redactor.register)
        if unattended and not live_confirmed and _mode(arguments, configuration) is Mode.LIVE:
            live_confirmed = await _allowed_before(profile, identity, configuration, vault)
        desk = await Desk.open(
            arguments,
            profile,
            configuration,
            vault,
            redactor.redact,
            live_confirmed=live_confirmed,
            withdrawal_phrase=withdrawal_phrase,
            store_url=url_reader(os.environ, vault, redactor.register),
        )
        try:
            yield desk
        finally:
            await desk.close()
    finally:
        await asyncio.to_thread(profile.release)


def _mode(arguments: SessionArguments, configuration: Configuration) -> Mode:
    return arguments.mode or configuration.settings.of(DeskOptions).mode


async def _allowed_before(profile: Profile, identity: str, configuration: Configuration, vault: SecretStore) -> bool:
    """Whether a person allowed LIVE to start by itself; what keeps it from that is logged."""
    permits, now_s = LivePermits(identity), WallClock().now()
    standing = await permit_standing(
        permits, vault, configuration.catalogue, configuration.history, profile.journal_file, now_s
    )
    if standing.permit is None or standing.why_not is not None:
        if not isinstance(standing.why_not, PermitMissing):
            _log.warning("LIVE does not start by itself: %s", english(standing.why_not))
        return False
    await permits.note_use(standing.permit, now_s)
    until_s = standing.permit.expires_s
    _log.info(
        "LIVE starts by itself, as a person allowed on %s %s",
        clock_time(standing.permit.granted_s),
        "until an option is changed" if until_s is None else f"until {clock_time(until_s)}",
    )
    return True


_KEY_TROUBLE = {
    "EAPI:Invalid key": (
        "Kraken does not know this API key: it was revoked, has expired, is bound to another address, or was mistyped. "
        "Look at it at Kraken, or save another one on the Keys page"
    ),
    "EAPI:Invalid signature": (
        "the private key that is saved does not belong to the API key. Save both again on the Keys page"
    ),
    "EGeneral:Temporary lockout": (
        "Kraken has locked this key out for some 15 minutes, after too many wrong ones. Try again then"
    ),
}


def opening_words(error: BaseException) -> str:
    """Why a session did not open, in words; `error` is one of CANNOT_OPEN."""
    if not isinstance(error, Rejection | NoAnswer):
        return str(error) or type(error).__name__
    said = getattr(error.reason, "words", "")
    known = next((words for begins, words in _KEY_TROUBLE.items() if str(said).startswith(begins)), None)
    return f"Nothing could be read at Kraken: {known or english(error.reason)}"
