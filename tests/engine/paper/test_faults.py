"""Faults, one by one: how they are declared, and what they do to a real client (governor spec 22)."""

import asyncio

import pytest
from ccxt.base.errors import DDoSProtection, ExchangeError, ExchangeNotAvailable, NetworkError

from engine.paper.faults import Fault, Faults, parse_faults

SYMBOL = "DOGE/USD"


def limit(client, price=0.09, **params):
    return client.create_order(SYMBOL, "limit", "buy", 20, price, {"postOnly": True, **params})


def test_faults_are_declared_in_one_string():
    text = "lose-answer:0.05, delay:2s, delay@AddOrder:250ms:0.5, error:EAPI:Rate limit exceeded:0.1, drop-socket:5m"

    assert parse_faults(text) == (
        Fault("lose-answer", probability=0.05),
        Fault("delay", duration_s=2.0),
        Fault("delay", probability=0.5, duration_s=0.25, endpoint="AddOrder"),
        Fault("error", probability=0.1, words="EAPI:Rate limit exceeded"),
        Fault("drop-socket", duration_s=300.0),
    )


def test_an_error_without_a_probability_always_strikes():
    assert parse_faults("error:EService:Unavailable") == (Fault("error", words="EService:Unavailable"),)


def test_no_faults_is_a_declaration_too():
    assert parse_faults("") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("loose-answer:0.1", "'loose-answer' is not one of"),
        ("lose-answer:1.5", "expected a probability from 0 to 1, got '1.5'"),
        ("lose-answer:often", "expected a probability from 0 to 1, got 'often'"),
        ("delay:2", "expected a duration like 250ms, 2s or 5m, got '2'"),
        ("delay", "expected a duration like 250ms, 2s or 5m, got ''"),
        ("delay:0s", "expected a duration"),
        ("delay:2s:x", "expected a probability"),
        ("round-trip:100ms:0.5", "a round trip is before everything, always"),
        ("round-trip@AddOrder:100ms", "a round trip is before everything, always"),
        ("error:Unavailable", "reads like `EService:Unavailable`"),
    ],
)
def test_a_fault_that_makes_no_sense_is_named(text, told):
    with pytest.raises(ValueError, match="fault ") as refusal:
        parse_faults(text)
    assert told in str(refusal.value)


def test_the_same_seed_strikes_the_same_requests():
    faults = [Faults(parse_faults("lose-answer:0.5"), seed=3) for _ in range(2)]

    struck = [[each.plan("AddOrder").lose_answer for _ in range(50)] for each in faults]

    assert struck[0] == struck[1]
    assert 5 < sum(struck[0]) < 45


def test_a_fault_of_one_endpoint_leaves_the_others_alone():
    faults = Faults(parse_faults("lose-answer@AddOrder"))

    assert faults.plan("AddOrder").lose_answer
    assert not faults.plan("CancelOrder").lose_answer


def test_a_fault_for_the_next_occasions_runs_out():
    faults = Faults()
    faults.strike_next(parse_faults("lose-answer@AddOrder"), count=2)

    assert [faults.plan("AddOrder").lose_answer for _ in range(3)] == [True, True, False]
    assert faults.declared == ()


async def test_an_order_whose_answer_is_lost_is_on_the_book(paper, client):
    paper.exchange.faults.strike_next(parse_faults("lose-answer@AddOrder"))

    with pytest.raises(NetworkError):
        await limit(client, clientOrderId="lost")

    assert [order["clientOrderId"] for order in await client.fetch_open_orders()] == ["lost"]


async def test_an_order_whose_request_is_lost_is_nowhere(paper, client):
    paper.exchange.faults.strike_next(parse_faults("lose-request@AddOrder"))

    with pytest.raises(NetworkError):
        await limit(client, clientOrderId="lost")

    assert paper.book.orders_made == 0


async def test_a_cancellation_may_be_pending_and_its_order_rests_meanwhile(paper, client, until):
    order = await limit(client)
    paper.exchange.faults.declare(parse_faults("pending@CancelOrder:400ms"))

    answer = await client.private_post_cancelorder({"txid": order["id"]})

    assert answer["result"] == {"count": 1, "pending": True}
    assert order["id"] in paper.book.open
    await until(lambda: not paper.book.open)
    assert paper.book.closed[order["id"]].reason == "User requested"


async def test_a_pending_cancellation_that_comes_too_late_cancels_nothing(paper, client, until):
    order = await limit(client, 0.096)
    paper.exchange.faults.declare(parse_faults("pending:400ms"))

    await client.cancel_all_orders()
    await paper.price("0.0950")
    await limit(client, 0.08)
    await until(lambda: not paper.exchange.rest.pending)

    assert paper.book.closed[order["id"]].status.value == "closed"


async def test_an_order_that_is_not_open_cannot_be_pending_cancellation(paper, client):
    paper.exchange.faults.declare(parse_faults("pending:400ms"))

    with pytest.raises(ExchangeError, match="EOrder:Unknown order"):
        await client.cancel_order("OAAAAA-BBBBB-CCCCCC")


async def test_an_answer_comes_late(paper, client, until):
    paper.exchange.faults.declare(parse_faults("delay@AddOrder:500ms"))

    placing = asyncio.ensure_future(limit(client))
    await until(lambda: paper.book.orders_made == 1)

    assert not placing.done()
    assert (await placing)["id"] in paper.book.open


async def test_a_request_that_comes_after_its_deadline_is_refused(paper, client, until):
    paper.exchange.faults.declare(parse_faults("delay-request@AddOrder:500ms"))

    placing = asyncio.ensure_future(limit(client, deadline="2026-01-01T00:00:30Z"))
    await until(lambda: paper.exchange.rest.requests.get("AddOrder") == 1)
    paper.clock.advance(31)

    with pytest.raises(ExchangeError, match="EService:Deadline elapsed"):
        await placing


@pytest.mark.parametrize(
    ("words", "kind"),
    [("EAPI:Rate limit exceeded", DDoSProtection), ("EService:Unavailable", ExchangeNotAvailable)],
)
async def test_krakens_errors_are_answered_and_nothing_is_carried_out(paper, client, words, kind):
    paper.exchange.faults.declare(parse_faults(f"error@AddOrder:{words}"))

    with pytest.raises(kind, match=words):
        await limit(client)

    assert paper.book.orders_made == 0


async def test_an_event_comes_twice(paper, listen):
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        paper.exchange.faults.declare(parse_faults("duplicate-answer@executions"))
        async with listener.client() as client:
            await limit(client)

        rows = [await listener.next("executions") for _ in range(4)]
        assert [row["sequence"] for row in rows] == [2, 2, 3, 3]
        assert rows[0] == rows[1]


async def test_an_event_comes_after_the_one_that_follows_it(paper, listen):
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        paper.exchange.faults.strike_next(parse_faults("reorder@executions"))
        async with listener.client() as client:
            await limit(client)

        rows = [await listener.next("executions") for _ in range(2)]
        assert [row["sequence"] for row in rows] == [3, 2]


async def test_an_event_held_back_with_none_following_still_comes(paper, listen):
    async with listen(paper, "executions") as listener:
        await listener.next("executions")
        async with listener.client() as client:
            await limit(client)
            [await listener.next("executions") for _ in range(2)]
            paper.exchange.faults.strike_next(parse_faults("reorder@executions"))
            await client.cancel_all_orders()

        assert (await listener.next("executions"))["data"][0]["exec_type"] == "canceled"


async def test_sockets_break(paper, client, next_update):
    await next_update(client.watch_ticker(SYMBOL))
    paper.exchange.faults.declare(parse_faults("drop-socket:50ms"))

    with pytest.raises(NetworkError):
        await next_update(client.watch_ticker(SYMBOL))


async def test_rest_lags_behind_when_it_is_told_to(paper, client):
    """Governor spec 20: absence in REST proves nothing before 60 s."""
    paper.exchange.faults.declare(parse_faults("stale:60s"))
    order = await limit(client, 0.096)
    assert await client.fetch_open_orders() == []

    await paper.advance(61)
    assert [row["id"] for row in await client.fetch_open_orders()] == [order["id"]]

    await paper.price("0.0950")
    assert [row["id"] for row in await client.fetch_open_orders()] == [order["id"]]
    assert await client.fetch_my_trades(SYMBOL) == []

    await paper.advance(61)
    assert await client.fetch_open_orders() == []
    assert len(await client.fetch_my_trades(SYMBOL)) == 1
