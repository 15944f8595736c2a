"""The seed's trend query on both stores (drift spec 15; issue 4, 7)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.cli import main
from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.journal import Batch, Journal
from engine.core.mirror import Mirror
from engine.core.mirror_messages import MirrorSnapshot, MirrorState
from engine.core.secrets import Secret
from engine.desk.mirroring import VIEWS, VIEWS_AT_SERVER
from engine.desk.trends import trend_at_server, trend_here
from engine.drift.bookkeeping import record_fact
from engine.drift.records import LegRecord, RebalanceRecord, Status
from engine.drift.trend import TrendDay
from tests.postgres import PostgresServer
from tests.postgres import database as database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_of_all_tests as postgres_of_all_tests

NOON_S = 1_790_000_000 // 86_400 * 86_400 + 43_200
SINCE = datetime.fromtimestamp(NOON_S - 2 * 86_400, UTC).replace(tzinfo=None)


def record(at_s: float, max_drift: float, gas_usd: str) -> RebalanceRecord:
    leg = LegRecord("USDC", "WETH", 10**9, 3 * 10**17, 10**17, 2 * 10**17, *(Decimal(1000),) * 3, ("USDC", "WETH"))
    return RebalanceRecord(
        at_s, "main", Status.SUCCESS, "0xab", 300_000, Decimal(gas_usd), Decimal(1), max_drift, (leg,),
        Decimal(3), Decimal(1), 900, 1,
    )  # fmt: skip


RECORDS = [
    record(NOON_S - 10 * 86_400, 0.9, "100"),
    record(NOON_S - 86_400, 0.16, "1.5"),
    record(NOON_S - 80_000, 0.2, "2.5"),
    record(NOON_S, 0.3, "4"),
]
DAYS = [
    TrendDay(f"{datetime.fromtimestamp(NOON_S - 86_400, UTC):%Y-%m-%d}", pytest.approx(0.18), 2, Decimal("4.0")),
    TrendDay(f"{datetime.fromtimestamp(NOON_S, UTC):%Y-%m-%d}", pytest.approx(0.3), 1, Decimal("4.0")),
]


async def written(file: Path) -> Journal:
    journal = Journal(file, "world")
    await asyncio.to_thread(journal.open, VIEWS)
    facts = tuple(record_fact(one, f"drift/{number}") for number, one in enumerate(RECORDS))
    await journal.commit(Batch(facts=facts))
    return journal


async def test_the_trend_is_the_same_from_the_journal_and_from_its_copy_at_postgresql(
    tmp_path: Path, postgres: PostgresServer, database: str, until: Callable[..., Awaitable[None]]
) -> None:
    journal = await written(tmp_path / "journal.sqlite")
    url = Secret(postgres.url(database))
    bus = Bus()

    async def address() -> Secret:
        return url

    mirror = Mirror(
        journal=journal, profile="p", engines=(), url=address, bus=bus, clock=WallClock(), redact=str,
        views=VIEWS_AT_SERVER,
    )  # fmt: skip
    running = asyncio.create_task(mirror.run())
    await until(lambda: (m := bus.latest(MirrorSnapshot)) is not None and m.state is MirrorState.IN_STEP, within_s=15)
    running.cancel()
    await asyncio.wait((running,))
    await asyncio.to_thread(journal.close)
    assert await asyncio.to_thread(trend_here, tmp_path / "journal.sqlite", SINCE) == DAYS
    assert await asyncio.to_thread(trend_at_server, url, SINCE) == DAYS


async def test_the_seeds_own_query_runs_on_the_journal_with_its_own_names(tmp_path: Path) -> None:
    """Drift seed, "Analytics Dashboard Integration"; the interval alone is written as SQLite writes it."""
    journal = await written(tmp_path / "journal.sqlite")
    await asyncio.to_thread(journal.close)
    query = """
        SELECT DATE(timestamp) as date, AVG(driftPercentage) as avg_drift, COUNT(*) as rebalance_count,
            SUM(gasCost) as total_gas_cost
        FROM RebalanceLog WHERE timestamp > :since GROUP BY DATE(timestamp)
    """
    with sa.create_engine(f"sqlite:///{tmp_path}/journal.sqlite", poolclass=sa.NullPool).connect() as connection:
        rows = connection.execute(sa.text(query), {"since": SINCE.isoformat(" ")}).all()
        swaps = connection.execute(sa.text("SELECT swapPath FROM RebalanceLog")).scalars().all()
    assert [(row.rebalance_count, row.total_gas_cost) for row in rows] == [(2, 4.0), (1, 4.0)]
    assert json.loads(swaps[0]) == [["USDC", "WETH"]]


async def test_the_tool_prints_the_days_as_json_and_says_when_there_is_no_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = tmp_path / "p"
    assert await asyncio.to_thread(main, ["--profile", str(profile), "drift", "trend"]) == 1
    assert "no record yet" in capsys.readouterr().err
    profile.mkdir()
    journal = await written(profile / "journal.sqlite")
    await asyncio.to_thread(journal.close)
    far = (datetime.now(UTC) - datetime.fromtimestamp(NOON_S, UTC)) // timedelta(days=1) + 30
    assert (
        await asyncio.to_thread(main, ["--profile", str(profile), "drift", "trend", "--days", str(max(30, far))]) == 0
    )
    assert sum(day["rebalances"] for day in json.loads(capsys.readouterr().out)) == len(RECORDS)
