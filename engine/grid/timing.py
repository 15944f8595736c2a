"""What age and distance do to a slot: entries that drifted, exits that grew too old (grid spec 13 and 14)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine.grid.events import ChaseRests, DriftedPartReason, Orphaned, World
from engine.grid.options import Evict
from engine.grid.prices import drift_ratio
from engine.grid.slot import Chase, Leg, Order, Role, Slot, Stage, Trade

_PERCENT = Decimal(100)


def drifted_entry(slot: Slot, world: World) -> Leg | None:
    """The leg whose resting entry is furthest beyond refresh_pct from the market; at most one a tick and slot."""
    furthest = world.market * world.options.refresh_pct / _PERCENT
    drifted: Leg | None = None
    for leg in slot.legs:
        order = leg.order
        if order is None or order.role is not Role.ENTRY or order.stage is not Stage.OPEN:
            continue
        if leg.chase.rests_until_s > world.now_s or leg.retry_s > world.now_s:
            continue
        distance = abs(order.price - world.market)
        if distance > furthest:
            furthest, drifted = distance, leg
    return drifted


def drifted_part(slot: Slot, world: World) -> tuple[Order, DriftedPartReason] | None:
    """A drifted entry of which enough is filled for an exit: its rest is cancelled rather than moved."""
    leg = drifted_entry(slot, world)
    if leg is None or leg.order is None:
        return None
    if leg.order.filled + leg.dust.quantity < world.rules.minimum_quantity:
        return None
    return leg.order, DriftedPartReason(leg.order.filled)


def chased(slot: Slot, leg: Leg, upwards: bool, world: World) -> tuple[Chase, ChaseRests | None]:
    """The chase after one more move; the last allowed move in one direction starts a rest, which ends by itself."""
    direction = 1 if upwards else -1
    moves = leg.chase.moves + 1 if leg.chase.direction == direction else 1
    if moves < world.options.chase_moves:
        return replace(leg.chase, direction=direction, moves=moves), None
    until_s = world.now_s + world.options.chase_rest_s
    return Chase(direction, 0, until_s), ChaseRests(slot.slot_id, leg.trade, moves, until_s)


def orphaned(slot: Slot, world: World) -> tuple[Trade, Orphaned] | None:
    """The exit that becomes a recovery order now, if one does: the one farthest from the market first."""
    if world.options.evict is Evict.BY_AGE:
        leg = _orphaned_by_age(slot, world)
    elif len(slot.recoveries) + len(slot.stranded) >= world.options.recoveries_per_slot:
        return None
    else:
        old = [leg for leg in slot.legs if leg.exiting and _age_s(leg, world) > world.exit_wait_s]
        leg = _farthest(old, world)
    if leg is None or leg.order is None or leg.order.stage is not Stage.OPEN:
        return None
    return leg.trade, Orphaned(slot.slot_id, leg.trade, _age_s(leg, world))


def _orphaned_by_age(slot: Slot, world: World) -> Leg | None:
    """As the host does: a lone exit only when the market went away from it, of two old ones the worse."""
    waiting = [leg for leg in slot.legs if leg.exiting]
    if min((_age_s(leg, world) for leg in waiting), default=0.0) <= world.exit_wait_s:
        return None
    if len(waiting) == 1 and not _went_away(waiting[0], world):
        return None
    return _farthest(waiting, world)


def _farthest(legs: list[Leg], world: World) -> Leg | None:
    return max(legs, key=lambda leg: (_distance(leg, world.market), leg.trade.value), default=None)


def _age_s(leg: Leg, world: World) -> float:
    return 0.0 if leg.order is None else world.now_s - leg.order.placed_s


def _distance(leg: Leg, market: Decimal) -> Decimal:
    return Decimal(0) if leg.order is None else abs(drift_ratio(leg.order.price, market))


def _went_away(leg: Leg, world: World) -> bool:
    return leg.order is not None and _distance(leg, world.market) > _distance(leg, leg.order.market)
