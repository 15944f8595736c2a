"""What came of the newest batches, and what each of them carried (panel spec 4, hub spec 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.hub.records import BatchRecord, BatchStatus, PullRecord, PushRecord
from gui import formats
from gui.labels import Prose
from gui.looks import SEVERITIES
from gui.sentences import word
from gui.sentences.figures import short_id
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone

translate = QCoreApplication.translate
MEASURED_ROWS = 30
_LOOKS = {
    BatchStatus.SETTLED: ("✓", Tone.ACTING),
    BatchStatus.REVERTED: (SEVERITIES["grave"].glyph, Tone.DANGER),
    BatchStatus.REPLACED: ("↻", Tone.DANGER),
    BatchStatus.UNSENT: (SEVERITIES["warning"].glyph, Tone.DAMPED),
}


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A push or a pull of a batch; at: its place."""

    at: int
    item: PushRecord | PullRecord

    @property
    def push(self) -> PushRecord | None:
        return self.item if isinstance(self.item, PushRecord) else None


def status_text(status: BatchStatus) -> str:
    """Shape and word of what came of it."""
    return f"{_LOOKS[status][0]}  {word(status)}"


def gas_text(record: BatchRecord) -> str:
    """`377,472 (+0.6%)`: what was used, and how far it was from what was predicted."""
    if not record.gas_used:
        return formats.UNKNOWN
    off = record.gas_used / record.predicted_gas - 1 if record.predicted_gas else None
    return f"{record.gas_used:,} ({formats.percent_change(off, 1)})"


def _mined(record: BatchRecord) -> bool:
    return record.status in (BatchStatus.SETTLED, BatchStatus.REVERTED)


def _gas_paid(record: BatchRecord) -> str:
    if not _mined(record):
        return translate("HubSettlements", "It was not mined, so no gas was paid.")
    return translate("HubSettlements", "{gas} gas at {price}, the native coin at {native}").format(
        gas=f"{record.gas_used:,}",
        price=formats.gwei(record.gas_price_wei),
        native=formats.usd_price(record.native_usd),
    )


def batch_columns() -> tuple[Column[BatchRecord], ...]:
    """One batch."""
    return (
        Column(translate("HubSettlements", "Time"), lambda one: formats.date_time(one.at_s)),
        Column(
            translate("HubSettlements", "Number"),
            lambda one: f"{one.nonce:,}",
            right=True,
            tip=translate("HubSettlements", "The hub's own number of the batch"),
        ),
        Column(
            translate("HubSettlements", "Status"),
            lambda one: status_text(one.status),
            tone=lambda one: _LOOKS[one.status][1],
        ),
        Column(translate("HubSettlements", "Pushes"), lambda one: str(len(one.pushes)), right=True),
        Column(translate("HubSettlements", "Pulls"), lambda one: str(len(one.pulls)), right=True),
        *_money_columns(),
        Column(translate("HubSettlements", "Gas predicted"), lambda one: f"{one.predicted_gas:,}", right=True),
        Column(
            translate("HubSettlements", "Gas used"),
            gas_text,
            right=True,
            tip=translate("HubSettlements", "And how far it was from what was predicted"),
        ),
        Column(translate("HubSettlements", "Waited"), lambda one: formats.duration(one.waited_s), right=True),
        Column(
            translate("HubSettlements", "Transaction"),
            lambda one: short_id(one.transaction_hash) or formats.UNKNOWN,
            hint=lambda one: one.transaction_hash,
        ),
    )


def _money_columns() -> tuple[Column[BatchRecord], ...]:
    return (
        Column(translate("HubSettlements", "Pushed"), lambda one: formats.usd(one.pushed_usd), right=True),
        Column(translate("HubSettlements", "Hub fees"), lambda one: formats.usd(one.hub_fees_usd), right=True),
        Column(translate("HubSettlements", "Gas taken"), lambda one: formats.usd(one.gas_taken_usd), right=True),
        Column(
            translate("HubSettlements", "Gas paid"),
            lambda one: formats.usd(one.gas_paid_usd),
            right=True,
            hint=_gas_paid,
        ),
        Column(translate("HubSettlements", "Refunded"), lambda one: formats.usd(one.refunded_usd), right=True),
        Column(
            translate("HubSettlements", "Profit"),
            lambda one: formats.usd_change(one.profit_usd),
            right=True,
            tone=lambda one: Tone.DANGER if one.profit_usd < 0 else None,
            tip=translate("HubSettlements", "Hub fees and gas taken, less gas paid and what went back"),
        ),
    )


def item_columns() -> tuple[Column[ItemRow], ...]:
    """One push or pull, in whole tokens; a pull has no request and no fees."""
    return (
        Column(translate("HubSettlements", "What"), lambda row: word("pull" if row.push is None else "push")),
        _of_push(translate("HubSettlements", "Request"), lambda push: short_id(push.request), right=False),
        Column(
            translate("HubSettlements", "User"), lambda row: short_id(row.item.user), hint=lambda row: row.item.user
        ),
        Column(
            translate("HubSettlements", "Amount"),
            lambda row: f"{formats.units(row.item.amount)} {row.item.symbol}",
            right=True,
        ),
        _of_push(translate("HubSettlements", "Hub fee"), lambda push: formats.units(push.hub_fee)),
        _of_push(translate("HubSettlements", "Gas taken"), lambda push: formats.units(push.gas_taken)),
        _of_push(translate("HubSettlements", "Gas paid"), lambda push: formats.units(push.gas_paid)),
        _of_push(translate("HubSettlements", "Refunded"), lambda push: formats.units(push.refunded)),
        _of_push(translate("HubSettlements", "Gas used"), lambda push: f"{push.gas_used:,}"),
    )


def _of_push(title: str, text: Callable[[PushRecord], str], *, right: bool = True) -> Column[ItemRow]:
    return Column(title, lambda row: formats.UNKNOWN if row.push is None else text(row.push), right=right)


class HubSettlements(QWidget):
    """A row each batch, newest first; what the chosen one carried below; its transaction's hash can be copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.records: RowsModel[BatchRecord] = RowsModel(
            batch_columns(), key=lambda one: (one.at_s, one.nonce, one.transaction_hash)
        )
        self.items: RowsModel[ItemRow] = RowsModel(item_columns(), key=lambda row: row.at)
        self.view = self._table(self.records, translate("HubSettlements", "Batches, newest first"))
        self.items_view = self._table(self.items, translate("HubSettlements", "What the chosen batch carried"))
        self.about = Prose(muted=True)
        self.copy_button = QPushButton(translate("HubSettlements", "Copy transaction hash"))
        self.copy_button.setToolTip(translate("HubSettlements", "Copy the hash of the chosen row (Ctrl+C)"))
        self.copy_button.clicked.connect(self.copy_hash)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_hash)
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self._show_chosen())
        middle = QHBoxLayout()
        middle.addWidget(self.about, 1)
        middle.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(self.view, 3)
        column.addLayout(middle)
        column.addWidget(self.items_view, 2)
        self._show_chosen()

    def show_records(self, records: Sequence[BatchRecord]) -> None:
        """Show these, newest first."""
        self.records.show_rows(records)
        self._show_chosen()

    def copy_hash(self) -> None:
        """The chosen row's transaction hash goes to the clipboard."""
        record = self.chosen
        if record is not None and record.transaction_hash:
            QGuiApplication.clipboard().setText(record.transaction_hash)

    @property
    def chosen(self) -> BatchRecord | None:
        """The batch whose row is the current one, else the newest."""
        rows, at = self.records.rows, self.view.currentIndex().row()
        if not rows:
            return None
        return rows[at] if 0 <= at < len(rows) else rows[0]

    def _show_chosen(self) -> None:
        record = self.chosen
        self.copy_button.setEnabled(record is not None and bool(record.transaction_hash))
        if record is None:
            self.about.say(translate("HubSettlements", "No batch has ended yet as far as is known here."))
            self.items.show_rows(())
            return
        text = translate("HubSettlements", "Batch {nonce} of {time}: pushes {pushes}, pulls {pulls}.")
        self.about.say(
            text.format(
                nonce=record.nonce,
                time=formats.clock_time(record.at_s),
                pushes=len(record.pushes),
                pulls=len(record.pulls),
            )
        )
        self.items.show_rows([ItemRow(at, item) for at, item in enumerate((*record.pulls, *record.pushes))])

    @staticmethod
    def _table(model: RowsModel, name: str) -> LiveTable:  # type: ignore[type-arg]
        view = LiveTable(model, name)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.horizontalHeader().setResizeContentsPrecision(MEASURED_ROWS)
        view.setMinimumHeight(90)
        view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        return view
