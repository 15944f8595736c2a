"""The paper hub as it is when it starts, and as it goes on (hub spec 8, 18, "Facts")."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal

import aiohttp
import pytest
from eth_account import Account

from engine.chain.depository import account_key, entity_of
from engine.chain.gas import read_gas
from engine.chain.rpc import Rpc
from engine.paper.chain_parts import balances_of, call_data
from engine.paper.gas_market import GasMarket, GasMarketConfig
from engine.paper.hub_world import HubToken, HubWorld, HubWorldConfig, hub_world

Until = Callable[..., Awaitable[None]]
PRICES_USD = {"SEAT": 2, "USDC": 1, "WBTC": 60_000, "DAI": 1}


@pytest.fixture
async def world() -> AsyncIterator[HubWorld]:
    async with hub_world(HubWorldConfig(users=8, block_s=0.05)) as running:
        yield running


def read(world: HubWorld, signature: str, *arguments: object, to: str = "") -> list[int]:
    data = f"0x{call_data(signature, *arguments).hex()}"
    answer: str = world.node.ask("eth_call", {"to": to or world.contract, "data": data}, "latest")
    words = answer.removeprefix("0x")
    return [int(words[at : at + 64], 16) for at in range(0, len(words), 64)]


def newest(world: HubWorld, field: str) -> int:
    """A number of the newest block."""
    return int(world.node.ask("eth_getBlockByNumber", "latest", False)[field], 16)


def usd(token: HubToken, amount: int) -> Decimal:
    return Decimal(amount) / 10**token.decimals * PRICES_USD[token.symbol]


async def test_its_tokens_are_registered_in_order_with_0_6_8_and_18_decimals(world: HubWorld) -> None:
    assert [(token.token_id, token.decimals) for token in world.tokens] == [(0, 0), (1, 6), (2, 8), (3, 18)]
    for token in world.tokens:
        (registered,) = read(world, "tokens(uint256)", token.token_id)
        assert registered == int(token.address, 16)
        assert read(world, "decimals()", to=token.address) == [token.decimals]


async def test_the_hubs_key_is_its_entitys_and_the_reserve_is_worth_50000_usd_of_each(world: HubWorld) -> None:
    hub = entity_of(Account.from_key(world.hub_key.reveal()).address)
    assert hub == world.place.entity
    for token in world.tokens:
        (reserve,) = read(world, "_reserves(bytes32,uint256)", hub, token.token_id)
        assert abs(usd(token, reserve) - 50_000) < 1


async def test_each_user_has_collateral_of_its_own_whichever_side_it_is_on(world: HubWorld) -> None:
    hub = world.place.entity
    assert len({user.user for user in world.users}) == 8
    assert {user.entity < hub for user in world.users} <= {True, False}
    for user in world.users:
        worth = Decimal(0)
        for token in world.tokens:
            collateral, ondelta = read(
                world, "_collaterals(bytes,uint256)", account_key(hub, user.entity), token.token_id
            )
            assert ondelta == (collateral if user.entity < hub else 0)
            worth += usd(token, collateral)
        assert 500 < worth < 4001


async def test_what_is_deposited_is_all_there(world: HubWorld) -> None:
    hub = world.place.entity
    for token in world.tokens:
        (held,) = balances_of(world.node, token.address, [world.contract])
        owners = [hub, *(user.entity for user in world.users)]
        reserves = sum(read(world, "_reserves(bytes32,uint256)", one, token.token_id)[0] for one in owners)
        keys = [account_key(hub, user.entity) for user in world.users]
        collaterals = sum(read(world, "_collaterals(bytes,uint256)", key, token.token_id)[0] for key in keys)
        assert held == reserves + collaterals


async def test_blocks_come_by_themselves_with_the_markets_base_fee(world: HubWorld, until: Until) -> None:
    async with Rpc(world.rpc) as rpc:
        assert 5e9 < (await read_gas(rpc, 0.0)).base_fee_wei < 50e9
    world.gas.fix(500)
    await until(lambda: newest(world, "baseFeePerGas") == 500 * 10**9)
    head = newest(world, "number")
    await until(lambda: newest(world, "number") > head + 1)


async def test_the_sender_has_gas_and_the_rpc_address_is_the_proxys(world: HubWorld) -> None:
    sender = Account.from_key(world.sender_key.reveal()).address
    async with Rpc(world.rpc) as rpc:
        assert int(await rpc.ask("eth_getBalance", sender, "latest"), 16) > 10**20
        assert int(await rpc.ask("eth_chainId"), 16) == world.chain_id
    assert world.rpc.reveal() == world.proxy.address != world.node.address


async def test_prices_come_from_its_own_source_and_may_be_changed(world: HubWorld) -> None:
    ids = ",".join([world.native_coin, *(token.coin for token in world.tokens)])
    query = {"ids": ids, "vs_currencies": "usd"}
    world.prices["dai"] = Decimal("0.97")
    async with aiohttp.ClientSession() as session, session.get(f"{world.oracle}/simple/price", params=query) as answer:
        found = {coin: Decimal(str(fields["usd"])) for coin, fields in (await answer.json()).items()}
    wanted = {token.coin: Decimal(PRICES_USD[token.symbol]) for token in world.tokens}
    assert found == {**wanted, world.native_coin: Decimal(3500), "dai": Decimal("0.97")}


async def test_two_worlds_share_neither_chain_nor_keys(world: HubWorld) -> None:
    async with hub_world(HubWorldConfig(users=1, block_s=0)) as other:
        assert other.chain_id != world.chain_id
        assert other.hub_key != world.hub_key
        assert other.users[0].user != world.users[0].user


async def test_its_keys_are_in_no_text_of_it(world: HubWorld) -> None:
    told = repr(world) + repr(world.users)
    for key in (world.hub_key, world.sender_key):
        assert key.reveal().removeprefix("0x") not in told


class SilentNode:
    """Takes what the gas market says."""

    def ask(self, *_: object) -> None:
        return None


def test_a_spike_goes_from_5_gwei_to_500_and_back_in_steps_of_equal_ratio() -> None:
    config = GasMarketConfig(
        mean_gwei=5, volatility=0, spike_every=20, spike_steps=8, spike_gwei=500, spike_ramp_steps=3
    )
    market = GasMarket(SilentNode(), config)  # type: ignore[arg-type]
    fees = []
    for _ in range(20):
        fees.append(round(market.base_fee_gwei, 1))
        market.step()
    assert fees == [5.0] * 12 + [15.8, 50.0, 158.1, 500.0, 500.0, 158.1, 50.0, 15.8]
