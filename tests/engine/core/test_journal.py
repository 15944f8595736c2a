"""What was acknowledged as written is there after a crash, and nothing is there twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.core.journal import EVERY_WORLD, AlreadyRecorded, Batch, Fact, Journal, JournalFailed, Memory

WRITER = """
import asyncio, sys
from pathlib import Path
from engine.core.journal import Batch, Fact, Journal, Memory

async def main():
    journal = Journal(Path(sys.argv[1]), "w")
    journal.open()
    number = int(sys.argv[2])
    while True:
        fact = Fact("test", "fill", str(number), {"n": number}, float(number))
        await journal.commit(Batch(facts=(fact,), remember=(Memory("test", "last", number, 0.0),)))
        print(number, flush=True)
        number += 1

asyncio.run(main())
"""


def killed_writer(file: Path, first: int) -> int:
    """Let a process commit numbers from `first` on and kill it; returns the last one it said was written."""
    words = [sys.executable, "-c", WRITER, str(file), str(first)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(20)]
        child.kill()
        said += child.stdout.readlines()
    return max(int(line) for line in said if line.endswith("\n"))


def opened(folder: Path, world: str = "w") -> Journal:
    journal = Journal(folder / "journal.sqlite", world)
    journal.open()
    return journal


def fact(key: str) -> Fact:
    return Fact("test", "fill", key, {"k": key}, 1.0)


async def test_what_was_acknowledged_survives_being_killed_at_any_moment(tmp_path: Path) -> None:
    """Ten kills in the middle of commits; each acknowledged number is there, each once, and memory agrees."""
    last_acknowledged = 0
    for _ in range(10):
        last_acknowledged = await asyncio.to_thread(killed_writer, tmp_path / "journal.sqlite", last_acknowledged + 1)
        journal = opened(tmp_path)
        numbers = [int(found.key) for found in await journal.facts("test", "fill")]
        remembered = (await journal.recall("test"))["last"]
        await asyncio.to_thread(journal.close)
        assert len(set(numbers)) == len(numbers)
        assert remembered == max(numbers) >= last_acknowledged
        last_acknowledged = max(numbers)


async def test_a_commit_that_fails_does_not_take_others_of_its_moment_along(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    await journal.commit(Batch(facts=(fact("1"),)))
    results = await asyncio.gather(
        *(journal.commit(Batch(facts=(fact(key),))) for key in ("2", "1", "3")), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), AlreadyRecorded, type(None)]
    assert [found.key for found in await journal.facts("test", "fill")] == ["1", "2", "3"]
    await asyncio.to_thread(journal.close)


async def test_each_world_sees_its_own_rows_and_what_is_remembered_everywhere(tmp_path: Path) -> None:
    paper, live = opened(tmp_path, "paper"), opened(tmp_path, "live")
    await paper.commit(Batch(facts=(fact("1"),), remember=(Memory("desk", "switch", 1, 0.0, world=EVERY_WORLD),)))
    await live.commit(Batch(facts=(fact("1"),)))
    assert await live.recall("desk", every_world=True) == {"switch": 1}
    assert await live.recall("desk") == {}
    for journal in (paper, live):
        await asyncio.to_thread(journal.close)


async def test_remembering_none_forgets(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    await journal.commit(Batch(remember=(Memory("test", "a", 1, 0.0), Memory("test", "b", 2, 0.0))))
    await journal.commit(Batch(remember=(Memory("test", "a", None, 1.0),)))
    assert await journal.recall("test") == {"b": 2}
    await asyncio.to_thread(journal.close)


async def test_a_journal_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    await asyncio.to_thread(journal.close)
    database = sa.create_engine(f"sqlite:///{tmp_path / 'journal.sqlite'}")
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0099'"))
    database.dispose()
    with pytest.raises(JournalFailed, match="newer program"):
        opened(tmp_path)


async def test_a_file_that_is_no_journal_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_text("not a database, and long enough to be seen as none" * 20)
    with pytest.raises(JournalFailed, match=r"journal\.sqlite"):
        opened(tmp_path)


async def test_what_is_posted_and_fails_is_told_to_whoever_asked(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    told: list[BaseException] = []
    journal.on_failure = told.append
    journal.post(Batch(facts=(fact("1"),)))
    journal.post(Batch(facts=(fact("1"),)))
    await asyncio.to_thread(journal.close)
    assert [type(error) for error in told] == [AlreadyRecorded]
