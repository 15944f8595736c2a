"""The grid's loop: what the exchange says goes in, decisions come out, effects leave by the gate.

Each pass takes everything that arrived, decides on the newest price, writes all of it to the journal in one commit,
and only then lets the intents go. An outcome comes back as one more arrival.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.gate import Gate, Intent
from engine.core.journal import Journal
from engine.core.modes import EngineHalted, Switch
from engine.core.switch import MasterSwitch
from engine.core.tasks import TaskFailure, Tasks
from engine.grid.books import ENGINE, FILL, Books
from engine.grid.decider import Answered, Arrival, Decider
from engine.grid.entries import Sizer
from engine.grid.events import Action
from engine.grid.intents import AMEND, CANCEL, PLACE, intent_of
from engine.grid.invariants import InvariantBreach
from engine.grid.market_history import learn_closes
from engine.grid.options import GridOptions
from engine.grid.ports import Exchange, OrderTaken, Quote
from engine.grid.reconcile import Reconciler
from engine.grid.slot import Order

PULSE_S = 0.5
SNAPSHOT_EVERY_S = 0.1


class GridEngine:
    """One grid on one pair of one account. `run` until cancelled; `stop_orders` takes everything off the book."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        gate: Gate,
        switch: MasterSwitch,
        journal: Journal,
        bus: Bus,
        clock: Clock,
        options: Callable[[], GridOptions],
        sizer: Sizer,
        namespace: str,
    ) -> None:
        self._exchange = exchange
        self._gate = gate
        self._switch = switch
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._options = options
        self._sizer = sizer
        self._namespace = namespace
        self._arrivals: deque[Arrival] = deque()
        self._newest: Quote | None = None
        self._tick_due = False
        self._wake = asyncio.Event()
        self._failed: BaseException | None = None
        self._next_snapshot_s = 0.0
        self._decider: Decider | None = None
        self._tasks = Tasks(ENGINE, self._task_failed)

    @property
    def halted(self) -> bool:
        """Whether grid and exchange contradicted each other, so that a person has to look."""
        return self._decider is not None and self._decider.halted

    async def run(self) -> None:
        """Recall, reconcile, then trade. Raises what made it fail; the supervisor starts a new engine."""
        decider = await self._recalled()
        reconciler = Reconciler(self._exchange, self._clock, decider, self._arrive, self._options)
        self._connect_ports()
        async with self._tasks as tasks:
            self._decider = decider
            tasks.start(self._listen(), name="stream")
            tasks.start(self._pulse(), name="pulse")
            tasks.start(reconciler.run(), name="reconcile")
            tasks.start(learn_closes(self._exchange, self._clock, decider.closes), name="closes")
            try:
                while True:
                    await self._wake.wait()
                    self._wake.clear()
                    if self._failed is not None:
                        raise self._failed
                    await self._pass(decider)
                    reconciler.take_doubts()
            finally:
                self._decider = None  # a Stop that comes now is carried out by the engine that is started next

    async def stop_orders(self) -> None:
        """Take every order off the book; returns when each cancel was answered or given up on."""
        if self._decider is not None:
            deliveries = await self._commit_and_send(self._decider, self._decider.cancel_everything())
            await asyncio.gather(*deliveries)

    @property
    def orders(self) -> list[Order] | None:
        """Every order that may rest at the exchange; None while the engine does not run."""
        return None if self._decider is None else self._decider.orders

    def enter_nothing_more(self) -> None:
        """Entries leave the book and none is placed; exits go on. The next engine uses the slots again."""
        if self._decider is not None:
            self._decider.ensure_slots(0)
            self._tick_due = True
            self._wake.set()

    async def _recalled(self) -> Decider:
        rules = await self._exchange.rules()
        balances = await self._exchange.balances()
        memories = await self._journal.recall(ENGINE)
        fills = await self._journal.facts(ENGINE, FILL)
        books = Books.restore(memories, fills)
        decider = Decider(books, rules, balances, self._namespace, self._sizer)
        decider.ensure_slots(self._options().slots)
        return decider

    def _connect_ports(self) -> None:
        async def place(intent: Intent) -> OrderTaken:
            return await self._exchange.place(intent.payload)

        async def amend(intent: Intent) -> OrderTaken:
            return await self._exchange.amend(intent.payload)

        async def cancel(intent: Intent) -> None:
            await self._exchange.cancel(intent.payload)

        self._gate.connect(PLACE, place)
        self._gate.connect(AMEND, amend)
        self._gate.connect(CANCEL, cancel)

    async def _listen(self) -> None:
        async for item in self._exchange.stream():
            if isinstance(item, Quote):
                self._newest = item
                self._tick_due = True
                self._wake.set()
            else:
                self._arrive(item)
        raise RuntimeError("the exchange's stream ended by itself")

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            self._tick_due = True
            self._wake.set()

    def _arrive(self, arrival: Arrival) -> None:
        self._arrivals.append(arrival)
        self._wake.set()

    def _task_failed(self, failure: TaskFailure) -> None:
        self._failed = self._failed or failure.error
        self._wake.set()

    async def _pass(self, decider: Decider) -> None:
        now_s, options = self._clock.now(), self._options()
        actions: list[Action] = []
        try:
            if self._newest is not None:
                decider.take_in(self._newest, options, now_s)
                self._newest = None
            while self._arrivals:
                actions += decider.take_in(self._arrivals.popleft(), options, now_s)
            if self._tick_due:
                self._tick_due = False
                actions += self._ticked(decider, options, now_s)
        except InvariantBreach as breach:
            actions.clear()
            decider.halt(breach, now_s)
            self._switch.stop(EngineHalted(ENGINE, str(breach)), now_s)
        await self._commit_and_send(decider, actions)
        self._publish(decider, options)

    def _ticked(self, decider: Decider, options: GridOptions, now_s: float) -> list[Action]:
        position = self._switch.position
        if decider.halted and position is not Switch.STOPPED:
            return []
        return decider.tick(position, options, now_s)

    async def _commit_and_send(self, decider: Decider, actions: list[Action]) -> list[asyncio.Task[None]]:
        now_s = self._clock.now()
        memories, facts = decider.books.take_changes(now_s)
        options = self._options()
        intents = [intent_of(action, options, now_s) for action in actions]
        events, decider.events = decider.events, []
        verdicts = await self._gate.admit(intents, remember=memories, facts=facts)
        for event in events:
            self._bus.emit(event)
        deliveries: list[asyncio.Task[None]] = []
        for action, intent, held in zip(actions, intents, verdicts, strict=True):
            if held is None:
                deliveries.append(self._tasks.start(self._deliver(action, intent), name=intent.key))
            else:
                self._arrive(Answered(action, held))
        return deliveries

    async def _deliver(self, action: Action, intent: Intent) -> None:
        self._arrive(Answered(action, await self._gate.deliver(intent)))

    def _publish(self, decider: Decider, options: GridOptions) -> None:
        loop_s = asyncio.get_running_loop().time()
        if loop_s >= self._next_snapshot_s:
            self._next_snapshot_s = loop_s + SNAPSHOT_EVERY_S
            self._bus.publish(decider.snapshot(options, self._clock.now()))
