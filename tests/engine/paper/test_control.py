"""The control address: faults and the market are switched while the exchange runs (governor spec 22)."""

import aiohttp
import pytest

HEADERS = {"Paper-Control": "control-token"}


@pytest.fixture
async def control(paper):
    async with aiohttp.ClientSession(paper.exchange.address, headers=HEADERS) as session:

        async def send(command, status=200):
            async with session.post("/paper/control", json=command) as answer:
                assert answer.status == status
                return await answer.json()

        yield send


async def test_the_market_is_moved_and_orders_notice(control, client):
    await client.create_order("DOGE/USD", "limit", "buy", 20, 0.096, {"postOnly": True})

    standing = await control({"price": "0.0950"})

    assert standing["trades_made"] == 1
    assert float(standing["bid"]) < 0.0950 < float(standing["ask"])


async def test_the_market_is_stopped_and_let_go(control, paper):
    assert (await control({"hold": False}))["held"] is False
    before = await control({"hold": True})
    await paper.advance(500)

    assert (await control({"hold": True}))["bid"] == before["bid"]
    await control({"hold": False})
    await paper.advance(500)
    assert (await control({"hold": False}))["bid"] != before["bid"]


async def test_faults_are_declared_and_taken_back(control):
    assert (await control({"faults": "lose-answer:0.5,delay:2s"}))["faults"] == ["lose-answer", "delay"]
    assert (await control({"faults": ""}))["faults"] == []


async def test_a_fault_strikes_the_next_request_only(control, client):
    await control({"next": "error@AddOrder:EService:Busy"})

    with pytest.raises(Exception, match="EService:Busy"):
        await client.create_order("DOGE/USD", "limit", "buy", 20, 0.09)
    await client.create_order("DOGE/USD", "limit", "buy", 20, 0.09)


@pytest.mark.parametrize("command", [{}, {"faults": "nonsense"}, {"price": "x"}, {"price": "-1"}, {"explode": True}])
async def test_a_command_that_makes_no_sense_is_refused_with_words(control, command):
    assert (await control(command, status=400))["error"]


async def test_without_the_token_nothing_is_obeyed(paper):
    async with aiohttp.ClientSession(paper.exchange.address) as session:
        for headers in ({}, {"Paper-Control": "guess"}):
            async with session.post("/paper/control", json={"hold": True}, headers=headers) as answer:
                assert answer.status == 403


async def test_without_a_token_in_the_config_there_is_no_such_address(open_paper):
    async with (
        open_paper(control_token="") as paper,
        aiohttp.ClientSession(paper.exchange.address) as session,
        session.get("/paper/control", headers={"Paper-Control": ""}) as answer,
    ):
        assert answer.status == 404
