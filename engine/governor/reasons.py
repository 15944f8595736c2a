"""Why the governor did what it did: codes with their numbers; the panel makes the sentences."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.core.messages import Reason


@dataclass(frozen=True, slots=True)
class NotDue(Reason, code="governor.not_due"):
    """The interval has not passed yet."""

    next_update_s: float


@dataclass(frozen=True, slots=True)
class Disabled(Reason, code="governor.disabled"):
    """The governor is switched off in its options."""


@dataclass(frozen=True, slots=True)
class MasterOff(Reason, code="governor.master_off"):
    """The master switch of the desk is off."""


@dataclass(frozen=True, slots=True)
class CapacityHold(Reason, code="governor.capacity_hold"):
    """The grid is near its order limits; `band` is "caution" or "stop"."""

    band: str


@dataclass(frozen=True, slots=True)
class EarningHold(Reason, code="governor.earning_hold"):
    """So large a part of a currency is earning that what can be traded says nothing about how idle it is."""

    earning_ratio: float
    limit_ratio: float


@dataclass(frozen=True, slots=True)
class ObservationRejected(Reason, code="governor.observation_rejected"):
    """An input cannot be believed, so nothing is skewed: which one, what came, what was expected."""

    field: str
    found: str
    expected: str


@dataclass(frozen=True, slots=True)
class NoUsdObserved(Reason, code="governor.no_usd_observed"):
    """The USD balance is zero; the idle ratio is taken as 0."""


@dataclass(frozen=True, slots=True)
class UsdRunwayBreached(Reason, code="governor.usd_runway_breached"):
    """Total USD is below its floor: buys stay at base size."""

    observed_usd: Decimal
    usd_runway_floor: Decimal


@dataclass(frozen=True, slots=True)
class DogeRunwayBreached(Reason, code="governor.doge_runway_breached"):
    """Total DOGE is below its floor: sells stay at base size."""

    observed_doge: Decimal
    doge_runway_floor: Decimal


@dataclass(frozen=True, slots=True)
class InNeutralBand(Reason, code="governor.neutral_band"):
    """The smoothed error is too small to act on."""

    smoothed_error: float
    neutral_band: float


@dataclass(frozen=True, slots=True)
class Ramping(Reason, code="governor.ramping"):
    """The skew is on its way to what the controller asks for, one step per update."""

    raw: float
    skew: float
    max_skew_step: float


@dataclass(frozen=True, slots=True)
class AtCap(Reason, code="governor.at_cap"):
    """The skew is as large as it may be."""

    cap: float


@dataclass(frozen=True, slots=True)
class AtDampedCap(Reason, code="governor.at_damped_cap"):
    """The skew is as large as the cap allows that an oscillation has halved."""

    cap: float
    damped_until_s: float


@dataclass(frozen=True, slots=True)
class Following(Reason, code="governor.following"):
    """The skew is what the controller asks for."""

    smoothed_error: float
    skew: float


@dataclass(frozen=True, slots=True)
class StateFieldReset(Reason, code="governor.state_field_reset"):
    """A field of the saved state was unreadable and starts at zero."""

    field: str
    found: str
    expected: str


@dataclass(frozen=True, slots=True)
class NoSkew(Reason, code="governor.no_skew"):
    """Nothing is skewed: base size."""


@dataclass(frozen=True, slots=True)
class OtherSide(Reason, code="governor.other_side"):
    """The skew favours the other side; this one keeps its base size."""

    skew: float


@dataclass(frozen=True, slots=True)
class NotScaledHere(Reason, code="governor.not_scaled_here"):
    """An order of this origin keeps its base size."""

    origin: str


@dataclass(frozen=True, slots=True)
class SkewRejected(Reason, code="governor.skew_rejected"):
    """The skew is not a number: base size."""

    found: str


@dataclass(frozen=True, slots=True)
class Scaled(Reason, code="governor.scaled"):
    """The entry was made larger as the skew asks."""

    skew: float
    multiplier: Decimal


@dataclass(frozen=True, slots=True)
class SizeCapped(Reason, code="governor.size_capped"):
    """The entry was made as large as an entry may be."""

    skew: float
    max_size_mult: Decimal


@dataclass(frozen=True, slots=True)
class StarvationGuarded(Reason, code="governor.starvation_guarded"):
    """The entry was made smaller than the skew asks, so that a base size stays free for the other side."""

    wanted_usd: Decimal
    given_usd: Decimal
    available_usd: Decimal


@dataclass(frozen=True, slots=True)
class InsufficientFunds(Reason, code="governor.insufficient_funds"):
    """Not even this entry is covered by what is free; it must not be placed."""

    currency: str
    needed: Decimal
    available: Decimal


@dataclass(frozen=True, slots=True)
class BelowMinimum(Reason, code="governor.below_minimum"):
    """The entry's volume is below the exchange's minimum; it must not be placed."""

    volume_doge: Decimal
    min_volume_doge: Decimal


@dataclass(frozen=True, slots=True)
class VolumeDrift(Reason, code="governor.volume_drift"):
    """The volume in the state is not the volume that the exchange acknowledged; the engine must halt."""

    state_volume_doge: Decimal
    acknowledged_volume_doge: Decimal
