"""What trades came to against holding (governor spec 18d)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grid.events import RoundTrip
from engine.grid.messages import GridMoney
from engine.grid.money import DAY_S, HOUR_S, Money, anchored, begun, figures, with_entry, with_fill, with_round_trip
from engine.grid.ports import Balances, LedgerEntry, LedgerKind, Side, VenueFill, Wallet
from engine.grid.slot import Lot, Position, Slot, Trade

D = Decimal
START = Balances(D(100), D(1000), 0.0)
PRICES = st.decimals("0.01", "2", places=8)
TRADES = st.lists(
    st.tuples(st.sampled_from(Side), st.decimals("0.00000001", "5000", places=8), PRICES, PRICES), max_size=30
)
FEE = D("0.0025")


def fill(side: Side, quantity: Decimal, price: Decimal, at_s: float = 0.0) -> VenueFill:
    return VenueFill("T", "O", "C", side, price, quantity, quantity * price * FEE, True, at_s)


def entry(asset: str, amount: str, kind: LedgerKind = LedgerKind.DEPOSIT, at_s: float = 5.0) -> LedgerEntry:
    return LedgerEntry("L", asset, Wallet.SPOT, kind, kind.value, "", D(amount), D(0), at_s)


def trip(profit: str, *, worked_off: bool = False) -> RoundTrip:
    return RoundTrip(
        "k", 1, Trade.B, Position(D(1), D(1)), D(1), D(0), D(profit), evicted=False, at_s=0.0, worked_off=worked_off
    )


def started() -> Money:
    return begun(START, [], D("0.1"), 0.0)


def shown(money: Money, mid: str = "0.1", now_s: float = 0.0, slots: tuple[Slot, ...] = ()) -> GridMoney:
    return figures(money, slots, D(mid), now_s)


@given(trades=TRADES, mid=PRICES, deposits=st.lists(st.decimals(-50, 50, places=4), max_size=5))
def test_the_parts_sum_to_value_less_holding_and_the_value_is_what_the_account_holds(
    trades: list[tuple[Side, Decimal, Decimal, Decimal]], mid: Decimal, deposits: list[Decimal]
) -> None:
    """To the last digit, whatever was traded, deposited or taken out."""
    money, quote, base = started(), START.usd, START.doge
    for side, quantity, price, then in trades:
        done = fill(side, quantity, price)
        sign = 1 if side is Side.BUY else -1
        quote -= sign * quantity * price + done.fee_usd
        base += sign * quantity
        money = with_fill(money, done, then)
    for deposit in deposits:
        money = with_entry(money, entry("USD", str(deposit)), "DOGE/USD")
        quote += deposit
    found = figures(money, [], mid, 0.0)
    assert found.value_usd == quote + base * mid
    assert found.value_usd - found.holding_usd == found.edge_usd + found.inventory_usd - found.fees_usd
    assert found.holding_usd == START.usd + sum(deposits, D(0)) + START.doge * mid


def test_nothing_is_said_before_counting_began_or_without_a_price() -> None:
    assert figures(None, [], D("0.1"), 0.0) == GridMoney()
    assert figures(started(), [], None, 0.0) == GridMoney()


def test_edge_is_against_the_middle_of_then_and_inventory_against_the_middle_of_now() -> None:
    found = shown(with_fill(started(), fill(Side.BUY, D(10), D("0.099")), D("0.1")), "0.09")
    assert (found.edge_usd, found.inventory_usd, found.fees_usd) == (D("0.01"), D("-0.1"), D("0.99") * FEE)


@pytest.mark.parametrize(
    ("change", "quote", "base"),
    [
        (entry("USD", "25"), 125, 1000),
        (entry("DOGE", "-300", LedgerKind.WITHDRAWAL), 100, 700),
        (entry("USD", "-40", LedgerKind.EARN), 60, 1000),
        (entry("USD", "40", LedgerKind.TRADE), 100, 1000),
        (entry("BTC", "1"), 100, 1000),
    ],
)
def test_what_comes_and_goes_otherwise_is_holding_and_not_result(change: LedgerEntry, quote: int, base: int) -> None:
    found = shown(with_entry(started(), change, "DOGE/USD"))
    assert found.holding_usd == quote + base * D("0.1")
    assert found.against_holding_usd == 0


def test_a_deposit_told_after_balances_that_have_it_counts_once() -> None:
    money = anchored(started(), Balances(D(125), D(1000), 6.0))
    assert with_entry(money, entry("USD", "25", at_s=5.0), "DOGE/USD") == money
    assert shown(money).holding_usd == 225


def test_balances_in_which_only_our_trades_show_change_nothing() -> None:
    done = fill(Side.BUY, D(10), D("0.1"))
    money = with_fill(started(), done, D("0.1"))
    assert anchored(money, Balances(D(99) - done.fee_usd, D(1010), 9.0)) is money


def test_realised_and_unrealised_together_are_what_trading_came_to() -> None:
    money = with_fill(started(), fill(Side.BUY, D(10), D("0.1")), D("0.1"))
    money = with_round_trip(with_round_trip(money, trip("0.5")), trip("-0.2", worked_off=True))
    found = shown(money, "0.12")
    assert (found.realised_usd, found.worked_off_usd) == (D("0.3"), D("-0.2"))
    assert found.realised_usd + found.unrealised_usd == found.against_holding_usd


def test_abandoned_inventory_is_listed_with_its_cost_and_what_it_would_come_to() -> None:
    lots = (
        Lot(Trade.B, Position(D(20), D(2), D("0.005")), 7.0, "b"),
        Lot(Trade.A, Position(D(10), D(1), D("0.002")), 8.0, "a"),
    )
    found = shown(started(), "0.09", slots=(Slot(1, "t", abandoned=lots),))
    assert [(lot.slot_id, lot.trade, lot.cost_usd, lot.result_usd) for lot in found.abandoned] == [
        (1, Trade.B, D(2), D("-0.205")),
        (1, Trade.A, D(1), D("0.098")),
    ]
    assert found.abandoned_usd == D("-0.107")


def test_turnover_and_fees_of_a_day_are_those_of_the_last_day() -> None:
    money = started()
    for hour in (0, 1, 30, 31):
        money = with_fill(money, fill(Side.BUY, D(100), D("0.1"), hour * HOUR_S + 5), D("0.1"))
    assert shown(money, now_s=1800.0).turnover_per_day_usd is None
    found = shown(money, now_s=32 * HOUR_S)
    assert found.turnover_usd == 40
    assert found.turnover_per_day_usd == 20
    assert found.fees_per_day_usd == 20 * FEE
    assert found.fees_usd == 40 * FEE


def test_of_less_than_a_day_a_whole_one_is_projected() -> None:
    money = with_fill(started(), fill(Side.SELL, D(100), D("0.1"), 60.0), D("0.1"))
    assert shown(money, now_s=DAY_S / 4).turnover_per_day_usd == 40
