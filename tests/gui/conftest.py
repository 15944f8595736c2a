"""The panel with a session told by `scene`, closed again in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.configuration import Configuration
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.secrets import SecretNames, SecretStore
from engine.desk.opening import SECRETS
from engine.desk.options import SECTIONS
from gui.context import PanelContext
from gui.theme import DARK, apply_theme
from gui.window import MainWindow
from tests.gui.scene import START_S, Scene


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform says so of every window that has a layout, and of a tray icon."""
    for item in items:
        if "panel" in getattr(item, "fixturenames", ()):
            item.add_marker(
                pytest.mark.qt_log_ignore(r"does not support (propagateSizeHints|raise)", "systemTrayWindowChanged")
            )


@dataclass(frozen=True, slots=True)
class Panel:
    """A window with a running session, and what stands behind it."""

    window: MainWindow
    scene: Scene
    context: PanelContext

    @property
    def bus(self) -> Bus:
        return self.context.bus

    def page(self, name: str):  # type: ignore[no-untyped-def]
        """Bring a page into sight and draw it."""
        self.window.show_page(name)
        self.window.redraw.draw()
        return self.window.page_widget(name)


@pytest.fixture
async def panel(tmp_path: Path) -> AsyncIterator[Panel]:
    """The panel in PAPER, six hours told, on the screen that the tests have."""
    apply_theme(DARK)
    bus, clock = Bus(), ManualClock(START_S)
    configuration = await Configuration.open(tmp_path / "evenkeel.toml", Catalogue(SECTIONS), {}, clock)
    secrets = SecretStore("tests", SecretNames(SECRETS), lambda secret: None)
    context = PanelContext(bus, clock, Mode.PAPER, configuration, secrets, "tests")
    window = MainWindow()
    window.show()
    scene = Scene(bus, clock)
    window.attach(context)
    scene.tell()
    yield Panel(window, scene, context)
    await window.detach()
    window.hide()
    window.deleteLater()
