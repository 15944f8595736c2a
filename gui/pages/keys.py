"""Keys in this computer's keyring: entered once, never shown again (panel spec 6 and 17)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.core.bus import Bus
from engine.core.messages import Refused
from engine.core.secrets import MIN_LENGTH, KeyringUnavailable, Secret, SecretStore
from engine.core.tasks import Tasks
from engine.desk.messages import KeyRightsSnapshot, ReadKeyRights
from gui.dialogs import Dialog
from gui.keys.rights import RightsCard
from gui.keys.secret_row import ALERTS, CHAIN, HUB, KRAKEN, POSTGRESQL, SecretRow
from gui.looks import Look
from gui.notices import NoticeBar
from gui.pill import Pill
from gui.theme import Space, Tone, scaled_font, set_look

translate = QCoreApplication.translate
_OF_KRAKEN = frozenset(field.name for field in KRAKEN)
_READY = Look("done", "✓", Tone.ACTING)
_UNKNOWN = Look("starting", "◌", Tone.NEUTRAL)
_REFUSED = Look("danger", "✕", Tone.DANGER)


class KeysPage(QScrollArea):
    """Every call to the keyring runs beside the loop and can be given up; unlocking may wait for a person."""

    def __init__(self, secrets: SecretStore, bus: Bus, tasks: Tasks, notices: NoticeBar) -> None:
        super().__init__()
        self._bus = bus
        self._secrets = secrets
        self._tasks = tasks
        self._notices = notices
        self._work: asyncio.Task[None] | None = None
        self._asked = False
        self._usable = False
        self._asking_kraken = False
        self.rows = {field.name: SecretRow(field) for field in (*KRAKEN, *CHAIN, *HUB, *ALERTS, *POSTGRESQL)}
        self.backend = Pill()
        self._words = QLabel(self.tr("Not asked yet."))
        self._progress = QProgressBar()
        self._give_up = QPushButton(self.tr("Give up"))
        self._again = QPushButton(self.tr("Look again"))
        self.rights = RightsCard()
        self._compose()
        self._show_working("")
        self.rights.again.clicked.connect(self._read_rights)
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
        self.rights.show_rights(self._bus.latest(KeyRightsSnapshot))

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

    def _read_rights(self) -> None:
        self._start(self._ask_rights(), self.tr("Asking Kraken what the key may do…"))

    async def _ask_rights(self) -> None:
        """Have the rights of the kept key read, and show what came of it."""
        self.rights.say_reading()
        self._asking_kraken = True
        try:
            answer = await self._bus.ask(ReadKeyRights())
        except asyncio.CancelledError:
            self.rights.show_rights(None)
            raise
        if isinstance(answer, Refused):
            self.rights.show_unread(answer.reason)
        else:
            self.rights.show_rights(self._bus.latest(KeyRightsSnapshot))

    async def _look(self) -> bool:
        """Ask the keyring; whether it has every key."""
        name = await self._secrets.backend_name()
        kept = await self._secrets.names()
        self._usable = True
        self.backend.say(_READY, self.tr("Ready"))
        self._words.setText(self.tr("Backend: {name}").format(name=name))
        for row in self.rows.values():
            row.show_kept(row.name in kept)
        return all(field.name in kept for field in KRAKEN)

    async def _save_and_look(self, row: SecretRow, secret: Secret) -> None:
        await self._secrets.save(row.name, secret)
        kept = await self._look()
        self._notices.done(self.tr("{name} is kept; it is used at the next start.").format(name=row.title))
        if kept and row.name in _OF_KRAKEN:
            await self._ask_rights()

    async def _delete_if_agreed(self, row: SecretRow) -> None:
        question = Dialog(
            self.window(),
            self.tr("Delete from the keyring?"),
            self.tr("{name} is forgotten by this computer. It stays valid until you revoke it {where}.").format(
                name=row.title,
                where=self.tr("at Kraken") if row.name in _OF_KRAKEN else self.tr("at the server"),
            ),
            agree=self.tr("Delete"),
            decline=self.tr("Keep it"),
            look=Look("delete", "✕", Tone.DANGER),
        )
        if await question.answer():
            await self._secrets.delete(row.name)
            self._notices.done(self.tr("{name} is deleted.").format(name=row.title))
            if row.name in _OF_KRAKEN:
                self.rights.show_rights(None)
        await self._look()

    def _start(self, work: Coroutine[Any, Any, object], words: str) -> None:
        if self._work is not None:
            work.close()
            return
        self._show_working(words)
        self._work = self._tasks.start(self._told(work), name="keyring")

    async def _told(self, work: Coroutine[Any, Any, object]) -> None:
        """Do `work`, and say in words what the keyring refused."""
        try:
            await work
        except KeyringUnavailable as error:
            self._refuse(str(error))
        except asyncio.CancelledError:
            if not self._asking_kraken:
                self._refuse(self.tr("you gave up waiting; what was asked may still happen, so look again."))
            raise
        finally:
            self._work = None
            self._asking_kraken = False
            if self._usable:
                self.backend.say(_READY, self.tr("Ready"))
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
        self.rights.again.setEnabled(self._usable and not working)

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
        column.addWidget(self._chain_card())
        column.addWidget(self._hub_card())
        column.addWidget(self._alerts_card())
        column.addWidget(self._postgresql_card())
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
        for field in KRAKEN:
            column.addWidget(self.rows[field.name])
        column.addWidget(self.rights)
        return card

    def _chain_card(self) -> QWidget:
        card, column = _card(self.tr("Chain"), None)
        for field in CHAIN:
            column.addWidget(self.rows[field.name])
        return card

    def _hub_card(self) -> QWidget:
        card, column = _card(self.tr("Hub"), None)
        for field in HUB:
            column.addWidget(self.rows[field.name])
        return card

    def _alerts_card(self) -> QWidget:
        card, column = _card(self.tr("Alerts"), None)
        for field in ALERTS:
            column.addWidget(self.rows[field.name])
        return card

    def _postgresql_card(self) -> QWidget:
        card, column = _card(self.tr("PostgreSQL"), None)
        for field in POSTGRESQL:
            column.addWidget(self.rows[field.name])
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
