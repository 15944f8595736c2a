"""Whether a PostgreSQL address will do for the mirror, tried out and left as it was. Blocking."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from engine.core import mirror_schema as sql
from engine.core.journal import EVERY_WORLD
from engine.core.mirror import ENGINE, POSITION
from engine.core.mirror_address import store_address
from engine.core.mirror_outbox import Outbox, Position
from engine.core.mirror_server import Cursor, MirrorServer, make_tables
from engine.core.secrets import Secret

_TRIPS = 5
_CALL_S = 15.0


@dataclass(frozen=True, slots=True)
class LocalStore:
    """The local side of the question: the journal's file, the name its rows are kept under, whose memories go."""

    journal_file: Path
    profile: str
    engines: Sequence[str]


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What was found. round_trip_ms: the median of several. clock_ahead_s: the server's clock against this machine's,
    to half a round trip. tables_there: or they can be made. ours: whether the rows under the name came from the local
    store, None when there are none. seen_s: seconds since they were last written to. behind_rows: rows of the local
    store that are not there; None when there is no local store.
    """

    host: str
    port: int
    database: str
    user: str
    server: str
    tls: bool
    sslmode: str
    round_trip_ms: float
    clock_ahead_s: float
    tables_there: bool
    profile: str
    ours: bool | None
    held: bool
    seen_s: float | None
    behind_rows: int | None


def examine(url: Secret, local: LocalStore) -> StoreReport:
    """Connect and try everything out in transactions that are rolled back. Raises StoreFailed."""
    address = store_address(url)
    server = MirrorServer(address, hold_s=0.0, call_s=_CALL_S)
    try:
        server.connect()
        with server.transaction("read") as cursor:
            version = _one(cursor, "SHOW server_version")
            trips_s, ahead_s = _times(cursor)
        with server.transaction("create the schema evenkeel", undo=True) as cursor:
            made = make_tables(cursor)
            cursor.execute(sql.READ_WRITER, {"profile": local.profile})
            writer = cursor.fetchone()
    finally:
        tls = server.tls
        server.close()
    store, facts, changes, held, seen_s = writer or (None, 0, 0, False, None)
    known, behind = _local(local, store, Position(facts, changes))
    return StoreReport(
        host=address.host,
        port=address.port,
        database=address.database,
        user=address.user,
        server=f"PostgreSQL {version}",
        tls=tls,
        sslmode=address.sslmode,
        round_trip_ms=round(1000 * statistics.median(trips_s), 3),
        clock_ahead_s=round(ahead_s, 4),
        tables_there=not made,
        profile=local.profile,
        ours=None if store is None else store == known,
        held=held,
        seen_s=seen_s,
        behind_rows=behind,
    )


def _times(cursor: Cursor) -> tuple[list[float], float]:
    """Round trips in seconds, and how far the server's clock is ahead, by the quickest of them."""
    trips_s: list[float] = []
    ahead_s = 0.0
    for _ in range(_TRIPS):
        asked_s, begun_s = time.time(), time.perf_counter()
        server_s = float(_one(cursor, "SELECT extract(epoch FROM clock_timestamp())"))
        trip_s = time.perf_counter() - begun_s
        if not trips_s or trip_s < min(trips_s):
            ahead_s = server_s - (asked_s + trip_s / 2)
        trips_s.append(trip_s)
    return trips_s, ahead_s


def _local(local: LocalStore, store: str | None, at: Position) -> tuple[str | None, int | None]:
    """The local store's own name, and how many of its rows the server lacks."""
    if not local.journal_file.is_file():
        return None, None
    outbox = Outbox(local.journal_file, local.engines)
    try:
        remembered = outbox.recall(EVERY_WORLD, ENGINE, POSITION)
        known = None if remembered is None else str(json.loads(remembered)["store"])
        return known, outbox.behind(at if store == known else Position())
    except sa.exc.SQLAlchemyError:  # of an earlier program, or none of ours: the next session says so
        return None, None


def _one(cursor: Cursor, query: str) -> str:
    cursor.execute(query.encode())
    row = cursor.fetchone()
    return "" if row is None else str(row[0])
