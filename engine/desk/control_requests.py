"""What a running session answers to its command line: how it stands, and the verbs of a person.

One request is an object with a `command`; one answer is `{"ok": true, "result": ...}`, or `{"ok": false, "error":
{"code": ..., "words": ...}}`. Words are English sentences, so that a command line of another version needs no reasons
of its own. Nothing here decides: engines answer over the bus.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from engine import __version__
from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.messages import Acknowledged, Command, Reason, plain
from engine.core.modes import ModeSnapshot, Pause, Resume, Stop, Switch
from engine.core.supervisor import EngineSnapshot
from engine.core.troubles import TakeWay, Trouble, TroublesSnapshot, Way, WayNotOffered
from engine.desk.messages import AlreadyThere, LetHappen, PauseWouldHold, ResumeWouldAct, StopWouldCancel
from engine.desk.sentences.english import english
from engine.grid.messages import GridSnapshot

TERMINAL = "terminal"
MAX_NAME_CHARACTERS = 200

Result = dict[str, Any]


class ControlRequests:
    """Answers requests out of the bus's latest snapshots, and hands the verbs on. profile: its folder."""

    def __init__(self, bus: Bus, clock: Clock, profile: Path) -> None:
        self._bus = bus
        self._clock = clock
        self._profile = profile
        self._commands: dict[str, Callable[[Result], Awaitable[Result]]] = {
            "status": self._status,
            "stop": lambda _: self._ask(Stop(where=TERMINAL)),
            "pause": lambda _: self._ask(Pause(where=TERMINAL)),
            "resume": lambda _: self._ask(Resume(where=TERMINAL)),
            "ways": self._ways,
            "take": self._take,
            "happen": self._happen,
        }

    async def answer(self, request: Any) -> Result:
        """The answer to one request, whatever it is."""
        command = request.get("command") if isinstance(request, dict) else None
        handle = self._commands.get(command) if isinstance(command, str) else None
        if handle is None:
            return fault("unknown_command", f"expected a command of {', '.join(self._commands)}")
        return await handle(request)

    async def _ask(self, command: Command) -> Result:
        answer = await self._bus.ask(command)
        if isinstance(answer, Acknowledged):
            return _done(plain(answer.detail))
        return {"ok": False, "error": _said(answer.reason)}

    async def _status(self, _request: Result) -> Result:
        mode, grid = self._bus.latest(ModeSnapshot), self._bus.latest(GridSnapshot)
        result: Result = {
            "version": __version__,
            "process": os.getpid(),
            "profile": str(self._profile),
            "at_s": self._clock.now(),
            "engines": [
                {"engine": one.engine, "state": one.state.value, "crashes": one.crashes, "last_error": one.last_error}
                for one in self._bus.latest_of(EngineSnapshot)
            ],
            "grid": None if grid is None else _grid(grid),
            "troubles": self._troubles(),
        }
        if mode is not None:
            result |= {
                "mode": mode.mode.value,
                "switch": mode.switch.value,
                "why": None if mode.why is None else _said(mode.why),
                "since_s": mode.since_s,
                "effects": {verb: _said(effect) for verb, effect in _effects(mode, grid).items()},
            }
        return _done(result)

    async def _ways(self, _request: Result) -> Result:
        return _done({"troubles": self._troubles()})

    async def _take(self, request: Result) -> Result:
        verb, target = request.get("verb"), request.get("target")
        if (
            not isinstance(verb, str)
            or not isinstance(target, str)
            or max(len(verb), len(target)) > MAX_NAME_CHARACTERS
        ):
            return fault("bad_request", "take needs a verb and a target, both texts")
        offered = [way for trouble in self._waiting() for way in trouble.ways]
        if not any((way.verb, way.target) == (verb, target) for way in offered):
            refusal = _said(WayNotOffered(verb[:MAX_NAME_CHARACTERS], target[:MAX_NAME_CHARACTERS]))
            return {"ok": False, "error": {**refusal, "offered": [_way(way) for way in offered]}}
        return await self._ask(TakeWay(verb=verb, target=target, where=TERMINAL))

    async def _happen(self, request: Result) -> Result:
        text = request.get("text")
        if not isinstance(text, str):
            return fault("bad_request", "happen needs a text")
        return await self._ask(LetHappen(text=text))

    def _waiting(self) -> list[Trouble]:
        return [trouble for one in self._bus.latest_of(TroublesSnapshot) for trouble in one.troubles]

    def _troubles(self) -> list[Result]:
        return [
            {
                "engine": one.engine,
                "name": trouble.name,
                "reason": _said(trouble.reason),
                "since_s": trouble.since_s,
                "ways": [_way(way) for way in trouble.ways],
            }
            for one in self._bus.latest_of(TroublesSnapshot)
            for trouble in one.troubles
        ]


def fault(code: str, words: str) -> Result:
    """An answer to what could not be taken as a request."""
    return {"ok": False, "error": {"code": code, "words": words}}


def _done(result: Result) -> Result:
    return {"ok": True, "result": result}


def _said(reason: Reason) -> Result:
    return {**plain(reason), "words": english(reason)}


def _way(way: Way) -> Result:
    return {"verb": way.verb, "target": way.target, "effect": _said(way.effect)}


def _grid(grid: GridSnapshot) -> Result:
    return {
        "pair": grid.pair,
        "state": grid.state,
        "why": None if grid.why is None else _said(grid.why),
        "price": plain(grid.price),
        "open_orders": grid.open_orders,
        "unresolved": grid.unresolved,
    }


def _effects(mode: ModeSnapshot, grid: GridSnapshot | None) -> dict[str, Reason]:
    """What each verb of the switch would do now."""
    open_orders = 0 if grid is None else grid.open_orders
    effects: dict[str, Reason] = {
        "stop": StopWouldCancel(open_orders),
        "pause": PauseWouldHold(),
        "resume": ResumeWouldAct(mode.mode),
    }
    if mode.switch is Switch.RUNNING:
        effects["resume"] = AlreadyThere(mode.switch)
    if mode.switch is not Switch.RUNNING:
        effects["pause"] = AlreadyThere(mode.switch)  # a stopped switch stays stopped
    return effects
