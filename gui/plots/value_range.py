"""Which range of values a plot shows."""

from __future__ import annotations

import math
from collections.abc import Iterable


class ValueRange:
    """Widens at once when something would be out of sight, narrows only when half of the room is empty.

    least_room: room around values that never move. shown: lowest and highest value.
    """

    def __init__(self, least_room: float) -> None:
        self.shown = (0.0, 1.0)
        self._least_room = least_room
        self._fixed = False

    def fix(self, low: float, high: float) -> None:
        """Keep this range whatever comes."""
        self.shown, self._fixed = (low, high), True

    def fit(self, ends: Iterable[float], foot_ratio: float = 0.0) -> bool:
        """Take these values in, NaN left out; whether the range has changed.

        foot_ratio: how much of the height to leave free below them, beside the usual room.
        """
        known = [end for end in ends if not math.isnan(end)]
        if self._fixed or not known:
            return False
        (low, high), (shown_low, shown_high) = (min(known), max(known)), self.shown
        lowest = shown_low + foot_ratio * (shown_high - shown_low)
        if lowest <= low and high <= shown_high and high - low >= 0.5 * (shown_high - shown_low):
            return False
        room = (high - low) * 0.12 or max(abs(high), self._least_room) * 0.1
        foot = (high - low + 2 * room) * foot_ratio / (1 - foot_ratio)
        before, self.shown = self.shown, (low - room - foot, high + room)
        return self.shown != before
