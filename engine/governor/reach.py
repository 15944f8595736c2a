"""What the governor can do on a given grid, said before it is switched on (spec 18c).

At full skew an entry moves `extra` more than its base size, extra = min(max_skew x sensitivity, max_size_mult - 1),
0.30 by default. Entries of total base size R rest on the side that is favoured; when each of them fills once a day,
x = R x extra more USD moves per day than without the governor. Against a balance O that is

    points_per_day = 100 x R x extra / O          ("orders resting x 0.3 over balance")

The source's example: idle ratio 0.75, so the floor is a quarter of O; the host's floor is live buy orders plus 1.5 x
next entries, R + 1.5 R = 2.5 R; hence O = 10 R and the reach is 100 x 0.3 / 10 = 3 points, against an error of 35.

This is an upper bound: it takes the denominator as fixed. With a fixed floor F the ratio 1 - F / O
moves by F x / (O (O - x)) when x is spent and by F x / (O (O + x)) when it comes in: 0.77 points in the example. The
verdict uses the upper bound, so "out of reach" is never said of a target that a day could reach.

One order of `s` USD changes the balance O by s, and the ratio 1 - F / O near a target t, where F = O (1 - t), by

    order_points = 100 s (1 - t) / O

2.9 points for 2 USD on 42 USD at a target of 0.40, against a band of 5 points to either side. On a balance of
5 s (1 - t) / band one order is a fifth of the band (120 USD), and a floor of O (1 - t) has it at the target.
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

from engine.governor.messages import Reach, SizeAdvice
from engine.governor.options import GovernorOptions
from engine.governor.signal import MAX_AMOUNT, Observation

_LEAST_USD = Decimal("1e-8")
"""Less than this is no balance to set anything in proportion to."""

BAND = Decimal("0.05")
"""To either side of the target; fixed, so that the option `neutral_band` changes nothing of the advice."""

ORDERS_A_BAND = 5

_LEAST_POINTS = 1e-9
"""A reach below this moves nothing in anybody's lifetime."""


def reach(
    error: float,
    resting_entries_usd: Decimal,
    observed_usd: Decimal,
    usd_runway_floor: Decimal,
    options: GovernorOptions,
    *,
    fills_per_day: float = 1.0,
) -> Reach | None:
    """How far a day at full skew goes towards the target, or None when there is nothing to measure it against.

    error: idle ratio minus target, signed. resting_entries_usd: base size of the entries resting on the favoured side
    (before the governor is on: slots x base entry). fills_per_day: how often each of them fills in a day.
    """
    amounts = (resting_entries_usd, observed_usd, usd_runway_floor)
    if not all(amount.is_finite() and 0 <= amount <= MAX_AMOUNT for amount in amounts) or observed_usd < _LEAST_USD:
        return None
    if not (math.isfinite(error) and math.isfinite(fills_per_day) and fills_per_day >= 0):
        return None
    moved_ratio = float(resting_entries_usd / observed_usd) * options.full_extra_ratio * fills_per_day
    floor_ratio = min(1.0, float(usd_runway_floor / observed_usd))
    distance_points = 100 * max(0.0, abs(error) - options.neutral_band)
    points_per_day = 100 * moved_ratio
    return Reach(
        points_per_day=points_per_day,
        floor_held_points_per_day=100 * _floor_held(moved_ratio, floor_ratio, buying=error > 0),
        distance_points=distance_points,
        days_to_target=distance_points / points_per_day if points_per_day > _LEAST_POINTS else None,
        out_of_reach=distance_points > points_per_day,
    )


def reach_of(observation: Observation, error: float, options: GovernorOptions) -> Reach | None:
    """The reach of an observation on the side that its error favours; None when its resting entries are not given."""
    resting_usd = observation.resting_buy_usd if error > 0 else observation.resting_sell_usd
    if resting_usd is None:
        return None
    found = reach(error, resting_usd, observation.observed_usd, observation.usd_runway_floor, options)
    if found is None or observation.entry_usd is None:
        return found
    size = size_advice(observation.entry_usd, observation.observed_usd, resting_usd, options)
    return replace(found, size=size)


def size_advice(
    order_usd: Decimal, balance_usd: Decimal, resting_entries_usd: Decimal, options: GovernorOptions
) -> SizeAdvice | None:
    """How finely orders of this size move the ratio on this balance; None without a balance or an order.

    resting_entries_usd: base size of one entry in every slot, which `runway_entries_factor` multiplies.
    """
    amounts = (order_usd, balance_usd, resting_entries_usd)
    if not all(amount.is_finite() and 0 <= amount <= MAX_AMOUNT for amount in amounts):
        return None
    if balance_usd < _LEAST_USD or order_usd < _LEAST_USD:
        return None
    away = 1 - Decimal(str(options.target_idle_ratio))
    advised_usd = ORDERS_A_BAND * order_usd * away / BAND
    floor_usd = advised_usd * away
    return SizeAdvice(
        order_usd=order_usd,
        balance_usd=balance_usd,
        order_points=float(100 * order_usd * away / balance_usd),
        band_points=float(100 * BAND),
        advised_balance_usd=advised_usd,
        advised_floor_usd=floor_usd,
        advised_floor_factor=float(floor_usd / resting_entries_usd) if resting_entries_usd >= _LEAST_USD else None,
    )


def _floor_held(moved_ratio: float, floor_ratio: float, *, buying: bool) -> float:
    """Change of 1 - F/O when the share `moved_ratio` of O leaves (buying) or joins it; at most all there is to move."""
    if not buying:
        return floor_ratio * moved_ratio / (1 + moved_ratio)
    idle_ratio = 1 - floor_ratio
    if moved_ratio >= idle_ratio:
        return idle_ratio
    return floor_ratio * moved_ratio / (1 - moved_ratio)
