"""Numbers in files that people write: exact, whether they come as strings or as JSON numbers."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator

MOST = Decimal(10) ** 80


def exact_number(value: Any) -> Decimal:
    """A finite number, best given as a string; a JSON reader has to keep it exact (`parse_float=Decimal`).

    Raises ValueError saying what was expected.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("expected a number, best as a string")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError("expected a number, best as a string") from None
    if not number.is_finite() or abs(number) > MOST:
        raise ValueError("expected a finite number")
    return number


def whole_number(value: Any) -> int:
    """A whole number of base units. Raises ValueError."""
    number = exact_number(value)
    if number != int(number):
        raise ValueError("expected a whole number of base units")
    return int(number)


ExactNumber = Annotated[Decimal, BeforeValidator(exact_number)]
WholeNumber = Annotated[int, BeforeValidator(whole_number)]
