"""The journal is read beside its writer: every row once, newest first, whatever the filter, and given up when asked."""

from __future__ import annotations

import asyncio
import threading
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.core.journal import Batch, Fact, IntentRow, Journal, OutcomeRow
from engine.core.journal_query import RECORDED, JournalFilter, number_of
from engine.core.journal_reading import LONGEST_TEXT, MOST_ROWS, GivenUp, JournalReader, JournalUnread


def intent(key: str, at_s: float, *, engine: str = "grid", kind: str = "place_order", **payload: Any) -> IntentRow:
    reason = {"code": "exit", "entry_price": "0.09", "profit_pct": "1.0"}
    return IntentRow(key, engine, kind, "opens", payload, reason, "paper", 3, "admitted", at_s)


def fact(key: str, at_s: float, *, engine: str = "grid", kind: str = "fill", **payload: Any) -> Fact:
    return Fact(engine, kind, key, payload, at_s)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite", "w")
    await asyncio.to_thread(journal.open)
    yield journal
    await asyncio.to_thread(journal.close)


def listed(reader: JournalReader, wanted: JournalFilter, **bounds: Any) -> list[int]:
    numbers: array[int] = array("q")
    reader.list_rows(wanted, numbers.extend, threading.Event(), **bounds)
    return numbers.tolist()


def keys(reader: JournalReader, wanted: JournalFilter) -> list[str]:
    return [row.key for row in reader.rows(listed(reader, wanted))]


async def filled(journal: Journal) -> JournalReader:
    """Intents and facts that took turns, of three engines."""
    await journal.commit(
        Batch(
            intents=(
                intent("a", 1.0, side="buy"),
                intent("b", 3.0, side="sell"),
                intent("c", 5.0, engine="chain", kind="chain.broadcast.hub"),
            ),
            facts=(fact("f", 2.0), fact("g", 4.0, engine="hub", kind="batch", status="settled"), fact("h", 6.0)),
        )
    )
    await journal.commit(Batch(outcomes=(OutcomeRow("a", "rejected", {"code": "post_only_rejected"}, 1.5),)))
    await journal.commit(Batch(outcomes=(OutcomeRow("b", "delivered", {"answer": None}, 3.25),)))
    return JournalReader(journal.path)


async def test_intents_and_facts_are_one_list_newest_first(journal: Journal) -> None:
    assert keys(await filled(journal), JournalFilter()) == ["h", "c", "g", "b", "f", "a"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (JournalFilter(engines=("grid",)), "hbfa"),
        (JournalFilter(kinds=("fill", "batch")), "hgf"),
        (JournalFilter(kinds=("chain.broadcast.",)), "c"),
        (JournalFilter(states=("rejected",)), "a"),
        (JournalFilter(states=("delivered", RECORDED)), "hgbf"),
        (JournalFilter(from_s=2.0, to_s=4.0), "bf"),
        (JournalFilter(text="SETTLED"), "g"),
        (JournalFilter(text="post only"), "a"),
        (JournalFilter(text="100%"), ""),
        (JournalFilter(world="w", engines=("grid",), text="sell", to_s=9.0), "b"),
        (JournalFilter(world="elsewhere"), ""),
    ],
)
async def test_a_filter_lets_through_what_it_says_and_keeps_the_order(
    journal: Journal, wanted: JournalFilter, found: str
) -> None:
    assert keys(await filled(journal), wanted) == list(found)


async def test_a_row_says_all_that_was_recorded_of_it(journal: Journal) -> None:
    reader = await filled(journal)
    (sold,) = reader.rows(listed(reader, JournalFilter(text="sell")), in_full=True)
    assert (sold.engine, sold.kind, sold.state, sold.mode, sold.revision) == (
        "grid",
        "place_order",
        "delivered",
        "paper",
        3,
    )
    assert sold.payload == {"side": "sell"}
    assert sold.reason is not None
    assert sold.reason["code"] == "exit"
    assert sold.outcome == {"answer": None}
    assert sold.took_s == 0.25
    assert not sold.is_fact


async def test_a_page_of_rows_has_its_long_texts_cut_and_one_row_does_not(journal: Journal) -> None:
    await journal.commit(Batch(intents=(intent("long", 1.0, raw="0x" + "ab" * 4000),)))
    reader = JournalReader(journal.path)
    numbers = listed(reader, JournalFilter())
    (short,), (full,) = reader.rows(numbers), reader.rows(numbers, in_full=True)
    assert short.shortened
    assert len(short.payload["raw"]) < LONGEST_TEXT
    assert len(full.payload["raw"]) == 8002


async def test_nothing_is_listed_twice_or_left_out_however_many_share_a_moment(journal: Journal) -> None:
    rows = tuple(fact(str(at), float(at // 100)) for at in range(20_000))
    orders = tuple(intent(f"i{at}", float(at // 100)) for at in range(5_000))
    await journal.commit(Batch(facts=rows, intents=orders))
    reader = JournalReader(journal.path)
    numbers = listed(reader, JournalFilter())
    assert len(numbers) == len(set(numbers)) == 25_000
    times = [row.at_s for at in range(0, 25_000, MOST_ROWS) for row in reader.rows(numbers[at : at + MOST_ROWS])]
    assert times == sorted(times, reverse=True)


async def test_a_listing_has_a_bound_and_says_that_there_is_more(journal: Journal) -> None:
    reader = await filled(journal)
    numbers: array[int] = array("q")
    assert not reader.list_rows(JournalFilter(), numbers.extend, threading.Event(), most=4).complete
    assert [row.key for row in reader.rows(numbers)] == ["h", "c", "g", "b"]
    assert reader.list_rows(JournalFilter(), lambda piece: None, threading.Event(), most=6).complete


async def test_a_listing_is_given_up_when_asked(journal: Journal) -> None:
    await journal.commit(Batch(facts=tuple(fact(str(at), float(at)) for at in range(20_000))))
    given_up = threading.Event()
    given_up.set()
    with pytest.raises(GivenUp):
        JournalReader(journal.path).list_rows(JournalFilter(text="not there"), lambda piece: None, given_up)


async def test_what_was_recorded_since_is_found_with_the_filter(journal: Journal) -> None:
    reader = await filled(journal)
    before = reader.newest()
    await journal.commit(Batch(intents=(intent("d", 7.0),), facts=(fact("i", 8.0), fact("j", 9.0, kind="trip"))))
    found, after, _ = reader.recorded_since(JournalFilter(kinds=("fill", "place_order")), before)
    assert [row.key for row in reader.rows(found)] == ["i", "d"]
    assert len(reader.recorded_since(JournalFilter(), after)[0]) == 0


async def test_an_intent_that_is_decided_later_is_found_by_the_outcome_that_was_asked_for(journal: Journal) -> None:
    reader, wanted = JournalReader(journal.path), JournalFilter(states=("rejected",))
    await journal.commit(Batch(intents=(intent("a", 1.0), intent("b", 2.0))))
    found, after, undecided = reader.recorded_since(wanted, (0, 0))
    assert len(found) == 0
    await journal.commit(Batch(outcomes=(OutcomeRow("a", "rejected", {"code": "order_gone"}, 2.0),)))
    found, _, undecided = reader.recorded_since(wanted, after, undecided)
    assert [row.key for row in reader.rows(found)] == ["a"]
    assert undecided == (2,)


async def test_rows_are_found_by_how_their_keys_start(journal: Journal) -> None:
    await journal.commit(
        Batch(
            intents=(intent("plan/1", 1.0), intent("plan/1/sign", 1.0), intent("plan/10", 1.0)),
            facts=(fact("plan/1/main", 2.0, kind="rebalance"), fact("plan/10/main", 2.0, kind="rebalance")),
        )
    )
    reader = JournalReader(journal.path)
    assert [row.key for row in reader.intents_named("w", "plan/1/", 10)] == ["plan/1/sign"]
    assert [row.key for row in reader.facts_named("w", "grid", "rebalance", "plan/1/", 10)] == ["plan/1/main"]
    assert reader.intents_named("elsewhere", "plan/", 10) == []


async def test_facts_that_followed_are_found_by_what_is_in_them(journal: Journal) -> None:
    await journal.commit(Batch(facts=tuple(fact(str(at), float(at), order=f"k{at}") for at in range(10))))
    reader = JournalReader(journal.path)
    like = ("payload", '%"order":"k5"%')
    assert [row.key for row in reader.facts_after("w", "grid", "fill", 3.0, like, among=5, limit=9)] == ["5"]
    assert reader.facts_after("w", "grid", "fill", 3.0, like, among=2, limit=9) == []


async def test_too_many_rows_at_once_are_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="most"):
        JournalReader(journal.path).rows([number_of(at, fact=True) for at in range(MOST_ROWS + 1)])


async def test_a_file_that_cannot_be_read_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_text("not a database" * 100)
    with pytest.raises(JournalUnread, match="not a database"):
        JournalReader(tmp_path / "journal.sqlite").newest()


async def test_a_reader_writes_nothing(journal: Journal) -> None:
    reader = await filled(journal)
    with reader._connected() as connection, pytest.raises(Exception, match="readonly"):
        connection.execute("DELETE FROM facts")


async def test_a_journal_of_the_second_schema_gets_its_listing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite", "w")
    journal.open()
    await filled(journal)
    await asyncio.to_thread(journal.close)
    database = sa.create_engine(f"sqlite:///{journal.path}")
    with database.begin() as connection:
        for statement in (
            "DROP INDEX facts_listed",
            "DROP INDEX intents_listed",
            "UPDATE alembic_version SET version_num = '0002'",
        ):
            connection.exec_driver_sql(statement)
    database.dispose()
    journal.open()
    await asyncio.to_thread(journal.close)
    database = sa.create_engine(f"sqlite:///{journal.path}")
    names = {index["name"] for table in ("facts", "intents") for index in sa.inspect(database).get_indexes(table)}
    database.dispose()
    assert {"facts_listed", "intents_listed"} <= names
