"""The grid's loop: what the exchange says goes in, decisions come out, effects leave by the gate.

Each pass takes everything that arrived, decides on the newest price, writes all of it to the journal in one commit,
and only then lets the intents go. An outcome comes back as one more arrival.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.gate import Gate, Intent
from engine.core.journal import Journal
from engine.core.messages import Acknowledged, Answer, Refused, plain
from engine.core.modes import Switch
from engine.core.switch import MasterSwitch
from engine.core.tasks import TaskFailure, Tasks
from engine.core.troubles import TakeWay, Trouble, TroublesSnapshot, WayNotOffered
from engine.grid import ways
from engine.grid.arrivals import Answered, Arrival
from engine.grid.books import ENGINE, FILL, Books
from engine.grid.client_ids import new_life
from engine.grid.decider import Decider
from engine.grid.entries import Sizer
from engine.grid.events import Action
from engine.grid.exchange_watch import ExchangeWatch
from engine.grid.intents import AMEND, CANCEL, PLACE, intent_of
from engine.grid.market_history import learn_closes
from engine.grid.options import GridOptions
from engine.grid.ports import Balances, Exchange, MarketStatus, OrderTaken, PairRules, Quote
from engine.grid.reconcile import Reconciler
from engine.grid.slot import ZERO, Order

PULSE_S = 0.5
STOPPING_PULSE_S = 0.1
SNAPSHOT_EVERY_S = 0.1
SILENCE_S = 20.0


class GridEngine:
    """One grid on one pair of one account. `run` until cancelled; `stop_orders` takes everything off the book.

    pair: BASE/QUOTE, as the exchange's sockets write it. namespace: names the orders of a journal that began before
    lives were drawn.
    """

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
        pair: str = "DOGE/USD",
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
        self._pair = pair
        self._arrivals: deque[Arrival] = deque()
        self._newest: Quote | None = None
        self._tick_due = False
        self._wake = asyncio.Event()
        self._failed: BaseException | None = None
        self._next_snapshot_s = 0.0
        self._decider: Decider | None = None
        self._troubles: tuple[Trouble, ...] | None = None
        self._heard_s, self._silence_told = 0.0, False
        self._tasks = Tasks(ENGINE, self._task_failed)

    async def run(self) -> None:
        """Recall, reconcile, then trade. Raises what made it fail; the supervisor starts a new engine.

        What rests is known from the journal alone, so a Stop takes it off the book before the exchange answered
        anything else, or while it does not.
        """
        self._heard_s = asyncio.get_running_loop().time()
        decider = await self._recalled()
        reconciler = Reconciler(self._exchange, self._clock, decider, self._arrive, self._options)
        watch = ExchangeWatch(self._exchange, self._clock, decider, self._arrive)
        self._connect_ports()
        stop_handling = self._bus.handle(TakeWay, self._take_way)
        try:
            async with self._tasks as tasks:
                self._decider = decider
                tasks.start(self._listen(), name="stream")
                tasks.start(self._pulse(), name="pulse")
                tasks.start(reconciler.run(), name="reconcile")
                tasks.start(watch.run(), name="watch")
                tasks.start(learn_closes(self._exchange, self._clock, decider.closes), name="closes")
                while True:
                    await self._wake.wait()
                    self._wake.clear()
                    if self._failed is not None:
                        raise self._failed
                    await self._pass(decider)
                    reconciler.take_doubts()
                    watch.take_wishes()
        finally:
            self._decider = None  # a Stop that comes now is carried out by the engine that is started next
            stop_handling()

    async def stop_orders(self) -> tuple[int, int]:
        """Take every order off the book; returns how many were asked to leave, and how many may rest still, when each
        cancel was answered or given up on. The engine goes on asking until none is left.
        """
        decider = self._decider
        if decider is None:
            return 0, 0
        before, options = len(decider.orders), self._options()
        actions = decider.cancel_everything(options, self._clock.now())
        self._next_snapshot_s = 0.0  # whoever sees the switch at Stop sees what is left as well
        self._publish(decider, options)
        deliveries = await self._commit_and_send(decider, actions)
        await asyncio.gather(*deliveries)
        await self._pass(decider)
        return before, len(decider.orders)

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
        memories = await self._journal.recall(ENGINE)
        fills = await self._journal.facts(ENGINE, FILL)
        books = Books.restore(memories, fills)
        if not books.slots and not books.life:
            books.begin(new_life(secrets.randbelow))
        unread = books.rules or rules_before_reading(self._pair)
        rules = replace(unread, pair=self._pair, status=MarketStatus.UNKNOWN)
        decider = Decider(books, rules, Balances(ZERO, ZERO, 0.0), books.life or self._namespace, self._sizer)
        decider.ensure_slots(self._options().slots)
        return decider

    async def _take_way(self, command: TakeWay) -> Answer:
        """Do what a person chose, if it is still offered."""
        decider, options, now_s = self._decider, self._options(), self._clock.now()
        way = None if decider is None else ways.offered(decider, command.verb, command.target)
        if decider is None or way is None:
            return Refused(WayNotOffered(command.verb, command.target))
        await self._commit_and_send(decider, ways.take(decider, way, command.where, options, now_s))
        self._tick_due = True
        self._wake.set()
        return Acknowledged({"verb": way.verb, "target": way.target, "effect": plain(way.effect)})

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
            stopping = self._switch.position is Switch.STOPPED and self._decider is not None and self._decider.orders
            await asyncio.sleep(STOPPING_PULSE_S if stopping else PULSE_S)
            self._tick_due = True
            self._wake.set()

    def _arrive(self, arrival: Arrival) -> None:
        self._arrivals.append(arrival)
        self._wake.set()

    def _task_failed(self, failure: TaskFailure) -> None:
        self._failed = self._failed or failure.error
        self._wake.set()

    def _notice_silence(self, decider: Decider) -> None:
        """Told once, after real seconds, for they stand for a network; the first connection of a run counts too."""
        loop_s = asyncio.get_running_loop().time()
        if decider.connected:
            self._heard_s, self._silence_told = loop_s, False
        elif not self._silence_told and loop_s - self._heard_s > SILENCE_S:
            self._silence_told = True
            decider.tell_silence(loop_s - self._heard_s, self._clock.now())

    async def _pass(self, decider: Decider) -> None:
        now_s, options = self._clock.now(), self._options()
        actions: list[Action] = []
        if self._newest is not None:
            decider.take_in(self._newest, options, now_s)
            self._newest = None
        while self._arrivals:
            actions += decider.take_in(self._arrivals.popleft(), options, now_s)
        if self._tick_due:
            self._tick_due = False
            self._notice_silence(decider)
            actions += decider.tick(self._switch.position, options, now_s)
        await self._commit_and_send(decider, actions)
        self._publish(decider, options)

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
            troubles = decider.troubles
            if troubles != self._troubles:
                self._troubles = troubles
                self._bus.publish(TroublesSnapshot(at_s=self._clock.now(), engine=ENGINE, troubles=troubles))


def rules_before_reading(pair: str) -> PairRules:
    """What stands in until the exchange's rules were read once; nothing but cancels is sent by them."""
    return PairRules(pair, 7, 8, Decimal(13), Decimal("0.5"), Decimal("0.0025"), 60, MarketStatus.UNKNOWN)
