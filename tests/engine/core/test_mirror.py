"""PostgreSQL follows the local store, whatever happens to it, and nothing waits for it (governor spec 8)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from engine.core.journal import EVERY_WORLD, Batch, Fact, Memory
from engine.core.mirror_messages import (
    MirrorCaughtUp,
    MirrorLost,
    MirrorRewound,
    MirrorState,
    StoreBusy,
    StoreFailed,
    StoreForked,
    StoreHeldElsewhere,
    StoreRightsMissing,
    StoreSlow,
    StoreTakenOver,
    StoreTrouble,
    StoreUnreachable,
    StoreUrlMissing,
)
from tests.engine.core.mirrored import QUICK, Store, mixed, remote
from tests.postgres import PostgresServer

Until = Callable[..., Awaitable[None]]


@pytest.fixture
def until(until: Until) -> Until:
    """Patient: many processes share few processors here."""
    return partial(until, within_s=20.0)


@pytest.fixture
def store(tmp_path: Path, postgres: PostgresServer, database: str) -> Store:
    return Store(tmp_path / "a", postgres.url(database))


def lost_by(store: Store, kind: type[StoreTrouble]) -> Callable[[], bool]:
    return lambda: store.is_(MirrorState.LOST) and isinstance(store.snapshot.reason, kind)


async def test_after_a_thousand_mixed_writes_both_sides_hold_the_same(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    async with store.mirroring() as journal:
        await asyncio.gather(*(journal.commit(batch) for batch in mixed(0, 1000)))
        await until(lambda: store.in_step and remote(postgres, database).facts == store.local().facts)
        assert remote(postgres, database) == store.local()
    assert len(store.local().facts) > 600
    assert store.local().memories
    assert store.told(MirrorLost) == []


async def test_a_server_that_is_gone_at_the_start_is_said_once_and_caught_up_with(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    """Issue 3, 4: it says so, works from the local store, and catches up."""
    postgres.stop()
    async with store.mirroring() as journal:
        for batch in mixed(0, 60):
            await journal.commit(batch)
        await until(lambda: lost_by(store, StoreUnreachable)() and store.snapshot.behind_rows > 40)
        assert store.snapshot.behind_since_s is not None
        postgres.start()
        await until(lambda: store.in_step)
    assert remote(postgres, database) == store.local()
    assert [type(event.reason) for event in store.told(MirrorLost)] == [StoreUnreachable]
    assert [event.rows > 40 for event in store.told(MirrorCaughtUp)] == [True]


async def test_a_server_that_is_killed_while_it_writes_has_every_row_once_in_the_end(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    async with store.mirroring() as journal:
        await until(lambda: store.in_step)
        for round_ in range(5):
            writing = asyncio.gather(*(journal.commit(batch) for batch in mixed(300 * round_, 300)))
            await until(lambda: store.is_(MirrorState.BEHIND))
            postgres.kill()
            await writing
            await until(lambda: store.is_(MirrorState.LOST))
            postgres.start()
        await until(lambda: store.in_step)
    assert remote(postgres, database) == store.local()
    assert len(store.told(MirrorLost)) == len(store.told(MirrorCaughtUp)) >= 1


async def test_while_the_server_is_silent_the_journal_takes_everything_and_waits_for_nothing(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    store.timing = replace(QUICK, call_deadline_s=0.3)
    async with store.mirroring() as journal:
        await until(lambda: store.in_step)
        with postgres.frozen():
            for batch in mixed(0, 100):
                await journal.commit(batch)
            await until(lambda: store.is_(MirrorState.LOST) and store.snapshot.behind_rows > 70)
            assert isinstance(store.snapshot.reason, StoreSlow | StoreUnreachable)
        await until(lambda: store.in_step)
    assert remote(postgres, database) == store.local()
    assert (len(store.told(MirrorLost)), len(store.told(MirrorCaughtUp))) == (1, 1)


async def test_a_lock_that_another_session_holds_is_waited_out(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    store.timing = replace(QUICK, call_deadline_s=1.0)
    async with store.mirroring() as journal:
        await until(lambda: store.in_step)
        with postgres.connect(database) as other, other.transaction():
            other.execute("LOCK TABLE evenkeel.facts IN ACCESS EXCLUSIVE MODE")
            await journal.commit(Batch(facts=(Fact("grid", "fill", "1", {}, 1.0),)))
            await until(lost_by(store, StoreBusy))
        await until(lambda: store.in_step)
    assert remote(postgres, database) == store.local()


async def test_over_a_slow_line_it_arrives_all_the_same(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    async with delaying(postgres.port, 0.01) as port:
        store.url = store.url.replace(str(postgres.port), str(port))
        async with store.mirroring() as journal:
            await asyncio.gather(*(journal.commit(batch) for batch in mixed(0, 200)))
            await until(lambda: store.in_step and remote(postgres, database) == store.local())
    assert store.told(MirrorLost) == []


async def test_a_session_that_ends_sends_its_last_rows_and_gives_the_name_up(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    store.timing = replace(QUICK, look_s=30.0)
    async with store.mirroring() as journal:
        await until(lambda: store.in_step)
        await journal.commit(Batch(remember=(Memory("governor", "controller", {"skew": 0.1}, 5.0),)))
    assert [row[3] for row in remote(postgres, database).memories] == ['{"skew":0.1}']
    with postgres.connect(database) as connection:
        assert connection.execute("SELECT held_until <= now() FROM evenkeel.writers").fetchone() == (True,)


async def test_a_session_that_ends_while_the_server_is_silent_does_not_wait_for_it(
    store: Store, postgres: PostgresServer, until: Until
) -> None:
    async with store.opened() as journal:
        task = asyncio.create_task(store.mirror().run())
        await until(lambda: store.in_step)
        with postgres.frozen():
            await journal.commit(Batch(facts=(Fact("grid", "fill", "1", {}, 1.0),)))
            await until(lambda: store.is_(MirrorState.BEHIND))
            task.cancel()
            await asyncio.wait_for(asyncio.wait((task,)), 3.0)
            assert task.cancelled()


async def test_a_session_that_ends_while_it_connects_leaves_nothing_behind(store: Store, until: Until) -> None:
    async with silent() as port, store.opened():
        store.url = f"postgresql://u:some-password@127.0.0.1:{port}/d"
        task = asyncio.create_task(store.mirror().run())
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait_for(asyncio.wait((task,)), 3.0)
        assert task.cancelled()


async def test_a_restart_goes_on_where_the_server_is(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    for start in (0, 100, 200):
        async with store.mirroring() as journal:
            for batch in mixed(start, 100):
                await journal.commit(batch)
            await until(lambda: store.in_step)
    assert remote(postgres, database) == store.local()
    assert store.told(MirrorRewound) == []


async def test_a_server_that_was_made_anew_is_noticed_and_gets_everything_again(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    async with store.mirroring() as journal:
        await asyncio.gather(*(journal.commit(batch) for batch in mixed(0, 90)))
        await until(lambda: store.in_step and remote(postgres, database) == store.local())
    with postgres.connect(database) as connection:
        connection.execute("DROP SCHEMA evenkeel CASCADE")
    async with store.mirroring():
        await until(lambda: store.in_step)
    assert remote(postgres, database) == store.local()
    assert [event.rows > 60 for event in store.told(MirrorRewound)] == [True]


async def test_tables_that_are_dropped_under_a_running_mirror_come_back(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    async with store.mirroring() as journal:
        await asyncio.gather(*(journal.commit(batch) for batch in mixed(0, 30)))
        await until(lambda: store.in_step and remote(postgres, database) == store.local())
        with postgres.connect(database) as connection:
            connection.execute("DROP SCHEMA evenkeel CASCADE")
        for batch in mixed(30, 30):
            await journal.commit(batch)
        await until(lambda: store.told(MirrorCaughtUp))
    assert remote(postgres, database) == store.local()


async def test_a_second_program_under_the_same_name_is_refused_until_the_first_has_gone(
    tmp_path: Path, store: Store, postgres: PostgresServer, until: Until
) -> None:
    """Two programs on one account would trade twice."""
    second = Store(tmp_path / "b", store.url)
    async with store.mirroring():
        await until(lambda: store.in_step)
        async with second.mirroring():
            await until(lost_by(second, StoreHeldElsewhere))
    async with second.mirroring():
        await until(lambda: second.in_step)
    async with store.mirroring():
        await until(lost_by(store, StoreTakenOver))


async def test_a_name_is_held_for_as_long_as_its_writer_is_there(
    tmp_path: Path, store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    store.timing = replace(QUICK, hold_s=1.0)
    second = Store(tmp_path / "b", store.url)

    def held_until() -> object:
        with postgres.connect(database) as connection:
            return connection.execute("SELECT held_until FROM evenkeel.writers").fetchone()

    async with store.mirroring():
        await until(lambda: store.in_step)
        for _ in range(4):
            before = held_until()
            await until(lambda before=before: held_until() != before)
        async with second.mirroring():
            await until(lost_by(second, StoreHeldElsewhere))


async def test_two_names_in_one_database_keep_apart(
    tmp_path: Path, store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    second = Store(tmp_path / "b", store.url, profile="other")
    async with store.mirroring() as journal, second.mirroring() as other:
        await asyncio.gather(*(journal.commit(batch) for batch in mixed(0, 60)))
        await asyncio.gather(*(other.commit(batch) for batch in mixed(30, 60)))
        await until(lambda: store.in_step and remote(postgres, database) == store.local())
        await until(lambda: second.in_step and remote(postgres, database, "other") == second.local())


@pytest.mark.parametrize("rows_after", [0, 40], ids=["behind the server", "with other rows in the same place"])
async def test_an_older_copy_of_the_local_store_is_refused(
    tmp_path: Path, store: Store, postgres: PostgresServer, database: str, until: Until, rows_after: int
) -> None:
    async with store.mirroring() as journal:
        await asyncio.gather(*(journal.commit(batch) for batch in mixed(0, 10)))
        await until(lambda: store.in_step)
    copy = (store.folder / "journal.sqlite").read_bytes()
    async with store.mirroring() as journal:
        await asyncio.gather(*(journal.commit(batch) for batch in mixed(10, 10)))
        await until(lambda: store.in_step)
    before = remote(postgres, database)
    older = Store(tmp_path / "b", store.url)
    (older.folder / "journal.sqlite").write_bytes(copy)
    async with older.opened() as journal:
        await asyncio.gather(*(journal.commit(batch) for batch in mixed(1000, rows_after)))
    async with older.mirroring():
        await until(lost_by(older, StoreForked))
    assert remote(postgres, database) == before


async def test_an_empty_local_store_resumes_what_the_engines_remembered(
    tmp_path: Path, store: Store, postgres: PostgresServer, until: Until
) -> None:
    """A new machine, or a lost disk."""
    remembered = {"rebalancer_current_skew": 0.2, "rebalancer_flip_times": [1.5, 1e-05]}
    async with store.mirroring() as journal:
        own = Memory("governor", "controller", remembered, 5.0)
        switch = Memory("desk", "switch", {"position": "stopped"}, 5.0, world=EVERY_WORLD)
        elsewhere = Memory("governor", "controller", {}, 5.0, world="another")
        await journal.commit(Batch(remember=(own, switch, elsewhere, Memory("grid", "slot:0", 1, 5.0))))
        await until(lambda: store.in_step)
    fresh = Store(tmp_path / "b", store.url)
    async with fresh.opened() as journal:
        await journal.commit(Batch(remember=(Memory("governor", "controller", "of paper", 5.0, world="paper"),)))
        assert await fresh.mirror().resume(5.0) == 2
        assert await journal.recall("governor") == {"controller": remembered}
        assert await journal.recall("desk", every_world=True) == {"switch": {"position": "stopped"}}
        assert await journal.recall("grid") == {}
        assert await fresh.mirror().resume(5.0) == 0


async def test_what_is_copied_alone_is_there_to_read_and_never_resumed_by(
    tmp_path: Path, store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    """A hub's requests: one that a copy has as waiting may have been paid meanwhile."""
    store.copied = ("hub",)
    async with store.mirroring() as journal:
        await journal.commit(Batch(remember=(Memory("hub", "request/1", {"amount": "5"}, 5.0),)))
        await until(lambda: store.in_step)
    assert remote(postgres, database) == store.local()
    fresh = Store(tmp_path / "b", store.url, copied=("hub",))
    async with fresh.opened() as journal:
        assert await fresh.mirror().resume(5.0) == 0
        assert await journal.recall("hub") == {}


async def test_a_local_store_that_remembers_something_is_not_resumed_over(
    tmp_path: Path, store: Store, postgres: PostgresServer, until: Until
) -> None:
    async with store.mirroring() as journal:
        await journal.commit(Batch(remember=(Memory("governor", "controller", "theirs", 5.0),)))
        await until(lambda: store.in_step)
    own = Store(tmp_path / "b", store.url)
    async with own.opened() as journal:
        await journal.commit(Batch(remember=(Memory("governor", "controller", "ours", 5.0),)))
        assert await own.mirror().resume(5.0) == 0
        assert await journal.recall("governor") == {"controller": "ours"}


async def test_an_empty_local_store_says_when_what_went_before_cannot_be_asked(
    store: Store, postgres: PostgresServer
) -> None:
    async with store.opened():
        with postgres.frozen(), pytest.raises(StoreFailed) as caught:
            await store.mirror().resume(0.3)
    assert caught.value.reason == StoreSlow(0.3)


async def test_a_user_without_rights_is_told_what_to_grant(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE weak LOGIN PASSWORD 'weak-password'")
    store.url = postgres.url(database, user="weak", password="weak-password")
    async with store.mirroring():
        await until(lost_by(store, StoreRightsMissing))
        assert store.snapshot.reason is not None
        assert "ALTER SCHEMA evenkeel OWNER TO" in store.snapshot.reason.words


async def test_without_an_address_it_is_said_where_to_put_one(store: Store, until: Until) -> None:
    store.url = ""
    async with store.mirroring():
        await until(lost_by(store, StoreUrlMissing))


async def test_a_sign_that_postgresql_cannot_keep_does_not_hold_up_the_rest(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    async with store.mirroring() as journal:
        await journal.commit(Batch(facts=(Fact("grid", "fill", "a\0b", {"text": "c\0d\ud800"}, 1.0),)))
        await until(lambda: store.in_step and remote(postgres, database).facts)
    assert [(row[3], row[4]) for row in remote(postgres, database).facts] == [
        ("a\N{REPLACEMENT CHARACTER}b", r'{"text":"c\u0000d\ud800"}')
    ]


@pytest.mark.qasync
async def test_on_the_panels_loop_it_catches_up_alike(
    store: Store, postgres: PostgresServer, database: str, until: Until
) -> None:
    async with store.mirroring() as journal:
        await until(lambda: store.in_step)
        postgres.kill()
        await asyncio.gather(*(journal.commit(batch) for batch in mixed(0, 60)))
        await until(lambda: store.is_(MirrorState.LOST))
        postgres.start()
        await until(lambda: store.in_step)
    assert remote(postgres, database) == store.local()


@asynccontextmanager
async def delaying(port: int, delay_s: float) -> AsyncIterator[int]:
    """A line to the server on which each piece takes `delay_s`; yields its port."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(65536):
                await asyncio.sleep(delay_s)
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, back), carry(there, writer))

    async with await asyncio.start_server(connect, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.sleep(3 * delay_s)


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """A port that takes connections and never says anything."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]
