"""One connection to PostgreSQL and what the mirror does over it. Blocking: every call belongs in a worker thread.

Each call is one transaction with limits of its own, uses nothing that lasts from one to the next at the server (so a
transaction pooler such as Supabase's will do), and may be repeated: a row that is there already stays as it is.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from engine.core import mirror_schema as sql
from engine.core.journal import Memory
from engine.core.mirror_address import StoreAddress
from engine.core.mirror_connect import connected
from engine.core.mirror_errors import trouble
from engine.core.mirror_messages import (
    StoreError,
    StoreFailed,
    StoreForked,
    StoreHeldElsewhere,
    StoreNewer,
    StoreTakenOver,
    StoreTrouble,
)
from engine.core.mirror_outbox import Changes, FactRow, MemoryRow, Position

Cursor = psycopg.Cursor[tuple[Any, ...]]
FactAt = Callable[[int], FactRow | None]


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the name that rows are kept under, and the local store they come from.

    had_it: whether this store has written under the name before.
    """

    profile: str
    store: str
    had_it: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """The name is ours. `at`: how far the server has followed this store. `memories`: what it remembers of the name."""

    at: Position
    memories: tuple[Memory, ...]


class MirrorServer:
    """A connection. `abort` may be called from any thread and makes whatever is under way fail soon.

    hold_s: how long the name stays ours after a call. call_s: the caller's deadline for one; the server is given less.

    Every call raises StoreFailed, after which the connection is of no more use.
    """

    def __init__(self, address: StoreAddress, *, hold_s: float, call_s: float) -> None:
        self.address = address
        self._hold_s = hold_s
        self._call_s = call_s
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._wire: socket.socket | None = None
        self._in_use = threading.Lock()
        self._given_up = threading.Event()

    @property
    def aborted(self) -> bool:
        return self._given_up.is_set()

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted; False without one."""
        connection = self._connection
        return connection is not None and bool(connection.pgconn.ssl_in_use)

    def connect(self) -> None:
        """Open the connection."""
        with self._used():
            try:
                self._connection = connected(self.address.parameters, self._call_s / 2, self._given_up)
            except psycopg.Error as error:
                raise StoreFailed(trouble(error, self.address, "connect")) from None
            self._wire = socket.fromfd(self._connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)

    def abort(self) -> None:
        """Cut the connection under whoever waits for it, now or as soon as there is one."""
        self._given_up.set()
        wire = self._wire
        if wire is not None:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the connection; one that is in use is cut, and whoever uses it lets go. Safe to call twice."""
        if not self._let_go():
            self.abort()
            self._let_go()

    def _let_go(self) -> bool:
        """Whether the connection was not in use: libpq must not close it while a thread waits in it."""
        if not self._in_use.acquire(blocking=False):
            return False
        try:
            wire, self._wire = self._wire, None
            connection, self._connection = self._connection, None
            if wire is not None:
                wire.close()
            if connection is not None:
                with contextlib.suppress(psycopg.Error):
                    connection.close()
        finally:
            self._in_use.release()
        return True

    @contextlib.contextmanager
    def _used(self) -> Iterator[None]:
        try:
            with self._in_use:
                yield
        finally:
            if self.aborted:
                self._let_go()

    def prepare(self, views: Mapping[str, LiteralString] | None = None) -> bool:
        """Make the tables, and the views by their names, where there are none. Returns whether tables were made."""
        with self.transaction("create the schema evenkeel") as cursor:
            made = make_tables(cursor)
            for name, view in (views or {}).items():
                cursor.execute(sql.VIEW_IS_THERE, {"name": f"evenkeel.{name}"})
                (there,) = _one(cursor)
                if not there:
                    cursor.execute(view)
            return made

    def claim(self, writer: Writer, outbox_head: Position, last_fact: FactAt, engines: Sequence[str]) -> Claim:
        """Take the name, or learn who has it.

        A store that never had the name takes it over once its last writer has been silent for the time of a hold; one
        that had it and lost it does not. outbox_head: the end of the local store. last_fact: reads a local fact.
        engines: whose memories to return.
        """
        names = {"profile": writer.profile, "store": writer.store}
        with self.transaction("write") as cursor:
            cursor.execute(sql.KNOW_WRITER, names)
            cursor.execute(sql.LOOK_AT_WRITER, names)
            store, facts, changes, held, seen_s = _one(cursor)
            at = Position(facts, changes)
            if store != writer.store:
                if writer.had_it:
                    raise StoreFailed(StoreTakenOver(writer.profile, seen_s))
                if held:
                    raise StoreFailed(StoreHeldElsewhere(writer.profile, seen_s))
                cursor.execute(sql.TAKE_OVER, names)
                at = Position()
            elif not self._is_our_past(cursor, names, at, outbox_head, last_fact):
                raise StoreFailed(StoreForked(writer.profile))
            cursor.execute(sql.MEMORIES, {**names, "engines": list(engines)})
            memories = tuple(_memory(row) for row in cursor.fetchall())
            self._hold(cursor, writer, at, at, self._hold_s)
        return Claim(at, memories)

    def write(self, writer: Writer, before: Position, changes: Changes) -> None:
        """Have these rows, from `before` on, and the position behind them, all or none."""
        name = {"profile": writer.profile}
        kept = [row for row in changes.memories if row.value is not None]
        gone = [row for row in changes.memories if row.value is None]
        with self.transaction("write") as cursor:
            self._hold(cursor, writer, before, changes.after, self._hold_s)
            if changes.facts:
                cursor.execute(sql.ADD_FACTS, {**name, "store": writer.store, **_fact_columns(changes.facts)})
            if kept:
                values = {"values": [row.value for row in kept], "at_s": [row.at_s for row in kept]}
                cursor.execute(sql.KEEP_MEMORIES, {**name, **_names(kept), **values})
            if gone:
                cursor.execute(sql.FORGET_MEMORIES, {**name, **_names(gone)})

    def hold(self, writer: Writer, at: Position) -> None:
        """Say that the writer is still there."""
        with self.transaction("write") as cursor:
            self._hold(cursor, writer, at, at, self._hold_s)

    def release(self, writer: Writer, at: Position) -> None:
        """Say that the writer has gone, so that another store may take the name at once."""
        with self.transaction("write") as cursor:
            self._hold(cursor, writer, at, at, 0.0)

    @contextlib.contextmanager
    def transaction(self, action: str, *, undo: bool = False) -> Iterator[Cursor]:
        """A transaction with limits, rolled back in the end with `undo`.

        Its errors become StoreFailed, which says that `action` was tried.
        """
        with self._used():
            connection = self._connection
            if connection is None:
                raise StoreFailed(StoreError("the connection is closed"))
            try:
                with connection.transaction(force_rollback=undo), connection.cursor() as cursor:
                    cursor.execute(sql.LIMIT, (f"{self._call_s * 300:.0f}", f"{self._call_s * 200:.0f}"))
                    yield cursor
            except psycopg.Error as error:
                raise StoreFailed(trouble(error, self.address, action)) from None

    def _hold(self, cursor: Cursor, writer: Writer, before: Position, after: Position, hold_s: float) -> None:
        values = {
            "profile": writer.profile,
            "store": writer.store,
            "hold_s": hold_s,
            "facts": after.facts,
            "changes": after.changes,
            "facts_before": before.facts,
            "changes_before": before.changes,
        }
        cursor.execute(sql.HOLD, values)
        if cursor.rowcount != 1:
            raise StoreFailed(self._no_longer_ours(cursor, writer))

    def _no_longer_ours(self, cursor: Cursor, writer: Writer) -> StoreTrouble:
        cursor.execute(sql.LOOK_AT_WRITER, {"profile": writer.profile})
        row = cursor.fetchone()
        if row is None:
            return StoreError("its tables were emptied meanwhile")
        if row[0] != writer.store:
            return StoreTakenOver(writer.profile, row[4])
        return StoreForked(writer.profile)

    def _is_our_past(
        self, cursor: Cursor, names: dict[str, str], at: Position, head: Position, last_fact: FactAt
    ) -> bool:
        """Whether the server holds a beginning of what the local store holds."""
        if at.facts > head.facts or at.changes > head.changes:
            return False
        cursor.execute(sql.SENT_LAST, {**names, "position": at.facts})
        there, here = cursor.fetchone(), last_fact(at.facts)
        return there is None or (
            here is not None and there == tuple(map(_text, (here.world, here.engine, here.kind, here.key)))
        )


def make_tables(cursor: Cursor) -> bool:
    """Make the tables unless they are there; returns whether it did. Those of a newer program are refused."""
    cursor.execute(sql.IS_THERE)
    if not _one(cursor)[0]:
        cursor.execute(sql.ONE_MAKER)
        cursor.execute(sql.IS_THERE)
        if not _one(cursor)[0]:
            cursor.execute(sql.SCHEMA_IS_THERE)
            if not _one(cursor)[0]:
                cursor.execute(sql.MAKE_SCHEMA)
            for statement in sql.TABLES:
                cursor.execute(statement)
            return True
    cursor.execute(sql.VERSION_THERE)
    found = _one(cursor)[0]
    if found != sql.VERSION:
        raise StoreFailed(StoreNewer(found or 0, sql.VERSION))
    return False


def _one(cursor: Cursor) -> tuple[Any, ...]:
    row = cursor.fetchone()
    if row is None:
        raise StoreFailed(StoreError("an answer came without a row"))
    return row


def _memory(row: tuple[Any, ...]) -> Memory:
    world, engine, name, value, at_s = row
    return Memory(engine, name, json.loads(value), at_s, world=world)


def _names(rows: Sequence[MemoryRow]) -> dict[str, list[str]]:
    return {
        "worlds": [_text(row.world) for row in rows],
        "engines": [_text(row.engine) for row in rows],
        "names": [_text(row.name) for row in rows],
    }


def _fact_columns(rows: Sequence[FactRow]) -> dict[str, list[Any]]:
    return {
        "positions": [row.position for row in rows],
        "worlds": [_text(row.world) for row in rows],
        "engines": [_text(row.engine) for row in rows],
        "kinds": [_text(row.kind) for row in rows],
        "keys": [_text(row.key) for row in rows],
        "payloads": [row.payload for row in rows],
        "at_s": [row.at_s for row in rows],
    }


def _text(text: str) -> str:
    """PostgreSQL's text takes every character but one; a row that it refused would hold up all that follow."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
