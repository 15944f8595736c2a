"""The account around the grid: what there is, what orders hold of it, and orders that are not the grid's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import QCoreApplication, QModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.grid.messages import ForeignOrderView, GridSnapshot
from gui import formats
from gui.labels import Prose
from gui.sentences import lowered, word
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone

translate = QCoreApplication.translate

CancelForeign = Callable[[ForeignOrderView, str], None]
"""Asked for with the order and the words for it."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An amount of an asset and where it lies; held, value: None where that is not known."""

    name: str
    asset: str
    where: str
    total: Decimal
    held: Decimal | None
    value: Decimal | None
    tradable: bool


def account_rows(known: GridSnapshot) -> Iterator[AccountRow]:
    """Every row of the account, then what slots let go of, which is in it and left to the operator."""
    for row in known.holdings:
        where = translate("Account", "{wallet} ({code})").format(wallet=word(row.wallet), code=row.code)
        yield AccountRow(row.code, row.asset, where, row.total, row.held, row.value, row.wallet.value == "spot")
    base = known.pair.partition("/")[0]
    for at, held in enumerate(known.listed):
        text = translate("Account", "Yours, of slot {slot}{trade}, since {time}")
        where = text.format(slot=held.slot_id, trade=held.trade.value, time=formats.clock_time(held.since_s))
        position = held.position
        yield AccountRow(f"listed {at}", base, where, position.quantity, None, position.cost_usd, tradable=False)


def account_sentences(known: GridSnapshot | None) -> list[str]:
    """What of the account and the market keeps the grid from trading, each in a sentence."""
    if known is None:
        return [translate("Account", "Nothing is known of the account yet.")]
    base, _, quote = known.pair.partition("/")
    said = [
        translate("Account", "{amount} {asset} are earning and cannot be traded.").format(
            amount=formats.quantity(amount), asset=asset
        )
        for asset, amount in ((quote, known.quote_earning), (base, known.base_earning))
        if amount
    ]
    said += [
        translate("Account", "Orders that are not the grid's hold {amount} {asset}.").format(
            amount=formats.units(amount), asset=asset
        )
        for asset, amount in ((quote, known.others_quote), (base, known.others_base))
        if amount
    ]
    if known.market.value not in ("online", "unknown"):
        said.append(
            translate("Account", "The exchange says of the market: {status}.").format(
                status=lowered(word(known.market))
            )
        )
    return said or [translate("Account", "All of the account can be traded by the grid; the market is open.")]


def order_words(order: ForeignOrderView, pair: str) -> str:
    """Which order of somebody else's it is, in one line."""
    return translate("Account", "{side} {quantity} at {price} on {pair}, order {order}. It is not the grid's.").format(
        side=word(order.side),
        quantity=formats.quantity(order.quantity),
        price=formats.quantity(order.price),
        pair=order.pair or pair,
        order=order.order_id,
    )


def _holds(order: ForeignOrderView) -> str:
    if order.holds is None:
        return formats.UNKNOWN
    asset, amount = order.holds
    return f"{formats.units(amount)} {asset}"


def account_columns() -> tuple[Column[AccountRow], ...]:
    """What a row of the account shows."""
    return (
        Column(translate("Account", "Asset"), lambda row: row.asset),
        Column(
            translate("Account", "Where"),
            lambda row: row.where,
            tone=lambda row: None if row.tradable else Tone.DAMPED,
        ),
        Column(translate("Account", "Total"), lambda row: formats.quantity(row.total), right=True),
        Column(translate("Account", "Held by orders"), lambda row: formats.quantity(row.held), right=True),
        Column(translate("Account", "Value"), lambda row: formats.usd(row.value), right=True),
    )


def foreign_columns() -> tuple[Column[ForeignOrderView], ...]:
    """What an order that is not the grid's shows."""
    return (
        Column(
            translate("Account", "Whose"),
            lambda order: translate("Account", "Earlier life") if order.earlier else translate("Account", "Not ours"),
        ),
        Column(translate("Account", "Side"), lambda order: word(order.side)),
        Column(translate("Account", "Pair"), lambda order: order.pair or translate("Account", "The grid's")),
        Column(translate("Account", "Quantity"), lambda order: formats.quantity(order.quantity), right=True),
        Column(translate("Account", "Price"), lambda order: formats.quantity(order.price), right=True),
        Column(translate("Account", "Holds"), _holds, right=True),
        Column(translate("Account", "Since"), lambda order: formats.clock_time(order.since_s)),
        Column(translate("Account", "Order"), lambda order: order.order_id),
    )


class ForeignOrders(LiveTable):
    """Enter or a double click asks about the row that the keyboard or the pointer is on."""

    def __init__(self, model: RowsModel[ForeignOrderView], ask: Callable[[], None]) -> None:
        super().__init__(model, translate("Account", "Orders that are not the grid's"))
        self._ask = ask
        self.setSelectionMode(LiveTable.SelectionMode.SingleSelection)
        self.doubleClicked.connect(self._asked)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Delete) and not event.isAutoRepeat():
            self._ask()
        else:
            super().keyPressEvent(event)

    def _asked(self, _: QModelIndex) -> None:
        self._ask()


class Account(QWidget):
    """Sentences above, the account on the left, other people's orders with their Cancel on the right."""

    def __init__(self, cancel: CancelForeign) -> None:
        super().__init__()
        self._cancel = cancel
        self._pair = ""
        self._text = Prose(lines=1)
        self.rows: RowsModel[AccountRow] = RowsModel(account_columns(), key=lambda row: row.name)
        self.foreign: RowsModel[ForeignOrderView] = RowsModel(foreign_columns(), key=lambda order: order.order_id)
        self.table = ForeignOrders(self.foreign, self._ask)
        self.cancel_button = QPushButton(translate("Account", "Cancel the picked order…"))
        self.cancel_button.clicked.connect(self._ask)
        self.table.selectionModel().selectionChanged.connect(self._picked_changed)
        self.foreign.shown.connect(self._picked_changed)
        right = QVBoxLayout()
        right.addWidget(self.table, 1)
        right.addWidget(self.cancel_button, 0, Qt.AlignmentFlag.AlignRight)
        tables = QHBoxLayout()
        tables.setSpacing(Space.MEDIUM)
        tables.addWidget(LiveTable(self.rows, translate("Account", "The account"), stretch=1), 1)
        tables.addLayout(right, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(self._text)
        column.addLayout(tables, 1)
        self.show_grid(None)

    @property
    def words(self) -> str:
        """What is said of the account."""
        return self._text.text()

    def show_grid(self, known: GridSnapshot | None) -> None:
        """Show the account as the grid told it."""
        self._text.say(" ".join(account_sentences(known)))
        if known is not None:
            self._pair = known.pair
            self.rows.show_rows(list(account_rows(known)))
            self.foreign.show_rows(known.foreign)
        self._picked_changed()

    @property
    def _picked(self) -> ForeignOrderView | None:
        rows = self.table.selectionModel().selectedRows()
        orders = self.foreign.rows
        return orders[rows[0].row()] if rows and rows[0].row() < len(orders) else None

    def _picked_changed(self) -> None:
        self.cancel_button.setEnabled(self._picked is not None)

    def _ask(self) -> None:
        order = self._picked
        if order is not None:
            self._cancel(order, order_words(order, self._pair))
