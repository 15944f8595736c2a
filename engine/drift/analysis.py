"""How far a portfolio has drifted from its targets, and whether that asks for a rebalance (drift spec 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.drift.book import BPS, Book

EXIT_DRIFT = 1.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """One look at a portfolio. Sequences are in the order of its holdings.

    values, total: 10^-VALUE_DIGITS USD. drifts: (value - target value) / target value, signed; a token whose target is
    0 has EXIT_DRIFT while more than dust of it is held, else 0. max_drift: the largest magnitude. unpriced: holdings
    without a price; with any of them nothing else is known.
    """

    values: tuple[int, ...]
    total: int
    drifts: tuple[float, ...]
    max_drift: float
    triggered: bool
    unpriced: tuple[int, ...] = ()

    def share_points(self, book: Book) -> tuple[float, ...]:
        """Share of the portfolio less target share, in ratios."""
        total = self.total or 1
        return tuple(
            (value * BPS - self.total * holding.target_bps) / (total * BPS)
            for value, holding in zip(self.values, book.holdings, strict=True)
        )


def analyse(book: Book, threshold: float, dust: int) -> Analysis:
    """Values and drifts of `book`; triggered when one token's drift reaches `threshold` (ratio).

    dust: a value (10^-VALUE_DIGITS USD); up to this much of a token whose target is 0 counts as nothing.
    """
    values = []
    for holding in book.holdings:
        if holding.unit_value is None:
            return _unpriced(book)
        values.append(holding.balance * holding.unit_value)
    total = sum(values)
    drifts = []
    largest = 0.0
    for value, holding in zip(values, book.holdings, strict=True):
        target = total * holding.target_bps
        if target:
            drift = (value * BPS - target) / target
        else:
            drift = EXIT_DRIFT if value > dust else 0.0
        drifts.append(drift)
        largest = max(largest, drift, -drift)
    return Analysis(tuple(values), total, tuple(drifts), largest, largest >= threshold)


def _unpriced(book: Book) -> Analysis:
    missing = tuple(at for at, holding in enumerate(book.holdings) if holding.unit_value is None)
    nothing = (0,) * len(book.holdings)
    return Analysis(nothing, 0, (0.0,) * len(book.holdings), 0.0, triggered=False, unpriced=missing)
