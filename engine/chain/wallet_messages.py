"""What users' wallets sign for the hub's HTTP interface, as EIP-712 typed data, and who signed it (hub spec 2).

The domain names the Depository and its chain, so that what was signed for one hub is nothing to another. Hashed here by
hand: each call of the interface carries a signature, and hashes no more than it must.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from engine.chain.depository import entity_of

NAME, VERSION = "Evenkeel Hub", "1"
HIGHEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half the order of secp256k1: a signature with a higher s has a twin, and the contract refuses it."""

Fields = tuple[tuple[str, str], ...]
DOMAIN_FIELDS: Fields = (
    ("string", "name"),
    ("string", "version"),
    ("uint256", "chainId"),
    ("address", "verifyingContract"),
)
MESSAGES: Mapping[str, Fields] = {
    "RebalanceRequest": (
        ("bytes32", "user"),
        ("uint256", "tokenId"),
        ("uint256", "amount"),
        ("string", "idempotencyKey"),
    ),
    "Payment": (
        ("bytes32", "payer"),
        ("bytes32", "payee"),
        ("uint256", "tokenId"),
        ("uint256", "amount"),
        ("string", "idempotencyKey"),
    ),
    "ReadPass": (("bytes32", "user"), ("uint256", "validUntil")),
}
"""Type and name of each field, by message, in the order in which they are hashed."""

_ENTITY = re.compile(r"0x[0-9a-f]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}")


class WalletMessages:
    """Digests of what wallets sign for one Depository on one chain. Raises ValueError for what is no address.

    Entities are `0x` and 64 digits of hex in lower case, amounts in base units; what does not fit its type raises
    ValueError.
    """

    def __init__(self, chain_id: int, contract: str) -> None:
        if not _ADDRESS.fullmatch(contract):
            raise ValueError(f"expected an address of 20 bytes as hex, got {contract[:60]!r}")
        self._chain_id = chain_id
        self._contract = contract
        verifying = bytes(12) + bytes.fromhex(contract[2:])
        domain = _type_hash("EIP712Domain", DOMAIN_FIELDS) + _text(NAME) + _text(VERSION) + _number(chain_id)
        self._prefix = b"\x19\x01" + keccak(domain + verifying)

    def rebalance_request(self, user: str, token_id: int, amount: int, idempotency_key: str) -> bytes:
        """The digest, 32 bytes, of a request for collateral (R2C)."""
        fields = _entity(user) + _number(token_id) + _number(amount) + _text(idempotency_key)
        return self._digest("RebalanceRequest", fields)

    def payment(self, payer: str, payee: str, token_id: int, amount: int, idempotency_key: str) -> bytes:
        """The digest, 32 bytes, of a payment inside the hub."""
        fields = _entity(payer) + _entity(payee) + _number(token_id) + _number(amount) + _text(idempotency_key)
        return self._digest("Payment", fields)

    def read_pass(self, user: str, valid_until_s: int) -> bytes:
        """The digest, 32 bytes, of a pass to read what concerns the user. valid_until_s: seconds since the epoch."""
        return self._digest("ReadPass", _entity(user) + _number(valid_until_s))

    def typed_data(self, name: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """A message as wallets take it (`eth_signTypedData_v4`), in JSON types. name: one of MESSAGES."""
        return {
            "types": {"EIP712Domain": _listed(DOMAIN_FIELDS), name: _listed(MESSAGES[name])},
            "primaryType": name,
            "domain": {
                "name": NAME,
                "version": VERSION,
                "chainId": self._chain_id,
                "verifyingContract": self._contract,
            },
            "message": {key: str(value) for key, value in message.items()},
        }

    def signer(self, digest: bytes, signature: str) -> str | None:
        """The entity whose one signer made the signature, `0x` and 64 digits; None when it is none."""
        return signer_entity(digest, signature)

    def _digest(self, name: str, fields: bytes) -> bytes:
        return keccak(self._prefix + keccak(_TYPE_HASHES[name] + fields))


def signer_address(digest: bytes, signature: str) -> str | None:
    """Who made a raw signature over 32 bytes, as an address in lower case; None when it is none.

    signature: r, s and v of 27 or 28 as `0x` and 130 digits of hex, with the lower s.
    """
    if len(digest) != 32 or not _SIGNATURE.fullmatch(signature):
        return None
    raw = bytes.fromhex(signature[2:])
    if raw[64] not in (27, 28) or int.from_bytes(raw[32:64], "big") > HIGHEST_S:
        return None
    try:
        public_key = Signature(raw[:64] + bytes([raw[64] - 27])).recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError):
        return None
    return f"0x{public_key.to_canonical_address().hex()}"


def signer_entity(digest: bytes, signature: str) -> str | None:
    """The entity whose one signer made the signature, `0x` and 64 digits; None when it is none."""
    address = signer_address(digest, signature)
    return None if address is None else f"0x{entity_of(address).hex()}"


def _type_hash(name: str, fields: Fields) -> bytes:
    return keccak(text=f"{name}({','.join(f'{kind} {field}' for kind, field in fields)})")


def _entity(value: str) -> bytes:
    if not _ENTITY.fullmatch(value):
        raise ValueError(f"expected 0x and 64 digits of hex in lower case, got {value[:80]!r}")
    return bytes.fromhex(value[2:])


def _number(value: int) -> bytes:
    try:
        return value.to_bytes(32, "big")
    except OverflowError:
        raise ValueError("expected a whole number from 0 to 2**256 - 1") from None


def _text(value: str) -> bytes:
    """Of half a surrogate pair there is no UTF-8; its error is a ValueError too."""
    return keccak(value.encode())


def _listed(fields: Fields) -> list[dict[str, str]]:
    return [{"type": kind, "name": field} for kind, field in fields]


_TYPE_HASHES = {name: _type_hash(name, fields) for name, fields in MESSAGES.items()}
