"""The account, its market and its rules, moved along by a clock: what REST and sockets both act on."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from engine.core.clock import Clock
from engine.paper import errors
from engine.paper.auth import KeyRing
from engine.paper.book import Book, Happening
from engine.paper.conditions import Conditions, StatusChange
from engine.paper.config import PaperConfig
from engine.paper.errors import KrakenError
from engine.paper.holdings import Holdings, LedgerEntry
from engine.paper.interference import Interference
from engine.paper.market import Market, adjustment_from
from engine.paper.occurrences import parse_occurrences
from engine.paper.orders import NewOrder, Order, order_from, row_of, trade_from
from engine.paper.pair import OPEN_ORDERS_LIMIT
from engine.paper.rates import RateLimits
from engine.paper.schedule import Schedule
from engine.paper.store import SavedWorld, Store
from engine.paper.tape import Ints, Tape
from engine.paper.terms import Terms

BPS = Decimal("0.0001")
SAVE_EVERY_S = 5.0
"""How often what changes without an order (time, the market's position) is saved, in real seconds."""

HANG_CHECK_S = 0.02
AHEAD_S = 4 * SAVE_EVERY_S

News = Happening | LedgerEntry | StatusChange
"""What the exchange tells those who listen."""


class World:
    """Everything of the exchange but its sockets.

    Each method first catches up with the clock. What happened is told to `on_news` by `settle`, once it is saved:
    the exchange never says what it could still forget.
    """

    def __init__(self, config: PaperConfig, clock: Clock, saved: SavedWorld | None = None) -> None:
        self.config = config
        self.clock = clock
        self.keys = KeyRing.of(config.keys)
        self.rates = RateLimits(config.tier, config.rate_limits)
        self.first_fees = config.maker_fee_bps * BPS, config.taker_fee_bps * BPS
        self.on_news: Callable[[list[News]], None] = lambda _: None
        head = saved.head if saved else {}
        market = Market(config.market, config.seed, [adjustment_from(row) for row in head.get("adjustments", [])])
        market.ticks = [(int(step), int(units)) for step, units in head.get("ticks", [])]
        self.book = Book(
            market,
            epoch_s=config.epoch_s - head.get("step", 0),
            usd=Decimal(head.get("usd", config.usd)),
            doge=Decimal(head.get("doge", config.doge)),
            terms=Terms(
                maker_fee=config.maker_fee_bps * BPS,
                taker_fee=config.taker_fee_bps * BPS,
                open_orders=OPEN_ORDERS_LIMIT[config.tier],
                post_only_answer=config.post_only_answer,
            ),
            listener=self._heard,
        )
        self._terms_changed: dict[str, Decimal | int] = {}
        self.conditions = Conditions()
        self.holdings = Holdings(self.book)
        self.schedule = Schedule(config.seed)
        self.interference = Interference(self)
        self._playing = False
        self.born_s = head.get("born_s", config.epoch_s)
        self._spans: list[tuple[int, float]] = [(0, self.book.epoch_s)]
        self.tape = Tape(self.book, self._epoch_of)
        if saved:
            self._resume(saved)
        self.schedule.declare(parse_occurrences(config.happen), config.epoch_s)
        self._news: list[News] = []
        self._changed: dict[str, Order] = {}
        self._settling = asyncio.Lock()

    def catch_up(self) -> None:
        """Move the book to the clock's now, and play what happens on the way, each at its time."""
        if self._playing:
            return
        self._playing = True
        try:
            now_s = self.clock.now()
            while (at_s := self._next_s()) is not None and at_s <= now_s:
                self.book.advance(at_s)
                self._play(at_s)
            self.book.advance(now_s)
        finally:
            self._playing = False

    def hear(self, news: Sequence[News]) -> None:
        """Tell those who listen, once it is saved."""
        self._news += news

    def change_terms(self, **changes: Decimal | int) -> None:
        """Other fees or rules from now on; they are kept with the world."""
        self._terms_changed |= changes
        self.book.terms = dataclasses.replace(self.book.terms, **cast(Any, self._terms_changed))

    @property
    def shown_s(self) -> float:
        """What the exchange's clock shows."""
        return self.book.now_s + self.book.clock_ahead_s

    async def hang_over(self) -> None:
        """Wait while requests hang."""
        self.catch_up()
        while "hang" in self.conditions.in_force:
            await asyncio.sleep(HANG_CHECK_S)
            self.catch_up()

    def place(self, new: NewOrder, *, foreign: bool = False) -> Order:
        """Place an order. Raises KrakenError."""
        self.catch_up()
        self.conditions.admit_order(new)
        self.rates.transact("add", self.book.now_s)
        return self.book.place(new, foreign=foreign)

    def amend(
        self, order: Order, volume: Decimal | None, price: Decimal | None, post_only: bool, deadline_s: float | None
    ) -> str:
        """Amend an order that `find` gave; returns the amend's name. Raises KrakenError."""
        self.conditions.admit_change(post_only=post_only or order.post_only)
        self.rates.transact("amend", self.book.now_s, order.changed_s)
        return self.book.amend(order, volume, price, post_only, deadline_s)

    def cancel(self, order: Order) -> None:
        """Cancel an order that `find` gave. Raises KrakenError."""
        self.conditions.admit_cancel()
        self.rates.transact("cancel", self.book.now_s, order.changed_s)
        self.book.cancel(order)

    def cancel_batch(self, names: list[str], cl_ord_ids: list[str]) -> int:
        """Cancel the open orders among these, all or none; returns how many there were. Raises KrakenError.

        names: ids of the exchange, or user references in digits. Kraken does not say what becomes of a batch with names
        it does not know; they are passed over here, as `CancelOrder` passes over an order that has just been filled.
        """
        self.catch_up()
        self.conditions.admit_cancel()
        wanted, wanted_ids = set(names), set(cl_ord_ids)
        orders = [
            order
            for order in self.book.open.values()
            if order.id in wanted or order.cl_ord_id in wanted_ids or (order.userref and str(order.userref) in wanted)
        ]
        self.rates.cancel_batch(self.book.now_s, [order.changed_s for order in orders])
        for order in orders:
            self.book.cancel(order)
        return len(orders)

    def cancel_all(self) -> int:
        """Cancel every open order; returns how many there were. Raises KrakenError."""
        self.conditions.admit_cancel()
        return self.book.cancel_all()

    def find(self, txid: str | None = None, cl_ord_id: str | None = None, userref: int | None = None) -> list[Order]:
        """The open orders with one of these identities. Raises KrakenError when there is none."""
        self.catch_up()
        orders = [
            order
            for order in self.book.open.values()
            if (txid is not None and order.id == txid)
            or (cl_ord_id is not None and order.cl_ord_id == cl_ord_id)
            or (userref is not None and userref != 0 and order.userref == userref)
        ]
        if not orders:
            raise KrakenError(errors.UNKNOWN_ORDER)
        return orders

    async def settle(self, store: Store | None, *, save: bool = False, last: bool = False) -> None:
        """Save what has changed, then tell it.

        save: also when nothing happened to an order. last: nothing comes after this.
        """
        async with self._settling:
            news, self._news = self._news, []
            changed, self._changed = self._changed, {}
            if store is not None and (news or save):
                trades = [item.trade for item in news if isinstance(item, Happening) and item.trade]
                await store.save(self.head(last=last), map(row_of, changed.values()), map(row_of, trades))
            if news:
                self.on_news(news)

    def head(self, *, last: bool = True) -> dict[str, Any]:
        """What is saved besides orders and trades.

        `until_s` is ahead of now while the world goes on: a crash forgets at most what lies before it, so that a clock
        that resumes there never shows a time twice.
        """
        book = self.book
        return {
            "born_s": self.born_s,
            "market": self.config.market_told(),
            "step": book.step,
            "now_s": book.now_s,
            "until_s": book.now_s if last else book.now_s + AHEAD_S * self.config.speed,
            "usd": str(book.usd),
            "doge": str(book.doge),
            "orders_made": book.orders_made,
            "trades_made": book.trades_made,
            "amends_made": book.amends_made,
            "cancel_all_at_s": book.cancel_all_at_s,
            "spans": self._spans,
            "adjustments": [dataclasses.asdict(adjustment) for adjustment in book.market.adjustments],
            "ticks": book.market.ticks,
            "terms": {name: str(value) for name, value in self._terms_changed.items()},
            "conditions": self.conditions.saved(),
            "holdings": self.holdings.saved(),
            "fee_credits": str(book.fee_credits),
            "pays_in_credits": book.pays_in_credits,
            "clock_ahead_s": book.clock_ahead_s,
            "rates": self.rates.saved(),
            "nonces": {name: state.nonce for name, state in self.keys.keys.items()},
        }

    def _resume(self, saved: SavedWorld) -> None:
        head, book = saved.head, self.book
        book.step = head["step"]
        self._spans = [(step, at_s) for step, at_s in head.get("spans") or [(0, head["now_s"] - head["step"])]]
        if book.epoch_s > self._spans[-1][1]:
            self._spans.append((book.step + 1, book.epoch_s))
        book.now_s = self.config.epoch_s
        book.orders_made, book.trades_made = head["orders_made"], head["trades_made"]
        book.amends_made, book.cancel_all_at_s = head["amends_made"], head["cancel_all_at_s"]
        book.restore([order_from(row) for row in saved.orders], [trade_from(row) for row in saved.trades])
        self.rates.resume(head["rates"])
        if "conditions" in head:
            self._resume_conditions(head)
        for name, nonce in head["nonces"].items():
            if name in self.keys.keys:
                self.keys.keys[name].nonce = nonce

    def _resume_conditions(self, head: dict[str, Any]) -> None:
        book = self.book
        for name, value in head["terms"].items():
            self.change_terms(**{name: int(value) if name == "price_decimals" else Decimal(value)})
        self.conditions.resume(head["conditions"])
        self.holdings.resume(head["holdings"])
        book.fee_credits, book.pays_in_credits = Decimal(head["fee_credits"]), head["pays_in_credits"]
        book.clock_ahead_s = head["clock_ahead_s"]
        book.matches = self.conditions.matches
        self.interference.resume()

    def _next_s(self) -> float | None:
        """When something happens next that is not an order's doing."""
        ends = self.conditions.next_end()
        times = (self.schedule.next_s(), self.interference.next_act_s(), None if ends is None else ends[0])
        return min((at_s for at_s in times if at_s is not None), default=None)

    def _play(self, at_s: float) -> None:
        """Play one of the things that are due."""
        ends = self.conditions.next_end()
        if ends is not None and ends[0] <= at_s:
            self.schedule.note(ends[0], f"{ends[1]}:off")
            self.interference.end(ends[1])
        elif (due := self.schedule.take(at_s)) is not None:
            self.interference.play(due)
        else:
            self.interference.act()

    def _epoch_of(self, steps: Ints) -> npt.NDArray[np.float64]:
        """When step 0 was, for each step: a world that stood still while it was not open goes on at a later time."""
        firsts, epochs = zip(*self._spans, strict=True)
        return np.array(epochs)[np.maximum(0, np.searchsorted(firsts, steps, side="right") - 1)]

    def _heard(self, happening: Happening) -> None:
        frozen = dataclasses.replace(happening.order, trades=list(happening.order.trades))
        self._news.append(dataclasses.replace(happening, order=frozen))
        if happening.trade is not None:
            self._news += self.holdings.spent_credits(happening.trade)
        self._changed[frozen.id] = frozen
