"""Many histories: each point with each seed, a few at a time, counted; what was found is printed as it comes."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

TRIES = 6


class Breach(AssertionError):
    """Something happened twice, or was lost."""


@dataclass
class History:
    """What came of one point and seed. reached: how many of the kills struck. counts: what there was of what."""

    point: str
    seed: int
    reached: int = 0
    counts: Counter[str] = field(default_factory=Counter)


Tell = Callable[[str, int, Path], Awaitable[History]]
"""Lets one history happen, by point, seed and an empty folder's path. Raises Breach, with what to look at."""


async def campaign(
    points: Sequence[str], seeds: Sequence[int], jobs: int, teller: Callable[[], AbstractAsyncContextManager[Tell]]
) -> int:
    """All histories, `jobs` at a time, each job with a teller of its own.

    Returns how many breaches there were, and points that were never reached.
    """
    work = [(point, seed) for point in points for seed in seeds]
    done: dict[str, list[History]] = {point: [] for point in points}
    broken = 0
    started_s = time.monotonic()

    async def worker() -> None:
        nonlocal broken
        async with teller() as tell:
            while work:
                point, seed = work.pop(0)
                with tempfile.TemporaryDirectory(prefix="evenkeel-kill-") as folder:
                    try:
                        done[point].append(await _reaching(tell, point, seed, Path(folder)))
                    except Breach as breach:
                        broken += 1
                        print(f"BREACH {breach}", flush=True)
                if len(done[point]) == len(seeds):
                    print(f"{point:24} {_line(done[point])}", flush=True)

    await asyncio.gather(*(worker() for _ in range(jobs)))
    histories = [one for some in done.values() for one in some]
    print(f"{len(points)} points, {_line(histories)}, {broken} breaches, {time.monotonic() - started_s:.0f} s")
    never = [point for point, some in done.items() if not any(one.reached for one in some)]
    if never:
        print(f"never reached: {', '.join(never)}")
    return broken + len(never)


async def _reaching(tell: Tell, point: str, seed: int, folder: Path) -> History:
    """A history whose point was reached at least once, if it can be within TRIES: chance may keep a life from it."""
    for attempt in range(TRIES):
        found = await tell(point, seed + attempt * 10_000, folder / str(attempt))
        if found.reached:
            break
    return found


def _line(histories: Sequence[History]) -> str:
    kills = sum(one.reached for one in histories)
    counts: Counter[str] = sum((one.counts for one in histories), Counter())
    return ", ".join(
        [f"{len(histories)} histories", f"{kills} kills", *(f"{number} {what}" for what, number in counts.items())]
    )


def arguments(description: str | None, points: Iterable[str]) -> tuple[list[str], range, int]:
    """Points, seeds and jobs from the command line."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--points", default=",".join(points))
    parser.add_argument("--jobs", type=int, default=2)
    parsed = parser.parse_args()
    return parsed.points.split(","), range(parsed.first_seed, parsed.first_seed + parsed.seeds), parsed.jobs
