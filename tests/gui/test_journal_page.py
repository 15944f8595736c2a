"""The journal page over a real journal file: what it lists, how it narrows, what explains a row, what is exported."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QTableView

from engine.core.journal import Batch, Fact, OutcomeRow
from engine.desk.journal_messages import ExportFormat, WorkState
from gui.journal.model import ENGINE, MOST_PAGES, NUMBERS, PAGE, STATE, WHAT, WHY
from gui.journal.names import figures
from gui.sentences.recorded import recorded_sentence
from gui.theme import DARK, LIGHT, apply_theme
from tests.gui.conftest import Panel
from tests.gui.journal_alone import Alone, alone
from tests.gui.journal_scene import PLAN, fill, intent
from tests.gui.scene import START_S

__all__ = ["alone"]
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
MANY = 20_000


async def explained(alone: Alone, wanted: str) -> str:
    """Choose the first row that is called so; what is explained then, as text."""
    at = (await alone.texts(WHAT)).index(wanted)
    page = alone.page
    page.table.selectRow(at)
    number = page.model.line(at).number
    await alone.until(lambda: page.explanation.row is not None and page.explanation.row.number == number)
    return page.explanation.as_text()


async def narrowed(alone: Alone, **chosen: str) -> list[str]:
    """Choose in the filter and wait for the list; what its rows are."""
    filters = alone.page.filters
    for name, value in chosen.items():
        box = getattr(filters, name)
        if isinstance(box, QComboBox):
            box.setCurrentIndex(box.findData(value))
        else:
            box.setText(value)
            box.returnPressed.emit()
    await alone.opened()
    return await alone.texts(WHAT)


async def test_every_row_says_when_who_what_how_it_stands_and_why(alone: Alone) -> None:
    await alone.scene.tell()
    await alone.opened(178)
    refused = await alone.here(3)
    assert refused[ENGINE] == "Grid"
    assert refused[WHAT] == "Sell (entry)"
    assert refused[NUMBERS] == "20.9 DOGE at 0.09910"
    assert refused[STATE] == "✕  Refused"
    assert refused[WHY].startswith("The price had moved, so the order would have taken liquidity")
    assert "Cycle entry of $2.00 (base $2.00, skew 0%)." in refused[WHY]
    assert [text[3:] for text in await alone.texts(STATE, 0, 5)] == [
        "On its way",
        "Held back",
        "Being looked up",
        "Refused",
        "Settled",
    ]


async def test_no_kind_of_row_is_left_without_words(alone: Alone) -> None:
    await alone.scene.tell()
    await alone.opened()
    for what, why in zip(await alone.texts(WHAT, 0, 178), await alone.texts(WHY, 0, 178), strict=True):
        assert "." not in what
        assert "_" not in what
        assert why
        assert "{" not in why


async def test_abandoned_inventory_and_its_working_off_have_their_lines(alone: Alone) -> None:
    """Governor spec 14."""
    position = {"quantity": "20", "cost_usd": "2", "fees_usd": "0.005", "opened_s": START_S}
    lot = {"trade": "B", "position": position, "at_s": START_S, "order_key": "s1.2B.exit.7"}
    trip = {"order_key": "s1.2A.entry.9", "position": position, "profit_usd": "-0.2", "evicted": False}
    facts = (
        Fact("grid", "abandoned", "s1.2B.exit.7", lot, START_S + 60),
        Fact("grid", "round_trip", "s1.2A.entry.9.0", {**trip, "worked_off": True}, START_S + 120),
    )
    await alone.scene.journal.commit(Batch(facts=facts))
    await alone.opened()
    assert await alone.texts(WHAT, 0, 2) == ["Round trip", "Inventory abandoned"]
    assert await alone.texts(NUMBERS, 0, 2) == ["−$0.2000", "20 DOGE traded for $2.0000"]
    assert await alone.texts(WHY, 0, 2) == [
        "s1.2A.entry.9 worked abandoned inventory off that had been open for 2 min 00 s.",
        "Recovery order s1.2B.exit.7 was given up.",
    ]


async def test_an_order_is_explained_by_its_rule_and_its_price_held_against_its_fills(alone: Alone) -> None:
    await alone.scene.tell()
    await alone.opened()
    text = await explained(alone, "Sell (exit)")
    assert "Exit of an entry at 0.09740, 1% away." in text
    assert "revision 3 of the options" in text
    assert "answered after 340 ms" in text
    assert "round trip after 20 s" in text
    assert "Price: 0.09837 / 0.09837 (0.0%)" in text
    assert "Fee: – / $0.0065 (–)" in text
    assert "Our id of the order: d6088762-b970" in text


async def test_a_plan_is_explained_with_what_its_gas_and_swaps_came_to(alone: Alone) -> None:
    await alone.scene.tell()
    await alone.opened()
    text = await explained(alone, "Sign a plan")
    assert "Gas: $11.45 / $12.94 (+13.1%)" in text
    assert "WETH → USDC: $11,917.69 / $11,901.69 (−0.1%)" in text
    assert "WETH → USDC, at least (base units): 11,798,509,987 / 11,901,686,856" in text
    assert "rebalance after 20 s" in text
    assert "Send a transaction" in text


async def test_a_batch_is_explained_with_its_gas_and_the_fees_that_were_taken_and_paid(alone: Alone) -> None:
    await alone.scene.tell()
    await alone.opened()
    text = await explained(alone, "Batch")
    assert "Gas used: 136,014 / 135,990 (0.0%)" in text
    assert "Gas taken from users, and paid: $17.48 / $5.07" in text
    assert "Sign a batch" in text


async def test_what_limits_a_reason_names_stand_by_themselves(alone: Alone) -> None:
    reason = {"code": "hub.gas_above_cap", "gas_price_gwei": "91", "cap_gwei": "80"}
    await alone.scene.journal.commit(Batch(intents=(intent("hub/x/1/y/seal", "hub.sign", {}, reason, engine="hub"),)))
    await alone.opened()
    text = await explained(alone, "Sign a batch")
    assert "Gas costs 91 gwei, above the 80 gwei that the hub pays." in text
    assert text.split("Limits\n")[1].startswith("Cap gwei: 80")


async def test_each_filter_narrows_the_list_and_one_button_takes_all_of_them_back(alone: Alone) -> None:
    await alone.scene.tell()
    await alone.opened()
    assert set(await narrowed(alone, engine="hub")) == {"Batch", "Sign a batch"}
    assert await narrowed(alone, kind="batch") == ["Batch"]
    assert await narrowed(alone, state="rejected") == []
    assert not alone.page.empty.isHidden()
    assert "Nothing in the journal fits this filter" in alone.page.empty.text()
    assert set(await narrowed(alone, engine="grid", kind="", state="rejected")) == {"Sell (entry)"}
    alone.page.filters.clear()
    await alone.opened(178)
    assert await narrowed(alone, text="dk2wrw") != []
    assert await narrowed(alone, text="post only") == ["Sell (entry)"]


async def test_the_kinds_on_offer_are_those_of_the_chosen_engine(alone: Alone) -> None:
    filters = alone.page.filters
    filters.engine.setCurrentIndex(filters.engine.findData("governor"))
    assert [filters.kind.itemText(at) for at in range(filters.kind.count())] == ["Every kind", "Governor's update"]


async def test_a_span_of_time_ends_now_by_the_session_s_clock(alone: Alone) -> None:
    await alone.scene.many(1_000)
    await alone.opened(1_000)
    filters = alone.page.filters
    filters.period.setCurrentIndex(filters.period.findData(3600.0))
    await alone.opened(0)
    filters.period.setCurrentIndex(filters.period.findData(86_400.0))
    await alone.opened(1_000)


async def test_twenty_thousand_rows_are_open_at_once_and_few_of_them_in_memory(alone: Alone) -> None:
    await alone.scene.many(MANY)
    page = await alone.opened(MANY)
    bar = page.table.verticalScrollBar()
    assert bar.maximum() > MANY * page.table.row_px * 0.9
    for row in (MANY // 2, MANY - 1):
        page.table.scrollTo(page.model.index(row, 0))
        assert (await alone.here(row))[NUMBERS] == "26.7 DOGE at 0.09722, fee $0.0065"
    for row in range(0, MANY, PAGE):
        await alone.here(row)
    assert page.model.pages <= MOST_PAGES


async def test_pages_are_the_rows_that_they_stand_for(alone: Alone) -> None:
    await alone.scene.many(MANY)
    await alone.opened(MANY)
    for row in (0, 1, PAGE - 1, PAGE, 7_777, MANY - 1):
        await alone.here(row)
        line = alone.page.model.line(row)
        assert line is not None
        assert line.why == f"Of order k0.{MANY - 1 - row}."


async def follow(alone: Alone, count: int) -> None:
    """Beats of the page until so many rows are listed."""

    def listed() -> bool:
        alone.page.source.follow()
        return alone.page.model.rowCount() == count

    await alone.until(listed)


async def test_what_is_recorded_while_the_top_is_in_sight_appears_there(alone: Alone) -> None:
    await alone.scene.many(1_000)
    page = await alone.opened(1_000)
    await alone.scene.journal.commit(Batch(facts=(fill("new", 1, START_S), fill("newer", 2, START_S + 1))))
    await follow(alone, 1_002)
    assert await alone.texts(WHY, 0, 3) == ["Of order newer.", "Of order new.", "Of order k0.999."]
    assert page.table.at_top
    assert page.newest_button.isHidden()


async def test_what_is_recorded_while_older_rows_are_read_does_not_move_them(alone: Alone) -> None:
    await alone.scene.many(1_000)
    page = await alone.opened(1_000)
    page.table.verticalScrollBar().setValue(500 * page.table.row_px)
    at = page.table.rowAt(0)
    before = (await alone.here(at))[WHY]
    await alone.scene.journal.commit(Batch(facts=tuple(fill(f"n{at}", at, START_S + at) for at in range(7))))
    await follow(alone, 1_007)
    assert (await alone.here(page.table.rowAt(0)))[WHY] == before
    assert page.newest_button.text() == "7 new above"
    page.to_newest()
    assert (await alone.here(page.table.rowAt(0)))[WHY] == "Of order n6."
    assert page.newest_button.isHidden()


async def test_the_chosen_row_stays_chosen_when_others_come_in_above_it(alone: Alone) -> None:
    await alone.scene.many(300)
    page = await alone.opened(300)
    page.table.selectRow(5)
    await alone.scene.journal.commit(Batch(facts=(fill("new", 1, START_S),)))
    await follow(alone, 301)
    assert page.table.currentIndex().row() == 6
    assert (await alone.here(6))[WHY] == "Of order k0.294."


async def test_an_outcome_is_shown_when_it_is_recorded(alone: Alone) -> None:
    order = intent("k1.1B.entry.1", "place_order", {"side": "buy"}, {"code": "entry"})
    await alone.scene.journal.commit(Batch(intents=(order,)))
    page = await alone.opened(1)
    assert (await alone.here(0))[STATE] == "◌  On its way"
    await alone.scene.journal.commit(Batch(outcomes=(OutcomeRow(order.key, "delivered", {"answer": None}, START_S),)))

    def done() -> bool:
        page.source.follow()
        return str(page.model.index(0, STATE).data()) == "✓  Done"

    await alone.until(done)


async def test_the_list_is_exported_as_it_is_filtered_without_holding_anything_up(alone: Alone, tmp_path: Path) -> None:
    await alone.scene.tell()
    await alone.opened()
    await narrowed(alone, engine="drift")
    page = alone.page
    page.export()
    assert page.dialog is not None
    assert page.dialog.isVisible()
    path = tmp_path / "out.json"
    page.dialog.picked.emit(str(path), ExportFormat.JSON)
    page.dialog.reject()
    await alone.until(lambda: "rows were written" in alone.shell.notices.text)
    rows = json.loads(await asyncio.to_thread(path.read_text, "utf-8"))
    assert [row["kind"] for row in rows] == ["rebalance", "drift.sign"]
    assert page.dialog is None
    assert page.export_line.isHidden()


async def test_an_export_shows_how_far_it_is_and_can_be_cancelled(alone: Alone, tmp_path: Path) -> None:
    await alone.scene.many(MANY)
    page = await alone.opened(MANY)
    page._export_to(str(tmp_path / "out.csv"), ExportFormat.CSV)
    await alone.until(lambda: not page.export_line.isHidden())
    assert "rows written to out.csv" in page.export_line.text.text()
    assert not page.export_button.isEnabled()
    page.export_line.cancel_button.click()
    await alone.until(lambda: "was cancelled" in alone.shell.notices.text)
    assert page.export_button.isEnabled()
    assert not (tmp_path / "out.csv").exists()


async def test_a_row_is_copied_as_text_and_as_json_with_what_belongs_to_it(alone: Alone) -> None:
    await alone.scene.tell()
    page = await alone.opened()
    text = await explained(alone, "Sign a plan")
    page.explanation.copy_text()
    assert QGuiApplication.clipboard().text() == text
    page.explanation.copy_json()
    copied = json.loads(QGuiApplication.clipboard().text())
    assert copied["key"] == f"{PLAN}/main/sign"
    assert [row["kind"] for row in copied["related"]] == ["chain.broadcast.drift", "rebalance"]
    assert copied["related"][0]["payload"]["raw"] == "[redacted]"


async def test_a_row_that_belongs_to_another_is_opened_from_it(alone: Alone) -> None:
    await alone.scene.tell()
    page = await alone.opened()
    await explained(alone, "Sign a plan")
    rebalance = page.explanation.related[1].number
    page.explanation.picked.emit(rebalance)
    await alone.until(lambda: page.explanation.row is not None and page.explanation.row.number == rebalance)


async def test_an_empty_journal_says_what_will_be_there(alone: Alone) -> None:
    page = await alone.opened(0)
    assert "Nothing is recorded yet" in page.empty.text()
    assert not page.empty.isHidden()
    assert page.table.isHidden()


async def test_a_journal_that_cannot_be_read_says_so_and_can_be_asked_again(alone: Alone) -> None:
    page = alone.page
    file = alone.scene.journal.path
    reader = alone.scene.desk._reader
    reader.path = file.with_name("elsewhere") / "none.sqlite"
    page.redraw()
    await alone.until(lambda: page.source.state is WorkState.FAILED)
    assert "The journal cannot be read just now" in page.empty.text()
    reader.path = file
    page.refresh()
    await alone.until(lambda: page.source.state is WorkState.DONE)


async def test_everything_that_can_be_used_has_a_name_that_can_be_read_out(alone: Alone) -> None:
    await alone.scene.tell()
    page = await alone.opened()
    for kind in (QAbstractButton, QComboBox, QLineEdit, QTableView):
        for widget in page.findChildren(kind):
            if widget.objectName().startswith("qt_") or not widget.isVisible():
                continue
            assert widget.accessibleName() or getattr(widget, "text", str)(), repr(widget)


async def test_the_look_of_a_state_follows_the_theme(alone: Alone) -> None:
    await alone.scene.tell()
    page = await alone.opened()
    colours = set()
    for theme in (DARK, LIGHT):
        apply_theme(theme)
        colours.add(page.model.index(3, STATE).data(Qt.ItemDataRole.ForegroundRole).name())
    assert len(colours) == 2


async def test_the_page_is_one_key_away_and_its_actions_are_bound(panel: Panel, tmp_path: Path) -> None:
    window = panel.window
    window.actions_table["page.journal"].trigger()
    assert window.page == "journal"
    window.show_page("overview")
    window.actions_table["journal.find"].trigger()
    assert window.page == "journal"
    page = window.page_widget("journal")
    assert window.focusWidget() is page.filters.text


def test_a_reason_of_the_journal_gets_the_words_of_a_fresh_one() -> None:
    assert recorded_sentence({"code": "exit", "entry_price": "0.0972224", "profit_pct": "1.0"}) == (
        "Exit of an entry at 0.09722, 1% away."
    )
    nested = {"code": "drift.held_at_gate", "cause": {"code": "mode_holds", "mode": "observe"}}
    assert recorded_sentence(nested) == "Held back: Nothing leaves in mode Observe."


def test_a_reason_that_an_older_program_recorded_without_a_field_is_still_said() -> None:
    said = recorded_sentence({"code": "governor.neutral_band", "smoothed_error": 0.02})
    assert said == "The smoothed error (+2.0 points) is inside the neutral band; both sides at base size."
    assert recorded_sentence({"code": "of_a_later_program", "n": 3}) == "of_a_later_program (n: 3)"
    assert recorded_sentence(None) == ""


def test_figures_carry_their_units_and_what_is_nested_its_place() -> None:
    rows = figures({"price": "0.0972", "deadline_s": START_S, "order": {"pushes": [{"amount": 5_000}]}, "maker": True})
    assert [(row.name, row.text) for row in rows[:1]] == [("Price (USD per DOGE)", "0.09720")]
    assert rows[2].name == "Order · pushes 1 · amount"
    assert rows[2].text == "5,000"
    assert rows[3].text == "yes"


def test_a_row_with_very_many_figures_says_how_many_more_there_are() -> None:
    rows = figures({"pushes": [{"amount": at} for at in range(100)]})
    assert len(rows) == 61
    assert rows[-1].text == "40 more; copy the row as JSON to see all"
