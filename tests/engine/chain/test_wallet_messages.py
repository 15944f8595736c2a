"""What wallets sign, against eth_account's own coding as golden; and who signed it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from engine.chain.depository import entity_of
from engine.chain.wallet_messages import HIGHEST_S, WalletMessages, signer_address, signer_entity

CONTRACT = Account.from_key("0x" + "77" * 32).address
USER = Account.from_key("0x" + "22" * 32)
ENTITY = f"0x{entity_of(USER.address).hex()}"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
MESSAGES = WalletMessages(31_337, CONTRACT)

entities = st.binary(min_size=32, max_size=32).map(lambda raw: f"0x{raw.hex()}")
numbers = st.integers(0, 2**256 - 1)
keys = st.text(st.characters(exclude_categories=["Cs"]))


def golden(name: str, message: dict[str, Any]) -> bytes:
    """The digest that eth_account makes of the very object that a wallet is given, through JSON."""
    signable = encode_typed_data(full_message=json.loads(json.dumps(MESSAGES.typed_data(name, message))))
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def hexed(r: int, s: int, v: int) -> str:
    return f"0x{r:064x}{s:064x}{v:02x}"


def signature(digest: bytes) -> tuple[int, int, int]:
    signed = USER.unsafe_sign_hash(digest)
    return signed.r, signed.s, signed.v


@given(entities, numbers, numbers, keys)
def test_a_request_is_hashed_as_wallets_hash_it(user: str, token_id: int, amount: int, key: str) -> None:
    message = {"user": user, "tokenId": token_id, "amount": amount, "idempotencyKey": key}
    assert MESSAGES.rebalance_request(user, token_id, amount, key) == golden("RebalanceRequest", message)


@given(entities, entities, numbers, numbers, keys)
def test_a_payment_is_hashed_as_wallets_hash_it(payer: str, payee: str, token_id: int, amount: int, key: str) -> None:
    message = {"payer": payer, "payee": payee, "tokenId": token_id, "amount": amount, "idempotencyKey": key}
    assert MESSAGES.payment(payer, payee, token_id, amount, key) == golden("Payment", message)


@given(entities, numbers)
def test_a_pass_to_read_is_hashed_as_wallets_hash_it(user: str, until_s: int) -> None:
    assert MESSAGES.read_pass(user, until_s) == golden("ReadPass", {"user": user, "validUntil": until_s})


def test_another_chain_and_another_contract_have_other_digests() -> None:
    others = [WalletMessages(1, CONTRACT), WalletMessages(31_337, USER.address)]
    assert len({one.read_pass(ENTITY, 5) for one in [MESSAGES, *others]}) == 3


def test_the_case_of_the_contracts_address_makes_no_difference() -> None:
    assert WalletMessages(31_337, CONTRACT.lower()).read_pass(ENTITY, 5) == MESSAGES.read_pass(ENTITY, 5)


@pytest.mark.parametrize(
    ("user", "amount", "key"),
    [
        (ENTITY.upper(), 1, ""),
        (ENTITY[:-1], 1, ""),
        (ENTITY + "\n", 1, ""),
        (ENTITY, -1, ""),
        (ENTITY, 2**256, ""),
        (ENTITY, 1, "\ud800"),
    ],
)
def test_what_does_not_fit_its_type_is_a_value_error(user: str, amount: int, key: str) -> None:
    with pytest.raises(ValueError):
        MESSAGES.rebalance_request(user, 0, amount, key)


def test_a_contract_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="an address"):
        WalletMessages(1, "0x12")


@given(st.binary(min_size=32, max_size=32))
def test_who_signed_is_found(digest: bytes) -> None:
    made = hexed(*signature(digest))
    assert signer_address(digest, made) == USER.address.lower()
    assert signer_entity(digest, made) == ENTITY


@given(st.binary(min_size=32, max_size=32))
def test_the_twin_with_the_higher_s_is_no_signature(digest: bytes) -> None:
    r, s, v = signature(digest)
    assert signer_entity(digest, hexed(r, ORDER - s, 55 - v)) is None


@given(st.binary(min_size=32, max_size=32), st.integers(0, 255).filter(lambda v: v not in (27, 28)))
def test_any_other_v_is_no_signature(digest: bytes, v: int) -> None:
    r, s, _ = signature(digest)
    assert signer_entity(digest, hexed(r, s, v)) is None


@given(
    st.binary(max_size=40) | st.binary(min_size=32, max_size=32),
    st.text()
    | st.binary(max_size=80).map(lambda raw: f"0x{raw.hex()}")
    | st.builds(
        hexed,
        st.sampled_from([0, 1, ORDER - 1, ORDER, 2**256 - 1]) | numbers,
        st.sampled_from([0, 1, HIGHEST_S, HIGHEST_S + 1, ORDER]) | numbers,
        st.sampled_from([0, 27, 28]),
    ),
)
def test_whatever_comes_is_no_signature_of_the_users_and_no_crash(digest: bytes, given_signature: str) -> None:
    assert signer_entity(digest, given_signature) != ENTITY
