"""Where entries and exits are placed, to the exchange's decimals (grid spec 12)."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from engine.grid.options import GridOptions
from engine.grid.ports import PairRules, Side
from engine.grid.slot import Trade

_PERCENT = Decimal(100)


def rounded_price(price: Decimal, side: Side, rules: PairRules) -> Decimal:
    """To the exchange's price step, away from the market: a sell up, a buy down."""
    step = Decimal(1).scaleb(-rules.price_decimals)
    return price.quantize(step, rounding=ROUND_CEILING if side is Side.SELL else ROUND_FLOOR)


def rounded_quantity(quantity: Decimal, rules: PairRules) -> Decimal:
    """To the exchange's lot step, down."""
    return quantity.quantize(Decimal(1).scaleb(-rules.quantity_decimals), rounding=ROUND_FLOOR)


def entry_price(trade: Trade, market: Decimal, options: GridOptions, rules: PairRules) -> Decimal:
    """`market * (1 +- entry_pct)`: above for a sell, below for a buy."""
    sign = 1 if trade.entry_side is Side.SELL else -1
    return rounded_price(market * (1 + sign * options.entry_pct / _PERCENT), trade.entry_side, rules)


def exit_price(trade: Trade, entry: Decimal, market: Decimal, options: GridOptions, rules: PairRules) -> Decimal:
    """Sell at `max(entry * (1 + profit_pct), market * (1 + entry_pct))`; buy mirrored."""
    profit, distance = options.profit_pct / _PERCENT, options.entry_pct / _PERCENT
    if trade.exit_side is Side.SELL:
        return rounded_price(max(entry * (1 + profit), market * (1 + distance)), Side.SELL, rules)
    return rounded_price(min(entry * (1 - profit), market * (1 - distance)), Side.BUY, rules)


def drift_ratio(price: Decimal, market: Decimal) -> Decimal:
    """How far `price` is from the market, as a part of the market; positive above it."""
    return (price - market) / market
