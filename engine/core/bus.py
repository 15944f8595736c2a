"""The one way from engines to whoever watches, and back.

Snapshots are latest-wins, events are never dropped silently, commands are bounded (architecture page).
Everything runs on the one loop, so nothing here locks.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from engine.core.messages import Answer, Command, Event, Reason, Refused, Snapshot

_log = logging.getLogger(__name__)

SnapshotT = TypeVar("SnapshotT", bound=Snapshot)
CommandT = TypeVar("CommandT", bound=Command)
Handler = Callable[[Any], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsLost(Event):
    """A reader fell behind: `count` events before this one did not reach it. They are in the journal."""

    count: int


@dataclass(frozen=True, slots=True)
class NobodyHandles(Reason, code="nobody_handles"):
    """No running engine takes this command."""

    command: str


@dataclass(frozen=True, slots=True)
class TooManyCommands(Reason, code="too_many_commands"):
    """`waiting` commands are being worked on; this one was not taken."""

    waiting: int


class EventReader:
    """A bounded queue of events for one reader; it counts what it could not hold and says so in its place."""

    def __init__(self, close: Callable[[EventReader], None], kinds: tuple[type[Event], ...], limit: int) -> None:
        self._close = close
        self._kinds = kinds
        self._limit = limit
        self._queue: deque[Event] = deque()
        self._lost = 0
        self._arrived = asyncio.Event()

    def drain(self) -> list[Event]:
        """All events since the last call, in order; `EventsLost` comes first when some did not fit."""
        events = list(self._queue)
        self._queue.clear()
        self._arrived.clear()
        if self._lost:
            events.insert(0, EventsLost(at_s=events[0].at_s, count=self._lost))
            self._lost = 0
        return events

    async def next(self) -> list[Event]:
        """Wait until there is an event, then drain."""
        await self._arrived.wait()
        return self.drain()

    def close(self) -> None:
        """Stop receiving. Safe to call twice."""
        self._close(self)

    def _offer(self, event: Event) -> None:
        if not isinstance(event, self._kinds):
            return
        if len(self._queue) >= self._limit:
            self._queue.popleft()
            self._lost += 1
        self._queue.append(event)
        self._arrived.set()


class Bus:
    """Latest snapshots, event readers, and command handlers of one session."""

    def __init__(self, command_limit: int = 64) -> None:
        self._latest: dict[tuple[type[Snapshot], str], Snapshot] = {}
        self._watchers: dict[type[Snapshot], list[Callable[[Any], None]]] = {}
        self._readers: list[EventReader] = []
        self._handlers: dict[type[Command], Handler] = {}
        self._command_limit = command_limit
        self._commands = 0

    def publish(self, snapshot: Snapshot) -> None:
        """Make `snapshot` the latest of its type and topic, and tell its watchers; one that fails harms nobody else."""
        self._latest[type(snapshot), snapshot.topic] = snapshot
        for watcher in tuple(self._watchers.get(type(snapshot), ())):
            try:
                watcher(snapshot)
            except Exception:
                _log.exception("a watcher of %s failed", type(snapshot).__name__)

    def latest(self, kind: type[SnapshotT], topic: str = "") -> SnapshotT | None:
        """The latest snapshot of this type and topic, or None when none was published."""
        return cast("SnapshotT | None", self._latest.get((kind, topic)))

    def latest_of(self, kind: type[SnapshotT]) -> tuple[SnapshotT, ...]:
        """The latest snapshot of this type of every topic, in the order in which the topics came up."""
        return tuple(cast("SnapshotT", one) for (its, _), one in self._latest.items() if its is kind)

    def watch(self, kind: type[SnapshotT], watcher: Callable[[SnapshotT], None]) -> Callable[[], None]:
        """Call `watcher` on each snapshot of this type; it must be quick. Returns the way to stop."""
        watchers = self._watchers.setdefault(kind, [])
        watchers.append(watcher)
        return lambda: watchers.remove(watcher) if watcher in watchers else None

    def emit(self, event: Event) -> None:
        """Hand `event` to every reader of its type."""
        for reader in self._readers:
            reader._offer(event)

    def read(self, *kinds: type[Event], limit: int = 4096) -> EventReader:
        """A reader of these event types (all when none is named) that holds at most `limit` at once."""
        reader = EventReader(self._forget, kinds or (Event,), limit)
        self._readers.append(reader)
        return reader

    def _forget(self, reader: EventReader) -> None:
        self._readers = [other for other in self._readers if other is not reader]

    def handle(self, kind: type[CommandT], handler: Callable[[CommandT], Awaitable[Answer]]) -> Callable[[], None]:
        """Let `handler` answer commands of this type; one handler a type. Returns the way to stop."""
        if kind in self._handlers:
            raise ValueError(f"{kind.__name__} is handled already")
        self._handlers[kind] = handler

        def stop() -> None:
            if self._handlers.get(kind) is handler:
                del self._handlers[kind]

        return stop

    async def ask(self, command: Command) -> Answer:
        """Have `command` answered. Refused at once when nobody handles it or too many are under way."""
        handler = self._handlers.get(type(command))
        if handler is None:
            return Refused(NobodyHandles(type(command).__name__))
        if self._commands >= self._command_limit:
            return Refused(TooManyCommands(self._commands))
        self._commands += 1
        try:
            return await handler(command)
        finally:
            self._commands -= 1
