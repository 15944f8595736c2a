"""The governor's loop: observe, decide, remember, tell. It sends nothing; the grid asks for its skew."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.journal import Batch, Fact, Journal, Memory
from engine.governor.decide import decide
from engine.governor.messages import GovernorSnapshot
from engine.governor.options import GovernorOptions
from engine.governor.signal import Observation
from engine.governor.state import ControllerState, from_plain
from engine.governor.telemetry import log_line, update_row, warning

ENGINE, UPDATE = "governor", "update"
LOOK_EVERY_S = 1.0

_log = logging.getLogger(__name__)


class GovernorEngine:
    """Steps the controller on what `observe` returns, None meaning that there is nothing to look at yet."""

    def __init__(
        self,
        *,
        observe: Callable[[], Observation | None],
        journal: Journal,
        bus: Bus,
        clock: Clock,
        options: Callable[[], GovernorOptions],
    ) -> None:
        self._observe = observe
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._options = options
        self._skew = 0.0

    @property
    def skew(self) -> float:
        """The skew that is in force and remembered; 0 while the governor does not run."""
        return self._skew

    async def run(self) -> None:
        """Until cancelled or failed; either way the skew is 0 afterwards."""
        try:
            state = await self._recalled()
            while True:
                observation = self._observe()
                if observation is not None:
                    state = await self._look(state, observation)
                await self._clock.sleep(LOOK_EVERY_S)
        finally:
            self._skew = 0.0

    async def _recalled(self) -> ControllerState:
        restored = from_plain((await self._journal.recall(ENGINE)).get("controller"))
        for notice in restored.notices:
            _log.warning(
                "governor state: %s started at zero (%s, expected %s)", notice.field, notice.found, notice.expected
            )
        return restored.state

    async def _look(self, before: ControllerState, observation: Observation) -> ControllerState:
        now_s = self._clock.now()
        decision = decide(before, observation, self._options(), now_s)
        if decision.state != before:
            memory = Memory(ENGINE, "controller", decision.state.to_plain(), now_s)
            rows = (_row(decision.output.snapshot),) if decision.output.updated else ()
            await self._journal.commit(Batch(remember=(memory,), facts=rows))
        self._skew = decision.state.skew
        self._bus.publish(decision.output.snapshot)
        for event in decision.output.events:
            self._bus.emit(event)
            if (words := warning(event)) is not None:
                _log.warning(words)
        if decision.output.updated:
            _log.info(log_line(decision.output.snapshot))
        return decision.state


def _row(snapshot: GovernorSnapshot) -> Fact:
    """The update for the record. Its key is drawn: a clock that was set back may bring the same time twice."""
    return Fact(ENGINE, UPDATE, uuid.uuid4().hex, update_row(snapshot), snapshot.at_s)
