"""Everything that the account holds: over REST and on the balances channel, in the shapes that Kraken documents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grid.ports import Holding, LedgerKind, RowSetAside, Wallet
from engine.venue.asset_codes import asset_and_wallet
from engine.venue.errors import AnswerUnreadable
from engine.venue.holdings import BalanceSheet, UpdateBeforeSnapshot, balances
from engine.venue.translate import PairNames
from engine.venue.wire import loads

NAMES = PairNames("DOGE/USD", "DOGE", "USD", "XDGUSD", "XXDG", "ZUSD", frozenset({"XDGUSD", "DOGEUSD"}))
SPOT = {"type": "spot", "id": "main", "balance": "300"}
EARN = {"type": "earn", "id": "flex", "balance": "200"}
CHANGE = {
    "ledger_id": "LAAAAA-BBBBB-CCCCCC",
    "ref_id": "RAAAAAAA-BBBBB-CCCCCC",
    "timestamp": "2026-01-01T00:00:00.000000Z",
    "type": "deposit",
    "asset": "USD",
    "asset_class": "currency",
    "category": "deposit",
    "wallet_type": "spot",
    "wallet_id": "main",
    "amount": "7.5",
    "fee": "0",
    "balance": "107.5",
}


@pytest.fixture
def aside() -> list[RowSetAside]:
    return []


@pytest.mark.parametrize(
    ("code", "asset", "wallet"),
    [
        ("ZUSD", "USD", Wallet.SPOT),
        ("XXDG", "DOGE", Wallet.SPOT),
        ("XXBT", "BTC", Wallet.SPOT),
        ("ZETA", "ZETA", Wallet.SPOT),
        ("XTZ", "XTZ", Wallet.SPOT),
        ("USD.F", "USD", Wallet.EARN),
        ("USD.M", "USD", Wallet.EARN),
        ("XBT.B", "BTC", Wallet.EARN),
        ("DOT28.S", "DOT", Wallet.EARN),
        ("ETH2.S", "ETH2", Wallet.EARN),
        ("DOT.P", "DOT", Wallet.EARN),
        ("EUR.HOLD", "EUR", Wallet.OTHER),
        ("AAPLx.T", "AAPLx.T", Wallet.SPOT),
    ],
)
def test_a_code_says_which_asset_it_is_and_where_it_lies(code, asset, wallet):
    assert asset_and_wallet(code) == (asset, wallet)


def test_every_row_is_told_with_what_orders_hold_of_it(aside):
    answer = {
        "ZUSD": {"balance": "100.5", "hold_trade": "99.25"},
        "XXDG": {"balance": "40", "hold_trade": "0"},
        "USD.F": {"balance": "1500", "hold_trade": "0"},
        "XXBT": {"balance": "0.5", "hold_trade": "0.25", "credit": "0", "credit_used": "0"},
    }
    told = balances(answer, NAMES, 5.0, aside.append)
    assert (told.usd, told.doge, told.quote_held, told.base_held) == (
        Decimal("100.5"),
        Decimal(40),
        Decimal("99.25"),
        Decimal(0),
    )
    assert Holding("USD", "USD.F", Wallet.EARN, Decimal(1500), Decimal(0)) in told.holdings
    assert Holding("BTC", "XXBT", Wallet.SPOT, Decimal("0.5"), Decimal("0.25")) in told.holdings
    assert (len(told.holdings), aside) == (4, [])


def test_what_is_earning_is_never_counted_as_tradable(aside):
    told = balances({"USD.F": {"balance": "1500", "hold_trade": "0"}, "XXDG.F": "9"}, NAMES, 5.0, aside.append)
    assert (told.usd, told.doge) == (Decimal(0), Decimal(0))


def test_an_answer_without_what_is_held_leaves_that_open(aside):
    told = balances({"ZUSD": "171.6158", "XXDG": "5"}, NAMES, 5.0, aside.append)
    assert (told.usd, told.quote_held, told.base_held) == (Decimal("171.6158"), None, None)


def test_an_asset_never_held_is_zero(aside):
    told = balances({}, NAMES, 5.0, aside.append)
    assert (told.usd, told.doge, told.quote_held, told.base_held, told.at_s) == (0, 0, 0, 0, 5.0)


def test_a_row_of_another_asset_that_cannot_be_read_is_set_aside_and_the_others_count(aside):
    answer = {"ZUSD": {"balance": "1", "hold_trade": "0"}, "NEW": {"balance": "lots", "hold_trade": "0"}}
    assert balances(answer, NAMES, 0.0, aside.append).usd == 1
    assert "NEW.balance" in aside[0].words


def test_a_row_of_the_pair_that_cannot_be_read_is_never_passed_over(aside):
    with pytest.raises(AnswerUnreadable, match=r"ZUSD\.hold_trade"):
        balances({"ZUSD": {"balance": "1"}}, NAMES, 0.0, aside.append)


@given(st.decimals(min_value=0, max_value=10**9, places=8))
def test_numbers_reach_decimal_as_they_were_on_the_wire(number):
    answer = loads(f'{{"ZUSD": {number}, "XXDG": {{"balance": "{number}", "hold_trade": {number}}}}}')
    told = balances(answer, NAMES, 0.0, [].append)
    assert (told.usd, told.doge, told.base_held) == (number, number, number)


def sheet_of(*entries: Any) -> BalanceSheet:
    sheet = BalanceSheet(NAMES)
    sheet.begin()
    for entry in entries:
        sheet.take(entry, snapshot=True)
    return sheet


def test_a_snapshot_tells_every_wallet_and_counts_the_spot_wallet_alone():
    told = sheet_of(
        {"asset": "DOGE", "balance": "500", "wallets": [SPOT, EARN]},
        {"asset": "BTC", "balance": "300", "wallets": [SPOT]},
    ).sheet(1.0)
    assert (told.doge, told.usd, told.quote_held) == (Decimal(300), Decimal(0), None)
    assert {(row.asset, row.wallet, row.total) for row in told.holdings} == {
        ("DOGE", Wallet.SPOT, Decimal(300)),
        ("DOGE", Wallet.EARN, Decimal(200)),
        ("USD", Wallet.SPOT, Decimal(0)),
        ("BTC", Wallet.SPOT, Decimal(300)),
    }


def test_an_empty_list_of_wallets_is_borne():
    told = sheet_of({"asset": "USD", "balance": "0", "wallets": []}, {"asset": "BTC", "balance": "2", "wallets": []})
    assert told.sheet(1.0).usd == 0
    assert ("BTC", Decimal(2)) in {(row.asset, row.total) for row in told.sheet(1.0).holdings}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("trade", LedgerKind.TRADE),
        ("deposit", LedgerKind.DEPOSIT),
        ("withdrawal", LedgerKind.WITHDRAWAL),
        ("transfer", LedgerKind.TRANSFER),
        ("earn", LedgerKind.EARN),
        ("staking", LedgerKind.EARN),
        ("dividend", LedgerKind.OTHER),
    ],
)
def test_a_change_says_why_it_was(words, kind):
    sheet = sheet_of({"asset": "USD", "balance": "100", "wallets": []})
    change = sheet.take({**CHANGE, "type": words}, snapshot=False)
    assert (change.kind, change.words, change.ref_id) == (kind, words, CHANGE["ref_id"])
    assert (change.asset, change.wallet, change.amount, change.fee) == ("USD", Wallet.SPOT, Decimal("7.5"), 0)
    assert sheet.sheet(2.0).usd == Decimal("107.5")


def test_a_change_of_an_earning_wallet_or_another_asset_is_told_and_leaves_the_pair_as_it_was():
    sheet = sheet_of({"asset": "USD", "balance": "100", "wallets": []})
    moved = sheet.take({**CHANGE, "type": "earn", "wallet_type": "earn", "wallet_id": "flex"}, snapshot=False)
    assert moved.wallet is Wallet.EARN
    assert sheet.take({**CHANGE, "asset": "BTC"}, snapshot=False).asset == "BTC"
    assert sheet.sheet(2.0).usd == 100


def test_an_amount_of_the_pair_that_could_not_be_read_is_not_told_until_it_is_known_again():
    sheet = sheet_of({"asset": "USD", "balance": "100", "wallets": []})
    with pytest.raises(AnswerUnreadable, match="balance"):
        sheet.take({**CHANGE, "balance": "?"}, snapshot=False)
    assert sheet.sheet(1.0) is None
    sheet.take(CHANGE, snapshot=False)
    assert sheet.sheet(2.0).usd == Decimal("107.5")


def test_a_row_of_another_asset_that_cannot_be_read_leaves_the_pair_known():
    sheet = sheet_of({"asset": "USD", "balance": "100", "wallets": []})
    with pytest.raises(AnswerUnreadable, match="balance"):
        sheet.take({**CHANGE, "asset": "BTC", "balance": "?"}, snapshot=False)
    assert sheet.sheet(1.0).usd == 100


def test_a_row_that_does_not_name_its_asset_makes_both_of_the_pair_unknown():
    """In a snapshot an asset that is not listed is not held: USD would be taken for 0."""
    sheet = sheet_of()
    with pytest.raises(AnswerUnreadable, match="asset"):
        sheet.take({"balance": "100", "wallets": []}, snapshot=True)
    assert sheet.sheet(1.0) is None


def test_a_change_before_the_snapshot_is_a_wrong_sequence():
    with pytest.raises(UpdateBeforeSnapshot):
        BalanceSheet(NAMES).take(CHANGE, snapshot=False)
