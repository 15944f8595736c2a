"""The hub page shows what the engine told, live (panel spec 4, 9, 11, 14 to 16)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea, QWidget

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.messages import Acknowledged, Refused
from engine.core.supervisor import EngineSnapshot, EngineState
from engine.hub.messages import (
    AnotherSigner,
    AuditHub,
    BatchEnded,
    ChainNotReady,
    ChainSilent,
    PricesHold,
    ResumeHub,
    StopHub,
)
from engine.hub.telling import nothing_seen
from gui.dialogs import Dialog
from gui.hub.known import RECORDS_KEPT, KnownHub
from gui.sentences.events import event_sentence
from gui.theme import DARK, LIGHT, Theme, Tone, apply_theme
from tests.gui.conftest import Panel
from tests.gui.hub_alone import Alone, cells, figures
from tests.gui.hub_alone import alone as alone
from tests.gui.hub_alone import hub as hub
from tests.gui.hub_scene import HubScene, crowd, gas_view, record, user
from tests.gui.scene import START_S

Until = Callable[..., Awaitable[None]]
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


async def test_before_a_word_from_the_engine_every_part_says_so_and_nothing_can_be_asked(alone: Alone) -> None:
    page = alone.draw()
    assert page.line.state.text == "Not running"
    assert "told nothing in this session" in page.line.words.text()
    assert "no soft limit" in page.gas.figures.words.text()
    assert page.queue.window_words.text() == "The engine has told nothing of its queue yet."
    assert page.settlements.about.text().startswith("No batch has ended yet")
    assert page.pulls.words.text() == "The engine has told nothing of pulls yet."
    assert page.tokens.words.text() == "The engine has told no token yet."
    assert set(figures(page.revenue.money).values()) == {"–"}
    assert not page.line.switch_button.isEnabled()
    assert not page.line.copy_button.isEnabled()
    assert not page.fees.ask_button.isEnabled()


async def test_a_hub_without_a_place_to_work_at_says_what_is_missing(alone: Alone) -> None:
    alone.hub.bus.publish(nothing_seen(ChainNotReady("the address of a node is missing"), START_S))
    page = alone.draw()
    assert page.line.state.text == "In trouble"
    assert page.line.words.text() == "There is no chain to work on: the address of a node is missing."
    assert page.queue.window_words.text() == "The engine has told nothing of its queue yet."
    assert not page.queue.bar.isVisible()


async def test_gas_price_and_soft_limit_stand_beside_each_other_and_in_two_curves(alone: Alone) -> None:
    """Panel spec 4."""
    alone.hub.tell_snapshot(START_S - 60, gas=gas_view(Decimal(10), START_S, Decimal(10), START_S - 60))
    alone.hub.tell_snapshot(gas=gas_view(Decimal("12.5"), START_S, Decimal(10), START_S - 60))
    gas = alone.draw().gas
    assert gas.figures.price.accessibleName() == "Gas price now: 12.5 gwei"
    assert gas.figures.limit.accessibleName() == "Soft limit: $525.00"
    assert [curve.series.latest.value for curve in gas.price._curves.values()] == [12.5]
    assert [curve.series.latest.value for curve in gas.limit._curves.values()] == [525.0, 525.0]
    assert gas.price.stretch == pytest.approx(gas.limit.stretch)
    assert "Gas price: last 12.50 gwei" in gas.price.describe()


async def test_both_plots_are_read_as_tables_too(alone: Alone) -> None:
    """Panel spec 15."""
    alone.hub.tell()
    alone.draw("readings")
    table = alone.shell.page.gas.limit.as_table()
    assert table.headers == ("Time", "Soft limit (USD)", "Effective minimum (USD)", "What happened")
    assert len(table.rows) > 50
    assert alone.shell.page.readings._model.rowCount() > 50


async def test_the_countdown_to_the_next_limit_runs_on_between_two_words_of_the_engine(alone: Alone) -> None:
    alone.hub.tell_snapshot()
    again = alone.draw().gas.figures.again
    assert again.accessibleName() == "Set anew: in 4 min 00 s"
    alone.later(30)
    alone.draw()
    assert again.accessibleName() == "Set anew: in 3 min 30 s"
    alone.later(600)
    alone.draw()
    assert again.accessibleName() == "Set anew: due now"


async def test_where_gas_stops_everybody_it_is_said_with_the_price_at_which_it_resumes(alone: Alone) -> None:
    """Hub spec 9."""
    alone.hub.tell_snapshot(gas=gas_view(Decimal(200), START_S, Decimal(200), START_S), in_flight=None)
    page = alone.draw()
    assert "It resumes at 190.47 gwei." in page.gas.figures.words.text()
    assert page.gas.figures.words.property("tone") == Tone.DANGER.value
    assert page.line.state.text == "Waiting"
    assert "Gas stops everybody" in page.line.words.text()
    assert page.queue.window_words.text().startswith("No batch goes now")


async def test_a_limit_that_is_held_says_why(alone: Alone) -> None:
    """Hub spec 8: a stale native price holds the last limit and says so."""
    held = gas_view(Decimal(10), START_S, Decimal(10), START_S - 900, PricesHold(1000.0, 900.0))
    alone.hub.tell_snapshot(gas=held)
    figures_ = alone.draw().gas.figures
    assert figures_.words.text() == (
        "The price of the native coin is 16 min 40 s old (limit 15 min 00 s): the soft limit is held where it was."
    )
    assert figures_.words.property("tone") == Tone.DAMPED.value


@pytest.mark.parametrize(
    ("changes", "word", "said"),
    [
        ({}, "Working", "Batch 52 is under way: pushes 3 ($3,561.00), pulls 1. In block 19204880"),
        ({"in_flight": None}, "Waiting", "Waiting: 8 of the 10 that send a batch at once, the oldest 7 s."),
        ({"in_flight": None, "queue": ()}, "Waiting", "Nobody waits. The next request opens a window of 10 s."),
        ({"stopped": True, "in_flight": None}, "Stopped", "Nothing is accepted or sent until a person resumes"),
        ({"trouble": ChainSilent("no route")}, "In trouble", "The node does not answer as expected (no route)"),
        ({"stopped": True, "trouble": AnotherSigner(7)}, "Stopped", "somebody else has the hub's key"),
    ],
)
async def test_the_state_is_a_word_and_a_sentence(
    alone: Alone, changes: dict[str, object], word: str, said: str
) -> None:
    alone.hub.tell_snapshot(**changes)
    line = alone.draw().line
    assert line.state.text == word
    assert said in line.words.text()
    assert line.accessibleDescription() == f"{word}. {line.words.text()}"


async def test_how_long_the_engine_was_silent_is_shown(alone: Alone) -> None:
    alone.hub.tell_snapshot()
    alone.later(95)
    line = alone.draw().line
    assert line.heard.accessibleName() == "Heard: 1 min 35 s ago"
    assert line.age.accessibleName() == "Block's age: 1 min 38 s"


async def test_the_address_for_wallets_is_copied_and_gone_when_there_is_none(alone: Alone) -> None:
    alone.hub.tell_snapshot()
    line = alone.draw().line
    line.copy_button.click()
    assert QGuiApplication.clipboard().text() == line.address.text() == "http://127.0.0.1:8651"
    alone.hub.tell_snapshot(http_port=None)
    alone.draw()
    assert not line.copy_button.isEnabled()
    assert line.address.text() == "Wallets cannot reach the hub now."


async def test_the_switch_shows_only_what_the_engine_acknowledged(alone: Alone, until: Until) -> None:
    answer = asyncio.Event()

    async def slow(command: StopHub) -> Acknowledged:
        await answer.wait()
        alone.hub.tell_snapshot(stopped=True)
        return Acknowledged()

    alone.hub.bus._handlers[StopHub] = slow
    alone.hub.tell_snapshot()
    line = alone.draw().line
    line.switch_button.click()
    await until(lambda: line.answer.text() == "Asked for; not acknowledged yet.")
    alone.draw()
    assert (line.state.text, line.switch_button.text()) == ("Working", "Stop hub")
    assert not line.switch_button.isEnabled()
    answer.set()
    await until(lambda: line.answer.text().startswith("✓ The engine has stopped the hub."))
    alone.draw()
    assert (line.state.text, line.switch_button.text()) == ("Stopped", "Resume hub…")


async def test_a_stop_that_is_refused_says_why_and_can_be_asked_again(alone: Alone, until: Until) -> None:
    async def refuse(command: StopHub) -> Refused:
        return Refused(ChainSilent("no route"))

    alone.hub.bus._handlers[StopHub] = refuse
    alone.hub.tell_snapshot()
    line = alone.draw().line
    line.switch_button.click()
    await until(lambda: line.answer.text().startswith("✕ Refused. The node does not answer"))
    assert line.switch_button.isEnabled()


async def test_an_answer_that_does_not_come_is_said(
    alone: Alone, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(command: StopHub) -> Acknowledged:
        await asyncio.Event().wait()
        return Acknowledged()

    monkeypatch.setattr("gui.pages.hub.ANSWER_WITHIN_S", 0.01)
    alone.hub.bus._handlers[StopHub] = silent
    alone.hub.tell_snapshot()
    page = alone.draw()
    page.stop()
    await until(lambda: "StopHub was not answered within 0.01 s." in alone.shell.notices.text)
    assert page.line.switch_button.isEnabled()
    assert page.line.answer.text() == ""


async def test_the_hub_is_resumed_only_when_a_person_agrees(alone: Alone, until: Until) -> None:
    """Panel spec 9 and 11."""
    alone.hub.stopped = True
    alone.hub.tell_snapshot()
    page = alone.draw()
    for agree, asked in ((False, []), (True, [ResumeHub()])):
        page.line.switch_button.click()
        page.resume()
        await until(lambda: alone.shell.findChildren(Dialog))
        (dialog,) = alone.shell.findChildren(Dialog)
        (dialog.agree_button if agree else dialog.decline_button).click()
        await until(lambda: not alone.shell.findChildren(Dialog))
        await until(lambda asked=asked: alone.hub.asked == asked)
    alone.draw()
    assert page.line.switch_button.text() == "Stop hub"


async def test_the_queue_is_told_with_place_fees_age_and_reason(alone: Alone) -> None:
    alone.hub.tell_snapshot()
    queue = alone.draw().queue
    assert cells(queue.requests, 0) == [
        "1",
        f"{user(1)[:8]}…{user(1)[-6:]}",
        "9,000 USDC",
        "96.3",
        "9,096.3",
        "7 s",
        "Window: pending 7 s of 10 s; 2 more send the batch at once.",
    ]
    assert cells(queue.requests, 5)[6].startswith("Waits for signature: pulls of 1.4")
    tip = queue.requests.index(0, 3).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "Hub fee 90, gas 5.25, buffer 1.05"
    assert queue.requests.index(0, 1).data(Qt.ItemDataRole.ToolTipRole) == user(1)


async def test_ages_and_the_window_run_on_and_change_nothing_else(alone: Alone) -> None:
    alone.hub.tell_snapshot(in_flight=None)
    queue = alone.draw().queue
    assert queue.window_words.text().startswith("The batch goes in 3 s; 8 of the 10 that send it at once")
    assert queue.bar.value() == 700
    changed: list[tuple[int, int]] = []
    queue.requests.dataChanged.connect(lambda first, last, _=None: changed.append((first.column(), last.column())))
    alone.later(2)
    alone.draw()
    assert cells(queue.requests, 0)[5] == "9 s"
    assert changed == [(5, 5)]
    assert queue.bar.value() == 900
    alone.later(2)
    alone.draw()
    assert queue.window_words.text().startswith("The window has ended;")


async def test_after_the_window_the_next_batch_waits_for_the_one_under_way(alone: Alone) -> None:
    alone.hub.tell_snapshot()
    alone.later(20)
    queue = alone.draw().queue
    assert queue.window_words.text().startswith("The next batch goes after the one under way;")
    assert queue.in_flight.text().startswith("Batch 52 is under way")


async def test_a_full_queue_keeps_its_selection_while_places_change(alone: Alone) -> None:
    rows = crowd(START_S)
    alone.hub.tell_snapshot(queue=rows, queue_length=1234)
    page = alone.draw()
    page.queue.view.selectRow(17)
    chosen = page.queue.chosen
    widgets = len(page.findChildren(QWidget))
    alone.hub.tell_snapshot(queue=tuple(reversed(rows[10:])), queue_length=1224)
    alone.draw()
    assert page.queue.chosen == chosen
    assert page.queue.more.text() == "The first 190 of 1,224 are shown."
    assert len(page.findChildren(QWidget)) == widgets


async def test_a_request_that_is_gone_is_shown_no_more(alone: Alone) -> None:
    alone.hub.tell_snapshot()
    page = alone.draw()
    page.queue.view.selectRow(0)
    alone.hub.tell_snapshot(queue=())
    page = alone.draw("fees")
    assert page.queue.chosen is None
    assert not page.queue.chosen_words.isVisible()
    assert page.fees.waiting.values["total"].text() == "–"


async def test_the_overview_has_a_card_of_the_hub_and_its_alerts(panel: Panel, hub: HubScene, until: Until) -> None:
    """Panel spec 1."""
    hub.tell()
    await until(lambda: panel.page("overview")._hub.last_action is not None)
    await until(lambda: any("Batch 45 failed" in event_sentence(one.event) for one in panel.window.model.alerts))
    card = panel.page("overview").hub
    assert card.state.text == "Working"
    assert card._figures[2].accessibleName() == "Waiting: 8"
    assert "Batch 52 sent" in card._last.text()


async def test_a_crash_of_the_engine_is_said_on_page_and_card(panel: Panel, hub: HubScene) -> None:
    hub.tell_snapshot()
    state = EngineSnapshot(at_s=START_S, engine="hub", state=EngineState.RESTARTING, crashes=1, last_error="OSError")
    panel.bus.publish(state)
    line = panel.page("hub").line
    assert line.state.text == "Restarting"
    assert "crashed (OSError)" in line.words.text()
    assert panel.page("overview").hub.state.text == "Restarting"


async def test_out_of_sight_the_page_draws_nothing(panel: Panel, hub: HubScene) -> None:
    """Panel spec 14."""
    page = panel.page("hub")
    panel.page("overview")
    hub.tell_snapshot()
    panel.window.redraw.draw()
    assert page.queue.requests.rows == ()
    panel.page("hub")
    assert len(page.queue.requests.rows) == 8


CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
CTRL_ALT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


async def test_what_can_be_done_here_has_a_key_on_every_page(panel: Panel, hub: HubScene, until: Until) -> None:
    """Panel spec 15."""
    hub.tell_snapshot()
    page = panel.page("hub")

    def press(key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
        panel.window.show_page("overview")
        panel.window.activateWindow()
        QTest.keyClick(panel.window, key, modifiers)
        assert panel.window.page == "hub"

    press(Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    press(Qt.Key.Key_C, CTRL_SHIFT)
    assert QGuiApplication.clipboard().text() == "http://127.0.0.1:8651"
    press(Qt.Key.Key_E, CTRL_SHIFT)
    assert panel.window.focusWidget() is page.fees.amount
    press(Qt.Key.Key_H, CTRL_ALT)
    assert "not stopped" in panel.window.notices.text
    press(Qt.Key.Key_H, CTRL_SHIFT)
    await until(lambda: hub.asked == [StopHub()])
    press(Qt.Key.Key_A, CTRL_SHIFT)
    await until(lambda: hub.asked == [StopHub(), AuditHub()])


@pytest.mark.parametrize("size", [(1068, 790), (746, 530)])
async def test_nothing_on_the_page_is_cut(alone: Alone, size: tuple[int, int]) -> None:
    """Panel spec 15: 200 % on a full-HD screen leaves 960 by 540 for the window, the column at the left included."""
    alone.shell.resize(*size)
    alone.hub.tell_snapshot(gas=gas_view(Decimal("190.4"), START_S, Decimal("190.4"), START_S))
    page = alone.draw()
    page.queue.view.selectRow(1)
    for at in range(page.tabs.count()):
        page.tabs.setCurrentIndex(at)
        await asyncio.sleep(0.02)
        alone.draw()
        for part in (page.line, page.gas, page.gas.figures, page.tabs.currentWidget()):
            least = part.layout().minimumSize()
            assert (part.width() >= least.width(), part.height() >= least.height()) == (True, True), (at, part)
        bars = [area.horizontalScrollBar() for area in (page, *page.findChildren(QScrollArea))]
        assert [bar.maximum() for bar in bars if bar.maximum() > 0] == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
async def test_what_asks_for_attention_has_the_colour_of_the_theme(alone: Alone, theme: Theme) -> None:
    """Panel spec 15."""
    apply_theme(theme)
    alone.hub.tell_snapshot(gas=gas_view(Decimal(200), START_S, Decimal(200), START_S))
    words = alone.draw().gas.figures.words
    assert words.palette().color(words.foregroundRole()) == QColor(theme.tones[Tone.DANGER].text)


def test_what_is_known_of_many_batches_stays_bounded_and_keeps_the_newest() -> None:
    bus = Bus()
    known = KnownHub(bus)
    one = record(1, START_S)
    known.take([BatchEnded(at_s=0.0, record=replace(one, nonce=at, at_s=float(at))) for at in range(RECORDS_KEPT + 20)])
    assert len(known.records) == RECORDS_KEPT
    assert known.records[0].nonce == RECORDS_KEPT + 19
    known.close()
    assert bus._readers == []


def test_a_panel_that_comes_later_finds_what_was_told_before() -> None:
    bus = Bus()
    told = HubScene(bus, ManualClock(START_S)).tell_snapshot()
    bus.publish(EngineSnapshot(at_s=START_S, engine="hub", state=EngineState.RUNNING, crashes=0, last_error=""))
    known = KnownHub(bus)
    assert known.snapshot == told
    assert known.life is not None
    assert len(known.records) == 12
    known.close()


def test_a_snapshot_without_gas_is_a_gap_in_the_curves() -> None:
    bus = Bus()
    known, scene = KnownHub(bus), HubScene(bus, ManualClock(START_S))
    scene.tell_snapshot(START_S)
    scene.tell_snapshot(START_S + 1, gas=None)
    latest = known.gas_gwei.latest
    assert latest is not None
    assert latest.value != latest.value
    known.close()
