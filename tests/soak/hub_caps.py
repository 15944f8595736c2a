"""Caps of the hub under very many concurrent runs: never passed by one unit, in-flight work counted.

    python -m tests.soak.hub_caps [--runs 10000] [--seed 0]

One line of JSON at the end; the first breach stops it with its seed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.engine.hub.caps_storm import storm


def soak(runs: int, first_seed: int) -> dict[str, object]:
    """Raises AssertionError; stderr names the seed."""
    refused: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    with asyncio.Runner() as runner:
        for seed in range(first_seed, first_seed + runs):
            with tempfile.TemporaryDirectory(prefix="evenkeel-caps-") as folder:
                try:
                    found = runner.run(storm(Path(folder), seed))
                except BaseException:
                    print(f"seed {seed}", file=sys.stderr, flush=True)
                    raise
            sums += Counter(
                accepted=found.accepted, sent=found.sent, carried_out=len(found.carried), checks=found.checks
            )
            refused += found.refused
    return {"runs": runs, "breaches": 0, **sums, "refused": dict(refused.most_common())}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parsed = parser.parse_args()
    logging.disable(logging.CRITICAL)
    started_s = time.monotonic()
    found = soak(parsed.runs, parsed.seed)
    print(json.dumps({**found, "real_s": round(time.monotonic() - started_s, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
