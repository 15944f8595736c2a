"""The stream over real sockets: what happens is told once and in order, and what could be missed is said."""

import asyncio
from decimal import Decimal

import pytest

from engine.core.messages import plain
from engine.grid.ports import (
    AmendOrder,
    Balances,
    CancelOrder,
    ChannelAlive,
    LedgerEntry,
    LedgerKind,
    MarketSaid,
    MarketStatus,
    OrderFate,
    Quote,
    RowSetAside,
    StreamBack,
    StreamLost,
    VenueFill,
    VenueOrder,
)
from engine.venue.inbox import Inbox


def words_of(lost: StreamLost) -> str:
    return str(plain(lost.reason)["words"])


async def test_the_stream_says_when_it_is_up_and_brings_quote_and_balances(world, next_of):
    stream = world.venue.stream()
    assert isinstance(await next_of(stream, StreamBack, StreamLost), StreamBack)
    said = {type(item): item for item in [await next_of(stream, Balances, Quote) for _ in range(2)]}
    assert (said[Balances].usd, said[Balances].doge) == (Decimal(1000), Decimal(1000))
    assert said[Quote].bid < said[Quote].ask
    assert said[Quote].at_s == world.clock.now()


async def test_the_life_of_an_order_is_told_in_order(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    order = world.order(price="0.0960")
    await world.venue.place(order)
    told = await next_of(stream, VenueOrder)
    assert (told.client_id, told.price, told.quantity, told.fate) == (
        order.client_id,
        order.price,
        order.quantity,
        OrderFate.OPEN,
    )
    await world.venue.amend(AmendOrder(order.client_id, Decimal("0.0961"), Decimal(30), world.clock.now() + 10))
    assert (await next_of(stream, VenueOrder)).price == Decimal("0.0961")
    await world.price("0.0950")
    fill = await next_of(stream, VenueFill, VenueOrder)
    ends = {type(item): item for item in [await next_of(stream, VenueOrder, Balances) for _ in range(2)]}
    done = ends[VenueOrder]
    assert (fill.client_id, fill.quantity, fill.maker) == (order.client_id, Decimal(30), True)
    assert fill.fee_usd == (fill.price * fill.quantity * Decimal("0.0025")).quantize(Decimal("0.00001"))
    assert (done.fate, done.filled) == (OrderFate.FILLED, Decimal(30))
    assert ends[Balances].doge == Decimal(1030)


async def test_a_post_only_order_that_kraken_takes_and_then_cancels_is_told_as_cancelled(open_world, next_of):
    """Kraken is recorded to refuse a crossing post-only order in either way (governor spec 19)."""
    async with open_world(post_only_answer="cancel") as world:
        stream = world.venue.stream()
        await next_of(stream, StreamBack)
        taken = await world.venue.place(world.order(price="0.2"))
        told = await next_of(stream, VenueOrder)
        assert (told.order_id, told.fate, told.filled) == (taken.order_id, OrderFate.CANCELLED, 0)


async def test_stream_and_rest_tell_the_same_fill(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    await world.venue.place(world.order(price="0.0960"))
    await world.price("0.0950")
    told = await next_of(stream, VenueFill)
    (read,) = await world.venue.fills_since(0)
    assert (told.trade_id, told.order_id, told.client_id) == (read.trade_id, read.order_id, read.client_id)
    assert (told.price, told.quantity, told.fee_usd, told.side) == (read.price, read.quantity, read.fee_usd, read.side)


@pytest.mark.qasync
async def test_venue_and_stream_work_on_the_panels_loop(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    order = world.order()
    await world.venue.place(order)
    assert (await next_of(stream, VenueOrder)).client_id == order.client_id
    world.exchange.sockets.drop_all()
    await next_of(stream, StreamLost)
    await next_of(stream, StreamBack)


async def test_a_fill_while_the_sockets_are_down_comes_with_the_next_snapshot(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    order = world.order(price="0.0960")
    await world.venue.place(order)
    await next_of(stream, VenueOrder)
    world.exchange.sockets.drop_all()
    await next_of(stream, StreamLost)
    await world.price("0.0950")
    said = [await next_of(stream, StreamBack, VenueFill) for _ in range(2)]
    assert {type(item) for item in said} == {StreamBack, VenueFill}
    assert next(item for item in said if isinstance(item, VenueFill)).client_id == order.client_id


async def test_the_sockets_come_back_again_and_again(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    for _ in range(2):
        world.exchange.sockets.drop_all()
        await next_of(stream, StreamLost)
        await next_of(stream, StreamBack)
    await world.venue.place(world.order())
    assert isinstance(await next_of(stream, VenueOrder), VenueOrder)


async def test_an_exchange_that_is_away_is_said_once_and_awaited(world, next_of):
    world.faults("error@GetWebSocketsToken:EService:Unavailable")
    stream = world.venue.stream()
    lost = await next_of(stream, StreamLost, StreamBack)
    assert words_of(lost) == "EService:Unavailable"
    silent = asyncio.ensure_future(next_of(stream, StreamLost, StreamBack))
    await asyncio.sleep(0.4)
    assert not silent.done()
    world.faults("")
    assert isinstance(await silent, StreamBack)


async def test_messages_out_of_order_count_as_a_loss(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    world.fault_next("reorder@executions")
    order = world.order()
    await world.venue.place(order)
    assert "missing" in words_of(await next_of(stream, StreamLost))
    await next_of(stream, StreamBack)


async def test_a_message_that_comes_twice_is_told_once(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    world.faults("duplicate-answer")
    order = world.order()
    await world.venue.place(order)
    assert (await next_of(stream, VenueOrder)).fate is OrderFate.OPEN
    await world.venue.cancel(CancelOrder(order.client_id))
    assert (await next_of(stream, VenueOrder, StreamLost)).fate is OrderFate.CANCELLED


async def test_a_message_that_has_no_known_form_counts_as_a_loss(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    say(world, {"channel": "ticker", "type": "update", "data": {}})
    assert "data" in words_of(await next_of(stream, StreamLost))
    await next_of(stream, StreamBack)


TICKER = {"symbol": "DOGE/USD", "bid": 0.0965, "ask": 0.0967}


async def test_a_quote_that_cannot_be_read_is_set_aside_once_and_the_next_one_counts(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, Quote)
    for bid in (0.5, 0.6):
        say(world, {"channel": "ticker", "type": "update", "data": [{**TICKER, "bid": bid}]})
    say(world, {"channel": "ticker", "type": "update", "data": [{**TICKER, "ask": 0.0968}]})
    assert (await next_of(stream, RowSetAside, StreamLost)).channel == "ticker"
    assert (await next_of(stream, RowSetAside, Quote)).ask == Decimal("0.0968")


async def test_a_still_market_proves_itself_by_heartbeats(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, Quote)
    world.clock.advance(60)
    say(world, {"channel": "heartbeat"})
    assert await next_of(stream, ChannelAlive) == ChannelAlive(world.clock.now())


async def test_heartbeats_prove_nothing_after_a_quote_that_could_not_be_read(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, Quote)
    say(world, {"channel": "ticker", "type": "update", "data": [{**TICKER, "bid": 0.5}]})
    say(world, {"channel": "heartbeat"})
    say(world, {"channel": "ticker", "type": "update", "data": [TICKER]})
    assert isinstance(await next_of(stream, Quote, ChannelAlive), Quote)


def status(word):
    return {"channel": "status", "type": "update", "data": [{"system": word, "api_version": "v2", "version": "2.0.10"}]}


async def test_how_the_market_stands_is_told_when_it_begins_and_when_it_changes(world, next_of):
    stream = world.venue.stream()
    assert (await next_of(stream, MarketSaid)).status is MarketStatus.ONLINE
    for word in ("maintenance", "maintenance", "post_only", "auction", "online"):
        say(world, status(word))
    told = [(await next_of(stream, MarketSaid)).status for _ in range(4)]
    assert told == [MarketStatus.MAINTENANCE, MarketStatus.POST_ONLY, MarketStatus.UNKNOWN, MarketStatus.ONLINE]


async def test_a_closed_pair_is_in_its_rules_alone_so_that_new_rules_open_it_again(world, next_of):
    """Told with the system's status, it would stand until that changes."""
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    await world.happen("pair-status:cancel_only")
    assert (await world.venue.rules()).status is MarketStatus.CANCEL_ONLY
    world.exchange.sockets.drop_all()
    assert (await next_of(stream, MarketSaid)).status is MarketStatus.ONLINE
    say(world, status("maintenance"))
    assert (await next_of(stream, MarketSaid)).status is MarketStatus.MAINTENANCE
    assert (await world.venue.rules()).status is MarketStatus.CANCEL_ONLY


async def test_news_of_an_order_never_seen_makes_the_grid_read_again(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    entry = {
        "order_id": "OZZZZZ-ZZZZZ-ZZZZZZ",
        "exec_type": "canceled",
        "order_status": "canceled",
        "cum_qty": 0,
        "timestamp": "x",
    }
    for connection in world.exchange.sockets._connections:
        connection.say({"channel": "executions", "type": "update", "data": [entry]})
    assert "OZZZZZ" in words_of(await next_of(stream, StreamLost))
    assert isinstance(await anext(stream), StreamBack)


def say(world, message):
    for connection in world.exchange.sockets._connections:
        connection.say(message)


def unnumbered(*rows):
    """An executions message without a number, which is taken as the next."""
    return {"channel": "executions", "type": "update", "data": list(rows)}


ELSEWHERE = {
    "order_id": "OEEEEE-EEEEE-EEEEEE",
    "symbol": "BTC/EUR",
    "side": "buy",
    "order_type": "limit",
    "order_qty": 0.5,
    "limit_price": 90000.5,
    "cum_qty": 0,
    "exec_type": "new",
    "order_status": "new",
    "timestamp": "2026-01-01T00:00:00.000000Z",
}


async def test_one_row_that_cannot_be_read_is_set_aside_and_the_rows_beside_it_count(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    say(world, unnumbered({**ELSEWHERE, "order_type": "swap"}, {**ELSEWHERE, "order_id": "OFFFFF-FFFFF-FFFFFF"}))
    aside = await next_of(stream, RowSetAside, StreamLost)
    assert (aside.channel, aside.order_id) == ("executions", ELSEWHERE["order_id"])
    order = await next_of(stream, VenueOrder, StreamLost)
    assert (order.order_id, order.pair) == ("OFFFFF-FFFFF-FFFFFF", "BTC/EUR")
    await world.venue.place(world.order())
    assert (await next_of(stream, VenueOrder, StreamLost)).pair == ""


async def test_a_row_that_comes_again_is_set_aside_once(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    for _ in range(2):
        say(world, unnumbered({**ELSEWHERE, "order_type": "swap"}))
    say(world, unnumbered({**ELSEWHERE, "order_id": "OFFFFF-FFFFF-FFFFFF"}))
    assert isinstance(await next_of(stream, RowSetAside), RowSetAside)
    assert isinstance(await next_of(stream, RowSetAside, VenueOrder), VenueOrder)


async def test_a_balance_row_that_cannot_be_read_leaves_the_channel_up(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, Balances)
    say(world, {"channel": "balances", "type": "update", "data": [{"asset": "BTC", "balance": "?"}]})
    assert (await next_of(stream, RowSetAside, StreamLost)).channel == "balances"


async def test_a_trade_is_told_with_the_changes_of_the_ledger_that_it_made(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    await world.venue.place(world.order(price="0.0960"))
    await world.price("0.0950")
    fill = await next_of(stream, VenueFill)
    changes = [await next_of(stream, LedgerEntry) for _ in range(2)]
    assert {change.ref_id for change in changes} == {fill.trade_id}
    assert {change.kind for change in changes} == {LedgerKind.TRADE}
    assert {change.asset: change.amount for change in changes}["DOGE"] == fill.quantity


async def test_a_stream_that_is_closed_ends_for_who_reads_it(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)

    async def read_on() -> int:
        return len([item async for item in stream])

    reading = asyncio.create_task(read_on())
    await asyncio.sleep(0)
    await stream.aclose()
    await asyncio.wait_for(reading, 5)
    assert world.venue._client.clients == {}


async def test_a_new_stream_takes_the_place_of_one_that_nobody_reads_any_more(world, next_of):
    """A grid that is started again after a failure opens its stream anew."""
    abandoned = world.venue.stream()
    await next_of(abandoned, StreamBack)
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    await world.venue.place(world.order())
    assert isinstance(await next_of(stream, VenueOrder), VenueOrder)
    assert VenueOrder not in [type(item) async for item in abandoned]
    assert world.exchange.sockets.count == 1


async def test_the_venue_closes_while_its_sockets_are_still_connecting(world):
    world.faults("delay@GetWebSocketsToken:300ms")
    stream = world.venue.stream()
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.05)
    await world.venue.close()
    with pytest.raises(StopAsyncIteration):
        await reading


def order(number: int) -> StreamBack | VenueOrder:
    return VenueOrder(f"a{number}", "", None, None, None, None, OrderFate.OPEN, 0.0)


def quote(price: int) -> Quote:
    return Quote(Decimal(price), Decimal(price), 0.0)


async def test_quotes_that_nobody_read_give_way_to_the_latest_and_facts_do_not():
    inbox = Inbox()
    inbox.back()
    for number in range(3):
        inbox.put_latest(quote(number))
        inbox.put(order(number))
    inbox.end()
    read = [item async for item in _all(inbox)]
    assert [item.client_id for item in read[1:4]] == ["a0", "a1", "a2"]
    assert read[4:] == [quote(2)]


async def test_a_loss_takes_quotes_with_it_that_are_out_of_date():
    inbox = Inbox()
    inbox.back()
    inbox.put_latest(quote(1))
    inbox.lost("gone")
    inbox.end()
    assert [type(item) async for item in _all(inbox)] == [StreamBack, StreamLost]


async def test_a_quote_that_comes_before_the_stream_is_back_is_handed_out_after_it():
    inbox = Inbox()
    inbox.lost("not up yet")
    inbox.put_latest(quote(1))
    inbox.back()
    inbox.end()
    assert [type(item) async for item in _all(inbox)] == [StreamLost, StreamBack, Quote]


async def test_a_reader_that_falls_too_far_behind_is_told_to_read_again():
    inbox = Inbox(facts_held=3)
    for number in range(4):
        inbox.put(order(number))
    inbox.end()
    read = [item async for item in _all(inbox)]
    assert [type(item) for item in read] == [StreamLost, StreamBack, VenueOrder]
    assert read[-1].client_id == "a3"


async def _all(inbox: Inbox):
    while (item := await inbox.next()) is not None:
        yield item


async def test_a_heartbeat_comes_after_the_quote_and_only_the_latest():
    inbox = Inbox()
    inbox.back()
    for at_s in (1.0, 2.0):
        inbox.put_latest(ChannelAlive(at_s))
    inbox.put_latest(quote(1))
    inbox.end()
    assert [item async for item in _all(inbox)][1:] == [quote(1), ChannelAlive(2.0)]
