"""The grid's snapshot from its books (panel spec 2)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.core.messages import Reason
from engine.grid.books import Books
from engine.grid.entries import Funds, compounded_usd, free_funds
from engine.grid.limits import DAY_S, band, headroom
from engine.grid.messages import (
    BlockedCount,
    ForeignOrderView,
    GridMetrics,
    GridSnapshot,
    HoldingView,
    OrderView,
    SideFigures,
    SlotView,
    Stopping,
)
from engine.grid.metrics import SideTally, Tallies
from engine.grid.money import figures
from engine.grid.options import GridOptions
from engine.grid.picture import Picture
from engine.grid.ports import Balances, Holding, MarketStatus, PairRules, Quote, VenueOrder
from engine.grid.slot import ZERO, Order, Role, Slot, Stage
from engine.grid.volatility import NO_DATA, ExitWait


@dataclass(frozen=True, slots=True)
class Standing:
    """What the snapshot needs beside the books."""

    state: str
    why: Reason | None
    quote: Quote | None
    price_s: float
    balances: Balances
    others: Funds
    foreign: tuple[VenueOrder, ...]
    earlier: frozenset[str]
    picture: Picture
    market: MarketStatus
    stopping: Stopping | None
    halted: bool
    exit_wait: ExitWait = NO_DATA
    conditions: tuple[Reason, ...] = ()


def snapshot(books: Books, standing: Standing, rules: PairRules, options: GridOptions, now_s: float) -> GridSnapshot:
    """How the grid stands now."""
    slots = [slot for _, slot in sorted(books.slots.items()) if not (slot.retired and slot.empty)]
    orders = [order for slot in slots for order in slot.orders]
    free = free_funds(Funds(standing.balances.usd, standing.balances.doge), slots, rules, standing.others)
    foreign_here = sum(not order.pair for order in standing.foreign)
    places = headroom(len(orders) + foreign_here, rules, options)
    mid = None if standing.quote is None else standing.quote.mid
    base = options.order_size_usd
    blocked_now = books.blocked_now
    return GridSnapshot(
        at_s=now_s,
        pair=rules.pair,
        state=standing.state,
        why=standing.why,
        price=mid,
        price_age_s=None if standing.quote is None else max(0.0, now_s - standing.price_s),
        usd=standing.balances.usd,
        doge=standing.balances.doge,
        free_usd=free.usd,
        free_doge=free.doge,
        slots=tuple(_slot_view(slot) for slot in slots),
        open_orders=len(orders),
        headroom=places,
        band=band(places, books.losses, options, now_s),
        base_entry_usd=base,
        next_entries_usd=_next_buys_usd(slots, base),
        live_buy_orders_usd=sum((order.reserved_usd for order in orders), ZERO),
        live_sell_orders_doge=sum((order.reserved_doge for order in orders), ZERO),
        realised_usd=Decimal(books.counts.realised_usd),
        realised_today_usd=books.losses.realised_usd if books.losses.day == int(now_s // DAY_S) else ZERO,
        round_trips=books.counts.round_trips,
        entries_filled=books.counts.entries_filled,
        exits_filled=books.counts.exits_filled,
        blocked=tuple(
            BlockedCount(*row, now=row[:3] in blocked_now, reason=blocked_now.get(row[:3]))
            for row in books.counts.blocked
        ),
        unresolved=sum(order.stage is Stage.UNKNOWN for order in orders),
        metrics=_metrics(books.tallies, now_s),
        money=figures(books.money, books.slots.values(), mid, now_s),
        exit_wait=standing.exit_wait,
        conditions=standing.conditions,
        halted=standing.halted,
        market=standing.market,
        stopping=standing.stopping,
        foreign=tuple(_foreign_view(order, order.order_id in standing.earlier) for order in standing.foreign),
        holdings=tuple(_holding_view(row, standing.picture, mid) for row in standing.picture.holdings),
        listed=books.holdings,
        others_quote=standing.others.usd,
        others_base=standing.others.doge,
        quote_earning=standing.picture.earning(standing.picture.quote),
        base_earning=standing.picture.earning(standing.picture.base),
    )


def _foreign_view(order: VenueOrder, earlier: bool) -> ForeignOrderView:
    return ForeignOrderView(
        order_id=order.order_id,
        client_id=order.client_id,
        pair=order.pair,
        order_type=order.order_type,
        side=order.side,
        price=order.price,
        quantity=order.quantity,
        filled=order.filled,
        holds=order.holds,
        since_s=order.at_s,
        earlier=earlier,
    )


def _holding_view(row: Holding, picture: Picture, mid: Decimal | None) -> HoldingView:
    return HoldingView(row.asset, row.code, row.wallet, row.total, row.held, picture.value_of(row, mid))


def _metrics(tallies: Tallies, now_s: float) -> GridMetrics:
    recent = tallies.recent(now_s)
    return GridMetrics(
        since_s=tallies.since_s,
        a=_side_figures(tallies.a),
        b=_side_figures(tallies.b),
        deployed_usd=tallies.deployed_usd,
        deployed_per_hour_usd=tallies.deployed_per_hour_usd(now_s),
        long_only=tallies.long_only,
        short_only=tallies.short_only,
        long_only_1d=recent.long_only,
        short_only_1d=recent.short_only,
        volume_drifts=tallies.volume_drifts,
    )


def _side_figures(side: SideTally) -> SideFigures:
    return SideFigures(
        entries=side.entries,
        average_usd=side.entries_usd / side.entries if side.entries else None,
        size_multiplier=float(side.entries_usd / side.base_usd) if side.base_usd else None,
        trips=side.trips,
        profit_usd=side.profit_usd,
        margin_ratio=float(side.profit_usd / side.closed_usd) if side.closed_usd else None,
        evicted=side.evicted,
        evicted_usd=side.evicted_usd,
    )


def _next_buys_usd(slots: list[Slot], base_usd: Decimal) -> Decimal:
    return sum((compounded_usd(s, base_usd) for s in slots if _buys_next(s)), ZERO)


def _buys_next(slot: Slot) -> bool:
    return not slot.retired and slot.b.order is None and not slot.b.exiting


def _slot_view(slot: Slot) -> SlotView:
    return SlotView(
        slot_id=slot.slot_id,
        phase=slot.phase,
        cycles=slot.a.cycles + slot.b.cycles,
        profit_usd=slot.profit_usd,
        orders=tuple(_order_view(slot.slot_id, order) for order in slot.orders),
        waits=slot.waits,
        dust_a=slot.a.dust.quantity,
        dust_b=slot.b.dust.quantity,
    )


def _order_view(slot_id: int, order: Order) -> OrderView:
    scaled = order.role is Role.ENTRY and order.base_usd > 0
    return OrderView(
        key=order.key,
        slot_id=slot_id,
        trade=order.trade,
        role=order.role,
        side=order.side,
        stage=order.stage,
        price=order.price,
        quantity=order.quantity,
        filled=order.filled,
        placed_s=order.placed_s,
        size_multiplier=float(order.size_usd / order.base_usd) if scaled else 1.0,
        asked=order.asked,
    )
