"""What the drift engine needs of the world, in its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.drift.prices import PriceReading


class PricesUnavailable(RuntimeError):
    """The source has no answer now. retry_after_s: when to ask again, None when it did not say."""

    def __init__(self, what: str, retry_after_s: float | None = None) -> None:
        super().__init__(what)
        self.retry_after_s = retry_after_s


class PriceFeed(Protocol):
    """A source of prices in USD that does not look at the chain."""

    async def prices_usd(self, coins: Sequence[str]) -> Mapping[str, PriceReading]:
        """The prices of `coins`, by the source's own names; one that it does not know is left out.

        Raises PricesUnavailable.
        """
        ...
