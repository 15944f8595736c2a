"""The transaction pool of a real node, in front of one that has another: what the paper chain's node does not do.

A real node replaces a transaction only by one that pays 10 % more for both fees, says "already known" of bytes that it
has, and keeps one whose fee cap is under the base fee until blocks are cheap enough. Anvil refuses the last, and drops
it when it came before the base fee rose; so it is kept here and handed over again (hub spec, "Facts").
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

KNOWN = {"code": -32000, "message": "already known"}
UNDERPRICED = {"code": -32000, "message": "replacement transaction underpriced"}
BUMP_NUMERATOR, BUMP_DENOMINATOR = 110, 100
_UNDER_BASE_FEE = "less than block base fee"
_IMPORTED = "already imported"
_EIP_1559 = 2

Call = tuple[str, Sequence[Any]]
Answer = dict[str, Any]
"""`result` or `error` of a JSON-RPC answer, without its id."""
Ask = Callable[[Sequence[Call]], Awaitable[list[Answer]]]

_log = logging.getLogger(__name__)


class NodeAway(Exception):
    """The node gave no answer that can be used; the text says why."""


@dataclass(frozen=True, slots=True)
class PooledTransaction:
    """A signed EIP-1559 transaction. worst_cost_wei: its value, and all its gas at its fee cap."""

    sender: str
    nonce: int
    hash: str
    raw: str
    max_fee_wei: int
    priority_wei: int
    worst_cost_wei: int

    def replaces(self, other: PooledTransaction) -> bool:
        """Whether both fees are at least 10 % higher."""
        pairs = ((self.max_fee_wei, other.max_fee_wei), (self.priority_wei, other.priority_wei))
        return all(new * BUMP_DENOMINATOR >= old * BUMP_NUMERATOR for new, old in pairs)


def read_transaction(raw: str) -> PooledTransaction | None:
    """What the bytes (hex) say; None for other kinds of transaction and for what is none. Blocks for a moment."""
    from eth_account import Account
    from eth_account.typed_transactions.typed_transaction import TypedTransaction
    from eth_utils.crypto import keccak
    from hexbytes import HexBytes

    try:
        data = HexBytes(raw)
        if not data or data[0] != _EIP_1559:
            return None
        fields = TypedTransaction.from_bytes(data).as_dict()
        sender = str(Account.recover_transaction(data))
    except (
        Exception
    ):  # decoders raise all sorts of errors for bytes that are no transaction; the node words the refusal
        return None
    gas, cap, value = (int(fields[name]) for name in ("gas", "maxFeePerGas", "value"))
    return PooledTransaction(
        sender=sender,
        nonce=int(fields["nonce"]),
        hash=f"0x{keccak(data).hex()}",
        raw=raw,
        max_fee_wei=cap,
        priority_wei=int(fields["maxPriorityFeePerGas"]),
        worst_cost_wei=gas * cap + value,
    )


class NodePool:
    """ask: JSON-RPC calls to the node, answered in order; raises NodeAway, and so does everything here."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._newest: dict[tuple[str, int], PooledTransaction] = {}
        self._kept: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    @property
    def kept(self) -> tuple[str, ...]:
        """Hashes of those that the node does not have, for their fee cap is under the base fee; sorted."""
        return tuple(sorted(self._kept))

    async def send(self, raw: str) -> Answer:
        """Take signed bytes (hex) as a real node does; returns their hash or an error."""
        transaction = await asyncio.to_thread(read_transaction, raw)
        async with self._one_at_a_time:
            if transaction is None:
                return await self._to_node(raw)
            await self._refresh()
            before = self._newest.get((transaction.sender, transaction.nonce))
            if before is not None and before.hash == transaction.hash:
                return {"error": KNOWN}
            if before is not None and not transaction.replaces(before):
                return {"error": UNDERPRICED}
            return await self._take(transaction, before)

    async def refresh(self) -> None:
        """Forget what was mined; hand over what was kept and may be mined now."""
        async with self._one_at_a_time:
            await self._refresh()

    async def forget(self) -> None:
        """Lose everything that waits, as a node does that is started anew."""
        async with self._one_at_a_time:
            self._newest.clear()
            self._kept.clear()
            await self._read([("anvil_dropAllTransactions", [])])

    async def _take(self, transaction: PooledTransaction, before: PooledTransaction | None) -> Answer:
        answer = await self._to_node(transaction.raw)
        under_base_fee = _UNDER_BASE_FEE in _words(answer)
        if under_base_fee:
            refusal = await self._refusal(transaction)
            if refusal is not None:
                return {"error": refusal}
            if before is not None:  # the node must not mine what has been replaced
                await self._ask([("anvil_dropTransaction", [before.hash])])
            answer = {"result": transaction.hash}
        if "result" in answer or answer.get("error") == KNOWN:
            self._newest[(transaction.sender, transaction.nonce)] = transaction
            if before is not None:
                self._kept.discard(before.hash)
            if under_base_fee:
                self._kept.add(transaction.hash)
        return answer

    async def _refusal(self, transaction: PooledTransaction) -> dict[str, Any] | None:
        """Why a real node would not keep it either."""
        used, balance = await self._read(
            [
                ("eth_getTransactionCount", [transaction.sender, "latest"]),
                ("eth_getBalance", [transaction.sender, "latest"]),
            ]
        )
        if int(used, 16) > transaction.nonce:
            return {"code": -32000, "message": "nonce too low"}
        if int(balance, 16) < transaction.worst_cost_wei:
            return {"code": -32000, "message": "insufficient funds for gas * price + value"}
        return None

    async def _refresh(self) -> None:
        waiting = list(self._newest.items())
        if not waiting:
            return
        calls: list[Call] = [("eth_feeHistory", ["0x1", "latest", []])]
        for (sender, _), transaction in waiting:
            calls += [("eth_getTransactionCount", [sender, "latest"]), ("eth_getTransactionByHash", [transaction.hash])]
        fees, *answers = await self._read(calls)
        base_fee_wei = int(fees["baseFeePerGas"][-1], 16)
        for at, (_, transaction) in enumerate(waiting):
            used, found = answers[2 * at], answers[2 * at + 1]
            if int(used, 16) > transaction.nonce:
                self._drop(transaction)
            elif found is None:
                await self._hand_over(transaction, base_fee_wei)

    async def _hand_over(self, transaction: PooledTransaction, base_fee_wei: int) -> None:
        answer = {} if transaction.max_fee_wei < base_fee_wei else await self._to_node(transaction.raw)
        words = _words(answer)
        if not answer or _UNDER_BASE_FEE in words:
            self._kept.add(transaction.hash)
            return
        self._kept.discard(transaction.hash)
        if "error" in answer and answer["error"] != KNOWN:
            _log.info("the paper chain's node does not take %s, which waited: %s", transaction.hash, words)
            self._drop(transaction)

    def _drop(self, transaction: PooledTransaction) -> None:
        self._newest.pop((transaction.sender, transaction.nonce), None)
        self._kept.discard(transaction.hash)

    async def _to_node(self, raw: str) -> Answer:
        (answer,) = await self._ask([("eth_sendRawTransaction", [raw])])
        return {"error": KNOWN} if _IMPORTED in _words(answer) else answer

    async def _read(self, calls: Sequence[Call]) -> list[Any]:
        """Results; one that was refused raises NodeAway."""
        answers = await self._ask(calls)
        for (method, _), answer in zip(calls, answers, strict=True):
            if "result" not in answer:
                raise NodeAway(f"{method} was refused: {_words(answer)}")
        return [answer["result"] for answer in answers]


def _words(answer: Answer) -> str:
    return str((answer.get("error") or {}).get("message", ""))
