"""One run of the closed loop: market, account, decider and governor, joined as the desk joins them.

Time goes from one fill to the next, and in between in strides of `stride_s`, at each of which the grid decides as on a
ticker message. The governor looks when its interval is over; what makes skew smaller at once in between (a capacity
band) waits for that.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from engine.core.gate import Outcome
from engine.core.modes import Switch
from engine.governed import observation, sized
from engine.governor.decide import decide
from engine.governor.options import GovernorOptions
from engine.governor.state import ControllerState, from_plain
from engine.grid.arrivals import Answered, Arrival, LookUp
from engine.grid.books import Books
from engine.grid.decider import Decider
from engine.grid.entries import Sizing, SizingRequest
from engine.grid.events import Action, Place
from engine.grid.intents import intent_of
from engine.grid.messages import FillBooked, GridSnapshot, RoundTripBooked
from engine.grid.options import GridOptions
from engine.grid.ports import Balances, Quote, StreamBack
from engine.lab.account import RULES, Account
from engine.lab.result import LabResult, Tally
from engine.paper.config import MarketSpec
from engine.paper.market import Market

EPOCH_S = 1_767_225_600.0


@dataclass(frozen=True, slots=True)
class LabSpec:
    """What to run. usd, doge: the account at the start. stride_s: the longest time between two decisions."""

    market: MarketSpec = field(default_factory=MarketSpec)
    seed: int = 1
    days: float = 30.0
    usd: Decimal = Decimal(42)
    doge: Decimal = Decimal(1000)
    grid: GridOptions = field(default_factory=GridOptions)
    governor: GovernorOptions = field(default_factory=GovernorOptions)
    stride_s: float = 30.0


def run(spec: LabSpec) -> LabResult:
    """The figures of one run; the same spec gives the same figures."""
    return Loop(spec).run()


class Loop:
    """A run in progress."""

    def __init__(self, spec: LabSpec) -> None:
        self.spec = spec
        self.account = Account(Market(spec.market, spec.seed), EPOCH_S, spec.usd, spec.doge)
        self.state = ControllerState()
        self.tally = Tally(spec.governor.target_idle_ratio)
        self.decider = Decider(Books(), RULES, Balances(spec.usd, spec.doge, EPOCH_S), "lab", self._sized)
        self.decider.ensure_slots(spec.grid.slots)
        self._grid: GridSnapshot | None = None
        self._halted = False

    @property
    def now_s(self) -> float:
        return self.account.book.now_s

    def run(self) -> LabResult:
        """From the start to the end of the spec."""
        self.go_on(self.spec.days)
        return self.result()

    def go_on(self, days: float) -> None:
        """Let so much time pass."""
        if not self.decider.session:
            self._take_in(deque([StreamBack(), LookUp(complete=True, session=1)]))
        until_s = self.now_s + days * 86_400.0
        while self.now_s < until_s and not self._halted:
            next_s = min(until_s, self.now_s + self.spec.stride_s)
            self.account.book.advance(next_s, stop_at_fill=True)
            self.decide()
            self._halted = self.decider.halted

    def result(self) -> LabResult:
        """The figures so far."""
        return self.tally.result(self.decider.snapshot(self.spec.grid, self.now_s), halted=self._halted)

    def restart_governor(self) -> None:
        """As if the program had been started anew: the state is what was remembered, and nothing else."""
        self.state = from_plain(self.state.to_plain()).state

    def decide(self) -> None:
        """Everything that one ticker message sets off; it is known before the fills of its moment, as in the engine."""
        quote = self.account.book.quote
        newest = Quote(quote.bid_price, quote.ask_price, self.now_s)
        self._carry_out(self.decider.take_in(newest, self.spec.grid, self.now_s))
        self._take_in(deque())
        self._carry_out(self.decider.tick(Switch.RUNNING, self.spec.grid, self.now_s))
        self._govern()
        self.decider.books.take_changes(self.now_s)
        self.decider.doubts.clear()

    def _take_in(self, arrivals: deque[Arrival]) -> None:
        """Arrivals, and what happened at the exchange meanwhile, until nothing is left."""
        while arrivals or self.account.arrivals:
            arrival = self.account.arrivals.popleft() if self.account.arrivals else arrivals.popleft()
            self._carry_out(self.decider.take_in(arrival, self.spec.grid, self.now_s))

    def _carry_out(self, actions: list[Action]) -> None:
        answers: list[tuple[Action, Outcome]] = []
        for action in actions:
            if isinstance(action, Place):
                self.tally.placed(action)
            answers.append((action, self.account.carry_out(intent_of(action, self.spec.grid, self.now_s))))
        self._tell()
        if answers or self.account.arrivals:
            self._take_in(deque(Answered(action, outcome) for action, outcome in answers))

    def _govern(self) -> None:
        last_s = self.state.last_update_s
        if last_s is not None and self.now_s < last_s + self.spec.governor.interval_s:
            return
        self._grid = self.decider.snapshot(self.spec.grid, self.now_s)
        seen = observation(self._grid, self.spec.governor, master_on=True)
        if seen is None:
            return
        decision = decide(self.state, seen, self.spec.governor, self.now_s)
        self.state = decision.state
        if decision.output.updated:
            self.tally.look(self._grid, decision.output.snapshot)

    def _sized(self, request: SizingRequest) -> Sizing:
        return sized(request, self._grid, self.state.skew, self.spec.governor)

    def _tell(self) -> None:
        for event in self.decider.events:
            if isinstance(event, FillBooked):
                self.tally.filled(event)
            elif isinstance(event, RoundTripBooked):
                self.tally.closed(event)
        self.decider.events.clear()
