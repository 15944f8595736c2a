"""What the sockets told and nobody has read yet."""

from __future__ import annotations

import asyncio
from collections import deque

from engine.grid.ports import (
    AccountTrouble,
    Balances,
    ChannelAlive,
    LedgerEntry,
    MarketSaid,
    Quote,
    RowSetAside,
    StreamBack,
    StreamItem,
    StreamLost,
    VenueFill,
    VenueOrder,
    VenueSilent,
)

FACTS_HELD = 10_000
Fact = VenueOrder | VenueFill | LedgerEntry | MarketSaid | RowSetAside | AccountTrouble


class Inbox:
    """What waits for the one reader: facts in order and all of them, of quotes, heartbeats and balances the latest.

    Those come after `StreamBack`, never before, so that a reader who passes over them until then misses
    none in a still market.
    """

    def __init__(self, facts_held: int = FACTS_HELD) -> None:
        self._facts: deque[StreamItem] = deque()
        self._facts_held = facts_held
        self._balances: Balances | None = None
        self._quote: Quote | None = None
        self._alive: ChannelAlive | None = None
        self._up = False
        self._ended = False
        self._reader: asyncio.Future[None] | None = None

    def put(self, item: Fact) -> None:
        """A fact. When too many wait they are dropped together, and that is said."""
        if len(self._facts) >= self._facts_held:
            self._facts.clear()
            self.missed(f"{self._facts_held} orders and fills waited unread and were dropped")
        self._facts.append(item)
        self._wake()

    def put_latest(self, item: Quote | Balances | ChannelAlive) -> None:
        """Replaces one that was not read yet."""
        if isinstance(item, Quote):
            self._quote = item
        elif isinstance(item, ChannelAlive):
            self._alive = item
        else:
            self._balances = item
        self._wake()

    def lost(self, words: str) -> None:
        """The sockets are down: quotes and balances that wait are out of date."""
        self._up = False
        self._quote = self._balances = self._alive = None
        self._facts.append(StreamLost(VenueSilent(words)))
        self._wake()

    def back(self) -> None:
        """The sockets are up: from here on quotes and balances are handed out."""
        self._up = True
        self._facts.append(StreamBack())
        self._wake()

    def missed(self, words: str) -> None:
        """The sockets are up, but something did not come through."""
        self._facts.extend((StreamLost(VenueSilent(words)), StreamBack()))
        self._wake()

    def end(self) -> None:
        """Nothing more comes; what waits can still be read."""
        self._ended = True
        self._wake()

    async def next(self) -> StreamItem | None:
        """Facts first, then balances, then the quote, then that its channel lives; None at the end."""
        while True:
            if self._facts:
                return self._facts.popleft()
            if self._up and self._balances is not None:
                balances, self._balances = self._balances, None
                return balances
            if self._up and self._quote is not None:
                latest, self._quote = self._quote, None
                return latest
            if self._up and self._alive is not None:
                alive, self._alive = self._alive, None
                return alive
            if self._ended:
                return None
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
