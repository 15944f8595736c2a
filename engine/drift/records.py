"""One row for each rebalance, and what a portfolio was worth in between (drift spec 15)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Status(Enum):
    """What came of a rebalance."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class LegRecord:
    """One swap as planned and as it happened. Amounts in base units, USD at the prices of the plan.

    amount_out: actually received, from the receipt; 0 when the transaction reverted.
    """

    sell: str
    buy: str
    amount_in: int
    quote_out: int
    min_out: int
    amount_out: int
    usd_in: Decimal
    usd_quoted: Decimal
    usd_out: Decimal
    path: tuple[str, ...]

    @property
    def slippage_bps(self) -> float:
        """How much less came than was quoted, in basis points of the quote; negative when more came."""
        return (self.quote_out - self.amount_out) * 10_000 / self.quote_out if self.quote_out else 0.0


@dataclass(frozen=True, slots=True)
class RebalanceRecord:
    """One rebalance. gas_cost_usd: at the block's native price. expected_gas_usd: the estimate when it was planned.

    fee_usd: what the pools kept. impact_usd: what the swaps moved the price against themselves.
    """

    at_s: float
    portfolio: str
    status: Status
    transaction_hash: str
    gas_used: int
    gas_cost_usd: Decimal
    expected_gas_usd: Decimal
    max_drift: float
    legs: tuple[LegRecord, ...]
    fee_usd: Decimal
    impact_usd: Decimal
    execution_ms: int
    revision: int

    @property
    def turnover_usd(self) -> Decimal:
        """What was sold, at the prices of the plan."""
        return sum((leg.usd_in for leg in self.legs), Decimal(0))

    @property
    def slippage_usd(self) -> Decimal:
        """What came less than quoted."""
        return sum((leg.usd_quoted - leg.usd_out for leg in self.legs), Decimal(0))


@dataclass(frozen=True, slots=True)
class Sample:
    """A portfolio at one moment, sampled always and not only at triggers. prices in USD, units in whole tokens."""

    at_s: float
    value_usd: Decimal
    max_drift: float
    prices: tuple[Decimal, ...]
    units: tuple[Decimal, ...]
