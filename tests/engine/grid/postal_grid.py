"""A decider, a real reconciler and the paper exchange's book, with every letter between them in the test's hands.

Nothing here waits: what the reconciler asks is answered at once, so its coroutines run to their end when they are told
to. The journal is a dictionary that takes what the books say has to become durable, and refuses a trade told twice.
"""

from __future__ import annotations

import json
from collections.abc import Coroutine
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.core.gate import Delivered, HeldBack, Intent, Outcome, Rejected, SwitchHolds, Unknown
from engine.core.journal import Fact
from engine.core.messages import plain
from engine.core.modes import Exposure, Switch, switch_lets_through
from engine.core.troubles import Way
from engine.grid import ways
from engine.grid.arrivals import Answered, Arrival
from engine.grid.books import FILL, ROUND_TRIP, Books
from engine.grid.decider import Decider
from engine.grid.events import Action
from engine.grid.intents import AMEND, PLACE, intent_of
from engine.grid.options import GridOptions
from engine.grid.ports import (
    Balances,
    OrderFate,
    OrderTaken,
    PairRules,
    Quote,
    StreamBack,
    StreamLost,
    VenueFill,
    VenueOrder,
    VenueRefused,
    VenueSilent,
)
from engine.grid.reconcile import Reconciler
from engine.paper.book import Happening
from engine.paper.errors import KrakenError
from engine.paper.market import Quote as MarketQuote
from tests.engine.grid.faulty_exchange import CALM, REASONS, FaultyExchange, view_of
from tests.engine.grid.running_grid import skewed

RULES = PairRules("DOGE/USD", 7, 8, Decimal(13), Decimal("0.5"), Decimal("0.0025"), 60)
SILENCE = VenueSilent("lost on the way")


class HandMarket:
    """A market that stands where it was put, with `offered` DOGE on each side in each second."""

    seed = 1

    def __init__(self, mid: int, offered: int) -> None:
        self.mid = mid
        self.offered = Decimal(offered)

    def quote(self, step: int) -> MarketQuote:
        return MarketQuote(step, self.mid - 50, self.mid + 50, self.offered)

    def first_ask_at_or_below(self, units: int, first: int, last: int) -> None:
        """Nothing happens between two moves: the test matches after each."""

    def first_bid_at_or_above(self, units: int, first: int, last: int) -> None:
        """As above."""


class HandExchange(FaultyExchange):
    """The book of the faulty exchange, on a market moved by hand. What REST shows is `rest_lag_s` old (spec 20)."""

    def __init__(self, usd: str, doge: str, offered: int = 30) -> None:
        super().__init__("flat", 1, usd, doge, CALM)
        self.hand = HandMarket(1_000_000, offered)
        self.book.market = self.hand  # type: ignore[assignment]
        self.rest_lag_s = 0.0
        self._seen: dict[str, list[VenueOrder]] = {}

    async def find(self, client_id: str) -> VenueOrder | None:
        return self._as_of_then(client_id)

    async def open_orders(self) -> list[VenueOrder]:
        shown = (self._as_of_then(client_id) for client_id in self._seen)
        return [order for order in shown if order is not None and order.fate is OrderFate.OPEN]

    async def fills_since(self, since_s: float) -> list[VenueFill]:
        return [fill for fill in await super().fills_since(since_s) if fill.at_s <= self.clock.now() - self.rest_lag_s]

    def _as_of_then(self, client_id: str) -> VenueOrder | None:
        then_s = self.clock.now() - self.rest_lag_s
        return next((order for order in reversed(self._seen.get(client_id, [])) if order.at_s <= then_s), None)

    def _happened(self, happening: Happening) -> None:
        super()._happened(happening)
        view = view_of(happening.order, self.clock.now())
        self._seen.setdefault(view.client_id, []).append(view)

    @property
    def letters(self) -> int:
        return len(self._mail)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.book.advance(self.clock.now())
        self.book.rematch()

    def take_mail(self, at: int) -> Any:
        return self._mail.pop(at)[1]

    def lose_mail(self) -> None:
        self._mail.clear()

    def carry_out(self, intent: Intent) -> Outcome:
        try:
            order = self._carry_out(intent.payload)
        except KrakenError as error:
            return Rejected(REASONS.get(error.words, VenueRefused(error.words, "retry")))
        if intent.kind == PLACE:
            assert order is not None
            return Delivered(OrderTaken(order.id, order.price, order.volume))
        return Delivered(OrderTaken("", None, None) if intent.kind == AMEND else None)


@dataclass(frozen=True, slots=True)
class Letter:
    """A request that left; `action` None when whoever sent it is gone, so that nobody waits for the answer."""

    intent: Intent
    action: Action | None


class PostalGrid:
    """One grid over several lives."""

    def __init__(self, exchange: HandExchange, options: GridOptions) -> None:
        self.exchange = exchange
        self.options = options
        self.switch = Switch.RUNNING
        self.memories: dict[str, Any] = {}
        self.facts: list[Fact] = []
        self.keys: set[str] = set()
        self.sent: list[Letter] = []
        self.answers: list[tuple[Action, Outcome]] = []
        self.connected = False
        self.decider: Decider
        self.reconciler: Reconciler
        self.start()

    @property
    def now_s(self) -> float:
        return self.exchange.clock.now()

    @property
    def fills(self) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind == FILL]

    @property
    def round_trips(self) -> list[dict[str, Any]]:
        return [fact.payload for fact in self.facts if fact.kind == ROUND_TRIP]

    def start(self) -> None:
        """A new life: all that is left is what was committed."""
        book = self.exchange.book
        books = Books.restore(self.memories, self.fills)
        self.decider = Decider(books, RULES, Balances(book.usd, book.doge, self.now_s), "t", skewed)
        self.decider.ensure_slots(self.options.slots)
        self.sent = [Letter(letter.intent, None) for letter in self.sent]
        self.answers.clear()
        self.exchange.lose_mail()
        self.reconciler = Reconciler(
            self.exchange, self.exchange.clock, self.decider, self.arrive, lambda: self.options
        )
        self.reconciler._doubt_everything_unanswered()
        self.reconnect()

    def reconnect(self) -> None:
        self.connected = True
        self.arrive(StreamBack())

    def disconnect(self) -> None:
        self.connected = False
        self.exchange.lose_mail()
        self.arrive(StreamLost(SILENCE))

    def arrive(self, item: Arrival) -> None:
        self.act(self.decider.take_in(item, self.options, self.now_s))

    def tick(self) -> None:
        quote = self.exchange.book.quote
        if self.connected:
            self.arrive(Quote(quote.bid_price, quote.ask_price, self.now_s))
        actions = self.decider.tick(self.switch, self.options, self.now_s)
        if self.switch is not Switch.RUNNING:
            exposures = {intent_of(action, self.options, self.now_s).exposure for action in actions}
            assert Exposure.OPENS not in exposures, f"an entry is wanted while {self.switch.value}"
        self.act(actions)

    def act(self, actions: list[Action]) -> None:
        """Commit, then let the intents go, as the engine's loop and the gate do."""
        self.commit()
        for action in actions:
            intent = intent_of(action, self.options, self.now_s)
            assert intent.key not in self.keys, f"{intent.key} is used twice"
            self.keys.add(intent.key)
            if switch_lets_through(self.switch, intent.exposure):
                self.sent.append(Letter(intent, action))
            else:
                self.answers.append((action, HeldBack(SwitchHolds(self.switch))))
        self.reconciler.take_doubts()

    def take(self, way: Way) -> None:
        """A person takes a way out, as the engine carries it out."""
        self.act(ways.take(self.decider, way, "test", self.options, self.now_s))

    def commit(self) -> None:
        memories, facts = self.decider.books.take_changes(self.now_s)
        for memory in memories:
            self.memories[memory.name] = json.loads(json.dumps(memory.value, allow_nan=False))
        known = {(fact.kind, fact.key) for fact in self.facts}
        for fact in facts:
            assert (fact.kind, fact.key) not in known, f"{fact.kind} {fact.key} is told twice"
            self.facts.append(Fact(fact.engine, fact.kind, fact.key, plain(fact.payload), fact.at_s))
            known.add((fact.kind, fact.key))

    def carry_out(self, at: int, *, answer: bool) -> None:
        """A request reaches the exchange; its answer is on the way, or lost."""
        letter = self.sent.pop(at)
        outcome = self.exchange.carry_out(letter.intent)
        if letter.action is not None:
            self.answers.append((letter.action, outcome if answer else Unknown(SILENCE)))

    def give_up(self, at: int, *, arrives_later: bool) -> None:
        """Nobody answers; the request itself is lost, or still on its way."""
        letter = self.sent.pop(at)
        if letter.action is not None:
            self.answers.append((letter.action, Unknown(SILENCE)))
        if arrives_later:
            self.sent.append(Letter(letter.intent, None))

    def answer(self, at: int) -> None:
        action, outcome = self.answers.pop(at)
        self.arrive(Answered(action, outcome))

    def receive(self, at: int, *, again: bool = False) -> None:
        item = self.exchange.take_mail(at)
        self.arrive(item)
        if again:
            self.arrive(item)

    def read(self) -> None:
        """What the reconciler does every minute."""
        run_at_once(self.reconciler._read_all())

    def resolve(self) -> None:
        """What the reconciler does every few seconds."""
        run_at_once(self.reconciler._resolve())

    def calm_down(self, rounds: int = 60) -> None:
        """No more trouble: letters arrive at once, and time enough passes for every look-up to prove its point."""
        if not self.connected:
            self.reconnect()
        for number in range(rounds):
            for _ in range(3):
                while self.sent:
                    self.carry_out(0, answer=True)
                while self.answers:
                    self.answer(0)
                while self.exchange.letters:
                    self.receive(0)
                if number < rounds - 1:
                    self.tick()
            self.exchange.pass_time(5.0)
            if number % 12 == 0:
                self.read()
            self.resolve()


def run_at_once(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine of which nothing waits."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("the coroutine waited for something")
