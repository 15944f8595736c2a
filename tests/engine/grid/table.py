"""A slot on a table: rules and options of the examples, and shorthands to move it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine.grid.entries import Funds, Sizing, SizingRequest, place_entries
from engine.grid.events import Filled, GridEvent, Request, Step, Taken, Ticked, World
from engine.grid.limits import Losses
from engine.grid.machine import transition
from engine.grid.options import GridOptions
from engine.grid.ports import PairRules
from engine.grid.slot import Order, Slot, Trade
from engine.grid.volatility import WITHOUT_DATA_S

RULES = PairRules("DOGE/USD", 7, 8, Decimal(13), Decimal("0.5"), Decimal("0.0025"), 60)
OPTIONS = GridOptions(slots=1, order_size_usd=Decimal("2"))
RICH = Funds(Decimal(1000), Decimal(10000))


def world(market: str, now_s: float = 0.0, options: GridOptions = OPTIONS) -> World:
    return World(Decimal(market), RULES, options, now_s, options.orphan_after_s or WITHOUT_DATA_S)


def base_size(request: SizingRequest) -> Sizing:
    return Sizing(request.base_usd, 0.0)


def entered(market: str = "0.1", now_s: float = 0.0, options: GridOptions = OPTIONS) -> Slot:
    """A slot whose two entries rest."""
    decided = place_entries(
        [Slot(1, "t")],
        RICH,
        world(market, now_s, options),
        sizer=base_size,
        losses=Losses(),
        allowed=2,
        hold=None,
    )
    (slot,) = decided.slots
    for action in decided.actions:
        slot = taken(slot, action.order, world(market, now_s, options))
    return slot


def taken(slot: Slot, order: Order, where: World) -> Slot:
    return transition(slot, Taken(order.key, Request.PLACE, f"O{order.key}", order.price, order.quantity), where).slot


def moved(slot: Slot, event: GridEvent, where: World) -> Step:
    return transition(slot, event, where)


def filled(slot: Slot, trade: Trade, where: World, part: str = "1") -> Step:
    """The working order of a trade fills, whole or in part, at its own price and a maker's fee."""
    order = slot.leg(trade).order
    assert order is not None
    quantity = (order.remaining * Decimal(part)).quantize(Decimal("1e-8"))
    fee = quantity * order.price * RULES.maker_fee_ratio
    event = Filled(order.key, f"T{order.key}.{order.filled}", order.price, quantity, fee, where.now_s)
    return transition(slot, event, where)


def after(slot: Slot, seconds: float, market: str, options: GridOptions = OPTIONS) -> Step:
    return transition(slot, Ticked(), world(market, seconds, options))


def with_exit_resting(trade: Trade, market: str = "0.1", now_s: float = 0.0) -> Slot:
    """A slot of which one trade was entered and waits for its exit."""
    where = world(market, now_s)
    step = filled(entered(market, now_s), trade, where)
    order = step.slot.leg(trade).order
    assert order is not None
    return taken(step.slot, order, where)


def aged(slot: Slot, trade: Trade, **changes: object) -> Slot:
    leg = slot.leg(trade)
    assert leg.order is not None
    return slot.with_leg(replace(leg, order=replace(leg.order, **changes)))
