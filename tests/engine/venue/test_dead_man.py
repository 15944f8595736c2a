"""Kraken's dead man's switch (governor spec 21)."""

import asyncio

import pytest

from engine.grid.ports import VenueSilent
from engine.venue.dead_man import DeadMan


async def test_orders_stay_while_it_is_renewed_and_go_when_it_is_not(world, until):
    await world.venue.place(world.order())
    switch = DeadMan(world.venue.calls, world.clock, 60, 20, pytest.fail)
    running = asyncio.create_task(switch.run())
    for _ in range(9):
        await until(lambda: switch.renewed_s == world.clock.now())
        assert len(await world.venue.open_orders()) == 1
        await world.advance(20)
    running.cancel()
    await asyncio.wait([running])
    await world.advance(61)
    assert await world.venue.open_orders() == []


async def test_once_disarmed_it_does_nothing(world, until):
    await world.venue.place(world.order())
    switch = DeadMan(world.venue.calls, world.clock, 60, 20, pytest.fail)
    running = asyncio.create_task(switch.run())
    await until(lambda: switch.renewed_s is not None)
    running.cancel()
    await asyncio.wait([running])
    await switch.disarm()
    await world.advance(120)
    assert len(await world.venue.open_orders()) == 1


async def test_a_renewal_that_failed_is_told_and_tried_again(world, until):
    told = []
    world.fault_next("error@CancelAllOrdersAfter:EService:Busy")
    switch = DeadMan(world.venue.calls, world.clock, 60, 20, told.append)
    running = asyncio.create_task(switch.run())
    await until(lambda: told)
    assert told == [VenueSilent("EService:Busy")]
    await world.advance(20)
    await until(lambda: switch.renewed_s is not None)
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.parametrize("renew_s", [0, 60, 61])
def test_a_renewal_that_would_come_too_late_is_refused(renew_s):
    with pytest.raises(ValueError, match="before it acts"):
        DeadMan(None, None, 60, renew_s, pytest.fail)
