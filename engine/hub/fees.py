"""What a rebalance costs its user, shown before it is taken, and what is given back (hub spec 4 to 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from engine.hub.tokens import Token, amount_of_usd, usd_of_wei

BPS = 10_000
GAS_ALONE = 150_000


class GasSurplus(Enum):
    """Who gets what was taken for gas and not used."""

    REFUND = "refund"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """rebalance_fee_bps: of the amount. gas_buffer: what the gas estimate is multiplied by, 1 or more."""

    rebalance_fee_bps: int = 100
    gas_buffer: Decimal = Decimal("1.2")
    gas_surplus: GasSurplus = GasSurplus.REFUND


@dataclass(frozen=True, slots=True)
class GasMarket:
    """The gas price in wei, and one native coin in USD."""

    gas_price_wei: int
    native_usd: Decimal


@dataclass(frozen=True, slots=True)
class FeeBreakdown:
    """All in base units of the token. miner_fee: the estimate itself; buffer: what is taken on top of it and comes back
    when it is not used."""

    amount: int
    hub_fee: int
    miner_fee: int
    buffer: int

    @property
    def gas_taken(self) -> int:
        return self.miner_fee + self.buffer

    @property
    def fees(self) -> int:
        return self.hub_fee + self.gas_taken

    @property
    def total(self) -> int:
        return self.amount + self.fees


def quote(amount: int, token: Token, market: GasMarket, policy: FeePolicy, gas: int = GAS_ALONE) -> FeeBreakdown:
    """What moving `amount` would cost now. The hub's fee is rounded down, gas with its buffer up (spec 4).

    gas: estimated for this request alone, or its share of a batch.
    """
    gas_usd = usd_of_wei(gas * market.gas_price_wei, market.native_usd)
    estimate = amount_of_usd(gas_usd, token, up=True)
    buffered = amount_of_usd(gas_usd * Fraction(policy.gas_buffer), token, up=True)
    return FeeBreakdown(
        amount=amount,
        hub_fee=amount * policy.rebalance_fee_bps // BPS,
        miner_fee=estimate,
        buffer=max(0, buffered - estimate),
    )


def largest_affordable(available: int, token: Token, market: GasMarket, policy: FeePolicy, gas: int = GAS_ALONE) -> int:
    """The largest amount whose total is at most `available`; 0 when the fees alone are more."""
    fixed = quote(0, token, market, policy, gas).gas_taken
    left = available - fixed
    if left <= 0:
        return 0
    amount = left * BPS // (BPS + policy.rebalance_fee_bps)
    while amount + 1 + (amount + 1) * policy.rebalance_fee_bps // BPS <= left:
        amount += 1
    return amount


@dataclass(frozen=True, slots=True)
class GasShare:
    """One request's part in a batch that was mined, in base units of its token.

    used: its share of the gas paid, rounded up. refunded: given back. shortfall: what was used beyond what was taken,
    which the hub bears.
    """

    taken: int
    used: int
    refunded: int
    shortfall: int


def settle_gas(taken: int, gas_cost_wei: int, token: Token, native_usd: Decimal, policy: FeePolicy) -> GasShare:
    """What of the gas taken goes back once the receipt is known (spec 6)."""
    used = amount_of_usd(usd_of_wei(gas_cost_wei, native_usd), token, up=True)
    surplus = max(0, taken - used)
    refunded = surplus if policy.gas_surplus is GasSurplus.REFUND else 0
    return GasShare(taken, used, refunded, max(0, used - taken))


def shares_of_gas(gas_cost_wei: int, weights: Sequence[int]) -> list[int]:
    """Split what a batch cost among its requests in proportion to their predicted gas; the parts sum to the whole."""
    total = sum(weights)
    if total <= 0:
        raise ValueError("expected at least one request with gas of its own")
    shares = [gas_cost_wei * weight // total for weight in weights]
    left = gas_cost_wei - sum(shares)
    for at in range(left):
        shares[at % len(shares)] += 1
    return shares
