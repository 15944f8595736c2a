"""Which wanted entries are placed, and how large (grid spec 7, 13, 15 to 18b).

One pass looks at all slots together, so that funds are reserved once: what one entry takes the next does not see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum

from engine.core.messages import Reason
from engine.grid.bootstrap import bootstrap_size_usd
from engine.grid.events import Amend, EntryReason, Place, RefreshReason, World
from engine.grid.limits import Losses, rests
from engine.grid.ports import PairRules, Side
from engine.grid.prices import drift_ratio, entry_price, rounded_quantity
from engine.grid.slot import ZERO, Cause, Chase, Leg, Order, Role, Slot, Stage, Trade
from engine.grid.timing import chased, drifted_entry


class BlockedBy(Enum):
    """Causes of the blocked-entry ledger (grid spec 18b)."""

    FUNDS = "funds"
    CAPACITY = "capacity"
    COOLDOWN = "cooldown"
    MINIMUM = "minimum"
    LIMIT = "limit"
    PRICE_AGE = "price_age"
    GOVERNOR = "governor"
    MARKET = "market"
    ACCOUNT = "account"
    SLOT = "slot"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Funds:
    """Amounts of both currencies; *free* means less everything that open and sent orders hold."""

    usd: Decimal
    doge: Decimal


NOTHING = Funds(ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Want:
    """An entry that a slot wants. `order` is the resting entry when it is to be moved."""

    slot_id: int
    trade: Trade
    cause: Cause
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Sizing:
    """What a sizing policy makes of a base size; `reason` says why it is not larger."""

    size_usd: Decimal
    skew: float
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class SizingRequest:
    """An entry to be sized: its compounded base, its limit price, what is free and what there is in all."""

    trade: Trade
    base_usd: Decimal
    price: Decimal
    free: Funds
    total: Funds
    minimum_quantity: Decimal


Sizer = Callable[[SizingRequest], Sizing]
"""The size in USD, never below the base."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """An entry that was wanted and not placed."""

    slot_id: int
    trade: Trade
    cause: BlockedBy
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class MissingFunds(Reason, code="missing_funds"):
    """The entry needs more than is free."""

    side: Side
    needed: Decimal
    free: Decimal


@dataclass(frozen=True, slots=True)
class HeldByOthers(Reason, code="held_by_others"):
    """The entry would have been funded, had orders that are not the grid's not held so much."""

    side: Side
    needed: Decimal
    free: Decimal
    held: Decimal


@dataclass(frozen=True, slots=True)
class SlotWaits(Reason, code="slot_waits"):
    """The slot waits for a person to say what becomes of it."""

    slot_id: int


@dataclass(frozen=True, slots=True)
class BelowExchangeMinimum(Reason, code="below_exchange_minimum"):
    """The size comes to less than the exchange takes."""

    quantity: Decimal
    minimum: Decimal


@dataclass(frozen=True, slots=True)
class EntryPass:
    """What one pass decided: slots that changed, what to send, what was blocked and why, what is worth telling.

    waiting: what was not looked at, because the pass had placed as many entries as it may.
    """

    slots: tuple[Slot, ...]
    actions: tuple[Place | Amend, ...]
    blocked: tuple[Blocked, ...]
    notes: tuple[Reason, ...]
    waiting: tuple[tuple[int, Trade], ...] = ()


def free_funds(total: Funds, slots: Sequence[Slot], rules: PairRules, others: Funds = NOTHING) -> Funds:
    """Total balances less what every order of the grid holds, sent ones included, less what orders of `others` hold,
    and less what exits still to be placed will need: no entry takes that from them.
    """
    usd, doge = total.usd - others.usd, total.doge - others.doge
    for slot in slots:
        for order in slot.orders:
            usd -= _held_usd(order, rules)
            doge -= order.reserved_doge
        for trade, position in slot.unplaced:
            usd -= position.cost_usd if trade.exit_side is Side.BUY else ZERO
            doge -= position.quantity if trade.exit_side is Side.SELL else ZERO
    return Funds(usd, doge)


def wants(slot: Slot, world: World) -> list[Want]:
    """The entries this slot wants now; resting ones to be moved included."""
    if slot.retired:
        return []
    wanted = [
        Want(slot.slot_id, leg.trade, leg.wants)
        for leg in slot.legs
        if leg.order is None and not leg.exiting and leg.retry_s <= world.now_s
    ]
    drifted = None if slot.waits else drifted_entry(slot, world)
    if drifted is not None and drifted.order is not None:
        wanted.append(Want(slot.slot_id, drifted.trade, Cause.REFRESH, drifted.order))
    return wanted


def place_entries(
    slots: Sequence[Slot],
    total: Funds,
    world: World,
    *,
    sizer: Sizer,
    losses: Losses,
    allowed: int,
    hold: tuple[BlockedBy, Reason] | None,
    others: Funds = NOTHING,
) -> EntryPass:
    """Serve the wants of all slots in turn, within what is free of `total` and at most `allowed` new entries.

    others: what orders that are not the grid's hold of `total`.

    Moves of resting entries are not counted against `allowed`: they take no further place on the book. What only has
    to wait for the next pass is not blocked.
    """
    funds = free_funds(total, slots, world.rules, others)
    changed: dict[int, Slot] = {slot.slot_id: slot for slot in slots}
    before = dict(changed)
    actions: list[Place | Amend] = []
    blocked: list[Blocked] = []
    waiting: list[tuple[int, Trade]] = []
    notes: list[Reason] = []
    placed = 0
    for want in _in_turn([want for slot in slots for want in wants(slot, world)]):
        slot = changed[want.slot_id]
        if hold is None and want.order is None and placed >= allowed > 0:
            waiting.append((want.slot_id, want.trade))
            continue
        stopped = _stopped(slot, want, losses, world, hold, allowed)
        sized = stopped or _sized(slot, want, funds, total, world, sizer)
        if isinstance(sized, Blocked):
            blocked.append(_named_holder(sized, others))
            continue
        quantity, sizing = sized
        slot, action, note = _placed(slot, want, quantity, sizing, world)
        changed[want.slot_id] = slot
        actions.append(action)
        notes.extend([] if note is None else [note])
        funds = _less(_with(funds, want.order, world.rules), action.order, world.rules)
        placed += want.order is None
    touched = tuple(slot for slot_id, slot in changed.items() if slot is not before[slot_id])
    return EntryPass(touched, tuple(actions), tuple(blocked), tuple(notes), tuple(waiting))


def compounded_usd(slot: Slot, base_usd: Decimal) -> Decimal:
    """The base size with the slot's profit put back in; losses never shrink it (governor seed 3.6)."""
    return max(base_usd, base_usd + slot.profit_usd)


def _in_turn(all_wants: list[Want]) -> list[Want]:
    """Moves first (they free funds), then by slot, so that no trade waits behind the other for ever."""
    return sorted(all_wants, key=lambda want: (want.order is None, want.slot_id, want.trade.value))


def _named_holder(blocked: Blocked, others: Funds) -> Blocked:
    """What other people's orders hold is named, where it would have been enough."""
    missing = blocked.reason
    if not isinstance(missing, MissingFunds):
        return blocked
    held = others.usd if missing.side is Side.BUY else others.doge
    if held <= 0 or missing.free + held < missing.needed:
        return blocked
    return replace(blocked, reason=HeldByOthers(missing.side, missing.needed, missing.free, held))


def _stopped(
    slot: Slot,
    want: Want,
    losses: Losses,
    world: World,
    hold: tuple[BlockedBy, Reason] | None,
    allowed: int,
) -> Blocked | None:
    if hold is not None:
        return Blocked(want.slot_id, want.trade, *hold)
    if slot.waits:
        return Blocked(want.slot_id, want.trade, BlockedBy.SLOT, SlotWaits(want.slot_id))
    if want.order is None and allowed == 0:
        return Blocked(want.slot_id, want.trade, BlockedBy.CAPACITY)
    resting = rests(losses, want.slot_id, want.trade, world.options, world.now_s)
    return None if resting is None else Blocked(want.slot_id, want.trade, BlockedBy.COOLDOWN, resting)


def _sized(
    slot: Slot, want: Want, funds: Funds, total: Funds, world: World, sizer: Sizer
) -> Blocked | tuple[Decimal, Sizing]:
    base_usd = compounded_usd(slot, world.options.order_size_usd)
    available = _with(funds, want.order, world.rules)
    size_usd: Decimal | None = base_usd
    if want.cause is Cause.BOOTSTRAP:
        size_usd = bootstrap_size_usd(slot, want.trade, base_usd, funds.usd, funds.doge, world)
    if size_usd is None:
        missing = MissingFunds(want.trade.entry_side, *_need(want.trade, base_usd / world.market, world.market, funds))
        return Blocked(slot.slot_id, want.trade, BlockedBy.FUNDS, missing)
    price = entry_price(want.trade, world.market, world.options, world.rules)
    request = SizingRequest(want.trade, size_usd, price, available, total, world.rules.minimum_quantity)
    sizing = sizer(request) if want.cause.scaled else Sizing(size_usd, 0.0)
    quantity = rounded_quantity(sizing.size_usd / price, world.rules)
    filled = want.order.filled if want.order is not None else ZERO
    minimum = max(world.rules.minimum_quantity, world.rules.minimum_cost_usd / price)
    if quantity < minimum or quantity <= filled:
        reason = BelowExchangeMinimum(quantity, minimum)
        return Blocked(slot.slot_id, want.trade, BlockedBy.MINIMUM, reason)
    needed, free = _need(want.trade, quantity - filled, price * (1 + world.rules.maker_fee_ratio), available)
    if needed > free:
        return Blocked(slot.slot_id, want.trade, BlockedBy.FUNDS, MissingFunds(want.trade.entry_side, needed, free))
    return quantity, sizing


def _need(trade: Trade, quantity: Decimal, price: Decimal, funds: Funds) -> tuple[Decimal, Decimal]:
    if trade.entry_side is Side.SELL:
        return quantity, funds.doge
    return quantity * price, funds.usd


def _held_usd(order: Order, rules: PairRules) -> Decimal:
    """The exchange sets the fee aside as well."""
    return order.reserved_usd * (1 + rules.maker_fee_ratio)


def _with(funds: Funds, order: Order | None, rules: PairRules) -> Funds:
    if order is None:
        return funds
    return Funds(funds.usd + _held_usd(order, rules), funds.doge + order.reserved_doge)


def _less(funds: Funds, order: Order, rules: PairRules) -> Funds:
    return Funds(funds.usd - _held_usd(order, rules), funds.doge - order.reserved_doge)


def _placed(
    slot: Slot, want: Want, quantity: Decimal, sizing: Sizing, world: World
) -> tuple[Slot, Place | Amend, Reason | None]:
    price = entry_price(want.trade, world.market, world.options, world.rules)
    base_usd = compounded_usd(slot, world.options.order_size_usd)
    leg = slot.leg(want.trade)
    if want.order is not None:
        return _moved(slot, leg, want.order, price, quantity, sizing, base_usd, world)
    order = Order(
        key=f"{slot.namespace}.{slot.slot_id}{want.trade.value}.entry.{slot.sequence}",
        trade=want.trade,
        role=Role.ENTRY,
        side=want.trade.entry_side,
        price=price,
        quantity=quantity,
        market=world.market,
        placed_s=world.now_s,
        size_usd=sizing.size_usd,
        base_usd=base_usd,
    )
    fresh = replace(leg, order=order, chase=Chase(rests_until_s=leg.chase.rests_until_s))
    slot = replace(slot.with_leg(fresh), sequence=slot.sequence + 1)
    return slot, Place(order, EntryReason(want.cause, base_usd, sizing.size_usd, sizing.skew)), None


def _moved(
    slot: Slot,
    leg: Leg,
    order: Order,
    price: Decimal,
    quantity: Decimal,
    sizing: Sizing,
    base_usd: Decimal,
    world: World,
) -> tuple[Slot, Amend, Reason | None]:
    chase, note = chased(slot, leg, price > order.price, world)
    moved = replace(
        order,
        stage=Stage.AMENDING,
        amended_price=price,
        amended_quantity=quantity,
        market=world.market,
        size_usd=sizing.size_usd,
        base_usd=base_usd,
    )
    key = f"{order.key}/m{slot.sequence}"
    slot = replace(slot.with_leg(replace(leg, order=moved, chase=chase)), sequence=slot.sequence + 1)
    return slot, Amend(key, moved, RefreshReason(drift_ratio(order.price, world.market), chase.moves)), note
