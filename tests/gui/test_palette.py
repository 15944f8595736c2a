"""Everything is found by typing and used by keys alone (issue 6; style page, "A page of the panel")."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.core.modes import Stop
from gui.palette.entries import Entry, found
from tests.gui.conftest import Panel


def opened(panel: Panel):  # type: ignore[no-untyped-def]
    panel.window.activateWindow()
    QTest.keyClick(panel.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert panel.window.shell.palette.isVisible()
    return panel.window.shell.palette


def typed(panel: Panel, words: str) -> list[Entry]:
    palette = panel.window.shell.palette
    QTest.keyClicks(palette.field, words)
    return list(palette.found.entries)


def entry(title: str, detail: str = "", why_not: str = "") -> Entry:
    return Entry("Action", title, detail, "search", lambda: None, why_not=why_not)


def test_a_title_that_begins_so_stands_first_and_what_cannot_be_used_last() -> None:
    entries = [entry("Undo", "stop it"), entry("The stop"), entry("Stop all", why_not="no"), entry("Stop")]
    assert [one.title for one in found(entries, "STOP")] == ["Stop", "Stop all", "The stop", "Undo"]
    assert found(entries, "stop nothing") == []


async def test_an_action_is_found_and_used_without_a_mouse(panel: Panel, until) -> None:
    palette = opened(panel)
    assert palette.field.hasFocus()
    assert typed(panel, "stop")[0].title == "Stop"
    assert palette.chosen.keys == "F12"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    await until(lambda: panel.scene.asked)
    assert panel.scene.asked == [Stop(where="panel")]
    assert not palette.isVisible()


async def test_an_action_that_cannot_be_used_says_why_and_stays_open(panel: Panel) -> None:
    palette = opened(panel)
    assert typed(panel, "resume")[0].title == "Resume"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.said.text() == "Resume cannot be used now. The engines are running already."
    assert palette.isVisible()
    assert panel.scene.asked == []


async def test_an_option_is_found_and_its_field_gets_the_cursor(panel: Panel) -> None:
    opened(panel)
    first = typed(panel, "daily loss")[0]
    assert (first.title, first.group) == ("grid.daily_loss_usd", "Setting")
    QTest.keyClick(panel.window.shell.palette.field, Qt.Key.Key_Return)
    assert panel.window.page == "settings"
    row = panel.window.page_widget("settings").form.rows["grid.daily_loss_usd"]
    assert row.editor.field.hasFocus()
    assert row.isVisible()


async def test_a_page_is_found(panel: Panel) -> None:
    palette = opened(panel)
    typed(panel, "keyring")
    assert palette.chosen.title == "Keys"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert panel.window.page == "keys"


async def test_what_was_said_before_is_found_and_said_again(panel: Panel) -> None:
    panel.window.notices.warn("The disk is nearly full.")
    panel.window.notices.done("Something else.")
    opened(panel)
    assert typed(panel, "disk nearly")[0].title == "The disk is nearly full."
    QTest.keyClick(panel.window.shell.palette.field, Qt.Key.Key_Return)
    assert panel.window.notices.text == "The disk is nearly full."


async def test_arrows_move_the_choice_and_escape_gives_the_focus_back(panel: Panel) -> None:
    page = panel.page("settings")
    panel.window.activateWindow()
    page.search.setFocus()
    palette = opened(panel)
    first = palette.chosen
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.chosen is not first
    QTest.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.chosen is first
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert page.search.hasFocus()


async def test_stop_stays_one_key_away_while_it_is_open(panel: Panel, until) -> None:
    """Panel spec 9."""
    palette = opened(panel)
    QTest.keyClick(palette.field, Qt.Key.Key_F12)
    await until(lambda: panel.scene.asked)
    assert panel.scene.asked == [Stop(where="panel")]


async def test_nothing_found_is_said(panel: Panel) -> None:
    palette = opened(panel)
    typed(panel, "xyzzy")
    assert palette.said.text() == "Nothing has these words."
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
