"""A venue connected over real sockets to a paper exchange whose time a test moves by hand."""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from engine.core.clock import ManualClock
from engine.core.modes import Mode
from engine.core.secrets import Secret
from engine.grid.ports import BelowMinimum, InsufficientFunds, PlaceOrder, PostOnlyRejected, Side, StreamItem
from engine.paper.config import ApiKey, PaperConfig
from engine.paper.exchange import Exchange
from engine.paper.faults import parse_faults
from engine.paper.occurrences import parse_occurrences
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from engine.venue.kraken import KrakenVenue
from engine.venue.nonces import NoncesInMemory
from engine.venue.options import VenueOptions
from engine.venue.rates import Tier
from engine.venue.stream import Stream

SECRET = base64.b64encode(b"a paper secret, 64 bytes long as Kraken issues them" + bytes(13)).decode()
EPOCH_S = 1_767_225_600.0


REFUSED = (
    (Side.BUY, "0.2", "25", PostOnlyRejected()),
    (Side.BUY, "0.09", "25000", InsufficientFunds()),
    (Side.BUY, "0.09", "1", BelowMinimum()),
)
"""Orders that the paper exchange refuses at once, whichever way they come: side, price, quantity, and the reason."""


@dataclass
class World:
    """A paper exchange, the venue that talks to it, and their clock. The market stands still at 0.0966."""

    exchange: Exchange
    venue: KrakenVenue
    clock: ManualClock
    client_ids: list[str] = field(default_factory=list)

    def order(self, side: Side = Side.BUY, price: str = "0.09", quantity: str = "25", **fields: Any) -> PlaceOrder:
        client_id = str(uuid.uuid4())
        self.client_ids.append(client_id)
        given = {"client_id": client_id, "deadline_s": self.clock.now() + 10, **fields}
        return PlaceOrder(side=side, price=Decimal(price), quantity=Decimal(quantity), **given)

    @property
    def requests(self) -> dict[str, int]:
        """How many requests the exchange got, by endpoint."""
        return self.exchange.rest.requests

    def fault_next(self, fault: str, count: int = 1) -> None:
        """Commit a fault on the next occasions."""
        self.exchange.faults.strike_next(parse_faults(fault), count)

    def faults(self, declared: str) -> None:
        """Replace all faults."""
        self.exchange.faults.declare(parse_faults(declared))

    async def price(self, price: str) -> None:
        """Move the market, and let the exchange notice."""
        world = self.exchange.world
        world.catch_up()
        world.book.market.set_price(world.book.step, Decimal(price))
        world.book.market.hold(world.book.step)
        world.book.rematch()
        await world.settle(self.exchange.store)

    async def happen(self, declared: str) -> None:
        """Let something happen at the exchange now, in the grammar of `--happen`."""
        world = self.exchange.world
        world.schedule.declare(parse_occurrences(declared), world.book.now_s)
        world.catch_up()
        await world.settle(self.exchange.store)
        assert [item for item in world.schedule.log if item.note.startswith("refused")] == []

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.exchange.world.catch_up()
        await self.exchange.world.settle(self.exchange.store)


OpenWorld = Callable[..., AbstractAsyncContextManager[World]]


@asynccontextmanager
async def opened(options: VenueOptions | None = None, **settings: Any) -> AsyncIterator[World]:
    key = ApiKey(key="paper-key", secret=SECRET)
    clock = ManualClock(EPOCH_S)
    config = PaperConfig(**{"keys": (key,), "epoch_s": EPOCH_S, "seed": 7, "usd": Decimal(1000), **settings})
    exchange = Exchange(config, clock)
    await exchange.start()
    exchange.world.book.market.hold(0)
    running = asyncio.create_task(exchange.run(), name="paper")
    venue = await KrakenVenue.connect(
        Mode.PAPER,
        loopback(exchange.port),
        Keys(Secret(key.key), Secret(key.secret)),
        options or VenueOptions(tier=Tier(config.tier), request_timeout_s=3),
        clock,
        NoncesInMemory(),
    )
    try:
        yield World(exchange, venue, clock)
    finally:
        await venue.close()
        exchange.stopping.set()
        await running
        await exchange.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with opened(tier="pro") as one:
        yield one


@pytest.fixture
def open_world() -> OpenWorld:
    """For a test that needs another exchange: `async with open_world(tier="starter") as world`."""
    return opened


@pytest.fixture
def next_of() -> Callable[..., Any]:
    """The next item of some types from a stream, others passed over, within 5 s."""

    async def wait(stream: Stream, *kinds: type[StreamItem]) -> Any:
        async with asyncio.timeout(5):
            while not isinstance(item := await anext(stream), kinds):
                pass
            return item

    return wait
