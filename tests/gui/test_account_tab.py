"""The account around the grid in words and rows (cases: somebody else acts on the account)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.grid.entries import BlockedBy, HeldByOthers
from engine.grid.events import ListedHolding
from engine.grid.messages import BlockedCount, ForeignOrderView, HoldingView
from engine.grid.ports import MarketStatus, Side, Wallet
from engine.grid.slot import Position, Trade
from gui.governor.account import account_rows, account_sentences, order_words
from gui.governor.blocked import ledger_sentence
from tests.gui.scene import grid_snapshot


def said(**changes: object) -> str:
    return " ".join(account_sentences(grid_snapshot(0.0, **changes)))


def test_what_earns_is_said_with_its_amount() -> None:
    assert said(quote_earning=Decimal(1500)) == "1,500 USD are earning and cannot be traded."


def test_what_orders_of_others_hold_is_said() -> None:
    assert said(others_quote=Decimal(99)) == "Orders that are not the grid's hold 99 USD."


@pytest.mark.parametrize("status", [MarketStatus.CANCEL_ONLY, MarketStatus.MAINTENANCE])
def test_a_market_that_is_not_open_is_said(status: MarketStatus) -> None:
    assert said(market=status).startswith("The exchange says of the market: ")


def test_an_account_that_is_free_is_said_to_be() -> None:
    assert said() == "All of the account can be traded by the grid; the market is open."


def test_each_row_says_where_it_lies_and_what_a_slot_let_go_of_is_the_operators() -> None:
    known = grid_snapshot(
        0.0,
        holdings=(HoldingView("USD", "USD.F", Wallet.EARN, Decimal(1500), None, Decimal(1500)),),
        listed=(ListedHolding(2, Trade.B, Position(Decimal("9.3"), Decimal("0.9")), 0.0),),
    )
    earning, listed = account_rows(known)
    assert (earning.where, earning.tradable) == ("Earning (USD.F)", False)
    assert listed.where.startswith("Yours, of slot 2B, since ")


def test_an_order_of_somebody_else_is_named_in_full_before_it_is_cancelled() -> None:
    order = ForeignOrderView(
        "OAAAAA-BBBBB-CCCCCC", "", "", "limit", Side.BUY, Decimal("0.09"), Decimal(1100), Decimal(0), None, 0.0, False
    )
    assert order_words(order, "DOGE/USD") == (
        "Buy 1,100 at 0.09 on DOGE/USD, order OAAAAA-BBBBB-CCCCCC. It is not the grid's."
    )


def test_an_entry_that_is_held_back_says_with_which_numbers() -> None:
    reason = HeldByOthers(Side.BUY, Decimal("1.65"), Decimal("0.5"), Decimal(99))
    row = BlockedCount(0, Side.BUY, BlockedBy.FUNDS, 3, now=True, reason=reason)
    assert "Buy: needs 1.65, and 0.5 is free; orders that are not the grid's hold 99." in ledger_sentence([row])
