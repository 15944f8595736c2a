"""What the exchange key may do, as Kraken tells it (panel spec 6)."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.core.messages import Reason
from engine.desk.messages import KeyRightsSnapshot
from gui import formats
from gui.looks import Look
from gui.pill import Pill
from gui.sentences import sentence
from gui.theme import Space, Tone, scaled_font, set_look

translate = QCoreApplication.translate
_FIT = Look("done", "✓", Tone.ACTING)
_UNREAD = Look("starting", "◌", Tone.NEUTRAL)
_DANGEROUS = Look("danger", "✕", Tone.DANGER)
_LACKING = Look("warning", "!", Tone.DAMPED)


def rights_verdict(known: KeyRightsSnapshot) -> tuple[Look, str]:
    """The word for a key: fit for LIVE, able to withdraw, or lacking rights."""
    if known.rights is None:
        return _UNREAD, translate("RightsCard", "Not known")
    if known.can_withdraw:
        return _DANGEROUS, translate("RightsCard", "May withdraw")
    if known.why is not None:
        return _LACKING, translate("RightsCard", "Lacks rights")
    return _FIT, translate("RightsCard", "May trade, may not withdraw")


def key_facts(known: KeyRightsSnapshot) -> str:
    """The key as Kraken describes it, a line for each thing."""
    if known.rights is None:
        return ""
    lines = [translate("RightsCard", "Kraken's names: {rights}").format(rights=", ".join(known.rights))]
    if known.name:
        lines.insert(0, translate("RightsCard", "Name at Kraken: {name}").format(name=known.name))
    ends = translate("RightsCard", "never") if known.valid_until_s is None else formats.date_time(known.valid_until_s)
    lines.append(translate("RightsCard", "Ends: {time}").format(time=ends))
    addresses = ", ".join(known.addresses) or translate("RightsCard", "any")
    lines.append(translate("RightsCard", "Works from addresses: {addresses}").format(addresses=addresses))
    if known.query_from_s is not None or known.query_to_s is not None:
        lines.append(
            translate("RightsCard", "May read records from {begin} to {end}").format(
                begin=formats.date_time(known.query_from_s), end=formats.date_time(known.query_to_s)
            )
        )
    return "\n".join(lines)


class RightsCard(QWidget):
    """A word, the sentence why, and Kraken's own names of the rights. Empty until they were read."""

    def __init__(self) -> None:
        super().__init__()
        title = QLabel(translate("RightsCard", "What this key may do"))
        title.setFont(scaled_font(title.font(), 1.05, bold=True))
        self.verdict = Pill(ratio=0.95)
        self._why = _text()
        self._rights = _text()
        set_look(self._rights, role="muted")
        self.again = QPushButton(translate("RightsCard", "Read from Kraken"))
        self.again.setAccessibleName(translate("RightsCard", "Read from Kraken what the key may do"))
        head = QHBoxLayout()
        head.setSpacing(Space.SMALL)
        head.addWidget(title)
        head.addWidget(self.verdict)
        head.addStretch(1)
        head.addWidget(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.TIGHT)
        column.addLayout(head)
        column.addWidget(self._why)
        column.addWidget(self._rights)
        self.show_rights(None)

    @property
    def words(self) -> str:
        """What is said of the rights."""
        return f"{self._why.text()} {self._rights.text()}".strip()

    def show_rights(self, known: KeyRightsSnapshot | None) -> None:
        """Show what was read last; None while nothing was."""
        if known is None:
            self._say(
                _UNREAD,
                translate("RightsCard", "Not read yet"),
                translate("RightsCard", "Read from Kraken when both keys are saved, and at each start that uses them."),
            )
            return
        look, word = rights_verdict(known)
        why = sentence(known.why) or translate(
            "RightsCard", "It has the rights that the grid needs, and none to move funds off the exchange."
        )
        self._say(look, word, " ".join((why, *map(sentence, known.warnings))), key_facts(known))

    def show_unread(self, why: Reason) -> None:
        """Say why the rights are not known."""
        self._say(_UNREAD, translate("RightsCard", "Not known"), sentence(why))

    def say_reading(self) -> None:
        """Say that Kraken is being asked."""
        self._say(_UNREAD, translate("RightsCard", "Reading…"), translate("RightsCard", "Kraken is being asked."))

    def _say(self, look: Look, word: str, why: str, rights: str = "") -> None:
        self.verdict.say(look, word)
        self._why.setText(why)
        self._rights.setText(rights)
        self._rights.setVisible(bool(rights))
        self.setAccessibleDescription(f"{word}. {why} {rights}".strip())


def _text() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label
