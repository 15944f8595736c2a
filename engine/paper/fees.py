"""Kraken's schedule of trading fees: what is paid falls with the volume of the last 30 days.

Source: Kraken "Fee schedule" and `AssetPairs` (ten steps of [USD, per cent]), `TradeVolume`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

STEPS_USD = (0, 10_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000)
_PER_CENT = {
    "maker": ("0.25", "0.20", "0.14", "0.12", "0.10", "0.08", "0.06", "0.04", "0.02", "0"),
    "taker": ("0.40", "0.35", "0.24", "0.22", "0.20", "0.18", "0.16", "0.14", "0.12", "0.10"),
}
MAKER = tuple(Decimal(fee) / 100 for fee in _PER_CENT["maker"])
TAKER = tuple(Decimal(fee) / 100 for fee in _PER_CENT["taker"])


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """The steps of one fee, as ratios."""

    ratios: tuple[Decimal, ...]

    @classmethod
    def of(cls, first: Decimal, steps: tuple[Decimal, ...]) -> FeeSchedule:
        """Kraken's steps for an exchange whose first one is `first`; no later step is dearer than it."""
        return cls((first, *(min(first, step) for step in steps[1:])))

    def rows(self) -> list[list[float]]:
        """As AssetPairs shows them: [volume in USD, per cent]."""
        return [[volume, float(ratio * 100)] for volume, ratio in zip(STEPS_USD, self.ratios, strict=True)]

    def next_below(self, ratio: Decimal) -> tuple[int, Decimal] | None:
        """The first step that is cheaper than what is paid, with its volume; None at the end."""
        steps = zip(STEPS_USD, self.ratios, strict=True)
        return next(((volume, step) for volume, step in steps if step < ratio), None)

    def volume_of(self, ratio: Decimal) -> int:
        """The volume from which on no more than `ratio` is paid, 0 where none is needed."""
        steps = zip(STEPS_USD, self.ratios, strict=True)
        return next((volume for volume, step in steps if step <= ratio), STEPS_USD[-1])
