"""Minute closes of the last day, read from the exchange once at the start; what comes after that is our own."""

from __future__ import annotations

import logging

from engine.core.clock import Clock
from engine.grid.ports import Exchange
from engine.grid.volatility import WINDOW_S, MinuteCloses

TRY_AGAIN_S = 60.0

_log = logging.getLogger(__name__)


async def learn_closes(exchange: Exchange, clock: Clock, closes: MinuteCloses) -> None:
    """Until they were read. Nothing waits for it: without them exits wait as they do while there is no data."""
    level = logging.WARNING
    while True:
        try:
            found = await exchange.closes(clock.now() - WINDOW_S)
        except Exception as error:
            words = "%s: minute closes could not be read, exits wait as without data until they can: %s"
            _log.log(level, words, type(error).__name__, error)
            level = logging.DEBUG  # the same again each minute says nothing new
            await clock.sleep(TRY_AGAIN_S)
        else:
            closes.learn(found)
            return
