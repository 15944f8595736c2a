"""Everything that the hub remembers over restarts, and the one way to change it (hub spec 2, 15 and 16).

A change is made on a draft, becomes durable in one commit, and counts only then. One change at a time: what it was
decided on still holds when it is written. When it is not known whether a commit went through, nothing is changed any
more until the journal was read anew.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.core.clock import Clock
from engine.core.journal import Batch, Fact, Journal, JournalFailed, Memory
from engine.hub.accounts import Account
from engine.hub.book import AccountBook
from engine.hub.ledger import Ledger
from engine.hub.plain_rows import (
    account_from,
    account_row,
    ledger_from,
    ledger_rows,
    pull_from,
    pull_row,
    record_from,
    request_from,
    request_row,
)
from engine.hub.pulls import PullRequest
from engine.hub.records import BatchRecord, BatchStatus
from engine.hub.requests import Request

ENGINE = "hub"
ACCEPTED, ENDED, PAID, BATCH, PULLED = "accepted", "ended", "payment", "batch", "pull"
ACCOUNTS, REQUESTS, PULLS = "account/", "request/", "pull/"
MOST_ENDED, MOST_RECORDS = 5000, 200
DAY_S = 86_400.0


class JournalUnsure(RuntimeError):
    """It is not known whether the last change became durable: the journal has to be read anew."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A batch on its way. requests, pulls: ids, in order. first_deposits: of the requests, whose account had nothing on
    chain. hash: of the signed batch. predicted_gas: by the model."""

    key: str
    nonce: int
    at_s: float
    requests: tuple[str, ...]
    pulls: tuple[str, ...]
    first_deposits: tuple[bool, ...]
    hash: str
    predicted_gas: int
    pushed_usd: Decimal


@dataclass(frozen=True, slots=True)
class Exposed:
    """Ids that one signed batch carries: whoever has its bytes can have it carried out."""

    requests: tuple[str, ...]
    pulls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums since the record began; accepted and refused count answers to requests."""

    batches: int = 0
    accepted: int = 0
    refused: int = 0
    pushed_usd: Decimal = Decimal(0)
    pulled_usd: Decimal = Decimal(0)
    hub_fees_usd: Decimal = Decimal(0)
    gas_taken_usd: Decimal = Decimal(0)
    gas_paid_usd: Decimal = Decimal(0)
    refunded_usd: Decimal = Decimal(0)

    def with_batch(self, record: BatchRecord) -> Totals:
        return replace(
            self,
            batches=self.batches + (record.status is BatchStatus.SETTLED),
            pushed_usd=self.pushed_usd + record.pushed_usd,
            pulled_usd=self.pulled_usd + record.pulled_usd,
            hub_fees_usd=self.hub_fees_usd + record.hub_fees_usd,
            gas_taken_usd=self.gas_taken_usd + record.gas_taken_usd,
            gas_paid_usd=self.gas_paid_usd + record.gas_paid_usd,
            refunded_usd=self.refunded_usd + record.refunded_usd,
        )


class Change:
    """A draft: what it sets is seen through it at once, and by everybody after the commit."""

    def __init__(self, held: Remembered, now_s: float) -> None:
        self._held = held
        self.now_s = now_s
        self.accounts: dict[tuple[str, int], Account] = {}
        self.requests: dict[str, Request] = {}
        self.pulls: dict[str, PullRequest] = {}
        self.single: dict[str, Any] = {}
        self.facts: list[Fact] = []
        self.beside: list[Memory] = []
        self.record: BatchRecord | None = None

    def account(self, user: str, token_id: int) -> Account | None:
        return self.accounts.get((user, token_id)) or self._held.accounts.get(user, token_id)

    def set_account(self, user: str, token_id: int, account: Account) -> None:
        self.accounts[user, token_id] = account

    def set_request(self, request: Request) -> None:
        """One that has ended is recorded as a fact, and forgotten in time."""
        self.requests[request.id] = request
        if not request.state.open:
            self.facts.append(Fact(ENGINE, ENDED, request.id, request_row(request), self.now_s))

    def set_pull(self, pull: PullRequest) -> None:
        self.pulls[pull.id] = pull
        if not pull.state.open:
            self.facts.append(Fact(ENGINE, PULLED, pull.id, pull_row(pull), self.now_s))

    def set(self, name: str, value: Any) -> None:
        """One of the names that `Remembered` has an attribute of; None forgets it."""
        self.single[name] = value

    def get(self, name: str) -> Any:
        return self.single.get(name, getattr(self._held, name))


class Remembered:
    """The hub's memory of one contract on one chain. Read its attributes; change it through `changing` alone."""

    def __init__(self, name: str, journal: Journal, clock: Clock) -> None:
        self._prefix = f"{name}/"
        self._journal = journal
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._unsure = False
        self.accounts = AccountBook()
        self.opened: set[str] = set()
        self.requests: dict[str, Request] = {}
        self.ended: OrderedDict[str, Request] = OrderedDict()
        self.by_key: dict[tuple[str, str], str] = {}
        self.pulls: dict[str, PullRequest] = {}
        self.pulls_ended: OrderedDict[str, PullRequest] = OrderedDict()
        self.records: deque[BatchRecord] = deque(maxlen=MOST_RECORDS)
        self.dispatched: deque[tuple[float, Fraction]] = deque()
        self.scanned_block: int | None = None
        self.attempt: Attempt | None = None
        self.exposed: dict[str, Exposed] = {}
        self.batches: dict[int, str] = {}
        self.ledger = Ledger()
        self.totals = Totals()
        self.stopped = False

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[Change]:
        """A draft that is committed when the block ends without an error. Raises JournalFailed or JournalUnsure."""
        async with self._one_at_a_time:
            if self._unsure:
                raise JournalUnsure("a change was broken off while it was written")
            draft = Change(self, self._clock.now())
            yield draft
            batch = self._batch(draft)
            if batch.empty:
                return
            self._unsure = True
            await self._written(draft, batch)

    async def _written(self, draft: Change, batch: Batch) -> None:
        """Written to its end even where whoever wanted it is gone meanwhile: only then is it known what holds."""
        writing = asyncio.create_task(self._journal.commit(batch), name="hub-commit")
        broken_off: asyncio.CancelledError | None = None
        while not writing.done():
            try:
                await asyncio.wait([writing])
            except asyncio.CancelledError as error:
                broken_off = error
        try:
            writing.result()
        except JournalFailed:
            self._unsure = False  # then nothing of it was written
            raise
        self._unsure = False
        self._take_in(draft)
        if broken_off is not None:
            raise broken_off

    @property
    def unsure(self) -> bool:
        """Whether a change was broken off; then nothing more can be changed."""
        return self._unsure and not self._one_at_a_time.locked()

    def request(self, id: str) -> Request | None:
        """Open, or ended not too long ago."""
        return self.requests.get(id) or self.ended.get(id)

    def pushed_since(self, since_s: float) -> Fraction:
        """USD of the batches that were sent after then, what is on its way included."""
        return sum((usd for at_s, usd in self.dispatched if at_s > since_s), Fraction(0))

    async def recall(self) -> None:
        """Read everything. What cannot be read fails the start: what may be under way is never guessed at."""
        async for page in self._journal.recall_pages(ENGINE, self._prefix):
            for name, value in page.items():
                self._recall_one(name.removeprefix(self._prefix), value)
            self.accounts.index_changes()
        since_s = self._clock.now() - DAY_S
        for fact in await self._journal.facts(ENGINE, ENDED, since_s):
            self._end(request_from(fact.payload))
        for fact in await self._journal.facts(ENGINE, PULLED, since_s):
            self._end_pull(pull_from(fact.payload))
        for fact in await self._journal.facts(ENGINE, BATCH):
            if fact.key.startswith(self._prefix):
                self.records.append(record_from(fact.payload))
                self._count_spent(self.records[-1])

    def _recall_one(self, name: str, value: Any) -> None:
        if name.startswith(ACCOUNTS):
            token_id, _, user = name.removeprefix(ACCOUNTS).partition("/")
            self.accounts.put(user, int(token_id), account_from(value))
        elif name.startswith(REQUESTS):
            request = request_from(value)
            self.requests[request.id] = request
            self.by_key[request.user, request.idempotency_key] = request.id
        elif name.startswith(PULLS):
            self.pulls[value["id"]] = pull_from(value)
        else:
            setattr(self, name, _SINGLE[name][1](value))

    def _batch(self, draft: Change) -> Batch:
        rows: dict[str, Any] = {}
        for (user, token_id), account in draft.accounts.items():
            rows[f"{ACCOUNTS}{token_id}/{user}"] = account_row(account)
        for id, request in draft.requests.items():
            rows[f"{REQUESTS}{id}"] = request_row(request) if request.state.open else None
        for id, pull in draft.pulls.items():
            rows[f"{PULLS}{id}"] = pull_row(pull) if pull.state.open else None
        for name, value in draft.single.items():
            rows[name] = None if value is None else _SINGLE[name][0](value)
        memories = [Memory(ENGINE, self._prefix + name, value, draft.now_s) for name, value in rows.items()]
        return Batch(remember=(*memories, *draft.beside), facts=tuple(draft.facts))

    def _take_in(self, draft: Change) -> None:
        for (user, token_id), account in draft.accounts.items():
            self.accounts.put(user, token_id, account)
        for request in draft.requests.values():
            if request.state.open:
                self.requests[request.id] = request
                self.by_key[request.user, request.idempotency_key] = request.id
            else:
                self.requests.pop(request.id, None)
                self._end(request)
        for pull in draft.pulls.values():
            if pull.state.open:
                self.pulls[pull.id] = pull
            else:
                self.pulls.pop(pull.id, None)
                self._end_pull(pull)
        for name, value in draft.single.items():
            setattr(self, name, value)
        if draft.record is not None:
            self.records.append(draft.record)
            self._count_spent(draft.record)

    def batch_fact(self, record: BatchRecord, key: str, payload: Any) -> Fact:
        """`key` is the attempt's, so that nothing is booked twice."""
        return Fact(ENGINE, BATCH, self._prefix + key, payload, record.at_s)

    def _count_spent(self, record: BatchRecord) -> None:
        if record.pushed_usd:
            self.dispatched.append((record.at_s, Fraction(record.pushed_usd)))
        while self.dispatched and self.dispatched[0][0] < self._clock.now() - DAY_S:
            self.dispatched.popleft()

    def _end(self, request: Request) -> None:
        self.ended[request.id] = request
        self.by_key[request.user, request.idempotency_key] = request.id
        while len(self.ended) > MOST_ENDED:
            _, old = self.ended.popitem(last=False)
            self.by_key.pop((old.user, old.idempotency_key), None)

    def _end_pull(self, pull: PullRequest) -> None:
        self.pulls_ended[pull.id] = pull
        while len(self.pulls_ended) > MOST_ENDED:
            self.pulls_ended.popitem(last=False)


def _attempt_from(row: Any) -> Attempt:
    lists = {name: tuple(row[name]) for name in ("requests", "pulls", "first_deposits")}
    return Attempt(**(row | lists | {"pushed_usd": Decimal(row["pushed_usd"])}))


def _exposed_from(rows: Any) -> dict[str, Exposed]:
    return {hash: Exposed(tuple(row["requests"]), tuple(row["pulls"])) for hash, row in rows.items()}


def _batches_from(rows: Any) -> dict[int, str]:
    return {int(nonce): hash for nonce, hash in rows.items()}


def _totals_from(row: Any) -> Totals:
    sums: dict[str, Any] = {name: Decimal(value) for name, value in row.items() if name.endswith("_usd")}
    return Totals(**(row | sums))


def _with_text(row: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in row.items()}


_SINGLE: dict[str, tuple[Any, Any]] = {
    "scanned_block": (int, int),
    "attempt": (lambda value: _with_text(asdict(value)), _attempt_from),
    "exposed": (lambda value: {hash: asdict(one) for hash, one in value.items()}, _exposed_from),
    "batches": (lambda value: {str(nonce): hash for nonce, hash in value.items()}, _batches_from),
    "ledger": (ledger_rows, ledger_from),
    "totals": (lambda value: _with_text(asdict(value)), _totals_from),
    "stopped": (bool, bool),
}
"""How each single value becomes JSON, and comes back."""
