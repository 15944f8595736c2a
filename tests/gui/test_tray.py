"""The tray: mode and verbs, closing to it, and LIVE never out of sight (panel spec 13).

No tray is here to be tried: whether there is one is told by the test, and the icon and menu are Qt's own.
"""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QSystemTrayIcon

from engine.core.modes import Mode, Stop
from gui.tray import Tray, tray_is_there
from tests.gui.conftest import Panel
from tests.gui.scene import grid_snapshot


class Desktop:
    """A desktop that has a tray until it has none."""

    def __init__(self) -> None:
        self.has_tray = True

    def __call__(self) -> bool:
        return self.has_tray


async def in_tray(panel: Panel, *, chosen: bool = True, mode: Mode = Mode.PAPER) -> tuple[Tray, Desktop, list[bool]]:
    """A panel whose desktop has a tray; what is returned last grows when the program is to end."""
    draft = panel.context.configuration.draft({"desk.close_to_tray": chosen})
    if draft.diff:
        await panel.context.configuration.apply(draft, "test")
    desktop, ended = Desktop(), []
    shell = panel.window.shell
    shell._has_tray = desktop
    shell._make_tray()
    panel.window.closed.connect(lambda: ended.append(True))
    panel.scene.mode = mode
    panel.scene.publish_mode()
    assert shell.tray is not None
    return shell.tray, desktop, ended


async def test_the_icon_tells_the_acknowledged_mode_in_words_and_shape(panel: Panel) -> None:
    tray, _, _ = await in_tray(panel)
    assert tray.icon.toolTip() == "Evenkeel: ▤ PAPER · ▶ Running"
    assert not tray.icon.icon().isNull()


async def test_the_menu_has_the_three_verbs_show_and_quit(panel: Panel, until) -> None:
    tray, _, ended = await in_tray(panel)
    actions = {action.text(): action for action in tray.menu.actions() if action.text()}
    assert list(actions) == ["Show Evenkeel", "Pause", "Stop", "Resume…", "Quit"]
    actions["Stop"].trigger()
    await until(lambda: panel.scene.asked)
    assert panel.scene.asked == [Stop(where="panel")]
    actions["Quit"].trigger()
    assert ended == [True]


@pytest.mark.parametrize("mode", [Mode.PAPER, Mode.OBSERVE])
async def test_closing_goes_on_in_the_tray_where_the_operator_chose_so(panel: Panel, mode: Mode) -> None:
    tray, _, ended = await in_tray(panel, mode=mode)
    panel.window.close()
    assert not panel.window.isVisible()
    assert ended == []
    tray.show_asked.emit()
    assert panel.window.isVisible()


@pytest.mark.parametrize(("chosen", "mode"), [(False, Mode.PAPER), (True, Mode.LIVE), (True, Mode.OFF)])
async def test_otherwise_closing_ends_the_program(panel: Panel, mode: Mode, *, chosen: bool) -> None:
    _, _, ended = await in_tray(panel, chosen=chosen, mode=mode)
    panel.bus.publish(grid_snapshot(panel.context.clock.now(), slots=(), open_orders=0))
    panel.window.close()
    assert panel.window.isVisible()
    assert ended == [True]


async def test_a_tray_that_goes_away_brings_the_window_back(panel: Panel) -> None:
    tray, desktop, _ = await in_tray(panel)
    panel.window.close()
    tray.look()
    assert not panel.window.isVisible()
    desktop.has_tray = False
    tray.look()
    assert panel.window.isVisible()
    assert not tray._look.isActive()


async def test_quit_ends_the_program_though_closing_would_not(panel: Panel) -> None:
    _, _, ended = await in_tray(panel)
    panel.window.actions_table["app.quit"].trigger()
    assert ended == [True]


async def test_without_a_tray_there_is_no_icon(panel: Panel) -> None:
    assert tray_is_there() is QSystemTrayIcon.isSystemTrayAvailable()
    assert (panel.window.shell.tray is not None) is tray_is_there()
