"""What the grid's trades came to against holding, and what was abandoned (governor spec 18d and 14)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.grid.messages import AbandonedView, GridMoney, GridSnapshot
from gui import formats
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone

translate = QCoreApplication.translate
DIGITS = 4


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """One figure, and what it is."""

    name: str
    value: str
    what: str = ""
    tone: Tone | None = None


def money_rows(grid: GridSnapshot | None) -> list[MoneyRow]:
    """Value against holding with its parts, what is realised of it, what it costs a day, and what was abandoned."""
    money = GridMoney() if grid is None else grid.money
    if grid is None or money.since_s is None:
        return [
            MoneyRow(
                translate("Money", "Value against holding"),
                formats.UNKNOWN,
                translate("Money", "Counted from the first price on."),
            )
        ]
    return [*_against_holding(money), *_realised(money), *_a_day(money), *_waits(grid), *_abandoned(money)]


def money_summary(grid: GridSnapshot | None) -> str:
    """The same in sentences, for those who read rather than look."""
    return " ".join(f"{row.name}: {row.value}." for row in money_rows(grid))


def _against_holding(money: GridMoney) -> Iterator[MoneyRow]:
    yield MoneyRow(
        translate("Money", "Value of the account"),
        formats.usd(money.value_usd),
        translate("Money", "At the middle of the market; what other programs trade is not in it."),
    )
    yield MoneyRow(
        translate("Money", "Holding"),
        formats.usd(money.holding_usd),
        translate("Money", "What it would be worth had the grid not traded since {since}.").format(
            since=formats.date_time(money.since_s)
        ),
    )
    yield _change(
        translate("Money", "Value against holding"),
        money.against_holding_usd,
        translate("Money", "What trading came to: edge + inventory − fees."),
    )
    yield _change(
        translate("Money", "Edge"),
        money.edge_usd,
        translate("Money", "What trades were better than the middle of the market at their moment."),
    )
    yield _change(
        translate("Money", "Inventory"),
        money.inventory_usd,
        translate("Money", "What the market did since to what was traded."),
    )
    yield MoneyRow(translate("Money", "Fees"), formats.usd(money.fees_usd, DIGITS))


def _realised(money: GridMoney) -> Iterator[MoneyRow]:
    yield _change(
        translate("Money", "Realised"),
        money.realised_usd,
        translate("Money", "Of closed trades, fees taken off; {usd} of it worked abandoned inventory off.").format(
            usd=formats.usd_change(money.worked_off_usd, DIGITS)
        ),
    )
    yield _change(
        translate("Money", "Unrealised"),
        money.unrealised_usd,
        translate("Money", "Of open trades and abandoned inventory, if all of it closed at the middle now."),
    )


def _a_day(money: GridMoney) -> Iterator[MoneyRow]:
    yield MoneyRow(
        translate("Money", "Turnover a day"),
        formats.usd(money.turnover_per_day_usd),
        translate("Money", "By the last day; {usd} in all.").format(usd=formats.usd(money.turnover_usd)),
    )
    yield MoneyRow(translate("Money", "Fees a day"), formats.usd(money.fees_per_day_usd, DIGITS))


def _waits(grid: GridSnapshot) -> Iterator[MoneyRow]:
    wait = grid.exit_wait
    how = (
        translate("Money", "Follows the market's volatility of the last day.")
        if wait.automatic
        else translate("Money", "As it was set (orphan_after).")
    )
    yield MoneyRow(translate("Money", "Exits wait"), formats.duration(wait.seconds), how)
    yield MoneyRow(
        translate("Money", "Exits that fill by then"),
        formats.percent(wait.fill_ratio, 1),
        translate("Money", "At this volatility; the others become recovery orders."),
        Tone.DAMPED if wait.few_fill else None,
    )


def _abandoned(money: GridMoney) -> Iterator[MoneyRow]:
    yield _change(
        translate("Money", "Abandoned inventory"),
        money.abandoned_usd if money.abandoned else None,
        translate("Money", "What recovery orders that were given up had not closed, at the middle of the market.")
        if money.abandoned
        else translate("Money", "None."),
    )
    for number, lot in enumerate(money.abandoned, start=1):
        yield _change(_lot_name(number, lot), lot.result_usd, _lot(lot))


def _lot_name(number: int, lot: AbandonedView) -> str:
    return translate("Money", "Lot {number}: slot {slot}{trade}, since {since}").format(
        number=number, slot=lot.slot_id, trade=lot.trade.value, since=formats.date_time(lot.since_s)
    )


def _lot(lot: AbandonedView) -> str:
    bought = lot.trade.value == "B"
    text = (
        translate("Money", "{quantity} bought for {cost}; sales of side A work it off.")
        if bought
        else translate("Money", "{quantity} sold for {cost}; buys of side B work it off.")
    )
    return text.format(quantity=formats.doge(lot.quantity), cost=formats.usd(lot.cost_usd, DIGITS))


def _change(name: str, amount: Decimal | None, what: str = "") -> MoneyRow:
    tone = Tone.DANGER if amount is not None and amount < 0 else None
    return MoneyRow(name, formats.usd_change(amount, DIGITS), what, tone)


class Money(QWidget):
    """A table that is brought up to date in place; its description holds the same in sentences."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: RowsModel[MoneyRow] = RowsModel(
            (
                Column(translate("Money", "Figure"), lambda row: row.name),
                Column(translate("Money", "USD"), lambda row: row.value, right=True, tone=lambda row: row.tone),
                Column(translate("Money", "What it is"), lambda row: row.what),
            ),
            key=lambda row: row.name,
        )
        self._view = LiveTable(self.rows, translate("Money", "Money"), stretch=2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.addWidget(self._view)

    def show_grid(self, grid: GridSnapshot | None) -> None:
        """Show what the grid confirmed."""
        self.rows.show_rows(money_rows(grid))
        self._view.setAccessibleDescription(money_summary(grid))
