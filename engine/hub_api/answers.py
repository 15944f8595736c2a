"""What the hub knows, as it goes over the interface."""

from __future__ import annotations

from fractions import Fraction

from engine.core.messages import Reason
from engine.hub.accounts import Account
from engine.hub.fees import FeeBreakdown
from engine.hub.limits import Caps, stops_everybody
from engine.hub.market import Listed, Market, gwei
from engine.hub.payments import Payment
from engine.hub.pulls import PullRequest
from engine.hub.requests import Request
from engine.hub_api.bodies import (
    AccountBody,
    DomainBody,
    HubBody,
    PaymentBody,
    PullBody,
    QuoteBody,
    RequestBody,
    TokenBody,
)
from engine.hub_api.words import reason_body


def hub_body(
    market: Market, tokens: tuple[Listed, ...], caps: Caps, domain: DomainBody, entity: str, fee_bps: int
) -> HubBody:
    limit, gas = market.limit, market.gas
    stops = None if limit is None else stops_everybody(limit, caps)
    return HubBody(
        chain_id=domain.chainId,
        contract=domain.verifyingContract,
        entity=entity,
        domain=domain,
        tokens=[_token(one, market) for one in tokens],
        rebalance_fee_bps=fee_bps,
        soft_limit_usd=None if limit is None else _usd(limit.usd),
        effective_minimum_usd=None if limit is None else _usd(limit.effective_usd),
        gas_price_gwei=None if gas is None else format(gwei(gas.gas_price_wei), "f"),
        native_usd=None if gas is None else format(gas.native_usd, "f"),
        stops=None if stops is None else reason_body(stops),
    )


def _token(one: Listed, market: Market) -> TokenBody:
    token = market.tokens.get(one.token_id)
    return TokenBody(
        token_id=one.token_id,
        symbol=one.symbol,
        decimals=one.decimals,
        price_usd=None if token is None else format(token.price_usd, "f"),
        least=None if token is None or market.limit is None else str(market.limit.amount(token)),
    )


def quote_body(token_id: int, fees: FeeBreakdown) -> QuoteBody:
    return QuoteBody(token_id=token_id, **_fees(fees))


def request_body(request: Request, reason: Reason | None) -> RequestBody:
    return RequestBody(
        id=request.id,
        user=request.user,
        token_id=request.token_id,
        **_fees(request.fees),
        state=request.state.value,
        made_at_s=request.made_at_s,
        reason=None if reason is None else reason_body(reason),
    )


def payment_body(payment: Payment) -> PaymentBody:
    return PaymentBody(payer=payment.payer, payee=payment.payee, token_id=payment.token_id, amount=str(payment.amount))


def account_body(token: Listed, account: Account, reason: Reason) -> AccountBody:
    return AccountBody(
        token_id=token.token_id,
        collateral=str(account.collateral),
        secured=str(account.user_secured),
        unsecured=str(account.user_unsecured),
        spendable=str(account.spendable),
        held=str(account.user_hold),
        reason=reason_body(reason),
    )


def pull_body(pull: PullRequest, digest: str) -> PullBody:
    return PullBody(
        id=pull.id,
        token_id=pull.token_id,
        amount=str(pull.amount),
        account_nonce=pull.nonce,
        digest=digest,
        state=pull.state.value,
        valid_until_s=pull.valid_until_s,
    )


def _fees(fees: FeeBreakdown) -> dict[str, str]:
    return {
        "amount": str(fees.amount),
        "hub_fee": str(fees.hub_fee),
        "miner_fee": str(fees.miner_fee),
        "buffer": str(fees.buffer),
        "total": str(fees.total),
    }


def _usd(usd: Fraction) -> str:
    cents = -(-usd.numerator * 100 // usd.denominator)
    return f"{cents // 100}.{cents % 100:02d}"
