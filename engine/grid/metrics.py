"""What the grid came to, by side and by the hour (governor seed 10.3); remembered with the rest of its books.

Everything is counted once, in the commit that books the fill or round trip itself, so a restart changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum

from engine.grid.entries import Blocked, BlockedBy
from engine.grid.events import RoundTrip
from engine.grid.invariants import VolumeDrift
from engine.grid.ports import VenueFill
from engine.grid.slot import ZERO, Lot, Order, Role, Trade

HOUR_S = 3600.0
DAY_H = 24
"""So many whole hours are kept beside the one that runs."""


class Lone(Enum):
    """A slot that can enter on one side alone, because the funds for the other are missing (grid spec 15)."""

    LONG_ONLY = "long_only"
    SHORT_ONLY = "short_only"


@dataclass(frozen=True, slots=True)
class SideTally:
    """Totals of one trade, USD.

    entries: those filled in full; entries_usd is what they came to, base_usd what they would have come to unskewed.
    trips: positions closed by an exit or a recovery order, closed_usd what these had cost, profit_usd what they earned,
    fees taken off. evicted: recovery orders given up, evicted_usd the result booked for them.
    """

    entries: int = 0
    entries_usd: Decimal = ZERO
    base_usd: Decimal = ZERO
    trips: int = 0
    closed_usd: Decimal = ZERO
    profit_usd: Decimal = ZERO
    evicted: int = 0
    evicted_usd: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class HourTally:
    """One hour of the clock; `hour` counts them since the epoch."""

    hour: int
    deployed_usd: Decimal = ZERO
    long_only: int = 0
    short_only: int = 0


@dataclass(frozen=True, slots=True)
class Tallies:
    """Totals since `since_s`, and the hours in which something happened, oldest first.

    deployed_usd: spent by buy entries. long_only, short_only: how often a slot came to be so. lone: slots that are.
    volume_drifts: orders of which the exchange held another volume than the books; each of them halted the grid.
    """

    since_s: float | None = None
    a: SideTally = field(default_factory=SideTally)
    b: SideTally = field(default_factory=SideTally)
    deployed_usd: Decimal = ZERO
    long_only: int = 0
    short_only: int = 0
    volume_drifts: int = 0
    hours: tuple[HourTally, ...] = ()
    lone: tuple[tuple[int, Lone], ...] = ()

    def side(self, trade: Trade) -> SideTally:
        return self.a if trade is Trade.A else self.b

    def recent(self, now_s: float) -> HourTally:
        """The last 24 hours and the one that runs, added up."""
        hours = [row for row in self.hours if row.hour >= _hour(now_s) - DAY_H]
        return HourTally(
            _hour(now_s),
            sum((row.deployed_usd for row in hours), ZERO),
            sum(row.long_only for row in hours),
            sum(row.short_only for row in hours),
        )

    def deployed_per_hour_usd(self, now_s: float) -> Decimal | None:
        """Mean over the time that `recent` covers; None within the first minute of counting."""
        if self.since_s is None:
            return None
        covered_s = now_s - max(self.since_s, (_hour(now_s) - DAY_H) * HOUR_S)
        if covered_s < 60:
            return None
        return self.recent(now_s).deployed_usd * Decimal(HOUR_S) / Decimal(covered_s)


def begun(tallies: Tallies, now_s: float) -> Tallies:
    """Counting starts with the first thing there is to count from."""
    return replace(tallies, since_s=now_s) if tallies.since_s is None else tallies


def with_fill(tallies: Tallies, fill: VenueFill, order: Order) -> Tallies:
    """One trade more; `order` as it stood before it."""
    if order.role is not Role.ENTRY:
        return tallies
    if order.trade is Trade.B:
        spent = fill.quantity * fill.price
        tallies = replace(tallies, deployed_usd=tallies.deployed_usd + spent)
        tallies = _in_hour(tallies, fill.at_s, deployed_usd=spent)
    if order.filled + fill.quantity != order.quantity:
        return tallies
    side = tallies.side(order.trade)
    return _with_side(
        tallies,
        order.trade,
        replace(
            side,
            entries=side.entries + 1,
            entries_usd=side.entries_usd + order.cost_usd + fill.quantity * fill.price,
            base_usd=side.base_usd + order.base_usd,
        ),
    )


def with_round_trip(tallies: Tallies, trip: RoundTrip) -> Tallies:
    """One closed position more, or one given up."""
    side = tallies.side(trip.trade)
    if trip.evicted:
        side = replace(side, evicted=side.evicted + 1, evicted_usd=side.evicted_usd + trip.profit_usd)
    else:
        side = replace(
            side,
            trips=side.trips + 1,
            closed_usd=side.closed_usd + trip.position.cost_usd,
            profit_usd=side.profit_usd + trip.profit_usd,
        )
    return _with_side(tallies, trip.trade, side)


def with_abandoned(tallies: Tallies, lot: Lot) -> Tallies:
    """A recovery order was given up and its position kept: nothing is booked for it."""
    side = tallies.side(lot.trade)
    return _with_side(tallies, lot.trade, replace(side, evicted=side.evicted + 1))


def with_drift(tallies: Tallies, breach: VolumeDrift) -> Tallies:
    """The exchange held another volume than the books."""
    return replace(tallies, volume_drifts=tallies.volume_drifts + 1)


def with_blocked(tallies: Tallies, blocked: Iterable[Blocked], now_s: float) -> Tallies:
    """Count each slot that came to be long_only or short_only by what is blocked now.

    A slot is so while funds are missing for one of its sides and not for the other. What anything else blocks says
    nothing about its funds and leaves it as it was.
    """
    by_slot: dict[int, set[tuple[Trade, bool]]] = {}
    for row in blocked:
        by_slot.setdefault(row.slot_id, set()).add((row.trade, row.cause is BlockedBy.FUNDS))
    before = dict(tallies.lone)
    after = {slot_id: lone for slot_id, rows in by_slot.items() if (lone := _lone(rows, before.get(slot_id)))}
    for slot_id, lone in after.items():
        if before.get(slot_id) is not lone:
            long, short = int(lone is Lone.LONG_ONLY), int(lone is Lone.SHORT_ONLY)
            tallies = replace(tallies, long_only=tallies.long_only + long, short_only=tallies.short_only + short)
            tallies = _in_hour(tallies, now_s, long_only=long, short_only=short)
    return tallies if after == before else replace(tallies, lone=tuple(sorted(after.items(), key=lambda row: row[0])))


def _lone(rows: set[tuple[Trade, bool]], before: Lone | None) -> Lone | None:
    unfunded = {trade for trade, funds in rows if funds}
    if not unfunded:
        return before
    if len(unfunded) == len(Trade):
        return None
    return Lone.LONG_ONLY if Trade.A in unfunded else Lone.SHORT_ONLY


def _with_side(tallies: Tallies, trade: Trade, side: SideTally) -> Tallies:
    return replace(tallies, a=side) if trade is Trade.A else replace(tallies, b=side)


def _in_hour(
    tallies: Tallies, at_s: float, *, deployed_usd: Decimal = ZERO, long_only: int = 0, short_only: int = 0
) -> Tallies:
    """Add to the hour of `at_s`; hours that are too old by now are forgotten, and so is what comes so late."""
    hours = {row.hour: row for row in tallies.hours}
    row = hours.get(_hour(at_s), HourTally(_hour(at_s)))
    hours[row.hour] = replace(
        row,
        deployed_usd=row.deployed_usd + deployed_usd,
        long_only=row.long_only + long_only,
        short_only=row.short_only + short_only,
    )
    oldest = max(hours) - DAY_H
    return replace(tallies, hours=tuple(hours[hour] for hour in sorted(hours) if hour >= oldest))


def _hour(at_s: float) -> int:
    return int(at_s // HOUR_S)
