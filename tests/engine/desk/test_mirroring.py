"""A session and its copy at PostgreSQL: what a new machine resumes, and where the address comes from."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from engine.core.journal import Batch, Journal, Memory
from engine.core.mirror import URL_VARIABLE
from engine.core.mirror_messages import MirrorSnapshot, MirrorState, StoreFailed, StoreTrouble
from engine.core.modes import Mode, Stop, Switch
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk.desk import Desk
from engine.desk.mirroring import STORE_URL, url_reader
from engine.desk.worlds import World
from engine.governor.messages import GovernorSnapshot
from engine.governor.state import ControllerState
from engine.grid.messages import GridSnapshot
from tests.engine.core.mirrored import remote
from tests.engine.desk.running_desk import acquired, exchange_in_process
from tests.postgres import PASSWORD, PASSWORD_IN_URL, PostgresServer
from tests.postgres import database as database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_of_all_tests as postgres_of_all_tests

Until = Callable[..., Awaitable[None]]
STEP = 0.05


@asynccontextmanager
async def machine(folder: Path, world: World, url: str, mode: Mode = Mode.OBSERVE) -> AsyncIterator[Desk]:
    """A session on a profile called `main`, mirrored."""

    async def address() -> Secret | None:
        return Secret(url)

    async with acquired(folder / "main", mode, world) as place:
        place.environment = {"EVENKEEL_STORE_MIRROR": "on"}
        async with place.session(store_url=address) as desk:
            yield desk


def governor(desk: Desk) -> GovernorSnapshot | None:
    return desk.bus.latest(GovernorSnapshot)


def server_knows_a_stop(postgres: PostgresServer, database: str) -> bool:
    with postgres.connect(database) as connection:
        found = connection.execute("SELECT value->>'position' FROM evenkeel.memory WHERE name = 'switch'").fetchone()
    return found == ("stopped",)


def in_step(desk: Desk) -> bool:
    found = desk.bus.latest(MirrorSnapshot)
    return found is not None and found.state is MirrorState.IN_STEP


async def remember(folder: Path, world: World, state: ControllerState) -> None:
    """Have the profile's local store hold this state of the governor."""
    (folder / "main").mkdir(parents=True)
    journal = Journal(folder / "main" / "journal.sqlite", world.name)
    await asyncio.to_thread(journal.open)
    memory = Memory("governor", "controller", state.to_plain(), world.clock.now())
    await journal.commit(Batch(remember=(memory,)))
    await asyncio.to_thread(journal.close)


async def test_a_new_machine_takes_the_governor_up_where_the_old_one_left_it(
    tmp_path: Path, postgres: PostgresServer, database: str, until: Until
) -> None:
    """Spec 8: resumed without a spike, here with the local store lost and then on the local store alone."""
    url = postgres.url(database)
    async with exchange_in_process() as (_, world):
        await remember(
            tmp_path / "old",
            world,
            ControllerState(smoothed_error=0.3, skew=0.15, last_update_s=world.clock.now() - 400),
        )
        skews = [0.15]
        for folder, server_is_there in (("old", True), ("new", True), ("new", False)):
            if not server_is_there:
                postgres.stop()
            async with machine(tmp_path / folder, world, url) as desk:
                first = governor(desk)
                skews.extend([] if first is None else [first.skew])
                desk.bus.watch(GovernorSnapshot, lambda snapshot: skews.append(snapshot.skew))
                await until(lambda desk=desk: desk.bus.latest(GovernorSnapshot) is not None, within_s=15)
                if server_is_there:
                    await until(lambda desk=desk: in_step(desk))
    assert all(abs(after - before) <= STEP + 1e-9 for before, after in pairwise(skews))
    assert min(skews) >= 0.15
    assert max(skews) > 0.15


async def test_updates_and_fills_become_rows(
    tmp_path: Path, postgres: PostgresServer, database: str, until: Until
) -> None:
    async with exchange_in_process(speed=200.0) as (_, world):
        async with machine(tmp_path, world, postgres.url(database), Mode.PAPER) as desk:
            await until(lambda: (g := desk.bus.latest(GridSnapshot)) is not None and g.entries_filled > 0, within_s=15)
        kinds = {row[2] for row in remote(postgres, database).facts}
        states = [row for row in remote(postgres, database).memories if row[1] == "governor"]
    assert {"fill", "update"} <= kinds
    assert [(row[0], row[2]) for row in states] == [(world.name, "controller")]


async def test_a_stop_stays_latched_when_the_machine_is_lost(
    tmp_path: Path, postgres: PostgresServer, database: str, until: Until
) -> None:
    url = postgres.url(database)
    async with exchange_in_process() as (_, world):
        async with machine(tmp_path / "old", world, url) as desk:
            await until(lambda: governor(desk) is not None, within_s=15)
            await desk.bus.ask(Stop(where="test"))
            await until(lambda: server_knows_a_stop(postgres, database), within_s=15)
        async with machine(tmp_path / "new", world, url) as desk:
            assert desk.switch.position is Switch.STOPPED


async def test_a_new_machine_that_cannot_ask_what_went_before_is_stopped(
    tmp_path: Path, postgres: PostgresServer, database: str
) -> None:
    """A stop may be latched there, or another machine trade under the same name."""
    url = postgres.url(database)
    postgres.stop()
    try:
        async with exchange_in_process() as (_, world), machine(tmp_path, world, url) as desk:
            assert desk.switch.position is Switch.STOPPED
            assert isinstance(desk.switch.why, StoreTrouble)
    finally:
        postgres.start()


async def test_a_session_without_its_server_trades_says_so_and_shows_no_password(
    tmp_path: Path, postgres: PostgresServer, database: str, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgres.url(database)
    postgres.stop()
    async with exchange_in_process() as (_, world), machine(tmp_path, world, url, Mode.PAPER) as desk:
        reader = desk.bus.read()
        await until(lambda: (g := desk.bus.latest(GridSnapshot)) is not None and g.open_orders > 0, within_s=15)
        snapshot = desk.bus.latest(MirrorSnapshot)
        await until(lambda: (m := desk.bus.latest(MirrorSnapshot)) is not None and m.behind_rows > 0)
        shown = [snapshot, desk.bus.latest(MirrorSnapshot), *reader.drain()]
        postgres.start()
        await until(lambda: in_step(desk), within_s=15)
    said = f"{shown} {caplog.text}"
    assert "PostgreSQL cannot be used" in said
    assert PASSWORD not in said
    assert PASSWORD_IN_URL not in said


def test_a_session_without_a_mirror_loads_no_postgresql_library() -> None:
    program = "import sys, engine.desk.opening; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=30).returncode == 0


async def test_the_environment_gives_the_address_before_the_keyring_and_logs_learn_it() -> None:
    known: list[Secret] = []
    vault = SecretStore("test", SecretNames((STORE_URL,)), known.append, environment={"PYTHON_KEYRING_BACKEND": "none"})
    url = "postgresql://u:password@localhost/d"
    assert await url_reader({URL_VARIABLE: f" {url}\n"}, vault, known.append)() == Secret(url)
    assert known == [Secret(url)]
    with pytest.raises(StoreFailed, match="too short"):
        await url_reader({URL_VARIABLE: "x"}, vault, known.append)()
