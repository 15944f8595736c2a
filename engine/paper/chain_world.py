"""A whole paper chain: a node in its own process, the real contracts, portfolios, a market that moves, a CoinGecko.

Blocks come in real time. Its number is drawn at each start, so that nothing that was remembered or signed for one
paper chain fits another.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets as entropy
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from engine.core.secrets import Secret
from engine.core.tasks import TaskFailure, Tasks
from engine.paper.anvil import ChainFailed, Node, NodeConfig, start_node
from engine.paper.chain_parts import WETH, ChainParts, call_data, deploy
from engine.paper.coingecko import CoinGeckoStandIn
from engine.paper.gas_market import GasMarket, GasMarketConfig
from engine.paper.trader import Trader, TraderConfig

COINS = {"WETH": "weth", "USDC": "usd-coin", "DAI": "dai", "WBTC": "wrapped-bitcoin", "LINK": "chainlink"}
NATIVE_COIN = "ethereum"
STEADY = frozenset({"USDC", "DAI"})
PORTFOLIOS: Mapping[str, Mapping[str, int]] = {
    "savings": {"WETH": 4000, "USDC": 3000, "WBTC": 2000, "LINK": 1000},
    "majors": {"WETH": 5000, "WBTC": 5000},
    "spread": {"WETH": 2000, "USDC": 2000, "DAI": 2000, "WBTC": 2000, "LINK": 2000},
}
DEPLOYER, TRADER = 0, 1
_GAS_WEI, _OWNERS_GAS_WEI = 10**20, 10**18
_MUCH_USD = 10_000_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChainWorldConfig:
    """block_s: between blocks. step_s: between the trader's steps. worth_usd: of each portfolio at the start."""

    block_s: float = 1.0
    step_s: float = 2.0
    worth_usd: Decimal = Decimal(40_000)
    trader: TraderConfig = field(default_factory=TraderConfig)
    gas: GasMarketConfig = field(default_factory=GasMarketConfig)
    portfolios: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: PORTFOLIOS)


@dataclass(frozen=True, slots=True)
class PaperPortfolio:
    """An account with code under EIP-7702, its owner's key, and what it should hold in bps by symbol."""

    name: str
    account: str
    owner: Secret
    targets_bps: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ChainWorld:
    """A running paper chain. delegate: the key of an account with gas. oracle: the address of the CoinGecko."""

    node: Node
    rpc: Secret
    chain_id: int
    parts: ChainParts
    portfolios: Sequence[PaperPortfolio]
    delegate: Secret
    oracle: str
    trader: Trader
    gas: GasMarket


@asynccontextmanager
async def chain_world(config: ChainWorldConfig | None = None) -> AsyncIterator[ChainWorld]:
    """Start one; everything of it ends with the block. Raises ChainFailed."""
    config = config or ChainWorldConfig()
    chain_id = 2_000_000_000 + random.SystemRandom().randrange(2**30)
    node = await start_node(NodeConfig(chain_id=chain_id))
    try:
        built = await asyncio.to_thread(_build, node, config)
        parts, portfolios, delegate, trader = built

        def prices() -> Mapping[str, Decimal | None]:
            fair = trader.fair_usd
            return {NATIVE_COIN: fair[WETH], **{coin: fair[symbol] for symbol, coin in COINS.items()}}

        async with (
            CoinGeckoStandIn(prices, time.time) as oracle,
            Tasks("paper chain", _failed) as tasks,
        ):
            gas = GasMarket(node, config.gas)
            tasks.start(_move(trader, gas, config.step_s), name="market")
            yield ChainWorld(
                node, Secret(node.address), chain_id, parts, portfolios, delegate, oracle.address, trader, gas
            )
    finally:
        await node.stop()


async def _move(trader: Trader, gas: GasMarket, step_s: float) -> None:
    while True:
        try:
            await asyncio.to_thread(gas.step)
            await asyncio.to_thread(trader.step)
        except ChainFailed as error:
            _log.warning("the paper chain's market stands still: %s", error)
        await asyncio.sleep(step_s)


def _failed(failure: TaskFailure) -> None:
    _log.error("%s ended in an error: %r", failure.task, failure.error)


def _build(node: Node, config: ChainWorldConfig) -> tuple[ChainParts, list[PaperPortfolio], Secret, Trader]:
    from web3 import Web3

    accounts = [Web3.to_checksum_address(one) for one in node.ask("eth_accounts")]
    parts = deploy(node, accounts[DEPLOYER])
    delegate, delegate_address = _new_key()
    node.ask("anvil_setBalance", delegate_address, hex(_GAS_WEI))
    portfolios = [_portfolio(node, parts, name, targets) for name, targets in config.portfolios.items()]
    transfers = _given(parts, accounts[DEPLOYER], accounts[TRADER], portfolios, config.worth_usd)
    for call in transfers:  # one after the other: each is mined before the next is sent
        node.ask("eth_sendTransaction", {**call, "gas": hex(500_000)})
    router = parts.contracts["UniswapV2Router02"]
    for token in parts.tokens:
        approve = f"0x{call_data('approve(address,uint256)', router, 2**256 - 1).hex()}"
        node.ask("eth_sendTransaction", {"from": accounts[TRADER], "to": token.address, "data": approve})
    if config.block_s:
        node.ask("evm_setAutomine", False)
        node.ask("evm_setIntervalMining", max(1, round(config.block_s)))
    return parts, portfolios, delegate, Trader(node, parts, accounts[TRADER], config.trader, STEADY)


def _portfolio(node: Node, parts: ChainParts, name: str, targets: Mapping[str, int]) -> PaperPortfolio:
    key, address = _new_key()
    code = parts.contracts["EIP7702StatelessDeleGator"].removeprefix("0x")
    node.ask("anvil_setCode", address, f"0xef0100{code}")
    node.ask("anvil_setBalance", address, hex(_OWNERS_GAS_WEI))  # for what an owner does: revoking, ending
    return PaperPortfolio(name, address, key, dict(targets))


def _given(
    parts: ChainParts, deployer: str, trader: str, portfolios: Sequence[PaperPortfolio], worth_usd: Decimal
) -> list[dict[str, str]]:
    """Tokens for every portfolio by its targets, and plenty for the trader."""
    calls = []
    for token in parts.tokens:
        parts_usd = [(one.account, worth_usd * one.targets_bps.get(token.symbol, 0) / 10_000) for one in portfolios]
        wanted = [(trader, Decimal(_MUCH_USD)), *parts_usd]
        for owner, usd in wanted:
            amount = int(usd / token.price_usd * 10**token.decimals)
            if amount == 0:
                continue
            if token.symbol == WETH:
                deposit = f"0x{call_data('deposit()').hex()}"
                calls.append({"from": deployer, "to": token.address, "value": hex(amount), "data": deposit})
                give = call_data("transfer(address,uint256)", owner, amount)
            else:
                give = call_data("mint(address,uint256)", owner, amount)
            calls.append({"from": deployer, "to": token.address, "data": f"0x{give.hex()}"})
    return calls


def _new_key() -> tuple[Secret, str]:
    from eth_account import Account

    key = f"0x{entropy.token_hex(32)}"
    return Secret(key), str(Account.from_key(key).address)
