"""Starts engines in order, restarts one that crashes by itself, and stops them in reverse, each within a deadline.

A crash never takes the others or the window along: it is told, waited out with a growing delay, and the engine is
made anew, so that it recalls and reconciles before it decides anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.messages import Event, Snapshot
from engine.core.tasks import TaskFailure, Tasks

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 60.0
STEADY_AFTER_S = 120.0

_log = logging.getLogger(__name__)


class EngineState(Enum):
    """Where an engine stands in its life."""

    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSnapshot(Snapshot):
    """One engine's life: how often it crashed, and with what words the last time."""

    engine: str
    state: EngineState
    crashes: int
    last_error: str

    @property
    def topic(self) -> str:
        return self.engine


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineCrashed(Event):
    """An engine ended in an error and is started anew after `again_in_s`."""

    engine: str
    error: str
    again_in_s: float


class Supervisor:
    """Runs each engine as `make()()`: `make` builds a new one for every start.

    redact: takes secrets out of the words of an error before anyone is told.
    """

    def __init__(
        self, bus: Bus, clock: Clock, redact: Callable[[str], str], *, first_delay_s: float = FIRST_DELAY_S
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._redact = redact
        self._first_delay_s = first_delay_s
        self._engines: list[tuple[str, asyncio.Task[None]]] = []
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._restarts: set[str] = set()
        self._tasks = Tasks("supervisor", self._supervision_failed)

    def start(self, name: str, make: Callable[[], Callable[[], Awaitable[None]]]) -> None:
        """Start an engine; those started before it are stopped after it."""
        task = self._tasks.start(self._keep_running(name, make), name=name)
        self._engines.append((name, task))

    def restart(self, name: str) -> None:
        """End the engine's present run; it starts anew at once, with nothing counted as a crash."""
        run = self._runs.get(name)
        if run is not None:
            self._restarts.add(name)
            run.cancel("restart")

    async def stop(self, deadline_s: float = 5.0) -> None:
        """Stop all engines, the last started first; one that does not end in time is named in the log and left."""
        for name, task in reversed(self._engines):
            task.cancel("stop")
            done, _ = await asyncio.wait((task,), timeout=deadline_s)
            if not done:
                _log.error("engine %s did not stop within %g s", name, deadline_s)
        self._engines.clear()
        await self._tasks.close()

    async def _keep_running(self, name: str, make: Callable[[], Callable[[], Awaitable[None]]]) -> None:
        crashes, delay_s = 0, self._first_delay_s
        error_text = ""
        try:
            while True:
                self._tell(name, EngineState.RUNNING, crashes, error_text)
                started_s = asyncio.get_running_loop().time()
                error = await self._run_once(name, make)
                if error is None:
                    continue
                if asyncio.get_running_loop().time() - started_s > STEADY_AFTER_S:
                    delay_s = self._first_delay_s
                crashes += 1
                error_text = self._redact(f"{type(error).__name__}: {error}")
                _log.error("engine %s crashed, starting anew in %g s: %s", name, delay_s, error_text, exc_info=error)
                self._tell(name, EngineState.RESTARTING, crashes, error_text)
                self._bus.emit(EngineCrashed(at_s=self._clock.now(), engine=name, error=error_text, again_in_s=delay_s))
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, LONGEST_DELAY_S)
        finally:
            self._tell(name, EngineState.STOPPED, crashes, error_text)

    async def _run_once(self, name: str, make: Callable[[], Callable[[], Awaitable[None]]]) -> Exception | None:
        """None when the run was ended to be restarted, else the error it ended in."""
        run = asyncio.ensure_future(self._ran(make))
        self._runs[name] = run
        try:
            await asyncio.wait((run,))
        finally:
            if not run.done():
                run.cancel("stop")
                await asyncio.wait((run,))
            del self._runs[name]
            asked = name in self._restarts
            self._restarts.discard(name)
        if run.cancelled():
            return None if asked else RuntimeError("the engine was cancelled from within")
        error = run.exception()
        if error is None:
            return RuntimeError("the engine ended by itself")
        if isinstance(error, Exception):
            return error
        raise error

    async def _ran(self, make: Callable[[], Callable[[], Awaitable[None]]]) -> None:
        await make()()

    def _tell(self, name: str, state: EngineState, crashes: int, error: str) -> None:
        self._bus.publish(
            EngineSnapshot(at_s=self._clock.now(), engine=name, state=state, crashes=crashes, last_error=error)
        )

    def _supervision_failed(self, failure: TaskFailure) -> None:
        _log.critical("%s ended in an error: %r", failure.task, failure.error)
