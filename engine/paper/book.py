"""Matching, as a pure function of the market, the account and what is asked; no sockets, no clock, no tasks.

A caller moves time with `advance(to_s)` and places, amends and cancels in between, so a lab can run thirty days in
process and a server can follow a clock. Between two orders that the price reaches nothing is computed: the market is
searched for the next step at which something happens. Source: governor spec 12, 19, 21 and 22.

Rules: a resting buy fills at its own price while the ask is at or below it (a sell: bid at or above), by at most the
volume on offer in that second, shared by price and then age; what takes instead of resting walks the book behind the
quote. Fees are in USD. A buy holds its largest possible cost with fee, a sell its volume.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from engine.paper import errors
from engine.paper.errors import KrakenError, invalid
from engine.paper.market import Market, Quote
from engine.paper.orders import HISTORY_KEPT, NewOrder, Order, Side, Status, Trade, name_of, trade_number
from engine.paper.pair import PRICE_DECIMALS, SYMBOL, price_of, rounded_cost, units_of
from engine.paper.queues import RestingOrders
from engine.paper.terms import Terms, check_amounts, check_deadline

CREDIT_UNIT = Decimal("0.01")
Kind = Literal["pending_new", "new", "trade", "filled", "canceled", "expired", "amended"]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to an order, in the words of the executions channel, and the balances after it."""

    kind: Kind
    at_s: float
    order: Order
    usd: Decimal
    doge: Decimal
    trade: Trade | None = None


class Book:
    """One account's orders in one market. Time is in epoch seconds and never goes back; step 0 is at `epoch_s`.

    `listener` is called for each happening, after the account has changed. `matches` is off while orders rest and
    nothing trades. `pays_in_credits`: fees are taken from `fee_credits` (KFEE, a cent each) while there are enough.
    `clock_ahead_s`: what the exchange's clock shows more than `now_s`; deadlines are read by it.
    """

    def __init__(
        self,
        market: Market,
        epoch_s: float,
        usd: Decimal,
        doge: Decimal,
        terms: Terms | None = None,
        listener: Callable[[Happening], None] | None = None,
    ) -> None:
        self.market = market
        self.terms = terms or Terms()
        self.epoch_s = epoch_s
        self.now_s = epoch_s
        self.step = 0
        self.usd = usd
        self.doge = doge
        self.open: dict[str, Order] = {}
        self.closed: dict[str, Order] = {}
        self.trades: dict[str, Trade] = {}
        self.cancel_all_at_s: float | None = None
        self.matches = True
        self.pays_in_credits = False
        self.fee_credits = Decimal(0)
        self.clock_ahead_s = 0.0
        self.orders_made = 0
        self.trades_made = 0
        self.amends_made = 0
        self.listener = listener
        self._resting = RestingOrders()
        self._used: dict[tuple[int, Side], Decimal] = {}
        self._last_number = 0

    @property
    def quote(self) -> Quote:
        return self.market.quote(self.step)

    @property
    def held_usd(self) -> Decimal:
        return sum((order.held_usd for order in self.open.values()), Decimal(0))

    @property
    def held_doge(self) -> Decimal:
        return sum((order.held_doge for order in self.open.values()), Decimal(0))

    def order(self, txid: str) -> Order | None:
        """An order by the exchange's id, open or not."""
        return self.open.get(txid) or self.closed.get(txid)

    def open_by_client_id(self, cl_ord_id: str) -> Order | None:
        """The open order with this client id; it is unique among open orders only."""
        return next((order for order in self.open.values() if order.cl_ord_id == cl_ord_id), None)

    def advance(self, to_s: float, *, stop_at_fill: bool = False) -> list[Trade]:
        """Move time to `to_s` and return the fills on the way, oldest first.

        stop_at_fill: return at the first step with a fill, with `now_s` there, so that a caller can answer it.
        """
        last = math.floor(to_s - self.epoch_s)
        trades: list[Trade] = []
        while (step := self._next_step(last)) is not None:
            self._move(self.epoch_s + step)
            self._expire()
            trades += self._match()
            if trades and stop_at_fill:
                return trades
        self._move(to_s)
        self._expire()
        return trades

    def rematch(self) -> list[Trade]:
        """Match again at this second, after the market was moved by hand."""
        return self._match()

    def place(self, new: NewOrder, *, foreign: bool = False, shown_type: str | None = None) -> Order:
        """Take an order now. Raises KrakenError with the words of Kraken when it is refused.

        foreign: it is not the client's. shown_type: the type it is listed with, whatever it does.
        """
        self.check(new)
        taker = not new.post_only
        order = Order(
            **self.next_order(),
            side=new.side,
            type=shown_type or new.type,
            volume=new.volume,
            units=0 if new.price is None else units_of(new.price),
            post_only=new.post_only,
            cl_ord_id=new.cl_ord_id,
            userref=new.userref,
            time_in_force=new.time_in_force,
            expires_s=new.expires_s,
            fee_ratio=self.terms.taker_fee if taker else self.terms.maker_fee,
            foreign=foreign,
            placed_volume=new.volume,
        )
        would_take = self._would_take(new)
        self.open[order.id] = order
        self._tell("pending_new", order)
        if would_take:
            self._close(order, Status.CANCELED, "Post only order")
            return order
        self._tell("new", order)
        if taker:
            self._take(order)
        if order.status is Status.OPEN:
            if new.type == "market" or order.time_in_force == "IOC":
                self._close(order, Status.CANCELED, "Liquidity")
            else:
                self._resting.add(order)
        return order

    def next_order(self) -> dict[str, Any]:
        """Name, number and times of an order that comes now."""
        self.orders_made += 1
        name = name_of("O", self.market.seed, self.orders_made)
        return {"id": name, "number": self.orders_made, "opened_s": self.now_s, "changed_s": self.now_s}

    def list_other(self, order: Order) -> None:
        """Put an order of another pair among the open ones. Raises KrakenError when there is not enough for it."""
        self.check_funds(order.held_usd, Decimal(0))
        self.open[order.id] = order
        self._tell("pending_new", order)
        self._tell("new", order)

    def fill_other(self, order: Order, trade: Trade) -> None:
        """An order of another pair is filled by this trade; its assets are not this book's."""
        order.filled, order.cost, order.fee = trade.volume, trade.cost, trade.fee
        order.exact_cost, order.exact_fee = trade.cost, trade.fee
        order.trades.append(trade.id)
        self.record(trade)
        self._tell("trade", order, trade)
        self._close(order, Status.CLOSED, None)

    def check(self, new: NewOrder) -> None:
        """Everything that may speak against an order, without placing it."""
        check_deadline(new.deadline_s, self.now_s + self.clock_ahead_s)
        if new.expires_s is not None and new.expires_s <= self.now_s:
            raise invalid("expiretm")
        if new.cl_ord_id is not None and self.open_by_client_id(new.cl_ord_id) is not None:
            raise KrakenError(errors.DUPLICATE_CLIENT_ID)
        if sum(order.symbol == SYMBOL for order in self.open.values()) >= self.terms.open_orders:
            raise KrakenError(errors.ORDERS_LIMIT)
        check_amounts(new.volume, new.price, self.terms)
        if new.post_only and (new.price is None or new.time_in_force == "IOC"):
            raise invalid("oflags")
        if self.terms.post_only_answer == "error" and self._would_take(new):
            raise KrakenError(errors.POST_ONLY)
        fee = self.terms.maker_fee if new.post_only else self.terms.taker_fee
        price = new.price if new.price is not None else self._worst_price(new)
        needs_usd = new.volume * price * (1 + fee) if new.side == "buy" else Decimal(0)
        needs_doge = new.volume if new.side == "sell" else Decimal(0)
        self.check_funds(needs_usd, needs_doge)

    def amend(
        self,
        order: Order,
        volume: Decimal | None = None,
        price: Decimal | None = None,
        post_only: bool = False,
        deadline_s: float | None = None,
    ) -> str:
        """Change volume or price of an open order in place; returns the amend's name.

        A volume at or below what is filled closes the order. Raises KrakenError, and then nothing has changed.
        """
        check_deadline(deadline_s, self.now_s + self.clock_ahead_s)
        volume = order.volume if volume is None else volume
        price = order.price if price is None else price
        kept_price = replace(self.terms, price_decimals=PRICE_DECIMALS)
        own = order.symbol == SYMBOL
        if own:
            check_amounts(volume, price, kept_price if price == order.price else self.terms)
        units = units_of(price)
        takes = own and units != order.units and self._resting.crosses(self.quote, order.side, units, but=order)
        if takes and (post_only or order.post_only):
            raise KrakenError(errors.POST_ONLY)
        wanted = replace(order, volume=volume, units=units, trades=order.trades)
        self.check_funds(wanted.held_usd, wanted.held_doge, freed=order)
        self.amends_made += 1
        self._resting.remove(order)
        order.volume, order.units, order.changed_s, order.amended = volume, units, self.now_s, True
        self._tell("amended", order)
        if volume <= order.filled:
            order.volume = order.filled
            self._close(order, Status.CANCELED, "User requested")
        else:
            if takes:
                self._take(order)
            if order.status is Status.OPEN:
                self._resting.add(order)
        return name_of("T", self.market.seed, -self.amends_made)

    def cancel(self, order: Order, reason: str = "User requested") -> None:
        """Take an open order off the book."""
        self._resting.remove(order)
        self._close(order, Status.CANCELED, reason)

    def cancel_all(self, reason: str = "User requested") -> int:
        """Cancel every open order; returns how many there were."""
        orders = list(self.open.values())
        for order in orders:
            self.cancel(order, reason)
        return len(orders)

    def cancel_all_after(self, timeout_s: float) -> None:
        """Arm the dead man's switch, or disarm it with 0."""
        self.cancel_all_at_s = self.now_s + timeout_s if timeout_s > 0 else None

    def restore(self, orders: list[Order], trades: list[Trade]) -> None:
        """Put back what was saved: the orders in any state, and the trades, each oldest first."""
        for order in orders:
            if order.status is Status.OPEN:
                self.open[order.id] = order
                self._resting.add(order)
            else:
                self.closed[order.id] = order
        self.trades.update({trade.id: trade for trade in trades})
        self._last_number = max((trade.trade_id for trade in trades), default=0)

    def check_funds(self, usd: Decimal, doge: Decimal, freed: Order | None = None) -> None:
        """Whether so much is free, with what `freed` holds. Raises KrakenError."""
        free_usd = self.usd - self.held_usd + (freed.held_usd if freed else 0)
        free_doge = self.doge - self.held_doge + (freed.held_doge if freed else 0)
        if (usd > 0 and usd > free_usd) or (doge > 0 and doge > free_doge):
            raise KrakenError(errors.INSUFFICIENT_FUNDS)

    def _worst_price(self, new: NewOrder) -> Decimal:
        side: Literal["ask", "bid"] = "ask" if new.side == "buy" else "bid"
        return price_of([units for units, _ in self.market.levels(self.quote, side)][-1])

    def _would_take(self, new: NewOrder) -> bool:
        """Whether a post-only order would not rest."""
        if not new.post_only or new.price is None:
            return False
        return self._resting.crosses(self.quote, new.side, units_of(new.price))

    def _move(self, to_s: float) -> None:
        if to_s > self.now_s:
            self.now_s = to_s
            self.step = max(self.step, math.floor(to_s - self.epoch_s))

    def _next_step(self, last: int) -> int | None:
        """The next step up to `last` at which a resting order is reached or something falls due."""
        first = self.step + 1
        due = self._due_s()
        due_step = None if due is None else max(first, math.ceil(due - self.epoch_s))
        if due_step is not None and due_step <= last:
            last = due_step
        found: list[int | None] = [due_step] if due_step == last else []
        if self.matches and last >= first:
            if (bid := self._resting.best("buy")) is not None:
                found.append(self.market.first_ask_at_or_below(bid, first, last))
            if (ask := self._resting.best("sell")) is not None:
                found.append(self.market.first_bid_at_or_above(ask, first, last))
        return min((step for step in found if step is not None and step <= last), default=None)

    def _due_s(self) -> float | None:
        times = [order.expires_s for order in self.open.values() if order.expires_s is not None]
        if self.cancel_all_at_s is not None:
            times.append(self.cancel_all_at_s)
        return min(times, default=None)

    def _expire(self) -> None:
        due = self._due_s()
        if due is None or due > self.now_s:
            return
        for order in [o for o in self.open.values() if o.expires_s is not None and o.expires_s <= self.now_s]:
            self._resting.remove(order)
            self._close(order, Status.EXPIRED, "Order expired")
        if self.cancel_all_at_s is not None and self.cancel_all_at_s <= self.now_s:
            self.cancel_all_at_s = None
            self.cancel_all("Cancel all orders after timeout")

    def _match(self) -> list[Trade]:
        trades: list[Trade] = []
        if not self.matches:
            return trades
        quote = self.quote
        sides: tuple[Side, Side] = ("buy", "sell")
        for side in sides:
            for order in self._resting.of(side):
                if not (order.units >= quote.ask if side == "buy" else order.units <= quote.bid):
                    break
                volume = min(order.remaining, quote.quantity - self._used_at(order.side))
                if volume <= 0:
                    break
                trades.append(self._fill(order, order.price, volume, maker=True))
        return trades

    def _take(self, order: Order) -> None:
        if not self.matches:
            return
        side: Literal["ask", "bid"] = "ask" if order.side == "buy" else "bid"
        used = self._used_at(order.side)
        for units, quantity in self._levels_within(order, side):
            free = max(Decimal(0), quantity - used)
            used = max(Decimal(0), used - quantity)
            volume = min(order.remaining, free)
            if volume > 0:
                self._fill(order, price_of(units), volume, maker=False)
            if order.status is not Status.OPEN:
                return

    def _levels_within(self, order: Order, side: Literal["ask", "bid"]) -> Iterator[tuple[int, Decimal]]:
        for units, quantity in self.market.levels(self.quote, side):
            if order.type != "market" and (units > order.units if side == "ask" else units < order.units):
                return
            yield units, quantity

    def _used_at(self, side: Side) -> Decimal:
        return self._used.get((self.step, side), Decimal(0))

    def _fill(self, order: Order, price: Decimal, volume: Decimal, *, maker: bool) -> Trade:
        self._used = {key: used for key, used in self._used.items() if key[0] == self.step}
        self._used[self.step, order.side] = self._used_at(order.side) + volume
        order.filled += volume
        order.exact_cost += price * volume
        exact_fee = price * volume * (self.terms.maker_fee if maker else self.terms.taker_fee)
        credits = self._credits_for(exact_fee)
        if not credits or credits < _credits(exact_fee):
            order.exact_fee += max(exact_fee - credits / 100, Decimal(0))
        cost = rounded_cost(order.exact_cost) - order.cost
        fee = rounded_cost(order.exact_fee) - order.fee
        order.cost += cost
        order.fee += fee
        sign = 1 if order.side == "buy" else -1
        self.usd -= sign * cost + fee
        self.doge += sign * volume
        self.trades_made += 1
        self._last_number = trade_number(self.now_s - self.epoch_s, self._last_number)
        trade = Trade(
            id=name_of("T", self.market.seed, self.trades_made),
            number=self.trades_made,
            order_id=order.id,
            at_s=self.now_s,
            side=order.side,
            type=order.type,
            price=price,
            volume=volume,
            cost=cost,
            fee=fee,
            maker=maker,
            cl_ord_id=order.cl_ord_id,
            fee_credits=credits,
            trade_id=self._last_number,
        )
        order.trades.append(trade.id)
        self.record(trade)
        done = order.filled == order.volume
        self._tell("trade", order, trade)
        if done:
            self._resting.remove(order)
            self._close(order, Status.CLOSED, None)
        return trade

    def record(self, trade: Trade) -> None:
        """Add a trade to the history."""
        self.trades[trade.id] = trade
        _forget_oldest(self.trades)

    def _credits_for(self, fee_usd: Decimal) -> Decimal:
        """Take a fee in KFEE, as far as there are some; returns how many. The rest is taken in USD."""
        credits = min(_credits(fee_usd), self.fee_credits) if self.pays_in_credits else Decimal(0)
        self.fee_credits -= credits
        return credits

    def _close(self, order: Order, status: Status, reason: str | None) -> None:
        order.status, order.closed_s, order.reason = status, self.now_s, reason
        self.open.pop(order.id, None)
        self.closed[order.id] = order
        _forget_oldest(self.closed)
        kind: Kind = "filled" if status is Status.CLOSED else "expired" if status is Status.EXPIRED else "canceled"
        self._tell(kind, order)

    def _tell(self, kind: Kind, order: Order, trade: Trade | None = None) -> None:
        if self.listener is not None:
            self.listener(Happening(kind, self.now_s, order, self.usd, self.doge, trade))


def _credits(fee_usd: Decimal) -> Decimal:
    """What a fee is in KFEE, a cent each."""
    return (fee_usd * 100).quantize(CREDIT_UNIT)


def _forget_oldest(history: dict[str, Order] | dict[str, Trade]) -> None:
    while len(history) > HISTORY_KEPT:
        del history[next(iter(history))]
