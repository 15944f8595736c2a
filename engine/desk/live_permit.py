"""What a person allowed LIVE to do without being asked: start by itself, on this machine, with this key and options.

It is kept in the operating system's keyring, where the key itself is, so that nobody can write one who could not use
the key anyway. It ends by the wall clock or when an option changes that can cost money; a clock that was set back ends
it too, so that it never lasts longer than was said.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from engine.core.messages import Reason
from engine.core.option_catalogue import Catalogue
from engine.core.options import Risk
from engine.core.secrets import Secret, SecretNames, SecretStore

LIVE_PERMIT = "desk.live_permit"
CLOCK_SLACK_S = 60.0
"""How far a clock is set back by those that keep it right."""
BINDING = frozenset({Risk.SIZE, Risk.LIMIT, Risk.ACCESS})
"""Options of these risks are part of what was allowed."""

_VERSION = 1
_MACHINE_ID = Path("/etc/machine-id")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a permit is bound to, each as a fingerprint that tells nothing of it."""

    machine: str
    key: str
    options: str


@dataclass(frozen=True, slots=True)
class LivePermit:
    """expires_s: wall clock; None until a binding option changes. seen_s: the latest time at which it was used.

    written_s: when the journal had been written last; what was written since tells of a clock that went back.
    revision: the configuration's when it was given, for the words alone.
    """

    given_for: Circumstances
    granted_s: float
    expires_s: float | None
    seen_s: float
    written_s: float
    revision: int


@dataclass(frozen=True, slots=True)
class PermitMissing(Reason, code="permit_missing"):
    """No person allowed LIVE to start by itself."""


@dataclass(frozen=True, slots=True)
class PermitExpired(Reason, code="permit_expired"):
    """Its time is over."""

    expired_s: float


@dataclass(frozen=True, slots=True)
class PermitClockSetBack(Reason, code="permit_clock_set_back"):
    """The clock is behind what was last written here, so its time cannot be told."""

    by_s: float


@dataclass(frozen=True, slots=True)
class PermitOfAnotherMachine(Reason, code="permit_of_another_machine"):
    """It was given on another machine."""


@dataclass(frozen=True, slots=True)
class PermitOfAnotherKey(Reason, code="permit_of_another_key"):
    """The keyring has another exchange key than when it was given."""


@dataclass(frozen=True, slots=True)
class PermitOptionsChanged(Reason, code="permit_options_changed"):
    """An option that changes sizes, limits or access is not what it was; `paths` names those that are on record."""

    paths: str


def why_not(
    permit: LivePermit | None, now: Circumstances, now_s: float, written_s: float, changed: Iterable[str] = ()
) -> Reason | None:
    """What keeps LIVE from starting by itself; None where it may.

    written_s: when the journal was written last. changed: options that are known to be others than at the permit's
    revision.
    """
    if permit is None:
        return PermitMissing()
    written_since_s = 0.0 if written_s == permit.written_s else written_s
    back_s = max(permit.granted_s, permit.seen_s, written_since_s) - now_s
    if back_s > CLOCK_SLACK_S:
        return PermitClockSetBack(back_s)
    if permit.expires_s is not None and now_s >= permit.expires_s:
        return PermitExpired(permit.expires_s)
    if permit.given_for.machine != now.machine:
        return PermitOfAnotherMachine()
    if permit.given_for.key != now.key:
        return PermitOfAnotherKey()
    if permit.given_for.options != now.options:
        return PermitOptionsChanged(", ".join(changed) or "not on record which")
    return None


def binding_options(catalogue: Catalogue, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of plain `values` by path, those whose options can change sizes, limits or access."""
    return {spec.path: values.get(spec.path) for spec in catalogue if spec.risk in BINDING}


def circumstances(key: Secret, secret: Secret, options: Mapping[str, Any]) -> Circumstances:
    """As they are now. options: the binding ones. Blocks."""
    try:
        machine = _MACHINE_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        machine = platform.node()
    return Circumstances(
        machine=_fingerprint("machine", machine),
        key=_fingerprint("key", f"{key.reveal()}\0{secret.reveal()}"),
        options=_fingerprint("options", json.dumps(options, sort_keys=True)),
    )


def last_written_s(journal_file: Path) -> float:
    """When the profile's journal was written last, by the clock that this machine had then. Blocks."""
    times = [0.0]
    for suffix in ("", "-wal"):
        try:
            times.append(journal_file.with_name(journal_file.name + suffix).stat().st_mtime)
        except OSError:
            continue
    return max(times)


class LivePermits:
    """The one permit of a profile. All methods raise KeyringUnavailable."""

    def __init__(self, profile_id: str) -> None:
        self._vault = SecretStore(profile_id, SecretNames((LIVE_PERMIT,)), lambda _: None)

    async def read(self) -> LivePermit | None:
        """The permit as it was kept; None without one, and where it cannot be read."""
        kept = await self._vault.read(LIVE_PERMIT)
        if kept is None:
            return None
        try:
            found = json.loads(kept.reveal())
            if found.pop("version") != _VERSION:
                return None
            return LivePermit(**{**found, "given_for": Circumstances(**found["given_for"])})
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    async def keep(self, permit: LivePermit) -> None:
        """In the place of an earlier one."""
        await self._vault.save(LIVE_PERMIT, Secret(json.dumps({"version": _VERSION, **asdict(permit)})))

    async def note_use(self, permit: LivePermit, now_s: float) -> None:
        """Remember that it was this late."""
        await self.keep(replace(permit, seen_s=max(permit.seen_s, now_s)))

    async def revoke(self) -> bool:
        """Take it back; whether there was one."""
        return await self._vault.delete(LIVE_PERMIT)


def _fingerprint(kind: str, text: str) -> str:
    return hashlib.sha256(f"evenkeel {kind}\0{text}".encode()).hexdigest()
