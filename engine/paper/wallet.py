"""A paper user's wallet: one key, the entity that it is at the Depository, and what its owner signs.

Written from the interface alone (hub spec 2 and 18) and on purpose not from the engine's own encoders: what these bytes
and the engine's agree on, a wallet in another language can be built to.
"""

from __future__ import annotations

import secrets as entropy
from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from engine.core.secrets import Secret

DOMAIN_NAME, DOMAIN_VERSION = "Evenkeel Hub", "1"
BATCH_DOMAIN = keccak(text="XLN_DEPOSITORY_HANKO_V1")
_COOPERATIVE_UPDATE = 0

_DOMAIN_TYPE = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_REQUEST_TYPE = keccak(text="RebalanceRequest(bytes32 user,uint256 tokenId,uint256 amount,string idempotencyKey)")
_PAYMENT_TYPE = keccak(text="Payment(bytes32 payer,bytes32 payee,uint256 tokenId,uint256 amount,string idempotencyKey)")
_PASS_TYPE = keccak(text="ReadPass(bytes32 user,uint256 validUntil)")

_BOARD = "(uint16,bytes32[],uint16[],uint32,uint32,uint32)"
_CLAIM = "(bytes32,uint256[],uint256[],uint256,uint32,uint32,uint32)"
_DIFF = "(uint256,int256,int256,int256,int256)"
_BATCH = (
    "((uint256,uint256)[],(bytes32,uint256,uint256)[],(uint256,bytes32,(bytes32,uint256)[])[],"
    f"(bytes32,uint256,uint256,uint256,bytes)[],(bytes32,bytes32,{_DIFF}[],uint256[],bytes,uint256)[],"
    "uint256[],uint256[],uint256[],uint256[],uint256[],uint256[],uint256[])"
)
_PROCESS_BATCH = keccak(text="processBatch(bytes,bytes,uint256)")[:4]


@dataclass(frozen=True, slots=True)
class HubPlace:
    """The one hub that a wallet signs for. entity: 32 bytes; contract: its Depository's address."""

    chain_id: int
    contract: str
    entity: bytes

    @property
    def domain(self) -> bytes:
        """The hash of its EIP-712 domain."""
        return keccak(
            encode(
                ["bytes32", "bytes32", "bytes32", "uint256", "address"],
                [_DOMAIN_TYPE, keccak(text=DOMAIN_NAME), keccak(text=DOMAIN_VERSION), self.chain_id, self.contract],
            )
        )


def entity_of(address: str) -> bytes:
    """The entity, 32 bytes, of a board whose only member is `address`: threshold 1, weight 1, no delays."""
    member = bytes.fromhex(address[2:]).rjust(32, b"\0")
    return keccak(encode([_BOARD], [(1, [member], [1], 0, 0, 0)]))


def hex_of(data: bytes) -> str:
    return f"0x{data.hex()}"


class Wallet:
    """key: of secp256k1, as hex. Raises ValueError, without the key, when it is none. Signing blocks for a moment."""

    def __init__(self, key: Secret) -> None:
        from eth_account import Account

        try:
            self._account = Account.from_key(key.reveal())
        except Exception:
            raise ValueError("expected a private key of 32 bytes as hex") from None
        self.address: str = self._account.address
        self.entity = entity_of(self.address)

    @classmethod
    def new(cls) -> Wallet:
        """With a key that nobody had before."""
        return cls(Secret(f"0x{entropy.token_hex(32)}"))

    @property
    def user(self) -> str:
        """The entity as the hub's interface writes it."""
        return hex_of(self.entity)

    def request(self, hub: HubPlace, token_id: int, amount: int, idempotency_key: str) -> str:
        """The signature under which `amount` base units are asked to be secured."""
        fields = ["bytes32", "uint256", "uint256", "bytes32"]
        return self._typed(hub, _REQUEST_TYPE, fields, [self.entity, token_id, amount, keccak(text=idempotency_key)])

    def payment(self, hub: HubPlace, payee: bytes, token_id: int, amount: int, idempotency_key: str) -> str:
        """The signature under which `amount` base units go to `payee`."""
        fields = ["bytes32", "bytes32", "uint256", "uint256", "bytes32"]
        values = [self.entity, payee, token_id, amount, keccak(text=idempotency_key)]
        return self._typed(hub, _PAYMENT_TYPE, fields, values)

    def read_pass(self, hub: HubPlace, valid_until_s: int) -> str:
        """The header `Authorization` of what only the user may read. valid_until_s: whole seconds since the epoch."""
        signature = self._typed(hub, _PASS_TYPE, ["bytes32", "uint256"], [self.entity, valid_until_s])
        return f"Pass {valid_until_s}.{signature}"

    def pull_digest(self, hub: HubPlace, token_id: int, amount: int, account_nonce: int) -> bytes:
        """What the user signs so that `amount` of the account's collateral goes to the hub's reserve."""
        hub_is_left = hub.entity < self.entity
        left, right = sorted((hub.entity, self.entity))
        to_left, to_right = (amount, 0) if hub_is_left else (0, amount)
        diff = (token_id, to_left, to_right, -amount, -to_left)
        return keccak(
            encode(
                ["uint8", "uint256", "address", "bytes", "uint256", f"{_DIFF}[]", "uint256[]"],
                [_COOPERATIVE_UPDATE, hub.chain_id, hub.contract, left + right, account_nonce, [diff], []],
            )
        )

    def sign(self, digest: bytes) -> str:
        """A signature of 32 bytes as they are: r, s and v, 65 bytes as hex."""
        return hex_of(self._signature(digest))

    def secure(self, hub: HubPlace, amounts: Sequence[tuple[int, int]], nonce: int) -> bytes:
        """The call by which the user's own reserve becomes collateral of its account with the hub.

        amounts: token id and base units, at most 50. nonce: of the user's entity, one more than its last.
        """
        items = [(token_id, self.entity, [(hub.entity, amount)]) for token_id, amount in amounts]
        batch = encode([_BATCH], [([], [], items, *([] for _ in range(9)))])
        packed = BATCH_DOMAIN + _word(hub.chain_id) + bytes.fromhex(hub.contract[2:]) + batch + _word(nonce)
        arguments = [batch, self._hanko(keccak(packed)), nonce]
        return _PROCESS_BATCH + encode(["bytes", "bytes", "uint256"], arguments)

    def _hanko(self, digest: bytes) -> bytes:
        signature = self._signature(digest)
        packed = signature[:64] + bytes([signature[64] - 27])
        claim = (self.entity, [0], [1], 1, 0, 0, 0)
        return encode([f"(bytes32[],bytes,{_CLAIM}[])"], [([], packed, [claim])])

    def _typed(self, hub: HubPlace, kind: bytes, types: Sequence[str], values: Sequence[object]) -> str:
        """EIP-712; strings among the fields are hashed already."""
        struct = keccak(encode(["bytes32", *types], [kind, *values]))
        return self.sign(keccak(b"\x19\x01" + hub.domain + struct))

    def _signature(self, digest: bytes) -> bytes:
        signed = self._account.unsafe_sign_hash(digest)
        return bytes(signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big") + bytes([signed.v]))


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")
