"""What counts against the caps, in USD, exactly (hub spec 12)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction

from engine.hub.book import AccountBook
from engine.hub.market import Market
from engine.hub.requests import Request
from engine.hub.tokens import usd_of_amount


def collateral_usd(user: str, accounts: AccountBook, market: Market) -> Fraction:
    """What a user's collateral is worth, in all tokens; the hub's share of it counts too, for it is the user's cap."""
    total = Fraction(0)
    for token_id, token in market.tokens.items():
        account = accounts.get(user, token_id)
        if account is not None and account.collateral:
            total += usd_of_amount(account.collateral, token)
    return total


def requests_usd(requests: Iterable[Request], market: Market) -> Fraction:
    """What open requests ask for; they are on their way, or will be."""
    return sum((usd_of_amount(one.amount, market.tokens[one.token_id]) for one in requests), Fraction(0))


def usd_of_requests(requests: Iterable[Request], market: Market) -> Decimal:
    """The same as a decimal, rounded up, for the caps count it and are never passed."""
    usd = requests_usd(requests, market)
    with localcontext(prec=100, rounding=ROUND_CEILING):
        return (Decimal(usd.numerator) / Decimal(usd.denominator)).quantize(Decimal("1e-12"))
