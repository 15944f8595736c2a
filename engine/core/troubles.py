"""States that wait for a person, and the ways out of each: what may be done, and what it will do.

An engine offers only what it would carry out at this moment, so panel and command line show the same list and neither
has to know what the engine checks.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.messages import Command, Reason, Snapshot


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that a person may do: `verb` on `target`; `effect` says what it will do, before it is done."""

    verb: str
    target: str
    effect: Reason


@dataclass(frozen=True, slots=True)
class Trouble:
    """A state that waits for a person since `since_s`. `name` tells it from the engine's other troubles."""

    name: str
    reason: Reason
    since_s: float
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TroublesSnapshot(Snapshot):
    """Everything of one engine that waits for a person; empty when nothing does."""

    engine: str
    troubles: tuple[Trouble, ...]

    @property
    def topic(self) -> str:
        return self.engine


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeWay(Command):
    """Do what a trouble offers; `where` names the place that a person asked from (panel, terminal)."""

    verb: str
    target: str
    where: str


@dataclass(frozen=True, slots=True)
class WayNotOffered(Reason, code="way_not_offered"):
    """No trouble offers this now: it ended, or the state moved on since it was shown."""

    verb: str
    target: str
