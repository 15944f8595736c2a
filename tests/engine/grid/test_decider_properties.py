"""Whatever is lost, late, doubled or out of order between grid and exchange, the books say what was traded.

Hypothesis chooses what happens: prices, answers, events, restarts, Stop and Resume. The exchange is the paper
exchange's own book; decider, machine, books and reconciler are the real ones (governor spec 11 to 20).
"""

from __future__ import annotations

import contextlib
from collections import Counter
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.core.modes import Switch
from engine.grid.books import Books
from engine.grid.invariants import check
from engine.grid.money import figures, open_result_usd, result_at
from engine.grid.options import Evict, GridOptions
from engine.grid.slot import Phase, Role, Stage, Trade
from engine.grid.ways import offered
from engine.paper.errors import KrakenError
from engine.paper.orders import Order
from tests.engine.grid.postal_grid import HandExchange, PostalGrid
from tests.engine.grid.running_grid import doge_held, sign_of

BY_AGE = GridOptions(slots=2, order_size_usd=Decimal(3), recoveries_per_slot=1, orphan_after="60", evict=Evict.BY_AGE)
BY_CAPACITY = GridOptions(
    slots=2,
    order_size_usd=Decimal(3),
    recoveries_per_slot=2,
    orphan_after="60",
    evict=Evict.BY_CAPACITY,
    headroom_stop=40,
    headroom_caution=40,
)
"""With 45 places in all and two slots, the second recovery order is one too many."""
ANY = st.integers(0, 50)


class GridUnderFire(RuleBasedStateMachine):
    """Two slots, funds for most of what they want, and a postman who obeys Hypothesis."""

    options = BY_AGE

    def __init__(self) -> None:
        super().__init__()
        self.exchange = HandExchange("25", "220")
        self.start_usd, self.start_doge = self.exchange.book.usd, self.exchange.book.doge
        self.grid = PostalGrid(self.exchange, self.options)
        self.grid.read()
        self.grid.tick()

    @rule(permille=st.integers(-15, 15), seconds=st.integers(1, 40))
    def the_market_moves(self, permille: int, seconds: int) -> None:
        mid = self.exchange.hand.mid
        self.exchange.hand.mid = min(1_100_000, max(700_000, mid + mid * permille // 1000))
        self.exchange.pass_time(float(seconds))
        self.grid.tick()

    @rule()
    def all_is_well_for_a_while(self) -> None:
        self.grid.calm_down(3)

    @precondition(lambda self: self.grid.sent)
    @rule(at=ANY, answer=st.booleans())
    def a_request_arrives(self, at: int, answer: bool) -> None:
        self.grid.carry_out(at % len(self.grid.sent), answer=answer)

    @precondition(lambda self: self.grid.sent)
    @rule(at=ANY, arrives_later=st.booleans())
    def a_request_is_given_up(self, at: int, arrives_later: bool) -> None:
        self.grid.give_up(at % len(self.grid.sent), arrives_later=arrives_later)

    @precondition(lambda self: self.grid.answers)
    @rule(at=ANY)
    def an_answer_arrives(self, at: int) -> None:
        self.grid.answer(at % len(self.grid.answers))

    @precondition(lambda self: self.exchange.letters and self.grid.connected)
    @rule(at=ANY, again=st.booleans())
    def an_event_arrives(self, at: int, again: bool) -> None:
        self.grid.receive(at % self.exchange.letters, again=again)

    @rule(whole=st.booleans(), seconds=st.integers(0, 90))
    def the_account_is_read(self, whole: bool, seconds: int) -> None:
        self.exchange.pass_time(float(seconds))
        if whole:
            self.grid.read()
        self.grid.resolve()

    @rule(seconds=st.integers(0, 50))
    def what_rest_shows_is_old(self, seconds: int) -> None:
        self.exchange.rest_lag_s = float(seconds)

    @rule()
    def the_sockets_drop_or_come_back(self) -> None:
        if self.grid.connected:
            self.grid.disconnect()
        else:
            self.grid.reconnect()

    @rule()
    def the_program_is_killed_and_started(self) -> None:
        self.grid.start()

    @rule(position=st.sampled_from(Switch))
    def the_switch_is_moved(self, position: Switch) -> None:
        self.grid.switch = position
        self.grid.tick()

    @precondition(lambda self: self.exchange.book.open)
    @rule(at=ANY, percent=st.sampled_from((-40, -10, 20, 45, 120)))
    def somebody_else_amends_an_order(self, at: int, percent: int) -> None:
        order = self._resting(at)
        wanted = (order.volume * (100 + percent) / 100).quantize(Decimal("1e-8"))
        with contextlib.suppress(KrakenError):
            self.exchange.book.amend(order, volume=max(wanted, order.filled))

    @precondition(lambda self: self.exchange.book.open)
    @rule(at=ANY, permille=st.integers(1, 20))
    def somebody_else_moves_an_order_away(self, at: int, permille: int) -> None:
        order = self._resting(at)
        away = -permille if order.side == "buy" else permille
        with contextlib.suppress(KrakenError):
            price = (order.price * (1000 + away) / 1000).quantize(Decimal("1e-7"))
            self.exchange.book.amend(order, price=price)

    @precondition(lambda self: self.exchange.book.open)
    @rule(at=ANY)
    def somebody_else_cancels_an_order(self, at: int) -> None:
        self.exchange.book.cancel(self._resting(at))

    @precondition(lambda self: self.grid.decider.troubles)
    @rule(at=ANY, which=ANY)
    def a_person_takes_a_way_out(self, at: int, which: int) -> None:
        troubles = self.grid.decider.troubles
        ways = troubles[at % len(troubles)].ways
        self.grid.take(ways[which % len(ways)])

    @rule(at=st.integers(1, 2))
    def a_person_releases_a_slot(self, at: int) -> None:
        way = offered(self.grid.decider, "release", str(at))
        if way is not None:
            self.grid.take(way)

    def _resting(self, at: int) -> Order:
        resting = list(self.exchange.book.open.values())
        return resting[at % len(resting)]

    @invariant()
    def no_slot_halts_for_what_somebody_else_did(self) -> None:
        assert [slot.halt for slot in self.grid.decider.books.slots.values() if slot.halt] == []

    @invariant()
    def no_client_id_is_placed_twice(self) -> None:
        assert [name for name, times in Counter(self.exchange.placed).items() if times > 1] == []

    @invariant()
    def every_trade_counted_was_made_and_is_counted_once(self) -> None:
        counted = [fact.key for fact in self.grid.fills]
        assert len(set(counted)) == len(counted)
        assert set(counted) <= set(self.exchange.book.trades)

    @invariant()
    def what_was_counted_is_in_the_slots_or_in_booked_round_trips(self) -> None:
        slots = self.grid.decider.books.slots.values()
        held = sum((doge_held(slot) for slot in slots), Decimal(0))
        evicted = [trip for trip in self.grid.round_trips if trip["evicted"]]
        written_off = sum(
            (Decimal(trip["position"]["quantity"]) * sign_of(Trade(trip["trade"])) for trip in evicted), Decimal(0)
        )
        listed = self.grid.decider.books.holdings
        owned = sum((row.position.quantity * sign_of(row.trade) for row in listed), Decimal(0))
        assert held + written_off + owned == doge_traded(self.grid)
        assert abs(usd_booked(self.grid) - usd_traded(self.grid)) < Decimal("1e-9")

    @invariant()
    def what_is_read_back_from_the_journal_is_what_there_was(self) -> None:
        self.grid.commit()
        restored, books = Books.restore(self.grid.memories, []), self.grid.decider.books
        assert restored.slots == books.slots
        assert restored.money == books.money

    @invariant()
    def the_parts_of_the_money_sum_to_the_last_digit_and_count_every_trade(self) -> None:
        """Spec 18d."""
        books = self.grid.decider.books
        assert books.money is not None
        assert (books.money.net_base, -books.money.spent_quote) == (doge_traded(self.grid), usd_traded(self.grid))
        mid = Decimal(self.exchange.hand.mid).scaleb(-7)
        shown = figures(books.money, books.slots.values(), mid, self.exchange.clock.now())
        assert shown.value_usd - shown.holding_usd == shown.edge_usd + shown.inventory_usd - shown.fees_usd
        if self.options.evict is Evict.BY_CAPACITY:
            open_usd = open_result_usd(books.slots.values(), mid)
            open_usd += sum((result_at(row.trade, row.position, mid) for row in books.holdings), Decimal(0))
            assert abs(shown.unrealised_usd - open_usd) < Decimal("1e-9")

    @invariant()
    def each_slot_holds_together_and_its_phase_follows(self) -> None:
        phases = {(): Phase.S0, (Trade.A,): Phase.S1A, (Trade.B,): Phase.S1B, (Trade.A, Trade.B): Phase.S2}
        for slot in self.grid.decider.books.slots.values():
            check(slot)
            assert slot.phase is phases[tuple(leg.trade for leg in slot.legs if leg.position.quantity > 0)]

    @invariant()
    def no_entry_is_larger_than_one_and_a_half_times_its_base(self) -> None:
        for order in self.grid.decider.orders:
            if order.role is Role.ENTRY:
                assert order.size_usd <= order.base_usd * Decimal("1.5")

    def teardown(self) -> None:
        """When the world quiets down and a person has answered, nothing stays in doubt and every position has its
        order.
        """
        self.grid.calm_down()
        for _ in range(8):
            if self.grid.decider.troubles:
                self.grid.take(self.grid.decider.troubles[0].ways[0])
                self.grid.calm_down(30)
        assert self.grid.decider.troubles == ()
        orders, book = self.grid.decider.orders, self.exchange.book
        assert [(order.key, order.stage) for order in orders if order.stage is not Stage.OPEN] == []
        assert {order.client_id for order in orders} == {order.cl_ord_id for order in book.open.values()}
        assert {fact.key for fact in self.grid.fills} == set(book.trades)
        assert book.doge - self.start_doge == doge_traded(self.grid)
        rounded_usd = Decimal("1e-5") * 2 * len(book.trades)  # the exchange rounds each cost and fee that it books
        assert abs(book.usd - self.start_usd - usd_traded(self.grid)) <= rounded_usd
        if self.grid.switch is Switch.STOPPED:
            assert not book.open
        else:
            assert [waiting for slot in self.grid.decider.books.slots.values() for waiting in slot.unplaced] == []


def doge_traded(grid: PostalGrid) -> Decimal:
    """What the counted trades brought, less what they took."""
    trades = [fact.payload for fact in grid.fills]
    return sum((Decimal(t["quantity"]) * (1 if t["side"] == "buy" else -1) for t in trades), Decimal(0))


def usd_traded(grid: PostalGrid) -> Decimal:
    """What the counted trades brought, less what they took and their fees."""
    total = Decimal(0)
    for trade in (fact.payload for fact in grid.fills):
        cost = Decimal(trade["quantity"]) * Decimal(trade["price"])
        total += (-cost if trade["side"] == "buy" else cost) - Decimal(trade["fee_usd"])
    return total


def usd_booked(grid: PostalGrid) -> Decimal:
    """What the books say came in and went out: realised, less what evictions only wrote off, and what is open."""
    total = Decimal(0)
    for row in grid.decider.books.holdings:
        total -= row.position.cost_usd * sign_of(row.trade) + row.position.fees_usd
    for trip in grid.round_trips:
        total += Decimal(trip["profit_usd"])
        if trip["evicted"]:
            value = Decimal(trip["exit_price"]) * Decimal(trip["position"]["quantity"])
            total -= value * sign_of(Trade(trip["trade"]))
    for slot in grid.decider.books.slots.values():
        open_now = [(leg.trade, part) for leg in slot.legs for part in (leg.dust, leg.position)]
        open_now += [(order.trade, order.position) for order in slot.recoveries]
        open_now += [(lost.trade, lost.position) for lost in slot.stranded]
        open_now += [(lot.trade, lot.position) for lot in slot.abandoned]
        open_now += [(surplus.trade, surplus.position) for surplus in slot.surpluses]
        for trade, position in open_now:
            total -= position.cost_usd * sign_of(trade) + position.fees_usd
        for order in slot.orders:
            bought = order.side.value == "buy"
            total += (-order.cost_usd if bought else order.cost_usd) - order.fees_usd
    return total


class GridUnderFireByCapacity(GridUnderFire):
    """Recovery orders are given up where places run out, and their inventory is abandoned (spec 14)."""

    options = BY_CAPACITY

    @rule(permille=st.sampled_from([-6, 6]))
    def entries_fill_and_their_exits_wait_too_long(self, permille: int) -> None:
        self.grid.calm_down(2)
        self.the_market_moves(permille, 1)
        self.grid.calm_down(3)
        self.the_market_moves(0, 61)
        self.grid.calm_down(2)

    @rule(places=st.integers(0, 2))
    def the_operator_allows_other_places(self, places: int) -> None:
        self.grid.options = self.options.model_copy(update={"recoveries_per_slot": places})


TestGridUnderFireByCapacity = GridUnderFireByCapacity.TestCase
TestGridUnderFireByCapacity.settings = settings(max_examples=25, stateful_step_count=50)
TestGridUnderFire = GridUnderFire.TestCase
TestGridUnderFire.settings = settings(max_examples=25, stateful_step_count=50)
