"""Entries that the grid wanted and did not place: shown first, since they are what leaves USD idle (spec 18b)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.grid.messages import BlockedCount
from gui.looks import Look
from gui.pill import Pill
from gui.sentences import word
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone, scaled_font, set_look

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class CauseRow:
    """How often one cause held buys and sells back, all slots together."""

    cause: str
    buys: int
    sells: int


def by_cause(blocked: Iterable[BlockedCount]) -> list[CauseRow]:
    """The ledger by cause, the most frequent first."""
    buys: Counter[str] = Counter()
    sells: Counter[str] = Counter()
    for row in blocked:
        (buys if row.side.value == "buy" else sells)[row.cause.value] += row.count
    rows = [CauseRow(cause, buys[cause], sells[cause]) for cause in {*buys, *sells}]
    return sorted(rows, key=lambda row: (-row.buys - row.sells, row.cause))


class BlockedEntries(QFrame):
    """The ledger by cause and side; by slot it stands among the tables below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.total = Pill()
        self._rows: RowsModel[CauseRow] = RowsModel(
            (
                Column(translate("BlockedEntries", "Cause"), lambda row: word(row.cause)),
                Column(translate("BlockedEntries", "Buys"), lambda row: f"{row.buys:,}", right=True),
                Column(translate("BlockedEntries", "Sells"), lambda row: f"{row.sells:,}", right=True),
            ),
            key=lambda row: row.cause,
        )
        title = QLabel(translate("BlockedEntries", "Blocked entries"))
        title.setFont(scaled_font(title.font(), 1.1, bold=True))
        view = LiveTable(self._rows, translate("BlockedEntries", "Blocked entries by cause"), stretch=0)
        view.setMinimumSize(180, 96)
        view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        top = QHBoxLayout()
        top.addWidget(title)
        top.addStretch(1)
        top.addWidget(self.total)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.MEDIUM, Space.MEDIUM)
        column.setSpacing(Space.SMALL)
        column.addLayout(top)
        column.addWidget(view, 1)
        self.setToolTip(
            translate(
                "BlockedEntries", "Entries that a slot wanted and that were not placed. Blocked buys leave USD idle."
            )
        )
        self.show_rows(())

    def show_rows(self, blocked: Iterable[BlockedCount]) -> None:
        """Show the ledger."""
        rows = by_cause(blocked)
        self._rows.show_rows(rows)
        buys = sum(row.buys for row in rows)
        sells = sum(row.sells for row in rows)
        if buys + sells == 0:
            self.total.say(Look("done", "✓", Tone.ACTING), translate("BlockedEntries", "None so far"))
        else:
            text = translate("BlockedEntries", "{buys} buys, {sells} sells").format(
                buys=f"{buys:,}", sells=f"{sells:,}"
            )
            self.total.say(Look("held", "‖", Tone.DAMPED), text)
