"""Entries that the grid wanted and did not place: shown first, since they are what leaves USD idle (spec 18b)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.grid.messages import BlockedCount
from gui.looks import Look
from gui.pill import Pill
from gui.sentences import lowered, sentence, word
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone, scaled_font, set_look

translate = QCoreApplication.translate


def ledger(blocked: Iterable[BlockedCount]) -> list[BlockedCount]:
    """The ledger with what holds an entry back at this moment first, then the most frequent."""
    return sorted(blocked, key=lambda row: (not row.now, -row.count, row.slot_id, row.side.value, row.cause.value))


def ledger_sentence(blocked: Sequence[BlockedCount]) -> str:
    """What is held back now and why, and what was held back most often."""
    if not blocked:
        return translate("BlockedEntries", "Every entry that a slot wanted was placed.")
    most = max(blocked, key=lambda row: row.count)
    now = sum(row.now for row in blocked)
    held = translate("BlockedEntries", "{count} held back now.").format(count=now) if now else ""
    causes = dict.fromkeys(sentence(row.reason) for row in blocked if row.now and row.reason is not None)
    often = translate("BlockedEntries", "Most often: {side} of slot {slot}, {cause} ({count} times).").format(
        side=lowered(word(most.side)), slot=most.slot_id, cause=lowered(word(most.cause)), count=f"{most.count:,}"
    )
    return " ".join(filter(None, (held, next(iter(causes), ""), often)))


def _cause(row: BlockedCount) -> str:
    return translate("BlockedEntries", "{cause}, now").format(cause=word(row.cause)) if row.now else word(row.cause)


class BlockedEntries(QFrame):
    """The ledger by slot, side and cause, what is blocked now first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(translate("BlockedEntries", "Blocked entries"))
        self.total = Pill()
        self.rows: RowsModel[BlockedCount] = RowsModel(
            (
                Column(
                    translate("BlockedEntries", "Cause"),
                    _cause,
                    tone=lambda row: Tone.DAMPED if row.now else None,
                    hint=lambda row: sentence(row.reason),
                    tip=translate("BlockedEntries", "“now”: this cause holds an entry back at this moment."),
                ),
                Column(translate("BlockedEntries", "Side"), lambda row: word(row.side)),
                Column(translate("BlockedEntries", "Slot"), lambda row: str(row.slot_id), right=True),
                Column(translate("BlockedEntries", "Times"), lambda row: f"{row.count:,}", right=True),
            ),
            key=lambda row: (row.slot_id, row.side, row.cause),
        )
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._text.setFixedHeight(3 * self._text.fontMetrics().lineSpacing())
        set_look(self._text, role="muted")
        self._compose()
        self.show_rows(())

    def show_rows(self, blocked: Iterable[BlockedCount]) -> None:
        """Show the ledger."""
        rows = ledger(blocked)
        self.rows.show_rows(rows)
        self._text.setText(ledger_sentence(rows))
        self._text.setToolTip(self._text.text())
        self.setAccessibleDescription(self._text.text())
        buys = sum(row.count for row in rows if row.side.value == "buy")
        sells = sum(row.count for row in rows if row.side.value == "sell")
        if buys + sells == 0:
            self.total.say(Look("done", "✓", Tone.ACTING), translate("BlockedEntries", "None so far"))
            return
        text = translate("BlockedEntries", "{buys} buys, {sells} sells").format(buys=f"{buys:,}", sells=f"{sells:,}")
        self.total.say(Look("held", "‖", Tone.DAMPED), text)

    def _compose(self) -> None:
        title = QLabel(translate("BlockedEntries", "Blocked entries"))
        title.setFont(scaled_font(title.font(), 1.1, bold=True))
        view = LiveTable(self.rows, translate("BlockedEntries", "Blocked entries by slot, side and cause"), stretch=0)
        view.setMinimumSize(200, 92)
        view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        top = QHBoxLayout()
        top.addWidget(title)
        top.addStretch(1)
        top.addWidget(self.total)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.MEDIUM, Space.MEDIUM)
        column.setSpacing(Space.SMALL)
        column.addLayout(top)
        column.addWidget(self._text)
        column.addWidget(view, 1)
        self.setMinimumHeight(column.minimumSize().height())
        self.setToolTip(
            translate(
                "BlockedEntries", "Entries that a slot wanted and that were not placed. Blocked buys leave USD idle."
            )
        )
