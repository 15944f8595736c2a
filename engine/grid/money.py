"""What the grid's trades came to against holding what there was (grid spec 18d). Pure.

Every trade is set against the middle of the market at the moment when it was counted:

    edge        what trades were better (or worse) than the middle: the sum of side x quantity x (mid then - price)
    inventory   what the market did to what was traded since: the sum of side x quantity x (mid now - mid then)
    fees        what the exchange took

side: +1 for a buy, -1 for a sell. With what would lie in the account had the grid not traded (`held`), the account is
worth value = held + edge + inventory - fees, to the last digit, whatever was deposited or taken out meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.grid.events import RoundTrip
from engine.grid.messages import AbandonedView, GridMoney
from engine.grid.ports import Balances, LedgerEntry, LedgerKind, Side, VenueFill, Wallet
from engine.grid.slot import ZERO, Position, Role, Slot, Trade

HOUR_S = 3600.0
DAY_S = 86_400.0
DAY_H = 24


@dataclass(frozen=True, slots=True)
class HourMoney:
    """Trades of one hour of the clock; `hour` counts them since the epoch."""

    hour: int
    turnover_usd: Decimal = ZERO
    fees_usd: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Money:
    """The sums, since `since_s`.

    held_quote, held_base: what would lie in the account now had the grid not traded. net_base: bought less sold;
    moved_usd the same, each at the middle of its moment. carried_usd: what positions that were open at the beginning
    had gained by then, and is realised since without having been gained since. anchored_s: when `held` was last set
    against balances. hours: those of the last day in which something was traded, oldest first.
    """

    since_s: float
    held_quote: Decimal
    held_base: Decimal
    edge_usd: Decimal = ZERO
    net_base: Decimal = ZERO
    moved_usd: Decimal = ZERO
    fees_usd: Decimal = ZERO
    turnover_usd: Decimal = ZERO
    realised_usd: Decimal = ZERO
    worked_off_usd: Decimal = ZERO
    carried_usd: Decimal = ZERO
    anchored_s: float = 0.0
    hours: tuple[HourMoney, ...] = ()

    @property
    def spent_quote(self) -> Decimal:
        """What the grid's trades took out of the account of the quote currency, fees included."""
        return self.moved_usd - self.edge_usd + self.fees_usd


def begun(balances: Balances, slots: Iterable[Slot], mid: Decimal, now_s: float) -> Money:
    """Counting starts with the account as it is."""
    carried = open_result_usd(slots, mid)
    return Money(now_s, balances.usd, balances.doge, carried_usd=carried, anchored_s=balances.at_s)


def with_fill(money: Money, fill: VenueFill, mid: Decimal) -> Money:
    """One trade of the grid more, counted while the market stood at `mid`."""
    sign = 1 if fill.side is Side.BUY else -1
    turnover = fill.quantity * fill.price
    return replace(
        money,
        edge_usd=money.edge_usd + sign * fill.quantity * (mid - fill.price),
        net_base=money.net_base + sign * fill.quantity,
        moved_usd=money.moved_usd + sign * fill.quantity * mid,
        fees_usd=money.fees_usd + fill.fee_usd,
        turnover_usd=money.turnover_usd + turnover,
        hours=_in_hour(money.hours, int(fill.at_s // HOUR_S), turnover, fill.fee_usd),
    )


def with_round_trip(money: Money, trip: RoundTrip) -> Money:
    """What a closed position realised, or an abandoned one that was worked off."""
    worked_off = trip.profit_usd if trip.worked_off else ZERO
    return replace(
        money,
        realised_usd=money.realised_usd + trip.profit_usd,
        worked_off_usd=money.worked_off_usd + worked_off,
    )


def with_entry(money: Money, entry: LedgerEntry, pair: str) -> Money:
    """A change of a balance that is no trade: it would be there without the grid too. pair: BASE/QUOTE."""
    if entry.kind is LedgerKind.TRADE or entry.wallet is not Wallet.SPOT or entry.at_s <= money.anchored_s:
        return money
    base, _, quote = pair.partition("/")
    amount = entry.amount - entry.fee
    if entry.asset == quote:
        return replace(money, held_quote=money.held_quote + amount)
    return replace(money, held_base=money.held_base + amount) if entry.asset == base else money


def anchored(money: Money, balances: Balances) -> Money:
    """`held` as it follows from balances read when every trade had been counted: whatever nobody told of is in it."""
    quote, base = balances.usd + money.spent_quote, balances.doge - money.net_base
    if (quote, base) == (money.held_quote, money.held_base):
        return money
    return replace(money, held_quote=quote, held_base=base, anchored_s=balances.at_s)


def figures(money: Money | None, slots: Iterable[Slot], mid: Decimal | None, now_s: float) -> GridMoney:
    """What there is to show at this middle of the market."""
    if money is None or mid is None:
        return GridMoney()
    holding = money.held_quote + money.held_base * mid
    inventory = money.net_base * mid - money.moved_usd
    result = money.edge_usd + inventory - money.fees_usd
    turnover_per_day, fees_per_day = _per_day(money, now_s)
    return GridMoney(
        since_s=money.since_s,
        value_usd=holding + result,
        holding_usd=holding,
        edge_usd=money.edge_usd,
        inventory_usd=inventory,
        fees_usd=money.fees_usd,
        realised_usd=money.realised_usd,
        unrealised_usd=result - money.realised_usd + money.carried_usd,
        worked_off_usd=money.worked_off_usd,
        turnover_usd=money.turnover_usd,
        turnover_per_day_usd=turnover_per_day,
        fees_per_day_usd=fees_per_day,
        abandoned=tuple(_abandoned(slots, mid)),
    )


def open_result_usd(slots: Iterable[Slot], mid: Decimal) -> Decimal:
    """What everything that is open would come to if it closed at `mid`: trades, recoveries, dust, abandoned lots."""
    return sum((result for slot in slots for result in _open_results(slot, mid)), ZERO)


def result_at(trade: Trade, position: Position, mid: Decimal) -> Decimal:
    """What a position of `trade` would come to at `mid`; what its exit would cost is not taken off."""
    gain = position.quantity * mid - position.cost_usd
    return (gain if trade is Trade.B else -gain) - position.fees_usd


def _open_results(slot: Slot, mid: Decimal) -> Iterator[Decimal]:
    for leg in slot.legs:
        yield result_at(leg.trade, leg.position, mid)
        yield result_at(leg.trade, leg.dust, mid)
    for order in slot.orders:
        entry = order.role is Role.ENTRY
        filled = Position(order.filled, order.cost_usd, order.fees_usd)
        yield result_at(order.trade if entry else _other(order.trade), filled, mid)
    for order in slot.recoveries:
        yield result_at(order.trade, order.position, mid)
    for lost in slot.stranded:
        yield result_at(lost.trade, lost.position, mid)
    for surplus in slot.surpluses:
        yield result_at(surplus.trade, surplus.position, mid)
    for lot in slot.abandoned:
        yield result_at(lot.trade, lot.position, mid)


def _other(trade: Trade) -> Trade:
    return Trade.B if trade is Trade.A else Trade.A


def _abandoned(slots: Iterable[Slot], mid: Decimal) -> Iterator[AbandonedView]:
    for slot in slots:
        for lot in slot.abandoned:
            position = lot.position
            result = result_at(lot.trade, position, mid)
            yield AbandonedView(slot.slot_id, lot.trade, position.quantity, position.cost_usd, result, lot.at_s)


def _per_day(money: Money, now_s: float) -> tuple[Decimal | None, Decimal | None]:
    """Turnover and fees of a day, by the last day or what there is of it; None within the first hour."""
    oldest = int(now_s // HOUR_S) - DAY_H
    covered_s = now_s - max(money.since_s, oldest * HOUR_S)
    if covered_s < HOUR_S:
        return None, None
    rows = [row for row in money.hours if row.hour >= oldest]
    share = Decimal(DAY_S) / Decimal(covered_s)
    return sum((r.turnover_usd for r in rows), ZERO) * share, sum((r.fees_usd for r in rows), ZERO) * share


def _in_hour(
    hours: tuple[HourMoney, ...], hour: int, turnover_usd: Decimal, fees_usd: Decimal
) -> tuple[HourMoney, ...]:
    by_hour = {row.hour: row for row in hours}
    row = by_hour.get(hour, HourMoney(hour))
    by_hour[hour] = HourMoney(hour, row.turnover_usd + turnover_usd, row.fees_usd + fees_usd)
    oldest = max(by_hour) - DAY_H
    return tuple(by_hour[hour] for hour in sorted(by_hour) if hour >= oldest)
