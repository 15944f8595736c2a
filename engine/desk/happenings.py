"""Being somebody else in PAPER: what a person lets happen at the paper exchange while the session runs."""

from __future__ import annotations

from engine.core.bus import Bus
from engine.core.messages import Acknowledged, Answer, Refused
from engine.desk.messages import HappeningRefused, LetHappen
from engine.paper.launch import PaperExchange, PaperExchangeError
from engine.paper.occurrences import parse_occurrences


class Happenings:
    """Hands on what is to happen, between `start` and `close`. exchange: None where this session has none."""

    def __init__(self, exchange: PaperExchange | None, bus: Bus) -> None:
        self._exchange = exchange
        self._bus = bus

    def start(self) -> None:
        self._stop = self._bus.handle(LetHappen, self._let_happen)

    async def close(self) -> None:
        self._stop()

    async def _let_happen(self, command: LetHappen) -> Answer:
        """Acknowledged with what has happened since the exchange started, the last at the end, and what is to come."""
        if self._exchange is None:
            return Refused(HappeningRefused("this session has no paper exchange"))
        try:
            parse_occurrences(command.text)
            standing = await self._exchange.control(happen=command.text)
        except (ValueError, PaperExchangeError) as error:
            return Refused(HappeningRefused(str(error)))
        return Acknowledged({name: standing[name] for name in ("happened", "pending", "in_force")})
