"""The panel asked to end, again and again, at moments that chance picks, in each way that a person or a system has.

    python -m tests.soak.shutdowns [--runs 200] [--jobs 1] [--seed 1]

Each run is the whole program with its three engines, its paper worlds and a real Secret Service. It must end within 3
s, with exit code 0, nothing left behind in its loop, no process of its own alive, and the journal closed: whole, and
with no write-ahead file beside it. One line of JSON for each run; the last line sums up.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.secret_service import private_secret_service

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "tests.soak.panel"]
PAPER = ["--mode", "paper", "--speed", "60", "--market", "down"]
WAYS = ("terminate", "interrupt", "close")
END_WITHIN_S = 3.0
GIVE_UP_AFTER_S = 40.0
GETS_THERE_WITHIN_S = 120.0
PHASES = {"loading": ("first frame painted", 2.0), "opening": ("[REBAL]", 3.0), "running": ("wallets reach", 8.0)}
"""From which words of its log on, and how many seconds after them at most, it is asked to end."""
BAD_WORDS = (" ERROR ", " CRITICAL ", "Traceback", "left behind", "still at work", "never awaited", "destroyed but")


@dataclass(frozen=True, slots=True)
class End:
    """How one run ended. asked_after_s: how long after its phase began. took_s: from the request to the end of the
    process. cpu_s: processor time that it and its children took for that; it means something with one job alone. load:
    how many processes of the machine wanted to work, mean of the last minute. wrong: what must not be."""

    run: int
    way: str
    phase: str
    asked_after_s: float
    took_s: float
    cpu_s: float
    load: float
    wrong: tuple[str, ...]


async def one_end(run: int, way: str, phase: str, after_s: float, folder: Path) -> End:
    """Start the program, wait, ask it to end, and look at what it left."""
    said_file = folder / f"{run}.log"
    profile = folder / f"{run}"
    with said_file.open("wb") as said_to:
        process = await asyncio.create_subprocess_exec(
            *PROGRAM, "--profile", str(profile), *PAPER, "--seed", str(run),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=said_to, cwd=ROOT,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
    wrong: list[str] = []
    deadline_s = time.monotonic() + GETS_THERE_WITHIN_S
    begins_with = PHASES[phase][0].encode()
    while process.returncode is None and time.monotonic() < deadline_s:
        await asyncio.sleep(0.02)
        if begins_with in said_file.read_bytes():
            break
    else:
        wrong.append(f"it was not {phase} within {GETS_THERE_WITHIN_S:g} s")
    await asyncio.sleep(after_s)
    if process.returncode is not None:
        words = said_file.read_text(errors="replace").splitlines()[-1:]
        return End(run, way, phase, after_s, 0.0, 0.0, os.getloadavg()[0], (f"it ended by itself: {words}",))
    own = _descendants(process.pid)
    asked_s, before_s, used_s = time.monotonic(), _ended_children_s(), _used_s((process.pid, *own))
    assert process.stdin is not None
    if way == "close":
        process.stdin.write(b"close\n")
        await process.stdin.drain()
    else:
        process.send_signal(signal.SIGTERM if way == "terminate" else signal.SIGINT)
    try:
        async with asyncio.timeout(GIVE_UP_AFTER_S):
            code = await process.wait()
    except TimeoutError:
        process.kill()
        code = await process.wait()
        wrong.append(f"it did not end within {GIVE_UP_AFTER_S:g} s and was killed")
    took_s, cpu_s = time.monotonic() - asked_s, _ended_children_s() - before_s - used_s
    process.stdin.close()
    if took_s > END_WITHIN_S:
        wrong.append(f"it took {took_s:.2f} s to end")
    if code != 0:
        wrong.append(f"its exit code is {code}")
    wrong += [f"it said: {line}" for line in _bad_lines(said_file)]
    wrong += [f"process {pid} ({name}) still runs" for pid, name in _left(own)]
    wrong += _not_closed(profile)
    if not wrong:
        shutil.rmtree(profile, ignore_errors=True)
        said_file.unlink()
    load = round(os.getloadavg()[0], 1)
    return End(run, way, phase, round(after_s, 2), round(took_s, 3), round(cpu_s, 3), load, tuple(wrong))


def _ended_children_s() -> float:
    """Processor time of all children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _used_s(pids: Iterable[int]) -> float:
    """Processor time of these processes until now, and of their children that have ended."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _bad_lines(said: Path) -> list[str]:
    lines = said.read_text(errors="replace").splitlines()
    return [line[:300] for line in lines if any(word in line for word in BAD_WORDS)][:10]


def _not_closed(profile: Path) -> Iterator[str]:
    """A journal that was closed has folded its write-ahead file back into itself."""
    for file in profile.glob("*.sqlite-*"):
        yield f"{file.name} is left: the database was not closed"
    journal = profile / "journal.sqlite"
    if journal.exists():
        with contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
            (verdict,) = database.execute("PRAGMA quick_check").fetchone()
        if verdict != "ok":
            yield f"the journal is not whole: {verdict}"


def _descendants(pid: int) -> dict[int, str]:
    """Every process below this one, by id, with its start time and name."""
    found: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        for file in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                for child in map(int, file.read_text().split()):
                    if (name := _name(child)) is not None:
                        found[child] = name
                        waiting.append(child)
    return found


def _left(own: dict[int, str]) -> list[tuple[int, str]]:
    """Those that still run a moment later; the system takes its time to take a process away."""
    deadline_s = time.monotonic() + 1.0
    while left := [(pid, name) for pid, name in own.items() if _name(pid) == name]:
        if time.monotonic() > deadline_s:
            return left
        time.sleep(0.02)
    return []


def _name(pid: int) -> str | None:
    """Name and start time of a process that runs; None for one that has ended."""
    try:
        before, _, after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        return None
    fields = after.split()
    return None if fields[0] == "Z" else f"{before.partition('(')[2]} since {fields[19]}"


async def ends(runs: int, jobs: int, seed: int, folder: Path) -> list[End]:
    """So many runs, so many at a time; one line for each."""
    chance = random.Random(seed)
    plans = [(run, chance.choice(WAYS), *_moment(chance)) for run in range(runs)]
    turns = asyncio.Semaphore(jobs)

    async def one(plan: tuple[int, str, str, float]) -> End:
        async with turns:
            end = await one_end(*plan, folder)
            print(json.dumps(asdict(end)), flush=True)
            return end

    return list(await asyncio.gather(*(one(plan) for plan in plans)))


def _moment(chance: random.Random) -> tuple[str, float]:
    phase = chance.choice(list(PHASES))
    return phase, chance.uniform(0.0, PHASES[phase][1])


def summed_up(ended: Sequence[End]) -> dict[str, object]:
    """The figures of all runs."""
    took_s, cpu_s = sorted(end.took_s for end in ended), sorted(end.cpu_s for end in ended)
    return {
        "runs": len(ended),
        "right": sum(not end.wrong for end in ended),
        "by_phase": {phase: sum(end.phase == phase for end in ended) for phase in PHASES},
        "mean_load": round(sum(end.load for end in ended) / len(ended), 1),
        "took_p50_s": took_s[len(took_s) // 2],
        "took_p99_s": took_s[min(int(0.99 * len(took_s)), len(took_s) - 1)],
        "took_max_s": took_s[-1],
        "cpu_p50_s": cpu_s[len(cpu_s) // 2],
        "cpu_max_s": cpu_s[-1],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="evenkeel-ends-"))
    home = folder / "keyring"
    home.mkdir()
    with private_secret_service(home):
        ended = asyncio.run(ends(parsed.runs, parsed.jobs, parsed.seed, folder))
    print(json.dumps(summed_up(ended)))
    wrong = [end for end in ended if end.wrong]
    if wrong:
        print(f"what those said is kept in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
