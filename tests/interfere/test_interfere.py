"""Outside interference in short, each kind once (issue 13); the long form is `make interfere`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.modes import Stop, Switch
from engine.desk.desk import Desk
from engine.grid.messages import GridSnapshot
from engine.grid.ports import ClockOff
from engine.paper.exchange import Exchange
from engine.paper.occurrences import parse_occurrences
from tests.interfere.kinds import KINDS
from tests.interfere.played import interfered
from tests.soak.stage import paper_exchange, session
from tests.soak.virtual_time import VirtualTimeLoop, run

SHORT_HOURS, SEED = 0.05, 1
WITHIN_S = 300.0


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_interference_is_told_has_a_way_out_and_nothing_is_done_twice_or_lost(kind: str, tmp_path: Path) -> None:
    found = run(lambda loop: interfered(loop, [kind], SEED, SHORT_HOURS, tmp_path, short=True))
    assert found.wrong == []
    assert found.struck == {kind: 1}
    assert found.orders > 0


def _happen(exchange: Exchange, acts: str) -> None:
    exchange.world.schedule.declare(parse_occurrences(acts), exchange.world.book.now_s)
    exchange.world.catch_up()


async def _until(holds: Callable[[], bool]) -> float:
    """How long it took, in simulated seconds."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    while not holds():
        assert loop.time() - began_s < WITHIN_S, "it did not come to that"
        await asyncio.sleep(0.1)
    return loop.time() - began_s


async def _stopped_while(loop: VirtualTimeLoop, acts: str, folder: Path) -> tuple[float, Desk, Exchange]:
    """A grid with orders on the book is stopped while this holds; how long it took until the book was empty."""
    async with paper_exchange(loop, "", SEED) as (exchange, world), session(world, folder) as desk:
        await _until(lambda: len(exchange.world.book.open) >= 10)
        _happen(exchange, acts)
        await asyncio.sleep(5.0)
        await desk.bus.ask(Stop(where="test"))
        assert desk.switch.position is Switch.STOPPED
        await asyncio.sleep(1.0)
        if exchange.world.book.open:
            grid = desk.bus.latest(GridSnapshot)
            assert grid is not None
            assert grid.stopping is not None
            assert grid.stopping.left == len(exchange.world.book.open)
        took_s = await _until(lambda: not exchange.world.book.open)
        return took_s, desk, exchange


@pytest.mark.parametrize("acts", ["status:cancel_only", "pair-status:cancel_only", "status:post_only"])
def test_stop_works_in_a_market_that_takes_no_orders(acts: str, tmp_path: Path) -> None:
    took_s, _, _ = run(lambda loop: _stopped_while(loop, acts, tmp_path))
    assert took_s < 2.0


@pytest.mark.parametrize("acts", ["lockout:60s", "status:maintenance:60s"])
def test_a_stop_that_the_exchange_does_not_hear_says_what_is_left_and_cancels_when_it_does(
    acts: str, tmp_path: Path
) -> None:
    took_s, _, _ = run(lambda loop: _stopped_while(loop, acts, tmp_path))
    assert took_s < 120.0


async def _told_of_the_clock(loop: VirtualTimeLoop, folder: Path) -> float:
    async with paper_exchange(loop, "", SEED) as (exchange, world), session(world, folder) as desk:
        await _until(lambda: len(exchange.world.book.open) >= 10)
        _happen(exchange, "clock:-30s")
        return await _until(
            lambda: (grid := desk.bus.latest(GridSnapshot)) is not None and isinstance(grid.why, ClockOff)
        )


def test_a_clock_that_goes_wrong_in_a_market_without_orders_is_told_within_a_minute(tmp_path: Path) -> None:
    assert run(lambda loop: _told_of_the_clock(loop, tmp_path)) <= 60.0
