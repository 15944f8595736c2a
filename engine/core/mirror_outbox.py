"""What a mirror has to send: rows of the local journal past a position, in order. Blocking; for a worker thread.

The journal's file is its own outbox: facts are numbered as they are recorded, and a memory carries the number of its
last change. Nothing is written twice for the mirror's sake, nothing grows while it is off, and switched on late it
still finds everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.core.schema import FACTS, FORGOTTEN, MEMORY


@dataclass(frozen=True, slots=True)
class Position:
    """How far a reader has come: the number of the last fact, and of the last change of a memory."""

    facts: int = 0
    changes: int = 0

    def plain(self) -> dict[str, int]:
        return {"facts": self.facts, "changes": self.changes}


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact as the journal has it; `payload` is JSON text."""

    position: int
    world: str
    engine: str
    kind: str
    key: str
    payload: str
    at_s: float


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """A memory as it stands since `change`; `value` is JSON text, None when it was forgotten."""

    change: int
    world: str
    engine: str
    name: str
    value: str | None
    at_s: float


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows past a position, and the position behind them."""

    facts: tuple[FactRow, ...]
    memories: tuple[MemoryRow, ...]
    after: Position

    @property
    def rows(self) -> int:
        return len(self.facts) + len(self.memories)


class Outbox:
    """Reads the journal at `path`: every fact, and what the `engines` remember. Each call sees the file as it is."""

    def __init__(self, path: Path, engines: Iterable[str]) -> None:
        self._engines = tuple(engines)
        self._database = sa.create_engine(
            f"sqlite:///{path}", poolclass=sa.NullPool, connect_args={"check_same_thread": False, "timeout": 10.0}
        )

    def read(self, after: Position, limit: int) -> Changes:
        """At most `limit` facts and as many memories, both in order."""
        facts = sa.select(FACTS).where(FACTS.c.id > after.facts).order_by(FACTS.c.id).limit(limit)
        with self._database.connect() as connection:
            found_facts = tuple(_fact(row) for row in connection.execute(facts))
            found_memories = tuple(_memory(row) for row in connection.execute(self._changed(after).limit(limit)))
        last_fact = found_facts[-1].position if found_facts else after.facts
        last_change = found_memories[-1].change if found_memories else after.changes
        return Changes(found_facts, found_memories, Position(last_fact, last_change))

    def behind(self, after: Position) -> int:
        """How many rows lie past a position."""
        facts = sa.select(sa.func.count()).select_from(FACTS).where(FACTS.c.id > after.facts)
        memories = sa.select(sa.func.count()).select_from(self._changed(after).order_by(None).subquery())
        with self._database.connect() as connection:
            return int(connection.execute(facts).scalar_one()) + int(connection.execute(memories).scalar_one())

    def head(self) -> Position:
        """The position behind everything that is in the file, other engines' memories included."""
        with self._database.connect() as connection:
            facts = connection.execute(sa.select(sa.func.max(FACTS.c.id))).scalar()
            changes = connection.execute(sa.select(sa.func.max(MEMORY.c.change))).scalar()
        return Position(facts or 0, changes or 0)

    def fact_at(self, position: int) -> FactRow | None:
        """The fact with this number."""
        with self._database.connect() as connection:
            row = connection.execute(sa.select(FACTS).where(FACTS.c.id == position)).first()
        return None if row is None else _fact(row)

    def recall(self, world: str, engine: str, name: str) -> str | None:
        """One memory as JSON text, None when there is none."""
        query = sa.select(MEMORY.c.value).where(MEMORY.c.world == world, MEMORY.c.engine == engine)
        with self._database.connect() as connection:
            value = connection.execute(query.where(MEMORY.c.name == name)).scalar()
        return None if value == FORGOTTEN else value

    def remembering(self) -> frozenset[tuple[str, str]]:
        """World and engine of everything that the engines remember here."""
        query = sa.select(MEMORY.c.world, MEMORY.c.engine).where(MEMORY.c.engine.in_(self._engines)).distinct()
        with self._database.connect() as connection:
            return frozenset((row.world, row.engine) for row in connection.execute(query))

    def _changed(self, after: Position) -> sa.Select[Any]:
        here = (MEMORY.c.change > after.changes, MEMORY.c.engine.in_(self._engines))
        return sa.select(MEMORY).where(*here).order_by(MEMORY.c.change)


def _fact(row: sa.Row[Any]) -> FactRow:
    return FactRow(row.id, row.world, row.engine, row.kind, row.key, row.payload, row.at_s)


def _memory(row: sa.Row[Any]) -> MemoryRow:
    value = None if row.value == FORGOTTEN else row.value
    return MemoryRow(row.change, row.world, row.engine, row.name, value, row.at_s)
