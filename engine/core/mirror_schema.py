"""The mirror's tables at PostgreSQL, in a schema of their own (Supabase shows `public` to its web interface).

Payloads are `json`, which keeps a text as it was written, to the digit; `jsonb` would write numbers anew.
"""

from __future__ import annotations

from typing import LiteralString

VERSION = 1

MAKE_SCHEMA: LiteralString = "CREATE SCHEMA evenkeel"

TABLES: tuple[LiteralString, ...] = (
    "CREATE TABLE evenkeel.schema_version (version integer PRIMARY KEY)",
    f"INSERT INTO evenkeel.schema_version VALUES ({VERSION})",
    # One row for each name that stores write under: who writes, and how far the server has followed.
    """
    CREATE TABLE evenkeel.writers (
        profile text PRIMARY KEY,
        store text NOT NULL,
        facts_sent bigint NOT NULL DEFAULT 0,
        changes_sent bigint NOT NULL DEFAULT 0,
        seen_at timestamptz NOT NULL DEFAULT now(),
        held_until timestamptz NOT NULL DEFAULT now()
    )
    """,
    # position: the number of the fact in the store that sent it.
    """
    CREATE TABLE evenkeel.facts (
        profile text NOT NULL,
        world text NOT NULL,
        engine text NOT NULL,
        kind text NOT NULL,
        key text NOT NULL,
        payload json NOT NULL,
        at_s double precision NOT NULL,
        store text NOT NULL,
        position bigint NOT NULL,
        PRIMARY KEY (profile, world, engine, kind, key)
    )
    """,
    "CREATE INDEX facts_by_position ON evenkeel.facts (profile, store, position)",
    "CREATE INDEX facts_by_time ON evenkeel.facts (profile, world, engine, kind, at_s)",
    """
    CREATE TABLE evenkeel.memory (
        profile text NOT NULL,
        world text NOT NULL,
        engine text NOT NULL,
        name text NOT NULL,
        value json NOT NULL,
        at_s double precision NOT NULL,
        PRIMARY KEY (profile, world, engine, name)
    )
    """,
)

IS_THERE: LiteralString = "SELECT to_regclass('evenkeel.schema_version') IS NOT NULL"
VIEW_IS_THERE: LiteralString = "SELECT to_regclass(%(name)s) IS NOT NULL"
SCHEMA_IS_THERE: LiteralString = "SELECT to_regnamespace('evenkeel') IS NOT NULL"
VERSION_THERE: LiteralString = "SELECT max(version) FROM evenkeel.schema_version"

# Held until the transaction ends, so that two programs that start on an empty database do not both make the tables.
ONE_MAKER: LiteralString = "SELECT pg_advisory_xact_lock(hashtext('evenkeel tables'))"

LIMIT: LiteralString = "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true)"
"""In milliseconds, for one transaction, because a pooler hands the next one to another session."""

KNOW_WRITER: LiteralString = """
    INSERT INTO evenkeel.writers (profile, store) VALUES (%(profile)s, %(store)s) ON CONFLICT DO NOTHING
"""

LOOK_AT_WRITER: LiteralString = """
    SELECT store, facts_sent, changes_sent, held_until > now(),
        greatest(0, extract(epoch FROM now() - seen_at))::double precision
    FROM evenkeel.writers WHERE profile = %(profile)s FOR UPDATE
"""

READ_WRITER: LiteralString = """
    SELECT store, facts_sent, changes_sent, held_until > now(),
        greatest(0, extract(epoch FROM now() - seen_at))::double precision
    FROM evenkeel.writers WHERE profile = %(profile)s
"""

TAKE_OVER: LiteralString = """
    UPDATE evenkeel.writers SET store = %(store)s, facts_sent = 0, changes_sent = 0 WHERE profile = %(profile)s
"""

HOLD: LiteralString = """
    UPDATE evenkeel.writers
    SET seen_at = now(), held_until = now() + make_interval(secs => %(hold_s)s),
        facts_sent = %(facts)s, changes_sent = %(changes)s
    WHERE profile = %(profile)s AND store = %(store)s
        AND facts_sent = %(facts_before)s AND changes_sent = %(changes_before)s
"""
"""One row when the name is still ours and the server stands where we left it; none otherwise."""

SENT_LAST: LiteralString = """
    SELECT world, engine, kind, key FROM evenkeel.facts
    WHERE profile = %(profile)s AND store = %(store)s AND position = %(position)s
"""

ADD_FACTS: LiteralString = """
    INSERT INTO evenkeel.facts (profile, store, position, world, engine, kind, key, payload, at_s)
    SELECT %(profile)s, %(store)s, * FROM unnest(
        %(positions)s::bigint[], %(worlds)s::text[], %(engines)s::text[], %(kinds)s::text[], %(keys)s::text[],
        %(payloads)s::json[], %(at_s)s::double precision[])
    ON CONFLICT DO NOTHING
"""

KEEP_MEMORIES: LiteralString = """
    INSERT INTO evenkeel.memory AS kept (profile, world, engine, name, value, at_s)
    SELECT %(profile)s, * FROM unnest(
        %(worlds)s::text[], %(engines)s::text[], %(names)s::text[], %(values)s::json[], %(at_s)s::double precision[])
    ON CONFLICT (profile, world, engine, name) DO UPDATE SET value = excluded.value, at_s = excluded.at_s
"""

FORGET_MEMORIES: LiteralString = """
    DELETE FROM evenkeel.memory AS kept
    USING unnest(%(worlds)s::text[], %(engines)s::text[], %(names)s::text[]) AS gone (world, engine, name)
    WHERE kept.profile = %(profile)s AND kept.world = gone.world AND kept.engine = gone.engine
        AND kept.name = gone.name
"""

MEMORIES: LiteralString = """
    SELECT world, engine, name, value::text, at_s FROM evenkeel.memory
    WHERE profile = %(profile)s AND engine = ANY(%(engines)s) ORDER BY world, engine, name
"""
