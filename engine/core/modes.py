"""Which world the program may act on, and the master switch that a person holds.

OFF -> OBSERVE (real data, decides, places nothing) -> PAPER (embedded worlds) -> LIVE (architecture page, "Modes";
panel spec 9 and 10).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from engine.core.messages import Command, Event, Reason, Snapshot


class Mode(Enum):
    """Which world, and whether anything may leave for it."""

    OFF = "off"
    OBSERVE = "observe"
    PAPER = "paper"
    LIVE = "live"

    @property
    def may_act(self) -> bool:
        """Whether intents leave the gate in this mode."""
        return self in (Mode.PAPER, Mode.LIVE)

    @property
    def touches_live_world(self) -> bool:
        """Whether this mode talks to the real exchange and chain at all."""
        return self in (Mode.OBSERVE, Mode.LIVE)


class Switch(Enum):
    """Where the master switch stands."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Exposure(Enum):
    """What an intent does to what is at risk: the master switch lets different ones through.

    TELLS: a notice to people, which changes nothing in any market; it leaves in OBSERVE too, and while all is stopped.
    """

    OPENS = "opens"
    CLOSES = "closes"
    CANCELS = "cancels"
    TELLS = "tells"


_LET_THROUGH = {
    Switch.RUNNING: frozenset(Exposure),
    Switch.PAUSED: frozenset({Exposure.CLOSES, Exposure.CANCELS, Exposure.TELLS}),
    Switch.STOPPED: frozenset({Exposure.CANCELS, Exposure.TELLS}),
}


def switch_lets_through(switch: Switch, exposure: Exposure) -> bool:
    """Pause lets nothing new through but completes what is open; Stop lets only cancels through."""
    return exposure in _LET_THROUGH[switch]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeSnapshot(Snapshot):
    """Mode and master switch as the desk acknowledged them; `why` says what moved the switch last."""

    mode: Mode
    switch: Switch
    why: Reason | None
    since_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchMoved(Event):
    """The master switch moved from `before` to `after`."""

    before: Switch
    after: Switch
    why: Reason


@dataclass(frozen=True, slots=True)
class AskedByPerson(Reason, code="asked_by_person"):
    """A person used the switch; `where` names the place (panel, terminal)."""

    where: str


@dataclass(frozen=True, slots=True)
class GuardRaised(Reason, code="guard_raised"):
    """A guard failed instead of answering, so everything stops."""

    guard: str
    error: str


@dataclass(frozen=True, slots=True)
class EngineHalted(Reason, code="engine_halted"):
    """An engine found its own state in breach and stopped everything; the detail names what was found."""

    engine: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Command):
    """Nothing new is opened; what is open is completed."""

    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Command):
    """Cancel and halt; latched over restarts until a person resumes."""

    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Command):
    """Let the engines act again; only a person sends this."""

    where: str
