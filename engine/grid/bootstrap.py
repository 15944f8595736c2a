"""How a slot starts with the funds there are (grid spec 15)."""

from __future__ import annotations

from decimal import Decimal

from engine.grid.events import World
from engine.grid.ports import Side
from engine.grid.slot import Slot, Trade


def bootstrap_size_usd(
    slot: Slot, trade: Trade, base_usd: Decimal, usd: Decimal, doge: Decimal, world: World
) -> Decimal | None:
    """The size of a first entry: base when both sides are funded, twice the minimum when only this one is
    (long_only / short_only), the minimum when neither is funded in full; None when this side is to wait.

    usd, doge: free funds.
    """
    other = slot.b if trade is Trade.A else slot.a
    own_funded = _free_usd(trade, usd, doge, world) >= base_usd
    other_funded = other.order is not None or other.exiting or _free_usd(other.trade, usd, doge, world) >= base_usd
    if own_funded and other_funded:
        return base_usd
    if other_funded:
        return None
    minimum_usd = max(world.rules.minimum_quantity * world.market, world.rules.minimum_cost_usd)
    margin = 1 + 2 * world.options.entry_pct / 100
    least = minimum_usd * margin
    free = _free_usd(trade, usd, doge, world)
    if own_funded:
        return min(2 * least, free)
    return least if free >= least else None


def _free_usd(trade: Trade, usd: Decimal, doge: Decimal, world: World) -> Decimal:
    return usd if trade.entry_side is Side.BUY else doge * world.market
