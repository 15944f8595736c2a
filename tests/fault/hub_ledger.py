"""What a chain's own history says of a hub and its users, against what the program's journal and the wallets say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from eth_abi.abi import decode

from engine.chain.depository import account_key
from engine.chain.hub_events import BATCH_PROCESSED
from engine.chain.hub_signing import SIGN
from engine.core.journal import Fact, IntentRow
from engine.hub.accounts import Account
from engine.hub.ledger import Party
from engine.hub.plain_rows import account_from, ledger_from, pull_from
from engine.hub.pulls import PullRequest, PullState
from engine.hub.records import BatchRecord, BatchStatus
from engine.hub.remembered import ACCOUNTS, PULLS, REQUESTS
from engine.hub.requests import Request, RequestState
from engine.paper.anvil import Node
from engine.paper.chain_parts import call_data
from tests.engine.hub.running_hub import SENDER, HubPlace
from tests.fault.hub_users import PEOPLE, REFUSED, Notebook, id_of

_DIFFS = "(uint256,int256,int256,int256,int256)[]"
_BATCH = (
    "((uint256,uint256)[],(bytes32,uint256,uint256)[],(uint256,bytes32,(bytes32,uint256)[])[],"
    "(bytes32,uint256,uint256,uint256,bytes)[],"
    f"(bytes32,bytes32,{_DIFFS},uint256[],bytes,uint256)[],"
    "uint256[],uint256[],uint256[],uint256[],uint256[],uint256[],uint256[])"
)
_SIGNED = (SIGN, "delivered")
_PARTS = ("pushes", "pulls")
_DEPOSIT = call_data("deposit(bytes32,uint256,uint256)", bytes(32), 0, 0)[:4]

Moved = tuple[str, int, int]
"""User, token id, base units."""


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction to the contract."""

    hash: str
    sender: str
    data: bytes
    succeeded: bool
    logs: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Carried:
    """A batch of the hub's that the contract carried out, as its bytes say."""

    hash: str
    nonce: int
    sender: str
    pushes: tuple[Moved, ...]
    pulls: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """On chain. reserves: the hub's, by token. accounts: collateral and ondelta by user and token. nonce: the hub's."""

    reserves: Mapping[int, int]
    accounts: Mapping[tuple[str, int], tuple[int, int]]
    nonce: int


@dataclass(frozen=True, slots=True)
class OnChain:
    """The chain's side."""

    entity: str
    mined: Sequence[Mined]
    before: Held
    after: Held
    carried: Sequence[Carried] = field(default_factory=list)

    @property
    def deposited(self) -> Counter[int]:
        """Into the hub's reserve, by token."""
        found: Counter[int] = Counter()
        for one in self.mined:
            if one.succeeded and one.data[:4] == _DEPOSIT:
                entity, token_id, amount = decode(["bytes32", "uint256", "uint256"], one.data[4:])
                found[token_id] += amount if _hex(entity) == self.entity else 0
        return found


@dataclass(frozen=True, slots=True)
class Written:
    """The journal's side, by what it remembers and by facts."""

    accepted: Sequence[Fact]
    ended: Sequence[Request]
    payments: Sequence[Fact]
    pulls: Sequence[PullRequest]
    records: Sequence[BatchRecord]
    signatures: Sequence[IntentRow]
    broadcasts: Sequence[IntentRow]
    hub_memory: Mapping[str, Any]
    chain_memory: Mapping[str, Any]
    decimals: Mapping[str, tuple[int, int]]

    @property
    def done(self) -> list[Request]:
        return [one for one in self.ended if one.state is RequestState.DONE]

    @property
    def executed(self) -> list[PullRequest]:
        return [one for one in self.pulls if one.state is PullState.EXECUTED]

    @property
    def settled(self) -> list[BatchRecord]:
        return [one for one in self.records if one.status is BatchStatus.SETTLED]

    @property
    def accounts(self) -> dict[tuple[str, int], Account]:
        found = {}
        for name, row in self.hub_memory.items():
            _, is_account, rest = name.partition(f"/{ACCOUNTS}")
            if is_account:
                token_id, _, user = rest.partition("/")
                found[user, int(token_id)] = account_from(row)
        return found

    def under(self, name: str) -> dict[str, Any]:
        return {one: row for one, row in self.hub_memory.items() if f"/{name}" in one}

    def units(self, symbol: str, tokens: Decimal) -> int:
        return int(tokens.scaleb(self.decimals[symbol][1]))


def mined_since(node: Node, contract: str, since_block: int) -> list[Mined]:
    """Everything that was sent to the contract, in the chain as it is now. Blocks."""
    head = int(node.ask("eth_blockNumber"), 16)
    calls = [("eth_getBlockByNumber", [hex(number), True]) for number in range(since_block + 1, head + 1)]
    sent = [one for block in node.ask_all(calls) for one in block["transactions"]]
    found = [one for one in sent if str(one["to"]).lower() == contract.lower()]
    receipts = node.ask_all([("eth_getTransactionReceipt", [one["hash"]]) for one in found])
    return [
        Mined(one["hash"], one["from"], bytes.fromhex(one["input"][2:]), got["status"] == "0x1", got["logs"])
        for one, got in zip(found, receipts, strict=True)
    ]


def held_now(place: HubPlace) -> Held:
    """At the head. Blocks."""
    tokens = [one.token_id for one in place.tokens]
    accounts = {}
    for user in (id_of(one) for one in PEOPLE):
        key = account_key(place.entity, bytes.fromhex(user[2:]))
        for token_id in tokens:
            collateral, ondelta = place._read("_collaterals(bytes,uint256)", key, token_id)
            accounts[user, token_id] = (collateral, ondelta - 2**256 if ondelta >> 255 else ondelta)
    return Held({one: place.reserve(one) for one in tokens}, accounts, place.entity_nonce())


def carried_in(mined: Iterable[Mined], entity: str) -> list[Carried]:
    """The hub's batches, by the contract's own log."""
    topics = [f"0x{BATCH_PROCESSED.hex()}", entity]
    found = []
    for one in mined:
        for log in one.logs:
            if log["topics"][:2] == topics:
                encoded, _, nonce = decode(["bytes", "bytes", "uint256"], one.data[4:])
                (batch,) = decode([_BATCH], encoded)
                pushes = tuple((_hex(user), token, units) for token, _, pairs in batch[2] for user, units in pairs)
                pulls = tuple((_hex(user), token, units) for user, token, units, *_ in batch[3])
                found.append(Carried(log["topics"][2], nonce, one.sender, pushes, pulls))
    return found


def breaches(chain: OnChain, written: Written, wallets: Notebook) -> list[str]:
    """Everything that was done twice, lost or made up, in words."""
    return [
        *_requests(written),
        *_wallets(written, wallets),
        *_numbers(chain),
        *_signed(chain, written),
        *_records(chain, written),
        *_transactions(chain, written),
        *_holdings(chain, written),
        *_accounts(chain, written),
        *_ledger(written),
        *_left(written),
    ]


def _requests(written: Written) -> list[str]:
    """Each that was accepted ended, once, and what a batch carried is what is done."""
    accepted = [fact.payload["id"] for fact in written.accepted]
    ended = [one.id for one in written.ended]
    pushed = [push.request for record in written.settled for push in record.pushes]
    return [
        *_twice(accepted, "the acceptance of"),
        *_twice(ended, "the end of"),
        *_twice(pushed, "the push of"),
        *_differ(set(accepted), set(ended), "accepted and not ended", "ended and never accepted"),
        *_differ({one.id for one in written.done}, set(pushed), "done by no batch", "carried by a batch and not done"),
    ]


def _wallets(written: Written, wallets: Notebook) -> list[str]:
    """What wallets were told is what is written."""
    requests = {fact.key: fact.payload["id"] for fact in written.accepted}
    payments = {fact.key: fact.key.partition("/")[2] for fact in written.payments}
    found = []
    for key, answers in wallets.answers.items():
        order = wallets.orders[key]
        known = (payments if order.payee else requests).get(f"{order.user}/{key}")
        if answers[-1].startswith(REFUSED) != (known is None) or (known is not None and known not in answers[-1]):
            found.append(f"{order} was answered {answers}, the journal has {known}")
    return found


def _numbers(chain: OnChain) -> list[str]:
    used = sorted(one.nonce for one in chain.carried)
    wanted = list(range(chain.before.nonce + 1, chain.after.nonce + 1))
    return [] if used == wanted else [f"the hub's numbers {used} were used, the contract counts {wanted}"]


def _signed(chain: OnChain, written: Written) -> list[str]:
    """Each batch that was carried out is one that the journal had before it was signed, to the unit. A signature whose
    intent has no answer was made in a life that ended before anybody saw it."""
    signed = {row.payload["hash"]: row.payload for row in written.signatures if (row.kind, row.state) == _SIGNED}
    found = []
    for one in chain.carried:
        known = signed.get(one.hash)
        if known is None:
            found.append(f"batch {one.nonce}, {one.hash}, was signed and is not in the journal")
            continue
        said = [Counter((x["user"], x["token_id"], x["amount"]) for x in known["order"][part]) for part in _PARTS]
        if (known["nonce"], said) != (one.nonce, [Counter(one.pushes), Counter(one.pulls)]):
            found.append(f"batch {one} was signed as {known}")
    return found


def _records(chain: OnChain, written: Written) -> list[str]:
    """Each batch that was carried out has one record, and it says what the batch's bytes say."""
    found = _twice([record.nonce for record in written.settled], "the record of number")
    by_nonce = {record.nonce: record for record in written.settled}
    for one in chain.carried:
        record = by_nonce.pop(one.nonce, None)
        if record is None:
            found.append(f"batch {one.nonce} was carried out and not recorded")
            continue
        said = [
            Counter((x.user, written.decimals[x.symbol][0], written.units(x.symbol, x.amount)) for x in part)
            for part in (record.pushes, record.pulls)
        ]
        if said != [Counter(one.pushes), Counter(one.pulls)]:
            found.append(f"batch {one} is recorded as {record}")
    return [*found, *(f"recorded and not carried out: {record}" for record in by_nonce.values())]


def _transactions(chain: OnChain, written: Written) -> list[str]:
    """Each transaction of the hub's account is in the journal and in one record, and no batch had two."""
    sent = {row.payload["hash"]: row.payload["call_key"] for row in written.broadcasts if "hash" in row.payload}
    ours = [one.hash for one in chain.mined if one.sender == SENDER.address.lower()]
    recorded = [record.transaction_hash for record in written.records if record.transaction_hash]
    return [
        *_twice([sent.get(one, f"unknown {one}") for one in ours], "a transaction for"),
        *[f"{one} was mined, and nothing of it is in the journal" for one in ours if one not in sent],
        *_twice(recorded, "the record of"),
        *_differ(set(ours), set(recorded), "mined and not recorded", "recorded and not mined"),
    ]


def _holdings(chain: OnChain, written: Written) -> list[str]:
    """Collateral and reserve, to the unit."""
    reserves, collateral = Counter(chain.before.reserves), {key: had for key, (had, _) in chain.before.accounts.items()}
    reserves.update(chain.deposited)
    for one in written.done:
        reserves[one.token_id] -= one.amount
        collateral[one.user, one.token_id] += one.amount
    for pull in written.executed:
        reserves[pull.token_id] += pull.amount
        collateral[pull.user, pull.token_id] -= pull.amount
    executed = Counter((one.user, one.token_id, one.amount) for one in written.executed)
    carried = Counter(pull for one in chain.carried for pull in one.pulls)
    return [
        *_unlike({key: had for key, (had, _) in chain.after.accounts.items()}, collateral, "collateral of"),
        *_unlike(chain.after.reserves, reserves, "the hub's reserve of"),
        *_unlike(carried, executed, "pulls carried out"),
    ]


def _accounts(chain: OnChain, written: Written) -> list[str]:
    """What the hub knows of each account is the chain's, its own part follows from facts, and nothing is promised."""
    claims: Counter[tuple[str, int]] = Counter()
    for fact in written.payments:
        row, amount = fact.payload, int(fact.payload["amount"])
        claims[row["payer"], row["token_id"]] -= amount
        claims[row["payee"], row["token_id"]] += amount
    refunds = _refunds(written)
    for one in written.done:
        claims[one.user, one.token_id] -= one.fees.fees - refunds.get(one.id, 0)
    promised: Counter[tuple[str, int]] = Counter()
    for pull in (pull_from(row) for row in written.under(PULLS).values()):
        promised[pull.user, pull.token_id] += pull.amount
    accounts = written.accounts
    offdelta = {key: -one.offdelta if one.hub_is_left else one.offdelta for key, one in accounts.items()}
    on_chain = {key: held for key, held in chain.after.accounts.items() if key in accounts}
    return [
        *_unlike(offdelta, {key: claims[key] for key in accounts}, "by facts, the claim of"),
        *_differ(set(claims), set(accounts), "with a claim and without an account", ""),
        *_unlike(on_chain, {key: (one.collateral, one.ondelta) for key, one in accounts.items()}, "what is known of"),
        *_unlike({key: one.user_hold for key, one in accounts.items()}, dict.fromkeys(accounts, 0), "the hold of"),
        *_unlike(
            {key: one.hub_hold for key, one in accounts.items()},
            {key: promised[key] for key in accounts},
            "the hub's hold at",
        ),
    ]


def _refunds(written: Written) -> dict[str, int]:
    pushes = [push for record in written.settled for push in record.pushes]
    return {one.request: written.units(one.symbol, one.refunded) for one in pushes}


def _ledger(written: Written) -> list[str]:
    """Nothing made, nothing lost, nothing kept for what has ended, and the users' part follows from facts."""
    rows = next(iter(written.under("ledger").values()), {})
    ledger, refunds = ledger_from(rows), _refunds(written)
    found = []
    for token_id, _ in written.decimals.values():
        done = [one for one in written.done if one.token_id == token_id]
        users = -sum(one.fees.fees - refunds.get(one.id, 0) for one in done)
        said = [ledger.total(token_id), ledger.of(token_id, Party.ESCROW), ledger.of(token_id, Party.USERS)]
        if said != [0, 0, users]:
            found.append(
                f"token {token_id}: total, escrow and users are {said} in the ledger, by facts {[0, 0, users]}"
            )
    return found


def _left(written: Written) -> list[str]:
    unanswered = [
        row.key for row in written.broadcasts if "hash" in row.payload and row.state in ("admitted", "unknown")
    ]
    return [
        f"{what} is left: {name}"
        for what, names in (
            ("a life", written.chain_memory),
            ("an attempt", [name for name in written.hub_memory if name.endswith("/attempt")]),
            ("a request", written.under(REQUESTS)),
            ("an intent", unanswered),
        )
        for name in names
    ]


def _twice(names: Sequence[Any], what: str) -> list[str]:
    return [f"{what} {name} is there {times} times" for name, times in Counter(names).items() if times > 1]


def _differ(these: set[Any], those: set[Any], only_these: str, only_those: str) -> list[str]:
    lost, made_up = these - those, those - these
    return [
        *([f"{only_these}: {sorted(lost)}"] if lost and only_these else []),
        *([f"{only_those}: {sorted(made_up)}"] if made_up and only_those else []),
    ]


def _unlike(found: Mapping[Any, Any], expected: Mapping[Any, Any], what: str) -> list[str]:
    keys = dict.fromkeys((*found, *expected))
    return [
        f"{what} {key} is {found.get(key, 0)}, expected {expected.get(key, 0)}"
        for key in keys
        if found.get(key, 0) != expected.get(key, 0)
    ]


def _hex(entity: bytes) -> str:
    return f"0x{entity.hex()}"
