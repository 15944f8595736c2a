"""A whole paper hub: a node behind a line with faults, the Depository, tokens, prices, and users with collateral.

As the paper chain beside it, it has a number that is drawn at each start, and new keys (hub spec, "Facts").
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets as entropy
import time
from collections.abc import AsyncIterator, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from engine.core.secrets import Secret
from engine.core.tasks import TaskFailure, Tasks
from engine.paper.anvil import ChainFailed, Node, NodeConfig, start_node
from engine.paper.chain_parts import PaperToken, Work, create_token
from engine.paper.coingecko import CoinGeckoStandIn
from engine.paper.gas_market import GasMarket, GasMarketConfig
from engine.paper.rpc_proxy import RpcFaults, RpcProxy
from engine.paper.wallet import HubPlace, Wallet, entity_of

NATIVE_COIN = "ethereum"
TOKENS = (
    PaperToken("SEAT", 0, Decimal(2)),
    PaperToken("USDC", 6, Decimal(1)),
    PaperToken("WBTC", 8, Decimal(60_000)),
    PaperToken("DAI", 18, Decimal(1)),
)
"""Registered in this order: the first has the id 0."""
COINS = {"SEAT": "paper-seat", "USDC": "usd-coin", "WBTC": "wrapped-bitcoin", "DAI": "dai"}
_PRICES_USD: Mapping[str, Decimal] = {token.symbol: token.price_usd for token in TOKENS}
_GAS_WEI = 10**21
_MOST_TOKENS_OF_ONE = 2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HubWorldConfig:
    """block_s: between blocks; 0: one for each transaction. reserve_usd: the hub's, of each token. users: how many have
    collateral at the start, each worth between the two of `user_usd`."""

    seed: int = 1
    block_s: float = 1.0
    reserve_usd: Decimal = Decimal(50_000)
    users: int = 20
    user_usd: tuple[int, int] = (1_000, 4_000)
    native_usd: Decimal = Decimal(3500)
    gas: GasMarketConfig = field(default_factory=GasMarketConfig)
    faults: RpcFaults = field(default_factory=RpcFaults)


@dataclass(frozen=True, slots=True)
class HubToken:
    """A token of the paper hub. coin: its id at the price source."""

    token_id: int
    symbol: str
    decimals: int
    coin: str
    address: str


@dataclass(frozen=True, slots=True)
class HubWorld:
    """A running paper hub. rpc: the proxy's address. hub_key: of the hub's entity; sender_key: of an account with gas.

    prices: USD by coin id, the native coin's too; may be changed, None for a price that is missing.
    """

    node: Node
    proxy: RpcProxy
    rpc: Secret
    chain_id: int
    contract: str
    hub_key: Secret
    sender_key: Secret
    place: HubPlace
    tokens: Sequence[HubToken]
    oracle: str
    native_coin: str
    prices: MutableMapping[str, Decimal | None]
    users: Sequence[Wallet]
    gas: GasMarket


@dataclass(frozen=True, slots=True)
class _Built:
    """What was put on the chain."""

    place: HubPlace
    tokens: tuple[HubToken, ...]
    hub_key: Secret
    sender_key: Secret
    users: tuple[Wallet, ...]


@asynccontextmanager
async def hub_world(config: HubWorldConfig | None = None) -> AsyncIterator[HubWorld]:
    """Start one; everything of it ends with the block. Raises ChainFailed."""
    config = config or HubWorldConfig()
    chain_id = 2_000_000_000 + random.SystemRandom().randrange(2**30)
    node = await start_node(NodeConfig(chain_id=chain_id))
    try:
        built = await asyncio.to_thread(_build, node, config)
        gas = GasMarket(node, config.gas)
        await asyncio.to_thread(_begin_blocks, node, gas, config.block_s)
        prices: dict[str, Decimal | None] = {COINS[token.symbol]: token.price_usd for token in TOKENS}
        prices[NATIVE_COIN] = config.native_usd
        async with (
            RpcProxy(node.address, config.faults) as proxy,
            CoinGeckoStandIn(lambda: prices, time.time) as oracle,
            Tasks("paper hub", _failed) as tasks,
        ):
            if config.block_s > 0:
                tasks.start(_blocks(node, gas, config.block_s), name="blocks")
            yield HubWorld(
                node=node,
                proxy=proxy,
                rpc=Secret(proxy.address),
                chain_id=chain_id,
                contract=built.place.contract,
                hub_key=built.hub_key,
                sender_key=built.sender_key,
                place=built.place,
                tokens=built.tokens,
                oracle=oracle.address,
                native_coin=NATIVE_COIN,
                prices=prices,
                users=built.users,
                gas=gas,
            )
    finally:
        await node.stop()


def _begin_blocks(node: Node, gas: GasMarket, block_s: float) -> None:
    """The newest block has the market's base fee, and so does the next."""
    gas.step()
    node.ask("evm_mine")
    gas.step()
    node.ask("evm_setAutomine", block_s <= 0)


async def _blocks(node: Node, gas: GasMarket, block_s: float) -> None:
    while True:
        await asyncio.sleep(block_s)
        try:
            await asyncio.to_thread(_next_block, node, gas)
        except ChainFailed as error:
            _log.warning("the paper hub's chain stands still: %s", error)


def _next_block(node: Node, gas: GasMarket) -> None:
    """The base fee is known before the block that has it, as on a real chain."""
    node.ask("evm_mine")
    gas.step()


def _failed(failure: TaskFailure) -> None:
    _log.error("%s ended in an error: %r", failure.task, failure.error)


def _build(node: Node, config: HubWorldConfig) -> _Built:
    from web3 import Web3

    node.ask("evm_setAutomine", True)
    deployer = Web3.to_checksum_address(node.ask("eth_accounts")[0])
    node.ask("anvil_setBalance", deployer, hex(10**26))
    hub_key, hub_address = _new_key()
    sender_key, sender = _new_key()
    node.ask("anvil_setBalance", sender, hex(_GAS_WEI))
    work = Work(node, deployer)
    place = HubPlace(node.config.chain_id, work.create("Depository"), entity_of(hub_address))
    tokens = _tokens(work, place.contract)
    for token in tokens:
        _deposit(work, place, place.entity, token, _amount(token, config.reserve_usd))
    users = _users(work, place, tokens, config)
    work.send()
    return _Built(place, tokens, hub_key, sender_key, users)


def _tokens(work: Work, contract: str) -> tuple[HubToken, ...]:
    """On the chain, registered, and plenty of each in the hands of who deploys."""
    tokens = []
    for token_id, paper in enumerate(TOKENS):
        address = create_token(work, paper).address
        work.call(address, "mint(address,uint256)", work.sender, 10 ** (paper.decimals + 12))
        work.call(address, "approve(address,uint256)", contract, 2**256 - 1)
        work.call(contract, "registerToken(address)", address)
        tokens.append(HubToken(token_id, paper.symbol, paper.decimals, COINS[paper.symbol], address))
    return tuple(tokens)


def _users(work: Work, place: HubPlace, tokens: Sequence[HubToken], config: HubWorldConfig) -> tuple[Wallet, ...]:
    """Each has collateral of its own in one or two tokens: deposited to its reserve, then secured by its own batch."""
    drawn = random.Random(config.seed)
    users = []
    for _ in range(config.users):
        wallet = Wallet.new()
        chosen = drawn.sample(tokens, drawn.randint(1, _MOST_TOKENS_OF_ONE))
        usd = Decimal(drawn.randint(*config.user_usd)) / len(chosen)
        amounts = [(token.token_id, max(1, _amount(token, usd))) for token in chosen]
        for token_id, amount in amounts:
            _deposit(work, place, wallet.entity, tokens[token_id], amount)
        work.call_with(place.contract, wallet.secure(place, amounts, nonce=1))
        users.append(wallet)
    return tuple(users)


def _deposit(work: Work, place: HubPlace, entity: bytes, token: HubToken, amount: int) -> None:
    work.call(place.contract, "deposit(bytes32,uint256,uint256)", entity, token.token_id, amount)


def _amount(token: HubToken, usd: Decimal) -> int:
    """Base units worth `usd` at the start."""
    return int(usd / _PRICES_USD[token.symbol] * 10**token.decimals)


def _new_key() -> tuple[Secret, str]:
    from eth_account import Account

    key = f"0x{entropy.token_hex(32)}"
    return Secret(key), str(Account.from_key(key).address)
