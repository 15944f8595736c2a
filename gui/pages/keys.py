"""Keys in this computer's keyring: entered once, never shown again (panel spec 6 and 17)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.core.secrets import MIN_LENGTH, KeyringUnavailable, Secret, SecretStore
from engine.core.tasks import Tasks
from gui.dialogs import Dialog
from gui.looks import Look
from gui.notices import NoticeBar
from gui.pill import Pill
from gui.theme import Space, Tone, scaled_font, set_look

translate = QCoreApplication.translate
_KEPT = Look("done", "✓", Tone.ACTING)
_ABSENT = Look("absent", "▢", Tone.NEUTRAL)
_UNKNOWN = Look("starting", "◌", Tone.NEUTRAL)
_REFUSED = Look("danger", "✕", Tone.DANGER)


@dataclass(frozen=True, slots=True)
class KeyField:
    """A secret that an operator may enter. name: in the secret store."""

    name: str
    title: str
    text: str


KRAKEN: tuple[KeyField, ...] = (
    KeyField(
        "kraken.api_key",
        QT_TRANSLATE_NOOP("KeysPage", "Kraken API key"),
        QT_TRANSLATE_NOOP(
            "KeysPage",
            "Made at Kraken under Settings, API. It needs the rights to query funds and orders and to modify orders.",
        ),
    ),
    KeyField(
        "kraken.api_secret",
        QT_TRANSLATE_NOOP("KeysPage", "Kraken private key"),
        QT_TRANSLATE_NOOP("KeysPage", "Shown by Kraken once, when the key is made. Give the key no right to withdraw."),
    ),
)


class SecretRow(QWidget):
    """One secret: whether it is kept, a field to enter it, and the two things to do with it."""

    def __init__(self, field: KeyField) -> None:
        super().__init__()
        self.name = field.name
        title = translate("KeysPage", field.title)
        self._title = QLabel(title)
        self._title.setFont(scaled_font(self._title.font(), 1.05, bold=True))
        text = QLabel(translate("KeysPage", field.text))
        text.setWordWrap(True)
        set_look(text, role="muted")
        self.state = Pill(ratio=0.95)
        self.entry = QLineEdit()
        self.entry.setEchoMode(QLineEdit.EchoMode.Password)
        self.entry.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self.entry.setAccessibleName(title)
        self.entry.setAccessibleDescription(translate("KeysPage", field.text))
        self.entry.setPlaceholderText(translate("KeysPage", "paste it here"))
        self.save = QPushButton(translate("KeysPage", "Save"))
        self.save.setAccessibleName(translate("KeysPage", "Save {name}").format(name=title))
        set_look(self.save, primary=True)
        self.delete = QPushButton(translate("KeysPage", "Delete…"))
        self.delete.setAccessibleName(translate("KeysPage", "Delete {name}").format(name=title))
        self.title = title
        self._kept: bool | None = None
        self._usable = False
        self.entry.textChanged.connect(lambda _: self._settle())
        self.entry.returnPressed.connect(self.save.click)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, Space.SMALL, 0, Space.SMALL)
        grid.setHorizontalSpacing(Space.SMALL)
        grid.setVerticalSpacing(Space.TIGHT)
        head = QHBoxLayout()
        head.setSpacing(Space.SMALL)
        head.addWidget(self._title)
        head.addWidget(self.state)
        head.addStretch(1)
        grid.addLayout(head, 0, 0, 1, 3)
        grid.addWidget(text, 1, 0, 1, 3)
        grid.addWidget(self.entry, 2, 0)
        grid.addWidget(self.save, 2, 1)
        grid.addWidget(self.delete, 2, 2)
        grid.setColumnStretch(0, 1)
        self.show_kept(None)

    def take(self) -> Secret:
        """The secret that was entered; the field is emptied. Raises ValueError for one that is too short."""
        text = self.entry.text().strip()
        self.entry.setText("")  # unlike clear(), this leaves nothing for Ctrl+Z to bring back
        return Secret(text)

    def show_kept(self, kept: bool | None) -> None:
        """Whether the keyring has it; None while that is not known."""
        self._kept = kept
        if kept is None:
            self.state.say(_UNKNOWN, translate("KeysPage", "Not known"))
        elif kept:
            self.state.say(_KEPT, translate("KeysPage", "Kept in the keyring"))
        else:
            self.state.say(_ABSENT, translate("KeysPage", "Not kept"))
        self._settle()

    def allow(self, usable: bool) -> None:
        """Let it be saved and deleted, or not while something is under way."""
        self._usable = usable
        self._settle()

    def _settle(self) -> None:
        self.entry.setEnabled(self._usable)
        self.save.setEnabled(self._usable and bool(self.entry.text().strip()))
        self.delete.setEnabled(self._usable and self._kept is not False)


class KeysPage(QScrollArea):
    """Every call to the keyring runs beside the loop and can be given up; unlocking may wait for a person."""

    def __init__(self, secrets: SecretStore, tasks: Tasks, notices: NoticeBar) -> None:
        super().__init__()
        self._secrets = secrets
        self._tasks = tasks
        self._notices = notices
        self._work: asyncio.Task[None] | None = None
        self._asked = False
        self._usable = False
        self.rows = {field.name: SecretRow(field) for field in KRAKEN}
        self.backend = Pill()
        self._words = QLabel(self.tr("Not asked yet."))
        self._progress = QProgressBar()
        self._give_up = QPushButton(self.tr("Give up"))
        self._again = QPushButton(self.tr("Look again"))
        self._compose()
        self._show_working("")
        self._again.clicked.connect(self.look)
        self._give_up.clicked.connect(self._cancel)
        for row in self.rows.values():
            row.save.clicked.connect(lambda _=False, row=row: self._save(row))
            row.delete.clicked.connect(lambda _=False, row=row: self._delete(row))

    @property
    def words(self) -> str:
        """What is said of the keyring."""
        return self._words.text()

    def redraw(self) -> None:
        """The keyring is asked when the page is seen first: asking may open its window."""
        if not self._asked:
            self.look()

    def look(self) -> None:
        """Ask the keyring what it has."""
        self._asked = True
        self._start(self._look(), self.tr("Asking the keyring…"))

    def _save(self, row: SecretRow) -> None:
        try:
            secret = row.take()
        except ValueError:
            self._notices.warn(
                self.tr("{name}: that is too short (at least {count} characters). Paste the whole key.").format(
                    name=row.title, count=MIN_LENGTH
                )
            )
            return
        self._start(self._save_and_look(row, secret), self.tr("Saving {name}…").format(name=row.title))

    def _delete(self, row: SecretRow) -> None:
        self._start(self._delete_if_agreed(row), self.tr("Deleting {name}…").format(name=row.title))

    async def _look(self) -> None:
        name = await self._secrets.backend_name()
        kept = await self._secrets.names()
        self._usable = True
        self.backend.say(_KEPT, self.tr("Ready"))
        self._words.setText(self.tr("Backend: {name}").format(name=name))
        for row in self.rows.values():
            row.show_kept(row.name in kept)

    async def _save_and_look(self, row: SecretRow, secret: Secret) -> None:
        await self._secrets.save(row.name, secret)
        await self._look()
        self._notices.done(self.tr("{name} is kept; it is used at the next start.").format(name=row.title))

    async def _delete_if_agreed(self, row: SecretRow) -> None:
        question = Dialog(
            self.window(),
            self.tr("Delete from the keyring?"),
            self.tr("{name} is forgotten by this computer. It stays valid at Kraken until you revoke it there.").format(
                name=row.title
            ),
            agree=self.tr("Delete"),
            decline=self.tr("Keep it"),
            look=Look("delete", "✕", Tone.DANGER),
        )
        if await question.answer():
            await self._secrets.delete(row.name)
            self._notices.done(self.tr("{name} is deleted.").format(name=row.title))
        await self._look()

    def _start(self, work: Coroutine[Any, Any, None], words: str) -> None:
        if self._work is not None:
            work.close()
            return
        self._show_working(words)
        self._work = self._tasks.start(self._told(work), name="keyring")

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work`, and say in words what the keyring refused."""
        try:
            await work
        except KeyringUnavailable as error:
            self._refuse(str(error))
        except asyncio.CancelledError:
            self._refuse(self.tr("you gave up waiting; what was asked may still happen, so look again."))
            raise
        finally:
            self._work = None
            self._show_working("")

    def _refuse(self, why: str) -> None:
        self._usable = False
        self.backend.say(_REFUSED, self.tr("Not usable"))
        self._words.setText(why[:1].upper() + why[1:])
        for row in self.rows.values():
            row.show_kept(None)

    def _cancel(self) -> None:
        if self._work is not None:
            self._work.cancel("the operator gave up waiting")

    def _show_working(self, words: str) -> None:
        working = bool(words)
        if working:
            self.backend.say(_UNKNOWN, words)
        elif not self._asked:
            self.backend.say(_UNKNOWN, self.tr("Not asked yet"))
        self._progress.setVisible(working)
        self._give_up.setVisible(working)
        self._again.setEnabled(not working)
        for row in self.rows.values():
            row.allow(self._usable and not working)

    def _compose(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._words.setWordWrap(True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._progress.setRange(0, 0)
        self._progress.setTextVisible(False)
        self._progress.setFixedSize(140, 6)
        self._progress.setAccessibleName(self.tr("The keyring is at work"))
        inside = QWidget()
        inside.setMaximumWidth(860)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.MEDIUM)
        column.addWidget(self._keyring_card())
        column.addWidget(self._kraken_card())
        column.addStretch(1)
        outside = QWidget()
        row = QHBoxLayout(outside)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(inside, 1)
        row.addStretch(0)
        self.setWidget(outside)

    def _keyring_card(self) -> QWidget:
        card, column = _card(self.tr("This computer's keyring"), self.backend)
        text = QLabel(
            self.tr("Keys are kept by the operating system, never in a file of Evenkeel's, and are never shown again.")
        )
        text.setWordWrap(True)
        set_look(text, role="muted")
        line = QHBoxLayout()
        line.setSpacing(Space.SMALL)
        line.addWidget(self._words, 1)
        line.addWidget(self._progress)
        line.addWidget(self._give_up)
        line.addWidget(self._again)
        column.addWidget(text)
        column.addLayout(line)
        return card

    def _kraken_card(self) -> QWidget:
        card, column = _card(self.tr("Kraken"), None)
        for row in self.rows.values():
            column.addWidget(row)
        return card


def _card(title: str, state: Pill | None) -> tuple[QFrame, QVBoxLayout]:
    card = QFrame()
    set_look(card, card=True)
    heading = QLabel(title)
    heading.setFont(scaled_font(heading.font(), 1.15, bold=True))
    head = QHBoxLayout()
    head.addWidget(heading)
    head.addStretch(1)
    if state is not None:
        head.addWidget(state)
    column = QVBoxLayout(card)
    column.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.LARGE)
    column.setSpacing(Space.SMALL)
    column.addLayout(head)
    return card, column
