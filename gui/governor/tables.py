"""The metrics, the grid's slots, orders and fills, the account, and the plots as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QTabWidget, QWidget

from engine.grid.messages import FillBooked, GridSnapshot, OrderView, SlotView
from gui import formats
from gui.governor.account import Account, CancelForeign
from gui.governor.metrics import Metrics
from gui.governor.money import Money
from gui.plots.live import LivePlot
from gui.plots.readings import Readings
from gui.sentences import word
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Tone

translate = QCoreApplication.translate
FILLS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order with what it is measured against."""

    order: OrderView
    market: Decimal | None
    age_s: float


def _side_tone(side: str) -> Tone:
    return Tone.PAPER if side == "buy" else Tone.OBSERVE


def _distance(row: OrderRow) -> str:
    if not row.market:
        return formats.UNKNOWN
    return formats.percent_change(float(row.order.price / row.market - 1), 2)


def _working(slot: SlotView, trade: str) -> str:
    """`Entry buy 13.5 at 0.09640` for a slot's working order of one trade."""
    for order in slot.orders:
        if order.trade.value == trade and order.role.value != "recovery":
            return f"{word(order.role)} {formats.quantity(order.quantity)} @ {formats.price(order.price)}"
    return formats.UNKNOWN


def _quantity(order: OrderView) -> str:
    """With what was asked for, where somebody else made it another."""
    if order.asked is None or order.asked == order.quantity:
        return formats.quantity(order.quantity)
    return translate("GridTables", "{now}, {asked} asked").format(
        now=formats.quantity(order.quantity), asked=formats.quantity(order.asked)
    )


def slot_columns() -> tuple[Column[SlotView], ...]:
    """What a slot shows."""
    return (
        Column(translate("GridTables", "Slot"), lambda slot: str(slot.slot_id), right=True),
        Column(
            translate("GridTables", "Phase"),
            lambda slot: (
                translate("GridTables", "{phase}, waits for you").format(phase=slot.phase.value)
                if slot.waits
                else slot.phase.value
            ),
            tone=lambda slot: Tone.DAMPED if slot.waits else None,
        ),
        Column(translate("GridTables", "Side A (sells first)"), lambda slot: _working(slot, "A")),
        Column(translate("GridTables", "Side B (buys first)"), lambda slot: _working(slot, "B")),
        Column(
            translate("GridTables", "Recoveries"),
            lambda slot: str(sum(order.role.value == "recovery" for order in slot.orders)),
            right=True,
        ),
        Column(translate("GridTables", "Cycles"), lambda slot: str(slot.cycles), right=True),
        Column(
            translate("GridTables", "Realised"),
            lambda slot: formats.usd_change(slot.profit_usd),
            right=True,
            tone=lambda slot: Tone.DANGER if slot.profit_usd < 0 else None,
        ),
    )


def order_columns() -> tuple[Column[OrderRow], ...]:
    """What an order shows."""
    return (
        Column(translate("GridTables", "Slot"), lambda row: f"{row.order.slot_id}{row.order.trade.value}"),
        Column(translate("GridTables", "Role"), lambda row: word(row.order.role)),
        Column(
            translate("GridTables", "Side"),
            lambda row: word(row.order.side),
            tone=lambda r: _side_tone(r.order.side.value),
        ),
        Column(translate("GridTables", "Price"), lambda row: formats.price(row.order.price), right=True),
        Column(translate("GridTables", "From market"), _distance, right=True),
        Column(
            translate("GridTables", "Quantity"),
            lambda row: _quantity(row.order),
            right=True,
            tone=lambda row: Tone.DAMPED if row.order.asked not in (None, row.order.quantity) else None,
        ),
        Column(translate("GridTables", "Filled"), lambda row: formats.quantity(row.order.filled), right=True),
        Column(translate("GridTables", "Size"), lambda row: formats.multiplier(row.order.size_multiplier), right=True),
        Column(translate("GridTables", "Age"), lambda row: formats.duration(row.age_s), right=True),
        Column(
            translate("GridTables", "Stage"),
            lambda row: word(row.order.stage),
            tone=lambda row: Tone.DAMPED if row.order.stage.value == "unknown" else None,
        ),
    )


def fill_columns() -> tuple[Column[FillBooked], ...]:
    """What a fill shows."""
    return (
        Column(translate("GridTables", "Time"), lambda fill: formats.clock_time(fill.at_s)),
        Column(translate("GridTables", "Slot"), lambda fill: f"{fill.slot_id}{fill.trade.value}"),
        Column(translate("GridTables", "Role"), lambda fill: word(fill.role)),
        Column(
            translate("GridTables", "Side"), lambda fill: word(fill.side), tone=lambda fill: _side_tone(fill.side.value)
        ),
        Column(translate("GridTables", "Price"), lambda fill: formats.price(fill.price), right=True),
        Column(translate("GridTables", "Quantity"), lambda fill: formats.quantity(fill.quantity), right=True),
        Column(translate("GridTables", "Value"), lambda fill: formats.usd(fill.price * fill.quantity), right=True),
        Column(translate("GridTables", "Fee"), lambda fill: formats.usd(fill.fee_usd, 4), right=True),
        Column(
            translate("GridTables", "Maker"),
            lambda fill: translate("GridTables", "Maker") if fill.maker else translate("GridTables", "Taker"),
            tone=lambda fill: None if fill.maker else Tone.DANGER,
        ),
        Column(translate("GridTables", "Trade"), lambda fill: fill.trade_id),
    )


class GridTables(QTabWidget):
    """Metrics, money, slots, orders, fills, account and readings, one behind the other."""

    def __init__(self, plots: Sequence[LivePlot], cancel: CancelForeign, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setAccessibleName(self.tr("Metrics, money, slots, orders and fills"))
        self.slots: RowsModel[SlotView] = RowsModel(slot_columns(), key=lambda slot: slot.slot_id)
        self.orders: RowsModel[OrderRow] = RowsModel(order_columns(), key=lambda row: row.order.key)
        self.fills: RowsModel[FillBooked] = RowsModel(fill_columns(), key=lambda fill: (fill.trade_id, fill.key))
        self.metrics = Metrics()
        self.money = Money()
        self.account = Account(cancel)
        self.readings = Readings(plots)
        self.addTab(self.metrics, self.tr("Metrics"))
        self.addTab(self.money, self.tr("Money"))
        self.addTab(LiveTable(self.slots, self.tr("Slots")), self.tr("Slots"))
        self._orders_tab = self.addTab(LiveTable(self.orders, self.tr("Orders")), self.tr("Orders"))
        self._fills_tab = self.addTab(LiveTable(self.fills, self.tr("Recent fills, newest first")), self.tr("Fills"))
        self._account_tab = self.addTab(self.account, self.tr("Account"))
        self.addTab(self.readings, self.tr("Readings"))
        self.setMinimumHeight(210)

    def show_grid(self, known: GridSnapshot | None, fills: Sequence[FillBooked]) -> None:
        """Show how the grid stands; fills newest last."""
        unique = {(fill.trade_id, fill.key): fill for fill in fills[-FILLS_SHOWN:]}
        self.fills.show_rows(list(reversed(unique.values())))
        self.money.show_grid(known)
        self.account.show_grid(known)
        if known is None:
            return
        self.slots.show_rows(known.slots)
        orders = [
            OrderRow(order, known.price, max(0.0, known.at_s - order.placed_s))
            for slot in known.slots
            for order in slot.orders
        ]
        self.orders.show_rows(orders)
        self.setTabText(self._orders_tab, self.tr("Orders ({count})").format(count=len(orders)))
        foreign = self.tr("Account (not ours: {count})").format(count=len(known.foreign))
        self.setTabText(self._account_tab, foreign if known.foreign else self.tr("Account"))
        self.setTabText(self._fills_tab, self.tr("Fills ({count})").format(count=len(unique)))
        if self.currentWidget() is self.readings:
            self.readings.redraw()
