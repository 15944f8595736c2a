"""What a chain's own history says of a delegate and an account, against what the program's journal says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.core.journal import Fact, IntentRow
from engine.drift.bookkeeping import record_from
from engine.drift.records import RebalanceRecord, Status
from engine.paper.anvil import Node
from engine.paper.chain_parts import ChainParts, balances_of


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction of the delegate, in the order of its nonces."""

    hash: str
    nonce: int
    data: str
    succeeded: bool
    gas_used: int


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain's side. before, after: the account's balances in base units, by symbol."""

    mined: Sequence[Mined]
    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Written:
    """The journal's side."""

    rebalances: Sequence[Fact]
    carried: Sequence[Fact]
    intents: Sequence[IntentRow]
    chain_memory: Mapping[str, Any]
    drift_memory: Mapping[str, Any]


def mined_by(node: Node, sender: str, since_block: int) -> list[Mined]:
    """Everything of `sender` in the chain as it is now. Blocks."""
    head = int(node.ask("eth_blockNumber"), 16)
    blocks = node.ask_all(
        [("eth_getBlockByNumber", [hex(number), True]) for number in range(since_block + 1, head + 1)]
    )
    found = [one for block in blocks for one in block["transactions"] if one["from"] == sender.lower()]
    receipts = node.ask_all([("eth_getTransactionReceipt", [one["hash"]]) for one in found])
    return [
        Mined(one["hash"], int(one["nonce"], 16), one["input"], got["status"] == "0x1", int(got["gasUsed"], 16))
        for one, got in zip(found, receipts, strict=True)
    ]


def balances(node: Node, parts: ChainParts, account: str) -> dict[str, int]:
    """Base units by symbol. Blocks."""
    return {token.symbol: balances_of(node, token.address, [account])[0] for token in parts.tokens}


def breaches(chain: Chain, written: Written) -> list[str]:
    """Everything that was done twice, lost or made up, in words."""
    records = {fact.key: record_from(fact) for fact in written.rebalances}
    sent = {row.payload["hash"]: row.payload["call_key"] for row in written.intents if "hash" in row.payload}
    keys = [sent.get(one.hash, f"unknown {one.hash}") for one in chain.mined]
    return [
        *_twice(keys, "a transaction for plan"),
        *_twice([one.data for one in chain.mined], "the call"),
        *_twice([fact.payload["nonce"] for fact in written.carried if fact.key.split("/", 4)[-1] in keys], "nonce"),
        *[f"{key}: nothing of it is in the journal" for key in keys if key.startswith("unknown")],
        *_differ({one.hash for one in chain.mined}, [one.transaction_hash for one in records.values()]),
        *_unlike(chain, list(records.values())),
        *_balances(chain, records.values()),
        *_overlapping(list(records.values())),
        *_left(written),
    ]


def _twice(names: Sequence[Any], what: str) -> list[str]:
    return [f"{what} {name} is there {times} times" for name, times in Counter(names).items() if times > 1]


def _differ(mined: set[str], recorded: Sequence[str]) -> list[str]:
    hashes = [one for one in recorded if one]
    lost, made_up = mined - set(hashes), set(hashes) - mined
    return [
        *_twice(hashes, "the record of"),
        *([f"mined and not recorded: {sorted(lost)}"] if lost else []),
        *([f"recorded and not mined: {sorted(made_up)}"] if made_up else []),
    ]


def _unlike(chain: Chain, records: Sequence[RebalanceRecord]) -> list[str]:
    mined = {one.hash: one for one in chain.mined}
    found = []
    for record in records:
        one = mined.get(record.transaction_hash)
        if one is not None and (one.gas_used, one.succeeded) != (record.gas_used, record.status is Status.SUCCESS):
            found.append(f"{one} is recorded as {record}")
    return found


def _balances(chain: Chain, records: Any) -> list[str]:
    expected = dict(chain.before)
    for record in records:
        if record.status is Status.SUCCESS:
            for leg in record.legs:
                expected[leg.sell] -= leg.amount_in
                expected[leg.buy] += leg.amount_out
    return [
        f"by the records the account has {expected[symbol]} {symbol}, by the chain {held}"
        for symbol, held in chain.after.items()
        if held != expected[symbol]
    ]


def _overlapping(records: Sequence[RebalanceRecord]) -> list[str]:
    """A plan is made only when what came of the one before is known."""
    made_s = [record.at_s - record.execution_ms / 1000 for record in records]
    return [
        f"a plan was made at {after_s:.3f}, and what came of the one before was known at {before.at_s:.3f}"
        for before, after_s in zip(records, made_s[1:], strict=False)
        if after_s < before.at_s - 0.002
    ]


def _left(written: Written) -> list[str]:
    under_way = [name for name in written.drift_memory if "/sending/" in name]
    resting = [name for name, rest in written.drift_memory.items() if "/rest/" in name and rest["unresolved"]]
    unanswered = [row.key for row in written.intents if "hash" in row.payload and row.state in ("admitted", "unknown")]
    lives = list(written.chain_memory)
    return [
        f"{what} is left: {name}"
        for what, names in (
            ("a life", lives),
            ("a sending", under_way),
            ("an unresolved rest", resting),
            ("an intent", unanswered),
        )
        for name in names
    ]
