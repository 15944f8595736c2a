"""The account, its market and its rules, moved along by a clock: what REST and sockets both act on."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.core.clock import Clock
from engine.paper import errors
from engine.paper.auth import KeyRing
from engine.paper.book import Book, Happening
from engine.paper.config import PaperConfig
from engine.paper.errors import KrakenError
from engine.paper.market import Market, adjustment_from
from engine.paper.orders import NewOrder, Order, order_from, row_of, trade_from
from engine.paper.pair import OPEN_ORDERS_LIMIT
from engine.paper.rates import RateLimits
from engine.paper.store import SavedWorld, Store
from engine.paper.terms import Terms

BPS = Decimal("0.0001")
SAVE_EVERY_S = 5.0
"""How often what changes without an order (time, the market's position) is saved, in real seconds."""

AHEAD_S = 4 * SAVE_EVERY_S


class World:
    """Everything of the exchange but its sockets.

    Each method first catches up with the clock. What happened is told to `on_happening` by `settle`, once it is saved:
    the exchange never says what it could still forget.
    """

    def __init__(self, config: PaperConfig, clock: Clock, saved: SavedWorld | None = None) -> None:
        self.config = config
        self.clock = clock
        self.keys = KeyRing.of(config.keys)
        self.rates = RateLimits(config.tier, config.rate_limits)
        self.on_happening: Callable[[list[Happening]], None] = lambda _: None
        head = saved.head if saved else {}
        market = Market(config.market, config.seed, [adjustment_from(row) for row in head.get("adjustments", [])])
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
        self.born_s = head.get("born_s", config.epoch_s)
        if saved:
            self._resume(saved)
        self._happenings: list[Happening] = []
        self._changed: dict[str, Order] = {}
        self._settling = asyncio.Lock()

    def catch_up(self) -> None:
        """Move the book to the clock's now."""
        self.book.advance(self.clock.now())

    def place(self, new: NewOrder) -> Order:
        """Place an order. Raises KrakenError."""
        self.catch_up()
        self.rates.transact("add", self.book.now_s)
        return self.book.place(new)

    def amend(
        self, order: Order, volume: Decimal | None, price: Decimal | None, post_only: bool, deadline_s: float | None
    ) -> str:
        """Amend an order that `find` gave; returns the amend's name. Raises KrakenError."""
        self.rates.transact("amend", self.book.now_s, order.changed_s)
        return self.book.amend(order, volume, price, post_only, deadline_s)

    def cancel(self, order: Order) -> None:
        """Cancel an order that `find` gave. Raises KrakenError."""
        self.rates.transact("cancel", self.book.now_s, order.changed_s)
        self.book.cancel(order)

    def cancel_batch(self, names: list[str], cl_ord_ids: list[str]) -> int:
        """Cancel the open orders among these, all or none; returns how many there were. Raises KrakenError.

        names: ids of the exchange, or user references in digits. Kraken does not say what becomes of a batch with names
        it does not know; they are passed over here, as `CancelOrder` passes over an order that has just been filled.
        """
        self.catch_up()
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
            happenings, self._happenings = self._happenings, []
            changed, self._changed = self._changed, {}
            if store is not None and (happenings or save):
                trades = [happening.trade for happening in happenings if happening.trade]
                await store.save(self.head(last=last), map(row_of, changed.values()), map(row_of, trades))
            if happenings:
                self.on_happening(happenings)

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
            "adjustments": [dataclasses.asdict(adjustment) for adjustment in book.market.adjustments],
            "rates": self.rates.saved(),
            "nonces": {name: state.nonce for name, state in self.keys.keys.items()},
        }

    def _resume(self, saved: SavedWorld) -> None:
        head, book = saved.head, self.book
        book.step = head["step"]
        book.now_s = self.config.epoch_s
        book.orders_made, book.trades_made = head["orders_made"], head["trades_made"]
        book.amends_made, book.cancel_all_at_s = head["amends_made"], head["cancel_all_at_s"]
        book.restore([order_from(row) for row in saved.orders], [trade_from(row) for row in saved.trades])
        self.rates.resume(head["rates"])
        for name, nonce in head["nonces"].items():
            if name in self.keys.keys:
                self.keys.keys[name].nonce = nonce

    def _heard(self, happening: Happening) -> None:
        frozen = dataclasses.replace(happening.order, trades=list(happening.order.trades))
        self._happenings.append(dataclasses.replace(happening, order=frozen))
        self._changed[frozen.id] = frozen
