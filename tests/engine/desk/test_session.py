"""A whole session over real sockets: stopped, paused, closed and opened again on the same exchange."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.clock import WallClock
from engine.core.configuration import Configuration
from engine.core.journal import Journal
from engine.core.messages import Acknowledged, Snapshot
from engine.core.modes import Mode, ModeSnapshot, Pause, Resume, Stop, Switch
from engine.core.option_catalogue import Catalogue
from engine.core.secrets import SecretNames, SecretStore
from engine.desk.desk import Desk, LiveNotConfirmed
from engine.desk.options import SECTIONS
from engine.desk.worlds import NoncesInJournal, paper_world
from engine.grid.messages import GridSnapshot
from engine.paper.options import PaperOptions
from engine.venue.addresses import Addresses
from tests.engine.desk.running_desk import Place, acquired, grid

Until = Callable[..., Awaitable[None]]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with acquired(tmp_path / "profile") as place:
        place.world = await paper_world(place.arguments, PaperOptions())
        yield place
        await place.world.close()


def resting(desk: Desk, at_least: int) -> Callable[[], bool]:
    return lambda: (found := grid(desk)) is not None and found.open_orders >= at_least


async def test_stop_empties_the_book_is_latched_over_a_restart_and_a_person_resumes(place: Place, until: Until) -> None:
    """Panel spec 9."""
    async with place.session() as desk:
        await until(resting(desk, 8), within_s=15)
        assert isinstance(await desk.bus.ask(Stop(where="test")), Acknowledged)
        await until(lambda: (found := grid(desk)) is not None and found.open_orders == 0, within_s=15)
    async with place.looking() as account:
        assert await account.open_orders() == []
    async with place.session() as desk:
        assert desk.switch.position is Switch.STOPPED
        await until(lambda: (found := grid(desk)) is not None and found.price is not None, within_s=15)
        await asyncio.sleep(0.5)
        assert not resting(desk, 1)()
        await desk.bus.ask(Resume(where="test"))
        await until(resting(desk, 8), within_s=15)


async def test_whoever_sees_the_switch_at_stop_sees_in_the_same_moment_what_may_still_rest(
    place: Place, until: Until
) -> None:
    """Issue 13: Stop never says "Stopped" alone while an order rests."""
    async with place.session() as desk:
        await until(resting(desk, 8), within_s=15)
        seen: list[GridSnapshot | None] = []

        def look(_: Snapshot) -> None:
            asyncio.get_running_loop().call_soon(lambda: seen.append(grid(desk)))

        desk.bus.watch(ModeSnapshot, look)
        await desk.bus.ask(Stop(where="test"))
        assert seen[0] is not None
        assert seen[0].stopping is not None
        assert seen[0].stopping.left >= 8


async def test_a_session_that_ends_in_order_leaves_no_nonces_reserved_ahead_of_the_clock(
    place: Place, until: Until
) -> None:
    """Another program on the key, or this one without its journal, is not held up by numbers that nobody used."""
    async with place.session() as desk:
        await until(resting(desk, 2), within_s=15)
    assert place.world is not None
    journal = Journal(place.profile.journal_file, place.world.name)
    await asyncio.to_thread(journal.open)
    try:
        high_water = await NoncesInJournal(journal, place.world.clock).load()
    finally:
        await asyncio.to_thread(journal.close)
    assert high_water is not None
    assert high_water <= time.time_ns() // 1_000


async def test_paused_nothing_new_is_opened(place: Place, until: Until) -> None:
    async with place.session() as desk:
        await desk.bus.ask(Pause(where="test"))
        await until(lambda: (found := grid(desk)) is not None and found.price is not None, within_s=15)
        await asyncio.sleep(0.5)
        assert not resting(desk, 1)()
    async with place.looking() as account:
        assert await account.open_orders() == []


async def test_sessions_that_end_anywhere_place_nothing_twice_and_lose_no_fill(place: Place, until: Until) -> None:
    """Governor spec 18 and 19, on one exchange over five sessions."""
    for seconds in (1.2, 0.4, 2.0, 0.7, 2.5):
        async with place.session() as desk:
            await until(lambda desk=desk: grid(desk) is not None, within_s=15)
            await asyncio.sleep(seconds)
    async with place.session() as desk:
        await until(resting(desk, 8), within_s=15)
        await desk.bus.ask(Stop(where="test"))
        await until(lambda: (found := grid(desk)) is not None and found.open_orders == 0, within_s=15)
        await until(lambda: (found := grid(desk)) is not None and found.unresolved == 0, within_s=15)
    async with place.looking() as account:
        trades = await account.fills_since(0.0)
    journal = Journal(place.profile.journal_file, place.world.name)
    await asyncio.to_thread(journal.open)
    counted = await journal.facts("grid", "fill")
    intents = await journal.intents("grid")
    await asyncio.to_thread(journal.close)
    assert sorted(fact.key for fact in counted) == sorted(trade.trade_id for trade in trades)
    assert [key for key, times in Counter(intent.key for intent in intents).items() if times > 1] == []
    assert trades != []
    assert all(trade.maker for trade in trades)


async def test_live_that_no_person_confirmed_opens_nothing(place: Place) -> None:
    live = replace(place.arguments, mode=Mode.LIVE)
    configuration = await Configuration.open(place.profile.options_file, Catalogue(SECTIONS), {}, WallClock())
    vault = SecretStore("test", SecretNames(("kraken.api_key",)), lambda secret: None)
    with pytest.raises(LiveNotConfirmed):
        await Desk.open(live, place.profile, configuration, vault, lambda text: text)


async def test_in_off_there_is_no_exchange_and_the_switch_still_answers(place: Place) -> None:
    off = replace(place, arguments=replace(place.arguments, mode=Mode.OFF), world=None)  # type: ignore[arg-type]
    async with off.session() as desk:
        assert isinstance(await desk.bus.ask(Stop(where="test")), Acknowledged)
        assert grid(desk) is None


async def test_paper_refuses_an_address_that_is_not_this_machine(place: Place) -> None:
    """Architecture page, "Modes": no mode but LIVE reaches the live world."""
    abroad = replace(place.world, addresses=Addresses(rest="http://192.0.2.1:80", ws_public=None, ws_private=None))
    with pytest.raises(ValueError, match="this machine alone"):
        async with replace(place, world=abroad).session():
            pass
