"""OBSERVE and LIVE against a stand-in for Kraken: what each sends, and with which key. Governor spec 19; issue 3."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from engine.core.clock import WallClock
from engine.core.journal import Journal
from engine.core.messages import Acknowledged
from engine.core.modes import Mode, Stop
from engine.desk.desk import KeyRefused
from engine.desk.worlds import CountersInJournal
from engine.governor.messages import GovernorSnapshot
from engine.grid.ports import PlaceOrder, Side
from engine.paper.config import TRADING_PERMISSIONS
from engine.paper.exchange import Exchange
from engine.paper.rest import CHANGES
from engine.venue.permissions import NEEDED, NEEDED_TO_READ, WITHDRAWAL_PHRASE, KeyMayWithdraw, RightsMissing
from engine.venue.rates import CALLS, Counter, Tier
from tests.engine.desk.running_desk import KEY, acquired, exchange_in_process, grid

Until = Callable[..., Awaitable[None]]

WITHDRAWING = (*TRADING_PERMISSIONS, "withdraw-funds")


def changes_asked_of(exchange: Exchange) -> set[str]:
    """The endpoints that change something and were called, by the exchange's own count."""
    return CHANGES & exchange.rest.requests.keys()


async def test_observe_decides_on_what_it_reads_and_sends_nothing(tmp_path: Path, until: Until) -> None:
    """Even with a key that may do everything, the dead man's switch set, and Stop pressed."""
    async with exchange_in_process(WITHDRAWING) as (exchange, world):
        async with acquired(tmp_path / "p", Mode.OBSERVE, world) as place:
            place.environment = {"EVENKEEL_VENUE_DEAD_MAN_S": "60"}
            async with place.session() as desk:
                await until(lambda: (skewed := desk.bus.latest(GovernorSnapshot)) is not None and skewed.skew > 0)
                await until(lambda: (seen := grid(desk)) is not None and seen.state == "running" and seen.usd == 100)
                await asyncio.sleep(0.2)
                assert isinstance(await desk.bus.ask(Stop(where="test")), Acknowledged)
            journal = Journal(place.profile.journal_file, world.name)
            await asyncio.to_thread(journal.open)
            wanted = await journal.intents("grid")
            await asyncio.to_thread(journal.close)
        assert exchange.rest.requests["GetApiKeyInfo"] == 1
        assert changes_asked_of(exchange) == set()
        assert exchange.world.book.orders_made == 0
    assert wanted != []
    assert {row.state for row in wanted} == {"held"}
    assert {(row.outcome or {})["code"] for row in wanted} == {"mode_holds"}
    assert {row.reason["code"] for row in wanted} == {"entry"}
    assert all({"side", "price", "quantity"} <= row.payload.keys() for row in wanted)


async def test_observe_leaves_the_orders_of_others_alone(tmp_path: Path, until: Until) -> None:
    async with exchange_in_process() as (exchange, world):
        async with acquired(tmp_path / "p", Mode.PAPER, world) as place, place.looking() as person:
            far_away = PlaceOrder(str(uuid4()), Side.BUY, Decimal("0.05"), Decimal(20), world.clock.now() + 50)
            await person.place(far_away)
        asked = exchange.rest.requests["AddOrder"]
        async with acquired(tmp_path / "q", Mode.OBSERVE, world) as place, place.session() as desk:
            await until(lambda: (seen := grid(desk)) is not None and seen.state == "running")
            await desk.bus.ask(Stop(where="test"))
        assert len(exchange.world.book.open) == 1
        assert changes_asked_of(exchange) == {"AddOrder"}
        assert exchange.rest.requests["AddOrder"] == asked


async def test_live_refuses_a_key_that_may_withdraw_and_says_what_would_do(tmp_path: Path) -> None:
    async with exchange_in_process(WITHDRAWING) as (exchange, world):
        async with acquired(tmp_path / "p", Mode.LIVE, world) as place:
            for typed in (None, "", "yes", WITHDRAWAL_PHRASE.upper()):
                with pytest.raises(KeyRefused, match="may withdraw funds") as refused:
                    async with place.session(live_confirmed=True, withdrawal_phrase=typed):
                        pass
                assert refused.value.reason == KeyMayWithdraw(WITHDRAWAL_PHRASE)
                assert refused.value.phrase == WITHDRAWAL_PHRASE
        assert changes_asked_of(exchange) == set()


async def test_live_uses_such_a_key_once_a_person_has_typed_the_phrase(tmp_path: Path, until: Until) -> None:
    async with (
        exchange_in_process(WITHDRAWING) as (exchange, world),
        acquired(tmp_path / "p", Mode.LIVE, world) as place,
        place.session(live_confirmed=True, withdrawal_phrase=WITHDRAWAL_PHRASE),
    ):
        await until(lambda: exchange.world.book.orders_made > 0, within_s=15)


async def test_the_counters_of_one_key_at_kraken_are_the_same_in_observe_and_in_live(tmp_path: Path) -> None:
    counters, clock = [], WallClock()
    for world in ("observe:kraken:a", "live:kraken:a", "live:kraken:b"):
        journal = Journal(tmp_path / "journal.sqlite", world)
        await asyncio.to_thread(journal.open)
        memory = CountersInJournal(journal, clock, world[-1])
        counters.append(await memory.load())
        memory.store("calls", Counter(7.0, 1000.0))
        await asyncio.to_thread(journal.close)
    assert counters == [{}, {"calls": Counter(7.0, 1000.0)}, {}]


async def test_the_rate_counters_are_remembered_over_sessions(tmp_path: Path, until: Until) -> None:
    """Governor spec 20: a program that is started again and again must not pass Kraken's limits."""
    async with exchange_in_process(speed=1.0) as (exchange, world):
        async with acquired(tmp_path / "p", Mode.PAPER, world) as place:
            async with place.session():
                await until(lambda: exchange.rest.requests.get("TradesHistory", 0) > 0, within_s=15)
            spent = exchange.world.rates.saved()[f"calls {KEY}"]
            journal = Journal(place.profile.journal_file, world.name)
            await asyncio.to_thread(journal.open)
            remembered = (await CountersInJournal(journal, world.clock).load())["calls"]
            await asyncio.to_thread(journal.close)
        limit, now_s = CALLS[Tier.STARTER], world.clock.now()
        assert remembered.level(limit, now_s) >= Counter(*spent).level(limit, now_s) > 0


@pytest.mark.parametrize("right", sorted(NEEDED))
async def test_live_refuses_a_key_that_lacks_a_right_whatever_was_typed(tmp_path: Path, right: str) -> None:
    rights = tuple(sorted(set(WITHDRAWING) - {right}))
    async with exchange_in_process(rights) as (_, world), acquired(tmp_path / "p", Mode.LIVE, world) as place:
        with pytest.raises(KeyRefused, match=f"LIVE refuses .*{right}") as refused:
            async with place.session(live_confirmed=True, withdrawal_phrase=WITHDRAWAL_PHRASE):
                pass
    assert refused.value.reason == RightsMissing((right,))
    assert refused.value.phrase is None


async def test_observe_needs_the_rights_to_read_and_no_more(tmp_path: Path, until: Until) -> None:
    async with (
        exchange_in_process(tuple(NEEDED_TO_READ)) as (_, world),
        acquired(tmp_path / "p", Mode.OBSERVE, world) as place,
        place.session() as desk,
    ):
        await until(lambda: (seen := grid(desk)) is not None and seen.state == "running")


async def test_observe_refuses_a_key_that_cannot_read_all_it_needs(tmp_path: Path) -> None:
    rights = tuple(NEEDED_TO_READ - {"create-ws-token"})
    async with exchange_in_process(rights) as (_, world), acquired(tmp_path / "p", Mode.OBSERVE, world) as place:
        with pytest.raises(KeyRefused, match=r"OBSERVE refuses .*create-ws-token"):
            async with place.session():
                pass
