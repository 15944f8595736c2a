"""A journal as the first program wrote it, to be brought up to date."""

import sqlite3
from contextlib import closing
from pathlib import Path

TABLES = """
CREATE TABLE schema_version (version INTEGER NOT NULL, PRIMARY KEY (version));
INSERT INTO schema_version VALUES (1);
CREATE TABLE intents (
    id INTEGER NOT NULL, world TEXT NOT NULL, "key" TEXT NOT NULL, engine TEXT NOT NULL, kind TEXT NOT NULL,
    exposure TEXT NOT NULL, payload TEXT NOT NULL, reason TEXT NOT NULL, mode TEXT NOT NULL, revision INTEGER NOT NULL,
    state TEXT NOT NULL, at_s FLOAT NOT NULL, outcome TEXT, answered_s FLOAT,
    PRIMARY KEY (id), CONSTRAINT intent_sent_once UNIQUE (world, "key")
);
CREATE INDEX intents_by_state ON intents (world, engine, state);
CREATE TABLE facts (
    id INTEGER NOT NULL, world TEXT NOT NULL, engine TEXT NOT NULL, kind TEXT NOT NULL, "key" TEXT NOT NULL,
    payload TEXT NOT NULL, at_s FLOAT NOT NULL,
    PRIMARY KEY (id), CONSTRAINT fact_known_once UNIQUE (world, engine, kind, "key")
);
CREATE INDEX facts_by_time ON facts (world, engine, kind, at_s);
CREATE TABLE memory (
    world TEXT NOT NULL, engine TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, at_s FLOAT NOT NULL,
    PRIMARY KEY (world, engine, name)
) WITHOUT ROWID;
INSERT INTO intents (world, key, engine, kind, exposure, payload, reason, mode, revision, state, at_s)
    VALUES ('w', 'order-1', 'test', 'place_order', 'more', '{}', '{}', 'paper', 1, 'admitted', 1.5);
INSERT INTO facts (world, engine, kind, key, payload, at_s) VALUES ('w', 'test', 'fill', 'old', '{}', 1.0);
INSERT INTO memory VALUES ('w', 'test', 'a', '1', 2.0), ('w', 'test', 'b', '2', 1.0);
"""
INTERRUPTED = "ALTER TABLE memory ADD COLUMN change INTEGER DEFAULT 0 NOT NULL"
"""The first step of a program from before Alembic that was ended after it."""


def write_first_journal(file: Path, *, interrupted: bool = False) -> None:
    """One intent without an outcome, one fact, two memories."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(TABLES)
        if interrupted:
            connection.execute(INTERRUPTED)
        connection.commit()
