"""One node with the real contracts for all tests of this folder; each test has the chain as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3

from engine.chain.delegation import Delegation, Execution, delegation_digest, redeem_call
from engine.chain.pinned import Enforcers, Swap
from engine.chain.standing import StandingEnforcers
from engine.paper.anvil import CHAIN_ID, Node, start_node
from engine.paper.chain_parts import ChainParts, balances_of, call_data, deploy

OWNER: LocalAccount = Account.from_key("0x" + "22" * 32)
FAR_S = 2**40
HELD_USD = 100_000


@dataclass
class Receipt:
    """What came of a transaction."""

    succeeded: bool
    gas_used: int


@dataclass
class LocalChain:
    """A portfolio account with code under EIP-7702, its owner's key, and a delegate."""

    node: Node
    parts: ChainParts
    deployer: str
    delegate: str
    stranger: str
    salt: int = field(default=0)

    @property
    def account(self) -> str:
        return OWNER.address

    @property
    def manager(self) -> str:
        return self.parts.contracts["DelegationManager"]

    @property
    def router(self) -> str:
        return self.parts.contracts["UniswapV2Router02"]

    @property
    def enforcers(self) -> Enforcers:
        at = self.parts.contracts
        return Enforcers(
            exact_execution_batch=at["ExactExecutionBatchEnforcer"],
            limited_calls=at["LimitedCallsEnforcer"],
            timestamp=at["TimestampEnforcer"],
            erc20_balance_change=at["ERC20BalanceChangeEnforcer"],
        )

    @property
    def standing_enforcers(self) -> StandingEnforcers:
        at = self.parts.contracts
        return StandingEnforcers(
            allowed_targets=at["AllowedTargetsEnforcer"],
            allowed_methods=at["AllowedMethodsEnforcer"],
            allowed_calldata=at["AllowedCalldataEnforcer"],
            limited_calls=at["LimitedCallsEnforcer"],
            timestamp=at["TimestampEnforcer"],
            erc20_balance_change=at["ERC20BalanceChangeEnforcer"],
        )

    def swap(self, amount: int, *symbols: str, min_out: int = 1) -> Swap:
        """A leg by symbols, `amount` in whole tokens."""
        path = tuple(self.parts.token(symbol).address for symbol in symbols)
        return Swap(path, amount * 10 ** self.parts.token(symbols[0]).decimals, min_out)

    def sign(self, delegation: Delegation) -> Delegation:
        signed = OWNER.unsafe_sign_hash(delegation_digest(delegation, CHAIN_ID, self.manager))
        return delegation.signed(signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big") + bytes([signed.v]))

    def redeem(self, delegation: Delegation, executions: Any, sender: str | None = None) -> Receipt:
        """One transaction to the manager from the delegate, or from somebody else."""
        return self.send(self.manager, redeem_call([(delegation, executions)]), sender or self.delegate)

    def send(self, to: str, data: bytes, sender: str) -> Receipt:
        call = {"from": sender, "to": to, "data": f"0x{data.hex()}", "gas": hex(15_000_000)}
        sent = self.node.ask("eth_sendTransaction", call)
        while (receipt := self.node.ask("eth_getTransactionReceipt", sent)) is None:
            self.node.ask("evm_mine")
        return Receipt(receipt["status"] == "0x1", int(receipt["gasUsed"], 16))

    def send_as_account(self, to: str, data: bytes) -> Receipt:
        """A transaction of the owner's own."""
        self.node.ask("anvil_impersonateAccount", self.account)
        self.node.ask("anvil_setBalance", self.account, hex(10**20))
        return self.send(to, data, self.account)

    def quote(self, swap: Swap) -> int:
        """What the router says that a leg gives now."""
        data = call_data("getAmountsOut(uint256,address[])", swap.amount_in, list(swap.path))
        answer: str = self.node.ask("eth_call", {"to": self.router, "data": f"0x{data.hex()}"}, "latest")
        return int(answer[-64:], 16)

    def balance(self, symbol: str, owner: str | None = None) -> int:
        return balances_of(self.node, self.parts.token(symbol).address, [owner or self.account])[0]

    def single(self, to: str, data: bytes) -> Execution:
        return Execution(to, 0, data)


def set_up(node: Node, held_usd: int = HELD_USD) -> LocalChain:
    """Everything on a fresh node; the account holds so much of each token."""
    accounts = [Web3.to_checksum_address(one) for one in node.ask("eth_accounts")[:3]]
    chain = LocalChain(node, deploy(node, accounts[0]), *accounts)
    endow(chain, chain.account, held_usd)
    return chain


def endow(chain: LocalChain, account: str, held_usd: int) -> None:
    """Give an account code under EIP-7702, and so much of each token."""
    code = chain.parts.contracts["EIP7702StatelessDeleGator"].removeprefix("0x")
    chain.node.ask("anvil_setCode", account, f"0xef0100{code}")
    for token in chain.parts.tokens:
        amount = int(held_usd / token.price_usd * 10**token.decimals)
        if token.symbol == "WETH":
            chain.node.ask("anvil_setBalance", chain.deployer, hex(10**26))
            deposit = {"from": chain.deployer, "to": token.address, "value": hex(amount), "gas": hex(10**6)}
            chain.node.ask("eth_sendTransaction", {**deposit, "data": f"0x{call_data('deposit()').hex()}"})
            chain.send(token.address, call_data("transfer(address,uint256)", account, amount), chain.deployer)
        else:
            chain.send(token.address, call_data("mint(address,uint256)", account, amount), chain.deployer)


@pytest.fixture(scope="session")
def deployed() -> Iterator[LocalChain]:
    node = asyncio.run(start_node())
    try:
        yield set_up(node)
    finally:
        asyncio.run(node.stop())


@pytest.fixture
def chain(deployed: LocalChain) -> Iterator[LocalChain]:
    before = deployed.node.ask("evm_snapshot")
    yield deployed
    deployed.node.ask("evm_revert", before)
