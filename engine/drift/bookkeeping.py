"""What a rebalance cost and brought, from its plan and its receipt; and the record as facts (drift spec 15 and 16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from pydantic import TypeAdapter

from engine.core.journal import Fact
from engine.core.messages import plain
from engine.drift.book import Book, usd_of_value
from engine.drift.plan import Leg, Plan
from engine.drift.pools import FEE_BASE, FEE_KEPT
from engine.drift.ports import Ended, Order
from engine.drift.records import LegRecord, RebalanceRecord, Sample, Status

ENGINE, REBALANCE, SAMPLE = "drift", "rebalance", "sample"
WEI = Decimal(10) ** 18
_RECORD = TypeAdapter(RebalanceRecord)
_SAMPLE = TypeAdapter(Sample)


@dataclass(frozen=True, slots=True)
class Sending:
    """What is remembered of one portfolio's plan while it is under way, for the record.

    legs: as planned, with the worth of one base unit of what each sells and buys. share_of_gas: of the transaction's,
    when portfolios share one. expected_gas_usd: at plan time. native_usd: of one native coin, then.
    """

    order: Order
    started_s: float
    max_drift: float
    revision: int
    legs: tuple[Leg, ...]
    unit_values: tuple[tuple[int, int], ...]
    expected_gas_usd: Decimal
    native_usd: Decimal
    share_of_gas: float = 1.0

    @property
    def portfolio(self) -> str:
        return self.order.portfolio

    @property
    def plan(self) -> str:
        return self.order.plan


_SENDING = TypeAdapter(Sending)


def sending_of(
    order: Order,
    book: Book,
    made: Plan,
    started_s: float,
    revision: int,
    expected_gas_usd: Decimal,
    native_usd: Decimal,
) -> Sending:
    """Everything that the record will need of the plan."""
    units = {holding.symbol: holding.unit_value or 0 for holding in book.holdings}
    return Sending(
        order,
        started_s,
        made.max_drift,
        revision,
        made.legs,
        tuple((units[leg.sell], units[leg.buy]) for leg in made.legs),
        expected_gas_usd,
        native_usd,
    )


def to_plain(sending: Sending) -> Any:
    """For the journal; amounts as strings, for JSON numbers of other readers end at 2^53."""
    return _SENDING.dump_python(sending, mode="json") | {
        "unit_values": [[str(one) for one in pair] for pair in sending.unit_values]
    }


def from_plain(value: Any) -> Sending:
    return _SENDING.validate_python(value)


def record_of(sending: Sending, ended: Ended, native_usd: Decimal, now_s: float) -> RebalanceRecord:
    """The row for the record. native_usd: of one whole native coin, at the block (or the nearest known)."""
    received = (ended.arrived or {}).get(sending.order.account.lower(), ())
    legs = tuple(
        _leg_record(leg, units, received[at] if at < len(received) else 0)
        for at, (leg, units) in enumerate(zip(sending.legs, sending.unit_values, strict=True))
    )
    fee, impact = _fees_and_impact(legs) if ended.succeeded else (Decimal(0), Decimal(0))
    gas_used = round(ended.gas_used * sending.share_of_gas)
    with localcontext(prec=60):
        gas_cost_usd = (Decimal(gas_used * ended.gas_price_wei) / WEI * native_usd).quantize(Decimal("1e-12"))
    return RebalanceRecord(
        at_s=now_s,
        portfolio=sending.portfolio,
        status=Status.SUCCESS if ended.succeeded else Status.FAILED,
        transaction_hash=ended.hash,
        gas_used=gas_used,
        gas_cost_usd=gas_cost_usd,
        expected_gas_usd=sending.expected_gas_usd,
        max_drift=sending.max_drift,
        legs=legs,
        fee_usd=fee,
        impact_usd=impact,
        execution_ms=max(0, round((now_s - sending.started_s) * 1000)),
        revision=sending.revision,
    )


def _leg_record(leg: Leg, units: tuple[int, int], amount_out: int) -> LegRecord:
    sell_unit, buy_unit = units
    return LegRecord(
        sell=leg.sell,
        buy=leg.buy,
        amount_in=leg.amount_in,
        quote_out=leg.quote_out,
        min_out=leg.min_out,
        amount_out=amount_out,
        usd_in=usd_of_value(leg.amount_in * sell_unit),
        usd_quoted=usd_of_value(leg.quote_out * buy_unit),
        usd_out=usd_of_value(amount_out * buy_unit),
        path=leg.path,
    )


def _fees_and_impact(legs: Sequence[LegRecord]) -> tuple[Decimal, Decimal]:
    """The value that was lost before slippage, in two parts: the pools' fees, and all the rest as impact.

    With the slippage they sum to what was sold less what came, at the prices of the plan.
    """
    fee, lost = Decimal(0), Decimal(0)
    with localcontext(prec=60):
        for leg in legs:
            hops = len(leg.path) - 1
            fee += (leg.usd_in * (1 - (Decimal(FEE_KEPT) / FEE_BASE) ** hops)).quantize(Decimal("1e-6"))
            lost += leg.usd_in - leg.usd_quoted
    return fee, lost - fee


def log_line(record: RebalanceRecord) -> str:
    """One line for people: what was out by how much, what was done about it, and what that cost."""
    swaps = ", ".join(f"${leg.usd_in:.0f} {leg.sell}→{leg.buy}" for leg in record.legs)
    return (
        f"{record.portfolio} drift={record.max_drift:+.1%} {record.status.value} {swaps} "
        f"gas=${record.gas_cost_usd:.4f} tx={record.transaction_hash[:10]}"
    )


def record_fact(record: RebalanceRecord, key: str) -> Fact:
    """`key` is the transaction's and the portfolio's, so that nothing is booked twice."""
    return Fact(ENGINE, REBALANCE, f"{key}/{record.portfolio}", plain(record), record.at_s)


def record_from(fact: Fact) -> RebalanceRecord:
    return _RECORD.validate_python(fact.payload)


def sample_fact(portfolio: str, sample: Sample) -> Fact:
    payload = {"portfolio": portfolio, **plain(sample)}
    return Fact(ENGINE, SAMPLE, f"{portfolio}/{sample.at_s:.3f}", payload, sample.at_s)


def sample_from(fact: Fact) -> tuple[str, Sample]:
    fields = dict(fact.payload)
    return fields.pop("portfolio"), _SAMPLE.validate_python(fields)
