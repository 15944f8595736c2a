"""The fault `round-trip`: how far away the exchange is, for REST and sockets alike.

Each test moves real time by a distance far above what this machine needs for anything, and looks at who was first.
"""

import asyncio
import time

import aiohttp
import pytest

from engine.paper.faults import parse_faults

SYMBOL = "DOGE/USD"
DISTANCE = parse_faults("round-trip:600ms")
ONE_WAY_S = 0.3


async def timed(awaitable):
    """What came and the real seconds it took."""
    started_s = time.monotonic()
    return await awaitable, time.monotonic() - started_s


async def pinged(listener, number):
    await listener.send({"method": "ping", "req_id": number})


async def test_an_answer_of_rest_takes_a_round_trip(paper, client):
    await client.fetch_time()
    paper.exchange.faults.declare(DISTANCE)

    _, took_s = await timed(client.fetch_time())

    assert took_s >= 2 * ONE_WAY_S


async def test_an_order_stands_half_a_round_trip_after_it_was_sent_and_its_answer_comes_after_the_other_half(
    paper, client, until
):
    await client.fetch_time()
    paper.exchange.faults.declare(DISTANCE)
    started_s = time.monotonic()

    placing = asyncio.ensure_future(client.create_order(SYMBOL, "limit", "buy", 20, 0.09, {"postOnly": True}))
    await until(lambda: paper.book.orders_made == 1)
    stood_s = time.monotonic()

    assert stood_s - started_s >= ONE_WAY_S
    assert not placing.done()
    assert (await placing)["id"] in paper.book.open
    assert time.monotonic() - started_s >= 2 * ONE_WAY_S


async def test_many_requests_are_on_their_way_at_once(paper, client):
    paper.exchange.faults.declare(DISTANCE)

    answers, took_s = await timed(asyncio.gather(*(client.fetch_time() for _ in range(20))))

    assert len(answers) == 20
    assert took_s < 20 * 2 * ONE_WAY_S


async def test_a_new_connection_costs_two_round_trips_more_and_an_old_one_none(paper):
    paper.exchange.faults.declare(DISTANCE)
    address = f"{paper.exchange.address}/0/public/Time"
    async with aiohttp.ClientSession() as session:

        async def asked():
            async with session.get(address) as answer:
                return await answer.json()

        _, first_s = await timed(asked())
        _, second_s = await timed(asked())

    assert first_s >= 6 * ONE_WAY_S
    assert second_s < first_s


async def test_a_socket_costs_its_handshakes_and_its_upgrade(paper, listen):
    paper.exchange.faults.declare(DISTANCE)
    started_s = time.monotonic()

    async with listen(paper):
        assert time.monotonic() - started_s >= 6 * ONE_WAY_S


async def test_messages_of_a_socket_are_on_their_way_at_once_and_keep_their_order(paper, listen):
    async with listen(paper) as listener:
        paper.exchange.faults.declare(DISTANCE)
        started_s = time.monotonic()
        for number in range(50):
            await pinged(listener, number)
        answers = [await listener.answer("pong") for _ in range(50)]
        took_s = time.monotonic() - started_s

    assert [answer["req_id"] for answer in answers] == list(range(50))
    assert 2 * ONE_WAY_S <= took_s < 50 * 2 * ONE_WAY_S


async def test_an_event_of_a_channel_comes_half_a_round_trip_after_it_happened(paper, listen):
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        async with listener.client() as client:
            await client.create_order(SYMBOL, "limit", "buy", 20, 0.096, {"postOnly": True})
        [await listener.next("executions") for _ in range(2)]
        paper.exchange.faults.declare(DISTANCE)

        await paper.price("0.0950")
        _, took_s = await timed(listener.next("executions"))

        assert took_s >= ONE_WAY_S * 0.99


async def test_what_was_sent_before_the_client_left_still_arrives(paper, client, listen, until):
    order = await client.create_order(SYMBOL, "limit", "buy", 20, 0.09, {"postOnly": True})
    async with listen(paper) as listener:
        keys = paper.exchange.world.keys
        token = keys.issue_token(keys.keys["paper-key"], time.monotonic())
        paper.exchange.faults.declare(DISTANCE)
        await listener.send({"method": "cancel_order", "params": {"token": token, "order_id": [order["id"]]}})

    assert order["id"] in paper.book.open
    await until(lambda: not paper.book.open)


async def test_what_was_on_its_way_is_lost_when_the_connection_breaks(paper, client, listen, until):
    order = await client.create_order(SYMBOL, "limit", "buy", 20, 0.09, {"postOnly": True})
    async with listen(paper) as listener:
        keys = paper.exchange.world.keys
        token = keys.issue_token(keys.keys["paper-key"], time.monotonic())
        paper.exchange.faults.declare(parse_faults("round-trip:2s"))
        await listener.send({"method": "cancel_order", "params": {"token": token, "order_id": [order["id"]]}})
        await until(lambda: paper.exchange.sockets.coming == 1)
        paper.exchange.sockets.drop_all()
        with pytest.raises(TypeError):
            await listener.next_message()

    await until(lambda: paper.exchange.sockets.count == 0)
    assert order["id"] in paper.book.open


async def test_a_distance_that_is_taken_away_does_not_let_messages_overtake(paper, listen, until):
    async with listen(paper) as listener:
        paper.exchange.faults.declare(DISTANCE)
        await pinged(listener, 1)
        await until(lambda: paper.exchange.sockets.coming == 1)
        paper.exchange.faults.declare(())
        await pinged(listener, 2)

        assert [(await listener.answer("pong"))["req_id"] for _ in range(2)] == [1, 2]


async def test_the_hidden_hand_is_not_far_away(paper, client):
    paper.exchange.faults.declare(parse_faults("round-trip:10s"))
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{paper.exchange.address}/paper/control", headers={"Paper-Control": "control-token"}) as answer,
    ):
        assert (await answer.json())["faults"] == ["round-trip"]
