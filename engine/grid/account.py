"""The account around the grid: what of it is not the grid's, what nothing explains, and who else acts on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from engine.core.messages import Reason
from engine.grid.arrivals import LookUp
from engine.grid.client_ids import name_in
from engine.grid.entries import NOTHING, Funds
from engine.grid.foreign import ForeignOrders
from engine.grid.holds import Holds
from engine.grid.picture import Picture
from engine.grid.ports import Balances, KeyUsedElsewhere, PairRules, VenueOrder
from engine.grid.slot import ZERO, Order

LATELY_S, MANY_LATELY = 60.0, 3
"""A person who trades by hand is slower than that; a program is not."""

OVER_FOR_GOOD_S = 90.0
"""REST may show an order that is over for a minute; one that rests so much later is over here alone."""

_NOTICEABLY = Decimal("1.01")


class Account:
    """Foreign orders, the picture of all balances, and what holds the whole grid. Mutable, owned by one decider."""

    def __init__(self, pair: str) -> None:
        base, _, quote = pair.partition("/")
        self.foreign = ForeignOrders(base, quote)
        self.picture = Picture(base, quote)
        self.holds = Holds()
        self._appeared_s: list[float] = []
        self._over_s: dict[str, float] = {}
        self._unnamed = NOTHING
        self._more_before = False

    @property
    def held_by_others(self) -> Funds:
        """What orders that are not ours hold of quote and base: those that are known, or what the exchange says is held
        beyond what all known orders hold, whichever is more.
        """
        known = self.foreign.holds
        return Funds(max(known.usd, self._unnamed.usd), max(known.doge, self._unnamed.doge))

    @property
    def foreign_on_pair(self) -> int:
        """How many places on the pair orders take that are not ours."""
        return sum(not order.pair for order in self.foreign.orders.values())

    def over_lately(self, order_id: str, now_s: float) -> bool:
        """Whether an order that is over here and is shown as resting may still be that: REST lags."""
        return now_s - self._over_s.setdefault(order_id, now_s) < OVER_FOR_GOOD_S

    def read(self, found: LookUp, ours: Collection[Order], rules: PairRules, first: bool, now_s: float) -> list[Reason]:
        """The account was read whole; returns what is to be told. first: nothing was known before."""
        fresh = [o for o in self.foreign.listed(found.foreign, found.asked_s) if o.order_id not in self._over_s]
        if found.balances is not None:
            self._compare_holds(found.balances, ours, rules)
        self.holds.account_answers()
        if first:
            self.picture.rebase()
            return []
        return self.appeared(fresh, now_s)

    def appeared(self, orders: Sequence[VenueOrder], now_s: float) -> list[Reason]:
        """Orders that are not ours came while we were looking: a program names them, or is fast; a person is neither.
        Returns what is new and waits for a person from here on.
        """
        self._appeared_s = [at_s for at_s in self._appeared_s if at_s > now_s - LATELY_S]
        told: list[Reason | None] = []
        for order in orders:
            self._appeared_s.append(now_s)
            if name_in(order.client_id) is not None:
                told.append(self.holds.wait(KeyUsedElsewhere("an order of another Evenkeel appeared"), now_s))
            elif order.client_id:
                told.append(self.holds.wait(KeyUsedElsewhere("an order with another program's name appeared"), now_s))
        if len(self._appeared_s) >= MANY_LATELY:
            evidence = f"{len(self._appeared_s)} orders appeared within a minute"
            told.append(self.holds.wait(KeyUsedElsewhere(evidence), now_s))
        return [reason for reason in told if reason is not None]

    def _compare_holds(self, balances: Balances, ours: Collection[Order], rules: PairRules) -> None:
        """What is held beyond all known orders. One that was placed or filled between the two answers would look like
        somebody else's, so that only what was seen twice counts.
        """
        if balances.quote_held is None or balances.base_held is None:
            return
        known = self.foreign.holds
        ours_usd = sum((order.reserved_usd for order in ours), ZERO) * (1 + rules.maker_fee_ratio)
        ours_doge = sum((order.reserved_doge for order in ours), ZERO)
        unnamed = Funds(balances.quote_held - ours_usd, balances.base_held - ours_doge)
        more = unnamed.usd > known.usd * _NOTICEABLY or unnamed.doge > known.doge * _NOTICEABLY
        self._unnamed = unnamed if more and self._more_before else NOTHING
        self._more_before = more
