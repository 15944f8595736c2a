"""What only a person may let happen: resuming after a stop, going LIVE, and LIVE with a key that may withdraw."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from engine.core.modes import Mode, ModeSnapshot
from gui.dialogs import Dialog
from gui.labels import Prose
from gui.looks import MODES, SWITCHES, Look
from gui.sentences import lowered, sentence, word
from gui.switch_words import SwitchWords
from gui.theme import Tone, set_look

translate = QCoreApplication.translate

LIVE_PHRASE = "trade with real money"
ACCOUNT_LINES = 12


class ResumeDialog(Dialog):
    """Asks whether the engines may act again, and says what held them. words: what is said of the switch."""

    def __init__(self, parent: QWidget, standing: ModeSnapshot, words: SwitchWords) -> None:
        look = SWITCHES[standing.switch]
        tone = Tone.DANGER if standing.mode is Mode.LIVE else Tone.ACTING
        super().__init__(
            parent,
            translate("ResumeDialog", "Resume the engines?"),
            " ".join(filter(None, (_position(standing), words.full if words.unsettled else ""))),
            agree=translate("ResumeDialog", "Resume in {mode}").format(mode=word(standing.mode).upper()),
            decline=translate("ResumeDialog", "Leave as it is"),
            look=Look(look.icon, look.glyph, tone),
        )
        what = QLabel(
            translate(
                "ResumeDialog",
                "The engines read the exchange first, then place and move orders again as their settings say.",
            )
        )
        what.setWordWrap(True)
        set_look(what, role="muted")
        self.body.addWidget(what)


def _position(standing: ModeSnapshot) -> str:
    return translate("ResumeDialog", "The master switch is {position}. {why}").format(
        position=lowered(word(standing.switch)), why=sentence(standing.why)
    )


class TypedDialog(Dialog):
    """Agreed to only with a phrase typed in full; upper and lower case and spare spaces do not matter."""

    def __init__(self, parent: QWidget, phrase: str, title: str, text: str, *, agree: str, decline: str) -> None:
        super().__init__(parent, title, text, agree=agree, decline=decline, look=MODES[Mode.LIVE])
        self._wanted = phrase
        self.phrase = QLineEdit()
        self.phrase.setAccessibleName(translate("TypedDialog", "Confirmation phrase"))
        self.phrase.setPlaceholderText(phrase)
        self.phrase.textChanged.connect(self._compare)
        self.body.addWidget(self.phrase)
        self.agree_button.setEnabled(False)
        self.phrase.setFocus()

    def accept(self) -> None:
        """Only with the phrase typed in full."""
        if self._typed():
            super().accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter in the field agrees once the phrase is there in full; before that it does nothing."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.phrase.hasFocus():
            if not event.isAutoRepeat():
                self.accept()
        else:
            super().keyPressEvent(event)

    def _typed(self) -> bool:
        return " ".join(self.phrase.text().casefold().split()) == self._wanted.casefold()

    def _compare(self) -> None:
        self.agree_button.setEnabled(self._typed())
        (self.agree_button if self._typed() else self.decline_button).setDefault(True)


class LiveDialog(TypedDialog):
    """Asks for a typed phrase before the engines may act with real money; asked at every start, never hidden."""

    def __init__(self, parent: QWidget, profile: str) -> None:
        super().__init__(
            parent,
            LIVE_PHRASE,
            translate("LiveDialog", "Go LIVE?"),
            translate(
                "LiveDialog",
                "The engines of profile “{profile}” will place real orders with real money on your exchange account. "
                "Type “{phrase}” to confirm.",
            ).format(profile=profile, phrase=LIVE_PHRASE),
            agree=translate("LiveDialog", "Go LIVE"),
            decline=translate("LiveDialog", "Stay as it is"),
        )
        self._account = Prose(lines=ACCOUNT_LINES)  # nothing moves under the hand once it is read
        self._account.say(translate("LiveDialog", "Reading your account at Kraken…"))
        self.body.insertWidget(0, self._account)

    @property
    def account(self) -> str:
        """What is said of the account."""
        return self._account.text()

    def say_account(self, text: str) -> None:
        """Say what LIVE would find."""
        self._account.say(text)
        self._account.setAccessibleName(text)


class WithdrawalDialog(TypedDialog):
    """Asks for the phrase that lets LIVE use a key which can move funds off the exchange (panel spec 6)."""

    def __init__(self, parent: QWidget, phrase: str) -> None:
        super().__init__(
            parent,
            phrase,
            translate("WithdrawalDialog", "This key may withdraw"),
            translate(
                "WithdrawalDialog",
                "Kraken says that the API key in your keyring may move funds off the exchange. Trading needs no such "
                "right: whoever gets hold of the key could empty the account. Better stop here, make a key at Kraken "
                "with trading rights alone, and save it on the Keys page.",
            ),
            agree=translate("WithdrawalDialog", "Use this key in LIVE"),
            decline=translate("WithdrawalDialog", "Do not start"),
        )
        how = QLabel(
            translate("WithdrawalDialog", "To use it in this run all the same, type “{phrase}”.").format(phrase=phrase)
        )
        how.setWordWrap(True)
        how.setTextFormat(Qt.TextFormat.PlainText)
        self.body.insertWidget(0, how)
