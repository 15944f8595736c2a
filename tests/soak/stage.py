"""A whole session at a paper exchange over real sockets, on time that jumps, and a market that moves."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.core.configuration import Configuration
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.profile import Profile
from engine.core.redaction import Redactor
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk.arguments import SessionArguments
from engine.desk.desk import Desk
from engine.desk.options import SECTIONS
from engine.desk.worlds import World
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.exchange import Exchange
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from tests.fault.ledger import Account
from tests.soak.virtual_time import VirtualClock, VirtualTimeLoop

EPOCH_S = 1_767_225_600.0
START_PRICE = Decimal("0.0966")
USD, DOGE = Decimal(60), Decimal(900)
GUST, GUST_EVERY_S, RETURNS = 0.006, 120.0, 0.1
KEY = "soak-key"


@asynccontextmanager
async def paper_exchange(loop: VirtualTimeLoop, faults: str, seed: int) -> AsyncIterator[tuple[Exchange, World]]:
    """The exchange that a session may act on, and where that is."""
    clock = VirtualClock(loop, EPOCH_S)
    secret = base64.b64encode(random.Random(seed).randbytes(64)).decode()
    config = PaperConfig(
        keys=(ApiKey(KEY, secret),),
        epoch_s=EPOCH_S,
        market=MarketSpec(regime="flat", liquidity=Decimal(60), start_price=START_PRICE),
        seed=seed,
        usd=USD,
        doge=DOGE,
        tier="starter",
        faults=faults,
    )
    exchange = Exchange(config, clock)
    await exchange.start()
    running = asyncio.create_task(exchange.run(), name="exchange")
    try:
        world = World(
            "soak:kraken", f"k{seed}", clock, loopback(exchange.port), Keys(Secret(KEY), Secret(secret)), None
        )
        yield exchange, world
    finally:
        exchange.stopping.set()
        await running
        await exchange.close()


@asynccontextmanager
async def session(world: World, folder: Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[Desk]:
    """A PAPER session in a profile of its own; `environment` may set options."""
    profile = Profile(folder / "profile")
    profile.acquire()
    try:
        catalogue = Catalogue(SECTIONS)
        configuration = await Configuration.open(profile.options_file, catalogue, environment or {}, world.clock)
        redactor = Redactor()
        vault = SecretStore("soak", SecretNames(("kraken.api_key",)), redactor.register)
        arguments = SessionArguments(profile.folder, Mode.PAPER, None, None, None, None)
        desk = await Desk.open(arguments, profile, configuration, vault, redactor.redact, world=world)
        try:
            yield desk
        finally:
            await desk.close()
    finally:
        profile.release()


@asynccontextmanager
async def moving(market: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something go on beside the work of the block."""
    moving = asyncio.create_task(market)
    try:
        yield
    finally:
        moving.cancel()
        with suppress(asyncio.CancelledError):
            await moving


async def blow(exchange: Exchange, chance: random.Random) -> None:
    """Gusts now and then, so that every side fills, in parts too, and entries have to be moved.

    The price returns to where it began: on one that wanders, the grid reaches its daily loss lock within hours, and
    what is left of the day shows nothing.
    """
    while True:
        await asyncio.sleep(chance.expovariate(1 / GUST_EVERY_S))
        away = float(exchange.world.book.quote.bid_price / START_PRICE) - 1
        move(exchange, chance.gauss(0, GUST) - RETURNS * away)


async def breeze(exchange: Exchange, chance: random.Random) -> None:
    """A price that stands for a minute is stale."""
    while True:
        await asyncio.sleep(5.0)
        move(exchange, chance.gauss(0, 0.0001))


def move(exchange: Exchange, step: float) -> None:
    """The price jumps by this share of itself."""
    exchange.world.catch_up()
    book = exchange.world.book
    price = book.quote.bid_price * (1 + Decimal(f"{step:.6f}"))
    book.market.set_price(book.step, price.quantize(Decimal("0.0000001")))
    book.rematch()


def account_of(exchange: Exchange) -> Account:
    """What the exchange knows of the account."""
    book = exchange.world.book
    return Account(
        orders={
            order.id: (order.cl_ord_id or "", order.status.value)
            for order in (*book.closed.values(), *book.open.values())
        },
        trades=set(book.trades),
        usd=book.usd,
        doge=book.doge,
    )
