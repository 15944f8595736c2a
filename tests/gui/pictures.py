"""Pictures of every page in both looks, to be looked at.

xvfb-run -a -s "-screen 0 1600x1000x24" python -m tests.gui.pictures FOLDER [page ...]
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.configuration import Configuration
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk.messages import KeyRightsSnapshot
from engine.desk.opening import SECRETS
from engine.desk.options import SECTIONS
from engine.venue.permissions import KeyMayWithdraw
from gui.confirmations import WithdrawalDialog
from gui.context import PanelContext
from gui.loop import run
from gui.theme import DARK, LIGHT, apply_theme
from gui.window import PAGES, MainWindow
from tests.gui.drift_scene import DriftScene
from tests.gui.hub_scene import HubScene
from tests.gui.journal_scene import JournalScene
from tests.gui.scene import START_S, Scene
from tests.secret_service import private_secret_service


async def take(folder: Path, pages: list[str]) -> int:
    """Show the window as the program does, and keep what it shows."""
    began_s = time.perf_counter()
    window = MainWindow()
    window.show()
    await asyncio.sleep(0.3)
    window.grab().save(str(folder / "first-frame.png"))
    bus, clock = Bus(), ManualClock(START_S)
    file = Path(tempfile.mkdtemp(prefix="evenkeel-pictures-")) / "evenkeel.toml"
    configuration = await Configuration.open(file, Catalogue(SECTIONS), {"REBALANCE_KP": "2.5"}, clock)
    secrets = SecretStore("pictures", SecretNames(SECRETS), lambda secret: None)
    scene = Scene(bus, clock)
    window.attach(PanelContext(bus, clock, Mode.PAPER, configuration, secrets, "default"))
    scene.tell()
    DriftScene(bus, clock).tell()
    HubScene(bus, clock).tell()
    journal = JournalScene(bus, clock, file.with_name("journal.sqlite"))
    await journal.open()
    await journal.tell()
    await secrets.save("kraken.api_key", Secret("not-a-real-key-0123456789"))
    rights = ("modify-trades", "query-closed-trades", "query-funds", "query-open-trades", "withdraw-funds")
    may_withdraw = KeyMayWithdraw("this key may withdraw")
    bus.publish(KeyRightsSnapshot(at_s=START_S, rights=rights, can_withdraw=True, why=may_withdraw))
    sys.stdout.write(f"attached and told after {time.perf_counter() - began_s:.2f} s\n")
    for theme in (DARK, LIGHT):
        apply_theme(theme)
        for page in pages:
            window.show_page(page)
            await asyncio.sleep(0.6)
            if page == "journal":
                window.page_widget(page).table.selectRow(6)  # type: ignore[attr-defined]
                await asyncio.sleep(0.6)
            window.grab().save(str(folder / f"{page}-{theme.name}.png"))
    dialog = WithdrawalDialog(window, "this key may withdraw")
    dialog.open()
    await asyncio.sleep(0.6)
    dialog.grab().save(str(folder / "withdrawal-dialog.png"))
    dialog.close()
    await window.detach()
    await journal.close()
    window.hide()
    window.deleteLater()
    return 0


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level=logging.INFO)
    with tempfile.TemporaryDirectory(prefix="evenkeel-keyring-") as home, private_secret_service(Path(home)):
        app = QApplication(sys.argv[:1])
        apply_theme(DARK)
        return run(take(folder, sys.argv[2:] or list(PAGES)), app, on_problem=lambda p: sys.stdout.write(f"{p}\n"))


if __name__ == "__main__":
    sys.exit(main())
