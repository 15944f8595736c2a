"""Carrying out what `engine.paper.acts` describes: somebody else acts on the account, and the exchange changes.

What is done by hand passes by rate limits and modes; the second program does not, for it uses the API.
"""

from __future__ import annotations

import random
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, assert_never

from engine.paper import errors
from engine.paper.acts import (
    MARKET,
    OFF,
    Act,
    Change,
    Funds,
    Manual,
    OnKey,
    OnOrders,
    PriceMove,
    Rotation,
    Rule,
    Shift,
    State,
    Target,
    plain,
)
from engine.paper.conditions import Condition, StatusChange
from engine.paper.errors import KrakenError
from engine.paper.holdings import FEE_CREDITS
from engine.paper.orders import NewOrder, Order, Trade, name_of
from engine.paper.pair import LOT_UNIT, PRICE_DECIMALS, SYMBOL, assets_of, price_of, rounded_cost, units_of
from engine.paper.schedule import Due
from engine.paper.second_program import SecondProgram

if TYPE_CHECKING:
    from engine.paper.world import World

BPS = Decimal("0.0001")
AWAY_RATIO = Decimal("0.1")
MAX_PRICE = 1_000_000
FIRST_CREDITS = Decimal(10_000)
ALREADY = "already"
"""The value of the condition `silence` where the market stood still before it."""

ELSEWHERE = "203.0.113.7"
"""An address that is nobody's (RFC 5737)."""


class NothingToActOn(LookupError):
    """There is no order, yet, that it could happen to."""


class Interference:
    """Everything that is not the client's own doing. `play` is for an entry that is due, with the book at its time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._program: SecondProgram | None = None

    def play(self, due: Due) -> None:
        """Carry out an entry and log it."""
        schedule = self._world.schedule
        try:
            note = self._carry_out(due.occurrence.act, due.random)
        except NothingToActOn as cause:
            schedule.wait(due, str(cause))
        except KrakenError as refusal:
            schedule.done(due, f"refused: {refusal.words}")
        except ArithmeticError:
            schedule.done(due, "refused: a number beyond reason")
        else:
            schedule.done(due, note)

    def end(self, name: Condition) -> None:
        """End what was in force."""
        world = self._world
        already_still = world.conditions.in_force.get("silence") == ALREADY
        world.conditions.end(name)
        if name in ("status", "pair-status"):
            self._status_changed(name)
        elif name == "silence" and world.book.market.is_held and not already_still:
            world.book.market.release(world.book.step)
        elif name == "second-program":
            self._program = None

    def next_act_s(self) -> float | None:
        """When the second program acts next."""
        return None if self._program is None else self._program.next_s

    def act(self) -> None:
        """Let the second program act."""
        if self._program is not None:
            note = self._program.act()
            self._world.schedule.note(self._world.book.now_s, "second-program", note)

    def resume(self) -> None:
        """Take up what goes on by itself, after a restart."""
        mean = self._world.conditions.in_force.get("second-program")
        if mean is not None:
            self._start_program(mean)

    def _carry_out(self, act: Act, draw: random.Random) -> str:
        """Do it; returns what there is to say beyond the words of the act."""
        if isinstance(act, OnOrders):
            return self._on_orders(act, draw)
        if isinstance(act, Manual):
            return self._manual(act)
        if isinstance(act, Funds):
            return self._funds(act)
        if isinstance(act, Rule):
            return self._rule(act)
        if isinstance(act, State):
            return self._state(act)
        if isinstance(act, OnKey):
            return self._on_key(act)
        if isinstance(act, Rotation):
            return self._world.keys.rotate()
        if isinstance(act, Shift):
            return self._shift(act)
        if isinstance(act, PriceMove):
            return self._move_price(act.change)
        assert_never(act)

    def _on_orders(self, act: OnOrders, draw: random.Random) -> str:
        book = self._world.book
        orders = self._orders(act.target)
        if not orders:
            raise NothingToActOn(f"no order to {act.kind}: {act.target}")
        if act.kind == "cancel":
            chosen = orders if act.count is None else draw.sample(orders, min(act.count, len(orders)))
            for order in chosen:
                book.cancel(order)
            return ", ".join(order.id for order in chosen)
        order = draw.choice(orders)
        assert act.change is not None
        if act.kind == "amend":
            before, after = order.volume, act.change.of(order.volume, LOT_UNIT)
            book.amend(order, volume=after)
        else:
            before, after = order.price, act.change.of(order.price, book.terms.price_unit)
            book.amend(order, price=after)
        return f"{order.id}: {plain(before)} -> {plain(after)}"

    def _orders(self, target: Target) -> list[Order]:
        """The open orders of a kind, oldest first. What came by hand is foreign, whatever its side."""
        open_orders = sorted(self._world.book.open.values(), key=lambda order: order.number)
        if target == "foreign":
            return [order for order in open_orders if order.foreign]
        own = [order for order in open_orders if not order.foreign]
        if target in ("buy", "sell"):
            return [order for order in own if order.side == target]
        if target == "all":
            return own
        exits = self._exits()
        return [order for order in own if (order.id in exits) == (target == "exit")]

    def _exits(self) -> set[str]:
        """The orders that offer what one on the other side filled before they came; each such fill has one exit."""
        exits: set[str] = set()
        positions: list[Order] = []
        book = self._world.book
        for order in sorted([*book.closed.values(), *book.open.values()], key=lambda order: order.number):
            if order.foreign:
                continue
            entry = next((entry for entry in positions if self._closes(order, entry)), None)
            if entry is not None:
                exits.add(order.id)
                if order.filled or order.closed_s is None:
                    positions.remove(entry)
            elif order.filled:
                positions.append(order)
        return exits

    def _closes(self, order: Order, entry: Order) -> bool:
        """Whether an order offers what another has filled before it came."""
        last = self._world.book.trades.get(entry.trades[-1])
        came_after = last is not None and last.at_s <= order.opened_s
        return order.side != entry.side and order.placed_volume in (entry.filled, entry.placed_volume) and came_after

    def _manual(self, act: Manual) -> str:
        if act.symbol != SYMBOL:
            return self._other_trade(act) if act.kind == "trade" else self._other_order(act).id
        price = None if act.price == MARKET or act.kind == "trade" else self._price_of(act)
        volume = act.amount
        if act.unit == "usd":
            volume = self._volume_for(act.amount, price or self._world.book.quote.mid_price)
        new = NewOrder(side=act.side, volume=volume, price=price, cl_ord_id=act.client_id)
        return self._world.book.place(new, foreign=True, shown_type=act.order_type).id

    def _price_of(self, act: Manual) -> Decimal:
        book = self._world.book
        middle = book.quote.mid_price
        if isinstance(act.price, Change):
            return act.price.of(middle, book.terms.price_unit)
        away = AWAY_RATIO if act.side == "sell" else -AWAY_RATIO
        return Change("=", middle * (1 + away)).of(middle, book.terms.price_unit)

    def _volume_for(self, usd: Decimal, price: Decimal) -> Decimal:
        """The volume of a buy that holds so many dollars with its fee; a unit is left for rounding."""
        with_fee = price * (1 + self._world.book.terms.taker_fee)
        return ((usd - Decimal("0.0001")) / with_fee).quantize(LOT_UNIT, rounding=ROUND_DOWN)

    def _other_order(self, act: Manual, order_type: str = "limit") -> Order:
        """An order of another pair: it is listed, and holds what it needs."""
        book = self._world.book
        price, volume = self._terms_of_other(act)
        base, quote = assets_of(act.symbol)
        with_fee = volume * price * (1 + book.terms.taker_fee)
        self._have(*((base, volume) if act.side == "sell" else (quote, with_fee)))
        order = Order(
            **book.next_order(),
            side=act.side,
            type=act.order_type or order_type,
            volume=volume,
            units=units_of(price),
            post_only=False,
            cl_ord_id=act.client_id,
            userref=0,
            time_in_force="GTC",
            expires_s=None,
            fee_ratio=book.terms.taker_fee,
            symbol=act.symbol,
            foreign=True,
        )
        book.list_other(order)
        return order

    def _other_trade(self, act: Manual) -> str:
        """A trade of another pair: its two assets change, and it is in the history."""
        world, book = self._world, self._world.book
        order = self._other_order(act, "market")
        base, quote = assets_of(act.symbol)
        sign = 1 if act.side == "buy" else -1
        cost = rounded_cost(order.price * order.volume)
        fee = rounded_cost(cost * book.terms.taker_fee)
        book.trades_made += 1
        trade = Trade(
            id=name_of("T", book.market.seed, book.trades_made),
            number=book.trades_made,
            order_id=order.id,
            at_s=book.now_s,
            side=act.side,
            type=order.type,
            price=order.price,
            volume=order.volume,
            cost=cost,
            fee=fee,
            maker=False,
            cl_ord_id=None,
            symbol=act.symbol,
        )
        book.fill_other(order, trade)
        world.hear(world.holdings.trade(trade.id, {base: sign * order.volume, quote: -sign * cost - fee}))
        return trade.id

    def _terms_of_other(self, act: Manual) -> tuple[Decimal, Decimal]:
        assert isinstance(act.price, Change)
        price = act.price.of(Decimal(0), price_of(1))
        return price, self._volume_for(act.amount, price) if act.unit == "usd" else act.amount

    def _have(self, asset: str, amount: Decimal) -> None:
        """Refuse what is not free. Raises KrakenError."""
        if self._world.holdings.free(asset) < amount:
            raise KrakenError(errors.INSUFFICIENT_FUNDS)

    def _funds(self, act: Funds) -> str:
        """What there is too little of moves as far as it can."""
        holdings = self._world.holdings
        suffix = act.suffix or "F"
        if act.kind == "deposit":
            amount = act.amount
        elif act.kind in ("unearn", "unstake"):
            amount = min(act.amount, holdings.earning(act.asset, suffix))
        else:
            amount = min(act.amount, holdings.free(act.asset))
        if not amount:
            return "there is nothing to move"
        if act.kind == "deposit":
            entries = holdings.transfer(act.asset, amount, "deposit")
        elif act.kind == "withdraw":
            entries = holdings.transfer(act.asset, -amount, "withdrawal")
        else:
            entries = holdings.lock(act.asset, suffix, amount if act.kind in ("earn", "stake") else -amount)
        self._world.hear(entries)
        return "" if amount == act.amount else f"only {plain(amount)}"

    def _rule(self, act: Rule) -> str:
        world = self._world
        if act.kind == "fee":
            maker, taker = (value * BPS for value in act.values)
            world.change_terms(maker_fee=maker, taker_fee=taker)
            for order in world.book.open.values():
                order.fee_ratio = maker if order.post_only else taker
        elif act.kind == "decimals":
            decimals = int(act.values[0])
            world.change_terms(price_decimals=decimals)
            world.book.market.set_tick(world.book.step, 10 ** (PRICE_DECIMALS - decimals))
            world.book.rematch()
        elif act.kind == "minimum":
            world.change_terms(order_min=act.values[0])
        else:
            world.change_terms(cost_min=act.values[0])
        return ""

    def _state(self, act: State) -> str:
        world = self._world
        name = act.kind
        if name == "kfee":
            self._pay_in_credits(on=act.value != OFF)
            return ""
        if act.value == OFF or (act.value == "online" and act.duration_s is None):
            self.end(name)
            return ""
        until_s = None if act.duration_s is None else world.book.now_s + act.duration_s
        value = act.value
        if name == "silence":
            value = world.conditions.in_force.get("silence", ALREADY if world.book.market.is_held else "")
        world.conditions.begin(name, value, until_s)
        if name in ("status", "pair-status"):
            self._status_changed(name)
        elif name == "silence" and not world.book.market.is_held:
            world.book.market.hold(world.book.step)
        elif name == "second-program":
            self._start_program(act.value)
        return ""

    def _status_changed(self, name: Condition) -> None:
        world = self._world
        world.book.matches = world.conditions.matches
        world.book.rematch()
        if name == "status":
            world.hear([StatusChange(world.conditions.system_status)])

    def _pay_in_credits(self, *, on: bool) -> None:
        world = self._world
        if on and not world.book.fee_credits:
            world.hear(world.holdings.transfer(FEE_CREDITS, FIRST_CREDITS, "deposit"))
        world.book.pays_in_credits = on

    def _start_program(self, mean: str) -> None:
        self._program = SecondProgram(self._world, mean)

    def _on_key(self, act: OnKey) -> str:
        key = self._world.keys.in_use()
        if key is None:
            return "there is no key"
        now_s = self._world.clock.now()
        if act.how == "dead":
            key.dead = act.words or errors.INVALID_KEY
        elif act.how == "expires":
            key.valid_until_s = now_s + act.duration_s
        elif act.how == "address":
            key.ip_allowlist = (ELSEWHERE,)
        else:
            for state in self._world.keys.keys.values():
                state.dead, state.valid_until_s, state.ip_allowlist = "", 0.0, ()
        return ""

    def _shift(self, act: Shift) -> str:
        if act.kind == "clock":
            self._world.book.clock_ahead_s = act.seconds
        elif (key := self._world.keys.in_use()) is not None:
            key.use_up_nonces(act.seconds)
        return ""

    def _move_price(self, change: Change) -> str:
        market, book = self._world.book.market, self._world.book
        price = max(change.of(book.quote.mid_price, book.terms.price_unit), book.terms.price_unit)
        if price > MAX_PRICE:
            return f"refused: a price is at most {MAX_PRICE} USD"
        held = market.is_held
        market.set_price(book.step, price)
        if held:
            market.hold(book.step)
        book.rematch()
        return plain(price)
