"""How the engine itself stands: which chain, how old its newest block is, what gas costs, what troubles it."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from engine.core.supervisor import EngineSnapshot, EngineState
from engine.drift.messages import DriftSnapshot, NotSetUp, PortfolioState
from gui import formats
from gui.drift.portfolios import URGENCY
from gui.labels import Figure, Prose
from gui.looks import ABSENT, SEVERITIES, Look
from gui.pill import Pill
from gui.sentences import lowered, sentence, word
from gui.theme import Space, Tone, set_look

translate = QCoreApplication.translate
_LOOKING = Look("done", "✓", Tone.ACTING)
_UNDER_WAY = Look("reload", "↻", Tone.ACTING)


def engine_verdict(known: DriftSnapshot | None, life: EngineSnapshot | None) -> tuple[Look, str]:
    """The look and the word for the engine as a whole."""
    if life is not None and life.state is EngineState.RESTARTING:
        return SEVERITIES["grave"], translate("DriftEngine", "Restarting")
    if known is None:
        return ABSENT, translate("DriftEngine", "Nothing watched")
    if isinstance(known.trouble, NotSetUp):
        return ABSENT, translate("DriftEngine", "Not set up")
    if known.trouble is not None:
        return SEVERITIES["warning"], translate("DriftEngine", "In trouble")
    if known.under_way is not None:
        return _UNDER_WAY, word(PortfolioState.UNDER_WAY)
    return _LOOKING, translate("DriftEngine", "Watching")


def engine_sentence(known: DriftSnapshot | None, life: EngineSnapshot | None) -> str:
    """What troubles it and what is under way, else what it watches."""
    if life is not None and life.state is EngineState.RESTARTING:
        return translate(
            "DriftEngine",
            "The engine crashed ({error}) and is started anew. It reads the chain before it acts; what stands here is "
            "from before.",
        ).format(error=life.last_error)
    if known is None:
        return translate("DriftEngine", "The drift engine has told nothing in this session: no portfolio is watched.")
    said = " ".join(filter(None, (sentence(known.trouble), sentence(known.under_way))))
    return said or count_sentence(known)


def count_sentence(known: DriftSnapshot) -> str:
    """`Portfolios: 1 × waits for you, 2 × calm.`"""
    counts = Counter(row.state for row in known.rows)
    listed = ", ".join(f"{counts[state]:,} × {lowered(word(state))}" for state in URGENCY if counts[state])
    if not listed:
        return translate("DriftEngine", "No portfolio was looked at yet.")
    return translate("DriftEngine", "Portfolios: {listed}.").format(listed=listed)


class EngineLine(QFrame):
    """One line of figures, one of words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(translate("DriftEngine", "The drift engine"))
        self.state = Pill()
        self.words = Prose(muted=True)
        self._chain = Figure(translate("DriftEngine", "Chain"), ratio=1.1)
        self._block = Figure(translate("DriftEngine", "Block"), ratio=1.1)
        self._age = Figure(translate("DriftEngine", "Block's age"), ratio=1.1)
        self._gas = Figure(translate("DriftEngine", "Gas price"), ratio=1.1)
        self._native = Figure(translate("DriftEngine", "Native coin"), ratio=1.1)
        self._figures = (self._chain, self._block, self._age, self._gas, self._native)
        row = QHBoxLayout()
        row.setSpacing(Space.WIDE)
        for figure in self._figures:
            row.addWidget(figure)
        row.addStretch(1)
        row.addWidget(self.state)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.LARGE, Space.SMALL, Space.LARGE, Space.SMALL)
        column.setSpacing(Space.TIGHT)
        column.addLayout(row)
        column.addWidget(self.words)
        self.show_snapshot(None, None)

    def show_snapshot(self, known: DriftSnapshot | None, life: EngineSnapshot | None) -> None:
        """Show how it stands; None before it told anything."""
        self.state.say(*engine_verdict(known, life))
        self.words.say(engine_sentence(known, life))
        self.setAccessibleDescription(f"{self.state.text}. {self.words.text()}")
        for figure in self._figures:
            figure.setVisible(known is not None)
        if known is None:
            return
        unseen = translate("DriftEngine", "No block was seen yet.") if known.block_at_s is None else ""
        self._chain.say(str(known.chain_id) if known.chain_id else formats.UNKNOWN)
        self._block.say(formats.UNKNOWN if unseen else f"{known.block:,}", tip=unseen)
        age_s = None if known.block_at_s is None else known.at_s - known.block_at_s
        self._age.say(formats.duration(age_s), tip=unseen)
        self._gas.say(formats.UNKNOWN if unseen else formats.gwei(known.gas_price_wei), tip=unseen)
        unpriced = translate("DriftEngine", "No price is known, so no plan's cost can be told.")
        self._native.say(formats.usd_price(known.native_usd), tip=unpriced if known.native_usd is None else "")
