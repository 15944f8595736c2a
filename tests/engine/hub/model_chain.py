"""The Depository in memory and an account that sends to it, as `engine.hub.ports.Chain` has them.

The contract's own rules (hub spec 18), a block for each transaction, any block of the past to be read, and what real
chains do to a sender: nothing, a revert, a loss, somebody else who is first. Signatures are names, for what is tested
here is bookkeeping; the real contract and real signatures have tests of their own.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from engine.core.journal import Memory
from engine.core.messages import Reason
from engine.hub.gas import BatchShape, predicted_gas
from engine.hub.messages import OnItsWay
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

Key = TypeVar("Key")
LEFT_HUB, RIGHT_HUB = f"0x80{1:062x}", f"0x80{'00' * 7}{'ff' * 24}"
"""Below and above every user; what names a batch, the first eight bytes, is the same."""


class Reverts(Exception):
    """The contract's words."""


class History(Generic[Key]):
    """Numbers by key as they were after each block; 0 before the first."""

    def __init__(self) -> None:
        self._blocks: dict[Key, list[int]] = defaultdict(list)
        self._values: dict[Key, list[int]] = defaultdict(list)

    def at(self, key: Key, block: int) -> int:
        if key not in self._blocks:
            return 0
        place = bisect_right(self._blocks[key], block)
        return self._values[key][place - 1] if place else 0

    def now(self, key: Key) -> int:
        return self._values[key][-1] if key in self._values else 0

    def set(self, key: Key, block: int, value: int) -> None:
        self._blocks[key].append(block)
        self._values[key].append(value)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._blocks)


@dataclass(frozen=True, slots=True)
class Push:
    """One pair that was carried out."""

    block: int
    user: str
    token_id: int
    amount: int


class Depository:
    """Of one hub. reserves: by token; collaterals, ondeltas: by user and token; account_nonces: by user."""

    def __init__(self, entity: str) -> None:
        self.entity = entity
        self.head = 1
        self.reserves: History[int] = History()
        self.collaterals: History[tuple[str, int]] = History()
        self.ondeltas: History[tuple[str, int]] = History()
        self.account_nonces: History[str] = History()
        self.entity_nonces: History[str] = History()
        self.deposited: Counter[int] = Counter()
        self.secured: History[tuple[str, int]] = History()
        self.pushes: list[Push] = []
        self.touched: dict[int, set[tuple[str, int]]] = defaultdict(set)
        self.batches: dict[int, dict[int, str]] = defaultdict(dict)
        self.newest_batch = ""
        self.on_carried: Callable[[BatchOrder], None] = lambda _: None

    def mine(self, blocks: int = 1) -> None:
        self.head += blocks

    def fund(self, token_id: int, amount: int) -> None:
        """Into the hub's reserve."""
        self.mine()
        self.deposited[token_id] += amount
        self.reserves.set(token_id, self.head, self.reserves.now(token_id) + amount)

    def secure(self, user: str, token_id: int, amount: int) -> None:
        """A user's own money into the account, by a batch of the user's own."""
        self.mine()
        self.deposited[token_id] += amount
        self.secured.set((user, token_id), self.head, self.secured.now((user, token_id)) + amount)
        self._hold(user, token_id, amount, amount if self.is_left(user) else 0)

    def give(self, user: str, token_id: int, amount: int) -> None:
        """Somebody else's money into the account, in the hub's favour."""
        self.mine()
        self.deposited[token_id] += amount
        self._hold(user, token_id, amount, 0 if self.is_left(user) else amount)

    def is_left(self, user: str) -> bool:
        return user < self.entity

    def process(self, order: BatchOrder, nonce: int, hash: str) -> str | None:
        """Carry a batch out in a block of its own; the words when it reverts and nothing moved."""
        try:
            moves = self.run(order, nonce)
        except Reverts as words:
            self.mine()
            return str(words)
        self.mine()
        self.entity_nonces.set(self.entity, self.head, nonce)
        self.batches[self.head][nonce] = self.newest_batch = hash
        for token_id, change in moves.items():
            self.reserves.set(token_id, self.head, self.reserves.now(token_id) + change)
        for pull in order.pulls:
            self.account_nonces.set(pull.user, self.head, pull.nonce)
            self._hold(pull.user, pull.token_id, -pull.amount, 0 if self.is_left(pull.user) else -pull.amount)
        for push in order.pushes:
            self.pushes.append(Push(self.head, push.user, push.token_id, push.amount))
            self._hold(push.user, push.token_id, push.amount, 0 if self.is_left(push.user) else push.amount)
        self.on_carried(order)
        return None

    def run(self, order: BatchOrder, nonce: int) -> Counter[int]:
        """What the batch would do to the reserves now. Raises Reverts."""
        expected = self.entity_nonces.now(self.entity) + 1
        if nonce != expected:
            raise Reverts(f"WrongNonce({expected}, {nonce})")
        moves: Counter[int] = Counter()
        taken: Counter[tuple[str, int]] = Counter()
        nonces: dict[str, int] = {}
        for pull in order.pulls:
            last = nonces.get(pull.user, self.account_nonces.now(pull.user))
            if pull.nonce <= last:
                raise Reverts(f"StaleAccountNonce({last}, {pull.nonce})")
            if pull.signature != signature_of(pull.user, pull_hash(pull)):
                raise Reverts(f"NotSignedBy({pull.user})")
            nonces[pull.user] = pull.nonce
            taken[pull.user, pull.token_id] += pull.amount
            if taken[pull.user, pull.token_id] > self.collaterals.now((pull.user, pull.token_id)):
                raise Reverts("NotEnoughCollateral")
            moves[pull.token_id] += pull.amount
        for push in order.pushes:
            if push.amount <= 0:
                raise Reverts("NothingMoved()")
            moves[push.token_id] -= push.amount
            if self.reserves.now(push.token_id) + moves[push.token_id] < 0:
                raise Reverts("NotEnoughReserve")
        return moves

    def users(self) -> set[str]:
        return {user for user, _ in self.collaterals}

    def _hold(self, user: str, token_id: int, collateral: int, ondelta: int) -> None:
        key = (user, token_id)
        self.collaterals.set(key, self.head, self.collaterals.now(key) + collateral)
        self.ondeltas.set(key, self.head, self.ondeltas.now(key) + ondelta)
        self.touched[self.head].add(key)


@dataclass
class Flight:
    """The sending account's transaction. block: where it was mined; gone: another one took its place."""

    key: str
    sealed: Sealed
    block: int | None = None
    succeeded: bool = False
    gas_used: int = 0
    gas_price_wei: int = 0
    gone: bool = False
    never_sent: bool = False


@dataclass
class ModelChain:
    """Implements `engine.hub.ports.Chain`. It outlives the engine, as a chain does.

    silent: names of its calls that will not be answered, each once. shown: signed batches that others have seen, by
    hash. on_submit: looks at each batch that leaves.
    """

    depository: Depository
    confirmations: int = 1
    gas_price_wei: int = 2 * 10**9
    gas_noise: int = 0
    now: Callable[[], float] = lambda: 0.0
    silent: set[str] = field(default_factory=set)
    orders: dict[str, tuple[BatchOrder, int]] = field(default_factory=dict)
    shown: dict[str, Sealed] = field(default_factory=dict)
    flight: Flight | None = None
    on_submit: Callable[[BatchOrder], None] = lambda _: None
    _spent: set[str] = field(default_factory=set)

    @property
    def entity(self) -> str:
        return self.depository.entity

    @property
    def under_way(self) -> str:
        return "" if self.flight is None else self.flight.key

    @property
    def final_block(self) -> int:
        return max(0, self.depository.head - self.confirmations + 1)

    async def start(self) -> None:
        self._answers("start")

    async def look(self, token_ids: Sequence[int]) -> ChainLook:
        self._answers("look")
        place, final = self.depository, self.final_block
        return ChainLook(
            head=place.head,
            at_s=self.now(),
            final_block=final,
            reserves={one: place.reserves.at(one, final) for one in token_ids},
            entity_nonce=place.entity_nonces.at(self.entity, final),
            newest_entity_nonce=place.entity_nonces.now(self.entity),
            gas_price_wei=self.gas_price_wei,
        )

    async def settled(self, since_block: int, upto_block: int) -> Settled:
        self._answers("settled")
        place = self.depository
        blocks = range(since_block + 1, upto_block + 1)
        keys = sorted({key for block in blocks for key in place.touched.get(block, ())})
        batches = {nonce: hash for block in blocks for nonce, hash in place.batches.get(block, {}).items()}
        return Settled(upto_block, tuple(self._account(user, one, upto_block) for user, one in keys), batches)

    async def accounts(self, user: str, token_ids: Sequence[int], at_block: int) -> tuple[AccountOnChain, ...]:
        self._answers("accounts")
        return tuple(self._account(user, one, at_block) for one in token_ids)

    async def seal(self, name: str, order: BatchOrder, nonce: int) -> Sealed:
        self._answers("seal")
        hash = hashlib.sha256(repr((order, nonce)).encode()).hexdigest()
        self.orders[hash] = (order, nonce)
        return Sealed(nonce, hash, hash)

    async def try_out(self, sealed: Sealed) -> Tried:
        self.shown[sealed.hash] = sealed
        self._answers("try_out")
        order, nonce = self.orders[sealed.hash]
        try:
            self.depository.run(order, nonce)
        except Reverts as words:
            return Tried(str(words))
        return Tried(None, gas_of(order))

    async def submit(self, key: str, sealed: Sealed, gas: int) -> None:
        self._answers("submit")
        if self.flight is not None or key in self._spent:
            raise RuntimeError(f"{key} cannot be submitted")
        self.on_submit(self.orders[sealed.hash][0])
        self._spent.add(key)
        self.flight = Flight(key, sealed)
        self.shown[sealed.hash] = sealed

    async def advance(self) -> Reason | Ended:
        self._answers("advance")
        flight = self.flight
        if flight is None:
            raise RuntimeError("nothing is under way")
        reason = OnItsWay(flight.sealed.nonce)
        if flight.gone:
            return Ended(flight.key, False, False, reason, never_sent=flight.never_sent)
        if flight.block is None or flight.block > self.final_block:
            return reason
        return Ended(
            flight.key,
            True,
            flight.succeeded,
            reason,
            hash=f"0x{flight.block:064x}",
            gas_used=flight.gas_used,
            gas_price_wei=flight.gas_price_wei,
        )

    def forgotten(self) -> Memory:
        self.flight = None
        return Memory("chain", "life/model", None, self.now())

    def pull_digest(self, user: str, token_id: int, amount: int, nonce: int) -> str:
        return pull_hash(PullOrder(user, token_id, amount, nonce, ""))

    def signed_by(self, digest: str, signature: str) -> str | None:
        user = signature[:66]
        return user if signature == signature_of(user, digest) else None

    def carry_out(self, *, out_of_gas: bool = False) -> None:
        """Mine what is under way, when it is not mined yet; out_of_gas: it reverts whatever it does."""
        flight = self.flight
        if flight is None or flight.block is not None or flight.gone:
            return
        order, nonce = self.orders[flight.sealed.hash]
        words: str | None = "out of gas"
        if out_of_gas:
            self.depository.mine()
        else:
            words = self.depository.process(order, nonce, flight.sealed.hash)
        flight.block, flight.succeeded = self.depository.head, words is None
        flight.gas_used, flight.gas_price_wei = gas_of(order) + self.gas_noise, self.gas_price_wei

    def lose(self, *, never_sent: bool = False) -> None:
        """Another transaction of the account takes the place of what is under way."""
        if self.flight is not None and self.flight.block is None:
            self.flight.gone, self.flight.never_sent = True, never_sent

    def somebody_carries_out(self, place: int) -> bool:
        """One of the signed batches that others have seen and that still can be; false when there is none."""
        nonce = self.depository.entity_nonces.now(self.entity) + 1
        open_now = [sealed for sealed in self.shown.values() if sealed.nonce == nonce]
        if not open_now:
            return False
        sealed = open_now[place % len(open_now)]
        return self.depository.process(self.orders[sealed.hash][0], nonce, sealed.hash) is None

    def _account(self, user: str, token_id: int, block: int) -> AccountOnChain:
        key, place = (user, token_id), self.depository
        nonce = place.account_nonces.at(user, block)
        return AccountOnChain(user, token_id, place.collaterals.at(key, block), place.ondeltas.at(key, block), nonce)

    def _answers(self, name: str) -> None:
        if name in self.silent:
            self.silent.discard(name)
            raise ChainUnavailable(f"{name}: no answer")


def signature_of(user: str, digest: str) -> str:
    """65 bytes: who signed and what."""
    return f"{user}{digest[2:66]}1b"


def pull_hash(pull: PullOrder) -> str:
    said = repr((pull.user, pull.token_id, pull.amount, pull.nonce))
    return f"0x{hashlib.sha256(said.encode()).hexdigest()}"


def gas_of(order: BatchOrder) -> int:
    pairs = Counter(push.token_id for push in order.pushes)
    return predicted_gas(BatchShape(tuple((count, 0) for count in pairs.values()), len(order.pulls)))
