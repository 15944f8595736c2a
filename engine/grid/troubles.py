"""The grid's troubles: each state that waits for a person, with what may be done and what that will do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.core.messages import Reason
from engine.core.troubles import Trouble, Way
from engine.grid.client_ids import OrderName
from engine.grid.ports import Side, VenueOrder
from engine.grid.slot import Order, Role, Slot, Surplus

ADOPT, DISMISS, RELEASE, ACCEPT, CANCEL, GO_ON = "adopt", "dismiss", "release", "accept", "cancel", "go_on"
EVICT = "evict"
EARLIER = "earlier"
"""Target of what is done to all orders of earlier lives together."""

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class SlotHalted(Reason, code="slot_halted"):
    """The slot and the exchange contradict each other; the slot stands still, its orders stay on the book."""

    slot_id: int
    detail: str


@dataclass(frozen=True, slots=True)
class SurplusWaits(Reason, code="surplus_waits"):
    """Somebody else made orders of the slot larger: `resting` of it still rests, `traded` was traded already."""

    slot_id: int
    resting: Decimal
    traded: Decimal


@dataclass(frozen=True, slots=True)
class EarlierOrders(Reason, code="earlier_orders"):
    """Orders of an earlier life of this program rest on the account, and its journal is not here."""

    count: int


@dataclass(frozen=True, slots=True)
class EarlierOrder(Reason, code="earlier_order"):
    """One order of an earlier life."""

    order_id: str
    side: Side
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class AdoptsSurplus(Reason, code="adopts_surplus"):
    """What was traded gets an exit at its own cost, together with the slot's own; what rests counts as asked for."""

    slot_id: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class DismissesSurplus(Reason, code="dismisses_surplus"):
    """What was traded is listed as a holding that the grid does not touch; what rests gets its size back."""

    slot_id: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ReleasesSlot(Reason, code="releases_slot"):
    """`orders` are taken off the book; `bought` and `sold` are listed as holdings, and the slot begins anew."""

    slot_id: int
    orders: int
    bought: Decimal
    sold: Decimal


@dataclass(frozen=True, slots=True)
class AcceptsExchange(Reason, code="accepts_exchange"):
    """The slot's orders are looked up, and what the exchange says of them counts."""

    slot_id: int
    orders: int


@dataclass(frozen=True, slots=True)
class AdoptsOrders(Reason, code="adopts_orders"):
    """They become the grid's: exits and recovery orders go on closing, entries are taken by their slots if these are
    free. What such an exit closes had a cost that is not known; it is taken as what its own price says.
    """

    count: int


@dataclass(frozen=True, slots=True)
class CancelsOrders(Reason, code="cancels_orders"):
    """They are taken off the book; what they were to close stays in the account."""

    count: int


@dataclass(frozen=True, slots=True)
class EvictsRecovery(Reason, code="evicts_recovery"):
    """The recovery order leaves the book for good; what it was to close is kept with its cost, to be worked off."""

    slot_id: int
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class GoesOn(Reason, code="goes_on"):
    """The grid asks the exchange again, and goes on if it is answered."""


@dataclass(frozen=True, slots=True)
class SharesAccount(Reason, code="shares_account"):
    """The other program may go on using this account; the grid goes on beside it and is not asked again in this run."""


def troubles_of(
    slots: Iterable[Slot],
    foreign: Mapping[str, VenueOrder],
    earlier: Mapping[str, OrderName],
    waiting: Mapping[str, tuple[Reason, float]],
) -> tuple[Trouble, ...]:
    """Everything that waits for a person, what concerns the whole grid first."""
    found = [_account_trouble(code, reason, since_s) for code, (reason, since_s) in waiting.items()]
    found += _earlier_troubles([foreign[order_id] for order_id in earlier])
    for slot in slots:
        found += _slot_troubles(slot)
    return tuple(found)


def _account_trouble(code: str, reason: Reason, since_s: float) -> Trouble:
    effect = SharesAccount() if code == "key_used_elsewhere" else GoesOn()
    return Trouble(f"account {code}", reason, since_s, (Way(GO_ON, code, effect),))


def _earlier_troubles(orders: list[VenueOrder]) -> list[Trouble]:
    if not orders:
        return []
    since_s = min(order.at_s for order in orders)
    both = (Way(ADOPT, EARLIER, AdoptsOrders(len(orders))), Way(CANCEL, EARLIER, CancelsOrders(len(orders))))
    found = [Trouble("orders of an earlier life", EarlierOrders(len(orders)), since_s, both)]
    if len(orders) > 1:
        for order in orders:
            reason = EarlierOrder(order.order_id, order.side, order.quantity, order.price)
            one = (Way(ADOPT, order.order_id, AdoptsOrders(1)), Way(CANCEL, order.order_id, CancelsOrders(1)))
            found.append(Trouble(f"order {order.order_id}", reason, order.at_s, one))
    return found


def _slot_troubles(slot: Slot) -> list[Trouble]:
    if slot.releasing:
        return []
    name, target, found = f"slot {slot.slot_id}", str(slot.slot_id), []
    release = Way(RELEASE, target, releases(slot))
    if slot.halt is not None:
        accept = Way(ACCEPT, target, AcceptsExchange(slot.slot_id, len(slot.orders)))
        reason = SlotHalted(slot.slot_id, slot.halt.detail)
        found.append(Trouble(name, reason, slot.halt.since_s, (accept, release)))
    enlarged = [order for order in slot.orders if order.surplus]
    if enlarged or slot.surpluses:
        resting = sum((_resting_surplus(order) for order in enlarged), ZERO)
        traded = sum((surplus.position.quantity for surplus in slot.surpluses), ZERO)
        ways = (
            Way(ADOPT, target, AdoptsSurplus(slot.slot_id, resting + traded)),
            Way(DISMISS, target, DismissesSurplus(slot.slot_id, resting + traded)),
            release,
        )
        found.append(Trouble(f"{name} surplus", SurplusWaits(slot.slot_id, resting, traded), _since_s(slot), ways))
    return found


def releases(slot: Slot) -> ReleasesSlot:
    """What letting go of the slot does."""
    bought, sold = ZERO, ZERO
    parts = [(leg.trade, part) for leg in slot.legs for part in (leg.position, leg.dust)]
    parts += [(lost.trade, lost.position) for lost in slot.stranded]
    parts += [(order.trade, order.position) for order in slot.recoveries]
    parts += [(surplus.trade, surplus.position) for surplus in slot.surpluses]
    parts += [(lot.trade, lot.position) for lot in slot.abandoned]
    for trade, part in parts:
        if trade.entry_side is Side.BUY:
            bought += part.quantity
        else:
            sold += part.quantity
    return ReleasesSlot(slot.slot_id, len(slot.orders), bought, sold)


def _resting_surplus(order: Order) -> Decimal:
    """What of an enlarged order is beyond ours and has not been traded."""
    asked = order.asked or ZERO
    return order.quantity - max(asked, order.filled)


def _since_s(slot: Slot) -> float:
    times: list[float] = [surplus.since_s for surplus in slot.surpluses if isinstance(surplus, Surplus)]
    times += [order.touched_s for order in slot.orders if order.surplus]
    return min(times)


def adopted_role(name: OrderName, slot: Slot | None) -> Role | None:
    """As what an order of an earlier life can become ours; None where it can only be cancelled.

    An exit closes, and so becomes a recovery order of its slot, whoever works there now; an entry needs its place free.
    """
    if slot is None:
        return None
    if name.role != Role.ENTRY.value:
        return Role.RECOVERY
    leg = slot.a if name.trade == "A" else slot.b
    return Role.ENTRY if leg.order is None and not leg.exiting else None
