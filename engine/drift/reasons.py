"""Why a plan trades a token, or leaves it: codes with their numbers; the panel makes the sentences (drift spec 10)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.core.messages import Reason


@dataclass(frozen=True, slots=True)
class WithinThreshold(Reason, code="drift.within_threshold"):
    """No token has drifted as far as the threshold: the portfolio is left as it is."""

    max_drift: float
    threshold: float


@dataclass(frozen=True, slots=True)
class PriceMissing(Reason, code="drift.price_missing"):
    """There is no price that may be used; the whole portfolio waits, for a total needs every price."""


@dataclass(frozen=True, slots=True)
class WaitsForPrices(Reason, code="drift.waits_for_prices"):
    """Another token of the portfolio has no price that may be used."""

    unpriced: str


@dataclass(frozen=True, slots=True)
class NothingHeld(Reason, code="drift.nothing_held"):
    """The portfolio is empty."""


@dataclass(frozen=True, slots=True)
class Unhealthy(Reason, code="drift.unhealthy"):
    """The token is not traded; its value still counts in the total."""

    health: str


@dataclass(frozen=True, slots=True)
class InsideDestination(Reason, code="drift.inside_destination"):
    """The token is near enough to its target already, and no plan with fewer swaps needs it."""

    drift: float


@dataclass(frozen=True, slots=True)
class Sold(Reason, code="drift.sold"):
    """This much of it is sold."""

    usd: Decimal


@dataclass(frozen=True, slots=True)
class Bought(Reason, code="drift.bought"):
    """This much of it is bought."""

    usd: Decimal


@dataclass(frozen=True, slots=True)
class DestinationMoved(Reason, code="drift.destination_moved"):
    """What cannot be traded keeps its value, so the others share out what is left between them."""

    share: float
    target: float


@dataclass(frozen=True, slots=True)
class NothingToBuy(Reason, code="drift.nothing_to_buy"):
    """Nothing that it could be sold for may be traded."""


@dataclass(frozen=True, slots=True)
class BelowMinimum(Reason, code="drift.below_minimum"):
    """A trade would be smaller than the minimum and is left out."""

    usd: Decimal
    min_trade_usd: Decimal


@dataclass(frozen=True, slots=True)
class Sliced(Reason, code="drift.sliced"):
    """A trade is larger than the maximum: so much now, the rest after the next cooldown."""

    wanted_usd: Decimal
    usd: Decimal


@dataclass(frozen=True, slots=True)
class AboveMaximum(Reason, code="drift.above_maximum"):
    """A trade is larger than the maximum and `oversize` says to skip it."""

    usd: Decimal
    max_trade_usd: Decimal


@dataclass(frozen=True, slots=True)
class ImpactTooHigh(Reason, code="drift.impact_too_high"):
    """A trade would move its pools by more than the limit: so much of it is left out."""

    price_impact: float
    max_impact: float
    left_out_usd: Decimal


@dataclass(frozen=True, slots=True)
class NoQuote(Reason, code="drift.no_quote"):
    """The pools would give nothing for it, and nothing is sold for nothing."""


@dataclass(frozen=True, slots=True)
class EndsOutside(Reason, code="drift.ends_outside"):
    """After the plan the token is still outside its destination: costs, or a trade that was cut or left out."""

    residual_drift: float
    destination: float
