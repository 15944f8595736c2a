"""`evenkeel-engine drift plan BOOK.json`: a portfolio and a policy from a file, its plan as JSON (issue 4).

BOOK: `threshold`, `destination_band`, `min_trade_usd`, `max_trade_usd`, `oversize`, `slippage_bps`, `max_impact`,
`tokens` (`symbol`, `decimals`, `balance` in base units, `price_usd`, `target_bps`, `health`), `pools` (`a`, `b`,
`reserve_a`, `reserve_b`; left out or null: trades at the price). What is left out of the policy has its default.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.core.exact_numbers import ExactNumber, WholeNumber
from engine.core.messages import plain
from engine.drift.book import HEALTHY, MOST_DECIMALS, BadPortfolio, Book, Holding, Pool, unit_value
from engine.drift.legs import Leg, Oversize
from engine.drift.options import DriftOptions
from engine.drift.plan import Plan, Policy, plan

_DEFAULT = DriftOptions()


class BadBook(ValueError):
    """The file is not a BOOK; each line names a field, what was expected and what came."""


Number = ExactNumber
Amount = Annotated[WholeNumber, Field(ge=0)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Token(_Model):
    symbol: str = Field(min_length=1)
    decimals: int = Field(ge=0, le=MOST_DECIMALS)
    balance: Amount
    price_usd: Number | None = None
    target_bps: int = Field(ge=0, le=10_000)
    health: str = HEALTHY


class _Pool(_Model):
    a: str
    b: str
    reserve_a: Amount
    reserve_b: Amount


class _BookFile(_Model):
    threshold: Annotated[Number, Field(gt=0)] = _DEFAULT.threshold
    destination_band: Annotated[Number, Field(ge=0, lt=1)] = _DEFAULT.destination_band
    min_trade_usd: Annotated[Number, Field(ge=0)] = _DEFAULT.min_trade_usd
    max_trade_usd: Annotated[Number, Field(gt=0)] = _DEFAULT.max_trade_usd
    oversize: Oversize = _DEFAULT.oversize
    slippage_bps: int = Field(_DEFAULT.slippage_bps, ge=0, lt=10_000)
    max_impact: Annotated[Number, Field(gt=0, le=1)] = Decimal(str(_DEFAULT.price_impact_threshold))
    tokens: tuple[_Token, ...]
    pools: tuple[_Pool, ...] | None = None


def read_book(text: str) -> tuple[Book, Policy]:
    """The portfolio and the policy of a BOOK. Raises BadBook."""
    try:
        parsed = _BookFile.model_validate(json.loads(text, parse_float=Decimal))
        return _book(parsed), _policy(parsed)
    except json.JSONDecodeError as error:
        raise BadBook(f"not JSON: {error}") from None
    except ValidationError as error:
        raise BadBook("\n".join(_line(problem) for problem in error.errors())) from None
    except BadPortfolio as error:
        raise BadBook(str(error)) from None


def plan_of_file(path: Path) -> dict[str, Any]:
    """The plan for the BOOK at `path`, as JSON types. Raises BadBook or OSError."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise BadBook(f"not UTF-8: {error.reason} at byte {error.start}") from None
    book, policy = read_book(text)
    return plan_json(book, plan(book, policy))


def plan_json(book: Book, made: Plan) -> dict[str, Any]:
    """A plan as `drift plan` prints it; token amounts and USD are strings."""
    symbols = [holding.symbol for holding in book.holdings]
    return {
        "action": made.action.value,
        "max_drift": made.max_drift,
        "drifts": dict(zip(symbols, made.drifts, strict=True)),
        "legs": [_leg_json(leg) for leg in made.legs],
        "reasons": {
            symbol: [plain(reason) for reason in reasons] for symbol, reasons in zip(symbols, made.reasons, strict=True)
        },
        "residual_drifts": dict(zip(symbols, made.residual_drifts, strict=True)),
        "swaps_at_least": made.swaps_at_least,
    }


def _leg_json(leg: Leg) -> dict[str, Any]:
    return {
        "sell": leg.sell,
        "buy": leg.buy,
        "amount_in": str(leg.amount_in),
        "quote_out": str(leg.quote_out),
        "min_out": str(leg.min_out),
        "price_impact": leg.price_impact,
        "usd": plain(leg.usd),
        "path": list(leg.path),
    }


def _book(parsed: _BookFile) -> Book:
    holdings = tuple(
        Holding(token.symbol, token.decimals, token.balance, token.target_bps, _unit_value(token), token.health)
        for token in parsed.tokens
    )
    pools = None
    if parsed.pools is not None:
        pools = tuple(Pool(pool.a, pool.b, pool.reserve_a, pool.reserve_b) for pool in parsed.pools)
    return Book(holdings, pools)


def _unit_value(token: _Token) -> int | None:
    """A price of 0 is no price (spec 3)."""
    if token.price_usd is None or token.price_usd == 0:
        return None
    try:
        return unit_value(token.price_usd, token.decimals)
    except BadPortfolio as error:
        raise BadPortfolio(f"token {token.symbol}: {error}") from None


def _policy(parsed: _BookFile) -> Policy:
    return Policy(
        threshold=parsed.threshold,
        destination_band=parsed.destination_band,
        min_trade_usd=parsed.min_trade_usd,
        max_trade_usd=parsed.max_trade_usd,
        oversize=parsed.oversize,
        slippage_bps=parsed.slippage_bps,
        max_impact=float(parsed.max_impact),
    )


def _line(problem: Any) -> str:
    place = ".".join(str(step) for step in problem["loc"])
    shown = str(problem["input"])[:60]
    return f"{place}: {problem['msg']}, got {shown}"
