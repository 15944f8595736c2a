"""What keeps the grid from placing entries: capacity, losses, stale prices, the stop floor (grid spec 16 and 17)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum

from engine.core.messages import Reason
from engine.grid.events import RoundTrip
from engine.grid.options import GridOptions
from engine.grid.ports import PairRules
from engine.grid.slot import ZERO, Trade

DAY_S = 86400.0


class Band(Enum):
    """How much room the account has for open orders on the pair."""

    NORMAL = "normal"
    CAUTION = "caution"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Losses:
    """Realised result of the UTC day (`day` = days since the epoch) and losses in a row, by slot and trade."""

    day: int = 0
    realised_usd: Decimal = ZERO
    streaks: tuple[tuple[int, Trade, int, float], ...] = ()
    partial_cancel_s: float | None = None

    def streak(self, slot_id: int, trade: Trade) -> tuple[int, float]:
        """How many losses in a row, and when the last one was."""
        for known_slot, known_trade, count, at_s in self.streaks:
            if (known_slot, known_trade) == (slot_id, trade):
                return count, at_s
        return 0, 0.0


@dataclass(frozen=True, slots=True)
class DailyLossReached(Reason, code="daily_loss_reached"):
    """The day's realised loss holds all entries until the UTC day ends."""

    realised_usd: Decimal
    limit_usd: Decimal


@dataclass(frozen=True, slots=True)
class PriceStale(Reason, code="price_stale"):
    """The last price is too old to act on."""

    age_s: float
    limit_s: float


@dataclass(frozen=True, slots=True)
class BelowStopFloor(Reason, code="below_stop_floor"):
    """The account's total value is under the stop floor."""

    value_usd: Decimal
    floor_usd: Decimal


@dataclass(frozen=True, slots=True)
class ProfitBelowFees(Reason, code="profit_below_fees"):
    """An exit would not pay for the two maker fees of its round trip, as the exchange charges them (grid spec 12)."""

    profit_pct: Decimal
    round_trip_pct: Decimal


@dataclass(frozen=True, slots=True)
class CapacityStop(Reason, code="capacity_stop"):
    """Too few places for open orders are left on the pair."""

    headroom: int


@dataclass(frozen=True, slots=True)
class LossRest(Reason, code="loss_rest"):
    """The trade lost several times in a row and rests until `until_s`."""

    losses: int
    until_s: float


def book(losses: Losses, trip: RoundTrip) -> Losses:
    """The books after one round trip. One of an earlier day, told late, leaves the present day's result alone.

    Abandoned inventory that was worked off counts to the day's result and is no loss of the trade that waits.
    """
    day = int(trip.at_s // DAY_S)
    if day < losses.day:
        day, realised = losses.day, losses.realised_usd
    else:
        realised = (losses.realised_usd if day == losses.day else ZERO) + trip.profit_usd
    if trip.worked_off:
        return replace(losses, day=day, realised_usd=realised)
    count, _ = losses.streak(trip.slot_id, trip.trade)
    others = tuple(row for row in losses.streaks if row[:2] != (trip.slot_id, trip.trade))
    if trip.profit_usd < 0:
        others = (*others, (trip.slot_id, trip.trade, count + 1, trip.at_s))
    return replace(losses, day=day, realised_usd=realised, streaks=others)


def headroom(open_orders: int, rules: PairRules, options: GridOptions) -> int:
    """Places for open orders that the grid may still use on the pair, orders of other programs counted."""
    return int(rules.open_orders_allowed * options.capacity_share_ratio) - open_orders


def band(free: int, losses: Losses, options: GridOptions, now_s: float) -> Band:
    """The capacity band; a recent cancel of a partly filled order counts as stop."""
    cancelled_s = losses.partial_cancel_s
    if cancelled_s is not None and 0 <= now_s - cancelled_s < options.partial_cancel_stop_s:
        return Band.STOP
    if free < options.headroom_stop:
        return Band.STOP
    return Band.CAUTION if free < options.headroom_caution else Band.NORMAL


def entries_allowed(capacity: Band, options: GridOptions) -> int:
    """How many entries one pass may place."""
    if capacity is Band.STOP:
        return 0
    return 1 if capacity is Band.CAUTION else options.entries_per_tick


def hold_all(
    losses: Losses, value_usd: Decimal | None, price_age_s: float, options: GridOptions, now_s: float
) -> Reason | None:
    """What holds every entry of the grid now, if anything does."""
    if not 0 <= price_age_s <= options.price_age_limit_s:
        return PriceStale(price_age_s, options.price_age_limit_s)
    if losses.day == int(now_s // DAY_S) and losses.realised_usd <= -options.daily_loss_usd:
        return DailyLossReached(losses.realised_usd, options.daily_loss_usd)
    if value_usd is not None and options.stop_floor_usd > 0 and value_usd < options.stop_floor_usd:
        return BelowStopFloor(value_usd, options.stop_floor_usd)
    return None


def profit_below_fees(rules: PairRules, options: GridOptions) -> ProfitBelowFees | None:
    """Set when a round trip at `profit_pct` earns no more than its maker fees: a buy at 1, a sale at 1 + profit."""
    fee = rules.maker_fee_ratio
    round_trip_pct = 100 * 2 * fee / (1 - fee)
    if options.profit_pct > round_trip_pct:
        return None
    return ProfitBelowFees(options.profit_pct, round(round_trip_pct, 4))


def rests(losses: Losses, slot_id: int, trade: Trade, options: GridOptions, now_s: float) -> LossRest | None:
    """Whether the trade waits because it lost several times in a row."""
    count, last_s = losses.streak(slot_id, trade)
    if count >= options.loss_cooldown_from:
        wait_s = options.loss_cooldown_s
    elif count >= options.loss_backoff_from:
        wait_s = options.loss_backoff_s * 2.0 ** (count - options.loss_backoff_from)
    else:
        return None
    return LossRest(count, last_s + wait_s) if now_s < last_s + wait_s else None
