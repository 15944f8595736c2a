"""Who was asked to sign collateral back, and what became of it (hub spec 13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from engine.hub.messages import HubSnapshot, PullView
from gui import formats
from gui.hub.gas import countdown
from gui.labels import Prose
from gui.looks import SEVERITIES
from gui.sentences import word
from gui.sentences.figures import short_id
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone

translate = QCoreApplication.translate
UNTIL = 4
_LOOKS: dict[str, tuple[str, Tone | None]] = {
    "proposed": ("?", Tone.PAPER),
    "approved": ("✓", Tone.ACTING),
    "in_flight": ("▶", Tone.ACTING),
    "dropped": ("−", Tone.DAMPED),
    "executed": ("=", None),
    "rejected": ("○", Tone.DAMPED),
    "withdrawn": ("↩", Tone.NEUTRAL),
    "failed": (SEVERITIES["grave"].glyph, Tone.DANGER),
    "expired": (SEVERITIES["warning"].glyph, Tone.DAMPED),
}
_OPEN = frozenset({"proposed", "approved"})


def state_text(state: str) -> str:
    """Shape and word of a pull's state."""
    glyph, _ = _LOOKS.get(state, ("", None))
    return f"{glyph}  {state_word(state)}".strip()


def state_word(state: str) -> str:
    """The operator's word for a pull's state."""
    known = word(f"pull.{state}")
    return state if known == f"pull.{state}" else known


def pulls_text(known: HubSnapshot | None) -> str:
    """`Waits for signature: 2, signed: 1.`"""
    if known is None:
        return translate("HubPulls", "The engine has told nothing of pulls yet.")
    if not known.pulls:
        return translate(
            "HubPulls",
            "Nobody is asked to sign anything back. Users are asked when the reserve does not cover what waits.",
        )
    counts = Counter(one.state for one in known.pulls)
    listed = ", ".join(f"{state_word(state)}: {count}" for state, count in counts.items())
    return f"{listed}."


def pull_columns(now: Callable[[], float]) -> tuple[Column[PullView], ...]:
    """What one user was asked; now: the engine's clock."""
    return (
        Column(translate("HubPulls", "User"), lambda one: short_id(one.user), hint=lambda one: one.user),
        Column(
            translate("HubPulls", "Asked back"), lambda one: f"{formats.units(one.amount)} {one.symbol}", right=True
        ),
        Column(
            translate("HubPulls", "State"),
            lambda one: state_text(one.state),
            tone=lambda one: _LOOKS.get(one.state, ("", None))[1],
        ),
        Column(translate("HubPulls", "Asked at"), lambda one: formats.date_time(one.made_at_s)),
        Column(
            translate("HubPulls", "Ends"),
            lambda one: countdown(one.valid_until_s, now()) if one.state in _OPEN else formats.UNKNOWN,
            right=True,
            hint=lambda one: formats.date_time(one.valid_until_s),
        ),
        Column(translate("HubPulls", "Name"), lambda one: short_id(one.id), hint=lambda one: one.id),
    )


class PullRows(RowsModel[PullView]):
    """The inbox; what is left of its time runs on between two snapshots."""

    def age(self) -> None:
        """What is left is written anew."""
        if self.rowCount():
            self.dataChanged.emit(self.index(0, UNTIL), self.index(self.rowCount() - 1, UNTIL))


class HubPulls(QWidget):
    """The inbox of signatures as a table, with a sentence."""

    def __init__(self, now: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Prose(muted=True)
        self.pulls = PullRows(pull_columns(now), key=lambda one: one.id)
        view = LiveTable(self.pulls, translate("HubPulls", "What users were asked to sign back"), stretch=5)
        view.setMinimumHeight(130)
        view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(self.words)
        column.addWidget(view, 1)
        self.show_snapshot(None)

    def show_snapshot(self, known: HubSnapshot | None) -> None:
        """Show who was asked, newest first; the engine tells those that wait last."""
        self.words.say(pulls_text(known))
        self.pulls.show_rows(() if known is None else known.pulls[::-1])
