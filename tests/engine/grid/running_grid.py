"""A real grid engine on a real gate and a real journal, on the faulty exchange; and what must hold of it afterwards."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.core.bus import Bus
from engine.core.gate import Gate
from engine.core.journal import Journal
from engine.core.modes import Mode
from engine.core.switch import MasterSwitch
from engine.grid.books import Books
from engine.grid.engine import GridEngine
from engine.grid.entries import Sizing, SizingRequest
from engine.grid.options import GridOptions
from engine.grid.slot import Order, Role, Slot, Stage, Trade
from tests.engine.grid.faulty_exchange import CALM, FaultyExchange

SKEW = Decimal("1.3")


def skewed(request: SizingRequest) -> Sizing:
    """A governor that always favours buys."""
    return Sizing(request.base_usd * SKEW if request.trade is Trade.B else request.base_usd, 0.3)


class RunningGrid:
    """The engine over several lives: `restart` ends it wherever it is and starts a new one on the same journal."""

    def __init__(self, exchange: FaultyExchange, folder: Path, options: GridOptions) -> None:
        self.exchange = exchange
        self.options = options
        self.bus = Bus()
        self.switch = MasterSwitch(Mode.PAPER, self.bus, lambda position: None, exchange.clock.now())
        self.start_usd, self.start_doge = exchange.book.usd, exchange.book.doge
        self._file = folder / "journal.sqlite"
        self.journal = Journal(self._file, "test")
        self.engine: GridEngine
        self._run: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._end()

    async def restart(self) -> None:
        """As after a crash: nothing is told goodbye, all that is left is what the journal holds."""
        await self._end()
        await self._start()

    async def steps(self, count: int) -> None:
        """Let the market move, and fail when the engine did."""
        for _ in range(count):
            await self.exchange.advance()
            for _ in range(3):  # a commit, what follows from it, and its commit: however slow the disk is today
                await self.journal.recall("nobody")
                await asyncio.sleep(0)
            assert self._run is not None
            if self._run.done():
                self._run.result()

    async def steps_until(self, condition: Callable[[], bool], limit: int = 300) -> None:
        """Let the market move until `condition` holds; fail when it does not within `limit` steps."""
        for _ in range(limit):
            if condition():
                return
            await self.steps(1)
        raise AssertionError(f"the condition did not hold within {limit} steps")

    async def calm_down(self) -> None:
        """No more trouble, and time for every look-up to prove what it has to prove."""
        self.exchange.trouble = CALM
        await self.steps(60)

    async def books(self) -> Books:
        """What the journal holds, as a new engine would read it."""
        memories = await self.journal.recall("grid")
        return Books.restore(memories, await self.journal.facts("grid", "fill"))

    async def _start(self) -> None:
        self.journal = Journal(self._file, "test")
        await asyncio.to_thread(self.journal.open)
        clock = self.exchange.clock
        gate = Gate(mode=Mode.PAPER, switch=self.switch, journal=self.journal, clock=clock, revision=lambda: 1)
        self.engine = GridEngine(
            exchange=self.exchange,
            gate=gate,
            switch=self.switch,
            journal=self.journal,
            bus=self.bus,
            clock=clock,
            options=lambda: self.options,
            sizer=skewed,
            namespace="t",
        )
        self._run = asyncio.create_task(self.engine.run(), name="grid")
        await self.exchange.settle()

    async def _end(self) -> None:
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)
        await asyncio.to_thread(self.journal.close)


async def assert_nothing_was_lost_or_doubled(grid: RunningGrid) -> None:
    """Orders placed once, fills counted once, and what the slots hold is what the exchange says was traded."""
    book = grid.exchange.book
    twice = [name for name, times in Counter(grid.exchange.placed).items() if times > 1]
    assert twice == []
    facts = await grid.journal.facts("grid", "fill")
    assert sorted(fact.key for fact in facts) == sorted(book.trades)
    books = await grid.books()
    held = sum((doge_held(slot) for slot in books.slots.values()), Decimal(0))
    evicted = [fact.payload for fact in await grid.journal.facts("grid", "round_trip") if fact.payload["evicted"]]
    written_off = sum(
        (Decimal(trip["position"]["quantity"]) * (1 if trip["trade"] == "B" else -1) for trip in evicted), Decimal(0)
    )
    assert book.doge - grid.start_doge == held + written_off
    assert all(trade.maker for trade in book.trades.values())


async def assert_everything_is_resolved(grid: RunningGrid) -> None:
    """No order is in doubt, and what the slots believe rests is what rests."""
    books = await grid.books()
    orders = [order for slot in books.slots.values() for order in slot.orders]
    assert [order.key for order in orders if order.stage not in (Stage.OPEN, Stage.SENT)] == []
    resting = {order.client_id for order in orders if order.stage is Stage.OPEN}
    assert resting == {order.cl_ord_id for order in grid.exchange.book.open.values()}


def doge_held(slot: Slot) -> Decimal:
    """DOGE that the slot's books say it gained since the start; negative where it sold."""
    gained = Decimal(0)
    for leg in slot.legs:
        gained += (leg.position.quantity + leg.dust.quantity) * sign_of(leg.trade)
    for order in slot.orders:
        gained += _gained(order)
    for lost in slot.stranded:
        gained += lost.position.quantity * sign_of(lost.trade)
    for lot in slot.abandoned:
        gained += lot.position.quantity * sign_of(lot.trade)
    for surplus in slot.surpluses:
        gained += surplus.position.quantity * sign_of(surplus.trade)
    return gained


def _gained(order: Order) -> Decimal:
    if order.role is Role.ENTRY:
        return order.filled * sign_of(order.trade)
    rest = -order.filled if order.role is Role.EXIT else order.position.quantity - order.filled
    return rest * sign_of(order.trade)


def sign_of(trade: Trade) -> int:
    return 1 if trade is Trade.B else -1
