"""Who listens to the public channels (ticker, trade, book), and what each of them is told when the market moves.

A ticker follows best bid and ask, and trades too unless its subscriber asked for `bbo`. Of the book each subscriber has
a copy here, so that it is told what differs from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from engine.paper import arguments, public_channels
from engine.paper.connection import Connection
from engine.paper.errors import KrakenError
from engine.paper.pair import SYMBOL
from engine.paper.public_channels import DEPTHS, Levels, message
from engine.paper.tape import PublicTrade
from engine.paper.world import World

Json = dict[str, Any]
PublicChannel = Literal["ticker", "trade", "book"]
CHANNELS = ("ticker", "trade", "book")
SNAPSHOT_TRADES = 50
BBO, TRADES = "bbo", "trades"


class PublicFeed:
    """The public channels of one exchange."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._quote: tuple[int, int] | None = None
        self._step = -1
        self._told_to = 0

    def acknowledged(self, channel: PublicChannel, params: Mapping[str, Any]) -> Json:
        """What is answered to a subscription. Raises KrakenError."""
        _check_symbols(params)
        result: Json = {
            "channel": channel,
            "snapshot": arguments.flag(params, "snapshot", default=channel != "trade"),
            "symbol": SYMBOL,
        }
        if channel == "book":
            result["depth"] = arguments.whole(params, "depth", DEPTHS[0])
            if result["depth"] not in DEPTHS:
                raise KrakenError("Depth not supported")
        return result

    def left(self, channel: PublicChannel, params: Mapping[str, Any]) -> Json:
        """What is answered to the end of a subscription. Raises KrakenError."""
        _check_symbols(params)
        result: Json = {"channel": channel, "symbol": SYMBOL}
        if channel == "ticker":
            result["event_trigger"] = _trigger(params)
        elif channel == "book":
            result["depth"] = arguments.whole(params, "depth", DEPTHS[0])
        return result

    def join(self, connection: Connection, result: Json, params: Mapping[str, Any]) -> None:
        """Tell a new subscriber how things stand, and from now on what changes. result: as `acknowledged` gave it."""
        channel: PublicChannel = result["channel"]
        tape = self._world.tape
        rows: list[Json]
        if channel == "ticker":
            connection.channels[channel] = _trigger(params)
            rows = [self._ticker_row()]
        elif channel == "trade":
            connection.channels[channel] = tape.shown_to - 1
            rows = [public_channels.trade(trade) for trade in tape.latest(SNAPSHOT_TRADES)]
        else:
            levels = self._levels(result["depth"])
            connection.channels[channel] = result["depth"], levels
            rows = [levels.snapshot(self._world.shown_s)]
        if result["snapshot"]:
            connection.say(message(channel, "snapshot", rows))

    def ticker(self) -> Json:
        """The ticker message of now."""
        return message("ticker", "update", [self._ticker_row()])

    def tick(self, connections: Iterable[Connection]) -> None:
        """Tell everybody what has changed since the last time."""
        book, tape = self._world.book, self._world.tape
        quote = book.quote
        moved, self._quote = (quote.bid, quote.ask) != self._quote, (quote.bid, quote.ask)
        trades: list[PublicTrade] = []
        passed, self._step = book.step != self._step, book.step
        if passed:
            trades = tape.after(self._told_to) if self._told_to else []
            self._told_to = tape.shown_to - 1
        copies: dict[int, Levels] = {}
        for connection in connections:
            trigger = connection.channels.get("ticker")
            if moved or (trades and trigger == TRADES):
                connection.offer_ticker()
            if "trade" in connection.channels:
                self._tell_trades(connection, trades)
            if "book" in connection.channels and (moved or passed):
                self._tell_book(connection, copies)
            connection.nudge()

    def _tell_trades(self, connection: Connection, trades: list[PublicTrade]) -> None:
        """Those that are not in its snapshot."""
        rows = [public_channels.trade(trade) for trade in trades if trade.number > connection.channels["trade"]]
        if rows:
            connection.say(message("trade", "update", rows))

    def _tell_book(self, connection: Connection, copies: dict[int, Levels]) -> None:
        depth, before = connection.channels["book"]
        if depth not in copies:
            copies[depth] = self._levels(depth)
        row = copies[depth].update(before, self._world.shown_s)
        connection.channels["book"] = depth, copies[depth]
        if row is not None:
            connection.say(message("book", "update", [row]))

    def _ticker_row(self) -> Json:
        return public_channels.ticker(self._world.book.quote, self._world.tape.day(), self._world.shown_s)

    def _levels(self, depth: int) -> Levels:
        book = self._world.book
        return Levels.of(book.market, book.quote, depth, book.terms.price_decimals)


def public_channel(name: object) -> PublicChannel | None:
    """The public channel of this name."""
    return cast(PublicChannel, name) if name in CHANNELS else None


def _check_symbols(params: Mapping[str, Any]) -> None:
    for symbol in arguments.texts(params, "symbol") or [""]:
        if symbol != SYMBOL:
            raise KrakenError(f"Currency pair not supported {symbol}")


def _trigger(params: Mapping[str, Any]) -> str:
    trigger = arguments.text(params, "event_trigger") or TRADES
    if trigger not in (BBO, TRADES):
        raise KrakenError("Event trigger not supported")
    return trigger
