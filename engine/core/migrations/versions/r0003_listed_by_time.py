"""Intents and facts are listed by time."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table in ("intents", "facts"):
        op.execute(f"CREATE INDEX IF NOT EXISTS {table}_listed ON {table} (at_s, world, engine, kind)")
