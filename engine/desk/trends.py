"""The seed's trend query where the records are: in the profile's journal, or in their copy at PostgreSQL. Blocks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from engine.core.mirror_address import store_address
from engine.core.secrets import Secret
from engine.drift.trend import SQLITE_VIEW, TrendDay, trend


def trend_here(journal_file: Path, since: datetime) -> list[TrendDay]:
    """From the journal; it may be in use. Raises FileNotFoundError, sqlalchemy's errors."""
    if not journal_file.exists():
        raise FileNotFoundError(f"there is no record yet: {journal_file.name} is made by the first session")
    engine = sa.create_engine(f"sqlite:///{journal_file}", poolclass=sa.NullPool, connect_args={"timeout": 10.0})
    with engine.begin() as connection:
        connection.exec_driver_sql(SQLITE_VIEW)  # a journal from before there was one
        return trend(connection, since)


def trend_at_server(url: Secret, since: datetime) -> list[TrendDay]:
    """From PostgreSQL, of every profile there. Raises StoreFailed for the address, sqlalchemy's errors."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    parameters = store_address(url).parameters
    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(make_conninfo("", **parameters)), poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        return trend(connection, since, schema="evenkeel")
