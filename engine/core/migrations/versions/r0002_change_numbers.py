"""Memories carry the number of their last change; intents without an outcome are found by an index of their own.

A program from before Alembic may have been interrupted half-way, so that some of it is there already.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    connection = op.get_bind()
    if "change" not in {column["name"] for column in sa.inspect(connection).get_columns("memory")}:
        op.execute("ALTER TABLE memory ADD COLUMN change INTEGER DEFAULT 0 NOT NULL")
    op.execute(
        "UPDATE memory SET change = numbered.number FROM (SELECT world, engine, name, "
        "row_number() OVER (ORDER BY at_s, world, engine, name) AS number FROM memory) AS numbered "
        "WHERE memory.world = numbered.world AND memory.engine = numbered.engine AND memory.name = numbered.name"
    )
    op.execute("DROP INDEX IF EXISTS intents_by_state")
    op.execute(
        "CREATE INDEX IF NOT EXISTS intents_unresolved ON intents (world, engine) "
        "WHERE state IN ('admitted', 'unknown')"
    )
