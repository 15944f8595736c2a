"""The gas-adjusted minimum and the caps (hub spec 8, 9 and 12)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from engine.core.messages import Reason
from engine.hub.fees import GAS_ALONE, GasMarket
from engine.hub.tokens import WEI_PER_NATIVE, Token, amount_of_usd, text_of_amount, usd_of_amount, usd_of_wei


class SoftLimitBasis(Enum):
    """Which gas the minimum has to be worth: a request alone, or its share of a full batch."""

    SINGLE = "single"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Caps:
    """All in USD. gas_multiple: how many times its own gas a rebalance must be worth."""

    min_usd: Decimal = Decimal(100)
    max_request_usd: Decimal = Decimal(100_000)
    max_user_usd: Decimal = Decimal(10_000)
    max_interval_usd: Decimal = Decimal(100_000)
    max_day_usd: Decimal = Decimal(1_000_000)
    gas_multiple: int = 100


@dataclass(frozen=True, slots=True)
class BelowSoftLimit(Reason, code="hub.below_soft_limit"):
    """The request is worth less than the gas-adjusted minimum, by `short`; amounts in whole tokens."""

    limit: str
    short: str
    gas_price_gwei: Decimal


@dataclass(frozen=True, slots=True)
class NobodyCanRebalance(Reason, code="hub.nobody_can_rebalance"):
    """Gas is so dear that the minimum is above what a user may have as collateral; it resumes at `resumes_at_gwei`."""

    soft_limit_usd: Decimal
    max_user_usd: Decimal
    gas_price_gwei: Decimal
    resumes_at_gwei: Decimal


@dataclass(frozen=True, slots=True)
class AboveRequestCap(Reason, code="hub.above_request_cap"):
    """One request may not be larger than `cap`, in whole tokens."""

    cap: str


@dataclass(frozen=True, slots=True)
class AboveUserCap(Reason, code="hub.above_user_cap"):
    """The user's collateral, with what is on its way, would pass its cap: `left` whole tokens are still free."""

    left: str


@dataclass(frozen=True, slots=True)
class IntervalSpent(Reason, code="hub.interval_spent"):
    """The interval's budget has `left` whole tokens left; the request waits for the next one."""

    left: str


@dataclass(frozen=True, slots=True)
class DaySpent(Reason, code="hub.day_spent"):
    """The day's budget has `left` whole tokens left."""

    left: str


@dataclass(frozen=True, slots=True)
class SoftLimit:
    """The gas-adjusted minimum at one gas price, in USD, exactly. at_s: when the gas market was read."""

    market: GasMarket
    gas: int
    usd: Fraction
    effective_usd: Fraction
    at_s: float

    @property
    def gas_price_gwei(self) -> Decimal:
        return Decimal(self.market.gas_price_wei) / 10**9

    def amount(self, token: Token) -> int:
        """The least amount of `token` that may be asked for, in base units."""
        return amount_of_usd(self.effective_usd, token, up=True)


def soft_limit(market: GasMarket, caps: Caps, at_s: float, gas: int = GAS_ALONE) -> SoftLimit:
    """`gas price x gas x 100` in USD, and the minimum that follows (spec 8).

    gas: 150,000 for a request alone, or its share of a full batch.
    """
    usd = usd_of_wei(market.gas_price_wei * gas * caps.gas_multiple, market.native_usd)
    return SoftLimit(market, gas, usd, max(usd, Fraction(caps.min_usd)), at_s)


def stops_everybody(limit: SoftLimit, caps: Caps) -> NobodyCanRebalance | None:
    """Said once for all, instead of refusing one by one, when no user may ask for as much as the minimum (spec 9)."""
    most = min(Fraction(caps.max_user_usd), Fraction(caps.max_request_usd))
    if limit.effective_usd <= most:
        return None
    resumes = highest_gas_price_wei(limit, caps)
    return NobodyCanRebalance(
        soft_limit_usd=_cents_up(limit.usd),
        max_user_usd=caps.max_user_usd,
        gas_price_gwei=limit.gas_price_gwei,
        resumes_at_gwei=Decimal(resumes) / 10**9,
    )


def highest_gas_price_wei(limit: SoftLimit, caps: Caps) -> int:
    """The highest gas price, in wei, at which somebody may still rebalance."""
    most = min(Fraction(caps.max_user_usd), Fraction(caps.max_request_usd))
    per_wei = Fraction(limit.market.native_usd) * limit.gas * caps.gas_multiple / WEI_PER_NATIVE
    return int(most / per_wei)


@dataclass(frozen=True, slots=True)
class Spent:
    """What counts against the caps, in USD, exactly: what was settled and what is on its way.

    user: the user's collateral now and in flight. interval, day: pushed in the running ones.
    """

    user: Fraction = Fraction(0)
    interval: Fraction = Fraction(0)
    day: Fraction = Fraction(0)


def refusal(amount: int, token: Token, limit: SoftLimit, caps: Caps, spent: Spent) -> Reason | None:
    """Why `amount` may not be pushed now; None when it may. No cap is ever passed by one unit (spec 12)."""
    stopped = stops_everybody(limit, caps)
    if stopped is not None:
        return stopped
    least = limit.amount(token)
    if amount < least:
        return BelowSoftLimit(
            text_of_amount(least, token.decimals), text_of_amount(least - amount, token.decimals), limit.gas_price_gwei
        )
    if amount > amount_of_usd(Fraction(caps.max_request_usd), token, up=False):
        return AboveRequestCap(_left(Fraction(caps.max_request_usd), token))
    usd = usd_of_amount(amount, token)
    if spent.user + usd > Fraction(caps.max_user_usd):
        return AboveUserCap(_left(Fraction(caps.max_user_usd) - spent.user, token))
    if spent.interval + usd > Fraction(caps.max_interval_usd):
        return IntervalSpent(_left(Fraction(caps.max_interval_usd) - spent.interval, token))
    if spent.day + usd > Fraction(caps.max_day_usd):
        return DaySpent(_left(Fraction(caps.max_day_usd) - spent.day, token))
    return None


def _left(usd: Fraction, token: Token) -> str:
    return text_of_amount(max(0, amount_of_usd(usd, token, up=False)), token.decimals)


def _cents_up(usd: Fraction) -> Decimal:
    return Decimal(-(-usd.numerator * 100 // usd.denominator)) / 100
