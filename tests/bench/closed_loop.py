"""The governor on against off, on the same paths: what a closed loop shows (governor spec 18d and its last section).

    python tests/bench/closed_loop.py [--days 30] [--seeds 20] [--jobs 2] [--markets flat,down,DOGE] [--set NAME=VALUE]

Five model markets, each with several seeds, and the recorded minutes of two real ones, scaled so that they begin at the
model's price. One JSON line for each market, then the same as a table, then the gates over all runs. Without arguments
a short form. `--set` changes an option of grid or governor in every run, as in orphan_after=600.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.core.option_catalogue import Catalogue
from engine.core.settings import Given, validated
from engine.governor.options import GovernorOptions
from engine.grid.options import GridOptions
from engine.lab.candles import write_price_file
from engine.lab.intervals import Interval, of_days, of_pairs
from engine.lab.loop import LabSpec, run
from engine.lab.result import LabResult
from engine.paper.config import MarketSpec

REGIMES = ("flat", "up", "down", "spike", "gap")
REAL = {"DOGE": "DOGEUSDT-1m.csv.xz", "ADA": "ADAUSDT-1m.csv.xz"}
PRICES = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "prices"
ONE_TICK_RATIO = 1e-7 / 0.05
CATALOGUE = Catalogue((GridOptions, GovernorOptions))
Run = tuple[str, int, bool]

SHOWN: dict[str, Callable[[LabResult], float]] = {
    "against holding USD": lambda one: one.against_holding_usd,
    "edge USD": lambda one: one.edge_usd,
    "inventory USD": lambda one: one.inventory_usd,
    "fees USD": lambda one: one.fees_usd,
    "turnover USD/day": lambda one: one.turnover_usd / max(1, len(one.by_day)),
    "in band of 5 points": lambda one: one.in_band,
    "mean distance": lambda one: one.deviation,
    "largest drawdown": lambda one: one.max_drawdown,
    "abandoned lots": lambda one: one.abandoned_lots,
    "round trips": lambda one: one.round_trips,
}


def options_of(assignments: Sequence[str], *, governed: bool) -> tuple[GridOptions, GovernorOptions]:
    """The defaults with the assignments laid over them; ends the program where one cannot be."""
    given = {"governor.enabled": Given(governed)}
    for assignment in assignments:
        name, _, value = assignment.partition("=")
        spec = next(CATALOGUE.find(section, name) for section in CATALOGUE.sections if CATALOGUE.find(section, name))
        given[spec.path] = Given(value)
    outcome = validated(CATALOGUE, given)
    if outcome.settings is None:
        sys.exit("\n".join(map(str, outcome.problems)))
    return outcome.settings.of(GridOptions), outcome.settings.of(GovernorOptions)


def one_run(what: tuple[Run, LabSpec]) -> tuple[Run, LabResult]:
    return what[0], run(what[1])


def market_of(name: str, folder: Path, prices: Path) -> tuple[MarketSpec, float] | None:
    """The market and how many days there are of it; None, with words, where there is no recording of it."""
    if name in REGIMES:
        regime: Any = name
        return MarketSpec(regime=regime), float("inf")
    candles = prices / REAL[name]
    if not candles.is_file():
        print(f"{name}: left out, there is no {candles.name} in {prices}", file=sys.stderr)
        return None
    target = folder / f"{name}.csv"
    days = write_price_file(candles, target, start_price=float(MarketSpec().start_price))
    return MarketSpec(regime="file", price_file=str(target)), days


def paired(name: str, governed: Sequence[LabResult], free: Sequence[LabResult]) -> Interval:
    """What the governor changed of value against holding: over seeds, or of one real path over its days."""
    if name in REGIMES:
        pairs = zip(governed, free, strict=True)
        return of_pairs([on.against_holding_usd - off.against_holding_usd for on, off in pairs])
    return of_days([on - off for on, off in zip(governed[0].by_day, free[0].by_day, strict=True)])


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


def table(rows: dict[str, tuple[dict[str, float], dict[str, float], Interval]]) -> str:
    """On / off for each market, and what the governor changed with its 95 % interval, as Markdown."""
    lines = ["| market | " + " | ".join(SHOWN) + " | on less off, 95 % |", "|---" * (len(SHOWN) + 2) + "|"]
    for market, (governed, free, difference) in rows.items():
        cells = (f"{governed[name]:.3g} / {free[name]:.3g}" for name in SHOWN)
        lines.append(f"| {market} | " + " | ".join(cells) + f" | {difference} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, default=2.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--markets", default=",".join((*REGIMES, *REAL)))
    parser.add_argument("--prices", type=Path, default=PRICES, help="folder of the recorded minutes")
    parser.add_argument("--set", dest="assignments", action="append", default=[], metavar="NAME=VALUE")
    parsed = parser.parse_args()
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        work: list[tuple[Run, LabSpec]] = []
        markets: list[str] = []
        for name in parsed.markets.split(","):
            if (found := market_of(name, Path(folder), parsed.prices)) is None:
                continue
            markets.append(name)
            for seed in range(parsed.seeds if name in REGIMES else 1):
                for on in (True, False):
                    grid, governor = options_of(parsed.assignments, governed=on)
                    days = min(parsed.days, found[1])
                    work.append(((name, seed, on), LabSpec(found[0], seed, days, grid=grid, governor=governor)))
        work.sort(key=lambda what: what[1].days, reverse=True)
        with multiprocessing.Pool(parsed.jobs) as pool:
            done = dict(pool.imap_unordered(one_run, work))
    rows = {}
    for name in markets:
        governed, free = (
            [one for what, one in sorted(done.items()) if what[::2] == (name, on)] for on in (True, False)
        )
        rows[name] = means(governed), means(free), paired(name, governed, free)
        line = {"name": f"closed loop {name}", "days": parsed.days, "on": rows[name][0], "off": rows[name][1]}
        print(json.dumps({**line, "on less off": str(rows[name][2])}))
    print(table(rows))
    results = [[one for what, one in done.items() if what[2] is on] for on in (True, False)]
    verdicts = gates(*results)
    for name, holds in verdicts.items():
        print(f"{'holds' if holds else 'DOES NOT HOLD'}: {name}")
    print(f"{len(work)} runs of {parsed.days:g} days in {time.monotonic() - started_s:.0f} s")
    return 0 if all(verdicts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
