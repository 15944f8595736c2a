"""What surrounds the pages: palette, alerts with bell and notifications, tray, first steps, crash bundle, look.

The window makes one, binds its actions to it, attaches and detaches it with the session.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui.crash.reports import CrashReports
from gui.palette.entries import Entry
from gui.palette.sources import of_actions, of_alerts, of_notices, of_options
from gui.palette.view import Palette
from gui.theme import apply_look
from gui.tray import Tray, tray_is_there

if TYPE_CHECKING:  # the first frame is painted before any of these is loaded
    from engine.core.drafts import Revision
    from engine.core.tasks import TaskFailure, Tasks
    from engine.desk.severity import Severity
    from gui.alerts.desk import AlertsDesk
    from gui.alerts.panel import AlertsPanel
    from gui.context import PanelContext
    from gui.read_model import ReadModel
    from gui.window import MainWindow


class Shell(QObject):
    """has_tray: whether the desktop has one, asked when a session is attached."""

    def __init__(self, window: MainWindow, has_tray: Callable[[], bool] = tray_is_there) -> None:
        super().__init__(window)
        self._window = window
        self._has_tray = has_tray
        self._context: PanelContext | None = None
        self._tasks: Tasks | None = None
        self._alerts: AlertsDesk | None = None
        self._panel: AlertsPanel | None = None
        self._look_in_force = "system"
        self._stops: list[Callable[[], None]] = []
        self._wizard_open = False
        self.tray: Tray | None = None
        self.crash = CrashReports(window)
        self.palette = Palette(window, lambda: list(self._entries()))
        self.crash.offered.connect(self._offer_bundle)
        bind = window.actions_table.bind
        bind("palette.show", self.palette.toggle)
        bind("alerts.show", lambda: self.alerts.panel.toggle())
        bind("alerts.acknowledge_all", lambda: self.alerts.panel.acknowledge_all())
        bind("help.wizard", self.show_wizard)
        bind("help.crash_bundle", lambda: self.crash.show(self._tasks))
        bind("app.quit", window.end)

    def attach(self, context: PanelContext, tasks: Tasks, model: ReadModel) -> None:
        """Bind to a running session."""
        from engine.desk.options import DeskOptions
        from gui.alerts.desk import AlertsDesk
        from gui.alerts.panel import AlertsPanel

        settings = context.configuration
        self._context, self._tasks = context, tasks
        self.crash.configuration, self.crash.events = settings, lambda: tuple(model.events)
        self._look_in_force = settings.settings.of(DeskOptions).look.value
        if self._look_in_force != "system":
            apply_look(self._look_in_force)
        if self._has_tray():
            self._make_tray()
        self._panel = self._panel or AlertsPanel(self._window)
        bell = self._window.header.bell
        self._alerts = AlertsDesk(context, tasks, bell, self._panel, self._notify, self.crash.offer)
        self._stops = [self._alerts.close, settings.subscribe(self._revised)]

    @property
    def alerts(self) -> AlertsDesk:
        """The alerts of the session; only while one is attached."""
        assert self._alerts is not None
        return self._alerts

    def detach(self) -> None:
        """Stop listening; what is shown stays."""
        for stop in self._stops:
            stop()
        self._stops = []
        self._context = self._tasks = self._alerts = None
        self.palette.dismiss()
        if self.tray is not None:
            self.tray.close()
            self.tray.deleteLater()
            self.tray = None

    def hid_in_tray(self) -> bool:
        """Hide the window and go on in the tray, where the operator chose so and nothing real is traded."""
        if self._context is None or self.tray is None or not self._may_hide():
            return False
        self.tray.keep(True)
        self._window.hide()
        self.tray.notify(
            self.tr("still running"),
            self.tr("The window is closed and the engines go on. Quit is in the menu of this icon."),
            grave=False,
        )
        return True

    def raise_window(self) -> None:
        """Bring the window to the front, from the tray or from below other windows."""
        if self.tray is not None:
            self.tray.keep(False)
        window = self._window
        if window.isMinimized():
            window.showNormal()
        window.show()
        window.raise_()
        window.activateWindow()

    def show_wizard(self) -> None:
        """The first steps, in a dialog; once at a time."""
        if self._tasks is not None and self._context is not None and not self._wizard_open:
            self._wizard_open = True
            self._tasks.start(self._go_through(self._context), name="wizard")

    def task_failed(self, failure: TaskFailure) -> None:
        """Keep what a task of the panel ended in, for the bundle."""
        self.crash.note(f"{failure.task}\n{''.join(traceback.format_exception(failure.error))}")

    async def _go_through(self, context: PanelContext) -> None:
        from gui.wizard.wizard import Wizard

        before = self._look_in_force
        try:
            if await Wizard(self._window, context).answer():
                self._window.notices.done(self.tr("Your PAPER session is running. Ctrl+K finds everything."))
            else:
                apply_look(before)
        finally:
            self._wizard_open = False

    def _entries(self) -> Iterator[Entry]:
        yield from of_actions(self._window.actions_table)
        yield from of_notices(self._window.notices)
        if self._alerts is not None:
            from gui.alerts.words import alert_words

            yield from of_alerts(self._alerts.alerts, alert_words, self._alerts.show)
        if self._context is not None:
            yield from of_options(self._context.configuration.catalogue, self._reveal)

    def _reveal(self, path: str) -> None:
        """Go to the option's field in the settings."""
        self._window.show_page("settings")
        page = self._window.page_widget("settings")
        page.reveal(path)  # type: ignore[attr-defined]

    def _notify(self, title: str, words: str, severity: Severity) -> None:
        if self.tray is not None:
            self.tray.notify(title, words, grave=severity.value == "grave")

    def _offer_bundle(self, words: str) -> None:
        self._window.notices.grave(
            self.tr("Something failed: {words}. A crash bundle says what was going on, without secrets.").format(
                words=words.rstrip(".")
            ),
            self._window.actions_table["help.crash_bundle"],
        )

    def _revised(self, revision: Revision) -> None:
        from engine.desk.options import DeskOptions

        look = revision.settings.of(DeskOptions).look.value
        if look != self._look_in_force:
            self._look_in_force = look
            apply_look(look)

    def _make_tray(self) -> None:
        self.tray = Tray(self._window, self._window.actions_table, self._has_tray)
        self.tray.show_asked.connect(self.raise_window)
        self.tray.lost.connect(self.raise_window)
        self.tray.quit_asked.connect(self._window.end)
        self._window.show_switch()

    def _may_hide(self) -> bool:
        """The mode that the desk acknowledged counts: LIVE is never without its window."""
        from engine.core.modes import Mode
        from engine.desk.options import DeskOptions

        assert self._context is not None
        model = self._window.model
        standing = None if model is None else model.mode
        chosen = self._context.configuration.settings.of(DeskOptions).close_to_tray
        return chosen and standing is not None and standing.mode in (Mode.PAPER, Mode.OBSERVE)
