"""Standing delegations as a person grants and ends them, and as plans use them up (drift spec 12)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace

from engine.core.clock import Clock
from engine.core.journal import Batch, Journal, Memory
from engine.core.messages import Reason
from engine.drift.book import Book, value_of_usd
from engine.drift.bookkeeping import Sending
from engine.drift.messages import (
    MOST_DAYS,
    MOST_USES,
    ChainSilent,
    EndStanding,
    GrantStanding,
    NoSuchPortfolio,
    NothingStands,
    StandingToSign,
    StandingUnbounded,
)
from engine.drift.options import DriftOptions
from engine.drift.ports import Chain, ChainUnavailable, Order, OrderRefused, StandingRequest
from engine.drift.remembered import Remembered
from engine.drift.standing import Standing, request_of

DAY_S = 86_400.0


class Grants:
    """The standing delegations of one chain. `seen` tells it what each portfolio is, before anything is granted."""

    def __init__(
        self, chain: Chain, memory: Remembered, journal: Journal, clock: Clock, options: Callable[[], DriftOptions]
    ) -> None:
        self._chain = chain
        self._memory = memory
        self._journal = journal
        self._clock = clock
        self._options = options
        self._seen: dict[str, tuple[str, Book, int]] = {}
        self._asked: dict[str, StandingRequest] = {}

    def seen(self, portfolio: str, account: str, book: Book, at_s: int) -> None:
        """How it was found in the last look. at_s: the chain's time."""
        self._seen[portfolio] = (account, book, at_s)

    def standing(self, portfolio: str) -> Standing | None:
        return self._memory.standings.get(portfolio)

    def covered(self, order: Order) -> Order:
        """The order under the portfolio's standing delegation, where that covers it; else as it is."""
        found = self.standing(order.portfolio)
        known = self._seen.get(order.portfolio)
        if found is None or known is None or not found.covers(order.swaps, order.until_s, known[1]):
            return order
        return replace(order, contexts=found.contexts)

    def used(self, sendings: Iterable[Sending], now_s: float) -> list[Memory]:
        """What to commit for plans that went out under one and did not revert."""
        memories = []
        for one in sendings:
            found = self.standing(one.portfolio)
            if found is not None and one.order.contexts == found.contexts:
                memories.append(self._memory.standing_memory(one.portfolio, found.after(len(one.legs)), now_s))
        return memories

    async def grant(self, command: GrantStanding) -> Reason | None:
        """Why not, None when it stands."""
        known = self._seen.get(command.portfolio)
        if known is None:
            return NoSuchPortfolio(command.portfolio)
        request = self._asked.get(command.portfolio) if command.signatures else self._request(command, *known)
        if request is None or len(command.signatures) not in (0, 2):
            return StandingUnbounded(MOST_USES, MOST_DAYS)
        try:
            contexts = await self._chain.grant(request, command.signatures)
        except OrderRefused as refused:
            if isinstance(refused.reason, StandingToSign):
                self._asked[command.portfolio] = request
            return refused.reason
        self._asked.pop(command.portfolio, None)
        memory = self._memory.standing_memory(command.portfolio, Standing(request, contexts), self._clock.now())
        await self._journal.commit(Batch(remember=(memory,)))
        return None

    async def end(self, command: EndStanding) -> Reason | None:
        """Why not, None when it is disabled and forgotten."""
        found = self.standing(command.portfolio)
        if found is None:
            return NothingStands(command.portfolio)
        try:
            await self._chain.end(found.request, found.contexts)
        except OrderRefused as refused:
            return refused.reason
        except ChainUnavailable as silence:
            return ChainSilent(str(silence))
        memory = self._memory.standing_memory(command.portfolio, None, self._clock.now())
        await self._journal.commit(Batch(remember=(memory,)))
        return None

    def _request(self, command: GrantStanding, account: str, book: Book, at_s: int) -> StandingRequest | None:
        if not 1 <= command.uses <= MOST_USES or not 0 < command.days <= MOST_DAYS:
            return None
        return request_of(
            command.portfolio,
            account,
            book,
            value_of_usd(self._options().max_trade_usd),
            command.uses,
            int(at_s + command.days * DAY_S),
            secrets.randbits(128),
        )
