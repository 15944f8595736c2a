"""One engine in a frame: state, figures, a sentence, a line over time, the last thing it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.icons import IconLabel
from gui.labels import ElidedLabel, Figure
from gui.looks import Look
from gui.pill import Pill
from gui.theme import Space, Tone, scaled_font, set_look

SPARK_HEIGHT_PX = 46


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card shows. figures: one text for each name that the card was made with."""

    look: Look
    word: str
    sentence: str
    figures: tuple[tuple[str, Tone | None], ...] = ()
    last_action: str = ""


class EngineCard(QFrame):
    """Made with an engine's name and the names of its figures; `show_facts` fills it."""

    def __init__(self, icon: str, title: str, figures: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(title)
        self._icon = IconLabel(22)
        self._title = QLabel(title)
        self._title.setFont(scaled_font(self._title.font(), 1.15, bold=True))
        self.state = Pill()
        self._figures = [Figure(name) for name in figures]
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._sentence.setMinimumHeight(2 * self._sentence.fontMetrics().lineSpacing())
        self._sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self._caption = QLabel()
        set_look(self._caption, role="muted")
        self._caption.setFont(scaled_font(self._caption.font(), 0.9))
        self._line = QWidget()
        self._line.setFixedHeight(SPARK_HEIGHT_PX)
        self._spark = QVBoxLayout(self._line)
        self._spark.setContentsMargins(0, 0, 0, 0)
        self._last = ElidedLabel()
        set_look(self._last, role="muted")
        self._icon.say(icon, None, title)
        self._compose()

    @property
    def sentence(self) -> str:
        """The one sentence of explanation."""
        return self._sentence.text()

    def show_facts(self, facts: CardFacts) -> None:
        """Show how the engine stands."""
        self.state.say(facts.look, facts.word)
        self._sentence.setText(facts.sentence)
        for figure, (value, tone) in zip(self._figures, facts.figures, strict=False):
            figure.say(value, tone)
        self._last.say(facts.last_action)
        self.setAccessibleDescription(f"{facts.word}. {facts.sentence}")

    def place_line(self, line: QWidget, caption: str) -> None:
        """Put a line over time into the card."""
        self._caption.setText(caption)
        self._spark.addWidget(line)

    def _compose(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(Space.SMALL)
        top.addWidget(self._icon)
        top.addWidget(self._title)
        top.addStretch(1)
        top.addWidget(self.state)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.MEDIUM)
        column.setSpacing(Space.SMALL)
        column.addLayout(top)
        if self._figures:
            figures = QHBoxLayout()
            figures.setSpacing(Space.WIDE)
            for figure in self._figures:
                figures.addWidget(figure)
            figures.addStretch(1)
            column.addLayout(figures)
        column.addWidget(self._sentence, 1)
        column.addWidget(self._caption)
        column.addWidget(self._line)
        column.addWidget(self._last)
        if not self._figures:
            for part in (self._caption, self._line, self._last):
                part.hide()
