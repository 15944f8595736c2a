"""What the Depository says: its logs, and why it refuses a batch (hub spec 18).

A node may be wrong or hostile: whatever does not read as the contract writes it raises NodeSilent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from eth_utils.crypto import keccak

from engine.chain.abi import raw, revert_words, selector
from engine.chain.rpc import NodeRefused, NodeSilent, whole
from engine.hub.ports import AccountOnChain, Settled

ACCOUNT_SETTLED = keccak(text="AccountSettled((bytes32,bytes32,(uint256,uint256,uint256,uint256,int256)[],uint256)[])")
BATCH_PROCESSED = keccak(text="HankoBatchProcessed(bytes32,bytes32,uint256)")
TOPICS = [f"0x{ACCOUNT_SETTLED.hex()}", f"0x{BATCH_PROCESSED.hex()}"]

ERRORS = (
    "BadIndex(uint256 claim,uint256 index)",
    "BadSignature(uint256 index)",
    "BadSignatureLength(uint256 length)",
    "BelowThreshold(bytes32 entity,uint256 weight,uint256 threshold)",
    "NoClaim()",
    "NotAParty(bytes32 entity)",
    "NotConserved(uint256 tokenId)",
    "NotEnoughCollateral(uint256 tokenId,uint256 available,uint256 needed)",
    "NotEnoughReserve(bytes32 entity,uint256 tokenId,uint256 available,uint256 needed)",
    "NotSignedBy(bytes32 entity)",
    "NotTheBoard(bytes32 entity)",
    "NothingMoved()",
    "SameEntity(bytes32 entity)",
    "StaleAccountNonce(uint256 last,uint256 got)",
    "TooLarge(uint256 tokenId)",
    "TooMany(uint256 most,uint256 got)",
    "TransferFailed()",
    "UnknownToken(uint256 tokenId)",
    "Unsupported()",
    "WeightsDiffer(uint256 claim)",
    "WrongNonce(uint256 expected,uint256 got)",
    "Panic(uint256 code)",
)
"""What `processBatch` may revert with: the contract's own, and the compiler's."""

_REVERTED_CODE = 3
_REVERTED_WORDS = ("revert", "out of gas", "gas required exceeds", "invalid opcode", "vm execution error")
_SETTLED_HEAD_WORDS, _TOKEN_WORDS = 5, 5


@dataclass(frozen=True, slots=True)
class _Log:
    """place: number of its block, then its own in it."""

    place: tuple[int, int]
    topics: tuple[bytes, ...]
    data: bytes


def settled_in(logs: Any, contract: str, entity: bytes, blocks: range) -> Settled:
    """What the logs of `blocks` brought to the hub `entity`. Of an account the last log counts, and its nonce counts
    for all tokens of it. Raises NodeSilent."""
    accounts: dict[tuple[str, int], AccountOnChain] = {}
    nonces: dict[str, int] = {}
    batches: dict[int, str] = {}
    for log in _in_order(logs, contract, blocks):
        if log.topics[0] == ACCOUNT_SETTLED:
            for account in _accounts(log, entity):
                accounts[account.user, account.token_id] = account
                nonces[account.user] = account.nonce
        elif log.topics[1] == entity:
            batches[int.from_bytes(log.data, "big")] = f"0x{log.topics[2].hex()}"
    latest = tuple(replace(account, nonce=nonces[account.user]) for account in accounts.values())
    return Settled(blocks.stop - 1, latest, batches)


def signed_word(word: int) -> int:
    """An unsigned word read as a signed one."""
    return word - 2**256 if word >> 255 else word


def is_revert(refusal: NodeRefused) -> bool:
    """Whether the contract did not do it, and not the node that did not try."""
    said = refusal.message.lower()
    return refusal.code == _REVERTED_CODE or any(words in said for words in _REVERTED_WORDS)


def refusal_words(refusal: NodeRefused) -> str:
    """Why a call reverted: the contract's error by name with its figures, else what the node says."""
    data = _revert_data(refusal.data)
    named = _BY_SELECTOR.get(data[:4])
    if named is None or len(data) != 4 + 32 * len(named[1]):
        return revert_words(refusal.data, refusal.message)
    name, fields = named
    figures = [f"{field} {_figure(kind, data[4 + 32 * at : 36 + 32 * at])}" for at, (kind, field) in enumerate(fields)]
    return f"{name}: {', '.join(figures)}" if figures else name


def _in_order(logs: Any, contract: str, blocks: range) -> list[_Log]:
    if not isinstance(logs, list):
        raise NodeSilent(f"eth_getLogs: expected a list, got {type(logs).__name__}")
    return sorted((_log(entry, contract, blocks) for entry in logs), key=lambda log: log.place)


def _log(entry: Any, contract: str, blocks: range) -> _Log:
    if not isinstance(entry, dict):
        raise NodeSilent(f"eth_getLogs: expected an object, got {type(entry).__name__}")
    if entry.get("removed") not in (None, False):
        raise NodeSilent("eth_getLogs: a log of a block that is final was taken back")
    if str(entry.get("address")).lower() != contract.lower():
        raise NodeSilent("eth_getLogs: a log of another contract than the one that was asked for")
    number = whole(entry.get("blockNumber"), "blockNumber")
    if number not in blocks:
        raise NodeSilent("eth_getLogs: a log of another block than those that were asked for")
    given = entry.get("topics")
    topics = tuple(raw(topic, "topic") for topic in given) if isinstance(given, list) else ()
    data = raw(entry.get("data"), "data")
    if [len(topic) for topic in topics] != [32] * len(topics) or not _is_known(topics, data):
        raise NodeSilent("eth_getLogs: a log that was not asked for, or that is cut short")
    return _Log((number, whole(entry.get("logIndex"), "logIndex")), topics, data)


def _is_known(topics: tuple[bytes, ...], data: bytes) -> bool:
    if not topics:
        return False
    if topics[0] == ACCOUNT_SETTLED:
        return len(topics) == 1
    return topics[0] == BATCH_PROCESSED and len(topics) == 3 and len(data) == 32


def _accounts(log: _Log, hub: bytes) -> list[AccountOnChain]:
    try:
        return list(_settled_accounts(log.data, int.from_bytes(hub, "big")))
    except (IndexError, ValueError):
        raise NodeSilent(f"AccountSettled in block {log.place[0]}: not as a contract writes it") from None


def _settled_accounts(data: bytes, hub: int) -> Iterator[AccountOnChain]:
    """Read from front to back: each place that the data names must be where the compiler puts it, so that no length in
    it can make the work longer than the data. Raises IndexError or ValueError."""
    words = [int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32)]
    count = words[1]
    at = 2 + count
    for index in range(count):
        left, right, tokens_from, nonce, tokens = words[at : at + _SETTLED_HEAD_WORDS]
        if words[2 + index] != 32 * (at - 2) or tokens_from != 32 * (_SETTLED_HEAD_WORDS - 1):
            raise ValueError("out of place")
        at += _SETTLED_HEAD_WORDS
        for _ in range(tokens):
            token_id, _left, _right, collateral, ondelta = words[at : at + _TOKEN_WORDS]
            at += _TOKEN_WORDS
            if hub in (left, right):
                user = right if hub == left else left
                yield AccountOnChain(f"0x{user:064x}", token_id, collateral, signed_word(ondelta), nonce)
    if words[0] != 32 or 32 * at != len(data):
        raise ValueError("out of place")


def _revert_data(data: Any) -> bytes:
    try:
        return raw(data, "data")
    except NodeSilent:
        return b""


def _figure(kind: str, word: bytes) -> str:
    return f"0x{word.hex()}" if kind == "bytes32" else str(int.from_bytes(word, "big"))


def _named(declared: str) -> tuple[bytes, tuple[str, tuple[tuple[str, str], ...]]]:
    name, _, inner = declared.removesuffix(")").partition("(")
    fields = tuple((kind, field) for kind, _, field in (one.partition(" ") for one in inner.split(",") if one))
    return selector(f"{name}({','.join(kind for kind, _ in fields)})"), (name, fields)


_BY_SELECTOR = dict(_named(declared) for declared in ERRORS)
