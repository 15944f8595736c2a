"""From skew to entry sizes, order by order (spec 7; seed sections 3 and 5).

One number flows out: `Sizing.effective_usd`. The grid turns it into a volume once, and that volume is what state and
exchange both carry. Prices are never touched here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import ROUND_CEILING, Decimal
from enum import Enum

from engine.core.messages import Reason
from engine.governor.options import GovernorOptions
from engine.governor.reasons import (
    BelowMinimum,
    Disabled,
    DogeRunwayBreached,
    InsufficientFunds,
    NoSkew,
    NotScaledHere,
    OtherSide,
    Scaled,
    SizeCapped,
    SkewRejected,
    StarvationGuarded,
    UsdRunwayBreached,
    VolumeDrift,
)

_ONE = Decimal(1)
_SKEW_QUANTUM = Decimal("1e-9")
_DOGE_QUANTUM = Decimal("1e-8")


class EntrySide(Enum):
    """A sells DOGE to enter, B buys it."""

    A = "A"
    B = "B"


class EntryOrigin(Enum):
    """What made the grid want this order; only the first three are scaled (spec 7)."""

    CYCLE = "cycle"
    ORPHAN = "orphan"
    REFRESH = "refresh"
    BOOTSTRAP = "bootstrap"
    RESEED = "reseed"
    REPAIR = "repair"
    EXIT = "exit"
    RECOVERY = "recovery"


SCALED_ORIGINS = frozenset({EntryOrigin.CYCLE, EntryOrigin.ORPHAN, EntryOrigin.REFRESH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """Balances at one moment. ValueError on a number that is not finite.

    available_*: free, after open orders and everything already reserved in this round. total_*: orders included, to
    compare with the floors, like with like.
    """

    available_usd: Decimal
    available_doge: Decimal
    total_usd: Decimal
    total_doge: Decimal
    usd_runway_floor: Decimal
    doge_runway_floor: Decimal

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (isinstance(value, Decimal) and value.is_finite()):
                raise ValueError(
                    f"{field.name} must be a finite Decimal, got {value!r}; nothing can be sized without it"
                )


@dataclass(frozen=True, slots=True)
class Sizing:
    """The size of one entry.

    base_usd: the compounded size. effective_usd: what to order, never below base. multiplier: effective over base.
    reason: why this size. blocked: why the entry must not be placed at all, else None.
    """

    side: EntrySide
    base_usd: Decimal
    effective_usd: Decimal
    multiplier: Decimal
    reason: Reason
    blocked: Reason | None

    def volume_doge(self, price: Decimal) -> Decimal:
        """DOGE for `effective_usd` at `price`, before the exchange's own rounding."""
        return self.effective_usd / price


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """An entry that the grid wants to place; price: its limit price in USD per DOGE."""

    slot: int
    side: EntrySide
    origin: EntryOrigin
    compounded_usd: Decimal
    price: Decimal


def compounded_size_usd(order_size_usd: Decimal, slot_profit_usd: Decimal) -> Decimal:
    """Base size of a slot's entries: profit makes it larger, loss never smaller (spec 7)."""
    return max(order_size_usd, order_size_usd + slot_profit_usd)


def skew_multiplier(side: EntrySide, skew: float, options: GovernorOptions) -> Decimal:
    """What the skew alone asks for on a side: 1 to options.max_size_mult, and 1 when the skew is not a number."""
    if not _favours(side, skew) or not options.enabled:
        return _ONE
    extra = _decimal(min(abs(skew), options.max_skew)) * _decimal(options.size_sensitivity)
    return min(_ONE + extra, _decimal(options.max_size_mult))


def size_entry(
    side: EntrySide,
    compounded_usd: Decimal,
    skew: float,
    funds: Funds,
    price: Decimal,
    options: GovernorOptions,
    *,
    min_volume_doge: Decimal,
    origin: EntryOrigin = EntryOrigin.CYCLE,
) -> Sizing:
    """The size of one entry, given what is free right now.

    compounded_usd: base size, above 0. skew: signed ratio from the controller. price: USD per DOGE, above 0.
    min_volume_doge: the exchange's minimum. ValueError on money or a price that is not finite or not positive.
    """
    _require_positive("compounded_usd", compounded_usd)
    _require_positive("price", price)
    _require_positive("min_volume_doge", min_volume_doge)
    effective_usd, reason = _scaled(side, compounded_usd, skew, funds, price, options, origin)
    return Sizing(
        side=side,
        base_usd=compounded_usd,
        effective_usd=effective_usd,
        multiplier=effective_usd / compounded_usd,
        reason=reason,
        blocked=_blocked(side, effective_usd, funds, price, min_volume_doge),
    )


def size_and_reserve(
    requests: Iterable[EntryRequest],
    skew: float,
    funds: Funds,
    options: GovernorOptions,
    *,
    min_volume_doge: Decimal,
) -> tuple[tuple[Sizing, ...], Funds]:
    """Size entries one after the other, each on what the ones before it left: `(sizings in order, funds left)`.

    A blocked entry reserves nothing. What is reserved is never more than what was free.
    """
    sizings = []
    for request in requests:
        sizing = size_entry(
            request.side,
            request.compounded_usd,
            skew,
            funds,
            request.price,
            options,
            min_volume_doge=min_volume_doge,
            origin=request.origin,
        )
        sizings.append(sizing)
        funds = reserve(funds, sizing, request.price)
    return tuple(sizings), funds


def reserve(funds: Funds, sizing: Sizing, price: Decimal) -> Funds:
    """Funds after this entry has taken its share; unchanged when it is blocked. Totals stay: the money is only held."""
    if sizing.blocked is not None:
        return funds
    usd, doge = Decimal(0), Decimal(0)
    if sizing.side is EntrySide.B:
        usd = sizing.effective_usd
    else:
        doge = _doge_needed(sizing.effective_usd, price)
    return Funds(
        available_usd=funds.available_usd - usd,
        available_doge=funds.available_doge - doge,
        total_usd=funds.total_usd,
        total_doge=funds.total_doge,
        usd_runway_floor=funds.usd_runway_floor,
        doge_runway_floor=funds.doge_runway_floor,
    )


def volume_drift(state_volume_doge: Decimal, acknowledged_volume_doge: Decimal) -> VolumeDrift | None:
    """Set when the state's volume is not what the exchange acknowledged after rounding (spec 7): the engine halts."""
    if state_volume_doge == acknowledged_volume_doge:
        return None
    return VolumeDrift(state_volume_doge, acknowledged_volume_doge)


def _scaled(
    side: EntrySide,
    base_usd: Decimal,
    skew: float,
    funds: Funds,
    price: Decimal,
    options: GovernorOptions,
    origin: EntryOrigin,
) -> tuple[Decimal, Reason]:
    kept = _kept_at_base(side, skew, funds, options, origin)
    if kept is not None:
        return base_usd, kept
    multiplier = skew_multiplier(side, skew, options)
    wanted_usd = base_usd * multiplier
    available_usd = funds.available_usd if side is EntrySide.B else funds.available_doge * price
    if available_usd - wanted_usd < base_usd:
        given_usd = min(wanted_usd, max(base_usd, available_usd - base_usd))
        if given_usd < wanted_usd:
            return given_usd, StarvationGuarded(wanted_usd, given_usd, available_usd)
    if multiplier == _decimal(options.max_size_mult):
        return wanted_usd, SizeCapped(skew, multiplier)
    return wanted_usd, Scaled(skew, multiplier)


def _kept_at_base(
    side: EntrySide, skew: float, funds: Funds, options: GovernorOptions, origin: EntryOrigin
) -> Reason | None:
    """Why this entry is not scaled at all, if so."""
    if not options.enabled:
        return Disabled()
    if not math.isfinite(skew):
        return SkewRejected(repr(skew))
    if skew == 0:
        return NoSkew()
    if not _favours(side, skew):
        return OtherSide(skew)
    if origin not in SCALED_ORIGINS:
        return NotScaledHere(origin.value)
    if side is EntrySide.B and funds.total_usd < funds.usd_runway_floor:
        return UsdRunwayBreached(funds.total_usd, funds.usd_runway_floor)
    if side is EntrySide.A and funds.total_doge < funds.doge_runway_floor:
        return DogeRunwayBreached(funds.total_doge, funds.doge_runway_floor)
    return None


def _blocked(
    side: EntrySide, effective_usd: Decimal, funds: Funds, price: Decimal, min_volume_doge: Decimal
) -> Reason | None:
    """Why not to place it: the minimum holds on both sides, and nobody spends what is not free."""
    volume_doge = effective_usd / price
    if volume_doge < min_volume_doge:
        return BelowMinimum(volume_doge, min_volume_doge)
    if side is EntrySide.B:
        currency, needed, available = "USD", effective_usd, funds.available_usd
    else:
        currency, needed, available = "DOGE", _doge_needed(effective_usd, price), funds.available_doge
    return InsufficientFunds(currency, needed, available) if needed > available else None


def _favours(side: EntrySide, skew: float) -> bool:
    return math.isfinite(skew) and (skew > 0 if side is EntrySide.B else skew < 0)


def _decimal(ratio: float) -> Decimal:
    """A ratio as the Decimal that a person would write for it: 0.05 is 0.05."""
    return Decimal(repr(ratio)).quantize(_SKEW_QUANTUM)


def _doge_needed(usd: Decimal, price: Decimal) -> Decimal:
    return (usd / price).quantize(_DOGE_QUANTUM, rounding=ROUND_CEILING)


def _require_positive(name: str, amount: Decimal) -> None:
    if not (isinstance(amount, Decimal) and amount.is_finite() and amount > 0):
        raise ValueError(f"{name} must be a finite Decimal above 0, got {amount!r}; nothing can be sized without it")
