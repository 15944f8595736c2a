"""What came of a portfolio's plans, newest first (drift spec 15)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.drift.records import LegRecord, RebalanceRecord, Status
from gui import formats
from gui.labels import Prose
from gui.looks import SEVERITIES
from gui.sentences import word
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone

translate = QCoreApplication.translate


def slippage_text(record: RebalanceRecord) -> str:
    """How much less came than was quoted, of what was quoted; nothing came of a plan that failed."""
    quoted = sum(leg.usd_quoted for leg in record.legs)
    if record.status is not Status.SUCCESS or not quoted:
        return formats.UNKNOWN
    return bps(float(record.slippage_usd / quoted * 10_000))


def bps(value: float) -> str:
    """`12.3 bps`."""
    return formats.signed(f"{value:z.1f} bps")


def leg_text(leg: LegRecord, *, succeeded: bool) -> str:
    """`WETH → DAI: $100.00 quoted, $99.90 came (10.0 bps less).`"""
    path = " → ".join(leg.path)
    if not succeeded:
        return translate("DriftHistory", "{path}: {quoted} quoted, nothing was swapped.").format(
            path=path, quoted=formats.usd(leg.usd_quoted)
        )
    return translate("DriftHistory", "{path}: {quoted} quoted, {came} came ({bps} less).").format(
        path=path, quoted=formats.usd(leg.usd_quoted), came=formats.usd(leg.usd_out), bps=bps(leg.slippage_bps)
    )


def short_hash(transaction_hash: str) -> str:
    """Both ends of it: enough to tell one from another."""
    return transaction_hash if len(transaction_hash) <= 20 else f"{transaction_hash[:10]}…{transaction_hash[-6:]}"


def _legs(record: RebalanceRecord) -> str:
    return "\n".join(leg_text(leg, succeeded=record.status is Status.SUCCESS) for leg in record.legs)


def _failed(record: RebalanceRecord) -> str:
    if record.status is Status.SUCCESS:
        return ""
    return translate("DriftHistory", "The plan failed on the chain: nothing was swapped, and its gas was paid.")


def _status(record: RebalanceRecord) -> str:
    glyph = "✓" if record.status is Status.SUCCESS else SEVERITIES["grave"].glyph
    return f"{glyph}  {word(record.status)}"


def history_columns() -> tuple[Column[RebalanceRecord], ...]:
    """One rebalance."""
    return (
        Column(translate("DriftHistory", "Time"), lambda record: formats.date_time(record.at_s)),
        Column(
            translate("DriftHistory", "Status"),
            _status,
            tone=lambda record: Tone.ACTING if record.status is Status.SUCCESS else Tone.DANGER,
            hint=_failed,
        ),
        Column(
            translate("DriftHistory", "Drift"),
            lambda record: formats.percent(record.max_drift, 1),
            right=True,
        ),
        Column(translate("DriftHistory", "Swaps"), lambda record: str(len(record.legs)), right=True, hint=_legs),
        Column(
            translate("DriftHistory", "Traded"),
            lambda record: formats.usd(record.turnover_usd) if record.status is Status.SUCCESS else formats.UNKNOWN,
            right=True,
            hint=_failed,
        ),
        Column(
            translate("DriftHistory", "Below quote"),
            slippage_text,
            right=True,
            tip=translate("DriftHistory", "Actual against quoted; negative where more came."),
            hint=_failed,
        ),
        Column(translate("DriftHistory", "Gas"), lambda record: formats.usd(record.gas_cost_usd), right=True),
        Column(
            translate("DriftHistory", "Gas expected"),
            lambda record: formats.usd(record.expected_gas_usd),
            right=True,
            tip=translate("DriftHistory", "The estimate when it was planned, at that block's price."),
        ),
        Column(translate("DriftHistory", "Took"), lambda record: f"{record.execution_ms:,} ms", right=True),
        Column(translate("DriftHistory", "Revision"), lambda record: str(record.revision), right=True),
        Column(
            translate("DriftHistory", "Transaction"),
            lambda record: short_hash(record.transaction_hash),
            hint=lambda record: record.transaction_hash,
        ),
    )


class DriftHistory(QWidget):
    """A row each rebalance, the swaps of the chosen one below; its transaction's hash can be copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.records: RowsModel[RebalanceRecord] = RowsModel(
            history_columns(), key=lambda record: (record.portfolio, record.transaction_hash)
        )
        self.view = LiveTable(self.records, translate("DriftHistory", "Rebalances, newest first"))
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setMinimumHeight(130)
        self.view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.legs = Prose(muted=True)
        self.legs.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy_button = QPushButton(translate("DriftHistory", "Copy transaction hash"))
        self.copy_button.setToolTip(translate("DriftHistory", "Copy the hash of the chosen row (Ctrl+C)"))
        self.copy_button.clicked.connect(self.copy_hash)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_hash)
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self._show_chosen())
        self.records.shown.connect(self._show_chosen)
        foot = QHBoxLayout()
        foot.addWidget(self.legs, 1)
        foot.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(self.view, 1)
        column.addLayout(foot)
        self._show_chosen()

    def show_records(self, records: Sequence[RebalanceRecord]) -> None:
        """Show these, newest first."""
        self.records.show_rows(records)
        self._show_chosen()

    def copy_hash(self) -> None:
        """The chosen row's transaction hash goes to the clipboard."""
        record = self._chosen()
        if record is not None:
            QGuiApplication.clipboard().setText(record.transaction_hash)

    def _chosen(self) -> RebalanceRecord | None:
        rows, at = self.records.rows, self.view.currentIndex().row()
        if not rows:
            return None
        return rows[at] if 0 <= at < len(rows) else rows[0]

    def _show_chosen(self) -> None:
        record = self._chosen()
        self.copy_button.setEnabled(record is not None)
        none = translate("DriftHistory", "Nothing of this portfolio has reached the chain as far as is known here.")
        self.legs.say(none if record is None else _legs(record))
