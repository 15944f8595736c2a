"""The hub's books over very many steps of anything that can happen, at 0, 6, 8 and 18 decimals, in mirrored hubs.

    python -m tests.soak.hub_books [--steps 100000] [--seed 1]

One line of JSON: steps taken, what came of requests and batches; it fails with the shortest way to the first difference
of a unit.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.engine.hub.books_machine import Books

RUNS_AT_ONCE, STEPS_OF_RUN = 100, 100


def soak(steps: int, seed_number: int) -> None:
    """Until so many steps were taken. Raises what the first broken invariant raises."""
    many = settings(
        max_examples=RUNS_AT_ONCE,
        stateful_step_count=STEPS_OF_RUN,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    while Books.seen["steps"] < steps:
        seed_number += 1
        machine = seed(seed_number)(type("BooksOfSeed", (Books,), {}))
        run_state_machine_as_test(machine, settings=many)
        print(f"{Books.seen['steps']} steps", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args()
    logging.disable(logging.CRITICAL)
    started_s = time.monotonic()
    soak(parsed.steps, parsed.seed)
    print(json.dumps({**Books.seen, "seed": parsed.seed, "real_s": round(time.monotonic() - started_s, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
