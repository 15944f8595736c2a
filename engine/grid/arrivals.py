"""What arrives at the decider: what the exchange tells of itself, answers to what was sent, and what was read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.core.gate import Outcome
from engine.grid.events import Action
from engine.grid.ports import Balances, PairRules, StreamItem, VenueFill, VenueOrder


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an action."""

    action: Action
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LookUp:
    """What was read from the exchange. `complete`: every open order and every trade since the last counted one.

    in_doubt: keys of orders of which it is not known what the exchange made of the last request for them. settled:
    orders looked up when nothing in doubt could arrive for them any more. foreign: what rests and is not ours, as of
    `asked_s`. session: the decider's when the reading began; one that began before the sockets were up has not seen
    what they missed.
    """

    in_doubt: tuple[str, ...] = ()
    settled: tuple[VenueOrder, ...] = ()
    orders: tuple[VenueOrder, ...] = ()
    fills: tuple[VenueFill, ...] = ()
    never_arrived: tuple[str, ...] = ()
    balances: Balances | None = None
    foreign: tuple[VenueOrder, ...] = ()
    asked_s: float = 0.0
    complete: bool = False
    session: int = 0


@dataclass(frozen=True, slots=True)
class RulesRead:
    """The exchange's rules as they are now."""

    rules: PairRules


@dataclass(frozen=True, slots=True)
class ClockRead:
    """How far this machine's clock is ahead of the exchange's."""

    ahead_s: float


@dataclass(frozen=True, slots=True)
class PricesRead:
    """What other assets of the account are worth in quote."""

    prices: tuple[tuple[str, Decimal], ...]


Arrival = StreamItem | Answered | LookUp | RulesRead | ClockRead | PricesRead
