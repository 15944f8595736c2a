"""The life of the panel's program: first frame, engines loaded beside it, a session attached, an orderly end."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import time
import traceback
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from engine.core.daemon_thread import in_daemon_thread
from engine.core.modes import Mode
from engine.core.profile import Profile
from engine.desk.arguments import SessionArguments
from gui.crash.log_tail import LogTail
from gui.loop import LoopProblem
from gui.opening import opened_if_agreed
from gui.theme import apply_theme, system_theme
from gui.window import MainWindow

if TYPE_CHECKING:
    from engine.core.redaction import Redactor

FIRST_PAINT_WITHIN_S = 10.0
PICTURE = "window.png"
PICTURE_EVERY_S = 60.0
LOADED_BESIDE = ("numpy", "engine.desk.opening", "engine.core.redacted_logging", "ccxt.pro")
"""What takes long to import and needs no window; loaded in a worker once the first frame is painted."""

_log = logging.getLogger(__name__)


def make_application() -> QApplication:
    """The one QApplication, in the look of the system."""
    app = QApplication(["evenkeel"])
    app.setApplicationName("evenkeel")
    app.setApplicationDisplayName("Evenkeel")
    app.setDesktopFileName("evenkeel")
    app.setQuitOnLastWindowClosed(False)
    apply_theme(system_theme())
    return app


class _FirstPaint(QObject):
    """Notes when the window was painted first."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.painted = asyncio.Event()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and not self.painted.is_set():
            watched.removeEventFilter(self)
            self.painted.set()
        return False


class Program:
    """One run of the panel. `show` before the loop, `run` in it; `report` takes what the loop has to tell.

    wizard: whether the first steps are asked for; None leaves it to whether the profile is new and somebody looks.
    """

    def __init__(
        self, arguments: SessionArguments, screenshot: Path | None, *, offscreen: bool, wizard: bool | None = None
    ) -> None:
        self._arguments = arguments
        self._screenshot = screenshot
        self._offscreen = offscreen
        self._wizard = wizard
        self._new_profile = not Profile(arguments.profile).revisions_file.exists()
        self._window = MainWindow()
        self._first_paint = _FirstPaint(self._window)
        self._ended = asyncio.Event()
        self._opening: asyncio.Task[int] | None = None
        self._window.closed.connect(self._end)

    def show(self) -> None:
        """Put the window on the screen."""
        self._window.show()

    def warn(self, problems: Iterable[str]) -> None:
        """Say in the window what was wrong before it was there."""
        for words in problems:
            self._window.notices.warn(words)

    def raise_window(self) -> None:
        """Bring the window to the front: another start asked for it."""
        _log.info("another start of the panel on this profile: its window is raised")
        self._window.shell.raise_window()

    def report(self, problem: LoopProblem) -> None:
        """Log a problem of the loop, and offer the crash bundle."""
        _log.error("%s", problem.what, exc_info=problem.error)
        error = "" if problem.error is None else "".join(traceback.format_exception(problem.error))
        self._window.shell.crash.offer(f"{problem.what}\n{error}")

    async def run(self) -> int:
        """Load, open the session, show it until it ends. Returns the exit code; a clean end is 0."""
        self._opening = asyncio.current_task()
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_PAINT_WITHIN_S):
                await self._first_paint.painted.wait()
        _log.info("first frame painted %.2f s after the process began", time.time() - _process_began_s())
        for module in LOADED_BESIDE:
            # Not in a worker: a program that is asked to end does not wait until a library is loaded.
            await in_daemon_thread(partial(importlib.import_module, module), name=f"loads {module}")
        gc.freeze()  # what was loaded stays for good: later collections need not walk it, which took 40 to 110 ms
        from engine.core.redacted_logging import install
        from engine.core.redaction import Redactor
        from engine.desk.opening import CANNOT_OPEN, opening_words

        crash = self._window.shell.crash
        crash.redactor, crash.tail = redactor, tail = Redactor(), LogTail()
        logging.getLogger().addHandler(tail)
        # Never taken back: what fails last, and the crash bundle of it, come after this has ended.
        install(logging.getLogger(), redactor, crash.report)
        try:
            return await self._run_session(redactor)
        except CANNOT_OPEN as error:
            self._opening = None
            words = redactor.redact(opening_words(error))
            _log.error("%s", words)
            await self._show_why_not(words)
            return 1

    async def _run_session(self, redactor: Redactor) -> int:
        from gui.context import PanelContext

        somebody_looks = not self._offscreen
        async with opened_if_agreed(self._arguments, redactor, self._window, somebody_looks=somebody_looks) as desk:
            self._window.attach(
                PanelContext(
                    bus=desk.bus,
                    clock=desk.clock,
                    mode=desk.mode,
                    configuration=desk.configuration,
                    secrets=desk.secrets,
                    profile=desk.profile.name,
                )
            )
            if self._offscreen:
                self._window.show_page("governor")  # nobody can turn pages, and this is the main job
            self._opening = None
            if desk.mode is Mode.PAPER and self._wizard_wanted():
                self._window.shell.show_wizard()
            try:
                await self._until_ended(desk.profile.folder)
            finally:
                await self._window.detach()
        return 0

    def _wizard_wanted(self) -> bool:
        """A script, or a screen that nobody sees, gets it only when it asks."""
        if self._wizard is not None:
            return self._wizard
        seen = QGuiApplication.platformName() not in ("offscreen", "minimal", "vnc")
        return self._new_profile and seen and not self._offscreen and self._arguments.run_for_s is None

    def _end(self) -> None:
        """A session that is still being opened is not waited for: whoever closes the window wants no session."""
        self._ended.set()
        if self._opening is not None and not self._opening.cancelling():  # once: it is closing what it had opened
            self._opening.cancel("the window was closed")

    async def _show_why_not(self, words: str) -> None:
        """Let a person read why the session did not open, and close the window."""
        if not self._offscreen and self._arguments.run_for_s is None:
            self._window.notices.grave(words)
            await self._ended.wait()

    async def _until_ended(self, folder: Path) -> None:
        pictures = asyncio.create_task(self._take_pictures(folder / PICTURE), name="pictures")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._arguments.run_for_s):
                    await self._ended.wait()
            if self._screenshot is not None or self._offscreen:
                self._take_picture(self._screenshot or folder / PICTURE)
        finally:
            pictures.cancel()
            with suppress(asyncio.CancelledError):
                await pictures

    async def _take_pictures(self, file: Path) -> None:
        while self._offscreen:
            await asyncio.sleep(PICTURE_EVERY_S)
            self._take_picture(file)

    def _take_picture(self, file: Path) -> None:
        self._window.redraw.draw()
        if self._window.grab().save(str(file)):
            _log.info("picture of the window: %s", file)
        else:
            _log.error(
                "the picture could not be written to %s; is the folder there, and the ending .png or .jpg?", file
            )


def _process_began_s() -> float:
    """When this process was started, seconds since the epoch; from the kernel where it tells, else from our import."""
    with suppress(OSError, ValueError, IndexError):
        ticks = float(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
        uptime_s = float(Path("/proc/uptime").read_text().split()[0])
        import os

        return time.time() - (uptime_s - ticks / os.sysconf("SC_CLK_TCK"))
    return _IMPORTED_S


_IMPORTED_S = time.time()
