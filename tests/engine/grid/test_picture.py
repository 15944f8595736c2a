"""The account's picture: what nothing explains is told once, and what is explained never (Hypothesis)."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.grid.picture import SETTLES_S, AccountChanged, CannotBeTraded, Picture, UnexplainedChange
from engine.grid.ports import Balances, Holding, LedgerEntry, LedgerKind, Side, VenueFill, Wallet

D = Decimal
MID = D("0.1")


def balances(usd: str, doge: str, *others: Holding, at_s: float = 0.0) -> Balances:
    rows = (
        Holding("USD", "ZUSD", Wallet.SPOT, D(usd)),
        Holding("DOGE", "XXDG", Wallet.SPOT, D(doge)),
        *others,
    )
    return Balances(D(usd), D(doge), at_s, holdings=rows)


def begun(usd: str = "100", doge: str = "1000", *others: Holding) -> Picture:
    picture = Picture("DOGE", "USD")
    picture.balanced(balances(usd, doge, *others), 0.0)
    picture.rebase()
    return picture


def told(picture: Picture, now_s: float) -> list[UnexplainedChange]:
    return picture.unexplained(MID, now_s)


def test_a_change_that_nothing_explains_is_told_once_and_within_a_minute() -> None:
    picture = begun()
    picture.balanced(balances("95", "1000"), 10.0)
    assert told(picture, 10.0 + SETTLES_S - 1) == []
    assert told(picture, 10.0 + SETTLES_S) == [UnexplainedChange("USD", Wallet.SPOT, D(-5), D(5))]
    picture.balanced(balances("95", "1000"), 50.0)
    assert told(picture, 500.0) == []


def test_what_is_less_than_a_thousandth_of_the_account_is_kept_in_mind_until_it_is_more() -> None:
    """The account is worth 200; a thousandth is 0.20."""
    picture = begun()
    picture.balanced(balances("99.85", "1000"), 10.0)
    assert told(picture, 100.0) == []
    picture.balanced(balances("99.70", "1000"), 110.0)
    assert told(picture, 200.0) == [UnexplainedChange("USD", Wallet.SPOT, D("-0.30"), D("0.30"))]


@given(
    st.lists(st.tuples(st.sampled_from(Side), st.integers(13, 400), st.integers(900, 1100), st.booleans()), max_size=12)
)
def test_trades_explain_themselves_whichever_of_trade_and_balance_comes_first(
    trades: list[tuple[Side, int, int, bool]],
) -> None:
    picture, usd, doge = begun("10000", "100000"), D(10000), D(100000)
    for number, (side, quantity, price, balance_first) in enumerate(trades):
        sign = 1 if side is Side.BUY else -1
        at = D(price) / 10000
        fee = (quantity * at * D("0.0025")).quantize(D("1e-5"))
        fill = VenueFill(f"T{number}", "O", "c", side, at, D(quantity), fee, True, 1.0, fees=(("USD", fee),))
        usd, doge = usd - sign * quantity * at - fee, doge + sign * quantity
        seen = balances(str(usd), str(doge))
        if balance_first:
            picture.balanced(seen, float(number))
        picture.traded(fill, float(number))
        picture.traded(fill, float(number))
        if not balance_first:
            picture.balanced(seen, float(number))
    assert told(picture, 1e6) == []


def test_a_trade_of_another_pair_explains_both_of_its_assets() -> None:
    picture = begun("100", "1000", Holding("BTC", "XXBT", Wallet.SPOT, D(1)))
    picture.price_all({"BTC": D(20000)})
    fill = VenueFill("T", "O", "", Side.SELL, D(20000), D("0.001"), D(0), False, 1.0, (("USD", D("0.05")),), "BTC/USD")
    picture.traded(fill, 1.0)
    picture.balanced(balances("119.95", "1000", Holding("BTC", "XXBT", Wallet.SPOT, D("0.999"))), 2.0)
    assert told(picture, 1e6) == []


def test_an_answer_that_is_older_than_what_the_socket_told_is_read_once_more_and_not_told() -> None:
    picture = begun()
    fill = VenueFill("T", "O", "c", Side.BUY, MID, D(20), D(0), True, 1.0, fees=(("USD", D(0)),))
    picture.traded(fill, 1.0)
    picture.balanced(balances("98", "1020"), 1.0)
    picture.balanced(balances("100", "1000"), 1.1)
    assert not picture.doubtful(5.0)
    assert picture.doubtful(1.1 + SETTLES_S / 3)
    assert not picture.doubtful(10.0)
    picture.balanced(balances("98", "1020"), 10.0)
    assert told(picture, 1e6) == []


def test_a_deposit_is_told_as_what_it_is() -> None:
    picture = begun()
    entry = LedgerEntry("L1", "USD", Wallet.SPOT, LedgerKind.DEPOSIT, "deposit", "", D(50), D("0.5"), 1.0)
    assert picture.entered(entry, 1.0) == AccountChanged("USD", Wallet.SPOT, LedgerKind.DEPOSIT, "deposit", D("49.5"))
    assert picture.entered(entry, 2.0) is None
    picture.balanced(balances("149.5", "1000"), 3.0)
    assert told(picture, 1e6) == []


def test_an_asset_without_a_price_that_comes_unexplained_is_told_all_the_same() -> None:
    picture = begun()
    picture.balanced(balances("100", "1000", Holding("XYZ", "XYZ", Wallet.SPOT, D(7))), 1.0)
    assert told(picture, 100.0) == [UnexplainedChange("XYZ", Wallet.SPOT, D(7), D(0))]


def test_a_row_that_vanishes_is_a_change() -> None:
    picture = begun("100", "1000", Holding("ETH", "XETH", Wallet.SPOT, D(1)))
    picture.price_all({"ETH": D(1500)})
    picture.balanced(balances("100", "1000"), 1.0)
    assert told(picture, 100.0) == [UnexplainedChange("ETH", Wallet.SPOT, D(-1), D(1500))]


def test_what_earns_is_never_counted_as_tradable_and_is_said() -> None:
    picture = begun("0", "1000", Holding("USD", "USD.F", Wallet.EARN, D(1500)))
    assert picture.away == (CannotBeTraded("USD", D(1500)),)
    assert picture.value(MID) == D(1600)
