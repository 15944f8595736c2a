"""What only a person may let happen: resuming after a stop, and going LIVE."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from engine.core.modes import Mode, ModeSnapshot
from gui.dialogs import Dialog
from gui.looks import MODES, SWITCHES, Look
from gui.sentences import sentence, word
from gui.theme import Tone, set_look

translate = QCoreApplication.translate

LIVE_PHRASE = "trade with real money"


class ResumeDialog(Dialog):
    """Asks whether the engines may act again, and says what held them."""

    def __init__(self, parent: QWidget, standing: ModeSnapshot) -> None:
        look = SWITCHES[standing.switch]
        tone = Tone.DANGER if standing.mode is Mode.LIVE else Tone.ACTING
        super().__init__(
            parent,
            translate("ResumeDialog", "Resume the engines?"),
            translate("ResumeDialog", "The master switch is {position}. {why}").format(
                position=word(standing.switch).lower(), why=sentence(standing.why)
            ),
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


class LiveDialog(Dialog):
    """Asks for a typed phrase before the engines may act with real money; asked at every start, never hidden."""

    def __init__(self, parent: QWidget, profile: str) -> None:
        super().__init__(
            parent,
            translate("LiveDialog", "Go LIVE?"),
            translate(
                "LiveDialog",
                "The engines of profile “{profile}” will place real orders with real money on your exchange account. "
                "Type “{phrase}” to confirm.",
            ).format(profile=profile, phrase=LIVE_PHRASE),
            agree=translate("LiveDialog", "Go LIVE"),
            decline=translate("LiveDialog", "Stay as it is"),
            look=MODES[Mode.LIVE],
        )
        self.phrase = QLineEdit()
        self.phrase.setAccessibleName(translate("LiveDialog", "Confirmation phrase"))
        self.phrase.setPlaceholderText(LIVE_PHRASE)
        self.phrase.textChanged.connect(self._compare)
        self.body.addWidget(self.phrase)
        self.agree_button.setEnabled(False)
        self.phrase.setFocus()

    def accept(self) -> None:
        """Only with the phrase typed in full."""
        if self._typed():
            super().accept()

    def _typed(self) -> bool:
        return " ".join(self.phrase.text().casefold().split()) == LIVE_PHRASE

    def _compare(self) -> None:
        self.agree_button.setEnabled(self._typed())
