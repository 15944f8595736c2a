"""Whatever goes wrong around it, nothing that could cost leaves once the switch is latched (panel spec 9).

Chance draws what is sent, how the world answers, where guards raise and the journal fails, and when a person stops.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.gate import Gate, Intent, NoAnswer, Rejection
from engine.core.journal import EVERY_WORLD, Batch, Journal, JournalFailed, Memory
from engine.core.messages import Reason
from engine.core.modes import AskedByPerson, Exposure, Mode, Switch
from engine.core.switch import MasterSwitch

COSTS = frozenset({Exposure.OPENS, Exposure.CLOSES})
ANSWERS = ("taken", "rejected", "silent", "broken", "overdue", "cancelled")


@dataclass(frozen=True, slots=True)
class Why(Reason, code="test.stop_properties"):
    """A reason for the tests."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One intent. turns: of the loop before it is sent; travels: of the loop that its delivery takes."""

    exposure: Exposure
    answer: str
    guard: str
    turns: int
    travels: int


@dataclass(frozen=True, slots=True)
class Story:
    """stop_after: turns of the loop until a person stops; None when nobody does. failing: the numbers of the commits
    that fail."""

    sent: Sequence[Sent]
    stop_after: int | None
    failing: frozenset[int]


STORIES = st.builds(
    Story,
    st.lists(
        st.builds(
            Sent,
            st.sampled_from(Exposure),
            st.sampled_from(ANSWERS),
            st.sampled_from(("passes", "passes", "passes", "objects", "raises")),
            st.integers(0, 12),
            st.integers(0, 6),
        ),
        min_size=1,
        max_size=12,
    ),
    st.none() | st.integers(0, 15),
    st.frozensets(st.integers(0, 12), max_size=1),
)


class FailingJournal(Journal):
    """A real one whose commits fail where the story says so."""

    failing: frozenset[int] = frozenset()
    commits = 0

    async def commit(self, batch: Batch) -> None:
        self.commits += 1
        if self.commits - 1 in self.failing:
            raise JournalFailed("the disk is full")
        await super().commit(batch)


@dataclass
class Seen:
    """What left, each with whether the switch was latched then; raised: guards that did; failed: commits that did."""

    left: list[tuple[Exposure, bool]] = field(default_factory=list)
    raised: int = 0
    failed: int = 0


async def told(story: Story, folder: Path) -> tuple[Seen, Switch, Switch]:
    """Let it happen. Returns what was seen, where the switch stood in the end, and where it stands after a restart."""
    seen = Seen()
    clock = ManualClock(100.0)
    journal = FailingJournal(folder / "journal.sqlite", "test")
    journal.failing = story.failing
    journal.open()

    def remember(position: dict[str, Any]) -> None:
        journal.post(Batch(remember=(Memory("desk", "switch", position, clock.now(), world=EVERY_WORLD),)))

    switch = MasterSwitch(Mode.PAPER, Bus(), remember, clock.now())
    gate = Gate(mode=Mode.PAPER, switch=switch, journal=journal, clock=clock, revision=lambda: 1, deadline_s=0.001)

    def guard(intent: Intent) -> Reason | None:
        if intent.payload.guard == "raises":
            seen.raised += 1
            raise ZeroDivisionError("no limit")
        return Why() if intent.payload.guard == "objects" else None

    async def port(intent: Intent) -> str:
        seen.left.append((intent.exposure, switch.position is Switch.STOPPED))
        await turns(intent.payload.travels)
        match intent.payload.answer:
            case "rejected":
                raise Rejection(Why())
            case "silent":
                raise NoAnswer(Why())
            case "broken":
                raise OSError("gone")
            case "cancelled":
                raise asyncio.CancelledError
            case "overdue":
                await asyncio.Event().wait()
        return "taken"

    async def send(number: int, sent: Sent) -> None:
        await turns(sent.turns)
        try:
            await gate.send(Intent(f"k{number}", "test", "parcel", sent.exposure, sent, Why()))
        except JournalFailed:
            seen.failed += 1

    async def stop() -> None:
        if story.stop_after is not None:
            await turns(story.stop_after)
            switch.stop(AskedByPerson("test"), clock.now())

    gate.connect("parcel", port)
    gate.guard("limit", guard)
    sending = [send(number, sent) for number, sent in enumerate(story.sent)]
    await asyncio.gather(*sending, stop(), return_exceptions=True)
    await asyncio.to_thread(journal.close)
    return seen, switch.position, await latched_at_the_next_start(folder)


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def latched_at_the_next_start(folder: Path) -> Switch:
    journal = Journal(folder / "journal.sqlite", "test")
    journal.open()
    switch = MasterSwitch(Mode.PAPER, Bus(), lambda position: None, 200.0)
    switch.restore((await journal.recall("desk", "switch", every_world=True)).get("switch"), 200.0)
    await asyncio.to_thread(journal.close)
    return switch.position


@settings(max_examples=60)
@given(STORIES)
def test_after_the_latch_nothing_leaves_but_cancels_and_words_and_it_holds_over_a_restart(story: Story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        seen, position, later = asyncio.run(told(story, Path(folder)))
    assert [exposure for exposure, latched in seen.left if latched and exposure in COSTS] == []
    if story.stop_after is not None or seen.raised or seen.failed:
        assert position is Switch.STOPPED
    assert later is position


@settings(max_examples=30)
@given(STORIES.filter(lambda story: any(sent.guard == "raises" for sent in story.sent)))
def test_a_guard_that_raises_stops_whatever_else_goes_on(story: Story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        seen, position, later = asyncio.run(told(story, Path(folder)))
    if seen.raised:
        assert (position, later) == (Switch.STOPPED, Switch.STOPPED)
