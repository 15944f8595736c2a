"""The Depository of an EVM chain, for the hub engine's port (hub spec 13 to 15, 18).

What counts is read at a block that is final; only the number of the newest batch and the price of gas are read at the
head. A batch is signed once for each number, tried on a copy of the chain, and sent by an account that never uses a
nonce twice.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from eth_abi.abi import encode

from engine.chain.abi import raw, selector, words
from engine.chain.depository import (
    Batch,
    Pull,
    Push,
    account_key,
    batch_hash,
    encode_batch,
    entity_of,
    hanko_of,
    process_call,
    pull_diffs,
    settlement_hash,
)
from engine.chain.gas import BLOCKS, PERCENTILE, gas_quote
from engine.chain.hub_events import TOPICS, is_revert, refusal_words, settled_in, signed_word
from engine.chain.hub_signing import HubSigner, Sealing
from engine.chain.reading import good
from engine.chain.rpc import Call, NodeRefused, NodeSilent, Rpc, whole
from engine.chain.sender import ChainCall, Sender, WrongChain, block_time_s
from engine.chain.wallet_messages import signer_address, signer_entity
from engine.core.gate import Gate
from engine.core.journal import Memory
from engine.core.messages import Reason
from engine.hub.ports import (
    AccountOnChain,
    BatchOrder,
    ChainLook,
    ChainUnavailable,
    Ended,
    PullOrder,
    Sealed,
    Settled,
    Tried,
)

GAS_MARGIN_PERCENT = 125
MOST_BLOCKS_OF_LOGS = 1_000
_FAR = 2**63
_NO_SIGNATURE = bytes(64) + bytes([27])
_NOBODY = "0x" + "00" * 20
_WORD = re.compile(r"0x[0-9a-fA-F]{64}")


class HubChain:
    """Implements `engine.hub.ports.Chain`.

    hub_signer: signs for the hub's entity. gas_cap_wei: the most that one gas may cost now. confirmations: blocks until
    one counts as final, its own included. from_address: of the sender's account.
    """

    def __init__(
        self,
        *,
        rpc: Rpc,
        sender: Sender,
        hub_signer: HubSigner,
        contract: str,
        chain_id: int,
        gate: Gate,
        gas_cap_wei: Callable[[], int],
        confirmations: int,
        from_address: str,
    ) -> None:
        self._rpc = rpc
        self._sender = sender
        self._address = hub_signer.address
        self._entity = entity_of(hub_signer.address)
        self.entity = f"0x{self._entity.hex()}"
        self._sealing = Sealing(gate, hub_signer)
        self._contract = contract
        self._chain_id = chain_id
        self._gas_cap_wei = gas_cap_wei
        self._confirmations = confirmations
        self._from = from_address

    @property
    def under_way(self) -> str:
        life = self._sender.life
        return "" if life is None else life.key

    async def start(self) -> None:
        with _unavailable():
            await self._sender.start()
            code, nonce = await self._rpc.ask_all(
                [("eth_getCode", [self._contract, "latest"]), self._entity_nonce("latest")]
            )
            if not raw(good(code), "eth_getCode"):
                raise ChainUnavailable(f"there is no Depository at {self._contract} on chain {self._chain_id}")
            _one(nonce, "entityNonces")

    async def look(self, token_ids: Sequence[int]) -> ChainLook:
        with _unavailable():
            newest = await self._rpc.ask("eth_getBlockByNumber", "latest", False)
            at_s = float(_bounded(block_time_s(newest), "timestamp"))
            head = _bounded(whole(newest.get("number"), "number"), "number")
            final_block = max(0, head - self._confirmations + 1)
            calls: list[Call] = [
                ("eth_feeHistory", [hex(BLOCKS), "latest", [PERCENTILE]]),
                self._entity_nonce(hex(final_block)),
                self._entity_nonce(hex(head)),
            ]
            for token_id in token_ids:
                calls += [
                    self._view(name, ("bytes32", "uint256"), (self._entity, token_id), hex(final_block))
                    for name in ("_reserves", "debtOutstanding")
                ]
            fees, nonce, newest_nonce, *held = await self._rpc.ask_all(calls)
            reserves = {
                token_id: max(0, _one(held[2 * at], "_reserves") - _one(held[2 * at + 1], "debtOutstanding"))
                for at, token_id in enumerate(token_ids)
            }
            return ChainLook(
                head=head,
                at_s=at_s,
                final_block=final_block,
                reserves=reserves,
                entity_nonce=_one(nonce, "entityNonces"),
                newest_entity_nonce=_one(newest_nonce, "entityNonces"),
                gas_price_wei=_bounded(gas_quote(good(fees), at_s).price_wei, "eth_feeHistory"),
            )

    async def settled(self, since_block: int, upto_block: int) -> Settled:
        until = min(upto_block, since_block + MOST_BLOCKS_OF_LOGS)
        if until <= since_block:
            return Settled(since_block, (), {})
        wanted = {
            "address": self._contract,
            "fromBlock": hex(since_block + 1),
            "toBlock": hex(until),
            "topics": [TOPICS],
        }
        with _unavailable():
            logs, head = await self._rpc.ask_all([("eth_getLogs", [wanted]), ("eth_blockNumber", [])])
            # A node that is behind gives the logs that it has, and says nothing of the rest.
            if whole(good(head), "eth_blockNumber") < until:
                raise NodeSilent(f"the node is behind block {until}")
            blocks = range(since_block + 1, until + 1)
            return await asyncio.to_thread(settled_in, good(logs), self._contract, self._entity, blocks)

    async def accounts(self, user: str, token_ids: Sequence[int], at_block: int) -> tuple[AccountOnChain, ...]:
        account, at = account_key(self._entity, _bytes(user)), hex(at_block)
        calls = [self._view("_accounts", ("bytes",), (account,), at)]
        calls += [self._view("_collaterals", ("bytes", "uint256"), (account, one), at) for one in token_ids]
        with _unavailable():
            nonce, *held = await self._rpc.ask_all(calls)
            number = _one(nonce, "_accounts")
            states = [words(good(answer), 2, "_collaterals") for answer in held]
            return tuple(
                AccountOnChain(user, token_id, collateral, signed_word(ondelta), number)
                for token_id, (collateral, ondelta) in zip(token_ids, states, strict=True)
            )

    async def seal(self, name: str, order: BatchOrder, nonce: int) -> Sealed:
        encoded = await asyncio.to_thread(self._encoded, order)
        digest = batch_hash(self._chain_id, self._contract, encoded, nonce)
        signature = await self._sealing.signature(name, digest, nonce, order)
        hanko = hanko_of(digest, self._address, lambda _: signature)
        return Sealed(nonce, f"0x{digest.hex()}", f"0x{process_call(encoded, hanko, nonce).hex()}")

    async def try_out(self, sealed: Sealed) -> Tried:
        wanted = {"from": self._from, "to": self._contract, "data": sealed.call}
        with _unavailable():
            called, estimated = await self._rpc.ask_all(
                [("eth_call", [wanted, "latest"]), ("eth_estimateGas", [wanted, "latest"])]
            )
            for answer in (called, estimated):
                if isinstance(answer, NodeRefused) and is_revert(answer):
                    return Tried(refusal_words(answer))
            good(called)
            return Tried(None, _bounded(whole(good(estimated), "eth_estimateGas"), "eth_estimateGas"))

    async def submit(self, key: str, sealed: Sealed, gas: int) -> None:
        limit = gas * GAS_MARGIN_PERCENT // 100
        with _unavailable():
            await self._sender.submit(ChainCall(key, self._contract, sealed.call, 0, limit, self._gas_cap_wei()))

    async def advance(self) -> Reason | Ended:
        with _unavailable():
            step = await self._sender.look()
        if step is None:
            raise RuntimeError("nothing is under way")
        if not step.life.ended:
            return step.reason
        mined = step.life.inclusion
        if mined is None:
            return Ended(step.life.key, False, False, step.reason, never_sent=not step.life.seals)
        return Ended(
            key=step.life.key,
            mined=True,
            succeeded=mined.succeeded,
            reason=step.reason,
            hash=mined.hash,
            gas_used=mined.gas_used,
            gas_price_wei=mined.gas_price_wei,
        )

    def forgotten(self) -> Memory:
        return self._sender.forgotten()

    def pull_digest(self, user: str, token_id: int, amount: int, nonce: int) -> str:
        return f"0x{self._pull_hash(_bytes(user), token_id, amount, nonce).hex()}"

    def signed_by(self, digest: str, signature: str) -> str | None:
        try:
            return signer_entity(_bytes(digest), signature)
        except ValueError:
            return None

    def _pull_hash(self, user: bytes, token_id: int, amount: int, nonce: int) -> bytes:
        diffs = pull_diffs(self._entity, user, token_id, amount)
        return settlement_hash(self._chain_id, self._contract, account_key(self._entity, user), nonce, diffs)

    def _encoded(self, order: BatchOrder) -> bytes:
        """The batch to the byte: one push item for each token, in the order of their first users."""
        pairs: dict[int, list[tuple[bytes, int]]] = {}
        for push in order.pushes:
            pairs.setdefault(push.token_id, []).append((_bytes(push.user), push.amount))
        pushes = tuple(Push(token_id, self._entity, tuple(of)) for token_id, of in pairs.items())
        return encode_batch(Batch(pushes=pushes, pulls=tuple(self._pull(pull) for pull in order.pulls)))

    def _pull(self, order: PullOrder) -> Pull:
        """With the hanko of whoever signed; of nobody when it cannot be told, so that the contract refuses it."""
        user = _bytes(order.user)
        digest = self._pull_hash(user, order.token_id, order.amount, order.nonce)
        address = signer_address(digest, order.signature)
        signature = _NO_SIGNATURE if address is None else bytes.fromhex(order.signature[2:])
        hanko = hanko_of(digest, address or _NOBODY, lambda _: signature)
        return Pull(user, order.token_id, order.amount, order.nonce, hanko)

    def _entity_nonce(self, at: str) -> Call:
        return self._view("entityNonces", ("bytes32",), (self._entity,), at)

    def _view(self, name: str, types: Sequence[str], arguments: Sequence[Any], at: str) -> Call:
        data = selector(f"{name}({','.join(types)})") + encode(list(types), list(arguments))
        return "eth_call", [{"to": self._contract, "data": f"0x{data.hex()}"}, at]


@contextmanager
def _unavailable() -> Iterator[None]:
    """What the node did not answer as the port says it."""
    try:
        yield
    except (NodeSilent, NodeRefused, WrongChain) as error:
        raise ChainUnavailable(str(error)) from error


def _one(answer: Any, what: str) -> int:
    (found,) = words(good(answer), 1, what)
    return found


def _bounded(value: int, what: str) -> int:
    """What no block, time or price can be would only fail later, where nobody expects it."""
    if value >= _FAR:
        raise NodeSilent(f"{what}: expected less than 2**63")
    return value


def _bytes(word: str) -> bytes:
    """32 bytes as hex. Raises ValueError."""
    if not _WORD.fullmatch(word):
        raise ValueError(f"expected 0x and 64 digits of hex, got {word[:80]!r}")
    return bytes.fromhex(word[2:])
