"""What is said of the master switch: stopped alone only when nothing of ours is known to rest (panel spec 9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.modes import AskedByPerson, Mode, ModeSnapshot, Switch
from engine.grid.messages import Stopping
from gui.switch_words import PATIENCE_S, SwitchWords, switch_words
from tests.gui.conftest import Panel
from tests.gui.scene import grid_snapshot

NOW_S = 1000.0


def standing(switch: Switch = Switch.STOPPED, mode: Mode = Mode.LIVE) -> ModeSnapshot:
    return ModeSnapshot(at_s=NOW_S, mode=mode, switch=switch, why=AskedByPerson("panel"), since_s=NOW_S)


def stopped(left: int, earlier: int = 0, *, after_s: float = 3.0, mode: Mode = Mode.LIVE) -> SwitchWords:
    stopping = Stopping(left, earlier, NOW_S, NOW_S + after_s + 0.3)
    known = grid_snapshot(NOW_S, open_orders=left, slots=(), stopping=stopping)
    return switch_words(standing(mode=mode), known, NOW_S + after_s)


@given(left=st.integers(0, 50), earlier=st.integers(0, 50), after_s=st.floats(0, 1e6))
def test_stopped_is_said_alone_only_when_no_order_is_left(left: int, earlier: int, after_s: float) -> None:
    said = stopped(left, earlier, after_s=after_s)
    assert (said.short == "Stopped") is (left + earlier == 0)
    assert said.unsettled is (left + earlier > 0)


def test_while_it_is_young_a_stop_says_how_many_are_left_since_when_and_when_it_tries_again() -> None:
    assert stopped(5).full == "Stopping: 5 orders still rest, for 3 s, next try in 0.3 s"
    assert stopped(1).short == "Stopping: 1 order still rests"


@pytest.mark.parametrize(("mode", "place"), [(Mode.LIVE, "Kraken"), (Mode.PAPER, "the paper exchange")])
def test_a_stop_that_lasts_says_where_the_orders_rest_and_what_a_person_can_do(mode: Mode, place: str) -> None:
    said = stopped(5, after_s=PATIENCE_S, mode=mode)
    assert said.short == f"Stopped; 5 orders still rest at {place}"
    assert "sign in at Kraken" in said.full


def test_orders_of_an_earlier_life_are_told_with_where_they_are_decided_on() -> None:
    said = stopped(0, 2)
    assert said.short == "Stopped; 2 orders of an earlier life still rest"
    assert said.advice == "Adopt or cancel them under “Waits for you”."


def test_before_the_grid_has_seen_the_stop_all_that_it_has_counts_as_left() -> None:
    assert switch_words(standing(), grid_snapshot(NOW_S), NOW_S).short == "Stopping: 12 orders still rest"


def test_where_no_grid_has_told_anything_it_is_said_that_nothing_is_known() -> None:
    said = switch_words(standing(), None, NOW_S)
    assert (said.short, said.unsettled) == ("Stopped; what rests is not known", True)


@pytest.mark.parametrize("switch", [Switch.RUNNING, Switch.PAUSED])
def test_any_other_position_is_said_as_it_is(switch: Switch) -> None:
    said = switch_words(standing(switch), grid_snapshot(NOW_S), NOW_S)
    assert (said.short, said.unsettled) == (switch.value.capitalize(), False)


async def test_header_title_and_overview_follow_a_stop_until_nothing_is_left(panel: Panel) -> None:
    panel.scene.mode = Mode.LIVE
    panel.scene.switch = Switch.STOPPED
    panel.scene.publish_mode()
    panel.scene.publish_stopping(5)
    header, grid = panel.window.header, panel.page("overview").grid
    assert header.switch.text == "Stopping: 5 orders still rest"
    assert panel.window.windowTitle() == "◆ LIVE · ■ Stopping: 5 orders still rest – Evenkeel"
    assert grid.sentence.startswith("Stopping: 5 orders still rest, for ")
    panel.scene.clock.advance(PATIENCE_S)
    panel.window.show_switch()
    assert header.switch.text == "Stopped; 5 orders still rest at Kraken"
    assert "sign in at Kraken" in panel.window.notices.text
    panel.scene.publish_stopping(0)
    assert header.switch.text == "Stopped"
    assert panel.window.notices.text == "Stopped: none of our orders rests any more."
    assert panel.window.windowTitle() == "◆ LIVE · ■ Stopped – Evenkeel"


async def test_the_resume_question_says_what_still_rests(panel: Panel, until) -> None:
    from gui.confirmations import ResumeDialog

    panel.scene.switch = Switch.STOPPED
    panel.scene.publish_mode()
    panel.scene.publish_stopping(2)
    panel.window.actions_table["switch.resume"].trigger()
    await until(lambda: panel.window.findChildren(ResumeDialog))
    (dialog,) = panel.window.findChildren(ResumeDialog)
    assert "2 orders still rest" in dialog.text.text()
    dialog.decline_button.click()
    await until(lambda: not panel.window.findChildren(ResumeDialog))
