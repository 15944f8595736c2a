"""`evenkeel-engine store --check`: what it finds on a real server, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from tests.engine.core.mirrored import Store, mixed
from tests.postgres import PASSWORD, PASSWORD_IN_URL, PostgresServer
from tests.postgres import database as database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_of_all_tests as postgres_of_all_tests


class Shell:
    """Runs the command and keeps what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], profile: Path) -> None:
        self._capsys = capsys
        self._profile = profile

    def check(self, url: str, *words: str) -> tuple[int, str]:
        """The exit code, and all that was printed."""
        code = main(["--profile", str(self._profile), "store", "--check", url, *words])
        out, err = self._capsys.readouterr()
        assert PASSWORD not in out + err
        assert PASSWORD_IN_URL not in out + err
        return code, out + err

    def report(self, url: str) -> dict[str, Any]:
        code, text = self.check(url, "--json")
        found: dict[str, Any] = json.loads(text)
        assert found["ok"] is (code == 0)
        return found


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    return Shell(capsys, tmp_path / "main")


def test_a_server_that_will_do_is_described_and_left_as_it_was(
    shell: Shell, postgres: PostgresServer, database: str
) -> None:
    code, text = shell.check(postgres.url(database))
    assert code == 0
    for line in ("PostgreSQL 1", "TLS:         yes", "Round trip:", "Clock:", "they can be made", "no local store yet"):
        assert line in text
    with postgres.connect(database) as connection:
        assert connection.execute("SELECT to_regnamespace('evenkeel') IS NULL").fetchone() == (True,)


async def test_rows_that_are_behind_are_counted(
    shell: Shell, tmp_path: Path, postgres: PostgresServer, database: str, until: Any
) -> None:
    store = Store(tmp_path / "main", postgres.url(database))
    async with store.opened() as journal:
        await asyncio.gather(*(journal.commit(batch) for batch in mixed(0, 30)))
    rows = len(store.local().facts)
    found = shell.report(store.url)
    assert found["ours"] is None
    assert found["behind_rows"] > rows
    async with store.mirroring():
        await until(lambda: store.in_step)
    found = shell.report(store.url)
    assert (found["tables_there"], found["ours"], found["held"], found["behind_rows"]) == (True, True, False, 0)
    assert found["clock_ahead_s"] == pytest.approx(0, abs=1)


def test_the_address_can_come_from_standard_input(
    shell: Shell, postgres: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(postgres.url(database) + "\n"))
    assert shell.check("-")[0] == 0


def test_a_wrong_password_is_said(shell: Shell, postgres: PostgresServer, database: str) -> None:
    code, text = shell.check(postgres.url(database, password="not-that-one"))
    assert code == 1
    assert "does not let evenkeel in with this password; correct user or password" in text
    assert "not-that-one" not in text


def test_a_missing_database_is_said(shell: Shell, postgres: PostgresServer) -> None:
    code, text = shell.check(postgres.url("nowhere"))
    assert code == 1
    assert "there is no database nowhere at 127.0.0.1; create it" in text


def test_a_server_that_is_gone_is_said(shell: Shell, postgres: PostgresServer) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        code, text = shell.check(f"postgresql://u:password@127.0.0.1:{nobody.getsockname()[1]}/d")
    assert code == 1
    assert "no PostgreSQL answers at 127.0.0.1" in text
    assert "Connection refused" in text


def test_missing_rights_are_said_with_what_to_run(shell: Shell, postgres: PostgresServer, database: str) -> None:
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE weaker LOGIN PASSWORD 'weak-password'")
    code, text = shell.check(postgres.url(database, user="weaker", password="weak-password"))
    assert code == 1
    assert "may not create the schema evenkeel" in text
    assert "CREATE SCHEMA IF NOT EXISTS evenkeel" in text


def test_tables_of_a_newer_program_are_said(shell: Shell, postgres: PostgresServer, database: str) -> None:
    with postgres.connect(database) as connection:
        connection.execute("CREATE SCHEMA evenkeel")
        connection.execute("CREATE TABLE evenkeel.schema_version (version integer)")
        connection.execute("INSERT INTO evenkeel.schema_version VALUES (99)")
    code, text = shell.check(postgres.url(database))
    assert code == 1
    assert "of a newer program (schema 99" in text


def test_a_certificate_that_nobody_signed_does_not_pass_verify_full(
    shell: Shell, postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    found = shell.report(postgres.url(database) + f"?sslmode=verify-full&sslrootcert={tmp_path / 'none'}")
    assert found["code"] == "store_tls_missing"


@pytest.mark.parametrize("url", ["", "short", "mysql://u:password@localhost/d", "postgresql://u:pass/word@localhost/d"])
def test_a_wrong_address_is_a_wrong_argument(shell: Shell, url: str) -> None:
    code, text = shell.check(url)
    assert code == 2
    assert "Expected postgresql://user:password@host:port/database" in text


def test_an_address_in_the_wrong_place_is_not_repeated(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["store", "postgresql://u:s3cret-word@h/d"],
        ["store", "--check", "-", "postgresql://u:s3cret-word@h/d"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        out, err = capsys.readouterr()
        assert "s3cret-word" not in out + err
