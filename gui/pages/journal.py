"""Journal: what was done, why, with which inputs, expected against real cost; filter and export (panel spec 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from engine.core.bus import Bus
from engine.core.journal_query import JournalRow
from engine.core.messages import Answer, Command, Refused
from engine.core.tasks import Tasks
from engine.desk.journal_messages import CancelExport, ExportFormat, ExportJournal, ExportSnapshot, WorkState
from gui.journal.explanation import Explanation
from gui.journal.exporting import ExportDialog, ExportLine
from gui.journal.filters import JournalFilters
from gui.journal.model import JournalModel
from gui.journal.source import JournalSource
from gui.journal.table import JournalTable
from gui.labels import ElidedLabel, Prose
from gui.notices import NoticeBar
from gui.sentences import sentence
from gui.theme import Space, set_look

ANSWER_WITHIN_S = 10.0
FOLLOW_EVERY_BEATS, EXPLAIN_EVERY_BEATS = 4, 8


class JournalPage(QWidget):
    """Needs a running session: made when one is attached. now: the session's clock."""

    def __init__(
        self, bus: Bus, tasks: Tasks, notices: NoticeBar, now: Callable[[], float], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._bus = bus
        self._tasks = tasks
        self._notices = notices
        self._opened = False
        self._beats = 0
        self._moved = False
        self._above = 0
        self.filters = JournalFilters(now)
        self.model = JournalModel(self)
        self.table = JournalTable(self.model)
        self.source = JournalSource(self.model, bus, tasks, self)
        self.explanation = Explanation()
        self.export_line = ExportLine()
        self.status = ElidedLabel()
        self.empty = Prose(muted=True)
        self.newest_button = QPushButton(self.tr("To the newest"))
        self.refresh_button = QPushButton(self.tr("Refresh"))
        self.export_button = QPushButton(self.tr("Export…"))
        self.dialog: ExportDialog | None = None
        self._compose()
        self._bind()
        self._show_standing()

    def close_session(self) -> None:
        """Listen no more; what is shown stays."""
        self._unwatch()
        self.source.close()

    def redraw(self) -> None:
        """List when first seen; then take in what is new, once a second."""
        if not self._opened:
            self.refresh()
            return
        self._beats += 1
        if self._beats % FOLLOW_EVERY_BEATS == 0:
            self.source.follow()
        if self._moved and self._beats % EXPLAIN_EVERY_BEATS == 0:
            self._moved = False
            if self.explanation.row is not None:
                self.source.explain(self.explanation.row.number)
        if self._above and self.table.at_top:
            self._above = 0
            self._show_standing()

    def refresh(self) -> None:
        """List anew what the filter lets through."""
        self._opened = True
        self._above = 0
        self.explanation.show_nothing()
        self.source.open(self.filters.wanted)

    def find(self) -> None:
        """Go to the text of the filter."""
        self.filters.text.setFocus()
        self.filters.text.selectAll()

    def to_newest(self) -> None:
        """Scroll to the newest row, and stay there."""
        self.table.scrollToTop()
        self._above = 0
        self._show_standing()

    def copy_row(self) -> None:
        """The explained row goes to the clipboard as text."""
        self.explanation.copy_text()

    def export(self) -> None:
        """Ask for a file, without holding up anything, and write what the list shows to it."""
        if self.dialog is None:
            self.dialog = ExportDialog(self.window())
            self.dialog.picked.connect(self._export_to)
            self.dialog.finished.connect(lambda _: self._forget_dialog())
            self.dialog.open()

    def _forget_dialog(self) -> None:
        self.dialog = None

    def _export_to(self, path: str, format: ExportFormat) -> None:
        wanted = self.source.wanted
        command = ExportJournal(path=path, format=format, wanted=wanted.rows, here=wanted.here)
        self._tasks.start(self._send(command), name="export-journal")

    def _cancel_export(self) -> None:
        self._tasks.start(self._send(CancelExport()), name="cancel-export")

    async def _send(self, command: Command) -> None:
        answer: Answer | None = None
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = await self._bus.ask(command)
        except TimeoutError:
            self._notices.grave(self.tr("The journal does not answer just now. Try again in a moment."))
        if isinstance(answer, Refused):
            self._notices.warn(self.tr("The journal was not exported. {why}").format(why=sentence(answer.reason)))

    def _exported(self, snapshot: ExportSnapshot) -> None:
        done = self.source.state is WorkState.DONE
        self.export_line.show_snapshot(snapshot, self.model.rowCount() if done else 0)
        self.export_button.setEnabled(snapshot.state is not WorkState.UNDER_WAY)
        if snapshot.state is WorkState.UNDER_WAY:
            return
        say = {WorkState.DONE: self._notices.done, WorkState.GIVEN_UP: self._notices.warn}
        say.get(snapshot.state, self._notices.grave)(self.export_line.ended(snapshot))

    def _explained(self, row: JournalRow, related: tuple[JournalRow, ...]) -> None:
        self.explanation.show_row(row, related)

    def _put_on_top(self, fresh: int) -> None:
        self.table.stay(fresh)
        self._above = 0 if self.table.at_top else self._above + fresh

    def _changed(self) -> None:
        self._moved = True
        self._show_standing()

    def _show_standing(self) -> None:
        count, state = self.model.rowCount(), self.source.state
        self.status.say(self._status(count, state))
        self.newest_button.setVisible(bool(self._above))
        self.newest_button.setText(self.tr("{count} new above").format(count=f"{self._above:,}"))
        nothing = count == 0 and state is not None and state is not WorkState.UNDER_WAY
        self.empty.setVisible(nothing)
        self.table.setVisible(not nothing)
        if nothing:
            self.empty.say(self._why_empty(state))

    def _status(self, count: int, state: WorkState | None) -> str:
        rows = self.tr("{count} rows").format(count=f"{count:,}")
        if state is None or state is WorkState.UNDER_WAY:
            return self.tr("{rows} so far…").format(rows=rows)
        if state is WorkState.CUT:
            return self.tr("The newest {rows} of more; choose a span of time to reach earlier ones.").format(rows=rows)
        if state is WorkState.FAILED:
            return self.tr("{rows}. {why}").format(rows=rows, why=sentence(self.source.why))
        return self.tr("{rows}, newest first").format(rows=rows)

    def _why_empty(self, state: WorkState | None) -> str:
        if state is WorkState.FAILED:
            return sentence(self.source.why) or self.tr("The journal did not answer in time. Refresh to try again.")
        if self.filters.narrowed:
            return self.tr("Nothing in the journal fits this filter. Show everything, or choose a longer span of time.")
        return self.tr(
            "Nothing is recorded yet. Every order, plan and batch appears here as soon as an engine decides it, "
            "with its reason."
        )

    def _bind(self) -> None:
        self.filters.changed.connect(self.refresh)
        self.source.changed.connect(self._changed)
        self.source.put_on_top.connect(self._put_on_top)
        self.source.explained.connect(self._explained)
        self.table.chosen.connect(self.source.explain)
        self.explanation.picked.connect(self.source.explain)
        self.newest_button.clicked.connect(self.to_newest)
        self.refresh_button.clicked.connect(self.refresh)
        self.export_button.clicked.connect(self.export)
        self.export_line.cancelled.connect(self._cancel_export)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_row)
        self._unwatch = self._bus.watch(ExportSnapshot, self._exported)
        self.destroyed.connect(self._unwatch)

    def _compose(self) -> None:
        self.table.setMinimumSize(360, 150)
        self.refresh_button.setToolTip(self.tr("List the journal anew"))
        self.export_button.setToolTip(self.tr("Write what the list shows to a file, as CSV or JSON"))
        set_look(self.status, role="muted")
        foot = QHBoxLayout()
        foot.setSpacing(Space.SMALL)
        foot.addWidget(self.status, 1)
        for button in (self.newest_button, self.refresh_button, self.export_button):
            foot.addWidget(button)
        above = QWidget()
        list_column = QVBoxLayout(above)
        list_column.setContentsMargins(0, 0, 0, 0)
        list_column.setSpacing(Space.SMALL)
        list_column.addWidget(self.table, 1)
        list_column.addWidget(self.empty, 1)
        list_column.addWidget(self.export_line)
        list_column.addLayout(foot)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(Space.SMALL)
        parts.addWidget(above)
        parts.addWidget(self.explanation)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        parts.setSizes([390, 300])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.MEDIUM)
        column.addWidget(self.filters)
        column.addWidget(parts, 1)
