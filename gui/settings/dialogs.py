"""What would change, before it does; and the earlier revisions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QAbstractItemView, QLabel, QWidget

from engine.core.drafts import Draft
from engine.core.option_catalogue import Catalogue
from engine.core.revisions import RevisionRecord
from engine.core.settings import Change
from gui import formats
from gui.dialogs import Dialog
from gui.looks import Look
from gui.sentences import sentence
from gui.sentences.declared import option_unit
from gui.settings.row import risk_word, shown
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Tone, set_look

translate = QCoreApplication.translate


def change_columns() -> tuple[Column[Change], ...]:
    """Option, old and new value, what it can do, when it takes effect."""
    return (
        Column(translate("SettingsDialogs", "Option"), lambda change: change.path),
        Column(translate("SettingsDialogs", "Now"), lambda change: shown(change.old, option_unit(change.unit))),
        Column(
            translate("SettingsDialogs", "Then"),
            lambda change: shown(change.new, option_unit(change.unit)),
            tone=lambda _: Tone.PAPER,
        ),
        Column(translate("SettingsDialogs", "Risk"), lambda change: risk_word(change.risk)),
        Column(
            translate("SettingsDialogs", "Takes effect"),
            lambda change: (
                translate("SettingsDialogs", "at the next start")
                if change.restart
                else translate("SettingsDialogs", "at once")
            ),
        ),
    )


class DiffDialog(Dialog):
    """The changes of a valid draft, to be agreed to."""

    def __init__(self, parent: QWidget, draft: Draft, title: str) -> None:
        count = len(draft.diff)
        super().__init__(
            parent,
            title,
            translate("SettingsDialogs", "These options will have another value. Nothing has changed yet."),
            agree=translate("SettingsDialogs", "Apply {count} changes").format(count=count)
            if count != 1
            else translate("SettingsDialogs", "Apply 1 change"),
            decline=translate("SettingsDialogs", "Not now"),
            look=Look("settings", "≡", Tone.PAPER),
        )
        rows: RowsModel[Change] = RowsModel(change_columns(), key=lambda change: change.path)
        rows.show_rows(draft.diff)
        view = LiveTable(rows, translate("SettingsDialogs", "Changes"))
        view.setMinimumSize(640, min(360, 60 + 26 * max(3, count)))
        self.body.addWidget(view)
        for notice in draft.notices:
            line = QLabel(sentence(notice))
            line.setWordWrap(True)
            set_look(line, role="muted")
            self.body.addWidget(line)


def revision_columns() -> tuple[Column[RevisionRecord], ...]:
    """Number, time, author, what changed."""
    return (
        Column(translate("SettingsDialogs", "Revision"), lambda record: str(record.number), right=True),
        Column(translate("SettingsDialogs", "In force from"), lambda record: formats.date_time(record.at_s)),
        Column(translate("SettingsDialogs", "By"), lambda record: record.author),
        Column(translate("SettingsDialogs", "Changed"), _changed),
    )


def _changed(record: RevisionRecord) -> str:
    if not record.changes:
        return translate("SettingsDialogs", "nothing")
    first = ", ".join(f"{change.path} {change.old} → {change.new}" for change in record.changes[:3])
    more = len(record.changes) - 3
    return (
        first if more <= 0 else translate("SettingsDialogs", "{first} and {more} more").format(first=first, more=more)
    )


class HistoryDialog(Dialog):
    """Every revision on record, newest first; one is chosen to be brought back."""

    def __init__(self, parent: QWidget, history: Sequence[RevisionRecord], catalogue: Catalogue) -> None:
        super().__init__(
            parent,
            translate("SettingsDialogs", "Earlier revisions"),
            translate(
                "SettingsDialogs", "Choose the revision whose file should hold again. You see what would change first."
            ),
            agree=translate("SettingsDialogs", "See what would change"),
            decline=translate("SettingsDialogs", "Close"),
            look=Look("undo", "↶", Tone.PAPER),
        )
        self._rows: RowsModel[RevisionRecord] = RowsModel(revision_columns(), key=lambda record: record.number)
        self._rows.show_rows(list(reversed(history)))
        self.view = LiveTable(self._rows, translate("SettingsDialogs", "Revisions, newest first"), stretch=3)
        self.view.setMinimumSize(720, 300)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._compare())
        self.body.addWidget(self.view)
        self._compare()

    @property
    def chosen(self) -> int | None:
        """The number of the selected revision; the one in force cannot be chosen."""
        rows = self.view.selectionModel().selectedRows()
        return self._rows.rows[rows[0].row()].number if rows and rows[0].row() > 0 else None

    def _compare(self) -> None:
        self.agree_button.setEnabled(self.chosen is not None)
