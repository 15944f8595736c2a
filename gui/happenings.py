"""Being somebody else at the paper exchange: what a person lets happen there while the session runs (PAPER alone)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QListWidgetItem, QWidget

from engine.core.bus import Bus
from engine.core.messages import Acknowledged, Refused
from engine.core.modes import Mode
from engine.core.tasks import Tasks
from engine.desk.messages import LetHappen
from gui import formats
from gui.dialogs import Dialog
from gui.labels import Prose
from gui.looks import MODES
from gui.sentences import sentence
from gui.theme import set_look

translate = QCoreApplication.translate

CONTEXT = "Happening"
EXAMPLES: tuple[tuple[str, str], ...] = (
    ("amend:entry:+45%", QT_TRANSLATE_NOOP("Happening", "Somebody makes a resting entry larger")),
    ("amend:exit:+45%", QT_TRANSLATE_NOOP("Happening", "Somebody makes a resting exit larger")),
    ("move:exit:+2%", QT_TRANSLATE_NOOP("Happening", "Somebody moves an exit to another price")),
    ("cancel:buy:1", QT_TRANSLATE_NOOP("Happening", "Somebody cancels one of the buys")),
    ("place:buy:20usd", QT_TRANSLATE_NOOP("Happening", "Somebody places an order of their own")),
    ("trade:sell:50", QT_TRANSLATE_NOOP("Happening", "Somebody trades at the market")),
    ("deposit:usd:100", QT_TRANSLATE_NOOP("Happening", "Money comes to the account")),
    ("earn:usd:50", QT_TRANSLATE_NOOP("Happening", "Money moves where it earns and cannot be traded")),
    ("status:cancel_only:20m", QT_TRANSLATE_NOOP("Happening", "The exchange takes cancels only for 20 minutes")),
    ("decimals:5", QT_TRANSLATE_NOOP("Happening", "The pair's prices get five decimals")),
    ("minimum:50", QT_TRANSLATE_NOOP("Happening", "The pair's least order becomes 50")),
    ("lockout:2m", QT_TRANSLATE_NOOP("Happening", "The exchange locks the key out for two minutes")),
    ("second-program:20s:5m", QT_TRANSLATE_NOOP("Happening", "Another program uses the key for five minutes")),
    ("price:-3%", QT_TRANSLATE_NOOP("Happening", "The market falls by 3 percent")),
)


class HappenDialog(Dialog):
    """Stays open, so that one thing can follow another. asked: with the text that the field holds."""

    asked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            parent,
            translate("HappenDialog", "Be somebody else"),
            translate(
                "HappenDialog",
                "What you write here happens at this session's paper exchange, now or so long from now. Nothing real "
                "is touched.",
            ),
            agree=translate("HappenDialog", "Let it happen"),
            decline=translate("HappenDialog", "Close"),
            look=MODES[Mode.PAPER],
        )
        self.field = QLineEdit()
        self.field.setAccessibleName(translate("HappenDialog", "What happens"))
        self.field.setPlaceholderText(translate("HappenDialog", "[TIME:]KIND:ARGUMENTS, as 10m:amend:buy:+45%"))
        self.examples = QListWidget()
        self.examples.setAccessibleName(translate("HappenDialog", "Examples; Enter takes one over"))
        self.examples.setMinimumSize(560, 180)
        for text, meaning in EXAMPLES:
            item = QListWidgetItem(f"{translate(CONTEXT, meaning)}   {text}", self.examples)
            item.setData(Qt.ItemDataRole.UserRole, text)
        self.examples.itemClicked.connect(self._take_over)
        self.examples.itemActivated.connect(self._take_over)
        self._came = Prose(lines=3)
        examples = QLabel(translate("HappenDialog", "Examples"))
        set_look(examples, role="muted")
        self.body.addWidget(self.field)
        self.body.addWidget(examples)
        self.body.addWidget(self.examples, 1)
        self.body.addWidget(self._came)
        self.agree_button.setEnabled(False)
        self.field.textChanged.connect(lambda text: self.agree_button.setEnabled(bool(text.strip())))
        self.expect_agreement()
        self.field.setFocus()

    @property
    def words(self) -> str:
        """What came of it last."""
        return self._came.text()

    def accept(self) -> None:
        """Ask for what the field holds; a person closes the dialog."""
        text = self.field.text().strip()
        if text:
            self.agree_button.setEnabled(False)
            self.asked.emit(text)

    def say(self, words: str) -> None:
        """Say what came of it, and let the next thing be written."""
        self._came.say(words)
        self.agree_button.setEnabled(bool(self.field.text().strip()))

    def _take_over(self, item: QListWidgetItem) -> None:
        self.field.setText(item.data(Qt.ItemDataRole.UserRole))
        self.field.setFocus()


async def be_somebody_else(parent: QWidget, bus: Bus, tasks: Tasks) -> None:
    """Open the dialog, and let happen what a person asks for until they close it."""
    dialog = HappenDialog(parent)

    async def let_happen(text: str) -> None:
        answer = await bus.ask(LetHappen(text=text))
        dialog.say(sentence(answer.reason) if isinstance(answer, Refused) else happened_words(answer))

    dialog.asked.connect(lambda text: tasks.start(let_happen(text), name="happening"))
    await dialog.answer()


def happened_words(answer: Acknowledged) -> str:
    """The last thing that happened at the exchange, and how much is still to come."""
    happened: Sequence[Mapping[str, Any]] = answer.detail["happened"]
    pending: Sequence[Mapping[str, Any]] = answer.detail["pending"]
    lines: list[str] = []
    if happened:
        last = happened[-1]
        lines.append(
            translate("HappenDialog", "Happened last, at {time}: {what} {note}")
            .format(time=formats.clock_time(last["at_s"]), what=last["what"], note=last["note"])
            .strip()
        )
    if pending:
        lines.append(
            translate("HappenDialog", "Still to come: {what}").format(what="; ".join(one["what"] for one in pending))
        )
    return "\n".join(lines) or translate("HappenDialog", "It was taken over.")
