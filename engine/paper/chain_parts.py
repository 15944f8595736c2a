"""What stands on a fresh paper chain: the real contracts, tokens of several decimals, pools of several depths.

Bytecode comes from the packages that the set-up installed (drift spec, "Facts") and from our own compiled contracts.
Everything is sent by one account in two batches, so that every address is known beforehand.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.paper.anvil import ChainFailed, Node

DEPLOY_GAS = 28_000_000
FOREVER_S = 2**40
MINED_WITHIN_S = 20.0
ENTRY_POINT = "EntryPoint"
ENFORCERS = (
    "AllowedTargetsEnforcer",
    "AllowedMethodsEnforcer",
    "AllowedCalldataEnforcer",
    "LimitedCallsEnforcer",
    "TimestampEnforcer",
    "ERC20BalanceChangeEnforcer",
    "ExactExecutionBatchEnforcer",
    "RedeemerEnforcer",
)


@dataclass(frozen=True, slots=True)
class PaperToken:
    """A token of the paper chain. price_usd: at the start, by its pools."""

    symbol: str
    decimals: int
    price_usd: Decimal
    address: str = ""


@dataclass(frozen=True, slots=True)
class PaperPool:
    """A pool of two tokens, each side worth `depth_usd` at the start."""

    a: str
    b: str
    depth_usd: int
    address: str = ""


@dataclass(frozen=True, slots=True)
class ChainParts:
    """Where everything is. contracts: address by contract name, tokens and pools left aside."""

    contracts: Mapping[str, str]
    tokens: tuple[PaperToken, ...]
    pools: tuple[PaperPool, ...]

    def token(self, symbol: str) -> PaperToken:
        return next(token for token in self.tokens if token.symbol == symbol)


WETH = "WETH"
TOKENS = (
    PaperToken(WETH, 18, Decimal(3000)),
    PaperToken("USDC", 6, Decimal(1)),
    PaperToken("DAI", 18, Decimal(1)),
    PaperToken("WBTC", 8, Decimal(60000)),
    PaperToken("LINK", 18, Decimal(15)),
)
POOLS = (
    PaperPool(WETH, "USDC", 5_000_000),
    PaperPool("USDC", "DAI", 2_000_000),
    PaperPool("WBTC", WETH, 3_000_000),
    PaperPool("LINK", WETH, 500_000),
    PaperPool("LINK", "USDC", 150_000),
)


def deploy(node: Node, deployer: str) -> ChainParts:
    """Put everything on `node`, from an account that it holds unlocked. Blocks. Raises ChainFailed."""
    node.ask("evm_setAutomine", True)
    node.ask("anvil_setBalance", deployer, hex(10**26))
    work = Work(node, deployer)
    contracts = _contracts(work)
    tokens = tuple(
        replace(token, address=contracts[WETH]) if token.symbol == WETH else create_token(work, token)
        for token in TOKENS
    )
    work.send()
    parts = ChainParts(contracts, tokens, POOLS)
    _fill_pools(work, parts)
    work.send()
    return ChainParts(contracts, tokens, tuple(_found(node, parts, pool) for pool in POOLS))


def load_contract(name: str) -> dict[str, Any]:
    """ABI and bytecode (hex, no 0x) of a contract. Raises ChainFailed when the set-up did not install it."""
    ours = Path(__file__).resolve().parents[2] / "resources" / "contracts" / "artifacts" / f"{name}.json"
    theirs = Path(sys.prefix) / "chain" / "contracts" / f"{name}.json"
    for file in (ours, theirs):
        if file.is_file():
            contract: dict[str, Any] = json.loads(file.read_text("utf-8"))
            return contract
    raise ChainFailed(f"the contract {name} is not installed; `make setup` does that")


def create_token(work: Work, token: PaperToken) -> PaperToken:
    """The token with the address that it will have; the sender of `work` may mint it."""
    return replace(token, address=work.create("TestToken", token.symbol, token.symbol, token.decimals))


class Work:
    """Transactions that wait to be sent together, one nonce after the other."""

    def __init__(self, node: Node, sender: str) -> None:
        self.node = node
        self.sender = sender
        self._nonce = int(node.ask("eth_getTransactionCount", sender, "latest"), 16)
        self._waiting: list[dict[str, str]] = []

    def create(self, name: str, *arguments: Any, libraries: Mapping[str, str] | None = None) -> str:
        """Deploy a contract; returns the address that it will have."""
        from eth_abi.abi import encode
        from web3.utils.address import get_create_address

        contract = load_contract(name)
        types = [
            given["type"] for entry in contract["abi"] if entry["type"] == "constructor" for given in entry["inputs"]
        ]
        data = _linked(contract["bytecode"], libraries or {}) + encode(types, arguments).hex()
        address: str = get_create_address(self.sender, self._nonce)  # type: ignore[arg-type]
        self._add({"data": f"0x{data}"})
        return address

    def call(self, to: str, signature: str, *arguments: Any, value: int = 0) -> None:
        """Call a function, named as `approve(address,uint256)`."""
        self.call_with(to, call_data(signature, *arguments), value=value)

    def call_with(self, to: str, data: bytes, value: int = 0) -> None:
        """Call with data that are encoded already."""
        self._add({"to": to, "data": f"0x{data.hex()}", "value": hex(value)})

    def send(self) -> None:
        """Send what waits and wait until all of it is mined. Raises ChainFailed when one reverted."""
        # One by one: anvil carries the calls of one request out at once, and has lost one of them now and then.
        hashes = [self.node.ask("eth_sendTransaction", transaction) for transaction in self._waiting]
        asked = [("eth_getTransactionReceipt", [sent]) for sent in hashes]
        until_s = time.monotonic() + MINED_WITHIN_S
        while None in (receipts := self.node.ask_all(asked)):
            if time.monotonic() > until_s:
                raise ChainFailed(f"{receipts.count(None)} transactions were not mined within {MINED_WITHIN_S} s")
            self.node.ask("evm_mine")  # what came before its nonce's turn is not mined by itself
        for number, receipt in enumerate(receipts):
            if receipt["status"] != "0x1":
                raise ChainFailed(f"transaction {number} of {len(receipts)} on the paper chain reverted")
        self._waiting.clear()

    def _add(self, transaction: dict[str, str]) -> None:
        self._waiting.append({**transaction, "from": self.sender, "nonce": hex(self._nonce), "gas": hex(DEPLOY_GAS)})
        self._nonce += 1


def call_data(signature: str, *arguments: Any) -> bytes:
    """Selector and arguments of a call, the function named as `approve(address,uint256)`."""
    from eth_abi.abi import encode
    from eth_utils.crypto import keccak

    inner = signature[signature.index("(") + 1 : -1]
    return keccak(text=signature)[:4] + encode(inner.split(",") if inner else [], arguments)


def _contracts(work: Work) -> dict[str, str]:
    found: dict[str, str] = {}
    found["DelegationManager"] = work.create("DelegationManager", work.sender)
    found[ENTRY_POINT] = work.create(ENTRY_POINT)
    library = work.create("SCL_RIP7212")
    for name in ("HybridDeleGator", "EIP7702StatelessDeleGator"):
        found[name] = work.create(
            name, found["DelegationManager"], found[ENTRY_POINT], libraries={"SCL_RIP7212": library}
        )
    for name in ENFORCERS:
        found[name] = work.create(name)
    found[WETH] = work.create("WETH9")
    found["UniswapV2Factory"] = work.create("UniswapV2Factory", work.sender)
    found["UniswapV2Router02"] = work.create("UniswapV2Router02", found["UniswapV2Factory"], found[WETH])
    found["Depository"] = work.create("Depository")
    return found


def _fill_pools(work: Work, parts: ChainParts) -> None:
    router = parts.contracts["UniswapV2Router02"]
    for token in parts.tokens:
        needed = sum(_amount(token, pool.depth_usd) for pool in POOLS if token.symbol in (pool.a, pool.b))
        if token.symbol == WETH:
            work.call(token.address, "deposit()", value=2 * needed)
        else:
            work.call(token.address, "mint(address,uint256)", work.sender, 2 * needed)
        work.call(token.address, "approve(address,uint256)", router, 2**256 - 1)
    for pool in POOLS:
        a, b = parts.token(pool.a), parts.token(pool.b)
        work.call(
            router,
            "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
            a.address,
            b.address,
            _amount(a, pool.depth_usd),
            _amount(b, pool.depth_usd),
            0,
            0,
            work.sender,
            FOREVER_S,
        )


def _amount(token: PaperToken, usd: int) -> int:
    return int(Decimal(usd) / token.price_usd * 10**token.decimals)


def _found(node: Node, parts: ChainParts, pool: PaperPool) -> PaperPool:
    from web3 import Web3

    data = call_data("getPair(address,address)", parts.token(pool.a).address, parts.token(pool.b).address)
    answer: str = node.ask("eth_call", {"to": parts.contracts["UniswapV2Factory"], "data": f"0x{data.hex()}"}, "latest")
    return PaperPool(pool.a, pool.b, pool.depth_usd, Web3.to_checksum_address(f"0x{answer[-40:]}"))


def _linked(bytecode: str, libraries: Mapping[str, str]) -> str:
    """The bytecode with its one library put in; the placeholders name it by a hash."""
    code = bytecode
    while (start := code.find("__$")) >= 0:
        (address,) = libraries.values()
        code = code[:start] + address.removeprefix("0x").lower() + code[start + 40 :]
    return code


def balances_of(node: Node, token: str, owners: Sequence[str]) -> list[int]:
    """Balances in base units, in one request. Blocks."""
    calls = [
        ("eth_call", [{"to": token, "data": f"0x{call_data('balanceOf(address)', owner).hex()}"}, "latest"])
        for owner in owners
    ]
    return [int(answer, 16) for answer in node.ask_all(calls)]
