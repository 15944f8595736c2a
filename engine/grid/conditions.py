"""What keeps a grid from coming to anything though nothing is wrong: shown while it lasts, told when it begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from engine.core.messages import Reason
from engine.grid.entries import compounded_usd
from engine.grid.events import World
from engine.grid.slot import Slot
from engine.grid.volatility import ExitWait, FewExitsFill


@dataclass(frozen=True, slots=True)
class OrderBelowMinimum(Reason, code="order_below_minimum"):
    """At this price an entry of base size is less than the exchange takes, in every slot: nothing trades.

    size_usd: of the largest base size; least_usd: what it would have to be.
    """

    size_usd: Decimal
    least_usd: Decimal
    price: Decimal


def standing(slots: Iterable[Slot], wait: ExitWait, world: World) -> tuple[Reason, ...]:
    """The conditions that hold now; `world.market` is a price."""
    return tuple(_standing(slots, wait, world))


def _standing(slots: Iterable[Slot], wait: ExitWait, world: World) -> Iterator[Reason]:
    base_usd = world.options.order_size_usd
    sizes = [compounded_usd(slot, base_usd) for slot in slots if not slot.retired]
    largest_usd = max(sizes, default=base_usd)
    least_usd = max(world.rules.minimum_quantity * world.market, world.rules.minimum_cost_usd)
    if largest_usd < least_usd:
        yield OrderBelowMinimum(largest_usd, least_usd, world.market)
    if wait.few_fill and wait.fill_ratio is not None:
        yield FewExitsFill(wait.seconds, wait.fill_ratio, world.options.profit_pct)


class Conditions:
    """Tells each condition once for as long as it lasts."""

    def __init__(self) -> None:
        self.now: tuple[Reason, ...] = ()

    def begun(self, now: tuple[Reason, ...]) -> tuple[Reason, ...]:
        """Those of `now` that did not hold at the last call, whatever their numbers were then."""
        before = {type(reason) for reason in self.now}
        self.now = now
        return tuple(reason for reason in now if type(reason) not in before)
