"""Reading what contracts answer: words of 32 bytes, log entries, and why a call reverted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from engine.chain.rpc import NodeSilent

TRANSFER = f"0x{keccak(text='Transfer(address,address,uint256)').hex()}"
_ERROR_STRING = bytes.fromhex("08c379a0")


@dataclass(frozen=True, slots=True)
class Transfer:
    """An ERC-20 transfer as a receipt shows it; addresses in lower case."""

    token: str
    sender: str
    recipient: str
    amount: int


def selector(signature: str) -> bytes:
    """The first four bytes of a call, its function named as `approve(address,uint256)`."""
    return keccak(text=signature)[:4]


def call(signature: str, *arguments: Any) -> str:
    """A call's data as hex."""
    inner = signature[signature.index("(") + 1 : -1]
    return f"0x{(selector(signature) + encode(inner.split(',') if inner else [], arguments)).hex()}"


def words(answer: Any, count: int, what: str) -> list[int]:
    """The first `count` unsigned words of an answer. Raises NodeSilent naming `what` when it is shorter."""
    data = raw(answer, what)
    if len(data) < 32 * count:
        raise NodeSilent(f"{what}: expected {count} words, got {len(data)} bytes")
    return [int.from_bytes(data[32 * at : 32 * at + 32], "big") for at in range(count)]


def raw(answer: Any, what: str) -> bytes:
    """The bytes of a hex answer. Raises NodeSilent."""
    try:
        return bytes.fromhex(answer.removeprefix("0x"))
    except (AttributeError, ValueError):
        raise NodeSilent(f"{what}: expected hex, got {str(answer)[:40]!r}") from None


def address_in(word: int) -> str:
    """The address in a word, with its checksum."""
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(f"0x{word:064x}"[-40:]))


def byte_strings(answer: Any, what: str) -> Sequence[bytes]:
    """A `bytes[]`. Raises NodeSilent."""
    try:
        (found,) = decode(["bytes[]"], raw(answer, what))
    except DecodingError as error:
        raise NodeSilent(f"{what}: {error}") from None
    return list(found)


def revert_words(data: Any, message: str) -> str:
    """Why a call reverted, in the contract's own words where it gave any; else the node's."""
    if isinstance(data, str) and data.startswith(f"0x{_ERROR_STRING.hex()}"):
        try:
            (said,) = decode(["string"], bytes.fromhex(data[10:]))
        except (DecodingError, ValueError):
            return message
        return str(said)[:200]
    return message if not isinstance(data, str) or len(data) < 10 else f"{message} ({data[:10]})"


def transfers(logs: Any) -> list[Transfer]:
    """The ERC-20 transfers among a receipt's logs, in order. Raises NodeSilent when the logs cannot be read."""
    if not isinstance(logs, list):
        raise NodeSilent(f"logs: expected a list, got {type(logs).__name__}")
    found = []
    for entry in logs:
        topics = entry.get("topics") if isinstance(entry, dict) else None
        if not isinstance(topics, list) or len(topics) != 3 or topics[0] != TRANSFER:
            continue
        (amount,) = words(entry.get("data"), 1, "Transfer")
        found.append(
            Transfer(str(entry.get("address")).lower(), f"0x{topics[1][-40:]}", f"0x{topics[2][-40:]}", amount)
        )
    return found
