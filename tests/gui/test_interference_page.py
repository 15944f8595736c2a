"""Somebody else acts on the account of a session that runs; the window says so, and a person ends it there.

Engines, exchange, sockets and window are the program's own (issue 13, "done when" 7).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from engine.core.troubles import TakeWay
from gui.governor.account import Account
from gui.happenings import HappenDialog
from gui.troubles.confirmation import WayDialog
from gui.troubles.waiting import Waiting, WaitingRow
from tests.gui.paper_session import PaperSession, paper_session

pytestmark = pytest.mark.qt_log_ignore(r"does not support (propagateSizeHints|raise)")

KEPT_PICTURE = "EVENKEEL_PICTURE"
"""Where the picture of an edited order is kept, for a person who wants to look at it."""


@pytest.fixture
async def session(tmp_path: Path, until) -> AsyncIterator[PaperSession]:
    async with paper_session(tmp_path / "profile") as session:
        await until(session.orders, within_s=20)
        yield session


def waiting(session: PaperSession, page: str = "overview") -> Waiting:
    shown: Waiting = session.page(page).waiting
    return shown


def rows(session: PaperSession, page: str = "overview") -> list[WaitingRow]:
    return [row for row in waiting(session, page).rows.values() if not row.over]


def button(session: PaperSession, word: str, page: str = "overview") -> QPushButton:
    return next(b for row in rows(session, page) for b in row.ways.values() if b.accessibleName().startswith(word))


def question(session: PaperSession) -> WayDialog | None:
    return next((dialog for dialog in session.window.findChildren(WayDialog) if dialog.isVisible()), None)


async def edited(session: PaperSession, until) -> None:
    """Somebody else makes a resting order larger, by hand, at the exchange."""
    await session.happen("amend:entry:+45%")
    await until(lambda: rows(session), within_s=20)


async def asked(session: PaperSession, word: str, until) -> WayDialog:
    button(session, word).click()
    await until(lambda: question(session))
    found = question(session)
    assert found is not None
    return found


async def test_an_order_that_is_edited_by_hand_is_said_and_resolved_by_one_way_out(
    session: PaperSession, until
) -> None:
    assert waiting(session).isHidden()
    await edited(session, until)
    (row,) = rows(session)
    assert row.words.startswith("Somebody else made an order of slot ")
    assert [b.text() for b in row.ways.values()] == ["Adopt…", "Leave it to me…", "Release slot…"]
    assert [shown.words for shown in rows(session, "governor")] == [row.words]
    session.page("overview")
    if KEPT_PICTURE in os.environ:
        session.window.grab().save(os.environ[KEPT_PICTURE])
    dialog = await asked(session, "Adopt", until)
    assert dialog.effect.text().startswith("Makes ")
    dialog.agree_button.click()
    await until(lambda: not rows(session), within_s=20)
    await until(lambda: session.window.notices.text.startswith("“Adopt”: done. Makes "))


async def test_a_way_out_that_is_not_agreed_to_changes_nothing(session: PaperSession, until) -> None:
    await edited(session, until)
    dialog = await asked(session, "Leave it to me", until)
    dialog.decline_button.click()
    await until(lambda: question(session) is None)
    assert len(rows(session)) == 1


async def test_a_way_out_is_reached_and_taken_by_keys_alone(session: PaperSession, until) -> None:
    await edited(session, until)
    session.page("settings")
    session.window.actions_table["overview.decide"].trigger()
    focus = session.window.focusWidget()
    assert session.window.page == "overview"
    assert focus is button(session, "Adopt")
    QTest.keyClick(focus, Qt.Key.Key_Return)
    await until(lambda: question(session))
    dialog = question(session)
    assert dialog is not None
    held = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", autorep=True)
    QApplication.sendEvent(dialog.agree_button, held)
    assert dialog.isVisible()
    QTest.keyClick(dialog.agree_button, Qt.Key.Key_Return)
    await until(lambda: not rows(session), within_s=20)


async def test_a_question_goes_when_what_it_asks_about_is_over(session: PaperSession, until) -> None:
    await edited(session, until)
    dialog = await asked(session, "Adopt", until)
    slot = rows(session)[0].trouble.ways[0].target
    await session.desk.bus.ask(TakeWay(verb="release", target=slot, where="terminal"))
    await until(lambda: dialog.withdrawn, within_s=20)
    await until(lambda: "things changed meanwhile" in session.window.notices.text)


async def test_a_row_that_is_over_keeps_its_place_while_the_keyboard_is_there(session: PaperSession, until) -> None:
    await edited(session, until)
    waiting(session).focus_first()
    (row,) = rows(session)
    slot = row.trouble.ways[0].target
    await session.desk.bus.ask(TakeWay(verb="adopt", target=slot, where="terminal"))
    await until(lambda: waiting(session).rows and row.over, within_s=20)
    assert row.words == "This waits no more."
    assert not waiting(session).isHidden()
    session.window.header.stop.setFocus()
    await until(lambda: waiting(session).isHidden())


async def test_a_stop_during_a_lockout_is_never_said_to_be_over_while_orders_rest(session: PaperSession, until) -> None:
    """Panel spec 9: what is shown is looked at with each change of it, against what the grid knows."""
    shown: set[str] = set()

    def looked(wanted: str) -> bool:
        text = session.window.header.switch.text
        shown.add(text)
        assert text != "Stopped" or session.grid.open_orders == 0
        return text.startswith(wanted)

    await session.happen("lockout:80s")
    session.page("overview").grid  # noqa: B018 - drawn
    session.window.header.stop.click()
    await until(lambda: looked("Stopping: "))
    await until(lambda: looked("Stopped; "), within_s=20)
    assert "still rest at the paper exchange" in session.window.header.switch.text
    assert "you would sign in at Kraken" in session.window.notices.text
    session.window.redraw.draw()
    assert "still rest at the paper exchange" in session.page("overview").grid.sentence
    await until(lambda: looked("Stopped") and session.window.header.switch.text == "Stopped", within_s=50)


def account(session: PaperSession) -> Account:
    page = session.page("governor")
    page.tables.setCurrentWidget(page.tables.account)
    shown: Account = page.tables.account
    return shown


async def test_a_person_is_somebody_else_from_the_window_and_cancels_what_that_one_placed(
    session: PaperSession, until
) -> None:
    session.window.actions_table["paper.happen"].trigger()
    await until(lambda: session.window.findChildren(HappenDialog))
    (dialog,) = session.window.findChildren(HappenDialog)
    dialog.field.setText("place:nothing")
    dialog.agree_button.click()
    await until(lambda: dialog.words.startswith("That cannot happen at the paper exchange: "))
    place = next(i for i in range(dialog.examples.count()) if "place:buy" in dialog.examples.item(i).text())
    dialog.examples.itemActivated.emit(dialog.examples.item(place))
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    await until(lambda: dialog.words.startswith("Happened last, at "))
    dialog.decline_button.click()

    await until(lambda: account(session).foreign.rows, within_s=20)
    shown = account(session)
    assert not shown.cancel_button.isEnabled()
    shown.table.selectRow(0)
    QTest.keyClick(shown.table, Qt.Key.Key_Return)
    await until(lambda: question(session))
    asked_about = question(session)
    assert asked_about is not None
    assert "It is not the grid's." in asked_about.text.text()
    asked_about.agree_button.click()
    await until(lambda: not account(session).foreign.rows, within_s=20)


async def test_an_order_of_another_size_shows_what_was_asked_for(session: PaperSession, until) -> None:
    await edited(session, until)
    tables = session.page("governor").tables
    model = tables.orders
    shown = [model.data(model.index(row, 5)) for row in range(model.rowCount())]
    assert [text.endswith(" asked") for text in shown].count(True) == 1
