"""The long runs of the panel in short: a few ends, one session of canaries, and a moment of the week."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from engine.core.modes import Mode
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service
from tests.soak.canaries import needles, session
from tests.soak.held import Held
from tests.soak.shutdowns import GIVE_UP_AFTER_S, PHASES, WAYS, one_end
from tests.soak.week import LOOKS_A_DAY, judged

A_LOOK = Held(
    at_s=0.0,
    resident_mb=400.0,
    python_objects=1,
    objects=10,
    wrappers=10,
    timers=3,
    qtimers=1,
    tasks=5,
    threads=4,
    files=9,
    samples=100,
    late_p50_ms=1.0,
    late_p99_ms=9.0,
    late_max_ms=40.0,
)


@pytest.mark.usefixtures("secret_service")
@pytest.mark.parametrize(("way", "phase"), list(zip(WAYS, PHASES, strict=True)), ids=list(PHASES))
def test_asked_to_end_it_leaves_nothing_pending_and_its_journal_closed(tmp_path: Path, way: str, phase: str) -> None:
    """The time it takes is the long form's matter, for a machine may be busy."""
    end = asyncio.run(one_end(0, way, phase, 0.5, tmp_path))
    assert [wrong for wrong in end.wrong if not wrong.startswith("it took")] == []
    assert end.took_s < GIVE_UP_AFTER_S


@pytest.mark.usefixtures("secret_service")
@pytest.mark.parametrize("exchange", ["failing", "hostile"])
def test_no_canary_is_in_anything_that_a_session_leaves(tmp_path: Path, exchange: str) -> None:
    """An exchange that is hostile from its first answer on lets no session open, and its words are shown."""
    found = asyncio.run(session(Mode.LIVE, exchange, 4.0, tmp_path, 7))
    assert found.found == []
    assert found.code in (0, 1)
    assert found.asked["http"] > 0
    if exchange == "failing":
        assert found.asked["postgresql"] > 0
        assert found.files >= 8
    else:
        assert "Nothing could be read at Kraken" in (tmp_path / "texts.txt").read_text(encoding="utf-8")


def test_a_canary_that_leaks_is_found_in_each_form() -> None:
    value = "Q0FOQVJZQUJDREVGR0hJSktMTU5PUFFSU1RVVldYMjM="
    leaks = (
        value,
        value.encode().hex(),
        "q=Q0FOQVJZQUJDREVGR0hJSktMTU5PUFFSU1RVVldYMjM%3D",
        "CANARYABCDEFGHIJKLMNOPQRSTUVWX23",
    )
    for leak in leaks:
        assert any(needle in leak.encode() for needle in needles("kraken.api_secret", value))


def test_a_week_that_holds_what_it_held_is_right() -> None:
    assert judged([A_LOOK] * 3 * LOOKS_A_DAY)[1] == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("resident_mb", 410.5, "memory grew by 10.5 MiB"),
        ("objects", 11, "objects rose from 10 to 11"),
        ("timers", 4, "timers rose from 3 to 4"),
        ("tasks", 6, "tasks rose from 5 to 6"),
        ("late_p99_ms", 17.0, "17 ms late in 1 of 100"),
        ("late_max_ms", 101.0, "101 ms late once"),
    ],
)
def test_a_week_in_which_something_grows_is_found(field: str, value: float, said: str) -> None:
    grown = dataclasses.replace(A_LOOK, **{field: value})
    _, wrong = judged([A_LOOK] * LOOKS_A_DAY * 2 + [grown] * LOOKS_A_DAY * 2)
    assert any(said in words for words in wrong)
