"""The record of rebalances as a table of SQL, and the seed's trend query over it (drift seed, "Analytics Dashboard").

The facts of the journal stay what is written; `RebalanceLog` is a view of them under the seed's own column names, the
same in SQLite and in PostgreSQL (which folds its name to lower case).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString

import sqlalchemy as sa

VIEW: LiteralString = "rebalancelog"

SQLITE_VIEW: LiteralString = f"""
    CREATE VIEW IF NOT EXISTS {VIEW} AS SELECT
        world, key AS id, json_extract(payload, '$.portfolio') AS portfolioid,
        strftime('%Y-%m-%d %H:%M:%f', at_s, 'unixepoch') AS timestamp,
        json_extract(payload, '$.status') AS status,
        json_extract(payload, '$.transaction_hash') AS transactionhash,
        json_extract(payload, '$.gas_used') AS gasused,
        CAST(json_extract(payload, '$.gas_cost_usd') AS REAL) AS gascost,
        json_extract(payload, '$.max_drift') AS driftpercentage,
        json_extract(payload, '$.legs') AS tokenamounts,
        (SELECT json_group_array(json_extract(leg.value, '$.path')) FROM json_each(payload, '$.legs') AS leg)
            AS swappath,
        json_extract(payload, '$.execution_ms') AS executiontime,
        json_extract(payload, '$.revision') AS revision
    FROM facts WHERE engine = 'drift' AND kind = 'rebalance'
"""

POSTGRESQL_VIEW: LiteralString = f"""
    CREATE VIEW evenkeel.{VIEW} AS SELECT
        profile, world, key AS id, payload->>'portfolio' AS portfolioid,
        to_timestamp(at_s) AT TIME ZONE 'UTC' AS timestamp,
        payload->>'status' AS status,
        payload->>'transaction_hash' AS transactionhash,
        (payload->>'gas_used')::bigint AS gasused,
        (payload->>'gas_cost_usd')::double precision AS gascost,
        (payload->>'max_drift')::double precision AS driftpercentage,
        payload->'legs' AS tokenamounts,
        (SELECT json_agg(leg->'path') FROM json_array_elements(payload->'legs') AS leg) AS swappath,
        (payload->>'execution_ms')::bigint AS executiontime,
        (payload->>'revision')::integer AS revision
    FROM evenkeel.facts WHERE engine = 'drift' AND kind = 'rebalance'
"""


@dataclass(frozen=True, slots=True)
class TrendDay:
    """One day, in UTC. average_drift: a ratio; gas_cost_usd: of all its rebalances."""

    date: str
    average_drift: float
    rebalances: int
    gas_cost_usd: Decimal


def trend_query(schema: str | None = None) -> sa.Select[Any]:
    """The seed's query, with `since` (a datetime in UTC) in the place of `NOW() - INTERVAL 30 DAY`.

    schema: where the view is, at PostgreSQL.
    """
    log = sa.table(
        VIEW,
        sa.column("timestamp", sa.DateTime),
        sa.column("driftpercentage", sa.Float),
        sa.column("gascost", sa.Float),
        schema=schema,
    )
    day = sa.cast(sa.func.date(log.c.timestamp), sa.Text)
    return (
        sa.select(
            day.label("date"),
            sa.func.avg(log.c.driftpercentage).label("avg_drift"),
            sa.func.count().label("rebalance_count"),
            sa.func.sum(log.c.gascost).label("total_gas_cost"),
        )
        .where(log.c.timestamp > sa.bindparam("since", type_=sa.DateTime))
        .group_by(day)
        .order_by(day)
    )


def trend(connection: sa.Connection, since: datetime, schema: str | None = None) -> list[TrendDay]:
    """The days since `since` (UTC, without a zone) on which something was rebalanced, oldest first."""
    rows = connection.execute(trend_query(schema), {"since": since}).all()
    return [
        TrendDay(row.date, float(row.avg_drift), row.rebalance_count, Decimal(repr(row.total_gas_cost))) for row in rows
    ]
