"""A wallet's bytes against a second reading of each rule: eth_account's EIP-712, and the contract itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from engine.chain import depository
from engine.core.secrets import Secret
from engine.paper.anvil import CHAIN_ID, Node, start_node
from engine.paper.chain_parts import Work, call_data
from engine.paper.hub_world import TOKENS, create_token
from engine.paper.wallet import HubPlace, Wallet, entity_of

WALLETS = [Wallet(Secret(f"0x{number:064x}")) for number in range(1000, 1008)]
HUB: Any = Account.from_key("0x" + "33" * 32)
PLACE = HubPlace(CHAIN_ID, "0x" + "aB" * 20, entity_of(HUB.address))

amounts = st.integers(0, 2**128)
texts = st.text(min_size=1, max_size=64)
wallets = st.sampled_from(WALLETS)


def signer_of(kind: str, fields: dict[str, str], message: dict[str, Any], signature: str) -> str:
    """Who signed, by eth_account's own reading of EIP-712."""
    domain = {
        "name": "Evenkeel Hub",
        "version": "1",
        "chainId": PLACE.chain_id,
        "verifyingContract": PLACE.contract,
    }
    types = {kind: [{"name": name, "type": type} for name, type in fields.items()]}
    return str(Account.recover_message(encode_typed_data(domain, types, message), signature=signature))


@given(wallets, st.integers(0, 2**64), amounts, texts)
def test_a_request_is_signed_as_eip_712_says(wallet: Wallet, token_id: int, amount: int, key: str) -> None:
    fields = {"user": "bytes32", "tokenId": "uint256", "amount": "uint256", "idempotencyKey": "string"}
    message = {"user": wallet.entity, "tokenId": token_id, "amount": amount, "idempotencyKey": key}
    signature = wallet.request(PLACE, token_id, amount, key)
    assert signer_of("RebalanceRequest", fields, message, signature) == wallet.address


@given(wallets, wallets, amounts, texts)
def test_a_payment_is_signed_as_eip_712_says(wallet: Wallet, payee: Wallet, amount: int, key: str) -> None:
    fields = {
        "payer": "bytes32",
        "payee": "bytes32",
        "tokenId": "uint256",
        "amount": "uint256",
        "idempotencyKey": "string",
    }
    message = {
        "payer": wallet.entity,
        "payee": payee.entity,
        "tokenId": 3,
        "amount": amount,
        "idempotencyKey": key,
    }
    signature = wallet.payment(PLACE, payee.entity, 3, amount, key)
    assert signer_of("Payment", fields, message, signature) == wallet.address


def test_a_pass_carries_its_end_and_a_signature_over_it() -> None:
    scheme, _, rest = WALLETS[0].read_pass(PLACE, 1_800_000_000).partition(" ")
    until, _, signature = rest.partition(".")
    assert (scheme, until, len(bytes.fromhex(signature[2:]))) == ("Pass", "1800000000", 65)
    message = {"user": WALLETS[0].entity, "validUntil": 1_800_000_000}
    fields = {"user": "bytes32", "validUntil": "uint256"}
    assert signer_of("ReadPass", fields, message, signature) == WALLETS[0].address


@given(wallets, st.integers(0, 2**64), st.integers(1, 2**120), st.integers(1, 2**64))
def test_a_wallet_and_the_engine_agree_on_what_a_pull_is(
    wallet: Wallet, token_id: int, amount: int, nonce: int
) -> None:
    diffs = depository.pull_diffs(PLACE.entity, wallet.entity, token_id, amount)
    account = depository.account_key(PLACE.entity, wallet.entity)
    expected = depository.settlement_hash(PLACE.chain_id, PLACE.contract, account, nonce, diffs)
    assert wallet.pull_digest(PLACE, token_id, amount, nonce) == expected


@given(wallets)
def test_a_wallet_and_the_engine_agree_on_who_an_entity_is(wallet: Wallet) -> None:
    assert wallet.entity == depository.entity_of(wallet.address)
    assert wallet.user == f"0x{wallet.entity.hex()}"


def test_wallets_are_on_both_sides_of_the_hub() -> None:
    assert {wallet.entity < PLACE.entity for wallet in WALLETS} == {True, False}


def test_a_key_that_is_none_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="32 bytes") as refused:
        Wallet(Secret("0xnotakeyatall"))
    assert "notakeyatall" not in str(refused.value)


def test_a_wallet_shows_no_key() -> None:
    assert f"{1000:064x}" not in repr(WALLETS[0]) + str(vars(WALLETS[0]))


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    node = asyncio.run(start_node())
    try:
        yield node
    finally:
        asyncio.run(node.stop())


class Contract:
    """A Depository with one token, of which everybody may be given."""

    def __init__(self, node: Node) -> None:
        node.ask("evm_setAutomine", True)
        deployer = node.ask("eth_accounts")[0]
        node.ask("anvil_setBalance", deployer, hex(10**26))
        self.node = node
        self.work = Work(node, deployer)
        self.place = HubPlace(CHAIN_ID, self.work.create("Depository"), PLACE.entity)
        token = create_token(self.work, TOKENS[1])
        self.work.call(token.address, "mint(address,uint256)", deployer, 10**30)
        self.work.call(token.address, "approve(address,uint256)", self.place.contract, 2**256 - 1)
        self.work.call(self.place.contract, "registerToken(address)", token.address)

    def secure(self, wallet: Wallet, amount: int, nonce: int = 1) -> None:
        self.work.call(self.place.contract, "deposit(bytes32,uint256,uint256)", wallet.entity, 0, amount)
        self.work.call_with(self.place.contract, wallet.secure(self.place, [(0, amount)], nonce))
        self.work.send()

    def pull(self, wallet: Wallet, amount: int, account_nonce: int, nonce: int, signature: str) -> None:
        """As the hub does it, with what the user sent for the digest."""
        hanko = depository.hanko_of(b"", wallet.address, lambda _: bytes.fromhex(signature[2:]))
        encoded = depository.encode_batch(
            depository.Batch(pulls=(depository.Pull(wallet.entity, 0, amount, account_nonce, hanko),))
        )
        digest = depository.batch_hash(CHAIN_ID, self.place.contract, encoded, nonce)
        signed = HUB.unsafe_sign_hash(digest)
        raw = signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big") + bytes([signed.v])
        own = depository.hanko_of(digest, HUB.address, lambda _: raw)
        self.work.call_with(self.place.contract, depository.process_call(encoded, own, nonce))
        self.work.send()

    def collateral(self, wallet: Wallet) -> int:
        key = depository.account_key(self.place.entity, wallet.entity)
        data = f"0x{call_data('_collaterals(bytes,uint256)', key, 0).hex()}"
        answer: str = self.node.ask("eth_call", {"to": self.place.contract, "data": data}, "latest")
        return int(answer[2:66], 16)


@pytest.fixture(scope="module")
def contract(node: Node) -> Contract:
    return Contract(node)


def test_the_contract_takes_a_users_own_batch_and_its_signature_under_a_pull(contract: Contract) -> None:
    """Whichever side the user is on."""
    for number, wallet in enumerate(WALLETS):
        contract.secure(wallet, 1_000)
        assert contract.collateral(wallet) == 1_000
        signature = wallet.sign(wallet.pull_digest(contract.place, 0, 300, account_nonce=1))
        contract.pull(wallet, 300, 1, nonce=number + 1, signature=signature)
        assert contract.collateral(wallet) == 700
