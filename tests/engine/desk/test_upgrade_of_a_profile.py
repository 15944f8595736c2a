"""A profile of an older program goes on with its options and journal; a newer one's is refused and left untouched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.core.modes import Mode
from engine.core.redaction import Redactor
from engine.core.upgrade import NewerJournal
from engine.desk.arguments import SessionArguments
from engine.desk.opening import opened
from engine.governor.options import GovernorOptions
from tests.engine.core.first_schema import write_first_journal

OPTIONS = "# what the operator wrote stays\n[governor]\nkp = 2.25\n"
IDENTITY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A profile as an older program left it."""
    folder = tmp_path / "profile"
    folder.mkdir()
    (folder / "evenkeel.toml").write_text(OPTIONS)
    (folder / "identity").write_text(IDENTITY)
    write_first_journal(folder / "journal.sqlite")
    return folder


def off(folder: Path) -> SessionArguments:
    return SessionArguments(folder, Mode.OFF, None, None, None, None)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_an_older_profile_keeps_options_identity_and_journal(older: Path) -> None:
    async with opened(off(older), Redactor()) as desk:
        assert desk.profile.identity == IDENTITY
        assert desk.configuration.settings.of(GovernorOptions).kp == 2.25
    with closing(sqlite3.connect(older / "journal.sqlite")) as connection:
        assert connection.execute("SELECT key FROM facts WHERE world = 'w'").fetchall() == [("old",)]
        assert connection.execute("SELECT key FROM intents WHERE world = 'w'").fetchall() == [("order-1",)]
        assert connection.execute("SELECT name FROM memory WHERE world = 'w'").fetchall() == [("a",), ("b",)]
    assert (older / "evenkeel.toml").read_text() == OPTIONS


async def test_a_newer_profile_is_refused_in_words_and_no_file_of_it_changes(older: Path) -> None:
    with closing(sqlite3.connect(older / "journal.sqlite")) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
        connection.commit()
    before = contents(older)
    with pytest.raises(NewerJournal, match=r"newer program .*nothing in it was changed.*another profile"):
        async with opened(off(older), Redactor()):
            pass
    assert contents(older) == before
