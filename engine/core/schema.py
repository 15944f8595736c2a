"""The tables of the journal."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA_VERSION = 1
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

MEMORY = sa.Table(
    "memory",
    METADATA,
    sa.Column("world", sa.Text, primary_key=True),
    sa.Column("engine", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("at_s", sa.Float, nullable=False),
    sqlite_with_rowid=False,  # one page less to flush on the way of every order
)
