"""What the hub remembers over restarts, and that a change counts when it is durable and not before (hub spec 2, 16)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from engine.core.clock import ManualClock
from engine.core.journal import AlreadyRecorded, Batch, Fact, Journal, JournalFailed, _Job
from engine.core.messages import plain
from engine.hub.accounts import Account
from engine.hub.fees import FeeBreakdown
from engine.hub.ledger import Ledger, accepted
from engine.hub.plain_rows import account_from, account_row, pull_from, pull_row, request_from, request_row
from engine.hub.pulls import PullRequest, PullState
from engine.hub.records import BatchRecord, BatchStatus
from engine.hub.remembered import DAY_S, ENGINE, MOST_ENDED, Attempt, Exposed, JournalUnsure, Remembered, Totals
from engine.hub.requests import Request, RequestState
from tests.engine.hub.books_world import HubWorld
from tests.engine.hub.model_chain import LEFT_HUB

Until = Callable[..., Awaitable[None]]
NOW_S = 1_000_000.0
FEES = FeeBreakdown(10**30, 10**28, 5, 1)
REQUEST = Request("r1", "0xanna", 1, FEES, "key", NOW_S)
PULL = PullRequest("p1", "0xanna", 1, 10**30, 3, NOW_S, NOW_S + 60)
RECORD = BatchRecord(
    at_s=NOW_S,
    nonce=7,
    status=BatchStatus.SETTLED,
    transaction_hash="0x7",
    pushes=(),
    pulls=(),
    pushed_usd=Decimal("123.456789"),
    pulled_usd=Decimal(0),
    hub_fees_usd=Decimal("1.2"),
    gas_taken_usd=Decimal(1),
    gas_paid_usd=Decimal("0.5"),
    refunded_usd=Decimal("0.5"),
    predicted_gas=1,
    gas_used=1,
    gas_price_wei=1,
    native_usd=Decimal(3500),
    waited_s=1.0,
)


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    found = Journal(tmp_path / "journal.sqlite", "test")
    await asyncio.to_thread(found.open)
    yield found
    await asyncio.to_thread(found.close)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_S)


@pytest.fixture
def held(journal: Journal, clock: ManualClock) -> Remembered:
    return Remembered("1/0xhub", journal, clock)


async def read_anew(journal: Journal, clock: ManualClock, name: str = "1/0xhub") -> Remembered:
    found = Remembered(name, journal, clock)
    await found.recall()
    return found


async def put(held: Remembered, amount: int) -> None:
    async with held.changing() as change:
        change.set_account("0xanna", 1, Account(True, 0, -amount, 0))


async def book(held: Remembered) -> None:
    async with held.changing() as change:
        change.record = RECORD
        change.facts.append(held.batch_fact(RECORD, "k", plain(RECORD)))


async def test_everything_comes_back_equal_after_the_journal_was_read_anew(
    held: Remembered, journal: Journal, clock: ManualClock
) -> None:
    attempt = Attempt("k", 7, NOW_S, ("r1",), ("p1",), (True,), "0xh", 9, Decimal("1.5"))
    done, executed = replace(REQUEST, id="r2", idempotency_key="old", state=RequestState.DONE), replace(PULL, id="p2")
    async with held.changing() as change:
        change.set_account("0xanna", 1, Account(True, -(10**30), 10**40, 10**35, 1, 2, 3, 4, 5))
        change.set_account("0xanna", 2, Account(False, 1, 2, 3))
        change.set_request(replace(REQUEST, state=RequestState.IN_FLIGHT, sealed_nonce=7, words="w"))
        change.set_request(done)
        change.set_pull(replace(PULL, state=PullState.APPROVED, signature="0xsigned"))
        change.set_pull(replace(executed, state=PullState.EXECUTED))
        change.set("attempt", attempt)
        change.set("exposed", {"0xh": Exposed(("r1",), ("p1",)), "0xi": Exposed((), ())})
        change.set("batches", {6: "0xg", 7: "0xh"})
        change.set("ledger", accepted(Ledger(), 1, FEES))
        change.set("totals", Totals(batches=1, accepted=2, refused=3, pushed_usd=Decimal("0.1")))
        change.set("scanned_block", 12)
        change.set("stopped", True)
        change.record = RECORD
        change.facts.append(held.batch_fact(RECORD, "k", plain(RECORD)))
    again = await read_anew(journal, clock)
    names = ("requests", "ended", "by_key", "pulls", "pulls_ended", "records", "dispatched", "scanned_block", "attempt")
    for name in (*names, "exposed", "batches", "ledger", "totals", "stopped"):
        assert getattr(again, name) == getattr(held, name), name
    assert [again.accounts.get("0xanna", at) for at in (1, 2)] == [held.accounts.get("0xanna", at) for at in (1, 2)]
    assert again.request("r2") == done
    assert again.accounts.total_pullable(2) == 0


async def test_what_is_forgotten_does_not_come_back(held: Remembered, journal: Journal, clock: ManualClock) -> None:
    attempt = Attempt("k", 7, NOW_S, (), (), (), "0xh", 9, Decimal(1))
    for value in (attempt, None):
        async with held.changing() as change:
            change.set("attempt", value)
    assert (await read_anew(journal, clock)).attempt is None


async def test_two_hubs_in_one_journal_do_not_see_each_other(
    held: Remembered, journal: Journal, clock: ManualClock
) -> None:
    await put(held, 5)
    assert len((await read_anew(journal, clock, "1/0xother")).accounts) == 0


async def test_a_draft_is_seen_through_itself_and_by_nobody_else_before_the_commit(held: Remembered) -> None:
    await put(held, 5)
    async with held.changing() as change:
        change.set_account("0xanna", 1, Account(True, 0, -9, 0))
        change.set("stopped", True)
        drafted, before = change.account("0xanna", 1), held.accounts.get("0xanna", 1)
        assert (drafted, before) == (Account(True, 0, -9, 0), Account(True, 0, -5, 0))
        assert (change.get("stopped"), held.stopped) == (True, False)
    assert held.accounts.get("0xanna", 1) == drafted


async def test_an_error_inside_a_change_changes_nothing(held: Remembered, journal: Journal, clock: ManualClock) -> None:
    async def broken() -> None:
        async with held.changing() as change:
            change.set_account("0xanna", 1, Account(True, 0, -9, 0))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken()
    assert len(held.accounts) == 0
    assert len((await read_anew(journal, clock)).accounts) == 0
    await put(held, 1)


async def test_a_commit_that_fails_changes_nothing_and_the_next_one_goes_on(
    held: Remembered, journal: Journal, clock: ManualClock
) -> None:
    async def once(amount: int) -> None:
        async with held.changing() as change:
            change.set_account("0xanna", 1, Account(True, 0, -amount, 0))
            change.facts.append(Fact(ENGINE, "accepted", "once", {}, NOW_S))

    await once(0)
    with pytest.raises(AlreadyRecorded):
        await once(1)
    assert held.accounts.get("0xanna", 1) == Account(True, 0, 0, 0)
    assert not held.unsure
    await put(held, 7)
    assert (await read_anew(journal, clock)).accounts.get("0xanna", 1) == Account(True, 0, -7, 0)


async def test_a_journal_that_is_gone_changes_nothing(tmp_path: Path, clock: ManualClock) -> None:
    held = Remembered("1/0xhub", Journal(tmp_path / "never-opened.sqlite", "test"), clock)
    with pytest.raises(JournalFailed):
        await put(held, 5)
    assert len(held.accounts) == 0


async def test_a_change_is_written_to_its_end_though_whoever_wanted_it_is_gone(
    held: Remembered, journal: Journal, clock: ManualClock, until: Until
) -> None:
    """A wallet's deadline may pass while the disk is slow; the hub goes on from what was written."""
    disk = threading.Event()
    journal._put(_Job(lambda _: disk.wait(10)))
    writing = asyncio.create_task(put(held, 5))
    await until(lambda: held._unsure)
    assert not held.unsure  # it is being written, which is no doubt yet
    for _ in range(2):
        writing.cancel()
        await asyncio.sleep(0)
    disk.set()
    await asyncio.wait((writing,))
    assert writing.cancelled()
    assert held.accounts.get("0xanna", 1) == Account(True, 0, -5, 0)
    await put(held, 6)
    assert (await read_anew(journal, clock)).accounts.get("0xanna", 1) == Account(True, 0, -6, 0)


async def test_a_change_of_which_nobody_knows_whether_it_was_written_stops_all_until_the_journal_is_read_anew(
    held: Remembered, journal: Journal, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = journal.commit

    async def written_and_lost(batch: Batch) -> None:
        await commit(batch)
        raise RuntimeError("the answer was lost")

    with monkeypatch.context() as broken:
        broken.setattr(journal, "commit", written_and_lost)
        with pytest.raises(RuntimeError):
            await put(held, 5)
    assert held.unsure
    for _ in range(2):
        with pytest.raises(JournalUnsure):
            await put(held, 6)
    again = await read_anew(journal, clock)
    assert again.accounts.get("0xanna", 1) == Account(True, 0, -5, 0)
    await put(again, 6)


async def test_an_engine_that_does_not_know_what_was_written_ends_so_that_a_new_run_reads_it(tmp_path: Path) -> None:
    world = HubWorld(tmp_path, LEFT_HUB)
    await world.open()
    await world.look()
    world.held._unsure = True
    with pytest.raises(JournalUnsure):
        await world.look()
    await world.close()


async def test_changes_wait_for_each_other(held: Remembered) -> None:
    """What one was decided on still holds when it is written."""

    async def one_more() -> None:
        async with held.changing() as change:
            before = change.account("0xanna", 1) or Account(True, 0, 0, 0)
            await asyncio.sleep(0)
            change.set_account("0xanna", 1, before.charged(1))

    await asyncio.gather(*(one_more() for _ in range(20)))
    assert held.accounts.get("0xanna", 1) == Account(True, 0, 20, 0)


async def test_the_days_budget_counts_24_hours_over_a_restart(
    held: Remembered, journal: Journal, clock: ManualClock
) -> None:
    await book(held)
    clock.advance(DAY_S - 1)
    again = await read_anew(journal, clock)
    assert again.pushed_since(NOW_S - 1) == held.pushed_since(NOW_S - 1) == Fraction(RECORD.pushed_usd)
    assert again.pushed_since(NOW_S) == 0


async def test_a_batch_is_booked_once_for_its_key(held: Remembered) -> None:
    await book(held)
    with pytest.raises(AlreadyRecorded):
        await book(held)
    assert len(held.records) == 1


async def test_of_what_ended_the_newest_are_known(held: Remembered) -> None:
    async with held.changing() as change:
        for at in range(MOST_ENDED + 3):
            change.set_request(replace(REQUEST, id=f"r{at}", idempotency_key=f"k{at}", state=RequestState.DONE))
    assert len(held.ended) == len(held.by_key) == MOST_ENDED
    assert held.request("r2") is None
    assert held.request("r3") is not None


numbers = st.integers(-(10**60), 10**60)
whole = st.integers(0, 10**60)


@given(st.builds(Account, st.booleans(), numbers, numbers, whole, whole, whole, whole, whole, st.integers(0, 2**60)))
def test_an_account_comes_back_from_its_row(account: Account) -> None:
    assert account_from(account_row(account)) == account


@given(whole, whole, st.sampled_from(RequestState), st.sampled_from(PullState), st.text(max_size=20))
def test_a_request_and_a_pull_come_back_from_their_rows(
    amount: int, fee: int, state: RequestState, of_pull: PullState, words: str
) -> None:
    request = replace(REQUEST, fees=FeeBreakdown(amount, fee, fee, fee), state=state, words=words)
    assert request_from(request_row(request)) == request
    pull = replace(PULL, amount=amount, state=of_pull, words=words)
    assert pull_from(pull_row(pull)) == pull
