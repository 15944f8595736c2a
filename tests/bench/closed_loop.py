"""The governor on against off, on the same seeds: what a closed loop shows (governor spec, last section).

    python tests/bench/closed_loop.py [--days 30] [--seeds 20] [--jobs 2] [--regimes flat,down]

One JSON line for each regime, then the same as a table, then the gates over all runs. Without arguments a short form.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from engine.governor.options import GovernorOptions
from engine.lab.loop import LabSpec, run
from engine.lab.result import LabResult
from engine.paper.config import MarketSpec

REGIMES = ("flat", "up", "down", "spike", "gap")
Run = tuple[str, int, bool, float]
ONE_TICK_RATIO = 1e-7 / 0.05

SHOWN: dict[str, Callable[[LabResult], float]] = {
    "mean distance from target": lambda one: one.deviation,
    "time in band": lambda one: one.in_band,
    "USD deployed/h": lambda one: one.deployed_per_hour_usd,
    "profit USD": lambda one: one.profit_usd,
    "equity change USD": lambda one: one.equity_change_usd,
    "largest drawdown": lambda one: one.max_drawdown,
    "long_only + short_only": lambda one: one.long_only + one.short_only,
}


def one_run(what: Run) -> tuple[Run, LabResult]:
    regime, seed, governed, days = what
    market: Any = regime
    governor = GovernorOptions(enabled=governed)
    return what, run(LabSpec(market=MarketSpec(regime=market), seed=seed, days=days, governor=governor))


def means(results: Sequence[LabResult]) -> dict[str, float]:
    """Of each shown figure, over the seeds; of the drawdown the worst."""
    figures = {name: sum(read(one) for one in results) / len(results) for name, read in SHOWN.items()}
    figures["largest drawdown"] = min(one.max_drawdown for one in results)
    return {name: round(value, 4) for name, value in figures.items()}


def gates(governed: Sequence[LabResult], free: Sequence[LabResult]) -> dict[str, bool]:
    """What must hold over all runs."""
    margins = [one.least_margin for one in (*governed, *free) if one.least_margin is not None]
    return {
        "at most 3 sign flips in any hour": max(one.flips_in_worst_hour for one in governed) <= 3,
        "margin unchanged within a tick": min(margins) >= 0.01 - ONE_TICK_RATIO,
        "volume drift 0": not any(one.volume_drifts for one in governed),
        "size at most 1.5 x base": max(one.largest_multiple for one in governed) <= 1.5,
        "no order ever taker": not any(one.taker_fills for one in (*governed, *free)),
        "never halted": not any(one.halted for one in (*governed, *free)),
        "one-sided slots no more often than off": sum(one.long_only + one.short_only for one in governed)
        <= sum(one.long_only + one.short_only for one in free),
    }


def table(rows: dict[str, tuple[dict[str, float], dict[str, float]]]) -> str:
    """On / off for each regime, as Markdown."""
    lines = ["| regime | " + " | ".join(SHOWN) + " |", "|---" * (len(SHOWN) + 1) + "|"]
    for regime, (governed, free) in rows.items():
        cells = (f"{governed[name]:.3g} / {free[name]:.3g}" for name in SHOWN)
        lines.append(f"| {regime} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, default=2.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--regimes", default=",".join(REGIMES))
    parsed = parser.parse_args()
    started_s = time.monotonic()
    regimes = parsed.regimes.split(",")
    work = [(*one, parsed.days) for one in product(regimes, range(parsed.seeds), (True, False))]
    with multiprocessing.Pool(parsed.jobs) as pool:
        done = dict(pool.imap_unordered(one_run, work))
    rows = {}
    for regime in regimes:
        governed, free = (
            means([done[regime, seed, on, parsed.days] for seed in range(parsed.seeds)]) for on in (True, False)
        )
        rows[regime] = (governed, free)
        print(json.dumps({"name": f"closed loop {regime}", "days": parsed.days, "on": governed, "off": free}))
    print(table(rows))
    results = [[one for what, one in done.items() if what[2] is on] for on in (True, False)]
    verdicts = gates(*results)
    for name, holds in verdicts.items():
        print(f"{'holds' if holds else 'DOES NOT HOLD'}: {name}")
    print(f"{len(work)} runs of {parsed.days:g} days in {time.monotonic() - started_s:.0f} s")
    return 0 if all(verdicts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
