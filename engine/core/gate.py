"""The only door to the outside world.

Every order, cancel, signature and broadcast is an intent with an idempotency key. It is checked against mode, master
switch and guards, written to the journal before it leaves, and its outcome is written after. A guard that fails
instead of answering stops everything (architecture page, "One way through the house").
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.core.clock import Clock
from engine.core.journal import Batch, Fact, IntentRow, Journal, JournalFailed, Memory, OutcomeRow
from engine.core.messages import Reason, plain
from engine.core.modes import Exposure, GuardRaised, Mode, Switch
from engine.core.switch import MasterSwitch

Port = Callable[["Intent"], Awaitable[Any]]
ADMITTED = "admitted"
MOST_KNOWN = 4_000
"""Keys of this run that are held in memory. One that is older is refused by the database, and that stops everything."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One effect on the world. `key` names it for ever; `payload` is a frozen dataclass that its port understands."""

    key: str
    engine: str
    kind: str
    exposure: Exposure
    payload: Any
    reason: Reason


@dataclass(frozen=True, slots=True)
class Delivered:
    """The world took it; `answer` is what it said."""

    answer: Any


@dataclass(frozen=True, slots=True)
class Rejected:
    """The world answered that it did not do it."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, or one that does not tell: the engine looks it up before anything else is sent."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class HeldBack:
    """The gate did not let it out; nothing left."""

    reason: Reason


Outcome = Delivered | Rejected | Unknown | HeldBack


class Rejection(Exception):
    """Raised by a port when the world certainly did not do what was asked."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(plain(reason)))
        self.reason = reason


class NoAnswer(Exception):
    """Raised by a port when it cannot tell whether the world did what was asked."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(plain(reason)))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ModeHolds(Reason, code="mode_holds"):
    """In this mode nothing leaves."""

    mode: Mode


@dataclass(frozen=True, slots=True)
class NotConfirmed(Reason, code="live_not_confirmed"):
    """LIVE was not confirmed by a person in this run."""


@dataclass(frozen=True, slots=True)
class SwitchHolds(Reason, code="switch_holds"):
    """The master switch stands at `switch`, which does not let this kind of intent through."""

    switch: Switch


@dataclass(frozen=True, slots=True)
class KeyUsed(Reason, code="key_used"):
    """An intent with this key was admitted before."""

    key: str


@dataclass(frozen=True, slots=True)
class Overdue(Reason, code="overdue"):
    """No answer within `deadline_s`."""

    deadline_s: float


@dataclass(frozen=True, slots=True)
class PortFailed(Reason, code="port_failed"):
    """The port failed in a way that does not tell whether the intent arrived."""

    error: str


Guard = Callable[[Intent], Reason | None]


class Gate:
    """Admits intents in one durable write, then delivers each through the port of its kind."""

    def __init__(
        self,
        *,
        mode: Mode,
        switch: MasterSwitch,
        journal: Journal,
        clock: Clock,
        revision: Callable[[], int],
        deadline_s: float = 15.0,
    ) -> None:
        self._mode = mode
        self._switch = switch
        self._journal = journal
        self._clock = clock
        self._revision = revision
        self._deadline_s = deadline_s
        self._live_confirmed = False
        self._ports: dict[str, Port] = {}
        self._guards: list[tuple[str, Guard]] = []
        self._known: dict[str, None] = {}
        self._admitted: set[str] = set()
        self._in_flight: set[str] = set()

    def connect(self, kind: str, port: Port) -> None:
        """Let intents of `kind` leave through `port`."""
        self._ports[kind] = port

    def guard(self, name: str, guard: Guard) -> None:
        """Ask `guard` about each intent: None lets it pass, a reason holds it, an exception stops everything."""
        self._guards.append((name, guard))

    def confirm_live(self) -> None:
        """A person confirmed LIVE in this run."""
        self._live_confirmed = True

    def holds(self, exposure: Exposure) -> Reason | None:
        """Why mode and switch let no intent of this exposure out now; None when they would. Guards are not asked."""
        if exposure is Exposure.TELLS:
            return ModeHolds(self._mode) if self._mode is Mode.OFF else None
        if not self._mode.may_act:
            return ModeHolds(self._mode)
        if self._mode is Mode.LIVE and not self._live_confirmed:
            return NotConfirmed()
        if not self._switch.lets_through(exposure):
            return SwitchHolds(self._switch.position)
        return None

    @property
    def in_flight(self) -> int:
        """How many intents have left and not been answered."""
        return len(self._in_flight)

    async def admit(
        self, intents: Sequence[Intent], *, remember: Sequence[Memory] = (), facts: Sequence[Fact] = ()
    ) -> list[HeldBack | None]:
        """Journal intents, memories and facts together; per intent, None when it may be delivered, else why not.

        Raises JournalFailed when nothing could be written; nothing may be delivered then, and the switch stops.
        """
        now_s = self._clock.now()
        verdicts = [self._held(intent, now_s) for intent in intents]
        rows = tuple(
            self._row(intent, verdict, now_s)
            for intent, verdict in zip(intents, verdicts, strict=True)
            if not isinstance(verdict, KeyUsed)
        )
        batch = Batch(remember=tuple(remember), facts=tuple(facts), intents=rows)
        self._know(rows)
        if not batch.empty:
            try:
                await self._journal.commit(batch)
            except JournalFailed as error:
                self._switch.stop(GuardRaised("journal", str(error)), now_s)
                raise
        self._admitted.update(row.key for row in rows if row.state == ADMITTED)
        return [None if verdict is None else HeldBack(verdict) for verdict in verdicts]

    async def deliver(self, intent: Intent) -> Outcome:
        """Send one admitted intent once and journal what came of it. Raises RuntimeError for any other."""
        if intent.key not in self._admitted:
            raise RuntimeError(f"intent {intent.key} was not admitted, or has left already")
        self._admitted.discard(intent.key)
        held = self.holds(intent.exposure)
        if held is not None:
            outcome: Outcome = HeldBack(held)
        else:
            self._in_flight.add(intent.key)
            try:
                outcome = await self._send(intent)
            finally:
                self._in_flight.discard(intent.key)
        self._journal.post(Batch(outcomes=(_outcome_row(intent.key, outcome, self._clock.now()),)))
        return outcome

    async def send(self, intent: Intent) -> Outcome:
        """Admit and deliver one intent."""
        (held,) = await self.admit([intent])
        return held if held is not None else await self.deliver(intent)

    def settle(self, key: str, state: str, detail: dict[str, Any]) -> None:
        """Record what a look-up found out about an intent whose outcome was unknown."""
        self._journal.post(Batch(outcomes=(OutcomeRow(key, state, detail, self._clock.now()),)))

    def _know(self, rows: Sequence[IntentRow]) -> None:
        self._known.update(dict.fromkeys(row.key for row in rows))
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]

    async def _send(self, intent: Intent) -> Outcome:
        port = self._ports[intent.kind]
        try:
            async with asyncio.timeout(self._deadline_s):
                return Delivered(await port(intent))
        except Rejection as rejection:
            return Rejected(rejection.reason)
        except NoAnswer as silence:
            return Unknown(silence.reason)
        except TimeoutError:
            return Unknown(Overdue(self._deadline_s))
        except Exception as error:
            return Unknown(PortFailed(f"{type(error).__name__}: {error}"))

    def _held(self, intent: Intent, now_s: float) -> Reason | None:
        if intent.key in self._known:
            return KeyUsed(intent.key)
        blocked = self.holds(intent.exposure)
        if blocked is not None:
            return blocked
        for name, guard in self._guards:
            try:
                reason = guard(intent)
            except Exception as error:
                raised = GuardRaised(name, f"{type(error).__name__}: {error}")
                self._switch.stop(raised, now_s)
                return raised
            if reason is not None:
                return reason
        return None

    def _row(self, intent: Intent, verdict: Reason | None, now_s: float) -> IntentRow:
        return IntentRow(
            key=intent.key,
            engine=intent.engine,
            kind=intent.kind,
            exposure=intent.exposure.value,
            payload=plain(intent.payload),
            reason=plain(intent.reason),
            mode=self._mode.value,
            revision=self._revision(),
            state=ADMITTED if verdict is None else "held",
            at_s=now_s,
            outcome=None if verdict is None else plain(verdict),
        )


def _outcome_row(key: str, outcome: Outcome, at_s: float) -> OutcomeRow:
    match outcome:
        case Delivered(answer):
            return OutcomeRow(key, "delivered", {"answer": plain(answer)}, at_s)
        case Rejected(reason):
            return OutcomeRow(key, "rejected", plain(reason), at_s)
        case Unknown(reason):
            return OutcomeRow(key, "unknown", plain(reason), at_s)
        case HeldBack(reason):
            return OutcomeRow(key, "held", plain(reason), at_s)
