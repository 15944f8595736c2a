"""What the mirror says: how it stands, what happened to it, and why it cannot go on (`engine.core.mirror`)."""

from __future__ import annotations

import string
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from engine.core.messages import Event, Reason, Snapshot, plain


@dataclass(frozen=True, slots=True)
class StoreTrouble(Reason):
    """Why PostgreSQL cannot be used now. `words` is a sentence in English, for logs and terminals."""

    _words: ClassVar[str] = ""

    def __init_subclass__(cls, code: str = "", words: str = "", **kwargs: Any) -> None:
        super(StoreTrouble, cls).__init_subclass__(code, **kwargs)
        if words:
            cls._words = words

    @property
    def words(self) -> str:
        """What is the matter, and what to do about it."""
        names = [name for _, name, _, _ in string.Formatter().parse(self._words) if name]
        return self._words.format(**{name: getattr(self, name) for name in names})


class StoreFailed(RuntimeError):
    """PostgreSQL cannot be used now; `reason` says why."""

    def __init__(self, reason: StoreTrouble) -> None:
        super().__init__(reason.words)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class StoreUrlMissing(
    StoreTrouble,
    code="store_url_missing",
    words="store.mirror is on and there is no PostgreSQL address; save it as store.url on the Keys page, or set "
    "{variable}",
):
    """`variable`: the environment variable that may hold it."""

    variable: str


@dataclass(frozen=True, slots=True)
class StoreUrlWrong(
    StoreTrouble,
    code="store_url_wrong",
    words="the PostgreSQL address is wrong: {fault}. Expected postgresql://user:password@host:port/database, with "
    "/ : @ # ? % in user or password written as %2F %3A %40 %23 %3F %25",
):
    """`fault` never quotes the address, which holds a password."""

    fault: str


@dataclass(frozen=True, slots=True)
class StoreTlsRefused(
    StoreTrouble,
    code="store_tls_refused",
    words="sslmode={sslmode} would send the password and all rows to {host} in the clear, or let them be; take it out "
    "of the address (the default is require), or make it verify-full",
):
    """The address asks for less than TLS, and the server is not this machine."""

    host: str
    sslmode: str


@dataclass(frozen=True, slots=True)
class StoreTlsMissing(
    StoreTrouble,
    code="store_tls_missing",
    words="no TLS connection to {host} came about ({error}); switch TLS on at the server, or correct sslmode and "
    "sslrootcert in the address",
):
    """TLS is required and the server has none, or its certificate does not hold."""

    host: str
    error: str


@dataclass(frozen=True, slots=True)
class StoreUnreachable(
    StoreTrouble,
    code="store_unreachable",
    words="no PostgreSQL answers at {host}, port {port} ({error}); see that it runs, that host and port are right, and "
    "that the network lets you through",
):
    """Nothing answers, or the connection broke."""

    host: str
    port: int
    error: str


@dataclass(frozen=True, slots=True)
class StorePasswordWrong(
    StoreTrouble,
    code="store_password_wrong",
    words="PostgreSQL at {host} does not let {user} in with this password; correct user or password in the address",
):
    """The server refuses user or password."""

    host: str
    user: str


@dataclass(frozen=True, slots=True)
class StoreDatabaseMissing(
    StoreTrouble,
    code="store_database_missing",
    words="there is no database {database} at {host}; create it, or correct the last part of the address",
):
    """The server has no such database."""

    host: str
    database: str


@dataclass(frozen=True, slots=True)
class StoreRightsMissing(
    StoreTrouble,
    code="store_rights_missing",
    words="{user} may not {action} in database {database} ({error}); as its owner run: "
    "CREATE SCHEMA IF NOT EXISTS evenkeel; ALTER SCHEMA evenkeel OWNER TO that user",
):
    """`action`: what was tried."""

    user: str
    database: str
    action: str
    error: str


@dataclass(frozen=True, slots=True)
class StoreBusy(
    StoreTrouble,
    code="store_busy",
    words="PostgreSQL did not finish within its time ({error}); another session may hold a lock on the schema evenkeel",
):
    """The server gave up: it waited for a lock, or the statement took too long."""

    error: str


@dataclass(frozen=True, slots=True)
class StoreSlow(
    StoreTrouble,
    code="store_slow",
    words="PostgreSQL did not answer within {deadline_s:g} s; the connection was cut",
):
    """Nothing came back within the deadline."""

    deadline_s: float


@dataclass(frozen=True, slots=True)
class StoreHeldElsewhere(
    StoreTrouble,
    code="store_held_elsewhere",
    words="another running Evenkeel writes the rows of “{profile}” (last {seen_s:.0f} s ago); end that one, or give "
    "this one a name of its own in store.name",
):
    """Another store has the name and wrote under it `seen_s` seconds ago. Two programs on one account trade twice."""

    profile: str
    seen_s: float


@dataclass(frozen=True, slots=True)
class StoreTakenOver(
    StoreTrouble,
    code="store_taken_over",
    words="another machine or profile has taken over the rows of “{profile}” (last {seen_s:.0f} s ago), so nothing "
    "more is sent from here; see that only one trades, or give this one a name of its own in store.name",
):
    """This store had the name, and another one has it now."""

    profile: str
    seen_s: float


@dataclass(frozen=True, slots=True)
class StoreForked(
    StoreTrouble,
    code="store_forked",
    words="PostgreSQL has rows of “{profile}” that the local store never wrote: the local store is an older copy, or a "
    "copy of it is in use elsewhere; use the newer one, or give this one a name of its own in store.name",
):
    """The server is ahead of the local store, or holds something else in the same place."""

    profile: str


@dataclass(frozen=True, slots=True)
class StoreNewer(
    StoreTrouble,
    code="store_newer",
    words="the tables at PostgreSQL are of a newer program (schema {found}, this one knows {known}); use that program",
):
    """The server's tables have a version that this program does not know."""

    found: int
    known: int


@dataclass(frozen=True, slots=True)
class StoreError(
    StoreTrouble,
    code="store_error",
    words="PostgreSQL could not be used ({error}); the local store is complete, and it is tried again",
):
    """Anything else."""

    error: str


class MirrorState(Enum):
    """Where the mirror stands."""

    CONNECTING = "connecting"
    BEHIND = "behind"
    IN_STEP = "in_step"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorSnapshot(Snapshot):
    """How far PostgreSQL follows the local store, which is complete in any case.

    behind_rows: rows that are not there yet, since behind_since_s; None when none. last_success_s: when it last took
    rows or said that there are none missing. reason: why it is lost, None otherwise.
    """

    state: MirrorState
    profile: str
    behind_rows: int
    behind_since_s: float | None
    last_success_s: float | None
    reason: StoreTrouble | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorLost(Event):
    """PostgreSQL cannot be used from now on; the local store is what counts. Told once until it has caught up."""

    reason: StoreTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorCaughtUp(Event):
    """PostgreSQL has every row again, `rows` of them sent since it was lost `after_s` ago."""

    rows: int
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorRewound(Event):
    """The server lacks about `rows` rows that it had taken: it is a new or a restored one. They are sent again."""

    rows: int


def plain_words(reason: StoreTrouble) -> dict[str, Any]:
    """The reason as data, with its sentence."""
    return {**plain(reason), "words": reason.words}
