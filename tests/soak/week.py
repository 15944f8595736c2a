"""A week of the whole panel with its three engines: does it hold more at the end than after the first day?

    python -m tests.soak.week [--days 7] [--speed 300] [--seed 1]

What is real: the program, its window (drawn offscreen, its pages turned), the Secret Service, every socket, the
exchange and the chains, each a process of its own. What is simulated: the paper exchange's time, and with it governor
and grid, runs `speed` times faster, so that a week is 34 minutes at 300. Drift and hub live by the machine's clock, as
blocks do: what a week would bring them is pressed into the run by prices that wander more, a short cooldown and many
users.

One line of JSON for each look, a last one that sums up. Held: resident memory after the first day plus 10 MiB; as many
Qt objects, timers and tasks in the calmest moment of the last day as of the second; the loop wakes within 16 ms in 99
of 100 times and within 100 ms always, by the looks after the first day. The loop is measured under `speed` times the
load of a real session: `--speed 1` shows it as it is.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from engine.core.option_catalogue import Catalogue
from engine.desk.options import SECTIONS
from gui.window import PAGES
from tests.secret_service import private_secret_service
from tests.soak.held import Held

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "tests.soak.panel"]
DAY_S = 86_400.0
LOOKS_A_DAY = 20
TURN_EVERY_S = 3.0
ANSWER_WITHIN_S = 60.0
MAY_GROW_MB, LATE_P99_MS, LATE_MAX_MS = 10.0, 16.0, 100.0
COUNTED = ("objects", "wrappers", "timers", "qtimers", "tasks", "threads", "files")
PRESSED = {"drift.cooldown_minutes": "1", "paper.chain_volatility": "0.01", "paper.hub_users": "60"}


class Watched:
    """The program as a child process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self._stdin, self._stdout = process, process.stdin, process.stdout

    def tell(self, line: str) -> None:
        self._stdin.write(f"{line}\n".encode())

    async def look(self) -> Held:
        """Raises TimeoutError when it does not answer."""
        self.tell("look")
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return Held(**json.loads(await self._stdout.readline()))

    async def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await self.process.wait()


async def lived(days: float, speed: float, seed: int, folder: Path) -> tuple[list[Held], list[str]]:
    """Looks, evenly over the time; and what went wrong."""
    words = ["--profile", str(folder / "profile"), "--mode", "paper", "--speed", str(speed), "--seed", str(seed)]
    with (folder / "said.log").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *PROGRAM, *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=said, cwd=ROOT,
            env={**os.environ, **_pressed(), "QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
    watched = Watched(process)
    turning = asyncio.create_task(_turn_pages(watched))
    looks: list[Held] = []
    wrong: list[str] = []
    began_s, day_s = time.monotonic(), DAY_S / speed
    try:
        for number in range(1, round(days * LOOKS_A_DAY) + 1):
            await asyncio.sleep(max(0.0, began_s + number * day_s / LOOKS_A_DAY - time.monotonic()))
            looks.append(await watched.look())
            print(json.dumps({"day": round(number / LOOKS_A_DAY, 2), **asdict(looks[-1])}), flush=True)
    except (TimeoutError, ValueError) as error:
        wrong.append(f"it did not answer: {error!r}")
    finally:
        turning.cancel()
        await asyncio.wait((turning,))
        code = await watched.end()
    if code != 0:
        wrong.append(f"its exit code is {code}")
    return looks, wrong


def _pressed() -> dict[str, str]:
    names = {spec.path: spec.environment_name for spec in Catalogue(SECTIONS)}
    return {names[path]: value for path, value in PRESSED.items()}


async def _turn_pages(watched: Watched) -> None:
    for page in itertools.cycle(PAGES):
        await asyncio.sleep(TURN_EVERY_S)
        watched.tell(f"page {page}")


def judged(looks: Sequence[Held], per_day: int = LOOKS_A_DAY) -> tuple[dict[str, object], list[str]]:
    """The figures, and what of them is too much. Needs more than two days of looks."""
    first, second, last = looks[:per_day], looks[per_day : 2 * per_day], looks[-per_day:]
    after_first_day_mb = max(look.resident_mb for look in first)
    grown_mb = max(look.resident_mb for look in looks[per_day:]) - after_first_day_mb
    late = [look for look in looks[per_day:] if look.samples]
    p99_ms = sorted(look.late_p99_ms for look in late)
    figures: dict[str, object] = {
        "resident_first_day_mb": after_first_day_mb,
        "grown_mb": round(grown_mb, 2),
        "late_p99_ms_median_of_looks": p99_ms[len(p99_ms) // 2],
        "late_p99_ms_worst_look": p99_ms[-1],
        "late_max_ms": max(look.late_max_ms for look in late),
    }
    wrong = [f"memory grew by {grown_mb:.1f} MiB after the first day"] if grown_mb > MAY_GROW_MB else []
    for name in COUNTED:
        calm = [min(getattr(look, name) for look in day) for day in (second, last)]
        figures[name] = calm
        if calm[1] > calm[0]:
            wrong.append(f"{name} rose from {calm[0]} to {calm[1]}")
    if p99_ms[len(p99_ms) // 2] > LATE_P99_MS:
        wrong.append(f"the loop is {p99_ms[len(p99_ms) // 2]:.0f} ms late in 1 of 100 times")
    if max(look.late_max_ms for look in late) > LATE_MAX_MS:
        wrong.append(f"the loop was {max(look.late_max_ms for look in late):.0f} ms late once")
    return figures, wrong


def brought(journal: Path) -> dict[str, int]:
    """What the engines did, by the journal: intents of each engine and kind that were delivered."""
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT engine, kind, state, COUNT(*) FROM intents GROUP BY 1, 2, 3").fetchall()
    return {f"{engine} {kind} {state}": count for engine, kind, state, count in rows}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--speed", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="evenkeel-week-"))
    home = folder / "keyring"
    home.mkdir()
    with private_secret_service(home):
        looks, wrong = asyncio.run(lived(parsed.days, parsed.speed, parsed.seed, folder))
    figures: dict[str, object] = {}
    if len(looks) > 2 * LOOKS_A_DAY:
        figures, too_much = judged(looks)
        wrong += too_much
    print(json.dumps({**figures, "brought": brought(folder / "profile" / "journal.sqlite"), "wrong": wrong}))
    if wrong:
        print(f"what it said is kept in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
