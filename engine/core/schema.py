"""The tables of the journal. `engine.core.upgrade` brings older files to them; a test holds the two together."""

from __future__ import annotations

import sqlalchemy as sa

HEAD = "0004"
"""The newest of `engine/core/migrations/versions`: four digits, so that they compare as texts."""

METADATA = sa.MetaData()

VERSION = sa.Table(  # as Alembic makes it
    "alembic_version",
    METADATA,
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

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
    # What a reader lists by, newest first; it holds what never changes, so that an outcome does not touch it.
    sa.Index("intents_listed", "at_s", "world", "engine", "kind"),
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
    sa.Index("facts_listed", "at_s", "world", "engine", "kind"),
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
    sa.Column("change", sa.Integer, nullable=False, server_default=sa.text("0")),
    sqlite_with_rowid=False,  # one page less to flush on the way of every order
)
