"""Matching without sockets (governor spec 12, 19, 21 and 22)."""

from decimal import Decimal

import pytest

from engine.paper.book import Book
from engine.paper.config import MarketSpec
from engine.paper.errors import KrakenError
from engine.paper.market import Market
from engine.paper.orders import NewOrder, Status
from engine.paper.terms import Terms

D = Decimal


def make_book(usd="100", doge="1000", seed=1, liquidity="2000", **terms):
    """A book whose market stands still at 0.0966 until it is moved."""
    market = Market(MarketSpec(liquidity=D(liquidity)), seed)
    market.hold(0)
    return Book(market, epoch_s=0.0, usd=D(usd), doge=D(doge), terms=Terms(**terms))


def move(book, price):
    """From the next second on the market stands at `price`."""
    book.market.set_price(book.step + 1, D(price))
    book.market.hold(book.step + 1)


def buy(volume="20", price="0.0960", **more):
    return NewOrder("buy", D(volume), D(price), **{"post_only": True, **more})


def sell(volume="20", price="0.0970", **more):
    return NewOrder("sell", D(volume), D(price), **{"post_only": True, **more})


def test_a_resting_buy_fills_at_its_own_price_when_the_ask_comes_down_to_it():
    book = make_book()
    order = book.place(buy())

    assert book.advance(10) == []
    move(book, "0.0955")
    [trade] = book.advance(20)

    assert (trade.price, trade.volume, trade.maker, trade.at_s) == (D("0.0960000"), D(20), True, 11.0)
    assert order.status is Status.CLOSED
    assert (book.usd, book.doge) == (D("98.07520"), D(1020))


def test_a_resting_sell_fills_at_its_own_price_when_the_bid_comes_up_to_it():
    book = make_book()
    book.place(sell())

    move(book, "0.0975")
    [trade] = book.advance(5)

    assert (trade.price, trade.fee) == (D("0.0970000"), D("0.00485"))
    assert (book.usd, book.doge) == (D(100) + D("1.94000") - D("0.00485"), D(980))


def test_a_large_order_fills_in_parts_as_liquidity_comes():
    book = make_book(usd="1000", liquidity="100")
    order = book.place(buy(volume="1000"))

    move(book, "0.0955")
    trades = book.advance(60)

    assert order.status is Status.CLOSED
    assert len(trades) > 3
    assert sum(trade.volume for trade in trades) == 1000
    assert len({trade.at_s for trade in trades}) == len(trades)


def test_the_better_price_fills_first_and_then_the_older_order():
    book = make_book(usd="1000", liquidity="100")
    older, newer = book.place(buy(volume="300")), book.place(buy(volume="300"))
    better = book.place(buy(volume="300", price="0.0961"))

    move(book, "0.0955")
    trades = book.advance(60)

    firsts = list(dict.fromkeys(trade.order_id for trade in trades))
    assert firsts == [better.id, older.id, newer.id]


def test_time_can_stop_at_the_first_fill():
    book = make_book()
    book.place(buy())
    move(book, "0.0955")

    [_] = book.advance(100, stop_at_fill=True)

    assert book.now_s == 1.0
    assert book.advance(100) == []
    assert book.now_s == 100


def test_an_order_that_takes_walks_the_book_to_its_limit_and_rests_with_the_remainder():
    book = make_book(usd="1000", liquidity="100")
    ask = book.quote.ask_price

    order = book.place(buy(volume="1000", price="0.09665", post_only=False))

    trades = list(book.trades.values())
    assert [trade.price for trade in trades] == sorted(trade.price for trade in trades)
    assert trades[0].price == ask
    assert all(trade.price <= D("0.09665") and not trade.maker for trade in trades)
    assert order.status is Status.OPEN
    assert order.remaining == 1000 - sum(trade.volume for trade in trades)


def test_an_immediate_order_never_rests():
    book = make_book(usd="1000", liquidity="100")

    order = book.place(buy(volume="1000", price="0.09665", post_only=False, time_in_force="IOC"))

    assert order.status is Status.CANCELED
    assert not book.open
    assert book.held_usd == 0


def test_a_market_order_takes_what_there_is():
    book = make_book()

    order = book.place(NewOrder("sell", D(100), None))

    assert (order.status, order.filled) == (Status.CLOSED, D(100))


def test_a_post_only_order_is_measured_against_our_own_orders_too():
    book = make_book()
    book.place(sell(price="0.0966"))

    with pytest.raises(KrakenError, match="Post only order"):
        book.place(buy(price="0.0966"))


def test_held_funds_cannot_be_spent_twice():
    book = make_book(usd="3.50")
    book.place(buy(volume="19", price="0.0960"))

    with pytest.raises(KrakenError, match="Insufficient funds"):
        book.place(buy(volume="19", price="0.0960"))
    assert book.held_usd == D("1.82856")


def test_an_amend_may_use_what_its_order_holds():
    book = make_book(usd="2")
    order = book.place(buy(volume="20", price="0.0960"))

    book.amend(order, volume=D("20.5"))

    assert book.held_usd == D("1.97292")


def test_an_amend_to_less_than_is_filled_closes_the_order():
    book = make_book(usd="1000", liquidity="50")
    order = book.place(buy(volume="1000"))
    move(book, "0.0955")
    book.advance(1)
    filled = order.filled
    assert 0 < filled < 1000

    book.amend(order, volume=D(13))

    assert (order.status, order.volume, order.filled) == (Status.CANCELED, filled, filled)
    assert book.held_usd == 0


def test_an_amended_order_fills_at_its_new_price_and_not_at_its_old():
    book = make_book()
    order = book.place(buy(price="0.0960"))
    book.amend(order, price=D("0.0950"))

    move(book, "0.0955")
    assert book.advance(10) == []
    move(book, "0.0949")
    [trade] = book.advance(20)

    assert trade.price == D("0.0950000")


def test_what_is_filled_of_a_cancelled_order_stays_filled():
    book = make_book(usd="1000", liquidity="50")
    order = book.place(buy(volume="1000"))
    move(book, "0.0955")
    book.advance(1)

    book.cancel(order)

    assert (order.status, order.reason) == (Status.CANCELED, "User requested")
    assert book.doge == 1000 + order.filled
    assert book.held_usd == 0


def test_an_expiring_order_is_gone_before_a_later_fill():
    book = make_book()
    order = book.place(buy(time_in_force="GTD", expires_s=5.0))
    book.market.set_price(8, D("0.0955"))

    assert book.advance(20) == []

    assert (order.status, order.closed_s) == (Status.EXPIRED, 5.0)


def test_an_order_fills_up_to_its_expiry():
    book = make_book()
    book.place(buy(time_in_force="GTD", expires_s=5.0))
    book.market.set_price(3, D("0.0955"))

    assert [trade.at_s for trade in book.advance(20)] == [3.0]


def test_an_expiry_in_the_past_is_refused():
    book = make_book()
    book.advance(10)

    with pytest.raises(KrakenError, match="Invalid arguments:expiretm"):
        book.place(buy(time_in_force="GTD", expires_s=10.0))


@pytest.mark.parametrize("deadline_s", [10.0, 9.0])
def test_a_deadline_that_has_passed_is_refused(deadline_s):
    book = make_book()
    book.advance(10)

    with pytest.raises(KrakenError, match="Deadline elapsed"):
        book.place(buy(deadline_s=deadline_s))


def test_a_deadline_is_at_most_a_minute_away():
    with pytest.raises(KrakenError, match="Invalid arguments:deadline"):
        make_book().place(buy(deadline_s=60.5))


def test_names_are_unique_and_the_same_for_the_same_seed():
    ids = [make_book(seed=seed).place(buy()).id for seed in (1, 1, 2)]

    assert ids[0] == ids[1] != ids[2]
    book = make_book(usd="1000")
    assert len({book.place(buy()).id for _ in range(50)}) == 50


def test_the_dead_mans_switch_fires_on_its_second():
    book = make_book()
    order = book.place(buy())
    book.cancel_all_after(30)

    book.advance(29.9)
    assert order.status is Status.OPEN
    book.advance(1000)

    assert (order.status, order.closed_s) == (Status.CANCELED, 30.0)
    assert book.cancel_all_at_s is None


def test_happenings_are_told_in_order():
    told = []
    book = make_book()
    book.listener = lambda happening: told.append(happening.kind)
    order = book.place(buy())
    book.amend(order, price=D("0.0961"))
    move(book, "0.0955")
    book.advance(5)

    assert told == ["pending_new", "new", "amended", "trade", "filled"]


def trades_of(poll_s):
    """What a few orders do within six hours of a moving market, looked at every `poll_s`."""
    book = Book(Market(MarketSpec(liquidity=D(30)), seed=3), epoch_s=0.0, usd=D(100), doge=D(1000))
    for step in range(1, 6):
        book.place(buy(volume="60", price=f"0.09{64 - step:02}"))
        book.place(sell(volume="60", price=f"0.09{68 + step:02}"))
    while book.now_s < 21_600:
        book.advance(book.now_s + poll_s)
    return [trade for trade in book.trades.values() if trade.at_s <= 21_000]


def test_fills_do_not_depend_on_how_often_one_looks():
    once = trades_of(21_600)

    assert len(once) > 5
    assert trades_of(1) == trades_of(37.5) == once
