"""The one door: what it lets out, what it writes first, and what it does when something fails (architecture page)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.gate import (
    Delivered,
    Gate,
    HeldBack,
    Intent,
    KeyUsed,
    ModeHolds,
    NoAnswer,
    NotConfirmed,
    Overdue,
    PortFailed,
    Rejected,
    Rejection,
    SwitchHolds,
    Unknown,
)
from engine.core.journal import AlreadyRecorded, Fact, Journal, JournalFailed, Memory
from engine.core.messages import Reason
from engine.core.modes import AskedByPerson, Exposure, GuardRaised, Mode, Switch
from engine.core.switch import MasterSwitch


@dataclass(frozen=True, slots=True)
class Why(Reason, code="test.why"):
    """A reason for the tests."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What an intent carries here."""

    number: int


def intent(key: str, exposure: Exposure = Exposure.OPENS) -> Intent:
    return Intent(key, "test", "parcel", exposure, Parcel(1), Why())


class Door:
    """A gate on a real journal, with a port that notes what left."""

    def __init__(self, folder: Path, mode: Mode) -> None:
        self.journal = Journal(folder / "journal.sqlite", "test")
        self.journal.open()
        self.switch = MasterSwitch(mode, Bus(), lambda position: None, 0.0)
        self.gate = Gate(
            mode=mode,
            switch=self.switch,
            journal=self.journal,
            clock=ManualClock(100.0),
            revision=lambda: 7,
            deadline_s=0.05,
        )
        self.left: list[str] = []
        self.gate.connect("parcel", self.port)

    async def port(self, sent: Intent) -> str:
        self.left.append(sent.key)
        return "taken"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    made = Door(tmp_path, Mode.PAPER)
    yield made
    await asyncio.to_thread(made.journal.close)


async def test_an_intent_is_in_the_journal_before_it_leaves_and_its_outcome_after(door: Door) -> None:
    states: list[str] = []

    async def looking(sent: Intent) -> str:
        states.extend(row.state for row in await door.journal.intents("test"))
        return "taken"

    door.gate.connect("parcel", looking)
    assert await door.gate.send(intent("k")) == Delivered("taken")
    (row,) = await door.journal.intents("test")
    assert (states, row.state, row.revision, row.outcome) == (["admitted"], "delivered", 7, {"answer": "taken"})


async def test_a_key_is_used_once_in_a_run(door: Door) -> None:
    await door.gate.send(intent("k"))
    assert await door.gate.send(intent("k")) == HeldBack(KeyUsed("k"))
    assert door.left == ["k"]


async def test_a_key_that_memory_has_let_go_of_is_refused_by_the_database_and_stops_everything(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.core.gate.MOST_KNOWN", 2)
    for key in ("one", "two", "three"):
        await door.gate.send(intent(key))
    with pytest.raises(AlreadyRecorded):
        await door.gate.send(intent("one"))
    assert door.left == ["one", "two", "three"]
    assert door.switch.position is Switch.STOPPED


async def test_a_key_of_an_earlier_run_stops_everything_and_nothing_leaves(door: Door, tmp_path: Path) -> None:
    await door.gate.send(intent("k"))
    later = Door(tmp_path, Mode.PAPER)
    with pytest.raises(AlreadyRecorded):
        await later.gate.send(intent("k"))
    assert later.left == []
    assert later.switch.position is Switch.STOPPED
    await asyncio.to_thread(later.journal.close)


async def test_intents_facts_and_memories_become_durable_together_or_not_at_all(door: Door) -> None:
    fact = Fact("test", "fill", "trade-1", {}, 1.0)
    memory = Memory("test", "slot", {"a": 1}, 1.0)
    await door.gate.admit([intent("one")], remember=[memory], facts=[fact])
    with pytest.raises(AlreadyRecorded):
        await door.gate.admit([intent("two")], remember=[Memory("test", "slot", {"a": 2}, 2.0)], facts=[fact])
    assert [row.key for row in await door.journal.intents("test")] == ["one"]
    assert await door.journal.recall("test") == {"slot": {"a": 1}}


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
async def test_in_off_and_observe_nothing_leaves_and_what_was_held_is_on_record(tmp_path: Path, mode: Mode) -> None:
    door = Door(tmp_path, mode)
    assert await door.gate.send(intent("k")) == HeldBack(ModeHolds(mode))
    assert door.left == []
    assert [row.state for row in await door.journal.intents("test")] == ["held"]
    await asyncio.to_thread(door.journal.close)


async def test_live_lets_nothing_out_until_a_person_confirmed_it_in_this_run(tmp_path: Path) -> None:
    door = Door(tmp_path, Mode.LIVE)
    assert await door.gate.send(intent("one")) == HeldBack(NotConfirmed())
    door.gate.confirm_live()
    assert await door.gate.send(intent("two")) == Delivered("taken")
    assert door.left == ["two"]
    await asyncio.to_thread(door.journal.close)


@pytest.mark.parametrize(
    ("position", "let_through"),
    [
        (Switch.RUNNING, set(Exposure)),
        (Switch.PAUSED, {Exposure.CLOSES, Exposure.CANCELS, Exposure.TELLS}),
        (Switch.STOPPED, {Exposure.CANCELS, Exposure.TELLS}),
    ],
    ids=lambda value: value.value if isinstance(value, Switch) else "",
)
async def test_the_switch_lets_through_what_its_position_says(
    door: Door, position: Switch, let_through: set[Exposure]
) -> None:
    """Panel spec 9."""
    {Switch.RUNNING: door.switch.resume, Switch.PAUSED: door.switch.pause, Switch.STOPPED: door.switch.stop}[position](
        AskedByPerson("test"), 1.0
    )
    outcomes = {exposure: await door.gate.send(intent(exposure.value, exposure)) for exposure in Exposure}
    assert {exposure for exposure, outcome in outcomes.items() if isinstance(outcome, Delivered)} == let_through


async def test_a_stop_between_journal_and_sending_holds_the_intent_back(door: Door) -> None:
    sent = intent("k")
    await door.gate.admit([sent])
    door.switch.stop(AskedByPerson("test"), 1.0)
    assert await door.gate.deliver(sent) == HeldBack(SwitchHolds(Switch.STOPPED))
    assert door.left == []


async def test_a_guard_that_raises_stops_everything(door: Door) -> None:
    def broken(sent: Intent) -> Reason | None:
        raise ZeroDivisionError("no limit")

    door.gate.guard("exposure", broken)
    outcome = await door.gate.send(intent("k"))
    assert outcome == HeldBack(GuardRaised("exposure", "ZeroDivisionError: no limit"))
    assert door.switch.position is Switch.STOPPED
    assert door.left == []


async def test_a_guard_that_objects_holds_the_intent_back_and_nothing_else(door: Door) -> None:
    door.gate.guard("small", lambda sent: Why() if sent.key == "large" else None)
    assert await door.gate.send(intent("large")) == HeldBack(Why())
    assert await door.gate.send(intent("small")) == Delivered("taken")


async def test_without_a_journal_nothing_leaves_and_everything_stops(door: Door) -> None:
    await asyncio.to_thread(door.journal.close)
    with pytest.raises(JournalFailed):
        await door.gate.send(intent("k"))
    assert door.left == []
    assert door.switch.position is Switch.STOPPED


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Rejection(Why()), Rejected(Why())),
        (NoAnswer(Why()), Unknown(Why())),
        (OSError("gone"), Unknown(PortFailed("OSError: gone"))),
    ],
    ids=["rejection", "no answer", "anything else"],
)
async def test_only_a_clear_rejection_counts_as_not_done(door: Door, error: Exception, outcome: object) -> None:
    async def failing(sent: Intent) -> str:
        raise error

    door.gate.connect("parcel", failing)
    assert await door.gate.send(intent("k")) == outcome


async def test_no_answer_within_the_deadline_is_unknown(door: Door) -> None:
    async def silent(sent: Intent) -> str:
        await asyncio.Event().wait()
        return "never"

    door.gate.connect("parcel", silent)
    assert await door.gate.send(intent("k")) == Unknown(Overdue(0.05))
    assert [row.state for row in await door.journal.unresolved("test")] == ["unknown"]


async def test_a_delivery_that_is_cancelled_stays_unresolved_in_the_journal_and_cannot_be_repeated(door: Door) -> None:
    started = asyncio.Event()

    async def slow(sent: Intent) -> str:
        started.set()
        await asyncio.Event().wait()
        return "never"

    door.gate.connect("parcel", slow)
    sending = asyncio.create_task(door.gate.send(intent("k")))
    await started.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert [row.state for row in await door.journal.unresolved("test")] == ["admitted"]
    assert await door.gate.send(intent("k")) == HeldBack(KeyUsed("k"))
