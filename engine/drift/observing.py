"""What the engine has seen of the chain and of prices: the newest look, the pairs of a while ago, the last readings."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping, Sequence

from engine.core.clock import Clock
from engine.core.messages import Reason
from engine.drift.messages import PricesSilent
from engine.drift.options import DriftOptions
from engine.drift.portfolios import Token
from engine.drift.ports import Chain, ChainLook, PriceFeed, PricesUnavailable
from engine.drift.prices import PairState, PriceReading
from engine.drift.valuation import Valuation, valuation

_log = logging.getLogger(__name__)


class Observer:
    """Looks when asked; `valued` judges what was seen. native_coin: what gas is paid in, by the feed's name."""

    def __init__(self, chain: Chain, feed: PriceFeed, clock: Clock, native_coin: str) -> None:
        self._chain = chain
        self._feed = feed
        self._clock = clock
        self._native_coin = native_coin
        self._readings: Mapping[str, PriceReading] = {}
        self._ask_prices_at_s = float("-inf")
        self._past: deque[ChainLook] = deque()
        self.newest: ChainLook | None = None
        self.prices_trouble: Reason | None = None

    async def look(self, accounts: Sequence[str], tokens: Sequence[Token], options: DriftOptions) -> ChainLook:
        """The chain once, and prices where they are due. Raises ChainUnavailable; prices that fail are told alone."""
        await self._ask_prices(tokens, options)
        look = await self._chain.look(accounts, tokens)
        if self.newest is None or look.at_s > self.newest.at_s:
            self._past.append(look)
        elif look.at_s < self.newest.at_s:  # another branch of the chain: what was seen of this one is gone
            self._past = deque(past for past in self._past if past.at_s < look.at_s)
            self._past.append(look)
        self.newest = look
        while len(self._past) > 1 and self._past[1].at_s <= look.at_s - options.twap_window_s:
            self._past.popleft()
        return look

    def valued(
        self, look: ChainLook, tokens: Sequence[Token], unhealthy: Mapping[str, str], options: DriftOptions
    ) -> Valuation:
        """Every token's price as of now."""
        earlier: Sequence[PairState] = self._past[0].pairs if self._past and self._past[0] is not look else ()
        now_s = self._clock.now()
        return valuation(tokens, look, earlier, self._readings, unhealthy, options, self._native_coin, now_s)

    async def _ask_prices(self, tokens: Sequence[Token], options: DriftOptions) -> None:
        now_s = self._clock.now()
        if now_s < self._ask_prices_at_s:
            return
        coins = sorted({token.coin for token in tokens if token.coin} | {self._native_coin})
        self._ask_prices_at_s = now_s + options.prices_every_s
        try:
            self._readings = {**self._readings, **await self._feed.prices_usd(coins)}
            self.prices_trouble = None
        except PricesUnavailable as silence:
            self._ask_prices_at_s = now_s + max(options.prices_every_s, silence.retry_after_s or 0.0)
            if self.prices_trouble is None:
                _log.warning("prices: %s", silence)
            self.prices_trouble = PricesSilent(str(silence))
