"""Answers with missing, extra or wrong fields: read as what they say, or refused by the field's name.

Real answers of the paper exchange are changed in one place, and in several; what reads them either makes the same of
them or raises `AnswerUnreadable`. Nothing else may come out: no other error, no other number.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.gate import Rejection
from engine.grid.ports import (
    Balances,
    MarketStatus,
    OrderTaken,
    PairRules,
    RowSetAside,
    Side,
    VenueFill,
    VenueOrder,
    VenueRefused,
)
from engine.venue import history
from engine.venue.errors import AnswerUnreadable
from engine.venue.holdings import BalanceSheet, balances
from engine.venue.pair_rules import account_fee, pair_rules
from engine.venue.permissions import KeyPermissions, key_permissions
from engine.venue.rates import Tier
from engine.venue.sockets import Executions, OrderUnseen, quote
from engine.venue.symbols import Symbols
from engine.venue.translate import order_taken, text_at
from tests.engine.venue.mutations import DROP, JUNK, Path, every_mutation, mutated, mutations
from tests.engine.venue.recorded import DONE, MINE, Recorded, recorded

RECORDED: Recorded = recorded()
RULES, NAMES = pair_rules(RECORDED.rest["AssetPairs"], "DOGE/USD", Tier.PRO)


class OneAnswer:
    """A reader of `calls` for which every request is answered alike, but for the search after the first."""

    def __init__(self, by_path: Mapping[str, Any]) -> None:
        self._by_path = by_path

    async def read(self, path: str, params: dict[str, Any] | None = None) -> Any:
        return self._by_path[path]

    async def look(self, path: str, params: dict[str, Any]) -> Any:
        raise Rejection(VenueRefused("EQuery:Unknown asset pair", "stop"))


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer and what the venue makes of it; `allowed` says which differences are what the answer now says."""

    name: str
    answer: Any
    read: Callable[[Any], Any]
    allowed: Callable[[Any, Any], bool] = lambda before, after: False

    def believes(self, before: Any, after: Any, answer: Any) -> bool:
        """Whether `after` is what the changed answer says."""
        nothing_listed = after is None and answer == {"open": {}}
        return after == before or nothing_listed or (after is not None and self.allowed(before, after))


def awaited(work: Any) -> Any:
    """Run a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")


def not_listed(row: RowSetAside) -> None:
    """What is set aside is not told as anything else."""


def read_open(answer: Any) -> list[VenueOrder]:
    reader = OneAnswer({"OpenOrders": answer})
    return awaited(history.open_orders(reader, NAMES, Symbols(reader), {}, not_listed))


def read_fills(answer: Any) -> list[VenueFill]:
    reader = OneAnswer({"TradesHistory": answer})
    trades = awaited(history.trades_since(reader, 0.0))
    known = dict.fromkeys(RECORDED.order_ids, MINE)
    return awaited(history.fills(reader, trades, 0.0, NAMES, Symbols(reader), known, not_listed))


def as_listed(before: PairRules, after: PairRules) -> bool:
    """A status that Kraken does not document is unknown; without a schedule for makers they pay what takers do."""
    unknown, one_schedule = replace(before, status=MarketStatus.UNKNOWN), replace(before, maker_fee_ratio=TAKER)
    return after in (unknown, one_schedule, replace(unknown, maker_fee_ratio=TAKER))


def fewer(before: list[Any], after: list[Any]) -> bool:
    """An entry that is not listed is not there; of the others nothing but a free text may differ."""
    rest = [named(item) for item in before]
    return all(named(item) in rest for item in after)


def named(item: Any) -> Any:
    """Without the one text that is free in form, and without what an order holds, which may be not known."""
    if isinstance(item, VenueOrder):
        return replace(item, client_id="", holds=None)
    return replace(item, client_id="") if isinstance(item, VenueFill) else item


def same_key(before: KeyPermissions, after: KeyPermissions) -> bool:
    """Texts are free in form; a bound that is not there is none."""
    unbound = replace(before, valid_until_s=None, query_from_s=None, query_to_s=None)
    return replace(after, rights=before.rights, name=before.name, account=before.account, addresses=()) == unbound


def same_but_for_names(before: Any, after: Any) -> bool:
    return bool(named(before) == named(after))


def same_numbers(before: OrderTaken, after: OrderTaken) -> bool:
    return (before.price, before.quantity) == (after.price, after.quantity)


REST = RECORDED.rest
TAKER = Decimal("0.004")
"""What a maker pays where there is no schedule for makers."""

READINGS = [
    Reading("AssetPairs", REST["AssetPairs"], lambda answer: pair_rules(answer, "DOGE/USD", Tier.PRO)[0], as_listed),
    Reading("AddOrder", REST["AddOrder"], lambda answer: order_taken(answer, Side.BUY, NAMES), same_numbers),
    Reading(
        "OpenOrders",
        REST["OpenOrders"],
        read_open,
        fewer,
    ),
    Reading(
        "OpenOrders of one",
        REST["OpenOrders of one"],
        lambda answer: awaited(
            history.find(OneAnswer({"OpenOrders": answer, "ClosedOrders": {"closed": {}, "count": 0}}), NAMES, MINE)
        ),
        same_but_for_names,
    ),
    Reading(
        "ClosedOrders of one",
        REST["ClosedOrders of one"],
        lambda answer: awaited(
            history.find(OneAnswer({"OpenOrders": {"open": {}}, "ClosedOrders": answer}), NAMES, DONE)
        ),
        same_but_for_names,
    ),
    Reading(
        "QueryOrders",
        REST["QueryOrders"],
        lambda answer: awaited(history.client_ids(OneAnswer({"QueryOrders": answer}), list(REST["QueryOrders"]))),
        lambda before, after: set(before) == set(after),
    ),
    Reading("TradesHistory", REST["TradesHistory"], read_fills, fewer),
    Reading(
        "Balance",
        REST["Balance"],
        lambda answer: balances(answer, NAMES, 0.0, not_listed),
        lambda before, after: after.usd in (0, before.usd, -1) and after.doge in (0, before.doge, -1),
    ),
    Reading(
        "GetApiKeyInfo",
        REST["GetApiKeyInfo"],
        key_permissions,
        lambda before, after: not after.can_withdraw and same_key(before, after),
    ),
    Reading(
        "TradeVolume", REST["TradeVolume"], lambda answer: account_fee(answer, NAMES), lambda _, after: after == TAKER
    ),
    Reading("GetWebSocketsToken", REST["GetWebSocketsToken"], lambda answer: text_at(answer, "token"), lambda *_: True),
    Reading("ticker", RECORDED.rows["ticker"][0], lambda entry: quote(entry, 0.0)),
]


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
def test_an_answer_that_is_wrong_in_one_place_is_read_alike_or_refused_by_name(reading: Reading) -> None:
    before = reading.read(reading.answer)
    for at, put in every_mutation(reading.answer):
        answer = mutated(reading.answer, at, put)
        after = refused_or(lambda answer=answer: reading.read(answer))
        if isinstance(after, Refused):
            assert after.names(at, reading.answer), f"{at} = {put!r} was refused as {after.field}"
        else:
            assert reading.believes(before, after, answer), f"{at} = {put!r}: {before} was read as {after}"


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
@given(data=st.data())
def test_an_answer_that_is_wrong_in_several_places_is_refused_by_name_or_read_alike(
    reading: Reading, data: st.DataObject
) -> None:
    answer = reading.answer
    for _ in range(data.draw(st.integers(2, 5))):
        answer = mutated(answer, *data.draw(mutations(answer)))
    after = refused_or(lambda: reading.read(answer))
    assert isinstance(after, Refused) or reading.believes(reading.read(reading.answer), after, answer)


@given(st.recursive(st.sampled_from(JUNK), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_an_answer_that_is_anything_at_all_is_refused_by_name(answer: Any) -> None:
    for reading in READINGS:
        found = refused_or(lambda reading=reading: reading.read(answer))
        if not isinstance(found, Refused):
            assert_believable(found)


@dataclass(frozen=True, slots=True)
class Refused:
    """The one error that may come out, by the field that it names."""

    field: str

    def names(self, at: Path, answer: Any) -> bool:
        """Whether the field is where the answer was changed; what was a whole object is named by a part of it."""
        for step in at:
            answer = answer[step]
        return isinstance(answer, dict | list) or bool({str(step) for step in at} & set(self.field.split(".")))


def refused_or(read: Callable[[], Any]) -> Any:
    """What `read` gives, or Refused. Every other error fails the test."""
    try:
        return read()
    except AnswerUnreadable as unreadable:
        return Refused(unreadable.field)


def assert_believable(found: Any) -> None:
    """Of an answer that has nothing of Kraken's only emptiness can be read."""
    assert not isinstance(found, PairRules | OrderTaken | VenueOrder)
    assert not isinstance(found, list) or found == []


EXECUTIONS = RECORDED.rows["executions"]


def test_an_execution_that_is_wrong_in_one_place_never_becomes_another_fill_or_order() -> None:
    """The whole subscription is read, one entry of it changed: what comes out is what came out before, or less."""
    before = told(EXECUTIONS, -1, (), None)
    assert any(isinstance(item, VenueFill) for item in before)
    for number, entry in enumerate(EXECUTIONS):
        for at, put in every_mutation(entry):
            if put is DROP and entry["exec_type"] == "amended" and at in (("order_qty",), ("limit_price",)):
                continue  # it says that this was not amended
            after = told(EXECUTIONS, number, at, put)
            assert fewer(before, after), f"entry {number}, {at} = {put!r}"


def told(entries: list[Any], number: int, at: Path, put: Any) -> list[Any]:
    """What the entries say, entry `number` changed."""
    executions = Executions(NAMES, {})
    changed = [mutated(entry, at, put) if index == number else entry for index, entry in enumerate(entries)]
    found = []
    for entry in changed:
        item = read_one(executions, entry)
        found += [] if item is None else [item]
    return found


def read_one(executions: Executions, entry: Any) -> Any:
    try:
        return executions.read(entry, snapshot=False)
    except OrderUnseen:
        return None  # the grid reads the account instead
    except AnswerUnreadable as unreadable:
        executions.set_aside(entry, unreadable)
        return None  # told, and the grid reads the account


@pytest.mark.parametrize("which", ["balances snapshot", "balances update"])
def test_balances_that_are_wrong_in_one_place_are_read_alike_or_not_told(which: str) -> None:
    entries = RECORDED.rows[which]
    for at, put in every_mutation(entries):
        if not at:
            continue
        changed = mutated(entries, at, put)
        after = totals(which, changed)
        if after is None:
            continue
        told = RECORDED.balances_told
        for amount, known in ((after.usd, told[0]), (after.doge, told[1])):
            assert amount in (*known, 0, -1), f"{at} = {put!r} became {after}"


def totals(which: str, entries: Any) -> Balances | None:
    """What the channel tells last; a row that cannot be read is set aside."""
    sheet = BalanceSheet(NAMES)
    snapshot = which == "balances snapshot"
    sheet.begin()
    for rows, whole in ((RECORDED.rows["balances snapshot"], True), (entries, snapshot)):
        if whole:
            sheet.begin()
        for entry in rows if isinstance(rows, list) else []:
            with contextlib.suppress(AnswerUnreadable):
                sheet.take(entry, snapshot=whole)
    return sheet.sheet(0.0)
