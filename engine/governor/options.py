"""What the operator may set of the governor (seed section 8; spec 1, 2 and 6)."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Self

from pydantic import model_validator

from engine.core.options import Options, Risk, option


class RunwayFloor(Enum):
    """What of the USD balance counts as spoken for (spec 1)."""

    ENTRIES = "entries"
    COMMITTED = "committed"


class GovernorOptions(Options, section="governor"):
    """Gains, bounds and timing of the governor; `source` names are those of the seed's section 8."""

    enabled: bool = option(
        True,
        source="REBALANCE_ENABLED",
        risk=Risk.SIZE,
        text="Whether the governor may skew entry sizes; switched off, every entry has its base size at once.",
    )
    target_idle_ratio: float = option(
        0.40,
        ge=0,
        le=1,
        unit="ratio",
        source="REBALANCE_TARGET_IDLE_PCT",
        risk=Risk.SIZE,
        text="The share of the USD balance that should lie idle, as a ratio from 0 to 1.",
    )
    kp: float = option(
        2.0,
        ge=0,
        le=50,
        unit="skew per ratio",
        source="REBALANCE_KP",
        risk=Risk.SIZE,
        text="How hard the governor pushes for each point of smoothed error.",
    )
    kd: float = option(
        0.5,
        ge=0,
        le=1_000_000,
        unit="s",
        source="REBALANCE_KD",
        risk=Risk.SIZE,
        text=(
            "How hard it follows the trend of the error. At the default its share is about 0.00003 of skew; "
            "it begins to matter in the hundreds or thousands of seconds."
        ),
    )
    max_skew: float = option(
        0.30,
        gt=0,
        le=1,
        unit="ratio",
        source="REBALANCE_MAX_SKEW",
        risk=Risk.LIMIT,
        text="The largest skew to either side; halved for a while after an oscillation.",
    )
    max_skew_step: float = option(
        0.05,
        gt=0,
        le=1,
        unit="ratio",
        source="REBALANCE_MAX_SKEW_STEP",
        risk=Risk.LIMIT,
        text="The largest change of skew in one update; reductions for safety are immediate.",
    )
    neutral_band: float = option(
        0.05,
        ge=0,
        lt=1,
        unit="ratio",
        source="REBALANCE_NEUTRAL_BAND",
        risk=Risk.SIZE,
        text="A smoothed error smaller than this asks for no skew.",
    )
    earning_limit_ratio: float = option(
        0.05,
        ge=0,
        le=1,
        unit="ratio",
        risk=Risk.SIZE,
        text=(
            "While more than this share of a currency is earning or staked, and so cannot be traded, the skew is held "
            "at 0: what is left says nothing about how idle the cash is."
        ),
    )
    ema_halflife_s: float = option(
        1800.0,
        ge=1,
        le=604_800,
        unit="s",
        source="REBALANCE_EMA_HALFLIFE",
        risk=Risk.TIMING,
        text=(
            "Smoothing of error and velocity. In spite of its name in the source this is the time constant of "
            "alpha = 1 - exp(-dt / value): at 1800 s half of a step is reached after 1248 s."
        ),
    )
    interval_s: float = option(
        300.0,
        ge=10,
        le=86_400,
        unit="s",
        source="REBALANCE_INTERVAL_SEC",
        risk=Risk.TIMING,
        text="Wall-clock time between updates of the skew, whatever the rate of the loop.",
    )
    size_sensitivity: float = option(
        1.0,
        ge=0,
        le=5,
        unit="size per skew",
        source="REBALANCE_SIZE_SENSITIVITY",
        risk=Risk.SIZE,
        text="How much larger the excess side's entries get for each unit of skew.",
    )
    max_size_mult: float = option(
        1.5,
        ge=1,
        le=1.5,
        unit="x base",
        source="REBALANCE_MAX_SIZE_MULT",
        risk=Risk.LIMIT,
        text="The largest multiple of its base size that an entry may have; never above 1.5.",
    )
    runway_floor: RunwayFloor = option(
        RunwayFloor.ENTRIES,
        risk=Risk.SIZE,
        text=(
            "What counts as spoken for: `entries` is a fixed number of base entries per slot; `committed` is live buy "
            "orders plus next entries, which makes the signal rise while USD falls."
        ),
    )
    runway_entries_factor: Decimal = option(
        Decimal("2.5"),
        ge=Decimal(0),
        le=Decimal(100),
        unit="entries per slot",
        risk=Risk.SIZE,
        text="With `entries`: how many base entries per slot are kept as runway.",
    )
    runway_committed_factor: Decimal = option(
        Decimal("1.5"),
        ge=Decimal(0),
        le=Decimal(100),
        unit="x next entries",
        risk=Risk.SIZE,
        text="With `committed`: how many times the next entries are kept beside the live buy orders.",
    )
    gap_cap_intervals: float = option(
        3.0,
        ge=1,
        le=100,
        unit="intervals",
        risk=Risk.TIMING,
        text="After a longer silence than this many intervals the update counts only this much time.",
    )
    damping_flips: int = option(
        3,
        ge=1,
        le=100,
        unit="flips",
        risk=Risk.LIMIT,
        text="So many changes of sign within the window count as an oscillation and halve the cap.",
    )
    damping_window_s: float = option(
        3600.0,
        ge=10,
        le=86_400,
        unit="s",
        risk=Risk.LIMIT,
        text="The window in which changes of sign are counted.",
    )
    damping_duration_s: float = option(
        3600.0,
        ge=1,
        le=604_800,
        unit="s",
        risk=Risk.LIMIT,
        text="How long the cap stays halved after an oscillation.",
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuse combinations in which the governor, or its guard against oscillation, could never act."""
        largest_error = max(self.target_idle_ratio, 1 - self.target_idle_ratio)
        if self.neutral_band >= largest_error:
            raise ValueError(
                f"neutral_band {self.neutral_band} covers every error that is possible with target_idle_ratio "
                f"{self.target_idle_ratio}; set it below {largest_error:g}"
            )
        if (self.damping_flips - 1) * self.interval_s >= self.damping_window_s:
            raise ValueError(
                f"damping_flips {self.damping_flips} can never fall within damping_window_s {self.damping_window_s:g} "
                f"when interval_s is {self.interval_s:g}; widen the window or lower the count"
            )
        return self

    @property
    def runway_factor(self) -> Decimal:
        """The factor that belongs to the chosen `runway_floor`."""
        return self.runway_entries_factor if self.runway_floor is RunwayFloor.ENTRIES else self.runway_committed_factor

    @property
    def full_extra_ratio(self) -> float:
        """By how much of its base size an entry grows at full skew, capped: 0.30 by default."""
        return min(self.max_skew * self.size_sensitivity, self.max_size_mult - 1)
