"""A hub and its users on the Depository of a local chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eth_account import Account
from eth_account.signers.local import LocalAccount

from engine.chain.depository import (
    Batch,
    Pull,
    account_key,
    batch_hash,
    encode_batch,
    entity_of,
    hanko_of,
    process_call,
    pull_diffs,
    settlement_hash,
)
from engine.paper.anvil import CHAIN_ID
from engine.paper.chain_parts import call_data
from tests.engine.chain.conftest import LocalChain, Receipt

HUB: LocalAccount = Account.from_key("0x" + "33" * 32)
USERS: tuple[LocalAccount, ...] = tuple(Account.from_key((1000 + at).to_bytes(32, "big")) for at in range(64))


def raw_signature(account: LocalAccount, digest: bytes) -> bytes:
    signed = account.unsafe_sign_hash(digest)
    return signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big") + bytes([signed.v])


@dataclass
class Hub:
    """The hub's side: it numbers its batches and signs them."""

    chain: LocalChain
    token_id: int = 0
    nonce: int = 0
    account_nonces: dict[bytes, int] = field(default_factory=dict)

    @property
    def contract(self) -> str:
        return self.chain.parts.contracts["Depository"]

    @property
    def entity(self) -> bytes:
        return entity_of(HUB.address)

    @property
    def users(self) -> list[bytes]:
        return [entity_of(user.address) for user in USERS]

    def open(self, symbol: str, reserve: int) -> None:
        """Register a token and bring the hub's reserve to `reserve`."""
        token = self.chain.parts.token(symbol)
        assert self._call("registerToken(address)", token.address).succeeded
        mint = call_data("mint(address,uint256)", self.chain.deployer, reserve)
        assert self.chain.send(token.address, mint, self.chain.deployer).succeeded
        approve = call_data("approve(address,uint256)", self.contract, reserve)
        assert self.chain.send(token.address, approve, self.chain.deployer).succeeded
        assert self._call("deposit(bytes32,uint256,uint256)", self.entity, self.token_id, reserve).succeeded

    def process(self, batch: Batch, *, signer: LocalAccount = HUB, nonce: int | None = None) -> Receipt:
        number = self.nonce + 1 if nonce is None else nonce
        encoded = encode_batch(batch)
        digest = batch_hash(CHAIN_ID, self.contract, encoded, number)
        hanko = hanko_of(digest, signer.address, lambda hashed: raw_signature(signer, hashed))
        receipt = self.chain.send(self.contract, process_call(encoded, hanko, number), self.chain.stranger)
        if receipt.succeeded and nonce is None:
            self.nonce = number
        return receipt

    def pull(self, at: int, amount: int, *, signer: LocalAccount | None = None) -> Pull:
        """A pull that the user signed."""
        user = self.users[at]
        number = self.account_nonces.get(user, 0) + 1
        self.account_nonces[user] = number
        diffs = pull_diffs(self.entity, user, self.token_id, amount)
        digest = settlement_hash(CHAIN_ID, self.contract, account_key(self.entity, user), number, diffs)
        by = signer or USERS[at]
        hanko = hanko_of(digest, by.address, lambda hashed: raw_signature(by, hashed))
        return Pull(user, self.token_id, amount, number, hanko)

    def reserve(self, entity: bytes | None = None) -> int:
        return self._read("_reserves(bytes32,uint256)", entity or self.entity, self.token_id)[0]

    def collateral(self, at: int) -> tuple[int, int]:
        """Collateral and ondelta of a user's account."""
        found = self._read("_collaterals(bytes,uint256)", account_key(self.entity, self.users[at]), self.token_id)
        return found[0], found[1] - 2**256 if found[1] >= 2**255 else found[1]

    def total(self, users: Sequence[int] = range(64)) -> int:
        """Everything that the contract says that somebody owns."""
        return (
            self.reserve()
            + sum(self.collateral(at)[0] for at in users)
            + sum(self.reserve(self.users[at]) for at in users)
        )

    def _call(self, signature: str, *arguments: object) -> Receipt:
        return self.chain.send(self.contract, call_data(signature, *arguments), self.chain.deployer)

    def _read(self, signature: str, *arguments: object) -> list[int]:
        data = f"0x{call_data(signature, *arguments).hex()}"
        answer: str = self.chain.node.ask("eth_call", {"to": self.contract, "data": data}, "latest")
        words = answer.removeprefix("0x")
        return [int(words[at : at + 64], 16) for at in range(0, len(words), 64)]
