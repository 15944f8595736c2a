"""What holds for any sequence of orders in any market (governor spec 22)."""

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.paper.book import Book
from engine.paper.config import REGIMES, MarketSpec
from engine.paper.errors import KrakenError
from engine.paper.market import Market
from engine.paper.orders import NewOrder, Order, Status, Trade, order_from, row_of, trade_from

VOLUMES = st.decimals(13, 3000, places=8)
OFFSETS_BPS = st.integers(-200, 200)


class Trading(RuleBasedStateMachine):
    """Places, amends, cancels and waits at random, and keeps its own account of what should be there."""

    @initialize(
        regime=st.sampled_from([regime for regime in REGIMES if regime != "file"]),
        seed=st.integers(0, 1000),
        liquidity=st.sampled_from([20, 200, 5000]),
    )
    def open(self, regime, seed, liquidity):
        self.book = Book(
            Market(MarketSpec(regime=regime, liquidity=Decimal(liquidity)), seed),
            epoch_s=0.0,
            usd=Decimal("300.12345"),
            doge=Decimal("4000.5"),
            listener=self.no_fill_is_worse_than_its_limit,
        )

    def no_fill_is_worse_than_its_limit(self, happening):
        order, trade = happening.order, happening.trade
        if trade is not None:
            assert trade.volume > 0
            assert trade.price <= order.price if trade.side == "buy" else trade.price >= order.price

    def price(self, offset_bps):
        return (self.book.quote.mid_price * (1 + Decimal(offset_bps) / 10_000)).quantize(Decimal("1e-7"))

    @rule(
        side=st.sampled_from(["buy", "sell"]),
        volume=VOLUMES,
        offset_bps=OFFSETS_BPS,
        post_only=st.booleans(),
        life_s=st.none() | st.integers(1, 500),
    )
    def place(self, side, volume, offset_bps, post_only, life_s):
        expires_s = None if life_s is None else self.book.now_s + life_s
        new = NewOrder(side, volume, self.price(offset_bps), post_only=post_only, expires_s=expires_s)
        try:
            order = self.book.place(new)
        except KrakenError:
            return
        assert not (post_only and order.filled), "a post-only order took"

    @precondition(lambda self: self.book.open)
    @rule(pick=st.integers(0, 99), volume=VOLUMES, offset_bps=OFFSETS_BPS)
    def amend(self, pick, volume, offset_bps):
        order = list(self.book.open.values())[pick % len(self.book.open)]
        before = row_of(order)
        try:
            self.book.amend(order, volume, self.price(offset_bps))
        except KrakenError:
            assert row_of(order) == before, "a refused amend changed the order"

    @precondition(lambda self: self.book.open)
    @rule(pick=st.integers(0, 99))
    def cancel(self, pick):
        self.book.cancel(list(self.book.open.values())[pick % len(self.book.open)])

    @rule(seconds=st.floats(0, 3000), stop_at_fill=st.booleans())
    def wait(self, seconds, stop_at_fill):
        to_s = self.book.now_s + seconds
        self.book.advance(to_s, stop_at_fill=stop_at_fill)
        assert self.book.now_s <= to_s

    @invariant()
    def flows_equal_trades_and_fees(self):
        trades = self.book.trades.values()
        signed = [(1 if trade.side == "buy" else -1, trade) for trade in trades]
        assert self.book.usd == Decimal("300.12345") - sum(sign * trade.cost + trade.fee for sign, trade in signed)
        assert self.book.doge == Decimal("4000.5") + sum(sign * trade.volume for sign, trade in signed)

    @invariant()
    def holds_are_covered_and_never_negative(self):
        for order in self.book.open.values():
            assert order.held_usd >= 0
            assert order.held_doge >= 0
        assert 0 <= self.book.held_usd <= self.book.usd
        assert 0 <= self.book.held_doge <= self.book.doge

    @invariant()
    def no_order_fills_past_its_volume(self):
        for order in [*self.book.open.values(), *self.book.closed.values()]:
            fills = [self.book.trades[name] for name in order.trades]
            assert sum((fill.volume for fill in fills), Decimal(0)) == order.filled <= order.volume
            assert (order.status is Status.CLOSED) <= (order.filled == order.volume)
            assert sum((fill.cost for fill in fills), Decimal(0)) == order.cost

    @invariant()
    def resting_orders_do_not_outlive_their_expiry(self):
        assert all(order.expires_s is None or order.expires_s > self.book.now_s for order in self.book.open.values())

    @invariant()
    def what_is_saved_is_what_was(self):
        for order in list(self.book.open.values())[:3]:
            assert order_from(row_of(order)) == order
            assert isinstance(order, Order)
        for trade in list(self.book.trades.values())[-3:]:
            assert trade_from(row_of(trade)) == trade
            assert isinstance(trade, Trade)


TestTrading = Trading.TestCase
TestTrading.settings = settings(stateful_step_count=30, deadline=None)
