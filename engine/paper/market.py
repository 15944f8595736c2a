"""The market process behind the paper exchange: a seeded price path in steps of one second.

The mid price is `start_price * exp(trend + noise + jumps)`:

- noise wanders by about 1 % an hour and is pulled back with a time constant of 8 hours, so that it stays within a few
  per cent (standard deviation 2 %) however long it runs;
- `up` rises by 2 % an hour for 6 hours, then in legs of 36 hours: +4 % over 24 hours, -2.5 % over 12. Thirty days end
  near 1.5 times the start. `down` is its mirror image and ends near two thirds;
- `spike` is flat with one spike a day of 6 to 10 %, two minutes up (or down), decaying by half every 30 minutes;
- `gap` is flat with one jump a day of 2 to 4 % within one step, more often back towards the start than away;
- `file` follows a CSV of `seconds from the start, price`, each price holding until the next.

A path depends on regime, seed and step alone, never on how often it is asked. It is made in blocks of one hour and kept
only as far as it is needed. The `HISTORY_H` hours before the start had a market too, without trend and jumps, so that
a day's candles can be asked for at once. Source: governor spec 22.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from engine.paper.config import MarketSpec
from engine.paper.pair import LOT_UNIT, price_of, units_of

Floats = npt.NDArray[np.float64]
Units = npt.NDArray[np.int64]

BLOCK_S = 3600
DAY_S = 86_400
BLOCKS_KEPT = 3
HISTORY_H = 24

NOISE_PER_STEP = 0.01 / math.sqrt(3600)
NOISE_RELAXATION_S = 8 * 3600
TREND_START_H, TREND_START_LOG = 6.0, 0.12
LEG_H, ADVANCE_H, ADVANCE_LOG, RETRACEMENT_LOG = 36.0, 24.0, 0.04, -0.025
SPIKE_ONSET_S, SPIKE_HALF_LIFE_S = 120, 1800
LEVEL_GAP_RATIO = 0.0001


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask at a step, in price units, and the DOGE on offer at each."""

    step: int
    bid: int
    ask: int
    quantity: Decimal

    @property
    def bid_price(self) -> Decimal:
        return price_of(self.bid)

    @property
    def ask_price(self) -> Decimal:
        return price_of(self.ask)

    @property
    def mid_price(self) -> Decimal:
        return price_of((self.bid + self.ask) // 2)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A hand on the market: from `step` on the path is multiplied by `factor`, or held at `held` units."""

    step: int
    factor: float
    held: float | None = None


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of quotes, a second each: prices in units, quantities in DOGE."""

    mid: Floats
    bid: Units
    ask: Units
    quantity: Floats


class Market:
    """Quotes by step. Seed and spec decide everything but the adjustments made by hand, which can be saved."""

    def __init__(
        self,
        spec: MarketSpec,
        seed: int,
        adjustments: list[Adjustment] | None = None,
        ticks: list[tuple[int, int]] | None = None,
    ) -> None:
        """ticks: from which step on quotes come in how many price units."""
        self.spec = spec
        self.seed = seed
        self.adjustments: list[Adjustment] = list(adjustments or [])
        self.ticks: list[tuple[int, int]] = list(ticks or [])
        self._path: Callable[[int], Floats] = _file_path(spec) if spec.regime == "file" else _SeededPath(spec, seed)
        self._blocks: dict[int, Hour] = {}

    def quote(self, step: int) -> Quote:
        """Best bid and ask at `step` (0 is the start)."""
        block, at = self._block(step // BLOCK_S), step % BLOCK_S
        quantity = Decimal(float(block.quantity[at])).quantize(LOT_UNIT)
        return Quote(step, int(block.bid[at]), int(block.ask[at]), quantity)

    def levels(self, quote: Quote, side: Literal["bid", "ask"], count: int = 100) -> Iterator[tuple[int, Decimal]]:
        """The book behind `quote`: (price units, DOGE), best first, one basis point apart."""
        best = quote.ask if side == "ask" else quote.bid
        tick = self.tick(quote.step)
        gap = max(1, round(best * LEVEL_GAP_RATIO / tick)) * tick * (1 if side == "ask" else -1)
        for i in range(count):
            if best + i * gap > 0:
                yield best + i * gap, quote.quantity

    def first_ask_at_or_below(self, units: int, first: int, last: int) -> int | None:
        """The first step from `first` to `last` (inclusive) at which the ask is at or below `units`."""
        return self._first(lambda block, i, j: block.ask[i:j] <= units, first, last)

    def first_bid_at_or_above(self, units: int, first: int, last: int) -> int | None:
        """The first step from `first` to `last` (inclusive) at which the bid is at or above `units`."""
        return self._first(lambda block, i, j: block.bid[i:j] >= units, first, last)

    def hour(self, number: int) -> Hour:
        """The quotes of one hour; 0 is the first, the hours before it are history."""
        return self._block(number)

    def changes_before(self, step: int) -> int:
        """How often quotes before `step` were made others than they had been."""
        changed = [*(adjustment.step for adjustment in self.adjustments), *(since for since, _ in self.ticks)]
        return sum(at < step for at in changed)

    def set_price(self, step: int, price: Decimal) -> None:
        """From `step` on, follow the path as if the mid stood at `price` there."""
        self._adjust(Adjustment(step, float(units_of(price)) / self._unadjusted(step)))

    def hold(self, step: int) -> None:
        """From `step` on, stand still."""
        mid = self._mid(step)
        self._adjust(Adjustment(step, mid / self._unadjusted(step), held=mid))

    def release(self, step: int) -> None:
        """From `step` on, move again from where the market stands."""
        self._adjust(Adjustment(step, self._mid(step) / self._unadjusted(step)))

    def tick(self, step: int) -> int:
        """What quotes are whole multiples of at `step`, in price units."""
        return next((units for since, units in reversed(self.ticks) if since <= step), 1)

    def set_tick(self, step: int, units: int) -> None:
        """From `step` on, quote in multiples of so many price units."""
        self.ticks.append((step, units))
        self._forget(step)

    @property
    def is_held(self) -> bool:
        return bool(self.adjustments) and self.adjustments[-1].held is not None

    def _adjust(self, adjustment: Adjustment) -> None:
        self.adjustments.append(adjustment)
        self._forget(adjustment.step)

    def _forget(self, step: int) -> None:
        """Drop what was made for `step` and later."""
        for number in [n for n in self._blocks if n >= step // BLOCK_S]:
            del self._blocks[number]

    def _mid(self, step: int) -> float:
        return float(self._block(step // BLOCK_S).mid[step % BLOCK_S])

    def _unadjusted(self, step: int) -> float:
        return float(self._path(step // BLOCK_S)[step % BLOCK_S])

    def _first(self, hit: Callable[[Hour, int, int], npt.NDArray[np.bool_]], first: int, last: int) -> int | None:
        while first <= last:
            number, i = divmod(first, BLOCK_S)
            j = min(BLOCK_S, last - number * BLOCK_S + 1)
            hits = hit(self._block(number), i, j)
            at = int(hits.argmax())
            if hits[at]:
                return first + at
            first = (number + 1) * BLOCK_S
        return None

    def _block(self, number: int) -> Hour:
        block = self._blocks.get(number)
        if block is None:
            if number < -HISTORY_H:
                raise ValueError(f"the market has {HISTORY_H} hours before step 0, got block {number}")
            block = self._blocks[number] = self._made(number)
            for old in [n for n in self._blocks if n <= number - BLOCKS_KEPT]:
                del self._blocks[old]
        return block

    def _made(self, number: int) -> Hour:
        mid = np.array(self._path(number))
        start = number * BLOCK_S
        factor: Floats = np.ones(BLOCK_S)
        for adjustment in self.adjustments:
            at = max(0, adjustment.step - start)
            if at < BLOCK_S:
                factor[at:] = adjustment.factor
        mid *= factor
        ends = [adjustment.step - start for adjustment in self.adjustments[1:]]
        for adjustment, end in zip(self.adjustments, [*ends, BLOCK_S], strict=False):
            if adjustment.held is not None:
                mid[max(0, adjustment.step - start) : max(0, end)] = adjustment.held
        half = np.maximum(1.0, mid * (self.spec.spread_bps / 20_000))
        bid = np.maximum(1, np.rint(mid - half)).astype(np.int64)
        ask = np.maximum(bid + 1, np.rint(mid + half).astype(np.int64))
        for step, units in self.ticks:
            at = max(0, step - start)
            if at < BLOCK_S:
                bid[at:] = np.maximum(units, bid[at:] // units * units)
                ask[at:] = np.maximum(bid[at:] + units, -(-ask[at:] // units) * units)
        stream = [2, number] if number >= 0 else [6, -number]
        draw = np.random.default_rng([self.seed, *stream]).uniform(0.2, 1.8, BLOCK_S)
        return Hour(mid, bid, ask, draw * float(self.spec.liquidity))


class _SeededPath:
    """Mid prices in units, block by block; blocks are made in order because each starts where the last one ended."""

    def __init__(self, spec: MarketSpec, seed: int) -> None:
        self._regime = spec.regime
        self._seed = seed
        self._start = float(units_of(spec.start_price))
        self._noise_at_end: list[float] = [0.0]
        self._noise_at_start: list[float] = [0.0]
        self._jumps: list[tuple[int, float]] = []
        self._cached: tuple[int | None, Floats] = (None, np.empty(0))

    def __call__(self, number: int) -> Floats:
        if self._cached[0] != number:
            while len(self._noise_at_end) <= number:
                self._noise(len(self._noise_at_end) - 1)
            while len(self._noise_at_start) < -number:
                self._noise_before(-len(self._noise_at_start))
            steps = np.arange(number * BLOCK_S, (number + 1) * BLOCK_S, dtype=np.float64)
            noise = self._noise(number) if number >= 0 else self._noise_before(number)
            self._cached = (number, self._start * np.exp(noise + self._drift(steps)))
        return self._cached[1]

    def _noise(self, number: int) -> Floats:
        wandered = _wandered(self._noise_at_end[number], [self._seed, 1, number])
        if len(self._noise_at_end) == number + 1:
            self._noise_at_end.append(float(wandered[-1]))
        return np.concatenate(([self._noise_at_end[number]], wandered[:-1]))

    def _noise_before(self, number: int) -> Floats:
        """The noise of an hour before the start, which looks the same when time runs back."""
        wandered = _wandered(self._noise_at_start[-number - 1], [self._seed, 5, -number])
        if len(self._noise_at_start) == -number:
            self._noise_at_start.append(float(wandered[-1]))
        return wandered[::-1]

    def _drift(self, steps: Floats) -> Floats:
        if self._regime in ("up", "down"):
            return _trend(steps / 3600) * (1 if self._regime == "up" else -1)
        if self._regime in ("spike", "gap"):
            return self._jumped(steps)
        return np.zeros_like(steps)

    def _jumped(self, steps: Floats) -> Floats:
        last_day = int(steps[-1]) // DAY_S
        while len(self._jumps) <= last_day:
            self._jumps.append(self._jump(len(self._jumps)))
        total = np.zeros_like(steps)
        for at, size in self._jumps:
            since = steps - at
            if self._regime == "gap":
                total += np.where(since >= 0, size, 0.0)
            elif since[-1] >= 0 and since[0] < DAY_S:
                onset = np.clip(since / SPIKE_ONSET_S, 0.0, 1.0)
                total += size * onset * 0.5 ** (np.maximum(since - SPIKE_ONSET_S, 0.0) / SPIKE_HALF_LIFE_S)
        return total

    def _jump(self, day: int) -> tuple[int, float]:
        """The day's jump: (step, size as log). The first comes in the second hour, so that short runs see one."""
        draw = np.random.default_rng([self._seed, 3, day])
        at = BLOCK_S + int(draw.integers(BLOCK_S)) if day == 0 else day * DAY_S + int(draw.integers(DAY_S))
        up = bool(draw.random() < 0.5)
        if self._regime == "spike":
            return at, float(draw.uniform(0.06, 0.10)) * (1 if up else -1)
        level = sum(size for _, size in self._jumps)
        if level != 0 and draw.random() < 0.7:
            up = level < 0
        return at, float(draw.uniform(0.02, 0.04)) * (1 if up else -1)


def _wandered(start: float, stream: list[int]) -> Floats:
    """Noise is pulled back by the factor `keep` each step; written as a scaled running sum, it needs no loop."""
    keep = 1 - 1 / NOISE_RELAXATION_S
    powers = keep ** np.arange(BLOCK_S + 1)
    shocks = np.random.default_rng(stream).normal(0.0, NOISE_PER_STEP, BLOCK_S)
    wandered: Floats = powers[1:] * (start + np.cumsum(shocks / powers[1:]))
    return wandered


def _trend(hours: Floats) -> Floats:
    """The log of the rising trend after so many hours; before the start there is none."""
    first = np.clip(hours, 0.0, TREND_START_H) / TREND_START_H * TREND_START_LOG
    later = np.maximum(hours - TREND_START_H, 0.0)
    legs, into = np.divmod(later, LEG_H)
    advance = np.minimum(into, ADVANCE_H) / ADVANCE_H * ADVANCE_LOG
    retracement = np.maximum(into - ADVANCE_H, 0.0) / (LEG_H - ADVANCE_H) * RETRACEMENT_LOG
    total: Floats = first + legs * (ADVANCE_LOG + RETRACEMENT_LOG) + advance + retracement
    return total


def _file_path(spec: MarketSpec) -> Callable[[int], Floats]:
    offsets, prices = _read_prices(Path(spec.price_file or ""))

    def block(number: int) -> Floats:
        steps = np.arange(number * BLOCK_S, (number + 1) * BLOCK_S, dtype=np.float64)
        at = np.maximum(np.searchsorted(offsets, steps, side="right") - 1, 0)
        path: Floats = prices[at]
        return path

    return block


def _read_prices(path: Path) -> tuple[Floats, Floats]:
    """Offsets in seconds and prices in units. A first line that is not numbers counts as a heading."""
    rows: list[tuple[float, float]] = []
    with path.open(newline="", encoding="utf-8") as file:
        for line, row in enumerate(csv.reader(file), start=1):
            try:
                offset, price = (float(cell) for cell in row)
            except ValueError:
                if line == 1 or not row:
                    continue
                raise ValueError(f"{path.name} line {line}: expected `seconds,price`, got {row!r}") from None
            if not price > 0 or (rows and offset <= rows[-1][0]):
                raise ValueError(f"{path.name} line {line}: prices are above 0 and seconds rise, got {row!r}")
            rows.append((offset, price * 10**7))
    if not rows:
        raise ValueError(f"{path.name}: no prices found; expected lines of `seconds,price`")
    table = np.array(rows, dtype=np.float64)
    return table[:, 0], table[:, 1]


def adjustment_from(row: dict[str, Any]) -> Adjustment:
    """An adjustment as it was saved."""
    return Adjustment(int(row["step"]), float(row["factor"]), None if row["held"] is None else float(row["held"]))
