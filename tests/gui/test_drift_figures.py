"""History, analytics and drift over time on the drift page (panel spec 3; drift spec 15 and 16)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from engine.drift.analytics import summarise
from engine.drift.messages import Rebalanced
from gui.drift.analytics import contribution_rows, cost_rows, figure_rows
from gui.drift.history import short_hash, slippage_text
from tests.gui.drift_alone import Alone, cells, draw
from tests.gui.drift_alone import alone as alone
from tests.gui.drift_alone import drift as drift
from tests.gui.drift_scene import LEVEL, SHIFTED, DriftScene, records, samples
from tests.gui.scene import START_S

Until = Callable[..., Awaitable[None]]
TIP = Qt.ItemDataRole.ToolTipRole
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


async def test_history_holds_what_came_as_events_and_what_was_there_before(
    alone: Alone, drift: DriftScene, until: Until
) -> None:
    drift.tell_portfolio("treasury", SHIFTED)
    drift.tell_engine()
    page = draw(alone)
    assert len(page.history.records.rows) == 1
    for record in records("treasury", drift.clock.now()):
        alone.bus.emit(Rebalanced(at_s=record.at_s, record=record))
    await until(lambda: len(alone.window.model.drift.records("treasury")) == 5)
    draw(alone)
    shown = page.history.records.rows
    assert [record.at_s for record in shown] == sorted((record.at_s for record in shown), reverse=True)
    newest = cells(page.history.records, 0)
    assert newest[1:10] == [
        "✓  Success",
        "34.2%",
        "4",
        "$5,535.28",
        "20.0 bps",
        "$23.32",
        "$19.42",
        "14,200 ms",
        "2",
    ]
    assert newest[10] == short_hash(shown[0].transaction_hash) == "0x0e0e0e0e…0e0e0e"


async def test_of_a_plan_that_failed_only_its_gas_is_told(alone: Alone, drift: DriftScene, until: Until) -> None:
    drift.tell()
    await until(lambda: len(alone.window.model.drift.records("treasury")) == 5)
    page = draw(alone)
    failed = cells(page.history.records, 4)
    assert failed[1] == "✕  Failed"
    assert failed[4:6] == ["–", "–"]
    assert failed[6] == "$23.50"
    assert page.history.records.index(4, 5).data(TIP).startswith("The plan failed on the chain")


async def test_a_transaction_hash_can_be_copied_by_button_and_by_key(alone: Alone, drift: DriftScene) -> None:
    drift.tell_portfolio("treasury", SHIFTED)
    drift.tell_engine()
    page = draw(alone)
    page.tabs.setCurrentWidget(page.history)
    last = drift.told["treasury"].last
    assert last is not None
    page.history.copy_button.click()
    assert QGuiApplication.clipboard().text() == last.transaction_hash
    QGuiApplication.clipboard().clear()
    page.history.view.setFocus()
    page.history.view.selectRow(0)
    QTest.keyClick(page.history.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == last.transaction_hash


def test_slippage_is_what_came_less_than_quoted() -> None:
    """Drift spec 15."""
    made = records("treasury", START_S)
    assert [slippage_text(record) for record in made] == ["–", "5.0 bps", "10.0 bps", "15.0 bps", "20.0 bps"]


def test_every_figure_of_the_analytics_is_there() -> None:
    """Drift spec 16."""
    summary = summarise(records("treasury", START_S), samples(START_S))
    shown = {row.name: row.text for row in figure_rows(summary)}
    assert shown["Success rate"] == "80.0%"
    assert shown["Average drift"] == "4.00%"
    assert shown["Less than quoted"] == "12.4 bps"
    assert shown["Gas per dollar traded"] == "$0.0053"
    assert shown["Return"] == shown["Return of holding"] == "+2.84%"
    assert shown["Rebalancing alpha"] == "0.00%"
    assert shown["Deepest drawdown"] == "−2.04%"
    costs = {row.name: row.text for row in cost_rows(summary)}
    assert list(costs) == ["Pool fees", "Price impact", "Slippage", "Gas", "All of it"]
    assert costs["Gas"] == "$117.03"


def test_what_is_not_known_is_a_dash_that_says_why() -> None:
    rows = {row.name: row for row in figure_rows(summarise([], []))}
    assert (rows["Rebalances"].text, rows["Traded"].text) == ("0", "$0.00")
    dashes = {name for name, row in rows.items() if row.text == "–"}
    assert dashes == {
        "Success rate",
        "Average drift",
        "Gas per dollar traded",
        "Less than quoted",
        "Return",
        "Return of holding",
        "Rebalancing alpha",
        "Cost drag",
        "Sharpe ratio",
        "Sortino ratio",
    }
    assert all(rows[name].hint for name in dashes)
    assert rows["Success rate"].hint == "No plan has reached the chain yet."
    assert {row.text for row in figure_rows(None)} == {"–"}


async def test_a_dash_of_the_analytics_has_its_cause_as_a_tool_tip(alone: Alone, drift: DriftScene) -> None:
    drift.tell_portfolio("fresh", LEVEL, record=False, summary=summarise([], []), attribution=())
    drift.tell_engine()
    analytics = draw(alone).analytics
    assert cells(analytics.figures, 1) == ["Success rate", "–"]
    assert analytics.figures.index(1, 1).data(TIP) == "No plan has reached the chain yet."
    assert cells(analytics.parts, 0) == ["WETH", "–", "–", "–"]
    assert analytics.parts.index(0, 1).data(TIP) == "Not sampled with these tokens yet."


async def test_the_parts_of_the_tokens_sum_to_the_change_in_value(alone: Alone, drift: DriftScene) -> None:
    told = drift.tell_portfolio("treasury", SHIFTED)
    parts = [row.part for row in contribution_rows(told)]
    kept = samples(drift.clock.now())
    total = sum(part.price_usd + part.trading_usd for part in parts if part is not None)
    assert total == pytest.approx(kept[-1].value_usd - kept[0].value_usd)


async def test_the_plot_shows_the_picked_portfolio_with_its_threshold(alone: Alone, drift: DriftScene) -> None:
    drift.tell()
    page = draw(alone)
    page.tabs.setCurrentWidget(page.over_time)
    page.over_time.redraw()
    said = page.over_time.plot.describe()
    assert "Largest drift: last 34.2%" in said
    assert said.endswith("Threshold: 15.0%.")
    assert len(page.over_time.plot.as_table().rows) == 120
    page.portfolios.pick("reserve")
    draw(alone)
    assert "Largest drift: last 0.0%" in page.over_time.plot.describe()
    assert len(page.over_time.plot.as_table().rows) == 1
