"""What the grid knows and remembers: slots, losses, counts, and which trades it has counted.

Everything here is written together with the intents that follow from it, in one commit of the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from engine.core.journal import Fact, Memory
from engine.core.messages import Reason, plain
from engine.grid import metrics, money
from engine.grid.entries import Blocked, BlockedBy
from engine.grid.events import ListedHolding, RoundTrip
from engine.grid.invariants import VolumeDrift
from engine.grid.limits import Losses, book
from engine.grid.metrics import Tallies
from engine.grid.money import Money
from engine.grid.ports import Balances, LedgerEntry, PairRules, Side, VenueFill
from engine.grid.slot import ZERO, Lot, Order, Role, Slot, Trade

ENGINE = "grid"
FILL = "fill"
ROUND_TRIP = "round_trip"
ABANDONED = "abandoned"
REMEMBERED_TRADES = 10_000
_SLOT = TypeAdapter(Slot)
_LOSSES = TypeAdapter(Losses)


@dataclass(frozen=True, slots=True)
class Counts:
    """Totals since the world began."""

    entries_filled: int = 0
    exits_filled: int = 0
    round_trips: int = 0
    realised_usd: str = "0"
    blocked: tuple[tuple[int, Side, BlockedBy, int], ...] = ()


_COUNTS = TypeAdapter(Counts)
_RULES = TypeAdapter(PairRules)
_HOLDINGS = TypeAdapter(tuple[ListedHolding, ...])
_TALLIES = TypeAdapter(Tallies)
_MONEY = TypeAdapter(Money)


@dataclass(slots=True)
class Books:
    """The grid's memory. Mutable, owned by one engine; what changed since the last `take_changes` is kept apart.

    last_read_s: the newest trade that was *read*, so that there is none before it which the sockets lost.
    forgotten_s: trades up to this one were counted and are not known by name any more. rules: the exchange's as they
    were read last, so that orders can be taken off the book before they are read again; None in a journal that begins.
    life: the namespace of this journal's orders, empty where it began before lives were drawn. holdings: what slots let
    go of. ways_taken: how often a person took a way out.
    """

    slots: dict[int, Slot] = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)
    counts: Counts = field(default_factory=Counts)
    tallies: Tallies = field(default_factory=Tallies)
    money: Money | None = None
    last_read_s: float = 0.0
    forgotten_s: float = 0.0
    rules: PairRules | None = None
    life: str = ""
    holdings: tuple[ListedHolding, ...] = ()
    ways_taken: int = 0
    _trades: dict[str, float] = field(default_factory=dict)
    _facts: list[Fact] = field(default_factory=list)
    _changed: set[str] = field(default_factory=set)
    _blocked_now: dict[tuple[int, Trade], Blocked] = field(default_factory=dict)

    @classmethod
    def restore(cls, memories: dict[str, Any], fills: Sequence[Fact]) -> Books:
        """The books as an earlier run left them. Raises pydantic.ValidationError when they cannot be read."""
        books = cls()
        for name, value in memories.items():
            if name.startswith("slot:"):
                slot = _SLOT.validate_python(value)
                books.slots[slot.slot_id] = slot
        if "losses" in memories:
            books.losses = _LOSSES.validate_python(memories["losses"])
        if "counts" in memories:
            books.counts = _COUNTS.validate_python(memories["counts"])
        if "tallies" in memories:
            books.tallies = _TALLIES.validate_python(memories["tallies"])
        if "money" in memories:
            books.money = _MONEY.validate_python(memories["money"])
        if "rules" in memories:
            books.rules = _RULES.validate_python(memories["rules"])
        if "holdings" in memories:
            books.holdings = _HOLDINGS.validate_python(memories["holdings"])
        books.life = str(memories.get("life", ""))
        books.ways_taken = int(memories.get("ways_taken", 0))
        books.last_read_s = float(memories.get("last_read_s", 0.0))
        for fact in fills:
            books._trades[fact.key] = fact.at_s
        books._forget_oldest(REMEMBERED_TRADES)
        return books

    def put(self, slot: Slot) -> None:
        """Keep the slot's new state."""
        if self.slots.get(slot.slot_id) is not slot:
            self.slots[slot.slot_id] = slot
            self._changed.add(f"slot:{slot.slot_id}")

    def counted(self, trade_id: str) -> bool:
        """Whether this trade of the exchange is in the books."""
        return trade_id in self._trades

    def count_fill(self, fill: VenueFill, order: Order, order_done: bool, mid: Decimal) -> None:
        """Enter one trade; it is never entered again. `order` as it stood before it, `mid` as the market stands."""
        self._trades[fill.trade_id] = fill.at_s
        self._facts.append(Fact(ENGINE, FILL, fill.trade_id, {"key": order.key, **plain(fill)}, fill.at_s))
        self._tally(metrics.with_fill(self.tallies, fill, order))
        if self.money is not None:
            self._keep_money(money.with_fill(self.money, fill, mid))
        if order_done:
            entry = order.role is Role.ENTRY
            self.counts = replace(
                self.counts,
                entries_filled=self.counts.entries_filled + entry,
                exits_filled=self.counts.exits_filled + (not entry),
            )
            self._changed.add("counts")

    def count_round_trip(self, trip: RoundTrip, key: str) -> None:
        """Book what a closed trade realised."""
        self.losses = book(self.losses, trip)
        realised = trip.profit_usd + type(ZERO)(self.counts.realised_usd)
        self.counts = replace(self.counts, round_trips=self.counts.round_trips + 1, realised_usd=format(realised, "f"))
        self._tally(metrics.with_round_trip(self.tallies, trip))
        if self.money is not None:
            self._keep_money(money.with_round_trip(self.money, trip))
        self._facts.append(Fact(ENGINE, ROUND_TRIP, key, plain(trip), trip.at_s))
        self._changed.update(("losses", "counts"))

    def count_abandoned(self, lot: Lot) -> None:
        """Note a position that no order is to close any more; nothing is realised by that."""
        self._tally(metrics.with_abandoned(self.tallies, lot))
        self._facts.append(Fact(ENGINE, ABANDONED, lot.order_key, plain(lot), lot.at_s))

    def begin_money(self, balances: Balances, mid: Decimal, now_s: float) -> None:
        """Count what trades come to from now on, unless that is done already."""
        if self.money is None:
            self._keep_money(money.begun(balances, self.slots.values(), mid, now_s))

    def note_ledger(self, entry: LedgerEntry, pair: str) -> None:
        """A balance changed."""
        if self.money is not None:
            self._keep_money(money.with_entry(self.money, entry, pair))

    def anchor_money(self, balances: Balances) -> None:
        """Every trade up to these balances is counted."""
        if self.money is not None:
            self._keep_money(money.anchored(self.money, balances))

    def note_partial_cancel(self, now_s: float) -> None:
        """An order was cancelled with a part filled (grid spec 16)."""
        self.losses = replace(self.losses, partial_cancel_s=now_s)
        self._changed.add("losses")

    def note_read(self, at_s: float) -> None:
        """Every trade up to the one at `at_s` was read."""
        if at_s > self.last_read_s:
            self.last_read_s = at_s
            self._changed.add("last_read_s")

    def note_blocked(
        self, blocked: Sequence[Blocked], now_s: float, *, waiting: Sequence[tuple[int, Trade]] = ()
    ) -> None:
        """Count each want once for as long as one cause blocks it (grid spec 18b).

        waiting: wants that nobody looked at this time; what blocked them before counts as blocking them still.
        """
        kept = [self._blocked_now[want] for want in waiting if want in self._blocked_now]
        blocked = (*blocked, *kept)
        self._tally(metrics.with_blocked(metrics.begun(self.tallies, now_s), blocked, now_s))
        now = {(b.slot_id, b.trade): b for b in blocked}
        for want, held in now.items():
            before = self._blocked_now.get(want)
            if before is None or before.cause is not held.cause:
                self._count_blocked(held.slot_id, held.trade.entry_side, held.cause)
        self._blocked_now = now

    def note_refused(self, slot_id: int, side: Side) -> None:
        """The exchange did not take an entry."""
        self._count_blocked(slot_id, side, BlockedBy.REFUSED)

    def note_rules(self, rules: PairRules) -> None:
        """What the exchange asks of orders from here on."""
        self.rules = rules
        self._changed.add("rules")

    def begin(self, life: str) -> None:
        """This journal is a new one."""
        self.life = life
        self._changed.add("life")

    def list_holdings(self, holdings: Sequence[ListedHolding]) -> None:
        """What a slot let go of is listed from here on."""
        if holdings:
            self.holdings = (*self.holdings, *holdings)
            self._changed.add("holdings")

    def count_way(self, kind: str, detail: dict[str, Any], at_s: float) -> str:
        """A person took a way out: kept with what followed from it. Returns a name that no other has."""
        self.ways_taken += 1
        self._changed.add("ways_taken")
        self._facts.append(Fact(ENGINE, kind, str(self.ways_taken), detail, at_s))
        return str(self.ways_taken)

    def note_drift(self, breach: VolumeDrift) -> None:
        """The exchange holds another volume of an order than these books; the slot halts."""
        self._tally(metrics.with_drift(self.tallies, breach))

    @property
    def blocked_now(self) -> dict[tuple[int, Side, BlockedBy], Reason | None]:
        """Why what is blocked at the last look is so, by slot, side and cause."""
        return {(b.slot_id, b.trade.entry_side, b.cause): b.reason for b in self._blocked_now.values()}

    def take_changes(self, now_s: float) -> tuple[tuple[Memory, ...], tuple[Fact, ...]]:
        """What has to become durable now."""
        memories = tuple(Memory(ENGINE, name, self._value(name), now_s) for name in sorted(self._changed))
        facts = tuple(self._facts)
        self._changed.clear()
        self._facts.clear()
        self._forget_oldest(2 * REMEMBERED_TRADES)
        return memories, facts

    def _forget_oldest(self, most: int) -> None:
        if len(self._trades) > most:
            by_age = sorted(self._trades.items(), key=lambda trade: trade[1])
            self.forgotten_s = by_age[-REMEMBERED_TRADES - 1][1]
            self._trades = dict(by_age[-REMEMBERED_TRADES:])

    def _value(self, name: str) -> Any:
        if name == "losses":
            return _LOSSES.dump_python(self.losses, mode="json")
        if name == "counts":
            return _COUNTS.dump_python(self.counts, mode="json")
        if name == "tallies":
            return _TALLIES.dump_python(self.tallies, mode="json")
        if name == "money" and self.money is not None:
            return _MONEY.dump_python(self.money, mode="json")
        if name == "last_read_s":
            return self.last_read_s
        if name == "rules" and self.rules is not None:
            return _RULES.dump_python(self.rules, mode="json")
        if name == "holdings":
            return _HOLDINGS.dump_python(self.holdings, mode="json")
        if name in ("life", "ways_taken"):
            return getattr(self, name)
        return _SLOT.dump_python(self.slots[int(name.removeprefix("slot:"))], mode="json")

    def _keep_money(self, changed: Money) -> None:
        if changed is not self.money:
            self.money = changed
            self._changed.add("money")

    def _tally(self, tallies: Tallies) -> None:
        if tallies is not self.tallies:
            self.tallies = tallies
            self._changed.add("tallies")

    def _count_blocked(self, slot_id: int, side: Side, cause: BlockedBy) -> None:
        rows = {(row[0], row[1], row[2]): row[3] for row in self.counts.blocked}
        rows[slot_id, side, cause] = rows.get((slot_id, side, cause), 0) + 1
        self.counts = replace(self.counts, blocked=tuple((*key, count) for key, count in rows.items()))
        self._changed.add("counts")
