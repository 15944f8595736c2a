"""The Depository's bytes: batches, who signed them, what a counterparty signs (hub spec 18, "The contract").

An entity of one signer is a board of one member; its id is the hash of that board. A *hanko* carries signatures and the
claim that they are the entity's. Hashes are signed raw: no message prefix, low s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from eth_utils.crypto import keccak

DOMAIN_SEPARATOR = keccak(text="XLN_DEPOSITORY_HANKO_V1")
COOPERATIVE_UPDATE = 0
MOST_OPERATIONS = 50
MOST_PAIRS_PER_PUSH = 64
MOST_PAIRS = 256

_DIFFS = "(uint256,int256,int256,int256,int256)[]"
_BATCH = (
    "((uint256,uint256)[],"
    "(bytes32,uint256,uint256)[],"
    "(uint256,bytes32,(bytes32,uint256)[])[],"
    "(bytes32,uint256,uint256,uint256,bytes)[],"
    f"(bytes32,bytes32,{_DIFFS},uint256[],bytes,uint256)[],"
    "uint256[],uint256[],uint256[],uint256[],uint256[],uint256[],uint256[])"
)
_UNUSED: tuple[list[int], ...] = ([], [], [], [], [], [], [])
_HANKO = "(bytes32[],bytes,(bytes32,uint256[],uint256[],uint256,uint32,uint32,uint32)[])"
_BOARD = "(uint16,bytes32[],uint16[],uint32,uint32,uint32)"
_PROCESS = keccak(text="processBatch(bytes,bytes,uint256)")[:4]

SignHash = Callable[[bytes], bytes]
"""A raw signature of 65 bytes, r, s and v of 27 or 28, over 32 bytes."""


@dataclass(frozen=True, slots=True)
class Diff:
    """What a settlement changes of one token; left + right + collateral is 0."""

    token_id: int
    left: int
    right: int
    collateral: int
    ondelta: int


@dataclass(frozen=True, slots=True)
class Push:
    """Reserve to collateral (R2C): one item of up to 64 users, `pairs` of user entity and amount."""

    token_id: int
    hub: bytes
    pairs: tuple[tuple[bytes, int], ...]


@dataclass(frozen=True, slots=True)
class Pull:
    """Collateral to reserve (C2R), with the user's hanko over `pull_hash`."""

    user: bytes
    token_id: int
    amount: int
    nonce: int
    hanko: bytes


@dataclass(frozen=True, slots=True)
class Settlement:
    """Any cooperative change of an account, with the counterparty's hanko over `settlement_hash`."""

    left: bytes
    right: bytes
    diffs: tuple[Diff, ...]
    forgiven_token_ids: tuple[int, ...]
    hanko: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One transaction's worth. flashloans: (token id, amount). transfers: (entity, token id, amount)."""

    pushes: tuple[Push, ...] = ()
    pulls: tuple[Pull, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    transfers: tuple[tuple[bytes, int, int], ...] = ()
    flashloans: tuple[tuple[int, int], ...] = ()


def entity_of(address: str) -> bytes:
    """The entity, 32 bytes, whose one signer is `address`."""
    return keccak(encode([_BOARD], [(1, [_member(address)], [1], 0, 0, 0)]))


def account_key(one: bytes, other: bytes) -> bytes:
    """The account of two entities, 64 bytes: the smaller id first."""
    return min(one, other) + max(one, other)


def encode_batch(batch: Batch) -> bytes:
    """The `encodedBatch` of `processBatch`."""
    return encode(
        [_BATCH],
        [
            (
                list(batch.flashloans),
                list(batch.transfers),
                [(push.token_id, push.hub, list(push.pairs)) for push in batch.pushes],
                [(pull.user, pull.token_id, pull.amount, pull.nonce, pull.hanko) for pull in batch.pulls],
                [_settlement(settlement) for settlement in batch.settlements],
                *_UNUSED,
            )
        ],
    )


def process_call(encoded: bytes, hanko: bytes, nonce: int) -> bytes:
    """The call that carries a batch to the contract."""
    return _PROCESS + encode(["bytes", "bytes", "uint256"], [encoded, hanko, nonce])


def batch_hash(chain_id: int, contract: str, encoded: bytes, nonce: int) -> bytes:
    """What the hub's entity signs."""
    return keccak(
        encode_packed(
            ["bytes32", "uint256", "address", "bytes", "uint256"],
            [DOMAIN_SEPARATOR, chain_id, contract, encoded, nonce],
        )
    )


def settlement_hash(
    chain_id: int, contract: str, account: bytes, nonce: int, diffs: Sequence[Diff], forgiven: Sequence[int] = ()
) -> bytes:
    """What the counterparty's entity signs for a settlement or a pull."""
    return keccak(
        encode(
            ["uint8", "uint256", "address", "bytes", "uint256", _DIFFS, "uint256[]"],
            [COOPERATIVE_UPDATE, chain_id, contract, account, nonce, _rows(diffs), list(forgiven)],
        )
    )


def pull_diffs(hub: bytes, user: bytes, token_id: int, amount: int) -> tuple[Diff]:
    """A pull as the settlement that it is: out of the collateral, into the hub's reserve."""
    if hub < user:
        return (Diff(token_id, amount, 0, -amount, -amount),)
    return (Diff(token_id, 0, amount, -amount, 0),)


def hanko_of(digest: bytes, address: str, sign: SignHash) -> bytes:
    """A hanko of the entity whose one signer is `address`."""
    signature = sign(digest)
    packed = signature[:64] + bytes([signature[64] - 27])
    claim = (entity_of(address), [0], [1], 1, 0, 0, 0)
    return encode([_HANKO], [([], packed, [claim])])


def _member(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address.removeprefix("0x"))


def _rows(diffs: Sequence[Diff]) -> list[tuple[int, int, int, int, int]]:
    return [(diff.token_id, diff.left, diff.right, diff.collateral, diff.ondelta) for diff in diffs]


def _settlement(settlement: Settlement) -> tuple[object, ...]:
    return (
        settlement.left,
        settlement.right,
        _rows(settlement.diffs),
        list(settlement.forgiven_token_ids),
        settlement.hanko,
        settlement.nonce,
    )
