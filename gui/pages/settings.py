"""Every option of every engine: draft, problems at the field, diff, apply, and the way back (panel spec 5)."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from engine.core.configuration import Configuration, ConfigurationMoved, NoSuchRevision
from engine.core.drafts import Draft, Revision
from engine.core.tasks import Tasks
from gui import formats
from gui.icons import icon
from gui.notices import NoticeBar
from gui.sentences import sentence
from gui.settings.changes import OptionChanges
from gui.settings.dialogs import HistoryDialog
from gui.settings.form import OptionForm, problem_sentence
from gui.theme import Space, Tone, set_look, theme_of


class SettingsPage(QWidget):
    """What is typed is a draft until it is applied; shown as in force is what the configuration acknowledged."""

    def __init__(self, configuration: Configuration, tasks: Tasks, notices: NoticeBar) -> None:
        super().__init__()
        self._configuration = configuration
        self._tasks = tasks
        self._notices = notices
        self._changes = OptionChanges(configuration, notices)
        self._busy = False
        self._draft: Draft | None = None
        self.search = QLineEdit()
        self.form = OptionForm(configuration.catalogue)
        self._found = QLabel()
        self._standing = QLabel()
        self._summary = QLabel()
        self._file_problems = QLabel()
        self._buttons()
        self._compose()
        self.search.textChanged.connect(self._filter)
        self.form.edited.connect(self._check)
        self._unsubscribe = configuration.subscribe(self._acknowledged)
        self.destroyed.connect(self._unsubscribe)
        self._show_in_force()
        self._filter("")
        self._check()

    def find(self) -> None:
        """Put the cursor into the search field."""
        self.search.setFocus()
        self.search.selectAll()

    def reveal(self, path: str) -> None:
        """Show the option at `path`, and put the cursor into its field."""
        self.search.setText(path)
        field = self.form.rows[path].editor.field
        (field if field.isEnabled() else self.search).setFocus()

    def review(self) -> None:
        """Show what the draft would change, and apply it if the operator agrees."""
        draft = self._configuration.draft(self.form.changes())
        if draft.is_valid and draft.diff:
            self._start(self._apply_if_agreed(draft, self.tr("Apply these changes?")), "apply")
        elif not draft.is_valid:
            self._notices.warn(self.tr("Some values cannot be. Correct the fields that are marked, then review again."))

    def undo(self) -> None:
        """Show what undoing the revision in force would change, and do it if the operator agrees."""
        try:
            draft = self._configuration.undo_draft()
        except NoSuchRevision:
            self._notices.warn(self.tr("There is no earlier revision that the file said otherwise."))
            return
        self._start(self._apply_if_agreed(draft, self.tr("Go back one revision?")), "undo")

    def reload(self) -> None:
        """Read the file again after an edit by hand."""
        self._start(self._reload(), "reload")

    async def _apply_if_agreed(self, draft: Draft, title: str) -> None:
        if await self._changes.apply_if_agreed(self.window(), draft, title) is not None:
            self.form.discard()
            self._show_in_force()

    async def _choose_revision(self) -> None:
        dialog = HistoryDialog(self.window(), self._configuration.history, self._configuration.catalogue)
        agreed = await dialog.answer()
        number = dialog.chosen
        if agreed and number is not None:
            draft = self._configuration.revert_draft(number)
            await self._apply_if_agreed(draft, self.tr("Bring back revision {number}?").format(number=number))

    async def _reload(self) -> None:
        try:
            problems = await self._configuration.reload()
        except OSError as error:
            self._notices.grave(
                self.tr("The file could not be read ({why}).").format(why=error.strerror or type(error).__name__)
            )
            return
        self._show_in_force()
        if not problems:
            self._notices.done(self.tr("The file was read; revision {n} is in force.").format(n=self._number))

    async def _restore(self) -> None:
        try:
            kept = await self._configuration.restore_file()
        except (ConfigurationMoved, OSError) as error:
            self._notices.grave(self.tr("The file could not be put back: {why}.").format(why=error))
            return
        self._show_in_force()
        self._notices.done(self.tr("The file was put back; the broken one is kept as {name}.").format(name=kept.name))

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """One thing at a time: a second dialog over the first would ask about a draft that is out of date."""
        if self._busy:
            work.close()
            return
        self._busy = True
        self._enable()
        self._tasks.start(self._finishing(work), name=f"settings.{name}")

    async def _finishing(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self._busy = False
            self._check()

    @property
    def _number(self) -> int:
        return self._configuration.current.number

    def _acknowledged(self, revision: Revision) -> None:
        self._show_in_force()
        self._check()

    def _show_in_force(self) -> None:
        current = self._configuration.current
        self.form.show_in_force(self._configuration)
        self._standing.setText(
            self.tr("Revision {number}, in force since {time}, by {author}").format(
                number=current.number, time=formats.date_time(current.at_s), author=current.author
            )
        )
        said = [problem_sentence(problem) for problem in self._configuration.problems]
        if said:
            said.insert(0, self.tr("The file cannot be in force as it stands, so the last good revision is."))
        said += [sentence(notice) for notice in self._configuration.notices]
        self._file_problems.setText("\n".join(said))
        self._file_problems.setVisible(bool(said))
        set_look(self._file_problems, tone=Tone.DANGER if self._configuration.problems else Tone.DAMPED)
        self._restore_button.setVisible(bool(self._configuration.problems))

    def _check(self) -> None:
        """Make the draft anew and say what is wrong with it."""
        self._draft = self._configuration.draft(self.form.changes())
        self.form.show_problems(self._draft.problems)
        edited, wrong = len(self.form.changes()), len(self._draft.problems)
        if wrong:
            self._summary.setText(self.tr("{edited} edited, {wrong} cannot be").format(edited=edited, wrong=wrong))
        elif edited:
            self._summary.setText(self.tr("{edited} edited, not applied yet").format(edited=edited))
        else:
            self._summary.setText(self.tr("Nothing edited"))
        set_look(self._summary, tone=Tone.DANGER if wrong else Tone.PAPER if edited else None)
        self._enable()

    def _enable(self) -> None:
        draft = self._draft
        edited = bool(self.form.changes())
        self._review_button.setEnabled(not self._busy and draft is not None and draft.is_valid and bool(draft.diff))
        self._discard_button.setEnabled(not self._busy and edited)
        for button in (self._undo_button, self._history_button, self._reload_button, self._restore_button):
            button.setEnabled(not self._busy)

    def _discard(self) -> None:
        self.form.discard()
        self._check()

    def _filter(self, words: str) -> None:
        found = self.form.filter(words)
        total = len(self.form.rows)
        self._found.setText(
            self.tr("{total} options").format(total=total)
            if found == total
            else self.tr("{found} of {total} options").format(found=found, total=total)
        )

    def _buttons(self) -> None:
        def button(text: str, tip: str, act: Any) -> QPushButton:
            made = QPushButton(text)
            made.setToolTip(tip)
            made.setAccessibleName(text.rstrip("…"))
            made.clicked.connect(lambda _=False: act())
            return made

        self._reload_button = button(
            self.tr("Reload file"), self.tr("Read the file again after an edit by hand"), self.reload
        )
        self._undo_button = button(self.tr("Undo…"), self.tr("Go back to the revision before this one"), self.undo)
        self._history_button = button(
            self.tr("History…"),
            self.tr("Every revision, to bring one back"),
            lambda: self._start(self._choose_revision(), "history"),
        )
        self._discard_button = button(self.tr("Discard"), self.tr("Forget what was typed"), self._discard)
        self._review_button = button(
            self.tr("Review and apply…"), self.tr("See what would change (Ctrl+S)"), self.review
        )
        set_look(self._review_button, primary=True)
        self._restore_button = button(
            self.tr("Put the file back"),
            self.tr("Write the revision in force over the file; the broken one is kept beside it"),
            lambda: self._start(self._restore(), "restore"),
        )

        self._icons = {self._reload_button: "reload", self._undo_button: "undo", self._history_button: "journal"}
        self._recolour()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icons in the colours of the theme in force."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_icons"):
            self._recolour()

    def _recolour(self) -> None:
        theme = theme_of()
        for button, name in self._icons.items():
            button.setIcon(icon(name, theme.text, theme.disabled))

    def _compose(self) -> None:
        self.search.setPlaceholderText(self.tr("Search name, text, unit or source name (Ctrl+F)"))
        self.search.setAccessibleName(self.tr("Search the settings"))
        self.search.setClearButtonEnabled(True)
        set_look(self._found, role="muted")
        set_look(self._standing, role="muted")
        self._file_problems.setWordWrap(True)
        self._file_problems.setTextFormat(Qt.TextFormat.PlainText)
        top = QHBoxLayout()
        top.setSpacing(Space.SMALL)
        top.addWidget(self.search, 1)
        top.addWidget(self._found)
        for button in (self._reload_button, self._undo_button, self._history_button):
            top.addWidget(button)
        problems = QHBoxLayout()
        problems.addWidget(self._file_problems, 1)
        problems.addWidget(self._restore_button)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.form)
        foot = QFrame()
        set_look(foot, card=True)
        bottom = QHBoxLayout(foot)
        bottom.setContentsMargins(Space.LARGE, Space.SMALL, Space.SMALL, Space.SMALL)
        bottom.setSpacing(Space.SMALL)
        bottom.addWidget(self._summary)
        bottom.addSpacing(Space.LARGE)
        bottom.addWidget(self._standing)
        bottom.addStretch(1)
        bottom.addWidget(self._discard_button)
        bottom.addWidget(self._review_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.MEDIUM)
        column.addLayout(top)
        column.addLayout(problems)
        column.addWidget(scroll, 1)
        column.addWidget(foot)
