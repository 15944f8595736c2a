"""What is to be done about one portfolio now, and why (drift spec 6, 10, 13, 14). Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal

from engine.core.messages import Reason
from engine.drift.analysis import Analysis, analyse
from engine.drift.book import Book, usd_of_value, value_of_usd
from engine.drift.cooldown import Rest, Unresolved, resting, rests_until
from engine.drift.messages import AboutToSend, GasPriceUnknown, LegView, NothingTradable, PortfolioState, TokenView
from engine.drift.options import DriftOptions
from engine.drift.plan import Action, Plan, plan
from engine.drift.ports import Order, SwapOrder
from engine.drift.reasons import NothingHeld, PriceMissing, WithinThreshold
from engine.drift.valuation import Valuation


@dataclass(frozen=True, slots=True)
class Assessment:
    """One look at one portfolio. `plan` is None where the analysis alone decided; state READY means that the plan is to
    be sent, by whatever way the options say."""

    state: PortfolioState
    reason: Reason
    book: Book
    analysis: Analysis
    plan: Plan | None

    @property
    def value_usd(self) -> Decimal | None:
        return None if self.analysis.unpriced else usd_of_value(self.analysis.total)

    @property
    def max_drift(self) -> float | None:
        return None if self.analysis.unpriced else self.analysis.max_drift


def assess(book: Book, options: DriftOptions, rest: Rest, gas_is_priced: bool, now_s: float) -> Assessment:
    """Analyse always; plan only when it triggered, so that reasons are there even while it rests."""
    analysis = analyse(book, float(options.threshold), value_of_usd(options.min_trade_usd))
    if rest.unresolved:
        return Assessment(PortfolioState.UNDER_WAY, Unresolved(rest.unresolved), book, analysis, None)
    if not analysis.unpriced and not analysis.triggered:
        calm: Reason = WithinThreshold(analysis.max_drift, float(options.threshold))
        return Assessment(PortfolioState.CALM, calm if analysis.total else NothingHeld(), book, analysis, None)
    made = plan(book, options.policy)
    held_back = resting(rest, float(options.cooldown_minutes) * 60.0, now_s)
    if analysis.unpriced:
        return Assessment(PortfolioState.BLOCKED, PriceMissing(), book, analysis, made)
    if held_back is not None:
        return Assessment(PortfolioState.COOLING, held_back, book, analysis, made)
    if made.action is not Action.REBALANCE:
        return Assessment(PortfolioState.BLOCKED, NothingTradable(analysis.max_drift), book, analysis, made)
    if not gas_is_priced:
        return Assessment(PortfolioState.BLOCKED, GasPriceUnknown(), book, analysis, made)
    return Assessment(PortfolioState.READY, AboutToSend(len(made.legs)), book, analysis, made)


def cooldown_until(rest: Rest, options: DriftOptions, now_s: float) -> float | None:
    """When it may be planned for again; None when it may now."""
    until_s = rests_until(rest, float(options.cooldown_minutes) * 60.0)
    return until_s if until_s > now_s else None


def order_of(plan: str, portfolio: str, account: str, made: Plan, until_s: float) -> Order:
    """The plan as it goes to the chain."""
    swaps = tuple(SwapOrder(leg.path, leg.amount_in, leg.min_out) for leg in made.legs)
    return Order(plan, portfolio, account, swaps, int(until_s))


def plan_id(portfolio: str, made: Plan, now_s: float) -> str:
    """Names exactly these swaps, made at this moment."""
    swaps = [(leg.path, leg.amount_in, leg.min_out) for leg in made.legs]
    return hashlib.sha256(json.dumps([portfolio, swaps, now_s]).encode()).hexdigest()[:16]


def leg_views(book: Book, made: Plan) -> tuple[LegView, ...]:
    """The legs in whole tokens."""
    decimals = {holding.symbol: holding.decimals for holding in book.holdings}
    return tuple(
        LegView(
            leg.path,
            Decimal(leg.amount_in).scaleb(-decimals[leg.sell]),
            Decimal(leg.quote_out).scaleb(-decimals[leg.buy]),
            Decimal(leg.min_out).scaleb(-decimals[leg.buy]),
            leg.price_impact,
            leg.usd,
        )
        for leg in made.legs
    )


def token_views(found: Assessment, valued: Valuation) -> tuple[TokenView, ...]:
    """Every token of the portfolio, with why it is traded or not."""
    analysis, known = found.analysis, not found.analysis.unpriced
    views = []
    for at, holding in enumerate(found.book.holdings):
        price = valued.prices[holding.symbol]
        reasons = list(found.plan.reasons[at]) if found.plan is not None else [found.reason]
        if price.refused is not None:
            reasons.insert(0, price.refused)
        views.append(
            TokenView(
                symbol=holding.symbol,
                units=Decimal(holding.balance).scaleb(-holding.decimals),
                price_usd=price.price_usd,
                second_usd=price.second_usd,
                value_usd=usd_of_value(analysis.values[at]) if known else None,
                share=analysis.values[at] / analysis.total if known and analysis.total else None,
                target=holding.target_bps / 10_000,
                drift=analysis.drifts[at] if known else None,
                residual_drift=found.plan.residual_drifts[at] if found.plan is not None and found.plan.legs else None,
                health=holding.health,
                reasons=tuple(reasons),
            )
        )
    return tuple(views)
