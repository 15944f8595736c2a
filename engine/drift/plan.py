"""The plan: from a portfolio's drift to the fewest swaps that bring it back, or to a reason for each token (spec 6-10).

A decision only: nothing here reads a chain, a clock or a price.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from engine.core.messages import Reason
from engine.drift import reasons as why
from engine.drift.amounts import Draft, Part, correct_amounts, simulate, values_after
from engine.drift.analysis import EXIT_DRIFT, Analysis, analyse
from engine.drift.book import BPS, Book, usd_of_value, value_of_usd
from engine.drift.destination import groups_of
from engine.drift.legs import Leg, Limits, Oversize, limited_legs
from engine.drift.partition import fewest_swaps
from engine.drift.pools import Market, PoolMarket, PriceMarket, best_path
from engine.drift.transfers import final_values, pair_off

ONE_BPS = 1e-4
_TIGHTENINGS = 4


class Action(Enum):
    """What a plan asks for; blocked: a trigger, or a missing price, with nothing that may be traded."""

    NO_REBALANCE = "NO_REBALANCE"
    REBALANCE = "REBALANCE"
    BLOCKED = "BLOCKED"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator set. threshold: relative drift that triggers. destination_band: the fraction of it at which
    trading stops. Amounts in USD; max_impact a ratio."""

    threshold: Decimal = Decimal("0.15")
    destination_band: Decimal = Decimal(0)
    min_trade_usd: Decimal = Decimal(50)
    max_trade_usd: Decimal = Decimal(10_000)
    oversize: Oversize = Oversize.SLICE
    slippage_bps: int = 100
    max_impact: float = 0.05

    @property
    def band(self) -> Fraction:
        """The relative drift at which trading stops."""
        return Fraction(self.threshold) * Fraction(self.destination_band)

    @property
    def limits(self) -> Limits:
        return Limits(
            min_trade=value_of_usd(self.min_trade_usd),
            max_trade=value_of_usd(self.max_trade_usd),
            oversize=self.oversize,
            slippage_bps=self.slippage_bps,
            max_impact=self.max_impact,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What to trade and why. reasons, drifts and residual_drifts are in the order of the book's holdings.

    swaps_at_least: no plan for this destination has fewer legs; equal to the legs planned when the search was exact.
    """

    action: Action
    max_drift: float
    drifts: tuple[float, ...]
    legs: tuple[Leg, ...]
    reasons: tuple[tuple[Reason, ...], ...]
    residual_drifts: tuple[float, ...]
    swaps_at_least: int = 0


def plan(book: Book, policy: Policy) -> Plan:
    """The plan for `book` as it stands. It always ends in legs, or in a reason for each token (spec 10)."""
    analysis = analyse(book, float(policy.threshold), value_of_usd(policy.min_trade_usd))
    if analysis.unpriced:
        return _without(book, analysis, Action.BLOCKED, _unpriced(book, analysis))
    if analysis.total == 0:
        return _without(book, analysis, Action.NO_REBALANCE, ((why.NothingHeld(),),) * len(book.holdings))
    if not analysis.triggered:
        calm = why.WithinThreshold(analysis.max_drift, float(policy.threshold))
        return _without(book, analysis, Action.NO_REBALANCE, ((calm,),) * len(book.holdings))
    market: Market = PriceMarket(book.holdings) if book.pools is None else PoolMarket(book.pools)
    attempt = _Attempt(book, analysis, policy, market)
    return attempt.best()


class _Attempt:
    """One triggered portfolio on its way to a plan.

    Costs push tokens out of an interval that they reach without costs. So the interval is tightened by what was missed
    until the legs, with all their costs, end inside the true one, or until that does not help.
    """

    def __init__(self, book: Book, analysis: Analysis, policy: Policy, market: Market) -> None:
        self.book = book
        self.analysis = analysis
        self.policy = policy
        self.market = market

    def best(self) -> Plan:
        """The first plan that ends inside the destination, else the one that misses it by least."""
        band = self.policy.band
        best, least = self._planned(band)
        tightened = band
        for _ in range(_TIGHTENINGS):
            if least <= ONE_BPS or not best.legs:
                break
            tightened -= Fraction(least).limit_denominator(10**9)
            if tightened <= 0:
                break
            candidate, missed = self._planned(tightened)
            if missed < least:
                best, least = candidate, missed
            else:
                break
        return best

    def _planned(self, band: Fraction) -> tuple[Plan, float]:
        """A plan for one band, and by how much its worst token misses the true destination."""
        notes: list[list[Reason]] = [[] for _ in self.book.holdings]
        groups, stuck = groups_of(self.book, self.analysis.values, self.market, band)
        for at in stuck:
            notes[at].append(why.NothingToBuy())
        parts: list[Part] = []
        at_least = 0
        for group in groups:
            partition = fewest_swaps(group.ranges)
            at_least += partition.swaps_at_least
            if group.moved:
                self._note_moved(group.members, notes)
            for places in partition.parts:
                ends = final_values([group.ranges[place] for place in places])
                members = [group.members[place] for place in places]
                parts.append(self._part(dict(zip(members, (end // group.scale for end in ends), strict=True))))
        drafts = self._drafts(parts)
        correct_amounts(self.book, drafts, parts, self.market)
        drafts.sort(key=self._worth, reverse=True)
        legs, kept = limited_legs(self.book, drafts, self.market, self.policy.limits, notes)
        return self._finished(legs, kept, notes, at_least)

    def _part(self, ends: dict[int, int]) -> Part:
        """Whole values lose the fractions of the scale; what they sum to too little goes to the largest end."""
        values = self.analysis.values
        largest = max(ends, key=lambda at: ends[at])
        ends[largest] += sum(values[at] for at in ends) - sum(ends.values())
        changes = [(at, end - values[at]) for at, end in ends.items()]
        dust = value_of_usd(self.policy.min_trade_usd)
        return Part(ends, tuple(pair_off(changes, dust, self._is_direct)))

    def _is_direct(self, sell: int, buy: int) -> bool:
        paths = self.market.paths(self.book.holdings[sell].symbol, self.book.holdings[buy].symbol)
        return bool(paths) and len(paths[0]) == 2

    def _drafts(self, parts: list[Part]) -> list[Draft]:
        drafts = []
        for transfer in (transfer for part in parts for transfer in part.transfers):
            seller, buyer = self.book.holdings[transfer.sell], self.book.holdings[transfer.buy]
            amount_in = transfer.value // (seller.unit_value or 1)
            path = best_path(self.market, seller.symbol, buyer.symbol, amount_in)
            assert path is not None, "tokens of one group have a way to each other"
            drafts.append(Draft(transfer.sell, transfer.buy, path, amount_in))
        return drafts

    def _worth(self, draft: Draft) -> int:
        return draft.amount_in * (self.book.holdings[draft.sell].unit_value or 0)

    def _note_moved(self, members: tuple[int, ...], notes: list[list[Reason]]) -> None:
        values, holdings = self.analysis.values, self.book.holdings
        own = sum(values[at] for at in members)
        own_bps = sum(holdings[at].target_bps for at in members)
        for at in members:
            share = own * holdings[at].target_bps / (own_bps * self.analysis.total)
            notes[at].append(why.DestinationMoved(share, holdings[at].target_bps / BPS))

    def _finished(
        self, legs: list[Leg], kept: list[Draft], notes: list[list[Reason]], at_least: int
    ) -> tuple[Plan, float]:
        residual = _drifts_of(self.book, values_after(self.book, kept, simulate(kept, self.market)))
        destination = float(self.policy.band)
        missed = 0.0
        for at, holding in enumerate(self.book.holdings):
            drift = self.analysis.drifts[at]
            if not holding.tradable:
                notes[at].insert(0, why.Unhealthy(holding.health))
                continue
            outside = abs(residual[at]) - destination
            sold = sum(leg.usd for leg in legs if leg.sell == holding.symbol)
            bought = sum(leg.usd for leg in legs if leg.buy == holding.symbol)
            if sold:
                notes[at].insert(0, why.Sold(sold))
            if bought:
                notes[at].insert(0, why.Bought(bought))
            if outside > ONE_BPS:
                missed = max(missed, outside)
                notes[at].append(why.EndsOutside(residual[at], destination))
            elif not notes[at]:
                notes[at].append(why.InsideDestination(drift))
        action = Action.REBALANCE if legs else Action.BLOCKED
        analysis = self.analysis
        reasons = tuple(tuple(token_notes) for token_notes in notes)
        made = Plan(action, analysis.max_drift, analysis.drifts, tuple(legs), reasons, residual, at_least)
        return made, missed


def _drifts_of(book: Book, values: list[int]) -> tuple[float, ...]:
    total = sum(values)
    drifts = []
    for value, holding in zip(values, book.holdings, strict=True):
        target = total * holding.target_bps
        drifts.append((value * BPS - target) / target if target else (EXIT_DRIFT if value else 0.0))
    return tuple(drifts)


def _without(book: Book, analysis: Analysis, action: Action, reasons: tuple[tuple[Reason, ...], ...]) -> Plan:
    return Plan(action, analysis.max_drift, analysis.drifts, (), reasons, analysis.drifts)


def _unpriced(book: Book, analysis: Analysis) -> tuple[tuple[Reason, ...], ...]:
    missing = ", ".join(book.holdings[at].symbol for at in analysis.unpriced)
    return tuple(
        (why.PriceMissing(),) if at in analysis.unpriced else (why.WaitsForPrices(missing),)
        for at in range(len(book.holdings))
    )


__all__ = ["Action", "Leg", "Oversize", "Plan", "Policy", "plan", "usd_of_value"]
