"""Older journals are brought up to date and keep all they held; newer ones are refused and left untouched."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine.core import upgrade
from engine.core.journal import Journal, JournalFailed
from engine.core.mirror_outbox import Outbox, Position
from engine.core.schema import HEAD, METADATA
from tests.engine.core.first_schema import write_first_journal

NEWER = "UPDATE alembic_version SET version_num = '0099'"


def opened(file: Path) -> Journal:
    journal = Journal(file, "w")
    journal.open()
    return journal


def ask(file: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute(question).fetchall()
        connection.commit()
        return found


def schema(file: Path) -> set[tuple[object, ...]]:
    """Tables with columns, keys and indexes, without regard to how the SQL was laid out."""
    found: set[tuple[object, ...]] = set()
    tables = [name for (name,) in ask(file, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        found |= {(table, *row[1:]) for row in ask(file, f"PRAGMA table_xinfo({table})")}
        for index in ask(file, f"PRAGMA index_list({table})"):
            found.add((table, *index[1:], *ask(file, f"PRAGMA index_info({index[1]})")))
    return found


@pytest.mark.parametrize("interrupted", [False, True])
async def test_a_journal_of_the_first_schema_keeps_all_it_held(tmp_path: Path, interrupted: bool) -> None:
    file = tmp_path / "journal.sqlite"
    write_first_journal(file, interrupted=interrupted)
    for _ in range(2):
        journal = opened(file)
        assert await journal.recall("test") == {"a": 1, "b": 2}
        assert [found.key for found in await journal.facts("test", "fill")] == ["old"]
        assert [row.key for row in await journal.unresolved("test")] == ["order-1"]
        await asyncio.to_thread(journal.close)
    changes = Outbox(file, ("test",)).read(Position(), 10)
    assert [(row.name, row.change) for row in changes.memories] == [("b", 1), ("a", 2)]


def test_an_upgraded_journal_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    write_first_journal(tmp_path / "old.sqlite")
    for name in ("old.sqlite", "new.sqlite"):
        opened(tmp_path / name).close()
    assert schema(tmp_path / "old.sqlite") == schema(tmp_path / "new.sqlite")
    assert ask(tmp_path / "old.sqlite", "SELECT version_num FROM alembic_version") == [(HEAD,)]


def test_alembic_finds_nothing_that_migrations_and_tables_disagree_on(tmp_path: Path) -> None:
    write_first_journal(tmp_path / "journal.sqlite")
    opened(tmp_path / "journal.sqlite").close()
    database = sa.create_engine(f"sqlite:///{tmp_path / 'journal.sqlite'}")
    with database.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    database.dispose()
    assert [difference for difference in differences if "alembic_version" not in str(difference)] == []


def test_the_newest_migration_is_the_schema_that_the_program_knows() -> None:
    assert ScriptDirectory(str(upgrade.MIGRATIONS)).get_heads() == [HEAD]


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "journal.sqlite"
    write_first_journal(file)
    before = schema(file)
    monkeypatch.setattr(upgrade, "_migrate", _half_of_it(upgrade._migrate))
    with pytest.raises(JournalFailed, match="ended in the middle"):
        opened(file)
    assert schema(file) == before
    monkeypatch.undo()
    opened(file).close()
    assert schema(file) != before


def _half_of_it(whole):  # type: ignore[no-untyped-def]
    def migrate(connection: sa.Connection, known: str) -> None:
        whole(connection, known)
        raise OSError("ended in the middle")

    return migrate


@pytest.mark.parametrize("newer", [NEWER, "UPDATE schema_version SET version = 99"])
def test_a_newer_journal_is_refused_and_not_one_byte_of_it_changes(tmp_path: Path, newer: str) -> None:
    file = tmp_path / "journal.sqlite"
    write_first_journal(file)
    if newer is NEWER:
        opened(file).close()
    ask(file, newer)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(JournalFailed, match="newer program"):
        opened(file)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
