"""Recorded candles become a path of the paper market."""

from __future__ import annotations

import lzma
from decimal import Decimal
from pathlib import Path

import pytest

from engine.lab.candles import write_price_file
from engine.lab.loop import LabSpec, run
from engine.paper.config import MarketSpec
from engine.paper.market import Market

CANDLES = """timestamp,open,high,low,close,volume
2026-01-05 00:00:00+00:00,0.200,0.206,0.198,0.204,1000.0
2026-01-05 00:01:00+00:00,0.204,0.205,0.190,0.192,2000.0
"""


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    file = tmp_path / "DOGE-1m.csv.xz"
    file.write_bytes(lzma.compress(CANDLES.encode()))
    return file


def test_each_minute_goes_by_its_four_prices_the_extreme_against_its_direction_first(packed: Path) -> None:
    target = packed.with_name("prices.csv")
    days = write_price_file(packed, target)
    rows = [tuple(map(float, line.split(","))) for line in target.read_text().splitlines()[1:]]
    assert rows == [
        (0, 0.200), (15, 0.198), (30, 0.206), (45, 0.204),
        (60, 0.204), (75, 0.205), (90, 0.190), (105, 0.192),
    ]  # fmt: skip
    assert days == 105 / 86_400


def test_a_path_that_is_scaled_keeps_its_moves_and_the_paper_market_follows_it(packed: Path) -> None:
    target = packed.with_name("prices.csv")
    write_price_file(packed, target, start_price=0.1)
    market = Market(MarketSpec(regime="file", price_file=str(target)), 1)
    mids = [market.quote(at).mid_price for at in (0, 20, 40, 110)]
    assert mids == [pytest.approx(Decimal(price), abs=Decimal("1e-6")) for price in ("0.1", "0.099", "0.103", "0.096")]


def test_the_lab_runs_on_recorded_minutes_and_the_parts_of_its_result_sum(packed: Path) -> None:
    target = packed.with_name("prices.csv")
    write_price_file(packed, target, start_price=0.1)
    found = run(LabSpec(market=MarketSpec(regime="file", price_file=str(target)), days=0.05))
    assert not found.halted
    parts = found.edge_usd + found.inventory_usd - found.fees_usd
    assert found.against_holding_usd == pytest.approx(parts, abs=1e-9)
    assert sum(found.by_day) == pytest.approx(found.against_holding_usd, abs=0.05)
