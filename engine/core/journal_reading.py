"""Reads the journal beside its writer: which rows a filter lets through, and the rows. Blocking; for a worker thread.

A listing is the numbers of rows only, eight bytes each, so that a million rows are open in a second and a page of them
is a look-up by number wherever it lies. Every question is bounded by a count of rows, and can be given up.
"""

from __future__ import annotations

import itertools
import json
import math
import sqlite3
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

from engine.core.journal_query import RECORDED, JournalFilter, JournalRow

MOST_LISTED = 2_000_000
"""Rows of one listing, 16 MB; what is older is reached by a filter on time."""
SPANS = (500, 5_000, 20_000)
"""Rows of each table that one question looks at: few at first, for what is shown first."""
MOST_ROWS = 500
LONGEST_TEXT, LONGEST_LIST = 160, 64
_LOOK_UP_EVERY_OPS = 2_000

Numbers = array  # of type "q"
_FACT_COLUMNS = "id, world, engine, kind, key, at_s, payload"
_INTENT_COLUMNS = f"{_FACT_COLUMNS}, state, mode, revision, exposure, reason, outcome, answered_s"


class JournalUnread(RuntimeError):
    """The journal could not be read; the words are the database's."""


class GivenUp(Exception):
    """Whoever asked does not want to know any more."""


class Listed(NamedTuple):
    """What a listing left open. complete: it has all rows there are. newest: the highest ids that it saw, of an intent
    and of a fact. undecided: ids of intents whose state may yet become one that is asked for."""

    complete: bool
    newest: tuple[int, int]
    undecided: tuple[int, ...]


class JournalReader:
    """The journal at `path`, which a writer may have open. Each question has a connection of its own and only reads."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def list_rows(
        self,
        wanted: JournalFilter,
        found: Callable[[Numbers[int]], None],
        given_up: Event,
        *,
        most: int = MOST_LISTED,
    ) -> Listed:
        """Hand the numbers of matching rows to `found`, newest first, span of time by span of time; at most `most`.

        What is recorded meanwhile is not among them. Raises GivenUp or JournalUnread.
        """
        with self._connected(given_up) as connection:
            connection.set_progress_handler(given_up.is_set, _LOOK_UP_EVERY_OPS)
            newest = _highest(connection)
            undecided = _undecided(connection, newest[0]) if wanted.states else ()
            left = most
            for sql, values in _spans(connection, wanted, newest):
                numbers = array("q", [number for (number,) in connection.execute(sql, (*values, left + 1))])
                if numbers:
                    found(numbers[:left])
                if len(numbers) > left:
                    return Listed(False, newest, undecided)
                left -= len(numbers)
        return Listed(True, newest, undecided)

    def newest(self) -> tuple[int, int]:
        """The highest id of an intent and of a fact; what is recorded later has a higher one."""
        with self._connected() as connection:
            return _highest(connection)

    def recorded_since(
        self, wanted: JournalFilter, after: tuple[int, int], undecided: Sequence[int] = ()
    ) -> tuple[Numbers[int], tuple[int, int], tuple[int, ...]]:
        """Matching rows that were recorded after the ids of `after`, newest first; the ids to go on from; and intents
        whose state may yet become one that is asked for.

        undecided: those of the last time. At most MOST_ROWS of each table; the next call finds the others.
        """
        with self._connected() as connection:
            until = tuple(
                min(highest, start + MOST_ROWS) for highest, start in zip(_highest(connection), after, strict=True)
            )
            inner, values = _parts(wanted)
            found: list[tuple[int, float, int]] = []
            for at, (table, where) in enumerate(inner):
                sql = f"SELECT id * 2 + {at}, at_s, id FROM {table} WHERE id > ? AND id <= ?{where}"
                found += connection.execute(sql, (after[at], until[at], *values[at]))
            fresh = wanted.states and len(undecided) < MOST_ROWS
            waiting = _undecided(connection, until[0], after[0]) if fresh else ()
            still, late = _decided(connection, inner, values, undecided) if undecided else ((), [])
        rows = sorted({*found, *late}, key=lambda row: (row[1], row[2]), reverse=True)
        return array("q", [row[0] for row in rows]), (until[0], until[1]), tuple({*still, *waiting})

    def rows(self, numbers: Sequence[int], *, in_full: bool = False) -> list[JournalRow]:
        """These rows, in this order; those that are not there are left out. Raises ValueError for too many at once."""
        if len(numbers) > MOST_ROWS:
            raise ValueError(f"{len(numbers)} rows at once; {MOST_ROWS} is the most")
        read: dict[int, JournalRow] = {}
        with self._connected() as connection:
            for fact, table, columns in ((0, "intents", _INTENT_COLUMNS), (1, "facts", _FACT_COLUMNS)):
                ids = [number // 2 for number in numbers if number % 2 == fact]
                if ids:
                    sql = f"SELECT {columns} FROM {table} WHERE id IN ({_marks(ids)})"
                    for row in connection.execute(sql, ids):
                        read[2 * row[0] + fact] = _row(row, fact=bool(fact), in_full=in_full)
        return [read[number] for number in numbers if number in read]

    def intents_named(self, world: str, prefix: str, limit: int) -> list[JournalRow]:
        """Intents of a world whose keys start with `prefix`, by key."""
        sql = f"SELECT {_INTENT_COLUMNS} FROM intents WHERE world = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?"
        with self._connected() as connection:
            found = connection.execute(sql, (world, prefix, _behind(prefix), limit)).fetchall()
        return [_row(row, fact=False, in_full=True) for row in found]

    def facts_named(self, world: str, engine: str, kind: str, prefix: str, limit: int) -> list[JournalRow]:
        """Facts of a world, engine and kind whose keys start with `prefix`, by key."""
        sql = (
            f"SELECT {_FACT_COLUMNS} FROM facts WHERE world = ? AND engine = ? AND kind = ? AND key >= ? AND key < ? "
            "ORDER BY key LIMIT ?"
        )
        with self._connected() as connection:
            found = connection.execute(sql, (world, engine, kind, prefix, _behind(prefix), limit)).fetchall()
        return [_row(row, fact=True, in_full=True) for row in found]

    def facts_after(
        self, world: str, engine: str, kind: str, from_s: float, like: tuple[str, str], *, among: int, limit: int
    ) -> list[JournalRow]:
        """Of the next `among` facts of a kind from a moment on, those in which a column is like a pattern of SQL."""
        column, pattern = like
        if column not in ("key", "payload"):
            raise ValueError(f"facts are found by key or payload, not by {column}")
        sql = (
            f"SELECT {_FACT_COLUMNS} FROM (SELECT * FROM facts WHERE world = ? AND engine = ? AND kind = ? "
            f"AND at_s >= ? ORDER BY at_s LIMIT ?) WHERE {column} LIKE ? ESCAPE '\\' LIMIT ?"
        )
        with self._connected() as connection:
            found = connection.execute(sql, (world, engine, kind, from_s, among, pattern, limit)).fetchall()
        return [_row(row, fact=True, in_full=True) for row in found]

    @contextmanager
    def _connected(self, given_up: Event | None = None) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=10.0, check_same_thread=False)) as connection:
                connection.execute("PRAGMA query_only = ON")
                yield connection
        except sqlite3.Error as error:
            if given_up is not None and given_up.is_set():
                raise GivenUp from None
            raise JournalUnread(str(error)) from error


def pattern_of(text: str) -> str:
    """A pattern for LIKE that finds `text` anywhere; a space is any one character, as codes have `_` there."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped.replace(' ', '_')}%"


def _spans(
    connection: sqlite3.Connection, wanted: JournalFilter, newest: tuple[int, int]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """A question for each span of time, latest first, that looks at so many rows at most as SPANS says.

    So rare matches are not held up until the end, as they are where two tables are merged whole, and no question takes
    long. Within a span nothing is sorted: each table is read from the end of its index of time.
    """
    tables, values = _parts(wanted)
    selects = [
        f"SELECT id * 2 + {at} AS number, at_s, id FROM {table} WHERE at_s >= ? AND at_s < ? AND id <= ?{where}"
        for at, (table, where) in enumerate(tables)
    ]
    sql = f"SELECT number FROM ({' UNION ALL '.join(selects)} ORDER BY at_s DESC, id DESC) LIMIT ?"
    first_s = -math.inf if wanted.from_s is None else wanted.from_s
    until_s = math.inf if wanted.to_s is None else wanted.to_s
    for most in itertools.chain(SPANS, itertools.repeat(SPANS[-1])):
        from_s = max(first_s, _earliest(connection, until_s, most))
        bounds = (from_s, until_s)
        yield sql, (*bounds, newest[0], *values[0], *bounds, newest[1], *values[1])
        if from_s <= first_s:
            return
        until_s = from_s


def _earliest(connection: sqlite3.Connection, until_s: float, most: int) -> float:
    """Where a span begins that ends at `until_s` and has about `most` rows of each table; minus infinity at the end."""
    begins = [
        connection.execute(
            f"SELECT at_s FROM {table} WHERE at_s < ? ORDER BY at_s DESC LIMIT 1 OFFSET ?", (until_s, most)
        ).fetchone()
        for table in ("intents", "facts")
    ]
    return max((row[0] for row in begins if row is not None), default=-math.inf)


def _parts(wanted: JournalFilter) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[Any, ...], ...]]:
    """For each table its name and its further conditions, and their values.

    The plus signs keep the planner on the index of time, which holds what they compare: any other would have to sort.
    """
    conditions: list[tuple[str, tuple[Any, ...]]] = []
    if wanted.world:
        conditions.append(("+world = ?", (wanted.world,)))
    if wanted.engines:
        conditions.append((f"+engine IN ({_marks(wanted.engines)})", wanted.engines))
    if wanted.kinds:
        conditions.append(_of_kinds(wanted.kinds))
    if wanted.from_s is not None:
        conditions.append(("at_s >= ?", (wanted.from_s,)))
    if wanted.to_s is not None:
        conditions.append(("at_s < ?", (wanted.to_s,)))
    intents, facts = [*conditions], [*conditions]
    if wanted.states:
        intents.append((f"+state IN ({_marks(wanted.states)})", wanted.states))
        if RECORDED not in wanted.states:
            facts.append(("0", ()))
    if wanted.text:
        pattern = pattern_of(wanted.text)
        intents.append((_any_like("payload", "reason", "outcome", "key"), (pattern,) * 4))
        facts.append((_any_like("payload", "key"), (pattern,) * 2))
    return (
        (("intents", _and(intents)), ("facts", _and(facts))),
        tuple(tuple(value for _, values in part for value in values) for part in (intents, facts)),
    )


def _of_kinds(kinds: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    """A kind that ends with a dot stands for all that start with it."""
    one_of = " OR ".join("substr(kind, 1, length(?)) = ?" if kind.endswith(".") else "+kind = ?" for kind in kinds)
    return f"({one_of})", tuple(value for kind in kinds for value in (kind,) * (2 if kind.endswith(".") else 1))


def _and(conditions: Sequence[tuple[str, tuple[Any, ...]]]) -> str:
    return "".join(f" AND {sql}" for sql, _ in conditions)


def _any_like(*columns: str) -> str:
    return "(" + " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns) + ")"


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _behind(prefix: str) -> str:
    """The first text that is behind everything that starts with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1) if prefix else chr(0x10FFFF)


def _highest(connection: sqlite3.Connection) -> tuple[int, int]:
    intents, facts = connection.execute("SELECT (SELECT max(id) FROM intents), (SELECT max(id) FROM facts)").fetchone()
    return intents or 0, facts or 0


def _undecided(connection: sqlite3.Connection, until: int, after: int = 0) -> tuple[int, ...]:
    """The newest intents of a range of ids that have no outcome."""
    sql = "SELECT id FROM intents WHERE state = 'admitted' AND id > ? AND id <= ? ORDER BY id DESC LIMIT ?"
    return tuple(id for (id,) in connection.execute(sql, (after, until, MOST_ROWS)))


def _decided(
    connection: sqlite3.Connection,
    tables: Sequence[tuple[str, str]],
    values: Sequence[tuple[Any, ...]],
    undecided: Sequence[int],
) -> tuple[list[int], list[tuple[int, float, int]]]:
    """Of intents that had no outcome: those that still have none, and those that match now."""
    named = f"id IN ({_marks(undecided)})"
    sql = f"SELECT id FROM intents WHERE {named} AND state = 'admitted'"
    still = [id for (id,) in connection.execute(sql, undecided)]
    sql = f"SELECT id * 2, at_s, id FROM intents WHERE {named} AND state <> 'admitted'{tables[0][1]}"
    return still, connection.execute(sql, (*undecided, *values[0])).fetchall()


def _row(row: Sequence[Any], *, fact: bool, in_full: bool) -> JournalRow:
    id, world, engine, kind, key, at_s, payload = row[:7]
    read = json.loads if in_full else _short
    if fact:
        return JournalRow(2 * id + 1, world, engine, kind, key, at_s, read(payload), shortened=not in_full)
    state, mode, revision, exposure, reason, outcome, answered_s = row[7:]
    return JournalRow(
        number=2 * id,
        world=world,
        engine=engine,
        kind=kind,
        key=key,
        at_s=at_s,
        payload=read(payload),
        state=state,
        mode=mode,
        revision=revision,
        exposure=exposure,
        reason=read(reason),
        outcome=None if outcome is None else read(outcome),
        answered_s=answered_s,
        shortened=not in_full,
    )


def _short(text: str) -> Any:
    return _cut(json.loads(text))


def _cut(value: Any) -> Any:
    """Long texts and long lists are cut, so that a page of rows has a bound."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else f"{value[:40]}…"
    if isinstance(value, list):
        return [_cut(one) for one in value[:LONGEST_LIST]]
    if isinstance(value, dict):
        return {name: _cut(one) for name, one in value.items()}
    return value
