"""From balances to the idle ratio: what the governor measures (spec 1; seed section 1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from engine.governor.messages import CapacityBand
from engine.governor.options import RunwayFloor
from engine.governor.reasons import NoUsdObserved, ObservationRejected

MAX_AMOUNT = Decimal("1e15")
"""No balance of either currency is this large; beyond it an amount is taken for a fault."""

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What the governor is told at one moment.

    observed_usd, observed_doge: total balances, orders included. *_runway_floor: what of them is spoken for. The two
    DOGE amounts come together or not at all; without them only the per-order guard protects DOGE. master_on: the
    desk's switch. resting_buy_usd, resting_sell_usd: base-size value of the entries on the book, entry_usd of one of
    them, for the reach alone. earning_ratio: the largest share of either currency that lies where it cannot be traded.
    """

    observed_usd: Decimal
    usd_runway_floor: Decimal
    capacity_band: CapacityBand
    master_on: bool
    observed_doge: Decimal | None = None
    doge_runway_floor: Decimal | None = None
    resting_buy_usd: Decimal | None = None
    resting_sell_usd: Decimal | None = None
    entry_usd: Decimal | None = None
    earning_ratio: float = 0.0


@dataclass(frozen=True, slots=True)
class Signal:
    """The measured signal: `idle_ratio` is 0 to 1; `note` says when it is 0 because there is nothing to measure."""

    idle_ratio: float
    usd_runway_breached: bool
    doge_runway_breached: bool
    note: NoUsdObserved | None


def measure(observation: Observation) -> Signal | ObservationRejected:
    """The idle ratio and the runway breaches of an observation, or why it cannot be believed."""
    rejected = _rejected(observation)
    if rejected is not None:
        return rejected
    usd, usd_floor = observation.observed_usd, observation.usd_runway_floor
    doge, doge_floor = observation.observed_doge, observation.doge_runway_floor
    return Signal(
        idle_ratio=idle_ratio(usd, usd_floor),
        usd_runway_breached=usd < usd_floor,
        doge_runway_breached=doge is not None and doge_floor is not None and doge < doge_floor,
        note=None if usd else NoUsdObserved(),
    )


def idle_ratio(observed_usd: Decimal, usd_runway_floor: Decimal) -> float:
    """(observed - floor) / observed, never below 0, and 0 when nothing is observed. Both amounts finite, at least 0."""
    if observed_usd <= usd_runway_floor:
        return 0.0
    return float((observed_usd - usd_runway_floor) / observed_usd)


def idle_ratio_of_percent(idle_percent: float) -> float:
    """The one boundary where a percent (0 to 100) becomes a ratio (seed 1.2). ValueError outside of that range."""
    if not (math.isfinite(idle_percent) and 0 <= idle_percent <= 100):
        raise ValueError(f"an idle percent is a number from 0 to 100, got {idle_percent!r}")
    return idle_percent / 100


def runway_floor(
    kind: RunwayFloor,
    *,
    base_entry_usd: Decimal,
    slots: int,
    live_buy_orders_usd: Decimal,
    next_entries_usd: Decimal,
    factor: Decimal,
) -> Decimal:
    """USD that counts as spoken for (spec 1).

    `entries`: factor x base entry x slots, whatever is on the book. `committed`: live buy orders + factor x next
    entries, the host's rule. The factor is `options.runway_factor`.
    """
    if kind is RunwayFloor.ENTRIES:
        return factor * base_entry_usd * slots
    return live_buy_orders_usd + factor * next_entries_usd


def doge_runway_floor(
    kind: RunwayFloor,
    *,
    base_entry_usd: Decimal,
    slots: int,
    live_sell_orders_doge: Decimal,
    next_entries_usd: Decimal,
    factor: Decimal,
    price: Decimal,
) -> Decimal:
    """The mirror of `runway_floor` in DOGE; price: USD per DOGE, above 0."""
    if kind is RunwayFloor.ENTRIES:
        return factor * base_entry_usd * slots / price
    return live_sell_orders_doge + factor * next_entries_usd / price


def _rejected(observation: Observation) -> ObservationRejected | None:
    band: object = observation.capacity_band
    if not isinstance(band, CapacityBand):
        return _rejection("capacity_band", band, "normal, caution or stop")
    master_on: object = observation.master_on
    if not isinstance(master_on, bool):
        return _rejection("master_on", master_on, "true or false")
    if not _is_amount(observation.observed_usd):
        return _rejection("observed_usd", observation.observed_usd, _AN_AMOUNT)
    if not _is_amount(observation.usd_runway_floor):
        return _rejection("usd_runway_floor", observation.usd_runway_floor, _AN_AMOUNT)
    doge, doge_floor = observation.observed_doge, observation.doge_runway_floor
    if doge is None and doge_floor is None:
        return None
    if not _is_amount(doge):
        return _rejection("observed_doge", doge, _AN_AMOUNT)
    if not _is_amount(doge_floor):
        return _rejection("doge_runway_floor", doge_floor, _AN_AMOUNT)
    return None


_AN_AMOUNT = f"a decimal from 0 to {MAX_AMOUNT:f}"


def _is_amount(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and _ZERO <= value <= MAX_AMOUNT


def _rejection(field: str, found: object, expected: str) -> ObservationRejected:
    return ObservationRejected(field=field, found=repr(found)[:80], expected=expected)
