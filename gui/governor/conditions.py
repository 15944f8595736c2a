"""What keeps the grid from coming to anything though nothing is wrong, in words; hidden while there is nothing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from engine.core.messages import Reason
from gui.sentences import sentence
from gui.theme import Space, Tone, set_look

translate = QCoreApplication.translate


class Conditions(QFrame):
    """One sentence for each condition that lasts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(translate("Conditions", "What keeps the grid from coming to anything"))
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        set_look(self._text, tone=Tone.DAMPED)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, Space.SMALL)
        column.addWidget(self._text)
        self.show_conditions(())

    @property
    def text(self) -> str:
        """What is said now."""
        return self._text.text()

    def show_conditions(self, conditions: Sequence[Reason]) -> None:
        """Say these, or nothing."""
        text = "\n".join(sentence(condition) for condition in conditions)
        if text != self._text.text():
            self._text.setText(text)
            self.setAccessibleDescription(text)
        self.setVisible(bool(text))
