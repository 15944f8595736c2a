"""Keeps a PostgreSQL database in step with the local journal. The journal is the truth; nothing waits for the mirror.

    journal file --outbox--> rows past a position --one transaction--> rows and the new position, at PostgreSQL

The position that counts is the server's, because it moves in the same transaction as the rows: whatever is killed at
whatever moment, the next connection goes on from there, and a row that arrives twice is there once. The journal keeps a
copy, which tells how far behind the server is while it cannot be asked.

An engine that wants its records mirrored writes facts and memories to the journal and is named in `engines`; that is
all. Governor spec 8.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.daemon_thread import in_daemon_thread
from engine.core.journal import EVERY_WORLD, Batch, Journal, Memory
from engine.core.mirror_address import store_address
from engine.core.mirror_messages import (
    MirrorCaughtUp,
    MirrorLost,
    MirrorRewound,
    MirrorSnapshot,
    MirrorState,
    StoreError,
    StoreFailed,
    StoreSlow,
    StoreTrouble,
    StoreUrlMissing,
)
from engine.core.mirror_outbox import Outbox, Position
from engine.core.secrets import KeyringUnavailable, Secret

if TYPE_CHECKING:
    from engine.core.mirror_server import Claim, MirrorServer, Writer

ENGINE = "mirror"
POSITION = "position"
URL_VARIABLE = "EVENKEEL_POSTGRESQL_URL"
"""Holds the address where there is no keyring. Not EVENKEEL_STORE_...: it is a secret and no option."""

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MirrorTiming:
    """How the mirror spends its time, in seconds of the wall.

    look_s: how often the journal is looked at for new rows. first_delay_s, longest_delay_s: between attempts.
    call_deadline_s: for one call, connecting included. hold_s: how long another store has to wait after this one was
    last heard of; it is renewed every third of that. leave_s: for the last rows when a session ends. batch_rows: facts,
    and memories, in one transaction.
    """

    look_s: float = 1.0
    first_delay_s: float = 1.0
    longest_delay_s: float = 60.0
    call_deadline_s: float = 15.0
    hold_s: float = 60.0
    leave_s: float = 1.0
    batch_rows: int = 500


@dataclass(slots=True)
class _Episode:
    """From the first failure until the server has caught up."""

    since_s: float
    rows: int = 0


@dataclass(slots=True)
class _Attached:
    """What the journal keeps of the mirror: this store's own name, and how far the server had followed it."""

    store: str = field(default_factory=lambda: uuid.uuid4().hex)
    profile: str = ""
    at: Position = field(default_factory=Position)


class Mirror:
    """One journal's way to PostgreSQL.

    profile: the name that rows are kept under at the server; one local store writes under it at a time, and a new one
    resumes by it. engines: whose memories are mirrored and resumed by; facts are mirrored of every engine. copied:
    whose memories are mirrored to be read there alone. url: reads the address (from the keyring), None when there is
    none. redact: takes secrets out of what the server or the network says. views: by name, the SQL of views of the
    facts there.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        profile: str,
        engines: Sequence[str],
        url: Callable[[], Awaitable[Secret | None]],
        bus: Bus,
        clock: Clock,
        redact: Callable[[str], str],
        views: Mapping[str, LiteralString] | None = None,
        copied: Sequence[str] = (),
        timing: MirrorTiming | None = None,
    ) -> None:
        self._journal = journal
        self._profile = profile
        self._engines = tuple(engines)
        self._url = url
        self._known_url: Secret | None = None
        self._bus = bus
        self._clock = clock
        self._redact = redact
        self._views = dict(views or {})
        self._timing = timing or MirrorTiming()
        self._outbox = Outbox(journal.path, (*engines, *copied))
        self._attached = _Attached()
        self._episode: _Episode | None = None
        self._shown = MirrorSnapshot(
            at_s=clock.now(),
            state=MirrorState.CONNECTING,
            profile=profile,
            behind_rows=0,
            behind_since_s=None,
            last_success_s=None,
            reason=None,
        )

    async def resume(self, within_s: float) -> int:
        """What the engines remember at the server, where they remember nothing of this world here: a new machine.

        To be called before the engines start; returns how many values came, 0 when there is nothing to resume. Raises
        StoreFailed when nothing is known here and the server cannot be used within `within_s`: what went before, a
        latched stop with it, is unknown then. Only then does anything wait.
        """
        try:
            async with asyncio.timeout(within_s):
                known = await self._in_thread(self._outbox.remembering)
                if any(world == self._journal.world for world, _ in known):
                    return 0
                await self._recall_position()
                server, claim = await self._connected()
                await self._in_thread(server.close)
        except TimeoutError:
            raise StoreFailed(StoreSlow(within_s)) from None
        here = (self._journal.world, EVERY_WORLD)
        missing = tuple(m for m in claim.memories if m.world in here and (m.world, m.engine) not in known)
        if missing:
            await self._journal.commit(Batch(remember=missing))
            _log.info("nothing was known here: resumed %d values from PostgreSQL", len(missing))
        return len(missing)

    async def run(self) -> None:
        """Mirror until cancelled. Whatever PostgreSQL does, this goes on trying."""
        await self._recall_position()
        await self._count_behind(MirrorState.CONNECTING, None)
        delay_s = self._timing.first_delay_s
        while True:
            sent_before = self._shown.last_success_s
            try:
                await self._mirror()
            except StoreFailed as error:
                await self._lost(error.reason)
            if self._shown.last_success_s != sent_before:
                delay_s = self._timing.first_delay_s
            await self._wait_behind(delay_s)
            delay_s = min(2 * delay_s, self._timing.longest_delay_s)

    async def _mirror(self) -> None:
        """One connection, from the first row that the server lacks until the connection fails."""
        server, claim = await self._connected()
        try:
            await self._rewind(claim.at)
            while True:
                rounds = self._journal.rounds
                if not await self._send(server):
                    self._in_step()
                    await self._wait_for_rows(server, rounds)
        except asyncio.CancelledError:
            await self._leave(server)
            raise
        finally:
            server.close()

    async def _connected(self) -> tuple[MirrorServer, Claim]:
        """A server that has tables and knows us as the writer."""
        url = await self._address()
        server = await self._in_thread(lambda: _server(url, self._timing))
        writer = _writer(self._attached, self._profile)

        def connect() -> Claim:
            server.connect()
            server.prepare(self._views)
            return server.claim(writer, self._outbox.head(), self._outbox.fact_at, self._engines)

        try:
            claim = await self._call(server, connect)
        except BaseException:
            server.close()
            raise
        return server, claim

    async def _address(self) -> Secret:
        """Read once: a keyring that is locked again would ask a person at every attempt."""
        if self._known_url is None:
            try:
                self._known_url = await self._url()
            except KeyringUnavailable as error:
                raise StoreFailed(StoreError(str(error))) from None
        if self._known_url is None:
            raise StoreFailed(StoreUrlMissing(URL_VARIABLE))
        return self._known_url

    async def _rewind(self, at: Position) -> None:
        """Go on from where the server is. Further back than the journal remembers: it is a new or a restored one."""
        known = self._attached.at if self._attached.profile == self._profile else Position()
        lacks = max(0, known.facts - at.facts) + max(0, known.changes - at.changes)
        if lacks:
            _log.warning("PostgreSQL lacks rows that it had taken; they are sent again")
            self._bus.emit(MirrorRewound(at_s=self._clock.now(), rows=lacks))
        await self._keep_position(at)

    async def _send(self, server: MirrorServer) -> int:
        """Send the next rows; returns how many, 0 when there are none."""
        before = self._attached.at
        changes = await self._in_thread(lambda: self._outbox.read(before, self._timing.batch_rows))
        if not changes.rows:
            return 0
        await self._count_behind(MirrorState.BEHIND, None)
        writer = _writer(self._attached, self._profile)
        await self._call(server, lambda: server.write(writer, before, changes))
        if self._episode is not None:
            self._episode.rows += changes.rows
        self._show(last_success_s=self._clock.now())
        await self._keep_position(changes.after)
        return changes.rows

    async def _wait_for_rows(self, server: MirrorServer, rounds: int) -> None:
        """A while, and on until the journal has something new since `rounds`; meanwhile the name is held."""
        loop = asyncio.get_running_loop()
        writer, at = _writer(self._attached, self._profile), self._attached.at
        renew_at_s = loop.time() + self._timing.hold_s / 3
        await asyncio.sleep(self._timing.look_s)
        while self._journal.rounds == rounds:
            if loop.time() >= renew_at_s:
                await self._call(server, lambda: server.hold(writer, at))
                renew_at_s = loop.time() + self._timing.hold_s / 3
                self._show(last_success_s=self._clock.now())
            await asyncio.sleep(self._timing.look_s)

    async def _wait_behind(self, delay_s: float) -> None:
        """Let `delay_s` pass, and count the rows that gather meanwhile."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + delay_s
        rounds = self._journal.rounds
        while (left_s := until_s - loop.time()) > 0:
            await asyncio.sleep(min(left_s, self._timing.look_s))
            if self._journal.rounds != rounds:
                rounds = self._journal.rounds
                await self._count_behind(MirrorState.LOST, self._shown.reason)

    async def _leave(self, server: MirrorServer) -> None:
        """Send the last rows and give the name up, if that is quickly done; the next session sends them otherwise."""

        def last_words() -> None:
            before = self._attached.at
            writer = _writer(self._attached, self._profile)
            changes = self._outbox.read(before, self._timing.batch_rows)
            if changes.rows:
                server.write(writer, before, changes)
            server.release(writer, changes.after)

        if server.aborted:
            return
        try:
            await self._call(server, last_words, self._timing.leave_s)
        except StoreFailed as error:
            _log.info("PostgreSQL did not take the last rows: %s", self._redact(error.reason.words))

    async def _recall_position(self) -> None:
        """What the journal knows of the mirror; a journal that knows nothing gets a name first."""
        remembered = (await self._journal.recall(ENGINE, POSITION, every_world=True)).get(POSITION)
        if remembered is None:
            await self._keep(self._attached)
        else:
            at = Position(int(remembered["facts"]), int(remembered["changes"]))
            self._attached = _Attached(str(remembered["store"]), str(remembered["profile"]), at)

    async def _keep_position(self, at: Position) -> None:
        if (self._attached.at, self._attached.profile) != (at, self._profile):
            self._attached = replace(self._attached, profile=self._profile, at=at)
            await self._keep(self._attached)

    async def _keep(self, attached: _Attached) -> None:
        value: dict[str, Any] = {"store": attached.store, "profile": attached.profile, **attached.at.plain()}
        memory = Memory(ENGINE, POSITION, value, self._clock.now(), world=EVERY_WORLD)
        await self._journal.commit(Batch(remember=(memory,)))

    async def _call(self, server: MirrorServer, work: Callable[[], Result], deadline_s: float | None = None) -> Result:
        """`work` in a thread; cut off when its time is over or the caller is cancelled."""
        deadline_s = self._timing.call_deadline_s if deadline_s is None else deadline_s
        answer = in_daemon_thread(work, name="postgresql")
        try:
            done, _ = await asyncio.wait((answer,), timeout=deadline_s)
        except asyncio.CancelledError:
            server.abort()
            await asyncio.wait((answer,), timeout=1.0)
            raise
        if not done:
            server.abort()
            await asyncio.wait((answer,), timeout=1.0)
            raise StoreFailed(StoreSlow(deadline_s))
        return answer.result()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await in_daemon_thread(work, name="mirror")

    async def _lost(self, reason: StoreTrouble) -> None:
        now_s = self._clock.now()
        known = self._shown.reason
        if self._episode is None:
            self._episode = _Episode(now_s)
            self._bus.emit(MirrorLost(at_s=now_s, reason=reason))
        if known is None or known.code != reason.code:
            _log.warning("PostgreSQL cannot be used; the local store is complete: %s", self._redact(reason.words))
        await self._count_behind(MirrorState.LOST, reason)

    def _in_step(self) -> None:
        now_s = self._clock.now()
        episode, self._episode = self._episode, None
        if episode is not None:
            self._bus.emit(MirrorCaughtUp(at_s=now_s, rows=episode.rows, after_s=now_s - episode.since_s))
            _log.info("PostgreSQL has caught up: %d rows", episode.rows)
        self._show(state=MirrorState.IN_STEP, behind_rows=0, behind_since_s=None, last_success_s=now_s, reason=None)

    async def _count_behind(self, state: MirrorState, reason: StoreTrouble | None) -> None:
        at = self._attached.at if self._attached.profile == self._profile else Position()
        rows = await self._in_thread(lambda: self._outbox.behind(at))
        since_s = (self._shown.behind_since_s or self._clock.now()) if rows else None
        self._show(state=state, behind_rows=rows, behind_since_s=since_s, reason=reason)

    def _show(self, **changed: Any) -> None:
        self._shown = replace(self._shown, at_s=self._clock.now(), **changed)
        self._bus.publish(self._shown)


def _server(url: Secret, timing: MirrorTiming) -> MirrorServer:
    """psycopg is loaded here and not before: a session without a mirror starts without it."""
    from engine.core.mirror_server import MirrorServer

    return MirrorServer(store_address(url), hold_s=timing.hold_s, call_s=timing.call_deadline_s)


def _writer(attached: _Attached, profile: str) -> Writer:
    from engine.core.mirror_server import Writer

    return Writer(profile, attached.store, had_it=attached.profile == profile)
