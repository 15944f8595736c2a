"""From what a plan wants to sell to legs that keep every limit (drift spec 8 and 9)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from engine.core.messages import Reason
from engine.drift import reasons as why
from engine.drift.amounts import Draft
from engine.drift.book import BPS, Book, usd_of_value
from engine.drift.pools import Market, Path, largest_within


class Oversize(Enum):
    """What becomes of a trade that is larger than the maximum: its first slice now, or nothing."""

    SLICE = "slice"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Limits:
    """What each leg keeps. min_trade, max_trade: values in 10^-VALUE_DIGITS USD. max_impact: a ratio."""

    min_trade: int
    max_trade: int
    oversize: Oversize
    slippage_bps: int
    max_impact: float


@dataclass(frozen=True, slots=True)
class Leg:
    """One swap. Amounts in base units. min_out: the swap reverts below it. usd: what is sold, at its price."""

    sell: str
    buy: str
    amount_in: int
    quote_out: int
    min_out: int
    price_impact: float
    usd: Decimal
    path: Path


def minimum_out(quote_out: int, price_out: int, slippage_bps: int) -> int:
    """`floor(min(router quote, quote at the independent price) * (10000 - slippage_bps) / 10000)` (spec 9)."""
    return min(quote_out, price_out) * (BPS - slippage_bps) // BPS


def limited_legs(
    book: Book, drafts: list[Draft], market: Market, limits: Limits, notes: list[list[Reason]]
) -> tuple[list[Leg], list[Draft]]:
    """The legs that keep the limits, and their drafts; what was cut or left out is noted at both of its tokens."""
    moving = market.fresh()
    legs: list[Leg] = []
    kept: list[Draft] = []
    for draft in drafts:
        cut = _cut(book, draft, moving, limits, notes)
        if cut is None:
            continue
        quote = moving.quote(cut.path, cut.amount_in)
        seller, buyer = book.holdings[cut.sell], book.holdings[cut.buy]
        value = cut.amount_in * (seller.unit_value or 0)
        min_out = minimum_out(quote.amount_out, value // (buyer.unit_value or 1), limits.slippage_bps)
        if min_out == 0:
            _note(notes, draft, why.NoQuote())
            continue
        moving.swap(cut.path, cut.amount_in)
        usd = usd_of_value(value)
        legs.append(
            Leg(
                seller.symbol, buyer.symbol, cut.amount_in, quote.amount_out, min_out, quote.price_impact, usd, cut.path
            )
        )
        kept.append(cut)
    return legs, kept


def _cut(book: Book, draft: Draft, market: Market, limits: Limits, notes: list[list[Reason]]) -> Draft | None:
    """The draft within maximum, impact and minimum, in that order; None when nothing of it is left."""
    seller = book.holdings[draft.sell]
    unit = seller.unit_value or 1
    amount = draft.amount_in
    wanted = amount * unit
    if wanted < limits.min_trade:
        _note(notes, draft, why.BelowMinimum(usd_of_value(wanted), usd_of_value(limits.min_trade)))
        return None
    if wanted > limits.max_trade:
        if limits.oversize is Oversize.SKIP:
            _note(notes, draft, why.AboveMaximum(usd_of_value(wanted), usd_of_value(limits.max_trade)))
            return None
        amount = _slice(wanted, limits) // unit
        _note(notes, draft, why.Sliced(usd_of_value(wanted), usd_of_value(amount * unit)))
    impact = market.quote(draft.path, amount).price_impact
    if impact > limits.max_impact:
        within = (
            0 if limits.oversize is Oversize.SKIP else largest_within(market, draft.path, amount, limits.max_impact)
        )
        if within * unit < limits.min_trade:
            within = 0
        left_out = usd_of_value((amount - within) * unit)
        _note(notes, draft, why.ImpactTooHigh(impact, limits.max_impact, left_out))
        amount = within
    if amount == 0:
        return None
    return Draft(draft.sell, draft.buy, draft.path, amount)


def _slice(wanted: int, limits: Limits) -> int:
    """At most the maximum, and never so much that what is left would be too small to trade."""
    left = wanted - limits.max_trade
    if left < limits.min_trade <= limits.max_trade:
        return max(limits.min_trade, wanted - limits.min_trade)
    return limits.max_trade


def _note(notes: list[list[Reason]], draft: Draft, reason: Reason) -> None:
    notes[draft.sell].append(reason)
    notes[draft.buy].append(reason)
