"""Pictures of what surrounds the pages, in both looks, to be looked at.

xvfb-run -a -s "-screen 0 1600x1000x24" python -m tests.gui.shell_pictures FOLDER
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.configuration import Configuration
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.secrets import SecretNames, SecretStore
from engine.desk.alerts import AcknowledgeAlerts, AlertsSnapshot
from engine.desk.opening import SECRETS
from engine.desk.options import SECTIONS
from gui.context import PanelContext
from gui.crash.dialog import CrashBundleDialog
from gui.loop import run
from gui.theme import DARK, LIGHT, apply_theme
from gui.window import MainWindow
from gui.wizard.wizard import Wizard
from tests.gui.alerts_scene import alerting, every_kind
from tests.gui.drift_scene import DriftScene
from tests.gui.hub_scene import HubScene
from tests.gui.scene import START_S, Scene
from tests.secret_service import private_secret_service

SETTLE_S = 0.6


async def take(folder: Path) -> int:
    """Show each part over a session that was told, and keep what it shows."""
    window = MainWindow()
    window.show()
    bus, clock = Bus(), ManualClock(START_S)
    home = Path(tempfile.mkdtemp(prefix="evenkeel-pictures-"))
    configuration = await Configuration.open(home / "evenkeel.toml", Catalogue(SECTIONS), {}, clock)
    secrets = SecretStore("pictures", SecretNames(SECRETS), lambda secret: None)
    scene = Scene(bus, clock)
    async with alerting(home, bus, clock):
        window.attach(PanelContext(bus, clock, Mode.PAPER, configuration, secrets, "default"))
        scene.tell()
        DriftScene(bus, clock).tell()
        HubScene(bus, clock).tell()
        for event in every_kind(clock.now()):
            bus.emit(event)
        await asyncio.sleep(SETTLE_S)
        known = bus.latest(AlertsSnapshot)
        assert known is not None
        await bus.ask(AcknowledgeAlerts(keys=(known.alerts[3].key,)))
        for theme in (DARK, LIGHT):
            apply_theme(theme)
            await _overlays(window, folder, theme.name)
            await _dialogs(window, folder, theme.name)
        await window.detach()
    window.hide()
    window.deleteLater()
    return 0


async def _overlays(window: MainWindow, folder: Path, look: str) -> None:
    window.shell.alerts.panel.open()
    await _keep(window, folder / f"alerts-{look}.png")
    window.shell.alerts.panel.dismiss()
    window.shell.palette.open()
    window.shell.palette.field.setText("re")
    await _keep(window, folder / f"palette-{look}.png")
    window.shell.palette.dismiss()


async def _dialogs(window: MainWindow, folder: Path, look: str) -> None:
    window.actions_table["help.crash_bundle"].trigger()
    await asyncio.sleep(3 * SETTLE_S)
    for dialog in window.findChildren(CrashBundleDialog):
        await _keep(dialog, folder / f"crash-bundle-{look}.png")
        dialog.reject()
    window.shell.show_wizard()
    await asyncio.sleep(SETTLE_S)
    for wizard in window.findChildren(Wizard):
        for step in wizard.steps:
            await _keep(wizard, folder / f"wizard-{step.title.lower()}-{look}.png")
            if step is not wizard.ready:
                wizard.accept()
        wizard.reject()
    await asyncio.sleep(SETTLE_S)


async def _keep(widget: QWidget, file: Path) -> None:
    await asyncio.sleep(SETTLE_S)
    widget.grab().save(str(file))


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="evenkeel-keyring-") as home, private_secret_service(Path(home)):
        app = QApplication(sys.argv[:1])
        apply_theme(DARK)
        return run(take(folder), app, on_problem=lambda p: sys.stdout.write(f"{p}\n"))


if __name__ == "__main__":
    sys.exit(main())
