"""Calls to a real node, and to one that misbehaves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from engine.chain.gas import gas_quote, median, read_gas
from engine.chain.rpc import AddressRefused, NodeRefused, NodeSilent, Rpc
from engine.core.secrets import Secret
from tests.engine.chain.conftest import LocalChain

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def rpc(chain: LocalChain) -> AsyncIterator[Rpc]:
    async with Rpc(Secret(chain.node.address), deadline_s=5.0) as connected:
        yield connected


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[Rpc]:
    application = web.Application()
    application.router.add_post("/key-in-the-path", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        address = Secret(f"http://127.0.0.1:{runner.addresses[0][1]}/key-in-the-path")
        async with Rpc(address, deadline_s=0.5) as connected:
            yield connected
    finally:
        await runner.cleanup()


def with_text(text: str, status: int = 200) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=text, status=status)

    return handler


async def test_a_batch_comes_back_in_the_order_of_its_calls(rpc: Rpc, chain: LocalChain) -> None:
    balances = [("eth_getBalance", (chain.deployer, "latest")), ("eth_chainId", ()), ("eth_blockNumber", ())]
    answers = await rpc.ask_all(balances * 60)
    assert len(answers) == 180
    assert [int(answer, 16) for answer in answers[1::3]] == [31_337] * 60


async def test_answers_in_another_order_find_their_calls() -> None:
    async def backwards(request: web.Request) -> web.Response:
        asked = json.loads(await request.text())
        rows = [{"id": call["id"], "result": call["method"]} for call in reversed(asked)]
        return web.json_response(rows)

    async with answering(backwards) as connected:
        assert await connected.ask_all([("one", ()), ("two", ())]) == ["one", "two"]


async def test_a_refusal_has_the_nodes_words(rpc: Rpc) -> None:
    with pytest.raises(NodeRefused, match="no_such_method"):
        await rpc.ask("no_such_method")


async def test_a_refusal_in_a_batch_stands_in_its_place(rpc: Rpc) -> None:
    answers = await rpc.ask_all([("eth_chainId", ()), ("no_such_method", ()), ("eth_chainId", ())])
    assert isinstance(answers[1], NodeRefused)
    assert answers[0] == answers[2] == "0x7a69"


@pytest.mark.parametrize("text", ["", "<html>", "1", "[]", '[{"id": 1}]', '[{"jsonrpc": "2.0"}]', "[[]]"])
async def test_an_answer_that_tells_nothing_is_no_answer(text: str) -> None:
    async with answering(with_text(text)) as connected:
        with pytest.raises(NodeSilent):
            await connected.ask("eth_chainId")


async def test_one_error_for_a_whole_batch_is_each_calls_error() -> None:
    limited = '{"jsonrpc": "2.0", "error": {"code": -32005, "message": "limit exceeded"}, "id": null}'
    async with answering(with_text(limited, 429)) as connected:
        with pytest.raises(NodeRefused, match="limit exceeded"):
            await connected.ask("eth_chainId")


async def test_the_address_is_in_no_error() -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with answering(broken) as connected:
        with pytest.raises(NodeSilent) as silent:
            await connected.ask("eth_chainId")
    assert "key-in-the-path" not in f"{silent.value!r} {silent.value.__cause__!r} {silent.value.__context__!r}"


@pytest.mark.parametrize("address", ["http://node.example/key", "ws://127.0.0.1:1", "nonsense", "https:///secret"])
def test_an_address_that_may_not_be_used_is_refused_without_being_shown(address: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        Rpc(Secret(address))
    assert address not in str(refused.value)


async def test_gas_is_read_from_several_blocks(rpc: Rpc, chain: LocalChain) -> None:
    found = await read_gas(rpc, now_s=5.0)
    head = int(chain.node.ask("eth_blockNumber"), 16)
    assert found.head == head
    assert found.base_fee_wei > 0
    assert found.age_s(65.0) == 60.0


def history(**changes: Any) -> dict[str, Any]:
    return {"oldestBlock": "0x10", "baseFeePerGas": ["0x1", "0x2", "0x3"], "reward": [["0x5"], ["0x9"]], **changes}


def test_the_priority_is_the_middle_of_what_was_paid() -> None:
    found = gas_quote(history(reward=[["0x1"], ["0x64"], ["0x2"]]), 0.0)
    assert (found.priority_wei, found.base_fee_wei, found.price_wei, found.head) == (2, 3, 5, 17)
    assert median([]) == 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"baseFeePerGas": None}, "baseFeePerGas"),
        ({"baseFeePerGas": ["0x1"]}, "baseFeePerGas"),
        ({"baseFeePerGas": ["0x1", "zz"]}, "baseFeePerGas"),
        ({"reward": {}}, "reward"),
        ({"reward": [[1]]}, "reward"),
        ({"oldestBlock": 5}, "oldestBlock"),
    ],
)
def test_a_history_of_another_shape_names_its_field(change: dict[str, Any], named: str) -> None:
    with pytest.raises(NodeSilent, match=named):
        gas_quote(history(**change), 0.0)


def test_a_history_that_is_no_object_is_no_answer() -> None:
    with pytest.raises(NodeSilent, match="object"):
        gas_quote(None, 0.0)
