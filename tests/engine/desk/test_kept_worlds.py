"""A paper world that is kept in the profile goes on at the next start, or says in words why it cannot."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.modes import Mode
from engine.desk.arguments import SessionArguments
from engine.desk.messages import DeskNote, PaperExchangeEnded
from engine.desk.worlds import KEPT, STATE_FILE, KeptWorldRefused, World, paper_world
from engine.paper.config import PaperConfig
from engine.paper.exchange import Exchange
from engine.paper.options import PaperOptions
from engine.venue.kraken import KrakenVenue
from engine.venue.nonces import NoncesInMemory
from engine.venue.options import VenueOptions
from tests.engine.desk.running_desk import SPEED, acquired

Until = Callable[..., Awaitable[None]]
KEEP = PaperOptions(keep=True)


@pytest.fixture
def asked(tmp_path: Path) -> SessionArguments:
    """What the command line says when nothing is asked of the market."""
    return SessionArguments(tmp_path / "profile", Mode.PAPER, None, SPEED, None, None)


@asynccontextmanager
async def opened(arguments: SessionArguments, options: PaperOptions = KEEP) -> AsyncIterator[World]:
    world = await paper_world(arguments, options)
    try:
        yield world
    finally:
        await world.close()


@asynccontextmanager
async def account(world: World) -> AsyncIterator[KrakenVenue]:
    venue = await KrakenVenue.connect(
        Mode.PAPER, world.addresses, world.keys, VenueOptions(), world.clock, NoncesInMemory()
    )
    try:
        await venue.rules()
        yield venue
    finally:
        await venue.close()


async def make_kept(arguments: SessionArguments) -> None:
    """A kept world as the exchange's process leaves it, made without a process."""
    file = state_file(arguments)
    file.parent.mkdir(parents=True)
    exchange = Exchange(PaperConfig(keys=(), state_file=str(file)))
    await exchange.start()
    await exchange.close()


def state_file(arguments: SessionArguments) -> Path:
    return arguments.profile / KEPT / STATE_FILE


async def test_a_kept_world_goes_on_under_its_name_with_its_market_and_a_clock_that_never_goes_back(
    asked: SessionArguments,
) -> None:
    async with opened(replace(asked, seed=9, market="down")) as first:
        left_s = first.clock.now()
    async with opened(asked) as second:
        assert (second.name, second.namespace) == (first.name, first.namespace)
        assert second.clock.now() >= left_s
        assert second.kept


async def test_without_the_option_each_start_is_a_fresh_world_and_nothing_is_kept(asked: SessionArguments) -> None:
    names = []
    for _ in range(2):
        async with opened(asked, PaperOptions()) as world:
            names.append(world.name)
    assert len(set(names)) == 2
    assert not asked.profile.exists()


async def test_what_a_new_world_begins_with_changes_nothing_of_a_kept_one(asked: SessionArguments) -> None:
    await make_kept(asked)
    richer = KEEP.model_copy(update={"usd": Decimal(5000), "seed": 99, "regime": "up"})
    async with opened(asked, richer) as world, account(world) as venue:
        assert (await venue.balances()).usd == PaperConfig(()).usd


@pytest.mark.parametrize(
    ("otherwise", "said"),
    [
        ({"seed": 2}, "the saved world has seed 1, not 2"),
        ({"market": "up"}, "the saved world has regime 'flat', not 'up'"),
    ],
    ids=["seed", "market"],
)
async def test_another_market_than_the_kept_one_is_refused_when_it_is_asked_for(
    asked: SessionArguments, otherwise: dict[str, object], said: str
) -> None:
    await make_kept(asked)
    with pytest.raises(KeptWorldRefused, match=f"{said}.* start with --fresh to set it aside"):
        await paper_world(replace(asked, **otherwise), KEEP)  # type: ignore[arg-type]


async def test_fresh_sets_the_kept_world_aside_whole(asked: SessionArguments) -> None:
    await make_kept(asked)
    kept = state_file(asked).read_bytes()
    async with opened(replace(asked, fresh=True, market="up")) as fresh:
        assert fresh.name != f"paper:{PaperConfig(()).epoch_s:.3f}"
    (aside,) = asked.profile.glob(f"{KEPT}-until-*")
    assert (aside / STATE_FILE).read_bytes() == kept


def overwritten(file: Path) -> None:
    file.write_bytes(os.urandom(len(file.read_bytes())))


def of_a_later_program(file: Path) -> None:
    changed(file, "UPDATE head SET format = 99")


def without_its_clock(file: Path) -> None:
    changed(file, "UPDATE head SET row = json_remove(row, '$.until_s')")


def with_half_a_head(file: Path) -> None:
    changed(file, "UPDATE head SET row = substr(row, 1, 40)")


def with_a_torn_page(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:8192] = bytes(4096)
    file.write_bytes(content)


def changed(file: Path, statement: str) -> None:
    connection = sqlite3.connect(file)
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (overwritten, "is not a paper exchange's state file"),
        (of_a_later_program, "has format 99, expected 2"),
        (without_its_clock, r"is damaged \(KeyError: 'until_s'\)"),
        (with_half_a_head, "is damaged"),
        (with_a_torn_page, "(is damaged|is not a paper exchange's state file)"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
async def test_a_kept_world_that_cannot_be_read_is_told_and_left_as_it_is(
    asked: SessionArguments, damage: Callable[[Path], None], said: str
) -> None:
    await make_kept(asked)
    damage(state_file(asked))
    left = state_file(asked).read_bytes()
    with pytest.raises(KeptWorldRefused, match=f"{said}.*left as it is"):
        await paper_world(asked, KEEP)
    assert state_file(asked).read_bytes() == left


async def test_an_exchange_that_is_killed_is_told_as_grave(tmp_path: Path, until: Until) -> None:
    async with acquired(tmp_path / "p") as place:
        place.world = world = await paper_world(place.arguments, PaperOptions())
        assert world.exchange is not None
        async with place.session() as desk:
            reader = desk.bus.read(DeskNote)
            await world.exchange.kill()
            async with asyncio.timeout(5):
                (told,) = await reader.next()
    assert isinstance(told, DeskNote)
    assert (told.reason, told.grave) == (PaperExchangeEnded(-9, kept=False), True)


async def test_an_exchange_that_is_stopped_in_good_order_is_not_told(tmp_path: Path) -> None:
    async with acquired(tmp_path / "p") as place, place.session() as desk:
        reader = desk.bus.read(DeskNote)
    assert [event for event in reader.drain() if isinstance(event, DeskNote) and event.grave] == []
