"""The window shows what was acknowledged, and asks through the bus (panel spec 9, 10, 15)."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QTabBar, QWidget

from engine.core.bus import Bus
from engine.core.messages import Acknowledged, Refused
from engine.core.modes import AskedByPerson, Mode, Stop, Switch
from gui.confirmations import LIVE_PHRASE, LiveDialog, ResumeDialog
from gui.theme import DARK, LIGHT, Tone, apply_theme
from gui.window import PAGES, MainWindow
from tests.gui.conftest import Panel

INTERACTIVE = (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView)


def press(panel: Panel, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    panel.window.activateWindow()
    QTest.keyClick(panel.window, key, modifier)


async def test_the_mode_is_told_by_word_shape_colour_title_and_frame(panel: Panel) -> None:
    """Panel spec 10."""
    panel.scene.mode = Mode.LIVE
    panel.scene.publish_mode()
    assert panel.window.header.mode.text == "LIVE"
    assert panel.window.windowTitle().startswith("◆ LIVE · ▶ Running")
    assert panel.window.centralWidget().property("frame") == Tone.DANGER.value


async def test_stop_is_sent_by_one_key_from_every_page(panel: Panel, until) -> None:
    for count, page in enumerate(PAGES, 1):
        panel.page(page)
        press(panel, Qt.Key.Key_F12)
        await until(lambda count=count: len(panel.scene.asked) == count)
    assert panel.scene.asked == [Stop(where="panel")] * len(PAGES)


async def test_the_switch_that_is_shown_changes_only_with_the_acknowledgement(panel: Panel, until) -> None:
    """Architecture page: widgets show what an engine acknowledged, never what was asked of it."""
    answer = asyncio.Event()

    async def slow(command: Stop) -> Acknowledged:
        await answer.wait()
        panel.scene.switch = Switch.STOPPED
        panel.scene.publish_mode(AskedByPerson("panel"))
        return Acknowledged()

    panel.bus._handlers[Stop] = slow
    panel.window.header.stop.click()
    await until(lambda: "not acknowledged yet" in panel.window.header._why.text())
    assert panel.window.header.switch.text == "Running"
    answer.set()
    await until(lambda: panel.window.header.switch.text == "Stopped")
    await until(lambda: "not acknowledged" not in panel.window.header._why.text())
    assert "A person asked for it in the panel." in panel.window.header._why.text()


async def test_a_refused_command_is_said_with_its_reason(panel: Panel, until) -> None:
    async def refuse(command: Stop) -> Refused:
        return Refused(AskedByPerson("terminal"))

    panel.bus._handlers[Stop] = refuse
    panel.window.header.stop.click()
    await until(lambda: "refused" in panel.window.notices.text)
    assert panel.window.notices.text == "Stop was refused. A person asked for it in the terminal."


async def test_a_command_that_nobody_handles_is_said_with_what_to_do(panel: Panel, until) -> None:
    del panel.bus._handlers[Stop]
    panel.window.header.stop.click()
    await until(lambda: panel.window.notices.text)
    assert "No running engine takes the command Stop." in panel.window.notices.text


async def test_resume_is_sent_only_when_a_person_agrees(panel: Panel, until) -> None:
    panel.scene.switch = Switch.STOPPED
    panel.scene.publish_mode()
    for agree, asked in ((False, []), (True, ["Resume"])):
        panel.window.actions_table["switch.resume"].trigger()
        await until(lambda: panel.window.findChildren(ResumeDialog))
        (dialog,) = panel.window.findChildren(ResumeDialog)
        (dialog.agree_button if agree else dialog.decline_button).click()
        await until(lambda: not panel.window.findChildren(ResumeDialog))
        await asyncio.sleep(0)
        assert [type(command).__name__ for command in panel.scene.asked] == asked


async def test_return_in_the_resume_dialog_does_not_resume(panel: Panel, until) -> None:
    panel.scene.switch = Switch.STOPPED
    panel.scene.publish_mode()
    panel.window.actions_table["switch.resume"].trigger()
    await until(lambda: panel.window.findChildren(ResumeDialog))
    QTest.keyClick(panel.window.findChildren(ResumeDialog)[0], Qt.Key.Key_Return)
    await until(lambda: not panel.window.findChildren(ResumeDialog))
    assert panel.scene.asked == []


async def test_live_needs_the_whole_phrase(panel: Panel, until) -> None:
    dialog = LiveDialog(panel.window, "default")
    asking = asyncio.ensure_future(dialog.answer())
    await until(dialog.isVisible)
    dialog.phrase.setText(LIVE_PHRASE[:-1])
    dialog.accept()
    assert not dialog.agree_button.isEnabled()
    assert not asking.done()
    dialog.phrase.setText("Trade with  REAL money")
    dialog.agree_button.click()
    assert await asking


async def test_closing_the_window_asks_for_the_end_and_leaves_it_open(panel: Panel) -> None:
    asked: list[bool] = []
    panel.window.closed.connect(lambda: asked.append(True))
    panel.window.close()
    assert asked == [True]
    assert panel.window.isVisible()


async def test_a_failed_task_of_the_panel_is_said(panel: Panel, until) -> None:
    async def fail() -> None:
        raise ValueError("no")

    panel.window.tasks.start(fail(), name="something")
    await until(lambda: panel.window.notices.text)
    assert "panel.something: ValueError" in panel.window.notices.text


@pytest.mark.parametrize("page", PAGES)
async def test_every_interactive_widget_has_a_name_to_be_read_out(panel: Panel, page: str) -> None:
    """Panel spec 15."""
    panel.page(page)
    nameless = [
        widget
        for widget in panel.window.findChildren(QWidget)
        if isinstance(widget, INTERACTIVE)
        and widget.isVisible()
        and not isinstance(widget.parent(), QAbstractItemView | QTabBar | QComboBox | QLineEdit)
        and not (widget.accessibleName() or getattr(widget, "text", str)())
    ]
    assert nameless == []


@pytest.mark.parametrize("page", PAGES)
async def test_every_field_and_button_can_be_reached_with_the_tab_key(panel: Panel, page: str) -> None:
    """Panel spec 15."""
    panel.page(page)
    unreachable = [
        widget
        for widget in panel.window.findChildren(QWidget)
        if isinstance(widget, INTERACTIVE)
        and widget.isVisible()
        and widget.isEnabled()
        and not isinstance(widget.parent(), QAbstractItemView | QTabBar | QComboBox | QLineEdit)
        and not widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert unreachable == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("page", PAGES)
async def test_no_page_needs_to_be_scrolled_sideways_at_a_small_size(panel: Panel, page: str, theme) -> None:
    """Panel spec 15: 200 % on a full-HD screen leaves 960 by 540."""
    apply_theme(theme)
    panel.window.resize(960, 540)
    shown = panel.page(page)
    await asyncio.sleep(0.05)
    bars = [bar for area in [shown, *shown.findChildren(QWidget)] if (bar := _bar(area)) is not None]
    assert panel.window.width() <= 960
    assert [bar.maximum() for bar in bars if bar.maximum() > 0] == []


def _bar(widget: QWidget):  # type: ignore[no-untyped-def]
    from PySide6.QtWidgets import QScrollArea

    return widget.horizontalScrollBar() if isinstance(widget, QScrollArea) else None


def test_the_first_frame_needs_no_heavy_library() -> None:
    """Panel spec, Facts: neither ccxt nor web3 may be loaded before the first frame; nor plots, tables and the like."""
    script = (
        "import sys; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
        "from gui.theme import DARK, apply_theme; apply_theme(DARK);"
        "from gui.window import MainWindow; w = MainWindow(); w.show(); w.grab();"
        "heavy = {'pyqtgraph', 'numpy', 'pydantic', 'sqlalchemy', 'ccxt', 'web3', 'keyring', 'tomlkit', 'aiohttp'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.qt_log_ignore("does not support propagateSizeHints")
async def test_the_first_frame_says_that_everything_is_starting() -> None:
    apply_theme(DARK)
    window = MainWindow()
    window.show()
    window.grab()
    assert window.header.mode.text == "STARTING"
    assert window.overview.governor.state.text == "Starting"
    assert window.overview.drift.state.text == "Starting"
    assert window.overview.hub.state.text == "Starting"
    assert not window.header.stop.isEnabled()
    assert "STARTING" in window.windowTitle()
    await window.detach()
    window.hide()
    window.deleteLater()


async def test_a_session_is_attached_once(panel: Panel) -> None:
    with pytest.raises(RuntimeError, match="attached already"):
        panel.window.attach(panel.context)


async def test_detaching_leaves_nothing_listening_on_the_bus(panel: Panel) -> None:
    await panel.window.detach()
    bus: Bus = panel.bus
    assert bus._readers == []
    assert all(not watchers for watchers in bus._watchers.values())
