"""Kraken's dead man's switch (`CancelAllOrdersAfter`): if this program falls silent, Kraken cancels everything.

Everything is everything on the account: exits, and orders placed by hand or by other programs (governor spec 21). So
it is off unless `venue.dead_man_s` is set.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.core.clock import Clock
from engine.core.gate import NoAnswer, Rejection
from engine.core.messages import Reason
from engine.venue.calls import Calls
from engine.venue.translate import text_at
from engine.venue.turnstile import Urgency


class DeadMan:
    """Arms the switch and pushes it back while it runs.

    silent_s: seconds after which Kraken acts. renew_s: how often it is pushed back. on_failure: told each time that it
    could not be; after `silent_s` of failures the orders must be taken as cancelled.
    """

    def __init__(
        self, calls: Calls, clock: Clock, silent_s: float, renew_s: float, on_failure: Callable[[Reason], None]
    ) -> None:
        if not 0 < renew_s < silent_s:
            raise ValueError(f"the switch must be renewed before it acts: renew {renew_s:g} s, silent {silent_s:g} s")
        self._calls = calls
        self._clock = clock
        self._silent_s = silent_s
        self._renew_s = renew_s
        self._on_failure = on_failure
        self.renewed_s: float | None = None

    async def run(self) -> None:
        """Renew for ever; cancel the task that runs this, then `disarm`."""
        while True:
            try:
                await self._set(round(self._silent_s))
                self.renewed_s = self._clock.now()
            except (Rejection, NoAnswer) as error:
                self._on_failure(error.reason)
            await self._clock.sleep(self._renew_s)

    async def disarm(self) -> None:
        """Switch it off; raises Rejection or NoAnswer, and then it may still act."""
        await self._set(0)

    async def _set(self, seconds: int) -> None:
        result = await self._calls.change("CancelAllOrdersAfter", {"timeout": str(seconds)}, Urgency.CANCEL)
        text_at(result, "triggerTime")
