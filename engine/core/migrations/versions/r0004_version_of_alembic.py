"""The number of the schema is where Alembic keeps it; before, it had a table of ours."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("DROP TABLE IF EXISTS schema_version")
