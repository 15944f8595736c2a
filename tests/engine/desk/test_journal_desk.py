"""The desk answers about the journal: listings that grow, pages, a row with all that belongs to it, exports."""

from __future__ import annotations

import asyncio
import csv
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.journal import Batch, Fact, IntentRow, Journal, OutcomeRow
from engine.core.journal_query import JournalFilter, JournalRow
from engine.core.messages import Acknowledged, Command, Refused
from engine.core.redaction import Redactor
from engine.core.secrets import Secret
from engine.desk.journal_desk import JournalDesk
from engine.desk.journal_messages import (
    CancelExport,
    CloseJournal,
    ExportFailed,
    ExportFormat,
    ExportJournal,
    ExportSnapshot,
    ExportUnderWay,
    FollowJournal,
    ListingClosed,
    ListingSnapshot,
    NoSuchRow,
    OpenJournal,
    ReadJournalPage,
    ReadJournalRow,
    WorkState,
)
from engine.desk.journal_redaction import redacted

Until = Callable[..., Any]
SECRET = "a-secret-that-nobody-may-see-0123456789"
USER = "0x" + "7a" * 32
HASH = "0x" + "0b" * 32


def order(name: str, at_s: float = 10.0, **payload: Any) -> IntentRow:
    reason = {"code": "exit", "entry_price": "0.09", "profit_pct": "1.0"}
    return IntentRow(name, "grid", "place_order", "closes", payload, reason, "paper", 1, "admitted", at_s)


@dataclass(slots=True)
class Asked:
    journal: Journal
    bus: Bus
    redactor: Redactor

    async def ask(self, command: Command) -> dict[str, Any]:
        answer = await self.bus.ask(command)
        assert isinstance(answer, Acknowledged), answer
        return answer.detail

    async def opened(self, wanted: JournalFilter | None = None, *, here: bool = False) -> int:
        listing: int = (await self.ask(OpenJournal(wanted=wanted or JournalFilter(), here=here)))["listing"]
        return listing

    async def page(self, listing: int, first: int = 0, count: int = 100) -> list[str]:
        rows = (await self.ask(ReadJournalPage(listing=listing, first=first, count=count)))["rows"]
        return [row.key for row in rows]

    def listed(self) -> ListingSnapshot:
        snapshot = self.bus.latest(ListingSnapshot)
        assert snapshot is not None
        return snapshot

    def exported(self) -> ExportSnapshot:
        snapshot = self.bus.latest(ExportSnapshot)
        assert snapshot is not None
        return snapshot


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Asked]:
    journal, bus, redactor = Journal(tmp_path / "journal.sqlite", "paper:1"), Bus(), Redactor()
    await asyncio.to_thread(journal.open)
    answers = JournalDesk(journal, redactor.redact, bus, ManualClock(1000.0))
    answers.start()
    yield Asked(journal, bus, redactor)
    await answers.close()
    await asyncio.to_thread(journal.close)


async def told(desk: Asked, count: int) -> None:
    await desk.journal.commit(Batch(facts=tuple(Fact("grid", "fill", f"f{n}", {"n": n}, n) for n in range(count))))


async def test_a_listing_is_paged_from_any_place_newest_first(desk: Asked, until: Until) -> None:
    await told(desk, 30_000)
    listing = await desk.opened()
    await until(lambda: desk.listed().state is WorkState.DONE)
    assert desk.listed().count == 30_000
    assert await desk.page(listing, 0, 2) == ["f29999", "f29998"]
    assert await desk.page(listing, 15_000, 2) == ["f14999", "f14998"]
    assert await desk.page(listing, 29_998) == ["f1", "f0"]
    assert await desk.page(listing, 30_000) == []


async def test_a_listing_that_another_took_the_place_of_is_closed(desk: Asked) -> None:
    await told(desk, 3)
    first = await desk.opened()
    second = await desk.opened()
    for command in (ReadJournalPage(listing=first, first=0, count=1), FollowJournal(listing=first)):
        assert await desk.bus.ask(command) == Refused(ListingClosed())
    await desk.ask(CloseJournal(listing=second))
    assert isinstance(await desk.bus.ask(FollowJournal(listing=second)), Refused)


async def followed(desk: Asked, listing: int, count: int) -> list[int]:
    """Follow until so many rows have come in; in which pieces they came."""
    pieces: list[int] = []
    while sum(pieces) < count:
        fresh = (await desk.ask(FollowJournal(listing=listing)))["fresh"]
        pieces += [fresh] if fresh else []
        await asyncio.sleep(0.01)
    return pieces


async def test_an_outcome_that_is_written_meanwhile_is_told(desk: Asked, until: Until) -> None:
    await desk.journal.commit(Batch(intents=(order("a"),)))
    listing = await desk.opened()
    await until(lambda: desk.listed().state is WorkState.DONE)
    await until(lambda: desk.journal.rounds == 1)
    assert (await desk.ask(FollowJournal(listing=listing)))["fresh"] == 0
    rounds = desk.journal.rounds
    await desk.journal.commit(Batch(outcomes=(OutcomeRow("a", "delivered", {"answer": None}, 12.0),)))
    await until(lambda: desk.journal.rounds > rounds)
    assert await desk.ask(FollowJournal(listing=listing)) == {"fresh": 0, "changed": True}


async def test_what_is_recorded_meanwhile_comes_in_before_the_first_row(desk: Asked, until: Until) -> None:
    await told(desk, 3)
    listing = await desk.opened()
    await until(lambda: desk.listed().state is WorkState.DONE)
    await desk.journal.commit(Batch(intents=(order("a"), order("b", 11.0))))
    assert await followed(desk, listing, 2) == [2]
    assert await desk.page(listing, -2, 3) == ["b", "a", "f2"]
    assert await desk.page(listing, -100, 100) == ["b", "a"]


async def test_many_rows_that_came_at_once_come_in_piece_by_piece_and_none_twice(desk: Asked, until: Until) -> None:
    listing = await desk.opened()
    await until(lambda: desk.listed().state is WorkState.DONE)
    await told(desk, 1_200)
    assert await followed(desk, listing, 1_200) == [500, 500, 200]
    assert await desk.page(listing, -1_200, 3) == ["f1199", "f1198", "f1197"]


async def test_a_session_may_look_at_its_own_world_alone(desk: Asked, tmp_path: Path) -> None:
    other = Journal(tmp_path / "journal.sqlite", "live:kraken")
    await asyncio.to_thread(other.open)
    await other.commit(Batch(intents=(order("theirs"),)))
    await asyncio.to_thread(other.close)
    await desk.journal.commit(Batch(intents=(order("ours"),)))
    assert await desk.page(await desk.opened(here=True)) == ["ours"]
    assert sorted(await desk.page(await desk.opened())) == ["ours", "theirs"]


async def related_kinds(desk: Asked, key: str) -> list[tuple[str, str]]:
    rows = (await desk.ask(ReadJournalPage(listing=await desk.opened(), first=0, count=100)))["rows"]
    number = next(row.number for row in rows if row.key == key)
    found = await desk.ask(ReadJournalRow(number=number))
    return [(row.kind, row.key) for row in found["related"]]


async def test_an_order_is_shown_with_its_changes_its_fills_and_what_it_closed(desk: Asked) -> None:
    moved = IntentRow("k1.exit.3/m4", "grid", "amend_order", "opens", {}, {"code": "refresh"}, "paper", 1, "held", 11.0)
    await desk.journal.commit(
        Batch(
            intents=(order("k1.exit.3"), moved, order("k1.exit.30")),
            facts=(
                Fact("grid", "fill", "T1", {"key": "k1.exit.3"}, 12.0),
                Fact("grid", "fill", "T2", {"key": "k1.exit.30"}, 12.0),
                Fact("grid", "round_trip", "k1.exit.3.0", {"order_key": "k1.exit.3"}, 13.0),
            ),
        )
    )
    expected = [("amend_order", "k1.exit.3/m4"), ("fill", "T1"), ("round_trip", "k1.exit.3.0")]
    assert await related_kinds(desk, "k1.exit.3") == expected
    assert ("place_order", "k1.exit.3") in await related_kinds(desk, "T1")


def chain_row(key: str, engine: str, kind: str, payload: dict[str, Any], at_s: float) -> IntentRow:
    return IntentRow(key, engine, kind, "opens", payload, {"code": "hub.on_its_way"}, "paper", 1, "delivered", at_s)


async def test_a_plan_and_a_batch_are_shown_with_what_came_of_them(desk: Asked) -> None:
    plan, batch = "drift/13a1", "hub/beb6/7/dc47"
    await desk.journal.commit(
        Batch(
            intents=(
                chain_row(f"{plan}/main/sign", "drift", "drift.sign", {}, 10.0),
                chain_row(f"{plan}/2.1", "chain", "chain.broadcast.drift", {"call_key": plan}, 11.0),
                chain_row(f"{batch}/seal", "hub", "hub.sign", {"nonce": 7}, 20.0),
                chain_row(f"{batch}/6.1", "chain", "chain.broadcast.hub", {"call_key": batch}, 21.0),
            ),
            facts=(
                Fact("drift", "rebalance", f"{plan}/main", {"status": "SUCCESS"}, 12.0),
                Fact("hub", "batch", f"31337/0xab/0xcd/{batch}", {"nonce": 7}, 22.0),
            ),
        )
    )
    assert [kind for kind, _ in await related_kinds(desk, f"{plan}/main/sign")] == [
        "chain.broadcast.drift",
        "rebalance",
    ]
    assert [kind for kind, _ in await related_kinds(desk, f"{batch}/6.1")] == ["hub.sign", "batch"]
    assert [kind for kind, _ in await related_kinds(desk, f"31337/0xab/0xcd/{batch}")] == [
        "hub.sign",
        "chain.broadcast.hub",
    ]


async def test_a_row_that_is_not_there_is_said_not_to_be(desk: Asked) -> None:
    assert await desk.bus.ask(ReadJournalRow(number=4)) == Refused(NoSuchRow(4))


async def exported(desk: Asked, until: Until, path: Path, **filters: Any) -> str:
    form = ExportFormat(path.suffix[1:])
    await desk.ask(ExportJournal(path=str(path), format=form, wanted=JournalFilter(**filters)))
    await until(lambda: desk.exported().state is not WorkState.UNDER_WAY)
    assert desk.exported().state is WorkState.DONE
    return await asyncio.to_thread(path.read_text, "utf-8")


async def test_an_export_has_each_row_that_the_filter_lets_through(desk: Asked, until: Until, tmp_path: Path) -> None:
    await told(desk, 1_500)
    await desk.journal.commit(Batch(intents=(order("a", 9999.0, price="0.1"),)))
    await desk.journal.commit(Batch(outcomes=(OutcomeRow("a", "rejected", {"code": "order_gone"}, 10_000.0),)))
    rows = json.loads(await exported(desk, until, tmp_path / "all.json"))
    assert [row["key"] for row in rows[:3]] == ["a", "f1499", "f1498"]
    assert len(rows) == 1_501 == desk.exported().written
    lines = list(
        csv.DictReader((await exported(desk, until, tmp_path / "some.csv", states=("rejected",))).splitlines())
    )
    assert [(line["key"], line["state"], line["reason_code"]) for line in lines] == [("a", "rejected", "exit")]
    assert json.loads(lines[0]["outcome"]) == {"code": "order_gone"}
    assert json.loads(await exported(desk, until, tmp_path / "none.json", text="nowhere")) == []


async def test_no_secret_leaves_with_an_export_a_page_or_a_row(desk: Asked, until: Until, tmp_path: Path) -> None:
    desk.redactor.register(Secret(SECRET))
    said = {
        "words": f"refused {SECRET}",
        "api_key": "abcdefghijkl",
        "raw": "0x02f9" + "00" * 90,
        "user": USER,
        "url": "https://node.example/v2/Abcdefghij0123456789klmn",
        "transaction_hash": HASH,
        "key": "k1.4B.entry.309",
        "odd": "0x" + "c3" * 32,
    }
    await desk.journal.commit(Batch(intents=(order(f"by/{SECRET}", **said),)))
    listing = await desk.opened()
    (in_page,) = (await desk.ask(ReadJournalPage(listing=listing, first=0, count=1)))["rows"]
    in_full = (await desk.ask(ReadJournalRow(number=in_page.number)))["row"]
    text = await exported(desk, until, tmp_path / "all.json")
    texts = [text, str(in_page), str(in_full), await exported(desk, until, tmp_path / "all.csv")]
    for one in texts:
        assert SECRET not in one
        assert "abcdefghijkl" not in one
        assert "02f900" not in one
        assert "klmn" not in one
        assert "c3c3" not in one
    (row,) = json.loads(text)
    assert row["payload"]["user"] == USER
    assert row["payload"]["transaction_hash"] == HASH
    assert row["payload"]["key"] == "k1.4B.entry.309"


async def test_an_export_that_is_given_up_leaves_nothing(desk: Asked, until: Until, tmp_path: Path) -> None:
    await told(desk, 40_000)
    path = tmp_path / "all.json"
    await desk.ask(ExportJournal(path=str(path), format=ExportFormat.JSON, wanted=JournalFilter()))
    again = ExportJournal(path=str(path), format=ExportFormat.JSON, wanted=JournalFilter())
    assert await desk.bus.ask(again) == Refused(ExportUnderWay(str(path)))
    await desk.ask(CancelExport())
    await until(lambda: desk.exported().state is not WorkState.UNDER_WAY)
    assert desk.exported().state is WorkState.GIVEN_UP
    assert [name for name in await asyncio.to_thread(os.listdir, tmp_path) if "all" in name] == []


async def test_an_export_that_cannot_be_written_says_why(desk: Asked, until: Until, tmp_path: Path) -> None:
    path = tmp_path / "not there" / "all.csv"
    await desk.ask(ExportJournal(path=str(path), format=ExportFormat.CSV, wanted=JournalFilter()))
    await until(lambda: desk.exported().state is not WorkState.UNDER_WAY)
    assert desk.exported().why == ExportFailed("No such file or directory")


async def test_an_export_never_takes_the_place_of_another_kind_of_file(desk: Asked, tmp_path: Path) -> None:
    command = ExportJournal(path=str(desk.journal.path), format=ExportFormat.CSV, wanted=JournalFilter())
    answer = await desk.bus.ask(command)
    assert isinstance(answer, Refused)
    assert isinstance(answer.reason, ExportFailed)


def test_a_number_that_stands_for_a_key_is_left_out() -> None:
    """A private key as a number is as good as the key."""
    redactor = Redactor()
    key = "0x" + "c3" * 32
    redactor.register(Secret(key))
    row = JournalRow(1, "w", "grid", "fill", "k", 1.0, {"n": int(key, 16), "amount": 4_000_000_000_000_000_000})
    assert redacted(row, redactor.redact).payload == {"n": "[redacted]", "amount": 4_000_000_000_000_000_000}
