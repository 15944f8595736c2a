"""What was told of each strike: in time, in the right words, and not again and again."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, fields

from engine.core.messages import Reason
from engine.desk.desk import Desk
from engine.grid.messages import GridNote, GridSnapshot
from engine.grid.ports import KeyUsedElsewhere
from engine.paper.exchange import Exchange
from tests.interfere.kinds import Kind

AT_ONCE_S = 4.0
SAME_AT_MOST = 2
"""The same words, numbers and all, for one strike: once when it comes, and once more where it is put back."""

LATELY_S = 10.0
PUBLIC = frozenset({"Time", "AssetPairs", "Ticker", "OHLC", "SystemStatus"})
MANY = 30
"""So many notes of one class for one strike are a flood, whatever they say."""

BLIND = frozenset({"lockout", "html", "text", "hang", "mute"})


@dataclass(eq=False)
class Striking:
    """One strike that is to come. began_s, told_after_s: None until then. waited_s: for how long it could be seen."""

    kind: Kind
    began_s: float | None = None
    told_after_s: float | None = None
    waited_s: float = 0.0
    asked: bool = False
    questions: int = 0

    def began(self, at_s: float, questions: int) -> None:
        """It has happened, at this time of the exchange, after so many private questions."""
        self.began_s, self.questions = at_s, questions

    @property
    def can_be_seen(self) -> bool:
        """Whether there was anything that showed it."""
        return self.asked or not self.kind.when_asked

    @property
    def needs_telling(self) -> bool:
        return bool(self.kind.reasons) or self.kind.shown is not None

    @property
    def is_settled(self) -> bool:
        """Told, or late."""
        if not self.needs_telling or self.told_after_s is not None:
            return True
        return self.waited_s > self.kind.told_within_s + AT_ONCE_S


@dataclass
class Listener:
    """Reads everything that the grid tells; `look` often."""

    desk: Desk
    exchange: Exchange
    strikes: list[Striking] = field(default_factory=list)
    _notes: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lately: list[GridNote] = field(default_factory=list)
    _looked_s: float | None = None

    def __post_init__(self) -> None:
        self._reader = self.desk.bus.read(GridNote, limit=100_000)

    @property
    def questions(self) -> int:
        """How many private questions the exchange was asked."""
        asked = self.exchange.rest.requests.items()
        return sum(times for method, times in asked if method not in PUBLIC)

    def expect(self, kind: Kind) -> Striking:
        """A strike of this kind comes next."""
        strike = Striking(kind)
        self.strikes.append(strike)
        return strike

    def look(self) -> None:
        """Take in what was told since the last look."""
        now_s = asyncio.get_running_loop().time()
        passed_s = 0.0 if self._looked_s is None else now_s - self._looked_s
        self._looked_s = now_s
        at_s = self.exchange.world.book.now_s
        self._lately = [note for note in self._lately if note.at_s > at_s - LATELY_S]
        for note in self._reader.drain():
            assert isinstance(note, GridNote)
            self._notes[note.reason.code, _words(note.reason)] += 1
            self._lately.append(note)
        grid = self.desk.bus.latest(GridSnapshot)
        stands = [] if grid is None else [*grid.conditions, *([] if grid.why is None else [grid.why])]
        for strike in self.strikes:
            if strike.began_s is None or not strike.needs_telling or strike.told_after_s is not None:
                continue
            strike.asked = strike.asked or self.questions > strike.questions
            if strike.can_be_seen and not self._blinded(strike):
                strike.waited_s += passed_s
            told = [*stands, *(note.reason for note in self._lately if note.at_s >= strike.began_s)]
            shown = strike.kind.shown is not None and grid is not None and strike.kind.shown(grid)
            if shown or any(isinstance(reason, strike.kind.reasons) for reason in told):
                strike.told_after_s = strike.waited_s

    def wrong(self, shares_key: bool) -> list[str]:
        """Strikes that were told late or not at all, and what was told again and again.

        shares_key: a person said that another program may use the account, and is not asked again in this run.
        """
        found = []
        for strike in self.strikes:
            if strike.began_s is None or not strike.needs_telling:
                continue
            if shares_key and KeyUsedElsewhere in strike.kind.reasons and strike.told_after_s is None:
                continue
            name, after_s = strike.kind.name, strike.told_after_s
            if after_s is None and strike.waited_s > strike.kind.told_within_s:
                found.append(f"{name} was not told within {strike.waited_s:.0f} s")
            elif after_s is not None and after_s > strike.kind.told_within_s + AT_ONCE_S:
                found.append(f"{name} was told after {after_s:.0f} s")
        strikes = max(1, len(self.strikes))
        by_code: Counter[str] = Counter()
        for (code, words), times in self._notes.items():
            by_code[code] += times
            if times > SAME_AT_MOST * strikes:
                found.append(f"told {times} times in {strikes} strikes: {code} {words}")
        found += [f"{code} was told {n} times" for code, n in by_code.items() if n > MANY * strikes]
        return found

    def _blinded(self, strike: Striking) -> bool:
        """Whether something else keeps this from being seen."""
        world = self.exchange.world
        others = {other.kind.name for other in self.strikes if other.began_s is not None and other.kind.blinds}
        dead = any(key.dead for key in world.keys.keys.values())
        return bool(others - {strike.kind.name}) and (
            bool(BLIND & set(world.conditions.in_force)) or dead or bool(world.book.clock_ahead_s)
        )


def _words(reason: Reason) -> str:
    """What a reason says, with its numbers but for those that pass with time."""
    values = ((f.name, getattr(reason, f.name)) for f in fields(reason))  # type: ignore[arg-type]
    return " ".join(f"{name}={value}" for name, value in values if not isinstance(value, float))
