"""`evenkeel-engine status | stop | pause | resume | grid`: real programs, a real session, a real terminal."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.cli import exit_codes
from engine.cli.control import moved_words
from engine.core.messages import Acknowledged, Answer, Reason
from engine.core.modes import Mode
from engine.core.troubles import TakeWay, Trouble, TroublesSnapshot, Way
from engine.desk.desk import Desk
from tests.engine.cli.at_a_terminal import answered, answered_beside
from tests.engine.cli.running_program import PROGRAM
from tests.engine.desk.running_desk import acquired


@dataclass(frozen=True, slots=True)
class WouldFree(Reason, code="would_free_in_a_test"):
    slot_id: int


@dataclass
class Running:
    """A headless session in PAPER that has orders on the book."""

    profile: Path
    child: subprocess.Popen[str]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    profile = tmp_path_factory.mktemp("running") / "p"
    words = ["--profile", str(profile), "--mode", "paper", "--speed", "20", "--market", "flat"]
    child = subprocess.Popen([*PROGRAM, *words], stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    for line in child.stderr:
        if "[REBAL]" in line:
            break
    yield Running(profile, child)
    child.terminate()
    child.communicate(timeout=20)


def status(profile: Path) -> dict[str, object]:
    done = answered("status", "--json", profile=profile)
    assert done.returncode == exit_codes.DONE, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_running_session_is_described(running: Running) -> None:
    said = answered("status", profile=running.profile).stdout
    assert "Mode:     PAPER" in said
    assert "Grid:     running" in said
    assert status(running.profile)["process"] == running.child.pid


@pytest.mark.parametrize(
    ("typed", "words", "code", "stands"),
    [
        (None, [], exit_codes.USAGE, "running"),
        ("n", [], exit_codes.PERSON_NEEDED, "running"),
        ("", [], exit_codes.PERSON_NEEDED, "running"),
        ("y", [], exit_codes.DONE, "paused"),
        (None, ["--yes"], exit_codes.DONE, "paused"),
    ],
    ids=["nobody there", "no", "enter alone", "yes", "--yes"],
)
def test_a_verb_says_what_it_does_and_is_done_once_a_person_agrees(
    running: Running, typed: str | None, words: list[str], code: int, stands: str
) -> None:
    answered("resume", "--yes", profile=running.profile)
    done = answered("pause", *words, profile=running.profile, typed=typed)
    assert done.returncode == code
    assert "Pause lets no new entry out" in done.stderr
    assert status(running.profile)["switch"] == stands


def test_a_verb_that_would_change_nothing_says_so_and_asks_nothing(running: Running) -> None:
    answered("resume", "--yes", profile=running.profile)
    done = answered("resume", profile=running.profile)
    assert (done.returncode, done.stdout) == (exit_codes.DONE, "The master switch is running; this changes nothing.\n")


def test_a_stop_clears_the_book_and_a_resume_lets_go_again(running: Running) -> None:
    done = answered("stop", "--yes", profile=running.profile)
    assert done.stdout.startswith("The master switch is stopped.")
    assert answered("resume", typed="y", profile=running.profile).stdout == "The master switch is running.\n"


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"switch": "paused"}, "The master switch is paused."),
        (
            {"switch": "stopped", "cancelled": 8, "left": 0},
            "The master switch is stopped. Taken off the book: 8 orders.",
        ),
        (
            {"switch": "stopped", "cancelled": 5, "left": 3},
            "The master switch is stopped. Taken off the book: 5 orders. 3 may rest still and are asked to leave "
            "again; `status` says how it stands.",
        ),
    ],
    ids=["pause", "all left", "some left"],
)
def test_what_came_of_a_verb_is_said_with_its_numbers(result: dict[str, object], said: str) -> None:
    assert moved_words(result) == said


def test_somebody_else_edits_an_order_of_the_session_that_runs(running: Running) -> None:
    done = answered("happen", "place:buy:20@-20%; 1h:kfee", profile=running.profile)
    assert done.returncode == exit_codes.DONE, done.stderr
    assert "place:buy:20@-20%  O" in done.stdout
    assert "to come: 1h:kfee:on" in done.stdout
    cancelled = json.loads(answered("happen", "withdraw-foreign", "--json", profile=running.profile).stdout)
    assert cancelled["happened"][-1]["what"] == "cancel:foreign"


async def test_nothing_happens_to_a_session_without_a_paper_exchange(tmp_path: Path) -> None:
    async with acquired(tmp_path, Mode.OFF) as place, place.session():
        done = await answered_beside("happen", "kfee", profile=place.profile.folder)
    assert done.returncode == exit_codes.FAILED
    assert "this session has no paper exchange" in done.stderr


def test_what_cannot_happen_is_refused_in_words(running: Running) -> None:
    done = answered("happen", "amend:buy", profile=running.profile)
    assert (done.returncode, done.stdout) == (exit_codes.FAILED, "")
    assert "cannot happen at the paper exchange: happening 'amend:buy': expected a change" in done.stderr


@pytest.mark.parametrize("words", [["status"], ["stop", "--yes"], ["grid", "list"], ["grid", "release", "1", "--yes"]])
def test_without_a_session_it_says_so_and_what_to_do(tmp_path: Path, words: list[str]) -> None:
    done = answered(*words, profile=tmp_path / "p")
    assert (done.returncode, done.stdout) == (exit_codes.NO_SESSION, "")
    assert f"no session runs on the profile {tmp_path / 'p'}; start one with" in done.stderr
    assert not (tmp_path / "p").exists()


def test_a_session_that_was_killed_is_none(tmp_path: Path) -> None:
    words = ["--profile", str(tmp_path / "p"), "--mode", "off"]
    child = subprocess.Popen([*PROGRAM, *words], stderr=subprocess.DEVNULL)
    while answered("status", profile=tmp_path / "p").returncode == exit_codes.NO_SESSION:
        assert child.poll() is None
    child.kill()
    child.wait()
    assert answered("status", profile=tmp_path / "p").returncode == exit_codes.NO_SESSION


@dataclass
class Offering:
    """A session in which slot 3 of the grid waits for a person."""

    desk: Desk
    profile: Path
    taken: list[TakeWay]


@pytest.fixture
async def offering(tmp_path: Path) -> AsyncIterator[Offering]:
    taken: list[TakeWay] = []

    async def take(command: TakeWay) -> Answer:
        taken.append(command)
        return Acknowledged({"slot": 3})

    async with acquired(tmp_path / "p", Mode.OFF) as place, place.session() as desk:
        desk.bus.handle(TakeWay, take)
        trouble = Trouble("slot 3", WouldFree(3), 100.0, (Way("release", "3", WouldFree(3)),))
        desk.bus.publish(TroublesSnapshot(at_s=101.0, engine="grid", troubles=(trouble,)))
        yield Offering(desk, place.profile.folder, taken)


async def test_what_waits_for_a_person_is_listed_with_its_ways(offering: Offering) -> None:
    said = (await answered_beside("grid", "list", profile=offering.profile)).stdout
    assert ": slot 3. would_free_in_a_test (slot_id: 3)\n" in said
    assert "\n  release 3: would_free_in_a_test (slot_id: 3)\n" in said


async def test_a_way_that_is_offered_is_taken_once_a_person_agrees(offering: Offering) -> None:
    declined = await answered_beside("grid", "release", "3", profile=offering.profile, typed="n")
    assert (declined.returncode, offering.taken) == (exit_codes.PERSON_NEEDED, [])
    done = await answered_beside("grid", "release", "3", profile=offering.profile, typed="y")
    assert (done.returncode, done.stdout) == (exit_codes.DONE, "Done: release 3.\n")
    assert "would_free_in_a_test (slot_id: 3)" in done.stderr
    assert offering.taken == [TakeWay(verb="release", target="3", where="terminal")]


@pytest.mark.parametrize(("verb", "target"), [("release", "4"), ("adopt", "3"), ("go-on", "3")])
async def test_a_way_that_nobody_offers_is_refused_with_those_that_are(
    offering: Offering, verb: str, target: str
) -> None:
    done = await answered_beside("grid", verb, target, "--yes", profile=offering.profile)
    assert (done.returncode, offering.taken) == (exit_codes.FAILED, [])
    assert f"“{verb} {target}” is not offered now. What is:\n  release 3: would_free" in done.stderr
