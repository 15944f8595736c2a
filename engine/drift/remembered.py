"""What the engine remembers over restarts: how each portfolio rests, what is under way, which alerts are in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from engine.core.journal import Journal, Memory
from engine.drift.alerts import AlertKind, Episodes
from engine.drift.bookkeeping import ENGINE, Sending, from_plain, to_plain
from engine.drift.cooldown import Rest
from engine.drift.standing import Standing
from engine.drift.standing import from_plain as standing_from
from engine.drift.standing import to_plain as standing_to

RESTS, SENDINGS, STANDINGS, EPISODES, UNHEALTHY = "rest/", "sending/", "standing/", "episodes", "unhealthy"


class Remembered:
    """The engine's memory of one chain; `*_memory` make what a commit has to hold."""

    def __init__(self, chain_id: int) -> None:
        self._prefix = f"{chain_id}/"
        self.rests: dict[str, Rest] = {}
        self.sendings: dict[str, tuple[Sending, ...]] = {}
        self.standings: dict[str, Standing] = {}
        self.episodes = Episodes()
        self._unhealthy: dict[str, tuple[str, float | None]] = {}

    async def recall(self, journal: Journal) -> None:
        """Read it. What cannot be read fails the start: a plan that may be under way is never guessed at."""
        found = await journal.recall(ENGINE, self._prefix)
        for name, value in found.items():
            short = name.removeprefix(self._prefix)
            if short.startswith(RESTS):
                self.rests[short.removeprefix(RESTS)] = Rest(**value)
            elif short.startswith(SENDINGS):
                self.sendings[short.removeprefix(SENDINGS)] = tuple(from_plain(one) for one in value)
            elif short.startswith(STANDINGS):
                self.standings[short.removeprefix(STANDINGS)] = standing_from(value)
            elif short == EPISODES:
                self.episodes = Episodes(frozenset((name, AlertKind(kind)) for name, kind in value))
            elif short == UNHEALTHY:
                self._unhealthy = {symbol: (health, until_s) for symbol, (health, until_s) in value.items()}

    def rest(self, portfolio: str) -> Rest:
        return self.rests.get(portfolio, Rest())

    def rest_memories(self, rests: Mapping[str, Rest], now_s: float) -> list[Memory]:
        """Take new rests in, and what to commit of them."""
        self.rests.update(rests)
        return [self._memory(f"{RESTS}{name}", asdict(rest), now_s) for name, rest in rests.items()]

    def sending_memory(self, key: str, sendings: Iterable[Sending], now_s: float) -> Memory:
        """Take in what is under way; none of it forgets the key."""
        kept = tuple(sendings)
        if kept:
            self.sendings[key] = kept
        else:
            self.sendings.pop(key, None)
        return self._memory(f"{SENDINGS}{key}", [to_plain(one) for one in kept] or None, now_s)

    def standing_memory(self, portfolio: str, standing: Standing | None, now_s: float) -> Memory:
        """Take in a standing delegation as it is now; None forgets it."""
        if standing is None:
            self.standings.pop(portfolio, None)
        else:
            self.standings[portfolio] = standing
        value = None if standing is None else standing_to(standing)
        return self._memory(f"{STANDINGS}{portfolio}", value, now_s)

    def episodes_memory(self, episodes: Episodes, now_s: float) -> Memory:
        self.episodes = episodes
        value = sorted([name, kind.value] for name, kind in episodes.open)
        return self._memory(EPISODES, value, now_s)

    def unhealthy(self, now_s: float) -> dict[str, str]:
        """What was found out about tokens by trying them, by symbol."""
        return {
            symbol: health
            for symbol, (health, until_s) in self._unhealthy.items()
            if until_s is None or now_s < until_s
        }

    def unhealthy_memory(self, symbol: str, health: str, until_s: float | None, now_s: float) -> Memory:
        """A finding about a token. until_s: when it is tried again, None for never."""
        self._unhealthy[symbol] = (health, until_s)
        value = {symbol: list(found) for symbol, found in self._unhealthy.items()}
        return self._memory(UNHEALTHY, value, now_s)

    def _memory(self, name: str, value: Any, now_s: float) -> Memory:
        return Memory(ENGINE, self._prefix + name, value, now_s)
