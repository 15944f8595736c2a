"""Closing the window with orders on the book says so, with a choice (cases: LIVE, rehearsed)."""

from __future__ import annotations

import pytest

from engine.core.modes import Mode
from engine.desk.options import AtEnd, DeskOptions
from gui.closing import ClosingDialog, outlives_session
from tests.gui.conftest import Panel
from tests.gui.scene import grid_snapshot


async def closing(panel: Panel, until) -> tuple[ClosingDialog, list[bool]]:
    ended: list[bool] = []
    panel.window.closed.connect(lambda: ended.append(True))
    panel.scene.mode = Mode.LIVE
    panel.scene.publish_mode()
    panel.window.close()
    await until(lambda: panel.window.findChildren(ClosingDialog))
    (dialog,) = panel.window.findChildren(ClosingDialog)
    return dialog, ended


@pytest.mark.parametrize("choice", list(AtEnd))
async def test_live_ends_with_the_choice_that_a_person_makes_and_keeps_it(panel: Panel, choice: AtEnd, until) -> None:
    dialog, ended = await closing(panel, until)
    assert dialog.text.text() == "12 orders rest at Kraken: 6 entries, 6 exits."
    assert dialog.chosen is AtEnd.LEAVE
    dialog.choices[choice].click()
    dialog.agree_button.click()
    await until(lambda: ended)
    assert panel.context.configuration.settings.of(DeskOptions).at_end is choice


async def test_who_stays_is_asked_again_next_time(panel: Panel, until) -> None:
    dialog, ended = await closing(panel, until)
    panel.window.close()
    assert len(panel.window.findChildren(ClosingDialog)) == 1
    dialog.decline_button.click()
    await until(lambda: not panel.window.findChildren(ClosingDialog))
    assert ended == []
    panel.window.actions_table["app.quit"].trigger()
    await until(lambda: panel.window.findChildren(ClosingDialog))
    panel.window.findChildren(ClosingDialog)[0].decline_button.click()
    await until(lambda: not panel.window.findChildren(ClosingDialog))


async def test_with_nothing_on_the_book_it_ends_without_a_question(panel: Panel) -> None:
    ended: list[bool] = []
    panel.window.closed.connect(lambda: ended.append(True))
    panel.scene.mode = Mode.LIVE
    panel.scene.publish_mode()
    panel.bus.publish(grid_snapshot(panel.context.clock.now(), slots=(), open_orders=0))
    panel.window.close()
    assert ended == [True]


def test_a_paper_world_that_is_not_kept_ends_with_its_orders() -> None:
    assert not outlives_session(Mode.PAPER, paper_kept=False)
    assert outlives_session(Mode.PAPER, paper_kept=True)
    assert outlives_session(Mode.LIVE, paper_kept=False)
    assert not outlives_session(Mode.OBSERVE, paper_kept=True)
