"""What the governor tells the rest of the house: how it stands, and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from engine.core.messages import Event, Reason, Snapshot


class CapacityBand(Enum):
    """How near the grid is to its order limits (seed section 5, invariant 5); anything but `normal` holds skew at 0."""

    NORMAL = "normal"
    CAUTION = "caution"
    STOP = "stop"


class SkewDirection(Enum):
    """What the skewed entries favour; the values are those of the status payload."""

    BUY_DOGE = "buy_doge"
    SELL_DOGE = "sell_doge"
    NEUTRAL = "neutral"

    @classmethod
    def of(cls, skew: float) -> SkewDirection:
        """Positive skew buys DOGE (side B), negative skew sells it (side A)."""
        return cls.BUY_DOGE if skew > 0 else cls.SELL_DOGE if skew < 0 else cls.NEUTRAL


class Condition(Enum):
    """The one word for the governor: off or neutral is shown gray, acting green, damped yellow, held gray."""

    OFF = "off"
    HELD = "held"
    DAMPED = "damped"
    ACTING = "acting"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class SizeAdvice:
    """How finely one order moves the ratio near the target, and the account on which it would be fine enough (18c).

    order_points: what one order of `order_usd` moves on a balance of `balance_usd`. band_points: to either side of the
    target. advised_balance_usd: on which one order is a fifth of the band; advised_floor_usd: the runway floor with
    which that balance is at the target, advised_floor_factor the same as `runway_entries_factor`.
    """

    order_usd: Decimal
    balance_usd: Decimal
    order_points: float
    band_points: float
    advised_balance_usd: Decimal
    advised_floor_usd: Decimal
    advised_floor_factor: float | None

    @property
    def too_coarse(self) -> bool:
        """Whether one order is more than a fifth of the band."""
        return self.balance_usd < self.advised_balance_usd


@dataclass(frozen=True, slots=True)
class Reach:
    """What the governor can do here (spec 18c), in percentage points of idle ratio.

    points_per_day: at full skew, an upper bound. floor_held_points_per_day: the same money with the runway floor held
    fixed, which is what the default floor shows. distance_points: from the error to the edge of the neutral band.
    days_to_target: distance over upper bound, None when nothing can be moved.
    """

    points_per_day: float
    floor_held_points_per_day: float
    distance_points: float
    days_to_target: float | None
    out_of_reach: bool
    size: SizeAdvice | None = None


@dataclass(frozen=True, slots=True)
class PanelFigures:
    """The numbers in the panel's three lines (seed 9.2); the sentences are the panel's."""

    condition: Condition
    direction: SkewDirection
    skew_percent: float
    size_mult_a: float
    size_mult_b: float
    idle_percent: float | None
    target_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorSnapshot(Snapshot):
    """How the governor stands.

    Ratios are 0 to 1, skews signed ratios, velocity is ratio per second, times are seconds of the engine's clock.
    observed_*, idle_ratio and error are None where the observation could not be believed. p and d are the two
    contributions to the skew before clamping; raw is what the controller asks for after clamp and neutral band.
    size_mult_*: what an entry of that side is multiplied by before the per-order guards. `reason` explains the skew;
    `signal_reason` says what was odd about the observation, if anything.
    """

    enabled: bool
    master_on: bool
    condition: Condition
    reason: Reason
    signal_reason: Reason | None

    observed_usd: Decimal | None
    usd_runway_floor: Decimal | None
    observed_doge: Decimal | None
    doge_runway_floor: Decimal | None
    capacity_band: CapacityBand

    idle_ratio: float | None
    target_idle_ratio: float
    neutral_band: float
    error: float | None
    smoothed_error: float
    velocity: float
    kp: float
    kd: float
    p: float
    d: float
    raw: float
    skew: float
    cap: float
    size_mult_a: float
    size_mult_b: float

    damped: bool
    damped_until_s: float | None
    sign_flips_1h: int
    last_update_s: float | None
    next_update_s: float
    reach: Reach | None

    @property
    def direction(self) -> SkewDirection:
        """What the skew favours."""
        return SkewDirection.of(self.skew)

    @property
    def panel_figures(self) -> PanelFigures:
        """The three lines of seed 9.2 as data."""
        return PanelFigures(
            condition=self.condition,
            direction=self.direction,
            skew_percent=self.skew * 100,
            size_mult_a=self.size_mult_a,
            size_mult_b=self.size_mult_b,
            idle_percent=None if self.idle_ratio is None else self.idle_ratio * 100,
            target_percent=self.target_idle_ratio * 100,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SkewChanged(Event):
    """The skew moved, and why."""

    previous_skew: float
    skew: float
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class OscillationDamped(Event):
    """The skew changed sign too often; `cap` holds until `until_s` (spec 6)."""

    flips: int
    cap: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GapObserved(Event):
    """`silent_s` passed since the last update; the update counted `counted_s` of it (spec 2)."""

    silent_s: float
    counted_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSteppedBack(Event):
    """The clock reads `by_s` less than at the last update; the next update is one interval away (spec 4)."""

    by_s: float
