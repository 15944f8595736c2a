"""The tables of the journal, and the way of an older file to them."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA_VERSION = 2
METADATA = sa.MetaData()

VERSION = sa.Table("schema_version", METADATA, sa.Column("version", sa.Integer, primary_key=True))

INTENTS = sa.Table(
    "intents",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("world", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("exposure", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("at_s", sa.Float, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("answered_s", sa.Float),
    sa.UniqueConstraint("world", "key", name="intent_sent_once"),
    sa.Index("intents_unresolved", "world", "engine", sqlite_where=sa.text("state IN ('admitted', 'unknown')")),
)

FACTS = sa.Table(
    "facts",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("world", sa.Text, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("at_s", sa.Float, nullable=False),
    sa.UniqueConstraint("world", "engine", "kind", "key", name="fact_known_once"),
    sa.Index("facts_by_time", "world", "engine", "kind", "at_s"),
)

FORGOTTEN = "null"
"""The value of a memory that was forgotten. Its row stays, so that a mirror of this file learns of it."""

MEMORY = sa.Table(
    "memory",
    METADATA,
    sa.Column("world", sa.Text, primary_key=True),
    sa.Column("engine", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("at_s", sa.Float, nullable=False),
    # Rises with every change in the file: what changed since is what has a higher one. No index, which would be one
    # more page to flush on the way of every order; the table is small.
    sa.Column("change", sa.Integer, nullable=False, server_default="0"),
    sqlite_with_rowid=False,  # one page less to flush on the way of every order
)


def migrate(connection: sa.Connection, version: int) -> None:
    """Bring a file of an earlier `version` up to this one, whatever an interrupted earlier attempt has left.

    2: memories carry the number of their last change.
    """
    if version < 2:
        if "change" not in {column["name"] for column in sa.inspect(connection).get_columns("memory")}:
            connection.exec_driver_sql("ALTER TABLE memory ADD COLUMN change INTEGER DEFAULT 0 NOT NULL")
        connection.exec_driver_sql(
            "UPDATE memory SET change = numbered.number FROM (SELECT world, engine, name, "
            "row_number() OVER (ORDER BY at_s, world, engine, name) AS number FROM memory) AS numbered "
            "WHERE memory.world = numbered.world AND memory.engine = numbered.engine AND memory.name = numbered.name"
        )
    connection.execute(sa.update(VERSION).values(version=SCHEMA_VERSION))
