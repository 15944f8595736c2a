"""The line to a paper node: a real node's pool, and requests and answers that go astray (hub spec 15, "Facts")."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest
from eth_account import Account

from engine.paper.anvil import CHAIN_ID, Node, start_node
from engine.paper.rpc_proxy import RpcProxy

GWEI = 10**9
SINK = "0x" + "11" * 20
Until = Callable[..., Awaitable[None]]


@pytest.fixture(scope="module")
def shared_node() -> Iterator[Node]:
    node = asyncio.run(start_node())
    try:
        yield node
    finally:
        asyncio.run(node.stop())


class Line:
    """A proxy, an account with money, and a client that asks by the proxy."""

    def __init__(self, node: Node, proxy: RpcProxy, session: aiohttp.ClientSession) -> None:
        self.node = node
        self.proxy = proxy
        self.faults = proxy.faults
        self._session = session
        self.account = Account.create()
        node.ask("anvil_setBalance", self.account.address, hex(10**19))
        self.before = self.received()

    async def post(self, body: Any) -> Any:
        async with self._session.post(self.proxy.address, json=body) as answer:
            return await answer.json()

    async def ask(self, method: str, *params: Any) -> Any:
        """The result, or the words of the error."""
        answer = await self.post({"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)})
        assert answer["id"] == 7
        return answer["result"] if "result" in answer else answer["error"]["message"]

    async def send(self, raw: str) -> Any:
        return await self.ask("eth_sendRawTransaction", raw)

    def signed(self, max_fee_gwei: float, priority_gwei: float = 1, *, nonce: int = 0, value: int = 1) -> str:
        fields = {
            "type": 2,
            "chainId": CHAIN_ID,
            "nonce": nonce,
            "to": SINK,
            "value": value,
            "gas": 21_000,
            "maxFeePerGas": int(max_fee_gwei * GWEI),
            "maxPriorityFeePerGas": int(priority_gwei * GWEI),
        }
        return f"0x{self.account.sign_transaction(fields).raw_transaction.hex().removeprefix('0x')}"

    def base_fee(self, gwei: int) -> None:
        """Of the next block, and of the newest."""
        self.node.ask("anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))
        self.node.ask("evm_mine")
        self.node.ask("anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))

    def mine(self) -> None:
        self.node.ask("evm_mine")

    def nonce(self) -> int:
        return int(self.node.ask("eth_getTransactionCount", self.account.address, "latest"), 16)

    def received(self) -> int:
        return int(self.node.ask("eth_getBalance", SINK, "latest"), 16)

    def has(self, hash: str) -> bool:
        return self.node.ask("eth_getTransactionByHash", hash) is not None


@pytest.fixture
async def line(shared_node: Node) -> AsyncIterator[Line]:
    shared_node.ask("evm_setAutomine", False)
    shared_node.ask("anvil_dropAllTransactions")
    async with RpcProxy(shared_node.address) as proxy, aiohttp.ClientSession() as session:
        line = Line(shared_node, proxy, session)
        line.base_fee(10)
        yield line


async def test_a_single_request_and_a_batch_come_back_in_their_own_shape(line: Line) -> None:
    assert await line.ask("eth_chainId") == hex(CHAIN_ID)
    calls = [
        {"jsonrpc": "2.0", "id": 3, "method": "eth_chainId", "params": []},
        {"jsonrpc": "2.0", "id": "b", "method": "eth_sendRawTransaction", "params": [line.signed(20)]},
        {"jsonrpc": "2.0", "id": 1, "method": "eth_nothing", "params": []},
    ]
    answers = {answer["id"]: answer for answer in await line.post(calls)}
    assert answers[3]["result"] == hex(CHAIN_ID)
    assert line.has(answers["b"]["result"])
    assert "error" in answers[1]


async def test_what_is_no_transaction_is_refused_in_the_nodes_words(line: Line) -> None:
    assert "decode" in await line.send("0x1234")


async def test_a_replacement_below_10_percent_is_underpriced_and_at_10_percent_is_taken(line: Line) -> None:
    first = await line.send(line.signed(20, 1))
    assert await line.send(line.signed(21.9, 1.2)) == "replacement transaction underpriced"
    assert await line.send(line.signed(30, 1.09)) == "replacement transaction underpriced"
    assert line.has(first)
    second = await line.send(line.signed(22, 1.1))
    line.mine()
    assert (line.has(first), line.has(second), line.nonce()) == (False, True, 1)


async def test_bytes_that_the_node_has_are_already_known(line: Line) -> None:
    raw = line.signed(20)
    await line.send(raw)
    assert await line.send(raw) == "already known"


async def test_bytes_that_were_mined_have_a_nonce_too_low(line: Line) -> None:
    raw = line.signed(20)
    await line.send(raw)
    line.mine()
    assert await line.send(raw) == "nonce too low"


async def test_below_the_base_fee_it_is_kept_and_mined_once_the_fee_has_fallen(line: Line, until: Until) -> None:
    line.base_fee(500)
    raw = line.signed(20)
    sent = await line.send(raw)
    assert line.proxy.pool.kept == (sent,)
    assert await line.send(raw) == "already known"
    line.mine()
    assert not line.has(sent)
    line.base_fee(5)
    await until(lambda: line.has(sent))
    line.mine()
    assert (line.nonce(), line.received() - line.before) == (1, 1)


async def test_a_later_request_hands_over_what_was_kept(line: Line) -> None:
    line.base_fee(500)
    sent = await line.send(line.signed(20))
    line.base_fee(5)
    await line.ask("eth_blockNumber")
    assert line.has(sent)
    assert line.proxy.pool.kept == ()


async def test_what_the_node_drops_when_the_base_fee_passes_its_cap_is_mined_after_the_spike(
    line: Line, until: Until
) -> None:
    sent = await line.send(line.signed(20))
    line.base_fee(500)
    line.mine()
    line.base_fee(500)
    await until(lambda: line.proxy.pool.kept == (sent,))
    line.base_fee(5)
    await until(lambda: line.has(sent))
    line.mine()
    assert line.nonce() == 1


async def test_the_newest_replacement_counts_of_what_is_kept(line: Line, until: Until) -> None:
    line.base_fee(500)
    await line.send(line.signed(20, 1, value=1))
    assert await line.send(line.signed(21, 2, value=2)) == "replacement transaction underpriced"
    newest = await line.send(line.signed(30, 2, value=100))
    assert line.proxy.pool.kept == (newest,)
    line.base_fee(5)
    await until(lambda: line.has(newest))
    line.mine()
    assert (line.nonce(), line.received() - line.before) == (1, 100)


async def test_what_the_node_had_is_not_mined_in_the_place_of_a_replacement_that_is_kept(line: Line) -> None:
    first = await line.send(line.signed(20, value=1))
    line.node.ask("anvil_setNextBlockBaseFeePerGas", hex(100 * GWEI))
    second = await line.send(line.signed(40, 2, value=100))
    assert (line.proxy.pool.kept, line.has(first)) == ((second,), False)
    line.base_fee(5)
    await line.ask("eth_blockNumber")
    line.mine()
    assert line.received() - line.before == 100


async def test_below_the_base_fee_one_without_the_money_is_refused(line: Line) -> None:
    line.base_fee(500)
    assert "insufficient funds" in await line.send(line.signed(20, value=10**20))
    assert line.proxy.pool.kept == ()


async def test_a_pool_that_is_lost_has_nothing_left(line: Line) -> None:
    raw = line.signed(20)
    await line.send(raw)
    await line.proxy.pool.forget()
    line.mine()
    assert line.nonce() == 0
    assert (await line.send(raw)).startswith("0x")


async def test_of_a_request_that_is_lost_the_node_knows_nothing(line: Line) -> None:
    line.faults.lost_requests = 1
    raw = line.signed(20)
    with pytest.raises(aiohttp.ClientError):
        await line.send(raw)
    assert line.proxy.arrived == []
    assert (await line.send(raw)).startswith("0x")


async def test_of_an_answer_that_is_lost_the_node_has_the_request(line: Line) -> None:
    line.faults.lost_answers = 1
    raw = line.signed(20)
    with pytest.raises(aiohttp.ClientError):
        await line.send(raw)
    assert line.proxy.arrived == [raw]
    assert await line.send(raw) == "already known"


async def test_only_requests_that_send_count_against_the_next_losses(line: Line) -> None:
    line.faults.lost_requests = 1
    assert await line.ask("eth_chainId") == hex(CHAIN_ID)
    assert line.faults.lost_requests == 1


async def test_a_request_that_is_repeated_arrives_twice_and_is_mined_once(line: Line) -> None:
    line.faults.repeat_ratio = 1.0
    raw = line.signed(20)
    assert await line.send(raw) == "already known"
    assert line.proxy.arrived == [raw, raw]
    line.mine()
    assert line.received() - line.before == 1


async def test_an_answer_that_is_delayed_comes_after_the_node_has_the_request(line: Line, until: Until) -> None:
    line.faults.delay_ratio, line.faults.delay_s = 1.0, 60.0
    raw = line.signed(20)
    waiting = asyncio.ensure_future(line.send(raw))
    await until(lambda: line.proxy.arrived == [raw])
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.parametrize("fault", ["lost_request_ratio", "lost_answer_ratio"])
async def test_a_ratio_loses_some_and_lets_others_through(line: Line, fault: str) -> None:
    setattr(line.faults, fault, 0.5)
    outcomes = await asyncio.gather(*(line.ask("eth_chainId") for _ in range(40)), return_exceptions=True)
    lost = sum(isinstance(outcome, aiohttp.ClientError) for outcome in outcomes)
    assert 5 < lost < 35
    assert lost + outcomes.count(hex(CHAIN_ID)) == 40
