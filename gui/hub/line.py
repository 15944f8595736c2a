"""How the hub stands in one line: its state and why, its figures, where wallets reach it, and its own kill switch."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.core.messages import Answer, Refused
from engine.core.supervisor import EngineSnapshot
from engine.hub.messages import HubSnapshot
from gui import formats
from gui.hub.state import hub_sentence, hub_verdict
from gui.labels import Figure, Prose
from gui.pill import Pill
from gui.reflow import Reflow
from gui.sentences import sentence
from gui.sentences.figures import short_id
from gui.theme import Space, Tone, set_look

translate = QCoreApplication.translate


def address(known: HubSnapshot | None) -> str:
    """Where wallets on this machine reach the hub; empty while they cannot."""
    return "" if known is None or known.http_port is None else f"http://127.0.0.1:{known.http_port}"


class HubLine(QFrame):
    """stop, resume: a person asked for it. The button shows what the engine acknowledged, never what was asked."""

    stop = Signal()
    resume = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(translate("HubLine", "The hub engine"))
        self.state = Pill()
        self.words = Prose()
        self.answer = Prose(muted=True)
        self.answer.setAccessibleName(translate("HubLine", "What the engine answered"))
        self.block = Figure(translate("HubLine", "Block"), ratio=1.1)
        self.age = Figure(translate("HubLine", "Block's age"), ratio=1.1)
        self.waiting = Figure(translate("HubLine", "Waiting"), ratio=1.1)
        self.accounts = Figure(translate("HubLine", "Accounts"), ratio=1.1)
        self.heard = Figure(translate("HubLine", "Heard"), ratio=1.1)
        self.address = QLabel()
        self.copy_button = QPushButton(translate("HubLine", "Copy"))
        self.switch_button = QPushButton()
        self._stopped: bool | None = None
        self._waits_for_answer = False
        self._compose()
        self.copy_button.clicked.connect(self.copy_address)
        self.switch_button.clicked.connect(self._switch)
        self.show_snapshot(None, None)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """From the left."""
        return (self.block, self.age, self.waiting, self.accounts, self.heard)

    def show_snapshot(self, known: HubSnapshot | None, life: EngineSnapshot | None) -> None:
        """Show how it stands; None before it told anything."""
        self.state.say(*hub_verdict(known, life))
        self.words.say(hub_sentence(known, life))
        self.setAccessibleDescription(f"{self.state.text}. {self.words.text()}")
        self._show_address(known)
        self._stopped = None if known is None else known.stopped
        self._show_switch()
        if known is None:
            for figure in self.figures:
                figure.say(formats.UNKNOWN)
            return
        unseen = translate("HubLine", "No block was seen yet.") if known.block_at_s is None else ""
        contract = translate("HubLine", "Chain {chain}, contract {contract}, entity {entity}").format(
            chain=known.chain_id, contract=known.contract or formats.UNKNOWN, entity=short_id(known.entity)
        )
        self.block.say(formats.UNKNOWN if unseen else f"{known.block:,}", tip=unseen or contract)
        self.waiting.say(f"{known.queue_length:,}")
        self.accounts.say(f"{known.accounts:,}")

    def show_times(self, known: HubSnapshot | None, now_s: float, silent_s: float | None) -> None:
        """Bring ages up to date; now_s: the engine's clock. silent_s: since it was last heard of."""
        if known is None or silent_s is None:
            return
        self.age.say(formats.duration(None if known.block_at_s is None else now_s - known.block_at_s))
        self.heard.say(
            translate("HubLine", "{age} ago").format(age=formats.duration(silent_s)), tip=formats.date_time(known.at_s)
        )

    def say_asked(self) -> None:
        """The engine was asked and has not answered yet; nothing more is asked meanwhile."""
        self._waits_for_answer = True
        set_look(self.answer, tone=None, role="muted")
        self._say(translate("HubLine", "Asked for; not acknowledged yet."))
        self._show_switch()

    def say_answer(self, done: str, answer: Answer | None) -> None:
        """What the engine answered; `done` where it agreed, None where no answer came."""
        self._waits_for_answer = False
        self._show_switch()
        if answer is None:
            self._say("")
            return
        refused = isinstance(answer, Refused)
        set_look(self.answer, tone=Tone.DANGER if refused else Tone.ACTING, role=None)
        text = translate("HubLine", "✕ Refused. {why}").format(why=sentence(answer.reason)) if refused else f"✓ {done}"
        self._say(text)

    def copy_address(self) -> None:
        """The address for wallets goes to the clipboard."""
        if self.copy_button.isEnabled():
            QGuiApplication.clipboard().setText(self.address.text())

    def _switch(self) -> None:
        (self.resume if self._stopped else self.stop).emit()

    def _say(self, text: str) -> None:
        self.answer.say(text)
        self.answer.setVisible(bool(text))

    def _show_address(self, known: HubSnapshot | None) -> None:
        where = address(known)
        self.address.setText(where or translate("HubLine", "Wallets cannot reach the hub now."))
        set_look(self.address, role=None if where else "muted")
        self.copy_button.setEnabled(bool(where))

    def _show_switch(self) -> None:
        stopped = bool(self._stopped)
        self.switch_button.setText(translate("HubLine", "Resume hub…") if stopped else translate("HubLine", "Stop hub"))
        self.switch_button.setToolTip(
            translate("HubLine", "Accept and send again; asks you first (Ctrl+Alt+H)")
            if stopped
            else translate("HubLine", "Accept and send nothing; what was sent goes on to its end (Ctrl+Shift+H)")
        )
        self.switch_button.setEnabled(self._stopped is not None and not self._waits_for_answer)
        asks_to_stop = self.switch_button.isEnabled() and not stopped
        set_look(self.switch_button, tone=Tone.DANGER if asks_to_stop else None, primary=stopped)

    def _compose(self) -> None:
        self.copy_button.setToolTip(translate("HubLine", "Copy the address for wallets (Ctrl+Shift+C)"))
        self.copy_button.setAccessibleName(translate("HubLine", "Copy the address for wallets"))
        self.address.setTextFormat(Qt.TextFormat.PlainText)
        self.address.setAccessibleName(translate("HubLine", "Address for wallets"))
        self.address.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        name = QLabel(translate("HubLine", "For wallets"))
        set_look(name, role="muted")
        figures = QWidget()
        left = QHBoxLayout(figures)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(Space.WIDE)
        left.addWidget(self.state)
        for figure in self.figures:
            left.addWidget(figure)
        left.addStretch(1)
        reach = QWidget()
        right = QHBoxLayout(reach)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(Space.SMALL)
        right.addStretch(1)
        for part in (name, self.address, self.copy_button):
            right.addWidget(part)
        right.addSpacing(Space.SMALL)
        right.addWidget(self.switch_button)
        reach.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.LARGE, Space.SMALL, Space.LARGE, Space.SMALL)
        column.setSpacing(Space.TIGHT)
        column.addWidget(Reflow((figures, reach), ((((0, 1), (1, 1)),), (((0, 1),), ((1, 1),)))))
        column.addWidget(self.words)
        column.addWidget(self.answer)
        self.answer.hide()
