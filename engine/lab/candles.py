"""Recorded minute candles as a path that the paper market can follow."""

from __future__ import annotations

import csv
import lzma
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

QUARTER_S = 15


def path_of(candles: Iterable[tuple[float, float, float, float, float]]) -> Iterator[tuple[float, float]]:
    """Four points for each candle (seconds, open, high, low, close), a quarter of a minute apart.

    The extreme against the candle's direction is taken to come first, as it mostly does.
    """
    for at_s, opened, high, low, closed in candles:
        turns = (low, high) if closed >= opened else (high, low)
        for quarter, price in enumerate((opened, *turns, closed)):
            yield at_s + quarter * QUARTER_S, price


def read_candles(file: Path) -> Iterator[tuple[float, float, float, float, float]]:
    """The candles of a CSV (timestamp, open, high, low, close, volume) packed with xz; seconds since the epoch."""
    with lzma.open(file, "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            at_s = datetime.fromisoformat(row["timestamp"]).timestamp()
            yield at_s, float(row["open"]), float(row["high"]), float(row["low"]), float(row["close"])


def write_price_file(candles: Path, target: Path, *, start_price: float | None = None) -> float:
    """Write the candles' path as `seconds,price`; returns how many days it covers.

    start_price: the whole path is scaled so that it begins there. Its moves stay what they were, and the exchange's
    minimum keeps its proportion to the orders.
    """
    first_s: float | None = None
    last_s, factor = 0.0, 1.0
    with target.open("w", encoding="utf-8") as file:
        file.write("seconds,price\n")
        for at_s, price in path_of(read_candles(candles)):
            if first_s is None:
                first_s, factor = at_s, 1.0 if start_price is None else start_price / price
            last_s = at_s
            file.write(f"{at_s - first_s:.0f},{price * factor:.7f}\n")
    return 0.0 if first_s is None else (last_s - first_s) / 86_400.0
