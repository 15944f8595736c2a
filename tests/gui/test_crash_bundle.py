"""The crash bundle: all that helps, nothing secret, read before it is saved (panel spec 17, issue 6)."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from engine.core.redacted_logging import install
from engine.core.redaction import Redactor
from engine.core.secrets import Secret
from gui.crash.bundle import WITHHELD, gathered, written
from gui.crash.dialog import CrashBundleDialog
from gui.crash.log_tail import LINES_KEPT, LogTail
from gui.crash.reports import CrashReports
from gui.theme import DARK, apply_theme
from tests.gui.alerts_scene import crash
from tests.gui.conftest import Panel

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
KNOWN = "a-known-secret-of-ours-98765"
PRIVATE_KEY = "0x" + "1f" * 32
WEBHOOK = "https://hooks.example.net/T0/B0/xYz123"


@pytest.fixture
def redactor() -> Redactor:
    made = Redactor()
    made.register(Secret(KNOWN))
    return made


@pytest.fixture
def window(qapp: QApplication) -> Iterator[QWidget]:
    apply_theme(DARK)
    window = QWidget()
    yield window
    window.close()
    window.deleteLater()


async def test_it_has_what_helps_and_none_of_the_secrets(panel: Panel, redactor: Redactor) -> None:
    configuration = panel.context.configuration
    draft = configuration.draft({"desk.webhook_url": WEBHOOK, "grid.daily_loss_usd": "1.5"})
    await configuration.apply(draft, "test")
    failures = (f"Traceback: ValueError: {KNOWN}",)
    log = (f"INFO signing with {PRIVATE_KEY}", "INFO all is well")
    text = written(gathered(failures, configuration, [crash("hub")], log), redactor)
    for wanted in (
        "Evenkeel 0.",
        "Qt 6.",
        'grid.daily_loss_usd = "1.5" (file)',
        f'desk.webhook_url = "{WITHHELD}"',
        'EngineCrashed {"at_s":5.0,"engine":"hub"',
        "INFO all is well",
        "MainThread:",
        "test_it_has_what_helps",
        "panel.events",
    ):
        assert wanted in text
    for secret in (KNOWN, PRIVATE_KEY, "xYz123"):
        assert secret not in text


def test_a_text_that_cannot_be_redacted_is_withheld() -> None:
    class Broken(Redactor):
        def redact(self, text: str) -> str:
            raise RuntimeError(KNOWN)

    assert written(f"all of it: {KNOWN}", Broken()) == (
        "The bundle was withheld: it could not be redacted (RuntimeError).\n"
    )


def test_the_tail_of_the_log_is_bounded_and_redacted(redactor: Redactor) -> None:
    tail, logger = LogTail(), logging.Logger("test")
    logger.addHandler(tail)
    take_back = install(logger, redactor, lambda text: None)
    try:
        for number in range(2 * LINES_KEPT):
            logger.info("line %d of %s", number, KNOWN)
    finally:
        take_back()
    assert len(tail.lines) == LINES_KEPT
    assert tail.lines[-1].endswith(f"line {2 * LINES_KEPT - 1} of [redacted]")


async def test_what_nobody_caught_in_any_thread_is_offered(window: QWidget, redactor: Redactor, until) -> None:
    crashes, offered = CrashReports(window), []
    crashes.redactor = redactor
    crashes.offered.connect(offered.append)
    take_back = install(logging.Logger("test"), redactor, crashes.report)

    def fail() -> None:
        raise ValueError(f"no {KNOWN}")

    try:
        thread = threading.Thread(target=fail, name="failing")
        thread.start()
        thread.join()
        await until(lambda: offered)
    finally:
        take_back()
    assert offered == ["ValueError: no [redacted]"]
    crashes.show(None)
    (dialog,) = window.findChildren(CrashBundleDialog)
    shown = dialog.shown.toPlainText()
    assert "in thread failing" in shown
    assert KNOWN not in shown
    dialog.reject()


async def test_it_is_read_in_full_before_it_is_saved_where_the_operator_says(
    panel: Panel, tmp_path: Path, until
) -> None:
    panel.window.actions_table["help.crash_bundle"].trigger()
    await until(lambda: panel.window.findChildren(CrashBundleDialog), within_s=30)
    (dialog,) = panel.window.findChildren(CrashBundleDialog)
    assert "== Threads ==" in dialog.shown.toPlainText()
    assert dialog.shown.isReadOnly()
    assert "bundle.txt" not in os.listdir(tmp_path)
    dialog.agree_button.click()
    assert dialog.isVisible()
    assert dialog.files is not None
    target = tmp_path / "bundle.txt"
    dialog.files.fileSelected.emit(str(target))
    dialog.files.reject()
    assert target.read_text() == dialog.shown.toPlainText()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "Saved as" in dialog.said.text()
    dialog.save(str(tmp_path / "nowhere" / "bundle.txt"))
    assert "could not be saved (No such file or directory)" in dialog.said.text()
    dialog.reject()
    await asyncio.sleep(0)


async def test_a_failed_task_of_the_panel_offers_it(panel: Panel, until) -> None:
    async def fail() -> None:
        raise ValueError("no")

    panel.window.tasks.start(fail(), name="something")
    await until(lambda: panel.window.notices.text)
    assert panel.window.notices._act.text() == "Save a crash bundle…"
    assert any("ValueError: no" in text for text in panel.window.shell.crash._failures)
