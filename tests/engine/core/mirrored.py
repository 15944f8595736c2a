"""A local store with its mirror, and what a test wants to know of both sides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.journal import Batch, Fact, Journal, Memory
from engine.core.messages import Event
from engine.core.mirror import Mirror, MirrorTiming
from engine.core.mirror_messages import MirrorSnapshot, MirrorState
from engine.core.secrets import Secret
from tests.postgres import PostgresServer

QUICK = MirrorTiming(
    look_s=0.01, first_delay_s=0.02, longest_delay_s=0.1, call_deadline_s=5.0, hold_s=30.0, leave_s=1.0, batch_rows=50
)
ENGINES = ("governor", "desk")


@dataclass
class Store:
    """One journal file and the way from it to a database."""

    folder: Path
    url: str
    profile: str = "main"
    timing: MirrorTiming = QUICK
    engines: Sequence[str] = ENGINES
    copied: Sequence[str] = ()
    bus: Bus = field(default_factory=Bus)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.journal = Journal(self.folder / "journal.sqlite", "w")
        self._reader = self.bus.read()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Journal]:
        await asyncio.to_thread(self.journal.open)
        try:
            yield self.journal
        finally:
            await asyncio.to_thread(self.journal.close)

    @asynccontextmanager
    async def mirroring(self) -> AsyncIterator[Journal]:
        """As long as this lasts, the journal is open and mirrored; what an earlier session published is forgotten."""
        self.events.extend(self._reader.drain())
        self.bus = Bus()
        self._reader = self.bus.read()
        async with self.opened() as journal:
            task = asyncio.create_task(self.mirror().run(), name="mirror")
            try:
                yield journal
            finally:
                task.cancel()
                await asyncio.wait((task,))
                if not task.cancelled():
                    task.result()

    def mirror(self) -> Mirror:
        async def url() -> Secret | None:
            return Secret(self.url) if self.url else None

        return Mirror(
            journal=self.journal,
            profile=self.profile,
            engines=self.engines,
            copied=self.copied,
            url=url,
            bus=self.bus,
            clock=WallClock(),
            redact=lambda text: text,
            timing=self.timing,
        )

    @property
    def snapshot(self) -> MirrorSnapshot:
        found = self.bus.latest(MirrorSnapshot)
        assert found is not None
        return found

    def is_(self, state: MirrorState) -> bool:
        found = self.bus.latest(MirrorSnapshot)
        return found is not None and found.state is state

    @property
    def in_step(self) -> bool:
        """Whether the mirror has everything that the journal has now."""
        return self.is_(MirrorState.IN_STEP) and self.snapshot.behind_rows == 0

    def told(self, kind: type[Event]) -> list[Any]:
        """The events of this kind, from the beginning."""
        self.events.extend(self._reader.drain())
        return [event for event in self.events if isinstance(event, kind)]

    def local(self) -> Rows:
        """What the journal's file holds that a mirror should hold."""
        database = sa.create_engine(f"sqlite:///{self.folder / 'journal.sqlite'}", poolclass=sa.NullPool)
        with database.connect() as connection:
            facts = connection.exec_driver_sql("SELECT world, engine, kind, key, payload, at_s FROM facts")
            memories = connection.exec_driver_sql(
                "SELECT world, engine, name, value, at_s FROM memory WHERE value <> 'null'"
            )
            return Rows(
                sorted(tuple(row) for row in facts),
                sorted(tuple(row) for row in memories if row.engine in (*self.engines, *self.copied)),
            )


@dataclass(frozen=True)
class Rows:
    """Facts and memories as tuples, sorted; JSON as the text that was written."""

    facts: list[tuple[Any, ...]]
    memories: list[tuple[Any, ...]]


def remote(postgres: PostgresServer, database: str, profile: str = "main") -> Rows:
    """What the database holds under a name."""
    with postgres.connect(database) as connection:
        facts = connection.execute(
            "SELECT world, engine, kind, key, payload::text, at_s FROM evenkeel.facts WHERE profile = %s", (profile,)
        ).fetchall()
        memories = connection.execute(
            "SELECT world, engine, name, value::text, at_s FROM evenkeel.memory WHERE profile = %s", (profile,)
        ).fetchall()
    return Rows(sorted(facts), sorted(memories))


def mixed(start: int, count: int) -> list[Batch]:
    """`count` writes of several kinds, numbered from `start`: about one row each."""
    batches = []
    for number in range(start, start + count):
        fact = Fact(
            "grid", ("fill", "round_trip")[number % 2], f"key {number}", {"n": number, "x": 1 / (number + 1)}, 1.5
        )
        state = Memory("governor", f"name {number % 7}", {"n": number}, float(number))
        gone = Memory("governor", f"name {(number + 3) % 7}", None, float(number))
        other = Memory("grid", "slot:0", {"n": number}, float(number))
        batches.append(
            (Batch(facts=(fact,)), Batch(remember=(state,)), Batch(remember=(gone, other), facts=(fact,)))[number % 3]
        )
    return batches
