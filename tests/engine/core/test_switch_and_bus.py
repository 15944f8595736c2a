"""The master switch and the bus."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from engine.core.bus import Bus, EventsLost, NobodyHandles, TooManyCommands
from engine.core.messages import Acknowledged, Answer, Command, Event, Refused, Snapshot
from engine.core.modes import AskedByPerson, Exposure, Mode, ModeSnapshot, Switch, SwitchMoved
from engine.core.switch import MasterSwitch

WHY = AskedByPerson("test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Level(Snapshot):
    tank: str
    litres: int

    @property
    def topic(self) -> str:
        return self.tank


@dataclass(frozen=True, slots=True, kw_only=True)
class Dripped(Event):
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill(Command):
    litres: int


def switch(remembered: dict[str, Any] | None = None) -> tuple[MasterSwitch, list[dict[str, Any]], Bus]:
    saved: list[dict[str, Any]] = []
    bus = Bus()
    made = MasterSwitch(Mode.PAPER, bus, saved.append, 0.0)
    made.restore(remembered, 0.0)
    return made, saved, bus


def test_a_stop_is_latched_over_a_restart() -> None:
    """Panel spec 9; architecture page, "Modes"."""
    first, saved, _ = switch()
    first.stop(WHY, 5.0)
    second, _, bus = switch(saved[-1])
    assert second.position is Switch.STOPPED
    shown = bus.latest(ModeSnapshot)
    assert shown is not None
    assert shown.switch is Switch.STOPPED


@pytest.mark.parametrize("garbage", [{}, {"position": "open"}, {"position": None}, {"position": 3}])
def test_a_memory_that_cannot_be_read_counts_as_stopped(garbage: dict[str, Any]) -> None:
    assert switch(garbage)[0].position is Switch.STOPPED


def test_pause_does_not_release_a_stop() -> None:
    made, _, _ = switch()
    made.stop(WHY, 1.0)
    made.pause(WHY, 2.0)
    assert made.position is Switch.STOPPED


def test_a_stop_holds_before_it_is_on_disk() -> None:
    made = MasterSwitch(Mode.PAPER, Bus(), lambda position: None, 0.0)
    made.stop(WHY, 1.0)
    assert not made.lets_through(Exposure.OPENS)


def test_each_move_is_told_with_its_reason() -> None:
    made, _, bus = switch()
    reader = bus.read(SwitchMoved)
    made.pause(WHY, 1.0)
    made.pause(WHY, 2.0)
    made.resume(WHY, 3.0)
    assert [(event.before, event.after) for event in reader.drain() if isinstance(event, SwitchMoved)] == [
        (Switch.RUNNING, Switch.PAUSED),
        (Switch.PAUSED, Switch.RUNNING),
    ]


def test_of_snapshots_only_the_latest_of_each_topic_stays() -> None:
    bus = Bus()
    for litres, tank in ((1, "a"), (2, "b"), (3, "a")):
        bus.publish(Level(at_s=0.0, tank=tank, litres=litres))
    found = [bus.latest(Level, tank) for tank in ("a", "b", "c")]
    assert [level and level.litres for level in found] == [3, 2, None]


def test_a_reader_that_falls_behind_is_told_how_much_it_missed() -> None:
    bus = Bus()
    reader = bus.read(Dripped, limit=3)
    for number in range(5):
        bus.emit(Dripped(at_s=1.0, number=number))
    events = reader.drain()
    assert events[0] == EventsLost(at_s=1.0, count=2)
    assert [event.number for event in events[1:] if isinstance(event, Dripped)] == [2, 3, 4]
    assert reader.drain() == []


async def test_a_command_nobody_handles_is_refused() -> None:
    assert await Bus().ask(Fill(litres=1)) == Refused(NobodyHandles("Fill"))


async def test_commands_are_bounded() -> None:
    bus = Bus(command_limit=1)
    go = asyncio.Event()

    async def slowly(command: Fill) -> Answer:
        await go.wait()
        return Acknowledged({"litres": command.litres})

    bus.handle(Fill, slowly)
    first = asyncio.create_task(bus.ask(Fill(litres=1)))
    await asyncio.sleep(0)
    assert await bus.ask(Fill(litres=2)) == Refused(TooManyCommands(1))
    go.set()
    assert await first == Acknowledged({"litres": 1})
