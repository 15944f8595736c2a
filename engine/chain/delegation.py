"""Delegations as the DelegationManager reads them (drift spec 12; ERC-7710; EIP-712).

An owner lets a delegate act for its account, under caveats that contracts enforce. What is signed names delegate,
delegator, authority, caveats and salt; a caveat's arguments and the signature itself are not part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from eth_utils.crypto import keccak

ROOT_AUTHORITY = b"\xff" * 32
SINGLE_CALL = bytes(32)
BATCH_CALL = b"\x01" + bytes(31)

_CAVEAT_TYPE = "Caveat(address enforcer,bytes terms)"
_DELEGATION_TYPE = (
    "Delegation(address delegate,address delegator,bytes32 authority,Caveat[] caveats,uint256 salt)" + _CAVEAT_TYPE
)
_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_CAVEAT = "(address,bytes,bytes)"
_DELEGATIONS = f"(address,address,bytes32,{_CAVEAT}[],uint256,bytes)[]"
_REDEEM = keccak(text="redeemDelegations(bytes[],bytes32[],bytes[])")[:4]
_DISABLE = keccak(text=f"disableDelegation((address,address,bytes32,{_CAVEAT}[],uint256,bytes))")[:4]


@dataclass(frozen=True, slots=True)
class Caveat:
    """A condition that the contract at `enforcer` checks before and after each call."""

    enforcer: str
    terms: bytes
    arguments: bytes = b""


@dataclass(frozen=True, slots=True)
class Delegation:
    """What `delegator` lets `delegate` do. signature: the owner's, empty until it is signed."""

    delegate: str
    delegator: str
    caveats: tuple[Caveat, ...]
    salt: int
    authority: bytes = ROOT_AUTHORITY
    signature: bytes = b""

    def signed(self, signature: bytes) -> Delegation:
        return replace(self, signature=signature)


@dataclass(frozen=True, slots=True)
class Execution:
    """One call that the delegator's account makes."""

    target: str
    value_wei: int
    call_data: bytes


def delegation_digest(delegation: Delegation, chain_id: int, manager: str) -> bytes:
    """What the owner signs, 32 bytes."""
    domain = keccak(
        encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [keccak(text=_DOMAIN_TYPE), keccak(text="DelegationManager"), keccak(text="1"), chain_id, manager],
        )
    )
    return keccak(b"\x19\x01" + domain + delegation_hash(delegation))


def delegation_hash(delegation: Delegation) -> bytes:
    """The name of a delegation at the manager, 32 bytes."""
    caveats = b"".join(
        keccak(
            encode(
                ["bytes32", "address", "bytes32"],
                [keccak(text=_CAVEAT_TYPE), caveat.enforcer, keccak(caveat.terms)],
            )
        )
        for caveat in delegation.caveats
    )
    return keccak(
        encode(
            ["bytes32", "address", "address", "bytes32", "bytes32", "uint256"],
            [
                keccak(text=_DELEGATION_TYPE),
                delegation.delegate,
                delegation.delegator,
                delegation.authority,
                keccak(caveats),
                delegation.salt,
            ],
        )
    )


def typed_data(delegation: Delegation, chain_id: int, manager: str) -> dict[str, object]:
    """What the owner signs as EIP-712 typed data, for a wallet that shows it (`eth_signTypedData_v4`)."""

    def fields(*names: str) -> list[dict[str, str]]:
        return [dict(zip(("type", "name"), field.split(" "), strict=True)) for field in names]

    return {
        "types": {
            "EIP712Domain": fields("string name", "string version", "uint256 chainId", "address verifyingContract"),
            "Delegation": fields(
                "address delegate", "address delegator", "bytes32 authority", "Caveat[] caveats", "uint256 salt"
            ),
            "Caveat": fields("address enforcer", "bytes terms"),
        },
        "primaryType": "Delegation",
        "domain": {"name": "DelegationManager", "version": "1", "chainId": chain_id, "verifyingContract": manager},
        "message": {
            "delegate": delegation.delegate,
            "delegator": delegation.delegator,
            "authority": f"0x{delegation.authority.hex()}",
            "caveats": [
                {"enforcer": caveat.enforcer, "terms": f"0x{caveat.terms.hex()}"} for caveat in delegation.caveats
            ],
            "salt": str(delegation.salt),
        },
    }


def redeem_call(redemptions: Sequence[tuple[Delegation, Execution | Sequence[Execution]]]) -> bytes:
    """The call of `redeemDelegations` that carries out each execution, or batch of them, under its delegation."""
    contexts, modes, data = [], [], []
    for delegation, execution in redemptions:
        contexts.append(permission_context(delegation))
        if isinstance(execution, Execution):
            modes.append(SINGLE_CALL)
            data.append(single_execution(execution))
        else:
            modes.append(BATCH_CALL)
            data.append(batch_execution(execution))
    return _REDEEM + encode(["bytes[]", "bytes32[]", "bytes[]"], [contexts, modes, data])


def permission_context(delegation: Delegation) -> bytes:
    """A signed delegation as `redeemDelegations` takes it."""
    return encode([_DELEGATIONS], [[_tuple(delegation)]])


def disable_call(delegation: Delegation) -> bytes:
    """The call by which the delegator's account revokes a delegation."""
    return _DISABLE + encode([_DELEGATIONS[:-2]], [_tuple(delegation)])


def single_execution(execution: Execution) -> bytes:
    """`target(20) | value(32) | calldata`."""
    return encode_packed(["address", "uint256", "bytes"], [execution.target, execution.value_wei, execution.call_data])


def batch_execution(executions: Sequence[Execution]) -> bytes:
    """The ERC-7579 coding of several calls."""
    rows = [(one.target, one.value_wei, one.call_data) for one in executions]
    return encode(["(address,uint256,bytes)[]"], [rows])


def allowed_targets(addresses: Sequence[str]) -> bytes:
    """Terms: addresses, one after the other."""
    return b"".join(bytes.fromhex(address[2:]) for address in addresses)


def allowed_methods(selectors: Sequence[bytes]) -> bytes:
    """Terms: selectors of 4 bytes, one after the other."""
    return b"".join(selectors)


def allowed_call_data(start: int, expected: bytes) -> bytes:
    """Terms: from byte `start` on, the call has exactly these bytes."""
    return start.to_bytes(32, "big") + expected


def limited_calls(most: int) -> bytes:
    """Terms: how often the delegation may be used."""
    return most.to_bytes(32, "big")


def valid_between(after_s: int, before_s: int) -> bytes:
    """Terms: seconds since the epoch between which it may be used, 0 for no bound."""
    return after_s.to_bytes(16, "big") + before_s.to_bytes(16, "big")


def balance_may_fall(token: str, owner: str, most: int) -> bytes:
    """Terms: `token` of `owner` may fall by at most so much."""
    return b"\x01" + bytes.fromhex(token[2:]) + bytes.fromhex(owner[2:]) + most.to_bytes(32, "big")


def _tuple(delegation: Delegation) -> tuple[object, ...]:
    return (
        delegation.delegate,
        delegation.delegator,
        delegation.authority,
        [(caveat.enforcer, caveat.terms, caveat.arguments) for caveat in delegation.caveats],
        delegation.salt,
        delegation.signature,
    )
