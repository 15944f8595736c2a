"""The public tape follows the price path, holds the account's own fills, and its candles are made of its trades."""

import math
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.paper.book import Book
from engine.paper.config import MarketSpec
from engine.paper.market import DAY_S, Market
from engine.paper.orders import NewOrder
from engine.paper.pair import price_of
from engine.paper.tape import NS, Tape

EPOCH_S = 1_767_225_600.0
NO_SINCE = 0


def make_book(seed=3, seconds=0, **spec):
    book = Book(Market(MarketSpec(**spec), seed), EPOCH_S, Decimal(10_000), Decimal(100_000))
    book.advance(EPOCH_S + seconds)
    return book


def every(tape):
    """All trades of the tape, as a client would page through them."""
    trades = tape.since(NO_SINCE, 1000)
    while page := tape.since(trades[-1].at_ns, 1000):
        trades += page
    return trades


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2 * DAY_S))
def test_the_market_trades_at_the_bid_or_the_ask_of_its_second(seed, seconds):
    book = make_book(seed, seconds)

    for trade in Tape(book).latest(200):
        quote = book.market.quote(math.floor(trade.at_s - EPOCH_S))
        assert trade.price == (quote.ask_price if trade.side == "buy" else quote.bid_price)
        assert 0 < trade.volume <= quote.quantity


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, DAY_S), st.integers(1, 1000))
def test_the_tape_is_the_same_however_it_is_paged_and_never_repeats(seed, seconds, count):
    tape = Tape(make_book(seed, seconds))
    whole = tape.latest(3000)

    paged = []
    while page := tape.since(paged[-1].at_ns if paged else whole[0].at_ns - 1, count):
        paged += page
        if len(paged) > 3000:
            break

    assert paged[:3000] == whole
    assert [trade.number for trade in whole] == sorted({trade.number for trade in whole})
    assert [trade.at_ns for trade in whole] == sorted({trade.at_ns for trade in whole})


def test_the_second_that_is_under_way_is_not_shown():
    book = make_book(seconds=3600)
    tape = Tape(book)

    assert max(trade.at_s for trade in tape.latest(10)) < book.now_s

    book.advance(book.now_s + 0.999)
    assert tape.after(tape.latest(1)[0].number) == []


def test_what_was_shown_stays_when_a_hand_moves_the_market():
    book = make_book(seconds=3000)
    shown = Tape(book).latest(1000)

    book.market.set_price(book.step, Decimal("0.2"))
    book.market.hold(book.step)
    book.advance(book.now_s + 600)

    after = Tape(book).since(shown[0].at_ns - 1, 2000)
    assert after[:1000] == shown
    assert all(trade.price > Decimal("0.19") for trade in after[1000:])


def test_a_fill_of_the_account_is_on_the_tape_under_its_own_number():
    book = make_book(seconds=60)
    tape = Tape(book)
    ask = book.quote.ask_price
    book.place(NewOrder("buy", Decimal(20), ask))
    resting = book.place(NewOrder("sell", Decimal(25), ask + Decimal("0.0000001"), post_only=True))
    while resting.id in book.open:
        book.advance(book.now_s + 1)
    book.advance(book.now_s + 2)

    taken, *_, given_to = book.trades.values()
    shown = {trade.number: trade for trade in tape.since(int((EPOCH_S + 50) * NS), 3000)}

    assert (shown[taken.trade_id].side, shown[taken.trade_id].price) == ("buy", ask)
    assert (shown[given_to.trade_id].side, shown[given_to.trade_id].volume) == ("buy", given_to.volume)
    assert {trade.trade_id for trade in book.trades.values()} <= set(shown)


def test_fills_of_one_moment_have_numbers_of_their_own_that_are_not_the_markets():
    book = make_book(seconds=60, liquidity=Decimal(15))
    book.place(NewOrder("buy", Decimal(500), book.quote.ask_price * 2))
    book.place(NewOrder("sell", Decimal(500), (book.quote.bid_price / 2).quantize(price_of(1))))

    numbers = [trade.trade_id for trade in book.trades.values()]

    assert len(numbers) > 20
    assert numbers == sorted(set(numbers))
    assert all(number % 10 != 5 for number in numbers)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 2**32), st.integers(0, DAY_S), st.sampled_from([1, 5, 15, 60, 240, 1440]), st.integers(0, 10**9 - 1)
)
def test_a_candle_is_what_its_trades_come_to(seed, seconds, minutes, fraction):
    book = make_book(seed, seconds + fraction / 1e9)
    tape = Tape(book)
    trades = every(tape)

    candles = tape.candles(minutes * 60, 720)

    assert [b.at_s - a.at_s for a, b in pairwise(candles)] == [minutes * 60] * (len(candles) - 1)
    assert candles[-1].at_s <= book.now_s < candles[-1].at_s + minutes * 60
    for candle in (candles[0], candles[len(candles) // 2], candles[-1]):
        ours = [trade for trade in trades if candle.at_s <= trade.at_ns / NS < candle.at_s + minutes * 60]
        assert candle.count == len(ours)
        assert candle.volume == sum(trade.volume for trade in ours)
        if ours:
            prices = [trade.price for trade in ours]
            assert (candle.open, candle.high, candle.low, candle.close) == (
                prices[0],
                max(prices),
                min(prices),
                prices[-1],
            )
            cost = sum(trade.price * trade.volume for trade in ours)
            assert candle.vwap == pytest.approx(cost / candle.volume, abs=Decimal("0.0000002"))


def test_an_interval_without_trades_stands_at_the_last_price():
    book = make_book(seconds=7200)
    quiet = [pair for pair in pairwise(Tape(book).candles(60, 720)) if not pair[1].count]

    for before, candle in quiet:
        assert {candle.open, candle.high, candle.low, candle.close} == {before.close}
        assert candle.vwap == candle.volume == 0


def test_there_are_720_minutes_of_candles_at_the_start():
    assert len(Tape(make_book(seconds=1)).candles(60, 720)) == 720


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 3 * DAY_S))
def test_the_day_is_what_its_trades_come_to(seed, seconds):
    book = make_book(seed, seconds)
    tape = Tape(book)
    begin_ns = (int(book.now_s) - DAY_S) * NS
    trades = [trade for trade in every(tape) if trade.at_ns > begin_ns]

    whole = tape.day().whole

    assert (whole.open, whole.last) == (trades[0].price, trades[-1].price)
    assert (whole.low, whole.high) == (min(t.price for t in trades), max(t.price for t in trades))
    assert (whole.volume, whole.count) == (sum(t.volume for t in trades), len(trades))
