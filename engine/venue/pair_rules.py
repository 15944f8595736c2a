"""What Kraken asks of orders on the pair and charges for them, from `AssetPairs` and `TradeVolume`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.grid.ports import PairRules
from engine.venue.asset_codes import REST_NAMES
from engine.venue.errors import AnswerUnreadable
from engine.venue.rates import OPEN_ORDERS, Tier
from engine.venue.standing import status_of
from engine.venue.translate import (
    PairNames,
    decimal_of,
    list_at,
    mapping_at,
    positive_at,
    rest_name,
    text_at,
    value_at,
    whole_at,
)

_MOST_DECIMALS = 12
_DEAREST_FEE = Decimal("0.1")


def pair_rules(result: Any, symbol: str, tier: Tier) -> tuple[PairRules, PairNames]:
    """The rules of one pair from `AssetPairs`, and its names.

    The maker fee is the schedule's first step: what an account without volume pays is never below what this one does.
    A pair without a schedule for makers charges them what it charges takers.
    """
    if not isinstance(result, Mapping) or len(result) != 1:
        raise AnswerUnreadable("result", result)
    pair_id, raw = next(iter(result.items()))
    base, _, quote = symbol.partition("/")
    names = PairNames(
        symbol=symbol,
        base=base,
        quote=quote,
        id=pair_id,
        base_id=_asset_id_at(raw, "base", base),
        quote_id=_asset_id_at(raw, "quote", quote),
        aliases=frozenset(
            {pair_id, text_at(raw, "altname"), text_at(raw, "wsname").replace("/", ""), symbol.replace("/", "")}
        ),
    )
    if rest_name(symbol) not in names.aliases:
        raise AnswerUnreadable("altname", raw["altname"])
    rules = PairRules(
        pair=symbol,
        price_decimals=whole_at(raw, "pair_decimals", _MOST_DECIMALS),
        quantity_decimals=whole_at(raw, "lot_decimals", _MOST_DECIMALS),
        minimum_quantity=positive_at(raw, "ordermin"),
        minimum_cost_usd=positive_at(raw, "costmin"),
        maker_fee_ratio=_first_fee(raw, "fees_maker" if "fees_maker" in raw else "fees"),
        open_orders_allowed=OPEN_ORDERS[tier],
        status=status_of(text_at(raw, "status")),
    )
    return rules, names


def _asset_id_at(raw: Any, field: str, asset: str) -> str:
    """REST's code of an asset: XXDG for DOGE, ZUSD for USD. Another asset's code would find no balance, and say 0."""
    code = text_at(raw, field)
    name = REST_NAMES.get(asset, asset)
    if code not in (name, f"X{name}", f"Z{name}"):
        raise AnswerUnreadable(field, code)
    return code


def _first_fee(raw: Any, field: str) -> Decimal:
    """The first step of a fee schedule, `[[volume, percent], ...]`, as a ratio; it is for accounts without volume."""
    steps = list_at(raw, field)
    if not steps or not isinstance(steps[0], list) or len(steps[0]) != 2 or decimal_of(steps[0][0], field) != 0:
        raise AnswerUnreadable(field, steps)
    return _fee_ratio(steps[0][1], field)


def account_fee(result: Any, names: PairNames) -> Decimal:
    """The maker fee that this account pays now, from `TradeVolume`, as a ratio."""
    field = "fees_maker" if isinstance(result, Mapping) and "fees_maker" in result else "fees"
    return _fee_ratio(value_at(mapping_at(mapping_at(result, field), names.id), "fee"), field)


def _fee_ratio(percent: Any, field: str) -> Decimal:
    fee = decimal_of(percent, field) / 100
    if not 0 <= fee <= _DEAREST_FEE:
        raise AnswerUnreadable(field, percent)
    return fee
