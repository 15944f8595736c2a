"""Tokens, and how wei and dollars become base units of one (hub spec, first paragraph).

Token amounts are integers in base units, gas is wei, USD is Decimal. No wei is ever added to a token amount: it goes
through the native price and the token's price, exactly, and is rounded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

WEI_PER_NATIVE = 10**18
GWEI = 10**9
MOST_DECIMALS = 36


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the contract. price_usd: of one whole token, above 0. Raises ValueError."""

    token_id: int
    decimals: int
    price_usd: Decimal
    symbol: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.decimals <= MOST_DECIMALS:
            raise ValueError(f"decimals: expected 0 to {MOST_DECIMALS}, got {self.decimals}")
        if not self.price_usd.is_finite() or self.price_usd <= 0:
            raise ValueError(f"token price: expected USD above 0, got {self.price_usd}")

    @property
    def unit(self) -> int:
        """Base units of one whole token."""
        return int(10**self.decimals)


def usd_of_wei(wei: int, native_usd: Decimal) -> Fraction:
    """What `wei` of the native currency are worth, exactly."""
    return Fraction(wei, WEI_PER_NATIVE) * Fraction(native_usd)


def usd_of_amount(amount: int, token: Token) -> Fraction:
    """What `amount` base units are worth, exactly."""
    return Fraction(amount, token.unit) * Fraction(token.price_usd)


def amount_of_usd(usd: Fraction, token: Token, *, up: bool) -> int:
    """Base units worth `usd`; what does not divide is rounded up or down."""
    exact = usd * token.unit / Fraction(token.price_usd)
    return -(-exact.numerator // exact.denominator) if up else exact.numerator // exact.denominator


def text_of_amount(amount: int, decimals: int) -> str:
    """Whole tokens as a string, exactly, without zeros that say nothing."""
    whole, rest = divmod(abs(amount), 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if rest else ""
    return f"{'-' if amount < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"


def amount_of_text(text: str, decimals: int) -> int:
    """Base units of a number of whole tokens. Raises ValueError when it has more digits than the token."""
    number = Fraction(Decimal(text)) * int(10**decimals)
    if number.denominator != 1:
        raise ValueError(f"expected at most {decimals} digits after the point, got {text}")
    return number.numerator
