"""WebSocket v2 messages: what each says, in the shapes Kraken documents and what was recorded from it."""

from decimal import Decimal
from typing import Any

import pytest

from engine.grid.ports import OrderFate, Quote, RowSetAside, Side, VenueFill, VenueOrder
from engine.venue.errors import AnswerUnreadable
from engine.venue.sockets import ENDED_KEPT, Executions, OrderUnseen, Place, Sequence, quote
from engine.venue.translate import PairNames

NAMES = PairNames("DOGE/USD", "DOGE", "USD", "XDGUSD", "XXDG", "ZUSD", frozenset({"XDGUSD", "DOGEUSD"}))
NOW = "2023-09-22T10:33:05.709950Z"


def named(kind: str, number: int) -> str:
    """A name in Kraken's form."""
    return f"{kind}{number:05}-AAAAA-BBBBBB"


ORDER, KNOWN, TRADED = named("O", 1), named("O", 9), named("T", 1)
PENDING = {
    "order_id": ORDER,
    "cl_ord_id": "a1",
    "symbol": "DOGE/USD",
    "order_qty": "25.0",
    "cum_cost": "0.0",
    "exec_type": "pending_new",
    "side": "sell",
    "order_type": "limit",
    "limit_price": "0.0966",
    "order_status": "pending_new",
    "timestamp": NOW,
}
NEW = {"order_id": ORDER, "exec_type": "new", "order_status": "new", "timestamp": NOW}
TRADE = {
    "order_id": ORDER,
    "exec_id": TRADED,
    "exec_type": "trade",
    "symbol": "DOGE/USD",
    "side": "sell",
    "last_qty": "10.0",
    "last_price": "0.0966",
    "liquidity_ind": "m",
    "fees": [{"asset": "USD", "qty": "2.415e-03"}],
    "order_status": "partially_filled",
    "timestamp": NOW,
}


def cancelled(cum_qty: str) -> dict[str, Any]:
    return {
        "order_id": ORDER,
        "exec_type": "canceled",
        "order_status": "canceled",
        "cum_qty": cum_qty,
        "timestamp": NOW,
    }


@pytest.fixture
def executions() -> Executions:
    return Executions(NAMES, {KNOWN: "known"})


def test_an_order_is_known_when_it_is_on_the_book_not_before(executions):
    assert executions.read(PENDING, snapshot=False) is None
    order = executions.read(NEW, snapshot=False)
    assert order == VenueOrder(
        client_id="a1",
        order_id=ORDER,
        side=Side.SELL,
        price=Decimal("0.0966"),
        quantity=Decimal(25),
        filled=Decimal(0),
        fate=OrderFate.OPEN,
        at_s=order.at_s,
        holds=("DOGE", Decimal(25)),
    )


def test_a_trade_is_a_fill_with_its_fee_in_usd(executions):
    executions.read(PENDING, snapshot=False)
    fill = executions.read(TRADE, snapshot=False)
    assert isinstance(fill, VenueFill)
    assert (fill.trade_id, fill.order_id, fill.client_id) == (TRADED, ORDER, "a1")
    assert (fill.quantity, fill.price, fill.fee_usd) == (Decimal(10), Decimal("0.0966"), Decimal("0.002415"))
    assert fill.maker


def test_a_fee_in_doge_is_turned_into_usd_at_the_price_of_the_trade(executions):
    fill = executions.read({**TRADE, "fees": [{"asset": "DOGE", "qty": "0.025"}]}, snapshot=False)
    assert fill.fee_usd == Decimal("0.025") * Decimal("0.0966")


def test_the_end_of_an_order_is_told_in_full_though_kraken_says_little(executions):
    for entry in (PENDING, NEW, TRADE):
        executions.read(entry, snapshot=False)
    order = executions.read(cancelled("10.0"), snapshot=False)
    assert (order.fate, order.filled, order.quantity) == (OrderFate.CANCELLED, Decimal(10), Decimal(25))
    assert (order.client_id, order.side, order.price) == ("a1", Side.SELL, Decimal("0.0966"))


def test_an_amendment_changes_price_and_quantity_and_keeps_what_was_filled(executions):
    for entry in (PENDING, NEW, TRADE):
        executions.read(entry, snapshot=False)
    amended = {"order_id": ORDER, "exec_type": "amended", "order_status": "partially_filled", "timestamp": NOW}
    order = executions.read({**amended, "order_qty": "30.0", "limit_price": "0.0970"}, snapshot=False)
    assert (order.price, order.quantity, order.filled) == (Decimal("0.0970"), Decimal(30), Decimal(10))


def test_a_trade_of_the_snapshot_is_not_counted_into_its_order_again(executions):
    resting = {**PENDING, "exec_type": "new", "order_status": "partially_filled", "cum_qty": "10.0"}
    assert executions.read(resting, snapshot=True).filled == Decimal(10)
    assert isinstance(executions.read(TRADE, snapshot=True), VenueFill)
    expired = {"order_id": ORDER, "exec_type": "expired", "order_status": "expired", "timestamp": NOW}
    assert executions.read(expired, snapshot=False).filled == Decimal(10)


def test_a_fill_of_an_order_that_this_subscription_has_not_seen_finds_its_client_id(executions):
    assert executions.read({**TRADE, "order_id": KNOWN}, snapshot=True).client_id == "known"
    assert executions.read({**TRADE, "order_id": named("O", 8)}, snapshot=True).client_id == ""


def test_news_of_an_order_never_seen_says_so(executions):
    with pytest.raises(OrderUnseen):
        executions.read(cancelled("0"), snapshot=False)


def test_late_news_of_an_ended_order_still_finds_it(executions):
    for entry in (PENDING, NEW, cancelled("0"), {**cancelled("10.0"), "exec_type": "restated"}):
        order = executions.read(entry, snapshot=False)
    assert order.filled == Decimal(10)


def test_what_is_kept_of_ended_orders_is_bounded(executions):
    for number in range(ENDED_KEPT + 50):
        executions.read({**PENDING, "order_id": named("O", number)}, snapshot=False)
        executions.read({**cancelled("0"), "order_id": named("O", number)}, snapshot=False)
    with pytest.raises(OrderUnseen):
        executions.read({**cancelled("0"), "order_id": named("O", 0)}, snapshot=False)
    assert executions.read({**cancelled("0"), "order_id": named("O", ENDED_KEPT)}, snapshot=False) is not None


ELSEWHERE = {"symbol": "BTC/EUR", "limit_price": "90000", "order_qty": "0.5"}


def test_orders_of_other_pairs_are_told_with_their_pair_and_what_they_hold(executions):
    assert executions.read({**PENDING, **ELSEWHERE}, snapshot=False) is None
    order = executions.read(NEW, snapshot=False)
    assert (order.pair, order.price, order.holds) == ("BTC/EUR", Decimal(90000), ("BTC", Decimal("0.5")))
    over = executions.read(cancelled("0"), snapshot=False)
    assert (over.pair, over.fate, over.holds) == ("BTC/EUR", OrderFate.CANCELLED, ("BTC", Decimal(0)))


def test_a_buy_holds_what_is_left_of_it_in_the_quote_currency(executions):
    resting = {**PENDING, "side": "buy", "exec_type": "new", "order_status": "partially_filled", "cum_qty": "10.0"}
    assert executions.read(resting, snapshot=True).holds == ("USD", Decimal("0.0966") * 15)


@pytest.mark.parametrize("change", [{"order_type": "market"}, {"order_type": "stop-loss-limit"}])
def test_an_order_of_another_type_has_no_price_and_what_it_holds_is_not_told(executions, change):
    order = executions.read({**PENDING, **change, "exec_type": "new", "order_status": "new"}, snapshot=True)
    assert (order.order_type, order.price, order.holds) == (change["order_type"], Decimal(0), None)


def test_what_a_margin_order_holds_is_not_told(executions):
    entry = {**PENDING, "exec_type": "new", "order_status": "new", "margin": True}
    assert executions.read(entry, snapshot=True).holds is None


def test_a_market_order_that_is_given_by_its_cost_tells_no_quantity(executions):
    entry = {**PENDING, "order_type": "market", "cash_order_qty": "50.0", "exec_type": "new", "order_status": "new"}
    del entry["order_qty"]
    assert executions.read(entry, snapshot=True).quantity == 0


@pytest.mark.parametrize(("asset", "price"), [("KFEE", 0), ("EUR", 0), ("USD", 1), ("DOGE", Decimal("0.0966"))])
def test_every_part_of_a_fee_is_told_and_those_with_a_price_here_are_counted(executions, asset, price):
    fees = [{"asset": "USD", "qty": "0.001"}, {"asset": asset, "qty": "0.02"}]
    fill = executions.read({**TRADE, "fees": fees}, snapshot=False)
    assert fill.fees == (("USD", Decimal("0.001")), (asset, Decimal("0.02")))
    assert fill.fee_usd == Decimal("0.001") + Decimal("0.02") * price


def test_a_trade_whose_fee_was_taken_in_fee_credits_is_a_fill_without_a_fee_in_usd(executions):
    fill = executions.read({**TRADE, "fees": [{"asset": "KFEE", "qty": "2.5"}]}, snapshot=False)
    assert (fill.fee_usd, fill.fees, fill.quantity) == (Decimal(0), (("KFEE", Decimal("2.5")),), Decimal(10))


def test_a_fee_in_another_currency_than_usd_is_not_taken_for_usd(executions):
    trade = {**TRADE, "symbol": "BTC/EUR", "last_price": "90000", "fees": [{"asset": "EUR", "qty": "2250"}]}
    fill = executions.read(trade, snapshot=False)
    assert (fill.pair, fill.fee_usd, fill.fees) == ("BTC/EUR", Decimal(0), (("EUR", Decimal(2250)),))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fees", None),
        ("fees", []),
        ("fees", ["KFEE"]),
        ("fees", [{"asset": "KFEE"}]),
        ("fees", [{"asset": "?", "qty": "1"}]),
        ("liquidity_ind", "x"),
        ("last_qty", 10.5),
        ("side", "?"),
    ],
)
def test_a_malformed_trade_is_unreadable(executions, field, value):
    with pytest.raises(AnswerUnreadable, match=r"fees|asset|qty" if field == "fees" else field):
        executions.read({**TRADE, field: value}, snapshot=False)


def set_aside(executions: Executions, entry: dict[str, Any]) -> RowSetAside:
    with pytest.raises(AnswerUnreadable) as unreadable:
        executions.read(entry, snapshot=False)
    return executions.set_aside(entry, unreadable.value)


def test_a_row_that_is_set_aside_names_its_order_as_far_as_it_can_be_told(executions):
    executions.read(PENDING, snapshot=False)
    row = set_aside(executions, {**TRADE, "liquidity_ind": "x"})
    assert (row.channel, row.order_id, row.client_id) == ("executions", ORDER, "a1")
    assert "liquidity_ind" in row.words
    assert set_aside(executions, {"exec_type": "new"}).order_id == ""


def test_news_of_our_order_after_a_row_of_it_was_set_aside_makes_the_grid_read_again(executions):
    for entry in (PENDING, NEW):
        executions.read(entry, snapshot=False)
    set_aside(executions, {**TRADE, "last_qty": "x"})
    with pytest.raises(OrderUnseen):
        executions.read(cancelled("10.0"), snapshot=False)


def test_news_of_an_order_of_another_pair_that_was_set_aside_is_passed_over(executions):
    set_aside(executions, {**PENDING, **ELSEWHERE, "exec_type": "new", "order_status": "new", "order_type": "swap"})
    assert executions.read(NEW, snapshot=False) is None
    assert executions.read(cancelled("0"), snapshot=False) is None


def test_an_order_status_that_is_not_known_is_unreadable(executions):
    with pytest.raises(AnswerUnreadable, match="order_status"):
        executions.read({**PENDING, "order_status": "suspended"}, snapshot=False)


def test_a_quote_is_read_and_a_crossed_one_refused():
    assert quote({"bid": "0.0965903", "ask": "0.0966097"}, 7.0) == Quote(
        Decimal("0.0965903"), Decimal("0.0966097"), 7.0
    )
    with pytest.raises(AnswerUnreadable, match="ask"):
        quote({"bid": "0.1", "ask": "0.09"}, 7.0)


@pytest.mark.parametrize("shared", [False, True])
def test_both_ways_of_numbering_messages_are_followed(shared):
    sequence, numbers = Sequence(), {"executions": 0, "balances": 0}
    for count, channel in enumerate(["executions", "balances", "executions", "executions", "balances"], 1):
        numbers[channel] += 1
        number = count if shared else numbers[channel]
        assert sequence.place(channel, {"sequence": number}) is Place.NEXT


def test_a_missing_message_and_one_that_comes_twice_are_noticed():
    sequence = Sequence()
    places = [sequence.place("executions", {"sequence": number}) for number in (1, 2, 2, 4)]
    assert places == [Place.NEXT, Place.NEXT, Place.SEEN, Place.GAP]
