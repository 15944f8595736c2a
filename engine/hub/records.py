"""What came of a batch, as it is recorded and shown (hub spec 6)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class BatchStatus(Enum):
    """SETTLED: the chain carried it out. REVERTED: it was mined and moved nothing. REPLACED: another transaction of the
    account took its place. UNSENT: it never left."""

    SETTLED = "settled"
    REVERTED = "reverted"
    REPLACED = "replaced"
    UNSENT = "unsent"


@dataclass(frozen=True, slots=True)
class PushRecord:
    """One request that was carried out; amounts in whole tokens. gas_used: its share of the batch's."""

    request: str
    user: str
    symbol: str
    amount: Decimal
    hub_fee: Decimal
    gas_taken: Decimal
    gas_paid: Decimal
    refunded: Decimal
    gas_used: int


@dataclass(frozen=True, slots=True)
class PullRecord:
    """What came back from a user's collateral, in whole tokens."""

    user: str
    symbol: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One batch at its end. pushed, pulled, revenue (fees kept and gas taken), gas and profit in USD at the prices of
    then; native_usd: what one native coin was worth. predicted_gas: before it was sent."""

    at_s: float
    nonce: int
    status: BatchStatus
    transaction_hash: str
    pushes: tuple[PushRecord, ...]
    pulls: tuple[PullRecord, ...]
    pushed_usd: Decimal
    pulled_usd: Decimal
    hub_fees_usd: Decimal
    gas_taken_usd: Decimal
    gas_paid_usd: Decimal
    refunded_usd: Decimal
    predicted_gas: int
    gas_used: int
    gas_price_wei: int
    native_usd: Decimal
    waited_s: float

    @property
    def profit_usd(self) -> Decimal:
        """Hub fees and gas taken, less gas paid and what went back (spec 6)."""
        return self.hub_fees_usd + self.gas_taken_usd - self.gas_paid_usd - self.refunded_usd
