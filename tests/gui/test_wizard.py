"""The first steps, by keys, skippable, ending in the PAPER session that runs (panel spec 18)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.core.modes import Mode, Stop
from engine.desk.options import DeskOptions, Look
from gui.theme import LIGHT, theme_of
from gui.wizard.steps import LIMITS
from gui.wizard.wizard import AUTHOR, Wizard
from tests.gui.conftest import Panel
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service


async def shown(panel: Panel, until) -> Wizard:  # type: ignore[no-untyped-def]
    panel.window.actions_table["help.wizard"].trigger()
    await until(lambda: [one for one in panel.window.findChildren(Wizard) if one.isVisible()])
    (wizard,) = panel.window.findChildren(Wizard)
    return wizard


async def gone(panel: Panel, until) -> None:
    await until(lambda: not panel.window.findChildren(Wizard), within_s=30)


def enter(wizard: Wizard) -> None:
    QTest.keyClick(QApplication.focusWidget() or wizard, Qt.Key.Key_Return)


@pytest.mark.usefixtures("secret_service")
async def test_gone_through_with_return_alone_nothing_is_changed_and_paper_goes_on(panel: Panel, until) -> None:
    before = panel.context.configuration.current.number
    wizard = await shown(panel, until)
    titles = []
    while wizard.step is not wizard.ready:
        titles.append(wizard.step.title)
        wizard.agree_button.setFocus()
        enter(wizard)
    assert titles == ["Look", "Mode", "Keys", "Limits"]
    assert "PAPER now and at each start." in wizard.ready.words
    wizard.agree_button.click()
    await gone(panel, until)
    assert "Your PAPER session is running" in panel.window.notices.text
    assert panel.context.configuration.current.number == before


@pytest.mark.usefixtures("secret_service")
async def test_what_was_chosen_becomes_one_revision_at_the_end(panel: Panel, until) -> None:
    wizard = await shown(panel, until)
    QTest.keyClick(wizard.look.buttons["system"], Qt.Key.Key_Down)
    assert wizard.look.value == "light"
    assert theme_of() is LIGHT
    wizard.accept()
    wizard.mode.buttons["live"].click()
    wizard.accept()
    wizard.accept()
    row = wizard.limits.rows["grid.daily_loss_usd"]
    QTest.keyClick(row.editor.field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(row.editor.field, "1.5")
    wizard.accept()
    assert "LIVE asks you at every start" in wizard.ready.words
    assert "grid.daily_loss_usd" in wizard.ready.words
    wizard.accept()
    await gone(panel, until)
    current = panel.context.configuration.current
    assert current.author == AUTHOR
    assert {change.path for change in current.changes} == {"desk.look", "desk.mode", "grid.daily_loss_usd"}
    assert current.settings.of(DeskOptions).mode is Mode.LIVE
    assert current.settings.of(DeskOptions).look is Look.LIGHT
    assert panel.window.model.mode.mode is Mode.PAPER


@pytest.mark.usefixtures("secret_service")
async def test_a_limit_that_cannot_be_is_said_at_its_field_and_holds_the_step(panel: Panel, until) -> None:
    wizard = await shown(panel, until)
    for _ in range(3):
        wizard.accept()
    assert wizard.step is wizard.limits
    row = wizard.limits.rows["grid.entries_per_tick"]
    QTest.keyClick(row.editor.field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(row.editor.field, "5000")
    wizard.accept()
    assert wizard.step is wizard.limits
    assert row._problem.isVisible()
    assert "Correct the fields" in wizard.said.text()
    wizard.reject()
    await gone(panel, until)


@pytest.mark.usefixtures("secret_service")
@pytest.mark.parametrize("steps", range(5))
async def test_each_step_can_skip_the_rest_and_then_nothing_is_changed(panel: Panel, until, steps: int) -> None:
    before = panel.context.configuration.current.number
    wizard = await shown(panel, until)
    wizard.look.buttons["light"].click()
    for _ in range(steps):
        wizard.accept()
    assert wizard.decline_button.isVisible()
    QTest.keyClick(wizard, Qt.Key.Key_Escape)
    await gone(panel, until)
    assert panel.context.configuration.current.number == before


@pytest.mark.usefixtures("secret_service")
async def test_the_keys_step_has_the_rows_of_the_keys_page_and_asks_the_keyring_only_then(panel: Panel, until) -> None:
    wizard = await shown(panel, until)
    assert wizard.keys.page.words == "Not asked yet."
    wizard.accept()
    wizard.accept()
    assert set(wizard.keys.page.rows) == set(panel.window.page_widget("keys").rows)
    await until(lambda: "Backend: keyring.backends.SecretService.Keyring" in wizard.keys.page.words, within_s=20)
    row = wizard.keys.page.rows["kraken.api_key"]
    row.entry.setText("not-a-real-key-0123456789")
    QTest.keyClick(row.entry, Qt.Key.Key_Return)
    await until(lambda: "is kept" in wizard.keys.notices.text, within_s=20)
    assert wizard.step is wizard.keys
    wizard.reject()
    await gone(panel, until)


async def test_leaving_while_the_keyring_is_asked_leaves_nothing_running(
    panel: Panel, until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    wizard = await shown(panel, until)
    wizard.accept()
    wizard.accept()
    wizard.reject()
    await gone(panel, until)
    await asyncio.sleep(0)


async def test_stop_is_one_key_away_in_it(panel: Panel, until) -> None:
    """Panel spec 9."""
    wizard = await shown(panel, until)
    wizard.activateWindow()
    QTest.keyClick(wizard, Qt.Key.Key_F12)
    await until(lambda: panel.scene.asked)
    assert panel.scene.asked == [Stop(where="panel")]
    wizard.reject()
    await gone(panel, until)


async def test_back_goes_back_and_keeps_what_was_chosen(panel: Panel, until) -> None:
    wizard = await shown(panel, until)
    assert not wizard.back.isEnabled()
    wizard.accept()
    wizard.mode.buttons["observe"].click()
    wizard.back.click()
    assert wizard.step is wizard.look
    wizard.accept()
    assert wizard.mode.value == "observe"
    wizard.reject()
    await gone(panel, until)


async def test_every_limit_of_the_wizard_is_an_option_with_bounds(panel: Panel) -> None:
    catalogue = panel.context.configuration.catalogue
    assert [path for path in LIMITS if path not in catalogue or not catalogue.spec(path).bounds] == []


def windows_of(display: str) -> str:
    """The titles on the display."""
    found = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", "First steps", "getwindowname", "%@"],
        capture_output=True,
        text=True,
        env={"DISPLAY": display},
        check=False,
        timeout=20,
    )
    return found.stdout


@pytest.mark.parametrize(("asked", "shown"), [([], True), (["--no-wizard"], False)])
def test_a_new_profile_shows_it_unless_it_is_not_wanted(
    tmp_path: Path, x_environment: dict[str, str], asked: list[str], *, shown: bool
) -> None:
    words = [sys.executable, "-m", "gui.main", "--profile", str(tmp_path / "p"), "--mode", "paper", *asked]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=x_environment) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if "[REBAL]" in line:
                break
        titles = windows_of(x_environment["DISPLAY"])
        child.terminate()
        rest = child.stderr.read()
        assert child.wait(timeout=60) == 0, rest
    assert ("First steps" in titles) is shown
    assert "Traceback" not in rest
