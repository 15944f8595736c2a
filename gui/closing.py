"""Closing with orders on the book: what rests, what becomes of it, and the choice (`desk.at_end`)."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QWidget

from engine.core.modes import Mode
from engine.desk.options import AtEnd
from engine.grid.messages import GridSnapshot
from gui.dialogs import Dialog
from gui.labels import Prose
from gui.looks import MODES
from gui.theme import Space

translate = QCoreApplication.translate


def resting(grid: GridSnapshot | None) -> tuple[int, int]:
    """How many entries rest, and how many exits and recovery orders."""
    orders = [] if grid is None else [order for slot in grid.slots for order in slot.orders]
    entries = sum(order.role.value == "entry" for order in orders)
    return entries, len(orders) - entries


def outlives_session(mode: Mode, *, paper_kept: bool) -> bool:
    """Whether what rests is still there once the session has ended: a paper world that is not kept ends with it."""
    return mode is Mode.LIVE or (mode is Mode.PAPER and paper_kept)


def resting_words(entries: int, exits: int, mode: Mode) -> str:
    """What rests, and where."""
    place = translate("ClosingDialog", "the paper exchange") if mode is Mode.PAPER else "Kraken"
    return translate("ClosingDialog", "{count} orders rest at {place}: {entries} entries, {exits} exits.").format(
        count=entries + exits, place=place, entries=entries, exits=exits
    )


class ClosingDialog(Dialog):
    """chosen: what `desk.at_end` is to be; it begins with what it is."""

    def __init__(self, parent: QWidget, mode: Mode, entries: int, exits: int, at_end: AtEnd) -> None:
        super().__init__(
            parent,
            translate("ClosingDialog", "End with orders on the book?"),
            resting_words(entries, exits, mode),
            agree=translate("ClosingDialog", "End"),
            decline=translate("ClosingDialog", "Stay"),
            look=MODES[mode],
        )
        self._group = QButtonGroup(self)
        self.choices: dict[AtEnd, QRadioButton] = {}
        for choice, name, effect in (
            (
                AtEnd.LEAVE,
                translate("ClosingDialog", "Leave all of them"),
                translate("ClosingDialog", "They stay and may fill while nobody looks; the next start takes them up."),
            ),
            (
                AtEnd.CANCEL_ENTRIES,
                translate("ClosingDialog", "Take the entries off"),
                translate("ClosingDialog", "Exits stay and may fill; nothing new is entered."),
            ),
            (
                AtEnd.CANCEL_ALL,
                translate("ClosingDialog", "Take all of them off"),
                translate("ClosingDialog", "What was traded stays open, without an exit until the next start."),
            ),
        ):
            button = QRadioButton(name)
            button.setAccessibleDescription(effect)
            button.setChecked(choice is at_end)
            text = Prose(muted=True)
            text.say(effect)
            text.setContentsMargins(Space.WIDE, 0, 0, 0)
            self._group.addButton(button)
            self.choices[choice] = button
            self.body.addWidget(button)
            self.body.addWidget(text)
        kept = Prose(muted=True)
        kept.say(translate("ClosingDialog", "Your choice is kept as the setting desk.at_end."))
        self.body.addWidget(kept)
        self.expect_agreement()

    @property
    def chosen(self) -> AtEnd:
        """The choice that is picked."""
        return next(choice for choice, button in self.choices.items() if button.isChecked())
