"""The main window: first a frame that says what is starting, then the pages of a running session.

Nothing heavy is loaded to paint the first frame: plots, tables of the engines and their options come with `attach`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from engine.core.messages import Command, Refused
from engine.core.modes import ModeSnapshot, Pause, Resume, Stop, Switch
from engine.core.tasks import TaskFailure, Tasks
from gui.actions import Actions, Standing
from gui.confirmations import ResumeDialog
from gui.header import Header
from gui.help import ShortcutsDialog
from gui.looks import MODES
from gui.navigation import Navigation
from gui.notices import NoticeBar
from gui.pages.overview import OverviewPage
from gui.redraw import Redraw
from gui.sentences import sentence, word
from gui.shell import Shell
from gui.switch_words import SwitchWords, switch_words
from gui.theme import DARK, LIGHT, Space, Tone, apply_theme, set_look, theme_of
from gui.window_style import window_stylesheet

if TYPE_CHECKING:
    from engine.grid.messages import GridSnapshot
    from gui.context import PanelContext
    from gui.plots.desk import PlotDesk
    from gui.read_model import ReadModel

_log = logging.getLogger(__name__)

PLACE = "panel"
ANSWER_WITHIN_S = 10.0
STOPPING_EVERY_MS = 250
PAGES = ("overview", "governor", "drift", "hub", "journal", "settings", "keys")
_PAGE_ACTIONS = (
    "overview.decide",
    "drift.find",
    "drift.confirm",
    "drift.dismiss",
    "hub.stop",
    "hub.resume",
    "hub.ask_fees",
    "hub.copy_address",
    "hub.audit",
    "journal.find",
    "journal.refresh",
    "journal.to_newest",
    "journal.copy_row",
    "journal.export",
    "settings.find",
    "settings.review",
)
"""By page and the page's own method."""


class MainWindow(QMainWindow):
    """Create it, show it, `attach` a session, await `detach` before it goes.

    closed: the operator closed the window or chose Quit; whoever made the window ends the program.
    """

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.actions_table = Actions(self)
        self.model: ReadModel | None = None
        self.tasks: Tasks | None = None
        self._context: PanelContext | None = None
        self._plots: PlotDesk | None = None
        self._pages: dict[str, QWidget] = {}
        self._listening: tuple[Callable[[], None], ...] = ()
        self._stop_told = False
        self._ending = False
        self._stopping = QTimer(self)
        self._stopping.setInterval(STOPPING_EVERY_MS)
        self._stopping.timeout.connect(self.show_switch)
        self._compose()
        self._restyle()
        self.shell = Shell(self)
        self.redraw = Redraw(self)
        self.redraw.add(self.overview)
        self._bind()
        self.show_page("overview")
        self.show_switch()

    def attach(self, context: PanelContext) -> None:
        """Bind to a running session and build the pages that need one. Call it in the running loop, once."""
        from gui.hub.known import KnownHub
        from gui.pages.drift import DriftPage
        from gui.pages.governor import GovernorPage
        from gui.pages.hub import HubPage
        from gui.pages.journal import JournalPage
        from gui.pages.keys import KeysPage
        from gui.pages.settings import SettingsPage
        from gui.plots.desk import PlotDesk
        from gui.read_model import ReadModel
        from gui.troubles.choosing import Chooser

        if self._context is not None:
            raise RuntimeError("a session is attached already; detach it first")
        tasks, model = Tasks(PLACE, self._task_failed), ReadModel(context.bus)
        hub = KnownHub(context.bus)
        chooser = Chooser(self, context.bus, tasks, self.notices)
        journal = JournalPage(context.bus, tasks, self.notices, context.clock.now)
        pages = {
            "governor": GovernorPage(model, context.clock, chooser),
            "drift": DriftPage(model, context.bus, tasks, self.notices),
            "hub": HubPage(hub, context.bus, tasks, self.notices),
            "journal": journal,
            "settings": SettingsPage(context.configuration, tasks, self.notices),
            "keys": KeysPage(context.secrets, context.bus, tasks, self.notices),
        }
        self._context, self.tasks, self.model = context, tasks, model
        self._plots = PlotDesk(context.configuration, tasks, self.notices)
        self._listening = (self._plots.close, model.close, hub.close, journal.close_session)
        self._plots.serve_pages(pages.values())
        self.overview.attach(model, hub, chooser.choose, context.clock.now)
        for name, page in pages.items():
            self._replace_page(name, page)
        tasks.start(model.follow(), name="events")
        tasks.start(hub.follow(), name="hub-events")
        self.navigation.say_profile(self.tr("Profile {profile}").format(profile=context.profile))
        model.on_mode(lambda _: self.show_switch())
        model.on_grid(self._grid_told)
        self.show_switch()
        self.shell.attach(context, tasks, model)

    async def detach(self) -> None:
        """End what the panel has running; the window stays and shows what it showed last."""
        self._stopping.stop()
        self.shell.detach()
        if self.tasks is not None:
            await self.tasks.close()
        for stop_listening in self._listening:
            stop_listening()
        self._listening = ()
        self._context = None
        self.actions_table.refresh(Standing())

    @property
    def page(self) -> str:
        """The name of the page in sight."""
        return next(name for name, page in self._pages.items() if page is self._stack.currentWidget())

    def page_widget(self, name: str) -> QWidget:
        """The page `name`, one of PAGES."""
        return self._pages[name]

    def show_page(self, name: str) -> None:
        """Bring a page into sight."""
        self._stack.setCurrentWidget(self._pages[name])
        for other in PAGES:
            self.actions_table[f"page.{other}"].setChecked(other == name)

    def closeEvent(self, event: QCloseEvent) -> None:
        """The window stays until the program has closed its engines, or hides where the tray keeps them running."""
        event.ignore()
        if not self.shell.hid_in_tray():
            self.end()

    def end(self) -> None:
        """Ask for the end; where orders would rest after it, a person says first what becomes of them."""
        if self._context is None or self.tasks is None or not self._leaves_orders(self._context):
            self.closed.emit()
        elif not self._ending:
            self._ending = True
            self.tasks.start(self._end_if_agreed(self._context), name="end")

    def _leaves_orders(self, context: PanelContext) -> bool:
        from engine.paper.options import PaperOptions
        from gui.closing import outlives_session, resting

        standing = None if self.model is None else self.model.mode
        if self.model is None or standing is None or not any(resting(self.model.grid)):
            return False
        kept = context.configuration.settings.of(PaperOptions).keep
        return outlives_session(standing.mode, paper_kept=kept)

    async def _end_if_agreed(self, context: PanelContext) -> None:
        from engine.desk.options import DeskOptions
        from gui.closing import ClosingDialog, resting

        assert self.model is not None
        assert self.model.mode is not None
        at_end = context.configuration.settings.of(DeskOptions).at_end
        dialog = ClosingDialog(self, self.model.mode.mode, *resting(self.model.grid), at_end)
        try:
            if not await dialog.answer():
                return
            if dialog.chosen is not at_end:
                draft = context.configuration.draft({"desk.at_end": dialog.chosen.value})
                await context.configuration.apply(draft, PLACE)
        finally:
            self._ending = False
        self.closed.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "header"):
            self.actions_table.recolour()
            self.header.recolour()
            self._restyle()

    def _restyle(self) -> None:
        theme = theme_of()
        sheet = window_stylesheet(theme, theme.tones[Tone.DANGER].text)
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)

    def _bind(self) -> None:
        bind = self.actions_table.bind
        for name in PAGES:
            bind(f"page.{name}", partial(self.show_page, name))
        bind("switch.stop", partial(self._ask, Stop(where=PLACE)))
        bind("switch.pause", partial(self._ask, Pause(where=PLACE)))
        bind("switch.resume", self._ask_to_resume)
        for action in _PAGE_ACTIONS:
            bind(action, partial(self._on_page, *action.split(".")))
        for what in ("show_menu", "save_picture", "save_numbers"):
            bind(f"plot.{what}", partial(self._on_plot, what))
        bind("view.look", lambda: apply_theme(LIGHT if theme_of().dark else DARK))
        bind("paper.happen", self._be_somebody_else)
        bind("help.keys", lambda: ShortcutsDialog(self).open())

    def _on_page(self, page: str, what: str) -> None:
        self.show_page(page)
        act: Callable[[], object] = getattr(self._pages[page], what)
        act()

    def _on_plot(self, what: str) -> None:
        if self._plots is not None:
            self._plots.act(self._pages[self.page], what)

    def _be_somebody_else(self) -> None:
        from gui.happenings import be_somebody_else

        if self.tasks is not None and self._context is not None:
            self.tasks.start(be_somebody_else(self, self._context.bus, self.tasks), name="be somebody else")

    def _ask(self, command: Command) -> None:
        if self.tasks is not None:
            self.tasks.start(self._send(command), name=type(command).__name__.lower())

    def _ask_to_resume(self) -> None:
        if self.tasks is not None:
            self.tasks.start(self._resume_if_agreed(), name="resume")

    async def _resume_if_agreed(self) -> None:
        model, context = self.model, self._context
        if model is None or model.mode is None or context is None:
            return
        words = switch_words(model.mode, model.grid, context.clock.now())
        if await ResumeDialog(self, model.mode, words).answer():
            await self._send(Resume(where=PLACE))

    async def _send(self, command: Command) -> None:
        """Ask, and say what came of it where it was not taken; what holds is shown when the desk acknowledges it."""
        if self._context is None:
            return
        name = word(type(command).__name__)
        self.header.show_asked(self.tr("{command} was asked for; not acknowledged yet.").format(command=name))
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = await self._context.bus.ask(command)
        except TimeoutError:
            self.notices.grave(
                self.tr(
                    "{command} was not answered within {seconds} s. If orders rest at the exchange, cancel them there; "
                    "then quit and start the panel again."
                ).format(command=name, seconds=f"{ANSWER_WITHIN_S:g}")
            )
            return
        finally:
            self.header.show_asked("")
        if isinstance(answer, Refused):
            self.notices.grave(
                self.tr("{command} was refused. {why}").format(command=name, why=sentence(answer.reason))
            )

    def _task_failed(self, failure: TaskFailure) -> None:
        _log.error("%s failed", failure.task, exc_info=failure.error)
        self.shell.task_failed(failure)
        self.notices.grave(
            self.tr("Something in the panel failed ({what}). The engines go on; the log has the details.").format(
                what=f"{failure.task}: {type(failure.error).__name__}"
            ),
            self.actions_table["help.crash_bundle"],
        )

    def show_switch(self) -> None:
        """Show the acknowledged mode and switch; while orders rest after a Stop, again and again."""
        model, context = self.model, self._context
        standing = None if model is None else model.mode
        now_s = 0.0 if context is None else context.clock.now()
        words = switch_words(standing, None if model is None else model.grid, now_s)
        self.header.show_standing(standing, words)
        if self.shell.tray is not None:
            self.shell.tray.show_standing(standing, words)
        self.actions_table.refresh(Standing(context is not None, standing))
        if standing is None:
            set_look(self._frame, frame=Tone.NEUTRAL)
            self.setWindowTitle(self.tr("◌ STARTING – Evenkeel"))
            return
        look = MODES[standing.mode]
        set_look(self._frame, frame=look.tone)
        self.setWindowTitle(f"{look.glyph} {word(standing.mode).upper()} · {words.look.glyph} {words.short} – Evenkeel")
        self._follow_stop(words)

    def _grid_told(self, snapshot: GridSnapshot) -> None:
        if self.model is not None and _stopped(self.model.mode):
            self.show_switch()

    def _follow_stop(self, words: SwitchWords) -> None:
        """Look again while orders rest after a Stop; say it once on every page when that lasts."""
        if not words.unsettled or self._context is None:
            self._stopping.stop()
            if self._stop_told and self.model is not None and _stopped(self.model.mode):
                self.notices.done(self.tr("Stopped: none of our orders rests any more."))
            self._stop_told = False
            return
        if not self._stopping.isActive():
            self._stopping.start()
        if words.advice and not self._stop_told:
            self._stop_told = True
            self.notices.grave(f"{words.short}. {words.advice}")

    def _replace_page(self, name: str, page: QWidget) -> None:
        old = self._pages[name]
        in_sight = self._stack.currentWidget() is old
        self._stack.insertWidget(self._stack.indexOf(old), page)
        self._stack.removeWidget(old)
        old.deleteLater()
        self._pages[name] = page
        if in_sight:
            self._stack.setCurrentWidget(page)
        if callable(getattr(page, "redraw", None)):
            self.redraw.add(page)

    def _compose(self) -> None:
        table = self.actions_table
        self.navigation = Navigation([(table[f"page.{name}"], name) for name in PAGES])
        self.header = Header(table)
        self.notices = NoticeBar()
        self.overview = OverviewPage()
        self._stack = QStackedWidget()
        self._pages = {name: QWidget() for name in PAGES}
        self._pages["overview"] = self.overview
        for page in self._pages.values():
            self._stack.addWidget(page)
        right = QVBoxLayout()
        right.setContentsMargins(Space.TIGHT, Space.MEDIUM, Space.MEDIUM, Space.MEDIUM)
        right.setSpacing(Space.MEDIUM)
        right.addWidget(self.header)
        right.addWidget(self.notices)
        right.addWidget(self._stack, 1)
        self._frame = QFrame()
        row = QHBoxLayout(self._frame)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(0)
        row.addWidget(self.navigation)
        row.addLayout(right, 1)
        self.setCentralWidget(self._frame)
        self.resize(1280, 860)
        self.setMinimumSize(900, 600)


def _stopped(standing: ModeSnapshot | None) -> bool:
    return standing is not None and standing.switch is Switch.STOPPED
