"""Venue and paper exchange as two processes, on a network that breaks: nothing is lost and nothing done twice."""

import asyncio
import base64
import contextlib
import random
from decimal import Decimal

import pytest

from engine.core.gate import NoAnswer, Rejection
from engine.core.modes import Mode
from engine.core.secrets import Secret
from engine.grid.ports import CancelOrder, OrderFate, PlaceOrder, Quote, Side, StreamBack, VenueFill
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.launch import start_exchange
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from engine.venue.kraken import KrakenVenue
from engine.venue.nonces import NoncesInMemory
from engine.venue.options import VenueOptions
from engine.venue.rates import Tier

SECRET = base64.b64encode(bytes(range(64))).decode()
ORDERS = 16


@pytest.fixture
async def exchange():
    config = PaperConfig(
        keys=(ApiKey("paper-key", SECRET),),
        speed=20,
        market=MarketSpec(liquidity=Decimal(50)),
        usd=Decimal(10_000),
        doge=Decimal(100_000),
        tier="pro",
        control_token="token",
    )
    process = await start_exchange(config)
    try:
        yield process
    finally:
        await process.stop()


@pytest.fixture
async def venue(exchange):
    keys = Keys(Secret("paper-key"), Secret(SECRET))
    options = VenueOptions(tier=Tier.PRO, request_timeout_s=2)
    one = await KrakenVenue.connect(
        Mode.PAPER, loopback(exchange.port), keys, options, exchange.clock, NoncesInMemory()
    )
    try:
        yield one
    finally:
        await one.close()


async def test_on_a_breaking_network_no_fill_is_lost_and_no_order_placed_twice(exchange, venue):
    chance = random.Random(11)
    rules = await venue.rules()
    seen: dict[str, VenueFill] = {}
    quotes: asyncio.Queue[Quote] = asyncio.Queue(maxsize=1)
    backs = 0

    async def listen() -> None:
        nonlocal backs
        async for item in venue.stream():
            if isinstance(item, VenueFill):
                seen[item.trade_id] = item
            elif isinstance(item, StreamBack):
                backs += 1
            elif isinstance(item, Quote):
                with contextlib.suppress(asyncio.QueueEmpty):
                    quotes.get_nowait()
                quotes.put_nowait(item)

    listening = asyncio.create_task(listen())
    await asyncio.wait_for(quotes.get(), 5)
    await exchange.control(faults="lose-answer@AddOrder:0.2,lose-request@AddOrder:0.1")
    placed = []
    for number in range(ORDERS):
        quote = await asyncio.wait_for(quotes.get(), 20)
        side = chance.choice([Side.BUY, Side.SELL])
        price = quote.bid if side is Side.BUY else quote.ask
        order = PlaceOrder(f"order{number}", side, price, rules.minimum_quantity, exchange.clock.now() + 50)
        with contextlib.suppress(NoAnswer, Rejection):
            await venue.place(order)
        placed.append(order.client_id)
        if number in (4, 10):
            await exchange.control(drop_sockets=True)
    await exchange.control(faults="")
    for client_id in placed:
        with contextlib.suppress(Rejection):
            await venue.cancel(CancelOrder(client_id))
    await asyncio.sleep(0.2)
    assert await venue.open_orders() == []
    truth = {fill.trade_id: fill for fill in await venue.fills_since(0)}
    while backs < 3:
        await asyncio.wait_for(quotes.get(), 20)
    await venue.close()
    await listening
    assert truth
    assert seen.keys() == truth.keys()
    for trade_id, fill in truth.items():
        assert (seen[trade_id].quantity, seen[trade_id].fee_usd) == (fill.quantity, fill.fee_usd)
        assert seen[trade_id].client_id in ("", fill.client_id)
    status = await exchange.status()
    assert status["orders_made"] <= ORDERS


async def test_the_whole_way_of_one_order(exchange, venue):
    await venue.rules()
    order = PlaceOrder("one", Side.BUY, Decimal("0.05"), Decimal(20), exchange.clock.now() + 50)
    taken = await venue.place(order)
    assert (await venue.find("one")).order_id == taken.order_id
    await venue.cancel(CancelOrder("one"))
    assert (await venue.find("one")).fate is OrderFate.CANCELLED
