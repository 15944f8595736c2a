"""Many drawn histories, a few at a time, each in a network of its own; what was done already is not done again.

python -m tests.rehearse.histories (seeds on standard input, one a line; one line of JSON for each history)
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.rehearse.history import history
from tests.rehearse.namespace import NO_NAMESPACE, NamespaceRefusedError
from tests.rehearse.plans import plan_of
from tests.rehearse.stage import house
from tests.rehearse.watch import kind_of
from tests.soak.done import Done, Row, program_version
from tests.soak.virtual_time import NothingLeftToWaitFor, run

ROOT = Path(__file__).resolve().parents[2]
WORKER = [sys.executable, "-m", "tests.rehearse.histories"]
TAKES_AT_MOST_S = 120.0
TELL_EVERY = 50


def work() -> int:
    """A worker: the histories of the seeds on standard input, until that ends."""
    logging.basicConfig(level=logging.CRITICAL)
    try:
        with house(programs=False) as built:
            for line in sys.stdin:
                plan = plan_of(int(line))
                try:
                    row = asdict(run(lambda loop, plan=plan: history(loop, built, plan)))
                except (Exception, NothingLeftToWaitFor) as error:
                    row = {"seed": plan.seed, "wrong": [f"the history itself failed: {type(error).__name__}: {error}"]}
                print(json.dumps(row, ensure_ascii=False), flush=True)
    except NamespaceRefusedError as error:
        print(f"this system gives no namespaces of our own: {error}", file=sys.stderr)
        return NO_NAMESPACE
    return 0


async def tell(seeds: Sequence[int], jobs: int, file: Path | None) -> int:
    """All of them, `jobs` at a time; how many are not as they should be."""
    done: Done[int] = Done(file, program_version("engine", "tests/rehearse"), lambda row: int(row["seed"]))
    left = [seed for seed in seeds if seed not in done.rows]
    if len(left) < len(seeds):
        print(f"{len(seeds) - len(left)} of {len(seeds)} histories were told before", flush=True)
    began_s = time.monotonic()
    await asyncio.gather(*(_worker(left, done) for _ in range(jobs)))
    rows = [done.rows[seed] for seed in seeds if seed in done.rows]
    print(_summary(rows, time.monotonic() - began_s), flush=True)
    return sum(bool(row["wrong"]) for row in rows) + len(seeds) - len(rows)


async def _worker(left: list[int], done: Done[int]) -> None:
    """Takes one seed after the other; a worker that falls silent is ended, and that history counts as wrong."""
    while left:
        process = await asyncio.create_subprocess_exec(
            *WORKER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT, limit=1 << 22
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            while left:
                seed = left.pop(0)
                process.stdin.write(f"{seed}\n".encode())
                try:
                    async with asyncio.timeout(TAKES_AT_MOST_S):
                        line = await process.stdout.readline()
                except TimeoutError:
                    line = b""
                if not line:
                    done.add({"seed": seed, "wrong": [f"it did not end within {TAKES_AT_MOST_S:g} s"]})
                    _print_wrong(done.rows[seed])
                    break
                done.add(json.loads(line))
                _print_wrong(done.rows[seed])
                if len(done.rows) % TELL_EVERY == 0:
                    print(f"{len(done.rows)} histories", flush=True)
        finally:
            process.stdin.close()
            try:
                async with asyncio.timeout(5.0):
                    code = await process.wait()
            except TimeoutError:
                process.kill()
                code = await process.wait()
        if code == NO_NAMESPACE:
            left.clear()


def _print_wrong(row: Row) -> None:
    if row["wrong"]:
        print(json.dumps(row, ensure_ascii=False), flush=True)


def _summary(rows: Sequence[Row], took_s: float) -> str:
    parts = [f"{len(rows)} histories", f"{sum(bool(row['wrong']) for row in rows)} not as they should be"]
    parts += [f"{sum(row.get(name, 0) for row in rows)} orders {name}" for name in ("placed", "filled")]
    for name, words in (("emptied_s", "to an empty book"), ("said_s", "to the word that it is")):
        times = sorted(row[name] for row in rows if row.get(name) is not None)
        if len(times) > 1:
            cuts = quantiles(times, n=100)
            parts.append(f"{words} p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s, most {times[-1]:.2f} s")
    kinds = counted(rows)
    return "; ".join([", ".join(parts), *(f"{times} x {words}" for words, times in kinds.items()), f"{took_s:.0f} s"])


def counted(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How often each kind of breach was found, numbers and times taken out of its words; the most frequent first."""
    kinds = Counter(kind_of(re.sub(r"^[\d.]+ s: ", "", words))[:160] for row in rows for words in row["wrong"])
    return dict(kinds.most_common())


if __name__ == "__main__":
    sys.exit(work())
