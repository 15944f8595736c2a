"""The write-ahead journal: what was intended, what came of it, what is known, and what each engine remembers.

SQLite in WAL mode with full synchronisation by default. One thread owns the connection and commits everything that
waits in one transaction, so a commit costs one flush of the disk however many engines ask for it; the loop never
blocks. A world (one exchange account in one mode) sees its own rows only.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from engine.core.schema import FACTS, FORGOTTEN, INTENTS, MEMORY
from engine.core.upgrade import NewerJournal, bring_up_to_date, refuse_newer

Result = TypeVar("Result")
EVERY_WORLD = "*"
RECALLED_AT_ONCE = 2_000


class JournalFailed(RuntimeError):
    """The journal could not be written or read; nothing may leave the gate until it can."""


class AlreadyRecorded(JournalFailed):
    """An intent's key or a fact's key is in the journal already: acting on it again would act twice."""


@dataclass(frozen=True, slots=True)
class IntentRow:
    """One intended effect. `state`: admitted or held, then delivered, rejected, unknown or held."""

    key: str
    engine: str
    kind: str
    exposure: str
    payload: dict[str, Any]
    reason: dict[str, Any]
    mode: str
    revision: int
    state: str
    at_s: float
    outcome: dict[str, Any] | None = None
    answered_s: float | None = None


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What came of the intent `key`."""

    key: str
    state: str
    outcome: dict[str, Any]
    at_s: float


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened in the world. `key` is unique within engine and kind (an exchange's trade id)."""

    engine: str
    kind: str
    key: str
    payload: dict[str, Any]
    at_s: float


@dataclass(frozen=True, slots=True)
class Memory:
    """What an engine remembers under `name`; None forgets it. `world` is the journal's own when None."""

    engine: str
    name: str
    value: Any
    at_s: float
    world: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything here becomes durable together, or none of it does."""

    remember: tuple[Memory, ...] = ()
    facts: tuple[Fact, ...] = ()
    intents: tuple[IntentRow, ...] = ()
    outcomes: tuple[OutcomeRow, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.remember or self.facts or self.intents or self.outcomes)


@dataclass(slots=True)
class _Job:
    work: Callable[[sa.Connection], Any]
    done: Future[Any] = field(default_factory=Future)


class Journal:
    """Durable memory of one world. `open` before use, `close` when done; both may block, so call them in a worker."""

    def __init__(self, path: Path, world: str) -> None:
        self.path = path
        self.world = world
        self.rounds = 0
        """Rises after each commit. A reader of the file that has seen it at this number finds nothing new there."""
        self._changes: Iterator[int] = itertools.count(1)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._engine: sa.Engine | None = None
        self.on_failure: Callable[[BaseException], None] | None = None

    def open(self, views: Sequence[str] = ()) -> None:
        """Open or create the file. Raises JournalFailed when it cannot be used or comes from a newer program.

        views: SQL of views that a room wants its facts to be seen through; each makes its own where it is not there.
        """
        try:
            refuse_newer(self.path)
            self._engine = _connect(self.path)
            bring_up_to_date(self._engine)
            with self._engine.begin() as connection:
                for view in views:
                    connection.exec_driver_sql(view)
                newest = connection.execute(sa.select(sa.func.max(MEMORY.c.change))).scalar()
                self._changes = itertools.count((newest or 0) + 1)
        except NewerJournal as error:
            raise JournalFailed(str(error)) from None
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise JournalFailed(f"the journal {self.path.name} cannot be opened: {error}") from error
        self._thread = threading.Thread(target=self._write_on, name="journal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Commit what waits, then close; what comes after is refused. Safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join()
            self._refuse_what_is_left()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    async def commit(self, batch: Batch) -> None:
        """Return when `batch` is durable. Raises AlreadyRecorded or JournalFailed; then none of it was written."""
        await self._ask(lambda connection: _write(connection, self.world, batch, self._changes))

    def post(self, batch: Batch) -> None:
        """Make `batch` durable soon, in order with other writes; a failure of any kind goes to `on_failure`."""
        job = _Job(lambda connection: _write(connection, self.world, batch, self._changes))
        job.done.add_done_callback(self._report)
        try:
            self._put(job)
        except JournalFailed as error:
            _fail(job, error)

    async def recall(self, engine: str, prefix: str = "", *, every_world: bool = False) -> dict[str, Any]:
        """What `engine` remembers under names that start with `prefix`."""
        world = EVERY_WORLD if every_world else self.world
        return await self._ask(lambda connection: _recall(connection, world, engine, prefix))

    async def recall_worlds(self, engine: str) -> dict[str, dict[str, Any]]:
        """What an engine remembers in each world of this file, by world and name."""
        return await self._ask(lambda connection: _recall_worlds(connection, engine))

    async def recall_pages(self, engine: str, prefix: str) -> AsyncIterator[dict[str, Any]]:
        """The same by and by, in the order of names, where it would be too much for one look of the loop."""
        after = ""
        while True:
            page = await self._ask(partial(_recall_page, world=self.world, engine=engine, prefix=prefix, after=after))
            if not page:
                return
            after = max(page)
            yield page

    async def unresolved(self, engine: str) -> list[IntentRow]:
        """Intents that were admitted and whose outcome is not known, oldest first."""
        return await self._ask(lambda connection: _intents(connection, self.world, engine, ("admitted", "unknown")))

    async def intents(self, engine: str) -> list[IntentRow]:
        """Every intent of `engine`, oldest first."""
        return await self._ask(lambda connection: _intents(connection, self.world, engine, None))

    async def facts(self, engine: str, kind: str, since_s: float = 0.0) -> list[Fact]:
        """Facts of one kind from `since_s` on, in the order they were recorded."""
        return await self._ask(lambda connection: _facts(connection, self.world, engine, kind, since_s))

    async def _ask(self, work: Callable[[sa.Connection], Result]) -> Result:
        job = _Job(work)
        self._put(job)
        result: Result = await asyncio.wrap_future(job.done)
        return result

    def _put(self, job: _Job) -> None:
        if self._thread is None or not self._thread.is_alive():
            raise JournalFailed("the journal is not open")
        self._jobs.put(job)

    def _refuse_what_is_left(self) -> None:
        """Whoever asked while the journal closed is told, rather than left waiting for ever."""
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                _fail(job, JournalFailed("the journal was closed before this was written"))

    def _report(self, done: Future[Any]) -> None:
        error = done.exception()
        if error is not None and self.on_failure is not None:
            self.on_failure(error)

    def _write_on(self) -> None:
        assert self._engine is not None
        with self._engine.connect() as connection:
            closing = False
            while not closing:
                jobs: list[_Job] = []
                job = self._jobs.get()
                while job is not None:
                    jobs.append(job)
                    if self._jobs.empty():
                        break
                    job = self._jobs.get()
                closing = job is None
                _run_together(connection, jobs)
                self.rounds += 1


def _connect(path: Path) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 10.0, "check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _run_together(connection: sa.Connection, jobs: list[_Job]) -> None:
    """All jobs in one transaction; when one fails, each by itself, so that it fails alone."""
    try:
        with connection.begin():
            results = [job.work(connection) for job in jobs]
    except Exception as error:
        if len(jobs) == 1:
            _fail(jobs[0], _named(error))
            return
        for job in jobs:
            _run_together(connection, [job])
        return
    for job, result in zip(jobs, results, strict=True):
        with contextlib.suppress(InvalidStateError):  # whoever asked was cancelled meanwhile
            job.done.set_result(result)


def _fail(job: _Job, error: JournalFailed) -> None:
    with contextlib.suppress(InvalidStateError):
        job.done.set_exception(error)


def _named(error: Exception) -> JournalFailed:
    if isinstance(error, JournalFailed):
        return error
    if isinstance(error, sa.exc.IntegrityError):
        return AlreadyRecorded(f"already in the journal: {error.orig}")
    return JournalFailed(f"the journal could not be used: {type(error).__name__}: {error}")


def _write(connection: sa.Connection, world: str, batch: Batch, changes: Iterator[int]) -> None:
    if batch.facts:
        _INSERT_FACT.run(connection, [{"world": world, **_columns(fact)} for fact in batch.facts])
    if batch.remember:
        _UPSERT_MEMORY.run(
            connection,
            [
                {**_columns(memory), "world": memory.world or world, "change": next(changes)}
                for memory in batch.remember
            ],
        )
    if batch.intents:
        _INSERT_INTENT.run(connection, [{"world": world, **_columns(row)} for row in batch.intents])
    if batch.outcomes:
        _UPDATE_OUTCOME.run(
            connection,
            [
                {
                    "state": outcome.state,
                    "outcome": _text(outcome.outcome),
                    "answered_s": outcome.at_s,
                    "in_world": world,
                    "of_key": outcome.key,
                }
                for outcome in batch.outcomes
            ],
        )


class _Prepared:
    """A statement turned into SQL once: on the way of an order, building it anew each time is what takes longest."""

    def __init__(self, statement: sa.Insert | sa.Update) -> None:
        compiled = statement.compile(dialect=sqlite.dialect())
        self._sql = str(compiled)
        self._names: tuple[str, ...] = tuple(compiled.positiontup or ())

    def run(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        connection.exec_driver_sql(self._sql, [tuple(row[name] for name in self._names) for row in rows])


def _upsert_memory() -> sa.Insert:
    fresh = sqlite.insert(MEMORY).values({column.name: sa.bindparam(column.name) for column in MEMORY.c})
    return fresh.on_conflict_do_update(
        index_elements=[MEMORY.c.world, MEMORY.c.engine, MEMORY.c.name],
        set_={name: fresh.excluded[name] for name in ("value", "at_s", "change")},
    )


def _insert(table: sa.Table) -> sa.Insert:
    return sa.insert(table).values(
        {column.name: sa.bindparam(column.name) for column in table.c if column.autoincrement is not True}
    )


_INSERT_FACT = _Prepared(_insert(FACTS))
_INSERT_INTENT = _Prepared(_insert(INTENTS))
_UPSERT_MEMORY = _Prepared(_upsert_memory())
_UPDATE_OUTCOME = _Prepared(
    sa.update(INTENTS)
    .where(INTENTS.c.world == sa.bindparam("in_world"), INTENTS.c.key == sa.bindparam("of_key"))
    .values({name: sa.bindparam(name) for name in ("state", "outcome", "answered_s")})
)


def _columns(row: Fact | Memory | IntentRow) -> dict[str, Any]:
    """The fields of a row as its table has them; objects become JSON text."""
    values = {name: getattr(row, name) for name in row.__slots__}
    for name in ("payload", "reason", "outcome"):
        if values.get(name) is not None:
            values[name] = _text(values[name])
    if isinstance(row, Memory):
        values["value"] = _text(row.value)  # None becomes FORGOTTEN
    return values


def _recall(connection: sa.Connection, world: str, engine: str, prefix: str) -> dict[str, Any]:
    return _values(connection, _remembered(world, engine, prefix))


def _recall_worlds(connection: sa.Connection, engine: str) -> dict[str, dict[str, Any]]:
    query = sa.select(MEMORY.c.world, MEMORY.c.name, MEMORY.c.value)
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query.where(MEMORY.c.engine == engine, MEMORY.c.value != FORGOTTEN)):
        found.setdefault(row.world, {})[row.name] = json.loads(row.value)
    return found


def _recall_page(connection: sa.Connection, world: str, engine: str, prefix: str, after: str) -> dict[str, Any]:
    rows = _remembered(world, engine, prefix).where(MEMORY.c.name > after)
    return _values(connection, rows.order_by(MEMORY.c.name).limit(RECALLED_AT_ONCE))


def _remembered(world: str, engine: str, prefix: str) -> sa.Select[Any]:
    return sa.select(MEMORY.c.name, MEMORY.c.value).where(
        MEMORY.c.world == world,
        MEMORY.c.engine == engine,
        MEMORY.c.name.startswith(prefix, autoescape=True),
        MEMORY.c.value != FORGOTTEN,
    )


def _values(connection: sa.Connection, rows: sa.Select[Any]) -> dict[str, Any]:
    return {row.name: json.loads(row.value) for row in connection.execute(rows)}


def _intents(connection: sa.Connection, world: str, engine: str, states: tuple[str, ...] | None) -> list[IntentRow]:
    query = sa.select(INTENTS).where(INTENTS.c.world == world, INTENTS.c.engine == engine).order_by(INTENTS.c.id)
    if states is not None:
        query = query.where(INTENTS.c.state.in_(states))
    return [
        IntentRow(
            key=row.key,
            engine=row.engine,
            kind=row.kind,
            exposure=row.exposure,
            payload=json.loads(row.payload),
            reason=json.loads(row.reason),
            mode=row.mode,
            revision=row.revision,
            state=row.state,
            at_s=row.at_s,
            outcome=None if row.outcome is None else json.loads(row.outcome),
            answered_s=row.answered_s,
        )
        for row in connection.execute(query)
    ]


def _facts(connection: sa.Connection, world: str, engine: str, kind: str, since_s: float) -> list[Fact]:
    query = (
        sa.select(FACTS)
        .where(FACTS.c.world == world, FACTS.c.engine == engine, FACTS.c.kind == kind, FACTS.c.at_s >= since_s)
        .order_by(FACTS.c.id)
    )
    return [Fact(r.engine, r.kind, r.key, json.loads(r.payload), r.at_s) for r in connection.execute(query)]


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
