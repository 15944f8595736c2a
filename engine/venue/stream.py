"""Quotes, orders, fills and balances as they happen, over two of ccxt.pro's sockets.

What can be missed, and how it is recovered: while the sockets are down everything can, so `StreamBack` tells the grid
to read what it missed over REST, and the new subscription brings a snapshot of open orders and the last 50 trades. A
message that is missing (sequence) or has no form that is known counts as being down; one row that cannot be read is
set aside, and the rows beside it count. Between two items nothing is lost: facts wait in a queue, and when the reader
falls too far behind the queue is emptied and said to be lost as well.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from engine.core.clock import Clock
from engine.core.gate import NoAnswer, Rejection
from engine.grid.ports import (
    ChannelAlive,
    MarketSaid,
    MarketStatus,
    RowSetAside,
    StreamItem,
    VenueOrder,
)
from engine.venue.errors import AnswerUnreadable, silence_words, way_trouble
from engine.venue.holdings import BalanceSheet, UpdateBeforeSnapshot
from engine.venue.inbox import Inbox
from engine.venue.notices import Notices
from engine.venue.order_socket import Line, OrderSocket
from engine.venue.sockets import Executions, OrderUnseen, Place, Sequence, quote
from engine.venue.standing import status_of
from engine.venue.translate import PairNames, list_at, mapping_at, one_of_at, text_at

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
LAST_ANSWERS_S = 0.5
LISTEN_EVERY_S, SILENT_AFTER = 1.0, 10
_PRIVATE = frozenset({"executions", "balances"})
_CHANNELS = _PRIVATE | {"ticker", "status", "heartbeat"}


class Session:
    """One life of the two sockets: subscribes, reads messages into the inbox, and ends with why it ended."""

    def __init__(
        self,
        wire: Any,
        names: PairNames,
        client_ids: Mapping[str, str],
        clock: Clock,
        inbox: Inbox,
        notices: Notices,
        orders: OrderSocket,
    ) -> None:
        self._wire = wire
        self._status_said: MarketStatus | None = None
        self._quote_stands = False
        self._notices = notices
        self._orders = orders
        self._token: str | None = None
        self._clock = clock
        self._names = names
        self._inbox = inbox
        self._executions = Executions(names, client_ids)
        self._balances = BalanceSheet(names)
        self._sequence = Sequence()
        self._wanted: frozenset[str] = frozenset()
        self._subscribed: set[str] = set()
        self._quiet: dict[str, int] = {}
        self._up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._public: str = wire.urls["api"]["ws"]["publicV2"]
        self._private: str = wire.urls["api"]["ws"]["privateV2"]

    async def run(
        self, token: str | None, connect_within_s: float, when_up: Callable[[], None], when_down: Callable[[str], None]
    ) -> None:
        """Stay subscribed, to quotes alone without a token, until something ends it; `when_down` is told what.

        Orders may leave by the private socket as soon as that is subscribed.
        """
        self._wire.listener = self._heard
        self._token = token
        self._wanted = frozenset({"ticker"}) if token is None else _PRIVATE | {"ticker"}
        try:
            sockets = [self._subscribe(*subscription) for subscription in self._subscriptions(token)]
            try:
                await asyncio.wait(
                    {self._up, self._end, *sockets}, timeout=connect_within_s, return_when="FIRST_COMPLETED"
                )
                if not self._up.done():
                    self._raise_end(sockets)
                    raise TimeoutError(f"the sockets were not subscribed within {connect_within_s:g} s")
                when_up()
                silence = asyncio.create_task(self._listen_for_silence(), name="venue.silence")
                try:
                    await asyncio.wait({self._end, silence, *sockets}, return_when="FIRST_COMPLETED")
                    self._raise_end([*sockets, silence])
                finally:
                    silence.cancel()
            except Exception as error:
                when_down(_words(error))
                if self._end.done():  # a message was wrong: the socket itself still answers
                    await self._orders.finish(LAST_ANSWERS_S)
                self._orders.close(_words(error))
            finally:
                self._orders.close("the private socket was closed")
                for socket in (*sockets, self._end):
                    if socket.done() and not socket.cancelled():
                        socket.exception()
        finally:
            self._wire.listener = None
            await self._wire.hang_up(self._public)
            await self._wire.hang_up(self._private)

    async def _listen_for_silence(self) -> None:
        """End with an error when a connection says nothing at all: Kraken beats every second where it has no news.

        Looks are counted and not seconds, so that a program that stood still itself blames nobody.
        """
        while True:
            await asyncio.sleep(LISTEN_EVERY_S)
            for url, times in self._quiet.items():
                self._quiet[url] = times + 1
                if times >= SILENT_AFTER:
                    raise ConnectionError(f"Kraken's socket said nothing for {SILENT_AFTER * LISTEN_EVERY_S:g} s")

    def _subscriptions(self, token: str | None) -> list[tuple[str, str, dict[str, Any]]]:
        ticker = {"symbol": [self._names.symbol], "event_trigger": "bbo", "snapshot": True}
        if token is None:
            return [(self._public, "ticker", ticker)]
        executions = {"token": token, "snap_orders": True, "snap_trades": True, "order_status": True}
        return [
            (self._public, "ticker", ticker),
            (self._private, "executions", executions),
            (self._private, "balances", {"token": token, "snapshot": True}),
        ]

    def _subscribe(self, url: str, channel: str, params: dict[str, Any]) -> asyncio.Future[Any]:
        message = {"method": "subscribe", "params": {"channel": channel, **params}, "req_id": len(channel)}
        return self._wire.watch(url, channel, message, channel)  # type: ignore[no-any-return]

    def _raise_end(self, sockets: list[asyncio.Future[Any]]) -> None:
        for ended in (self._end, *sockets):
            if ended.done():
                ended.result()
                raise ConnectionError("ccxt ended a subscription without an error")

    def _heard(self, url: str, message: Any) -> None:
        """Called by ccxt within its receive loop, which an exception would end without a word."""
        self._quiet[url] = 0
        try:
            self._take(url, message)
        except Exception as error:
            if not self._end.done():
                self._end.set_exception(error)

    def _take(self, url: str, message: Any) -> None:
        if isinstance(message, dict) and self._orders.heard(message):
            return
        if self._end.done():
            return
        if not isinstance(message, dict):
            raise AnswerUnreadable("message", message)
        if message.get("method") == "subscribe":
            self._acknowledged(message)
        elif message.get("error") is not None:
            raise ConnectionError(f"Kraken's socket says {message['error']!r}")
        elif "channel" in message:
            self._take_from(one_of_at(message, "channel", _CHANNELS), url, message)
        elif "data" in message:
            raise AnswerUnreadable("channel", message)

    def _take_from(self, channel: str, url: str, message: dict[str, Any]) -> None:
        if channel in _PRIVATE:
            self._take_private(channel, message)
        elif channel == "heartbeat":
            # Only the connection that carries quotes proves that the last one still stands.
            if url == self._public and self._quote_stands:
                self._inbox.put_latest(ChannelAlive(self._clock.now()))
        else:
            for entry in list_at(message, "data"):
                self._take_public(channel, entry)

    def _take_public(self, channel: str, entry: Any) -> None:
        try:
            if channel == "status":
                self._take_status(entry)
            elif text_at(entry, "symbol") == self._names.symbol:
                self._inbox.put_latest(quote(entry, self._clock.now()))
                self._quote_stands = True
        except AnswerUnreadable as unreadable:
            if channel == "ticker":
                self._quote_stands = False
            # Told by the field alone: a price that is wrong is another one each time.
            self._notices.tell(RowSetAside(channel, "", "", f"a row is unreadable at {unreadable.field}"))

    def _take_status(self, entry: Any) -> None:
        """Both connections say how the system stands, each when it begins and at every change."""
        system = status_of(text_at(entry, "system"))
        if system is not self._status_said:
            self._status_said = system
            self._inbox.put(MarketSaid(system, self._clock.now()))

    def _take_private(self, channel: str, message: dict[str, Any]) -> None:
        place = self._sequence.place(channel, message)
        if place is Place.GAP:
            raise ConnectionError(f"a message of {channel} is missing before {message['sequence']}")
        if place is Place.SEEN:
            return
        entries = list_at(message, "data")
        snapshot = one_of_at(message, "type", ("snapshot", "update")) == "snapshot"
        if channel == "executions":
            for entry in entries:
                self._take_execution(entry, snapshot)
        else:
            self._take_balances(entries, snapshot)

    def _take_balances(self, entries: list[Any], snapshot: bool) -> None:
        if snapshot:
            self._balances.begin()
        for entry in entries:
            try:
                change = self._balances.take(entry, snapshot=snapshot)
            except UpdateBeforeSnapshot:
                raise
            except AnswerUnreadable as unreadable:
                self._notices.tell(RowSetAside("balances", "", "", unreadable.words))
            else:
                if change is not None:
                    self._inbox.put(change)
        sheet = self._balances.sheet(self._clock.now())
        if sheet is not None:
            self._inbox.put_latest(sheet)

    def _take_execution(self, entry: Any, snapshot: bool) -> None:
        try:
            item = self._executions.read(entry, snapshot)
            if item is not None:
                self._inbox.put(item)
            if isinstance(item, VenueOrder):
                self._orders.saw(item)
        except OrderUnseen as unseen:
            # Subscribing again would not bring it: the grid reads the account instead.
            self._inbox.missed(str(unseen))
        except AnswerUnreadable as unreadable:
            self._notices.tell(self._executions.set_aside(entry, unreadable))

    def _acknowledged(self, message: dict[str, Any]) -> None:
        if message.get("success") is not True:
            raise ConnectionError(f"Kraken refused a subscription: {message.get('error')!r}")
        channel = text_at(mapping_at(message, "result"), "channel")
        self._subscribed.add(channel)
        if channel == "executions" and self._token is not None:
            self._orders.open(Line(self._send, self._token, self._renew))
        if self._subscribed >= self._wanted and not self._up.done():
            self._up.set_result(None)

    async def _send(self, text: str, what: str) -> None:
        await self._wire.send(self._private, text, what)

    def _renew(self, words: str) -> None:
        if not self._end.done():
            self._end.set_exception(ConnectionError(f"Kraken's socket says {words!r}"))


class Stream:
    """Sessions one after the other, with a growing pause between those that fail.

    An asynchronous iterator for one reader: every item as it comes, `StreamBack` whenever the sockets are up (the first
    time too), `StreamLost` when they go down or do not come up. Connects at the first `anext`, after ending the stream
    `before` it; `aclose` ends it.
    """

    def __init__(
        self,
        wire: Any,
        names: Callable[[], Awaitable[PairNames]],
        client_ids: Mapping[str, str],
        clock: Clock,
        token: Callable[[], Awaitable[str]] | None,
        connect_within_s: float,
        notices: Notices,
        orders: OrderSocket,
        before: Stream | None = None,
    ) -> None:
        self._before = before
        self._notices = notices
        self._orders = orders
        self._wire = wire
        self._names = names
        self._client_ids = client_ids
        self._clock = clock
        self._token = token
        self._connect_within_s = connect_within_s
        self._inbox = Inbox()
        notices.listen(self._inbox.put)
        self._down_said = False
        self._runner: asyncio.Task[None] | None = None
        self._closed = False

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> StreamItem:
        if self._before is not None:
            before, self._before = self._before, None
            await before.aclose()
        if self._runner is None and not self._closed:
            self._runner = asyncio.create_task(self._run(), name="venue.stream")
        item = await self._inbox.next()
        if item is None:
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        """Close the sockets; whoever reads comes to the end."""
        self._closed = True
        if self._before is not None:
            await self._before.aclose()
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.wait([self._runner])
        self._inbox.end()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = FIRST_PAUSE_S
        while True:
            started_s = loop.time()
            try:
                names = await self._names()
                session = Session(
                    self._wire,
                    names,
                    self._client_ids,
                    self._clock,
                    self._inbox,
                    self._notices,
                    self._orders,
                )
                token = None if self._token is None else await self._token()
                await session.run(token, self._connect_within_s, self._is_up, self._is_down)
            except Exception as error:
                self._is_down(_words(error))
            if loop.time() - started_s > STEADY_S:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _is_up(self) -> None:
        self._down_said = False
        self._inbox.back()

    def _is_down(self, words: str) -> None:
        if not self._down_said:
            self._down_said = True
            self._inbox.lost(words)


def _words(error: Exception) -> str:
    if isinstance(error, Rejection | NoAnswer):
        return str(getattr(error.reason, "words", error.reason))
    if (way := way_trouble(error)) is not None:
        return way.words
    return silence_words(error)
