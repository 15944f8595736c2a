"""The grid engine, gate and journal together, on an exchange that fails in every way that is declared."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.modes import AskedByPerson, Switch
from engine.grid.messages import GridSnapshot
from engine.grid.options import GridOptions
from tests.engine.grid.faulty_exchange import CALM, FaultyExchange, Trouble
from tests.engine.grid.running_grid import (
    RunningGrid,
    assert_everything_is_resolved,
    assert_nothing_was_lost_or_doubled,
)

OPTIONS = GridOptions(slots=3, order_size_usd=Decimal("3"))
EVERYTHING = Trouble(
    lose_request=0.06, lose_answer=0.08, late_request=0.06, late_event=0.15, repeat_event=0.1, drop_stream=0.01
)
TROUBLES = {
    "none": CALM,
    "lost requests": Trouble(lose_request=0.2),
    "lost answers": Trouble(lose_answer=0.3),
    "late requests": Trouble(late_request=0.2),
    "late and repeated events": Trouble(late_event=0.4, repeat_event=0.3),
    "dropped sockets": Trouble(drop_stream=0.04),
    "everything": EVERYTHING,
}


@pytest.mark.parametrize("name", TROUBLES)
@pytest.mark.parametrize("regime", ["flat", "down"])
async def test_under_each_trouble_nothing_is_sent_twice_and_no_fill_is_lost(
    tmp_path: Path, name: str, regime: str
) -> None:
    """Governor spec 18 to 20."""
    exchange = FaultyExchange(regime, seed=11, usd="60", doge="600", trouble=TROUBLES[name])
    async with RunningGrid(exchange, tmp_path, OPTIONS) as grid:
        await grid.steps(500)
        await grid.calm_down()
        await assert_nothing_was_lost_or_doubled(grid)
        await assert_everything_is_resolved(grid)
        assert (grid.switch.position, grid.switch.why) == (Switch.RUNNING, None)
        assert len(exchange.book.trades) > 5


@pytest.mark.parametrize("seed", range(4))
async def test_an_engine_that_is_restarted_at_any_moment_goes_on_without_doing_anything_twice(
    tmp_path: Path, seed: int
) -> None:
    """Governor spec 18: open orders and trades are read before anything is placed."""
    chance = random.Random(seed)
    exchange = FaultyExchange("flat", seed=seed, usd="60", doge="600", trouble=EVERYTHING)
    async with RunningGrid(exchange, tmp_path, OPTIONS) as grid:
        for _ in range(12):
            await grid.steps(chance.randrange(1, 40))
            await grid.restart()
        await grid.calm_down()
        await assert_nothing_was_lost_or_doubled(grid)
        await assert_everything_is_resolved(grid)
        assert (grid.switch.position, grid.switch.why) == (Switch.RUNNING, None)


async def test_stop_takes_every_order_off_the_book_and_nothing_new_is_placed(tmp_path: Path) -> None:
    """Panel spec 9."""
    exchange = FaultyExchange("flat", seed=3, usd="60", doge="600", trouble=CALM)
    async with RunningGrid(exchange, tmp_path, OPTIONS) as grid:
        await grid.steps(80)
        assert exchange.book.open
        grid.switch.stop(AskedByPerson("test"), exchange.clock.now())
        await grid.engine.stop_orders()
        assert not exchange.book.open
        placed = len(exchange.placed)
        await grid.steps(40)
        assert len(exchange.placed) == placed
        await assert_nothing_was_lost_or_doubled(grid)


async def test_stop_in_the_middle_of_trouble_ends_with_an_empty_book(tmp_path: Path) -> None:
    """An order whose answer was lost shows itself later, and is cancelled then."""
    exchange = FaultyExchange("flat", seed=5, usd="60", doge="600", trouble=EVERYTHING)
    async with RunningGrid(exchange, tmp_path, OPTIONS) as grid:
        await grid.steps(60)
        grid.switch.stop(AskedByPerson("test"), exchange.clock.now())
        await grid.engine.stop_orders()
        await grid.steps(20)
        await grid.calm_down()
        assert not exchange.book.open
        await assert_nothing_was_lost_or_doubled(grid)


async def test_after_a_stop_a_person_resumes_and_positions_get_their_exits_again(tmp_path: Path) -> None:
    exchange = FaultyExchange("flat", seed=7, usd="60", doge="600", trouble=CALM)
    async with RunningGrid(exchange, tmp_path, OPTIONS) as grid:
        await grid.steps(150)
        grid.switch.stop(AskedByPerson("test"), exchange.clock.now())
        await grid.engine.stop_orders()
        await grid.steps(5)
        grid.switch.resume(AskedByPerson("test"), exchange.clock.now())

        def every_slot_works_again() -> bool:
            snapshot = grid.bus.latest(GridSnapshot)
            assert snapshot is not None
            return snapshot.state == "running" and all(len(slot.orders) >= 2 for slot in snapshot.slots)

        await grid.steps_until(every_slot_works_again)
        await assert_nothing_was_lost_or_doubled(grid)


async def test_paused_the_grid_opens_nothing_and_still_closes_what_is_open(tmp_path: Path) -> None:
    """Panel spec 9: Pause is nothing new."""
    exchange = FaultyExchange("flat", seed=9, usd="60", doge="600", trouble=CALM)
    async with RunningGrid(exchange, tmp_path, OPTIONS) as grid:
        await grid.steps(10)
        grid.switch.pause(AskedByPerson("test"), exchange.clock.now())
        await grid.steps(400)
        intents = await grid.journal.intents("grid")
        paused_s = exchange.clock.now() - 400 * 5.0
        after = [intent for intent in intents if intent.at_s > paused_s and intent.state != "held"]
        assert {intent.exposure for intent in after} == {"closes"}
        await assert_nothing_was_lost_or_doubled(grid)
