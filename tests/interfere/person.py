"""A person who sees troubles after a while and takes one of their ways; notes where none is, or it ends nothing."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from engine.core.messages import Acknowledged
from engine.core.troubles import TakeWay, Trouble, TroublesSnapshot
from engine.desk.desk import GRID, Desk

COMES_AFTER_S = (20.0, 400.0)
ENDS_WITHIN_S = 180.0
ENDS_AT_LAST_S = 3600.0
"""A trouble that comes back for as long as its cause lasts has to be over once that is."""


class Person:
    """`look` now and then. wrong: troubles without a way, or that none of their ways ended."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self._desk = desk
        self._chance = chance
        self._comes_s: dict[tuple[str, float], float] = {}
        self._taken_s: dict[tuple[str, float], float] = {}
        self.taken: Counter[str] = Counter()
        self.wrong: list[str] = []

    async def look(self) -> None:
        """Take a way out of what has waited long enough."""
        now_s = asyncio.get_running_loop().time()
        told = self._desk.bus.latest(TroublesSnapshot, GRID)
        troubles = () if told is None else told.troubles
        there = {_name(trouble) for trouble in troubles}
        for gone in [name for name in self._taken_s if name not in there]:
            del self._taken_s[gone]
        for trouble in troubles:
            await self._look_at(trouble, now_s)

    async def _look_at(self, trouble: Trouble, now_s: float) -> None:
        name = _name(trouble)
        if not trouble.ways:
            self._note(f"no way out of {trouble.name}: {trouble.reason.code}")
            return
        taken_s = self._taken_s.get(name)
        if taken_s is not None:
            if now_s - taken_s > ENDS_WITHIN_S:
                self._note(f"a way was taken and {trouble.name} is still there: {trouble.reason.code}")
            return
        if now_s < self._comes_s.setdefault(name, now_s + self._chance.uniform(*COMES_AFTER_S)):
            return
        way = self._chance.choice(trouble.ways)
        answer = await self._desk.bus.ask(TakeWay(verb=way.verb, target=way.target, where="interference"))
        if isinstance(answer, Acknowledged):
            self.taken[f"{trouble.reason.code} {way.verb}"] += 1
            self._taken_s[name] = now_s
        else:
            self._note(f"{trouble.name} offers {way.verb} and refuses it: {answer}")

    def _note(self, words: str) -> None:
        if words not in self.wrong:
            self.wrong.append(words)


def _name(trouble: Trouble) -> tuple[str, float]:
    return trouble.name, trouble.since_s
