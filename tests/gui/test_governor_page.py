"""Metrics, blocked entries and reach on the governor's page (governor spec 18b, 18c; seed 10.3)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from engine.governor.messages import Reach
from engine.grid.entries import BlockedBy
from engine.grid.messages import BlockedCount, GridMetrics, SideFigures
from engine.grid.ports import Side
from gui.governor.blocked import ledger, ledger_sentence
from gui.governor.metrics import metric_rows, metrics_summary
from gui.governor.numbers import reach_sentence, reach_verdict
from gui.theme import DARK, LIGHT, Tone, apply_theme
from tests.gui.conftest import Panel
from tests.gui.scene import governor_snapshot, grid_snapshot

FIGURES = GridMetrics(
    since_s=0.0,
    a=SideFigures(3, Decimal("1.65"), 1.0, 2, Decimal("0.0301"), 0.0092, 1, Decimal("-0.2")),
    b=SideFigures(5, Decimal("1.8975"), 1.15, 4, Decimal("0.0702"), 0.0092),
    deployed_usd=Decimal("9.4875"),
    deployed_per_hour_usd=Decimal("0.31"),
    long_only=1,
    short_only=4,
    short_only_1d=2,
)


def row(name: str, **changes: object):  # type: ignore[no-untyped-def]
    rows = metric_rows(governor_snapshot(0.0), grid_snapshot(0.0, metrics=replace(FIGURES, **changes)))
    return next(row for row in rows if row.name == name)


def test_each_metric_of_the_seed_has_its_row_with_its_unit() -> None:
    assert row("Idle USD trend").both == "75.0%, +4.2 points/h"
    assert (row("USD deployed").buys, row("USD deployed").both) == ("$0.31 per hour", "$9.49 in all")
    profit = row("Round-trip profit")
    assert (profit.buys, profit.sells, profit.both) == ("+$0.0702 in 4", "+$0.0301 in 2", "+$0.1003")
    assert (row("Margin per round trip").buys, row("Margin per round trip").sells) == ("+0.92%", "+0.92%")
    assert row("Skew sign flips").both == "0 in the last hour"
    assert (row("Average entry").buys, row("Average entry").sells) == ("$1.90 (×1.15) in 5", "$1.65 (×1.00) in 3")
    assert row("long_only triggers").both == "0 in a day, 1 in all"
    assert row("short_only triggers").both == "2 in a day, 4 in all"
    assert row("Volume drift to Kraken").both == "0 orders"


def test_what_should_not_be_stands_out() -> None:
    assert row("Volume drift to Kraken").tone is None
    assert row("Volume drift to Kraken", volume_drifts=1).tone is Tone.DANGER
    assert row("Recoveries given up").tone is Tone.DAMPED
    flips = metric_rows(governor_snapshot(0.0, sign_flips_1h=3), None)
    assert next(row for row in flips if row.name == "Skew sign flips").tone is Tone.DAMPED


def test_before_anything_is_measured_a_metric_is_a_dash_and_not_zero() -> None:
    rows = {row.name: row for row in metric_rows(None, None)}
    assert rows["Idle USD trend"].both == "–"
    assert rows["Volume drift to Kraken"].both == "–"
    assert rows["USD deployed"].buys == "– per hour"
    assert (rows["Average entry"].buys, rows["Margin per round trip"].sells) == ("–", "–")


async def test_the_metrics_are_read_out_as_sentences(panel: Panel) -> None:
    """Panel spec 15."""
    metrics = panel.page("governor").tables.metrics
    said = metrics._view.accessibleDescription()
    assert said == metrics_summary(panel.window.model.governor, panel.window.model.grid)
    assert "Margin per round trip: buys +0.96%, sells +0.95%." in said
    assert metrics._view.accessibleName() == "Metrics"


def test_what_is_held_back_now_comes_before_what_was_held_back_most_often() -> None:
    often = BlockedCount(1, Side.BUY, BlockedBy.FUNDS, 31)
    now = BlockedCount(2, Side.SELL, BlockedBy.COOLDOWN, 1, now=True)
    assert ledger([often, now]) == [now, often]
    assert ledger_sentence([now, often]) == "1 held back now. Most often: buy of slot 1, funds (31 times)."
    assert ledger_sentence([]) == "Every entry that a slot wanted was placed."


async def test_blocked_entries_stand_first_by_slot_side_and_cause(panel: Panel) -> None:
    """Governor spec 18b."""
    page = panel.page("governor")
    assert page.blocked.x() == min(card.x() for card in (page.blocked, page.lines, page.numbers))
    assert page.blocked.y() == min(card.y() for card in (page.blocked, page.lines, page.numbers))
    shown = [(row.slot_id, row.side.value, row.cause.value, row.count) for row in page.blocked.rows.rows]
    assert shown[0] == (0, "buy", "funds", 31)
    assert len(shown) == 5
    assert page.blocked.total.text == "52 buys, 5 sells"


@pytest.mark.parametrize(
    ("reach", "verdict", "said"),
    [
        (Reach(3.0, 0.77, 30.0, 10.0, True), "Target out of reach", "30.0 points to go: 10.0 days at least."),
        (Reach(9.0, 2.0, 6.0, 0.67, False), "Target within a day's reach", "6.0 points to go: 0.7 days at least."),
        (Reach(3.0, 0.8, 0.0, 0.0, False), "At target", "The error is inside the neutral band."),
        (Reach(0.0, 0.0, 30.0, None, True), "Target out of reach", "30.0 points to go, and nothing that moves them."),
        (None, "Reach unknown", "Not known before the first orders rest."),
    ],
)
def test_the_reach_is_said_in_words(reach: Reach | None, verdict: str, said: str) -> None:
    """Governor spec 18c; the first line is the source's own example."""
    assert reach_verdict(reach)[1] == verdict
    assert reach_sentence(reach).endswith(said)


async def test_changing_the_look_leaves_the_page_as_high_as_it_was(panel: Panel) -> None:
    """A graphics view asks for the size of its scene, and the scene takes the size of the view."""
    panel.window.resize(1280, 900)
    page = panel.page("governor")
    await asyncio.sleep(0.05)
    before = page.widget().heightForWidth(1000)
    for theme in (LIGHT, DARK):
        apply_theme(theme)
        await asyncio.sleep(0.05)
        panel.window.redraw.draw()
    assert page.widget().heightForWidth(1000) == before


async def test_at_a_small_size_nothing_on_the_page_is_cut(panel: Panel) -> None:
    """Panel spec 15: 200 % on a full-HD screen leaves 960 by 540."""
    panel.window.resize(960, 540)
    page = panel.page("governor")
    await asyncio.sleep(0.05)
    for card in (page.blocked, page.lines, page.numbers, *page.plots.all):
        least = card.layout().minimumSize()
        assert (card.width() >= least.width(), card.height() >= least.height()) == (True, True), card.accessibleName()
