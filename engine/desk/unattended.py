"""Whether LIVE may start with nobody to ask, within what a person allowed before (`engine.desk.live_permit`)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.core.messages import Reason
from engine.core.option_catalogue import Catalogue
from engine.core.revisions import RevisionRecord
from engine.core.secrets import SecretStore
from engine.desk.live_permit import (
    Circumstances,
    LivePermit,
    LivePermits,
    binding_options,
    circumstances,
    last_written_s,
    why_not,
)
from engine.desk.messages import NoKeyKept
from engine.desk.worlds import API_KEY, API_SECRET


@dataclass(frozen=True, slots=True)
class PermitStanding:
    """The permit as it was kept, and what keeps LIVE from starting by itself; `why_not` is None where nothing does."""

    permit: LivePermit | None
    why_not: Reason | None


async def circumstances_now(vault: SecretStore, catalogue: Catalogue, record: RevisionRecord) -> Circumstances | None:
    """What a permit that is given now is bound to; None where the keyring has no exchange key.

    record: the revision in force. Raises KeyringUnavailable.
    """
    key, secret = await vault.read(API_KEY), await vault.read(API_SECRET)
    if key is None or secret is None:
        return None
    return await asyncio.to_thread(circumstances, key, secret, binding_options(catalogue, record.values))


async def permit_standing(
    permits: LivePermits,
    vault: SecretStore,
    catalogue: Catalogue,
    history: Sequence[RevisionRecord],
    journal_file: Path,
    now_s: float,
) -> PermitStanding:
    """How the profile's permit stands under the last revision of `history`. Raises KeyringUnavailable."""
    permit = await permits.read()
    if permit is None:
        return PermitStanding(None, why_not(None, Circumstances("", "", ""), now_s, 0.0))
    now = await circumstances_now(vault, catalogue, history[-1])
    if now is None:
        return PermitStanding(permit, NoKeyKept())
    written_s = await asyncio.to_thread(last_written_s, journal_file)
    return PermitStanding(permit, why_not(permit, now, now_s, written_s, _changed(permit, catalogue, history)))


def _changed(permit: LivePermit, catalogue: Catalogue, history: Sequence[RevisionRecord]) -> tuple[str, ...]:
    given = next((record for record in history if record.number == permit.revision), None)
    if given is None:
        return ()
    before, after = binding_options(catalogue, given.values), binding_options(catalogue, history[-1].values)
    return tuple(path for path in after if before[path] != after[path])
