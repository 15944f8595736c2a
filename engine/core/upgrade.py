"""Which schema a journal has, and the way of an older one to ours.

A new file gets the tables of `engine.core.schema` at once, an older one Alembic's migrations up to the same tables, in
one transaction: interrupted, it is what it was before. A newer one is refused before anything is written.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from engine.core.schema import HEAD, METADATA, VERSION

MIGRATIONS: Final = Path(__file__).with_name("migrations")
_TIMEOUT_S: Final = 10.0
_log = logging.getLogger(__name__)


class NewerJournal(RuntimeError):
    """The file was written by a newer program."""


def refuse_newer(path: Path) -> None:
    """Raise NewerJournal when the journal at `path` has a schema that this program does not know. Only reads; blocks.

    A file that is not there, or is no journal, passes; whoever opens it will tell.
    """
    if not path.exists():
        return
    try:
        address = f"{path.absolute().as_uri()}?mode=rw"  # not as read-only, which leaves files of its own behind
        with closing(sqlite3.connect(address, uri=True, timeout=_TIMEOUT_S)) as connection:
            known = _revision(connection)
    except sqlite3.Error:
        return
    if known is not None and known > HEAD:
        raise NewerJournal(
            f"the journal {path} was written by a newer program (schema {known}, this one knows {HEAD}); "
            "nothing in it was changed: start that program, or name another profile with --profile DIR"
        )


def bring_up_to_date(engine: sa.Engine) -> None:
    """Make the tables in a new file, or migrate an older one. Raises what SQLAlchemy raises; then nothing changed."""
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver would leave what makes tables outside of it
        raw = connection.connection.driver_connection
        assert raw is not None
        known = _revision(raw)
        if known == HEAD:
            return
        if known is None:
            METADATA.create_all(connection)
            connection.execute(sa.insert(VERSION).values(version_num=HEAD))
            return
        _migrate(connection, known)


def _migrate(connection: sa.Connection, known: str) -> None:
    from alembic import command  # takes longer to load than most sessions need it
    from alembic.config import Config

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    if not sa.inspect(connection).has_table(VERSION.name):
        VERSION.create(connection)
        connection.execute(sa.insert(VERSION).values(version_num=known))
    command.upgrade(config, "head")
    _log.info("the journal was brought from schema %s to %s", known, HEAD)


def _revision(connection: sqlite3.Connection) -> str | None:
    """The schema of the file, None for one without tables. Before Alembic kept it, it was a number of our own."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table, column in ((VERSION.name, "version_num"), ("schema_version", "version")):
        if table in tables:
            row = connection.execute(f"SELECT max({column}) FROM {table}").fetchone()
            if row[0] is not None:
                return f"{row[0]:0>4}"
    return None
