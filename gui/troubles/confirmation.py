"""Says what a way will do before it is taken, and goes by itself when that way is not offered any more."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from engine.core.modes import Mode, ModeSnapshot
from engine.core.troubles import Way
from gui.dialogs import Dialog
from gui.labels import Prose
from gui.sentences import sentence
from gui.theme import Tone, set_look
from gui.troubles.words import way_look, way_word

translate = QCoreApplication.translate


class WayDialog(Dialog):
    """cause: the sentence of the state that waits. `withdraw` it when the way is gone or would do something else."""

    def __init__(self, parent: QWidget, cause: str, way: Way, standing: ModeSnapshot | None) -> None:
        live = standing is not None and standing.mode is Mode.LIVE
        look = way_look(way)
        super().__init__(
            parent,
            translate("WayDialog", "{way}?").format(way=way_word(way)),
            cause,
            agree=translate("WayDialog", "{way} in LIVE").format(way=way_word(way)) if live else way_word(way),
            decline=translate("WayDialog", "Not now"),
            look=look._replace(tone=Tone.DANGER) if live else look,
        )
        self.withdrawn = False
        self.effect = Prose(lines=2)
        self.effect.say(sentence(way.effect))
        set_look(self.effect, role="title")
        self.body.addWidget(self.effect)
        self.setAccessibleDescription(f"{cause} {self.effect.text()}")
        self.expect_agreement()

    def withdraw(self) -> None:
        """The way does not stand as it was shown: nothing can be agreed to any more."""
        self.withdrawn = True
        self.reject()
