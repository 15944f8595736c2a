"""What follows from a batch that the chain carried out: fees, gas and what goes back, to the unit (hub spec 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from engine.hub.fees import FeePolicy, GasShare, settle_gas, shares_of_gas
from engine.hub.gas import shares
from engine.hub.pulls import PullRequest
from engine.hub.records import BatchRecord, BatchStatus, PullRecord, PushRecord
from engine.hub.requests import Request
from engine.hub.tokens import Token, usd_of_amount, usd_of_wei

_USD_DIGITS = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class GasPaid:
    """What the chain took for the hub's transaction; nothing when somebody else's carried the batch."""

    gas_used: int
    price_wei: int
    native_usd: Decimal

    @property
    def cost_wei(self) -> int:
        return self.gas_used * self.price_wei

    @property
    def cost_usd(self) -> Fraction:
        return usd_of_wei(self.cost_wei, self.native_usd)


def gas_shares(
    requests: Sequence[Request],
    first_deposits: Sequence[bool],
    paid: GasPaid,
    tokens: Mapping[int, Token],
    policy: FeePolicy,
) -> list[tuple[GasShare, int]]:
    """For each request its share of the gas in base units of its token, and in gas."""
    if not requests:
        return []
    gas = shares(first_deposits, paid.gas_used) if paid.gas_used else [0] * len(requests)
    weights = [max(one, 1) for one in gas]
    costs = shares_of_gas(paid.cost_wei, weights)
    return [
        (settle_gas(one.fees.gas_taken, cost, tokens[one.token_id], paid.native_usd, policy), used)
        for one, cost, used in zip(requests, costs, gas, strict=True)
    ]


def record_of(
    *,
    nonce: int,
    status: BatchStatus,
    transaction_hash: str,
    pushes: Sequence[tuple[Request, GasShare, int]],
    pulls: Sequence[PullRequest],
    tokens: Mapping[int, Token],
    paid: GasPaid,
    predicted_gas: int,
    sent_s: float,
    now_s: float,
) -> BatchRecord:
    """pushes: each request with its share of the gas, in its token and in gas."""

    def usd(sums: Sequence[tuple[int, int]], rounding: str = ROUND_HALF_EVEN) -> Decimal:
        return _decimal(sum((usd_of_amount(units, tokens[token]) for token, units in sums), Fraction(0)), rounding)

    return BatchRecord(
        at_s=now_s,
        nonce=nonce,
        status=status,
        transaction_hash=transaction_hash,
        pushes=tuple(_push(one, share, gas, tokens[one.token_id]) for one, share, gas in pushes),
        pulls=tuple(
            PullRecord(one.user, tokens[one.token_id].symbol, _whole(one.amount, tokens[one.token_id])) for one in pulls
        ),
        # Rounded up, for the caps count it and are never passed.
        pushed_usd=usd([(one.token_id, one.amount) for one, _, _ in pushes], ROUND_CEILING),
        pulled_usd=usd([(one.token_id, one.amount) for one in pulls]),
        hub_fees_usd=usd([(one.token_id, one.fees.hub_fee) for one, _, _ in pushes]),
        gas_taken_usd=usd([(one.token_id, one.fees.gas_taken) for one, _, _ in pushes]),
        gas_paid_usd=_decimal(paid.cost_usd),
        refunded_usd=usd([(one.token_id, share.refunded) for one, share, _ in pushes]),
        predicted_gas=predicted_gas,
        gas_used=paid.gas_used,
        gas_price_wei=paid.price_wei,
        native_usd=paid.native_usd,
        waited_s=max(0.0, now_s - sent_s),
    )


def _push(request: Request, share: GasShare, gas: int, token: Token) -> PushRecord:
    return PushRecord(
        request=request.id,
        user=request.user,
        symbol=token.symbol,
        amount=_whole(request.amount, token),
        hub_fee=_whole(request.fees.hub_fee, token),
        gas_taken=_whole(share.taken, token),
        gas_paid=_whole(share.used, token),
        refunded=_whole(share.refunded, token),
        gas_used=gas,
    )


def _whole(units: int, token: Token) -> Decimal:
    return whole_tokens(units, token.decimals)


def whole_tokens(units: int, decimals: int) -> Decimal:
    """Base units as whole tokens, exactly."""
    with localcontext(prec=120):
        return Decimal(units).scaleb(-decimals)


def _decimal(usd: Fraction, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    with localcontext(prec=100, rounding=rounding):
        return (Decimal(usd.numerator) / Decimal(usd.denominator)).quantize(_USD_DIGITS)
