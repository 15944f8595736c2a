"""What keeps the whole grid from sending anything new: market, clock, key, and what a person has to answer first.

A hold of the market, the clock or a lockout ends by itself. What the exchange will refuse until a person acts is kept
until a person says so, or until it is seen to be over.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.core.messages import Reason
from engine.grid.entries import BlockedBy
from engine.grid.ports import ClockOff, KeyDead, MarketClosed, MarketStatus, PairRules, VenueRefused

CLOCK_TOLERANCE_S = 2.0
STOP, PERSON = "stop", "person"


@dataclass(frozen=True, slots=True)
class LockedOut(Reason, code="locked_out"):
    """The exchange answers nothing private until `until_s`; nothing is asked meanwhile. It ends by itself."""

    words: str
    until_s: float


@dataclass(frozen=True, slots=True)
class Refused(Reason, code="refused_for_good"):
    """The exchange refuses what it is asked, and will until a person acts; `advice`: stop or person."""

    words: str
    advice: str


@dataclass(slots=True)
class Holds:
    """What holds now. Mutable, owned by one decider. answered: what a person has let pass in this run."""

    market: MarketStatus = MarketStatus.ONLINE
    clock_ahead_s: float = 0.0
    waiting: dict[str, tuple[Reason, float]] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    locked_out: LockedOut | None = None

    def refused(self, reason: VenueRefused, now_s: float) -> Reason | None:
        """A refusal that concerns more than one order; what is to be told of it, None when nothing is new."""
        if reason.again_in_s > 0:
            before, self.locked_out = self.locked_out, LockedOut(reason.words, now_s + reason.again_in_s)
            return self.locked_out if before is None or before.until_s <= now_s else None
        if reason.advice in (STOP, PERSON):
            return self.wait(Refused(reason.words, reason.advice), now_s)
        return None

    def wait(self, reason: Reason, now_s: float) -> Reason | None:
        """Hold until a person answers; returns the reason when it is new, None when it waits already."""
        if reason.code in self.answered or reason.code in self.waiting:
            return None
        self.waiting[reason.code] = (reason, now_s)
        return reason

    def answer(self, code: str) -> None:
        """A person lets it pass; of what can come anew by itself the next is told again."""
        self.waiting.pop(code, None)
        if code == "key_used_elsewhere":
            self.answered.add(code)

    def account_answers(self) -> None:
        """The account was read whole: a key that was dead lives again."""
        self.waiting.pop(KeyDead.code, None)
        self.locked_out = None

    def now(self, rules: PairRules, now_s: float) -> tuple[BlockedBy, Reason] | None:
        """What holds everything but cancels now, the gravest first."""
        for reason, _ in self.waiting.values():
            if isinstance(reason, KeyDead | Refused):
                return BlockedBy.ACCOUNT, reason
        if self.locked_out is not None and now_s < self.locked_out.until_s:
            return BlockedBy.ACCOUNT, self.locked_out
        for status in (self.market, rules.status):
            if not status.takes_orders:
                return BlockedBy.MARKET, MarketClosed(status)
        if abs(self.clock_ahead_s) > CLOCK_TOLERANCE_S:
            return BlockedBy.ACCOUNT, ClockOff(self.clock_ahead_s)
        return None

    def entries(self) -> tuple[BlockedBy, Reason] | None:
        """What holds entries alone: exits go on."""
        return next(((BlockedBy.ACCOUNT, reason) for reason, _ in self.waiting.values()), None)
