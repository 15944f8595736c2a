"""Metrics, blocked entries and reach on the governor's page (governor spec 18b, 18c; seed 10.3)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from engine.governor.messages import Reach
from engine.governor.options import GovernorOptions
from engine.governor.reach import size_advice
from engine.grid.conditions import OrderBelowMinimum
from engine.grid.entries import BlockedBy
from engine.grid.messages import AbandonedView, BlockedCount, GridMetrics, GridMoney, SideFigures
from engine.grid.ports import Side
from engine.grid.slot import Trade
from engine.grid.volatility import ExitWait
from gui.governor.blocked import ledger, ledger_sentence
from gui.governor.metrics import metric_rows, metrics_summary
from gui.governor.money import money_rows
from gui.governor.numbers import reach_sentence, reach_verdict, size_sentence
from gui.governor.tables import slot_columns
from gui.theme import DARK, LIGHT, Tone, apply_theme
from tests.gui.conftest import Panel
from tests.gui.scene import governor_snapshot, grid_snapshot

MONEY = GridMoney(
    since_s=0.0,
    value_usd=Decimal("139.40"),
    holding_usd=Decimal("140"),
    edge_usd=Decimal("-0.05"),
    inventory_usd=Decimal("0.20"),
    fees_usd=Decimal("0.75"),
    realised_usd=Decimal("0.4"),
    unrealised_usd=Decimal("-1"),
    turnover_usd=Decimal(300),
    turnover_per_day_usd=Decimal(300),
    fees_per_day_usd=Decimal("0.75"),
    abandoned=(AbandonedView(2, Trade.B, Decimal(20), Decimal(2), Decimal("-0.3"), 0.0),),
)
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
    profit = row("Realised by round trips")
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


def test_what_one_order_moves_is_said_with_the_account_on_which_it_would_be_fine_enough() -> None:
    """Governor spec 18c, with its own numbers."""
    advice = size_advice(Decimal(2), Decimal(42), Decimal(10), GovernorOptions())
    assert size_sentence(advice) == (
        "One order of $2.00 moves the ratio 2.9 points near the target, on $42.00; the band is ±5. "
        "A fifth of the band takes $120.00, with a floor of $72.00 (runway_entries_factor 7.2)."
    )
    fine = size_advice(Decimal(2), Decimal(240), Decimal(10), GovernorOptions())
    assert size_sentence(fine).endswith("moves the ratio 0.5 points near the target, on $240.00; the band is ±5.")
    assert size_sentence(None) == ""


def test_money_is_said_against_holding_with_its_parts() -> None:
    """Governor spec 18d."""
    rows = {
        row.name: row
        for row in money_rows(grid_snapshot(0.0, money=MONEY, exit_wait=ExitWait(600.0, False, 0.01, 0.013)))
    }
    assert (rows["Value of the account"].value, rows["Holding"].value) == ("$139.40", "$140.00")
    assert rows["Value against holding"].value == "−$0.6000"
    parts = [rows[name].value for name in ("Edge", "Inventory", "Fees")]
    assert parts == ["−$0.0500", "+$0.2000", "$0.7500"]
    assert (rows["Realised"].value, rows["Unrealised"].value) == ("+$0.4000", "−$1.0000")
    assert (rows["Turnover a day"].value, rows["Fees a day"].value) == ("$300.00", "$0.7500")
    assert (rows["Exits wait"].value, rows["Exits that fill by then"].value) == ("10 min 00 s", "1.3%")
    assert rows["Exits that fill by then"].tone is Tone.DAMPED
    assert rows["Abandoned inventory"].value == "−$0.3000"
    (lot,) = (row for name, row in rows.items() if name.startswith("Lot 1: slot 2B"))
    assert lot.what == "20.00 DOGE bought for $2.0000; sales of side A work it off."


def test_no_figure_is_called_a_profit_without_a_word_of_which() -> None:
    """Governor spec 18d."""
    names = [row.name for row in (*money_rows(grid_snapshot(0.0, money=MONEY)), *metric_rows(None, None))]
    names += [column.title for column in slot_columns()]
    assert [name for name in names if "rofit" in name] == []


def test_before_counting_began_no_money_is_shown() -> None:
    assert [row.value for row in money_rows(None)] == ["–"]
    assert [row.value for row in money_rows(grid_snapshot(0.0, money=GridMoney()))] == ["–"]


async def test_a_condition_is_shown_in_words_while_it_lasts(panel: Panel) -> None:
    page = panel.page("governor")
    assert not page.conditions.isVisible()
    page.conditions.show_conditions((OrderBelowMinimum(Decimal(2), Decimal("2.56"), Decimal("0.197")),))
    assert page.conditions.isVisible()
    assert page.conditions.text == (
        "Nothing trades: at 0.19700 an entry of $2.00 is less than the exchange takes, which is $2.56. "
        "Raise the order size."
    )
    page.conditions.show_conditions(())
    assert not page.conditions.isVisible()


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
