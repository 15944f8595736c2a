"""Which of a session's records go to PostgreSQL, under which name, and where the address comes from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.journal import Journal
from engine.core.mirror import URL_VARIABLE, Mirror
from engine.core.mirror_messages import StoreFailed, StoreUrlWrong
from engine.core.mirror_options import StoreOptions
from engine.core.secrets import Secret, SecretStore
from engine.drift.trend import POSTGRESQL_VIEW, SQLITE_VIEW, VIEW

STORE_URL = "store.url"
MIRRORED = ("governor", "desk")
"""Whose memories are mirrored and resumed: the controller's state, and a latched stop.

Not the grid's: its slots stand for orders at the exchange, and a copy that may be a moment old would have orders placed
twice. The governor's updates, fills and round trips are facts, which all go.
"""
COPIED = ("hub",)
"""Whose memories are mirrored to be read: the hub's accounts, requests and signatures. Nothing resumes by them, for a
batch that a copy does not know of yet would be paid again.
"""
VIEWS, VIEWS_AT_SERVER = (SQLITE_VIEW,), {VIEW: POSTGRESQL_VIEW}
"""What rooms want their facts to be seen through, in the journal and at PostgreSQL."""
RESUME_WITHIN_S = 10.0

ReadUrl = Callable[[], Awaitable[Secret | None]]


def url_reader(environment: Mapping[str, str], vault: SecretStore, remember: Callable[[Secret], None]) -> ReadUrl:
    """Reads the address: from the environment where it has one (there may be no keyring), else from the keyring.

    remember: called with the address before it is used, so that logs are redacted (`Redactor.register`).
    """

    async def read() -> Secret | None:
        given = environment.get(URL_VARIABLE, "").strip()
        if not given:
            return await vault.read(STORE_URL)
        try:
            url = Secret(given)
        except ValueError:
            raise StoreFailed(StoreUrlWrong(f"{URL_VARIABLE} is too short for one")) from None
        remember(url)
        return url

    return read


def mirror_maker(
    options: StoreOptions,
    profile: str,
    journal: Journal,
    url: ReadUrl,
    bus: Bus,
    clock: Clock,
    redact: Callable[[str], str],
) -> Callable[[], Mirror] | None:
    """Makes the session's mirror, anew for each start of it; None when there is to be none."""
    if not options.mirror:
        return None
    return lambda: Mirror(
        journal=journal,
        profile=options.name or profile,
        engines=MIRRORED,
        copied=COPIED,
        url=url,
        bus=bus,
        clock=clock,
        redact=redact,
        views=VIEWS_AT_SERVER,
    )
