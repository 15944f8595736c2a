"""One engine's crash stays its own (architecture page; governor of tasks: `engine.core.supervisor`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.supervisor import EngineCrashed, EngineSnapshot, EngineState, Supervisor

Until = Callable[..., Awaitable[None]]


def supervisor(bus: Bus) -> Supervisor:
    return Supervisor(bus, WallClock(), lambda text: text.replace("hunter2", "[redacted]"), first_delay_s=0.01)


async def test_an_engine_that_crashes_is_made_anew_and_leaves_the_others_alone(until: Until) -> None:
    bus, starts = Bus(), {"shaky": 0, "steady": 0}
    crashed = bus.read(EngineCrashed)

    def shaky() -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            starts["shaky"] += 1
            if starts["shaky"] < 3:
                raise ValueError("password hunter2")
            await asyncio.Event().wait()

        return run

    def steady() -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            starts["steady"] += 1
            await asyncio.Event().wait()

        return run

    watched = supervisor(bus)
    watched.start("steady", steady)
    watched.start("shaky", shaky)
    await until(lambda: starts["shaky"] == 3)
    assert starts["steady"] == 1
    assert [event.error for event in crashed.drain() if isinstance(event, EngineCrashed)] == [
        "ValueError: password [redacted]"
    ] * 2
    await watched.stop()
    states = [bus.latest(EngineSnapshot, name) for name in ("steady", "shaky")]
    assert [state and state.state for state in states] == [EngineState.STOPPED] * 2


async def test_engines_stop_in_the_reverse_order_of_their_start() -> None:
    ended: list[str] = []

    def named(name: str) -> Callable[[], Callable[[], Awaitable[None]]]:
        async def run() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)

        return lambda: run

    watched = supervisor(Bus())
    for name in ("first", "second", "third"):
        watched.start(name, named(name))
    await asyncio.sleep(0.01)
    await watched.stop()
    assert ended == ["third", "second", "first"]


async def test_a_restart_that_was_asked_for_is_no_crash(until: Until) -> None:
    bus, starts = Bus(), [0]
    crashed = bus.read(EngineCrashed)

    def make() -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            starts[0] += 1
            await asyncio.Event().wait()

        return run

    watched = supervisor(bus)
    watched.start("grid", make)
    await until(lambda: starts == [1])
    watched.restart("grid")
    await until(lambda: starts == [2])
    assert crashed.drain() == []
    await watched.stop()
