"""Somebody else acts on the account and the exchange changes, for simulated hours, over real sockets.

    python -m tests.interfere [--kinds enlarged-exit,clock] [--seeds 20] [--hours 6] [--pairs 60] [--state FILE]

Each kind alone with each seed, then drawn pairs with three seeds for a third of the time: nothing is placed twice, no
fill is lost, each trouble has a way out that ends it, no halt takes an exit off the book, each strike is told in time
and once, and the grid trades on. One line of JSON for each run that is not as it should be, then a summary. Runs that
the state file has of this program are not made again.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.interfere.kinds import BY_NAME
from tests.interfere.played import Run, interfered
from tests.soak.done import Done, Row, program_version
from tests.soak.virtual_time import NothingLeftToWaitFor, run

SEEDS, HOURS, PAIRS, SEEDS_OF_PAIR, HOURS_OF_PAIR_RATIO = 20, 6.0, 60, 3, 1 / 3

Name = tuple[str, int, float]


def runs(kinds: Sequence[str], seeds: int, hours: float, pairs: int) -> list[tuple[tuple[str, ...], int, float]]:
    """What is to be run: each kind alone, all with one seed before all with the next; then the pairs."""
    alone = [((kind,), seed, hours) for seed in range(1, seeds + 1) for kind in kinds]
    chance = random.Random("pairs")
    drawn = [tuple(sorted(chance.sample(list(kinds), 2))) for _ in range(pairs if len(kinds) > 1 else 0)]
    together = [(pair, seed, hours * HOURS_OF_PAIR_RATIO) for seed in range(1, SEEDS_OF_PAIR + 1) for pair in drawn]
    return [*alone, *together]


def one(kinds: Sequence[str], seed: int, hours: float, *, short: bool = False) -> Row:
    """One run; what fails in it is wrong with it."""
    with tempfile.TemporaryDirectory(prefix="evenkeel-interfere-") as folder:
        try:
            return asdict(run(lambda loop: interfered(loop, kinds, seed, hours, Path(folder), short=short)))
        except (Exception, NothingLeftToWaitFor) as error:
            wrong = [f"the run itself failed: {type(error).__name__}: {error}"]
            return asdict(Run(list(kinds), seed, hours, wrong=wrong))


def _name_of(row: Row) -> Name:
    return "+".join(row["kinds"]), row["seed"], row["hours"]


def _summary(rows: Sequence[Row], took_s: float) -> str:
    struck: Counter[str] = Counter()
    latest: dict[str, float] = {}
    for row in rows:
        struck += Counter(row["struck"])
        for kind, told_s in row["told_after_s"].items():
            latest[kind] = max(latest.get(kind, 0.0), told_s)
    wrong = sum(bool(row["wrong"]) for row in rows)
    return "\n".join(
        (
            json.dumps({"struck": dict(struck), "told_after_s": latest}),
            f"{len(rows)} runs in {took_s:.0f} s, {sum(row['trades'] for row in rows)} trades, "
            f"{sum(struck.values())} strikes, {wrong} runs not as they should be",
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default=",".join(BY_NAME), help="names, comma between them; all without it")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many for each kind alone")
    parser.add_argument("--hours", type=float, default=HOURS, help="simulated, of each kind alone")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="how many are drawn of these kinds")
    parser.add_argument("--short", action="store_true", help="one strike of each kind is enough")
    parser.add_argument("--state", type=Path, help="a file: runs that it has of this program are not made again")
    parser.add_argument("--verbose", action="store_true", help="what the session logs")
    parsed = parser.parse_args()
    logging.basicConfig(level=logging.INFO if parsed.verbose else logging.CRITICAL)
    kinds = [name for name in parsed.kinds.split(",") if name]
    for name in (unknown := [name for name in kinds if name not in BY_NAME]):
        print(f"no such kind: {name}; expected some of {', '.join(BY_NAME)}", file=sys.stderr)
    if unknown:
        return 2
    version = program_version("engine", "tests/interfere", "tests/soak", "tests/fault")
    done: Done[Name] = Done(parsed.state, version, _name_of)
    wanted = runs(kinds, parsed.seeds, parsed.hours, parsed.pairs)
    began_s = time.monotonic()
    rows = []
    for names, seed, hours in wanted:
        name = ("+".join(names), seed, hours)
        if name not in done.rows:
            done.add(one(names, seed, hours, short=parsed.short))
            if done.rows[name]["wrong"] or parsed.verbose:
                print(json.dumps(done.rows[name], ensure_ascii=False), flush=True)
        rows.append(done.rows[name])
    print(_summary(rows, time.monotonic() - began_s), flush=True)
    return 1 if any(row["wrong"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
